"""params.yaml: the real one is valid; whatever is wrong is told in one line that names the key."""

import math
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from lookalike.errors import InputError
from lookalike.params import load_params, parse_params

GONE = object()
CNN, VIT = "variants.fashion-cnn", "variants.fashion-vit"
TOP_KEYS = "profile, profiles, datasets, photos, costs, embedding, groups, studies, variants"
TRAIN_KEYS = (
    "epochs, batch_size, optimizer, lr, search, schedule, momentum, lr_every, lr_factor, lr_other, l2, weight_decay, "
    "fraction, smoothing, augmentation, contrastive_margin, keep_epochs, stop_at_error, pretrained, "
    "weights, layers"
)
RECIPE = "photos.recipes.fitted"
STEPS = "upright, thumbnail, mask, largest, crop, max_aspect, resize, sharpen, centre, background, tone, stretch"


def edit(raw: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """`raw` with the values at dotted paths changed, or taken out where the value is `GONE`."""
    for path, value in changes.items():
        *above, key = path.split(".")
        section = raw
        for part in above:
            section = section[part]
        if value is GONE:
            del section[key]
        else:
            section[key] = value
    return raw


def complaint(raw: Any) -> str:
    with pytest.raises(InputError) as caught:
        parse_params(raw)
    return str(caught.value)


def test_the_real_file_is_valid(root: Path) -> None:
    params = load_params(root / "params.yaml")
    assert params.active == params.profiles[params.profile]
    assert {"fashion-cnn", "fashion-vit", "fashion-vit-pos"} <= set(params.variants_of("fashion"))
    assert params.variants_of("nothing") == {}


@pytest.mark.parametrize(("profile", "seeds"), [("demo", 2), ("paper", 3)])
def test_a_budget_follows_profile_and_cost(raw_params: dict[str, Any], profile: str, seeds: int) -> None:
    edited = edit(raw_params, profile=profile, **{"profiles.demo.train.light.seeds": 2, f"{CNN}.cost": "light"})
    params = parse_params(edited)
    assert params.budget("fashion-cnn") == params.profiles[profile].train["light"]
    assert params.budget("fashion-cnn").seeds == seeds
    assert params.budget("fashion-vit") == params.profiles[profile].train["heavy"]


def test_values_cannot_be_changed(root: Path) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_params(root / "params.yaml").variants["fashion-cnn"].train.epochs = 3


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("colour", TOP_KEYS),
        ("profiles.demo.date", "demonstration, data, photos, train, evaluate, explain, embed"),
        ("profiles.demo.data.images", "source, train_images, test_images"),
        ("profiles.demo.photos.images", "source, count"),
        ("profiles.demo.train.light.seed", "seeds, max_epochs, max_images, max_channels, pretrained, small"),
        ("profiles.demo.explain.images", "variants, images_a_class, scored, heads_scored"),
        ("profiles.demo.embed.scored", "variants, images_a_class"),
        ("embedding.clusters", "perplexity, tsne_dims, mixture_dims, components, covariances, starts"),
        ("datasets.mnist.normalize", "classes, split, normalise, size, folder"),
        ("datasets.mnist.split.fraction", "valid_fraction, seed"),
        ("photos.recipe", "dataset, absorber, recipes"),
        (f"{RECIPE}.blur", STEPS),
        ("studies.fashion.name", "title, data, pairs, probes, spoil, ten_views"),
        (f"{CNN}.seed", "study, dataset, model, model_args, cost, train"),
        (f"{CNN}.train.learning_rate", TRAIN_KEYS),
    ],
)
def test_an_unknown_key_is_named_with_those_that_are_allowed(
    raw_params: dict[str, Any], path: str, allowed: str
) -> None:
    message = complaint(edit(raw_params, **{path: 1}))
    assert message == f"params.yaml: {path}: unknown key; allowed here: {allowed}"


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        # wrong type
        ("profile", ["demo"], "string"),
        ("variants", ["fashion-cnn"], "dictionary"),
        ("profiles.demo.demonstration", "perhaps", "boolean"),
        ("datasets.mnist.classes", "0123456789", "tuple"),
        ("datasets.mnist.split.seed", 1.5, "integer"),
        ("datasets.mnist.size", "large", "'large'"),
        ("datasets.mnist.folder", 3, "string"),
        (f"{CNN}.model_args", None, "dictionary"),
        (f"{RECIPE}.upright", "mostly", "boolean"),
        (f"{RECIPE}.thumbnail", 51, "tuple"),
        (f"{RECIPE}.max_aspect", "narrow", "'narrow'"),
        (f"{CNN}.train.epochs", "ten", "'ten'"),
        (f"{CNN}.train.lr", "fast", "'fast'"),
        # out of range, or not among the choices
        ("profiles.demo.data.source", "web", "'embedded' or 'official'"),
        ("profiles.demo.data.train_images", 99, "100"),
        ("datasets.mnist.size", 31, "32"),
        ("datasets.mnist.size", 1025, "1024"),
        ("datasets.mnist.folder", "", "at least 1 character"),
        ("profiles.demo.train.light.seeds", 0, "1"),
        ("profiles.demo.train.heavy.max_epochs", 0, "1"),
        ("profiles.demo.train.heavy.max_images", 9, "10"),
        ("profiles.demo.explain.variants", "some", "'probes' or 'all'"),
        ("profiles.demo.explain.images_a_class", 1, "2"),
        ("profiles.demo.explain.scored", 0, "2"),
        ("profiles.demo.explain.heads_scored", 0, "1"),
        ("profiles.demo.embed.variants", "none", "'probes' or 'all'"),
        ("profiles.demo.embed.images_a_class", 1, "2"),
        ("embedding.perplexity", 1, "greater than 1"),
        ("embedding.tsne_dims", 1, "2"),
        ("embedding.mixture_dims", 0, "1"),
        ("embedding.components", [], "at least 1"),
        ("embedding.components", [5, 0], "at least 1"),
        ("embedding.covariances", [], "at least 1"),
        ("embedding.starts", 0, "1"),
        ("datasets.mnist.split.valid_fraction", 0, "greater than 0"),
        ("datasets.mnist.split.valid_fraction", 1.0, "less than 1"),
        ("datasets.mnist.split.seed", -1, "0"),
        ("datasets.mnist.split.seed", 2**32, "less than"),
        ("datasets.mnist.normalise", "chanels", "'range' or 'channels'"),
        ("profiles.demo.photos.source", "web", "'embedded', 'official' or 'own'"),
        ("profiles.demo.photos.count", 9, "10"),
        ("photos.recipes", {}, "at least 1"),
        (f"{RECIPE}.mask", "sam", "'none', 'border', 'grabcut' or 'rembg'"),
        (f"{RECIPE}.crop", "square", "'none', 'corner' or 'object'"),
        (f"{RECIPE}.max_aspect", 0, "greater than 0"),
        (f"{RECIPE}.max_aspect", -0.85, "greater than 0"),
        (f"{RECIPE}.max_aspect", math.inf, "10"),
        (f"{RECIPE}.resize", "bicubic", "'skip' or 'antialias'"),
        (f"{RECIPE}.tone", "invert", "'grey', 'negate' or 'contrast'"),
        (
            f"{CNN}.cost",
            "medium",
            "profiles.demo.train has no budget 'medium'; it has light, small, race, heavy, dear, deep",
        ),
        (f"{CNN}.train.epochs", 0, "1"),
        (f"{CNN}.train.batch_size", 0, "1"),
        (f"{CNN}.train.lr", 0, "greater than 0"),
        (f"{CNN}.train.lr", math.nan, "nan"),
        (f"{CNN}.train.lr", math.inf, "10"),
        (f"{CNN}.train.contrastive_margin", 1, "less than 1"),
        (f"{CNN}.train.stop_at_error", 0, "greater than 0"),
        ("profiles.demo.evaluate.spoiled_a_class", 0, "greater than or equal to 1"),
        (f"{CNN}.train.keep_epochs", [1, 10], "epochs before the last, 10, are wanted"),
        (f"{CNN}.train.contrastive_margin", -1.1, "greater than or equal to -1"),
        (f"{CNN}.train.optimizer", "adamw", "'adam', 'torch_adam' or 'sgd'"),
        (f"{CNN}.train.schedule", "linear", "'constant', 'step', 'alternating' or 'cosine'"),
        # left out
        ("profile", GONE, "required"),
        ("profiles.paper.photos", GONE, "required"),
        ("profiles.paper.explain", GONE, "required"),
        ("profiles.paper.embed.images_a_class", GONE, "required"),
        ("embedding", GONE, "required"),
        ("photos", GONE, "required"),
        (f"{RECIPE}.stretch", GONE, "required"),
        (f"{VIT}.train.batch_size", GONE, "required"),
        # names that point to nothing
        ("profile", "papre", "allowed: demo, paper"),
        ("photos.dataset", "fashion", "allowed: mnist, fashion_mnist, cifar10"),
        ("photos.absorber", "bag", "allowed: T-shirt/top, Trouser"),
        (f"{CNN}.study", "fasion", "allowed: fashion"),
        (f"{CNN}.dataset", "mnits", "allowed: mnist, fashion_mnist, cifar10"),
        (f"{CNN}.model", "fashion_cmn", "allowed: alexnet, fashion_cnn, fashion_transfg, fashion_vit"),
        (f"{CNN}.train.pretrained", True, "only these have published weights: zoo_efficientnet, zoo_googlenet"),
        ("costs.study", "zooo", "allowed: fashion"),
        ("studies.fashion.data", "fashion", "allowed: mnist, fashion_mnist, cifar10"),
        ("groups.cifar10", GONE, "required by cifar"),
        ("groups.fashion", {}, "allowed: mnist, fashion_mnist, cifar10"),
    ],
)
def test_a_bad_value_is_told_in_one_line(raw_params: dict[str, Any], path: str, value: Any, told: str) -> None:
    message = complaint(edit(raw_params, **{path: value}))
    assert message.startswith(f"params.yaml: {path}: ")
    assert told in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize("content", [None, [], "text", 3])
def test_a_file_that_is_no_mapping_is_refused_in_one_line(content: Any) -> None:
    assert re.fullmatch(r"params.yaml: the file: .*dictionary.*", complaint(content))


@pytest.mark.parametrize(("source", "counts"), [("embedded", {}), ("embedded", {"train_images": 100})])
def test_embedded_images_need_both_counts(raw_params: dict[str, Any], source: str, counts: dict[str, int]) -> None:
    message = complaint(edit(raw_params, **{"profiles.demo.data": {"source": source, **counts}}))
    assert message == "params.yaml: profiles.demo.data: source embedded needs train_images and test_images"


@pytest.mark.parametrize(
    "photos", [{"source": "embedded"}, {"source": "official", "count": 60}, {"source": "own", "count": 60}]
)
def test_drawn_photographs_need_a_count_and_no_others_take_one(
    raw_params: dict[str, Any], photos: dict[str, Any]
) -> None:
    message = complaint(edit(raw_params, **{"profiles.demo.photos": photos}))
    assert message == "params.yaml: profiles.demo.photos: source embedded needs count, the others take none"


def test_ten_views_are_of_variants_of_the_study_that_are_trained_on_crops(raw_params: dict[str, Any]) -> None:
    params = parse_params(raw_params)
    assert params.studies["alexnet"].ten_views == ("alexnet", "alexnet-nolrn", "alexnet-nodropout")
    for name, message in (
        ("gone", r"^params.yaml: studies.alexnet.ten_views.1: no 'gone'; allowed: alexnet, "),
        ("alexnet-noaug", r"ten_views.1: alexnet-noaug is not trained on crops \(train.augmentation.crop\)$"),
    ):
        with pytest.raises(InputError, match=message):
            parse_params(edit(raw_params, **{"studies.alexnet.ten_views": ["alexnet", name]}))


@pytest.mark.parametrize(
    ("key", "value", "place"),
    [("pairs", [["fashion-cnn", "fashion-vit"], ["fashion-cnn", "gone"]], 1), ("probes", ["gone"], 0)],
)
def test_pairs_and_probes_are_variants_of_their_study(
    raw_params: dict[str, Any], key: str, value: Any, place: int
) -> None:
    message = complaint(edit(raw_params, **{f"studies.fashion.{key}": value}))
    assert message.startswith(
        f"params.yaml: studies.fashion.{key}.{place}: no 'gone'; allowed: fashion-cnn, fashion-vit"
    )
    assert len(message.splitlines()) == 1


def test_a_recipes_optional_steps_can_be_left_out(raw_params: dict[str, Any]) -> None:
    steps = {"thumbnail": None, "max_aspect": None, "stretch": None}
    edited = edit(raw_params, **{f"{RECIPE}.{step}": value for step, value in steps.items()})
    assert parse_params(edited).photos.recipes["fitted"].model_dump().items() >= steps.items()


def test_each_covariance_is_one_of_a_mixture(raw_params: dict[str, Any]) -> None:
    message = complaint(edit(raw_params, **{"embedding.covariances": ["full", "round"]}))
    assert message.startswith("params.yaml: embedding.covariances.1: ")
    assert "'full', 'tied', 'diag' or 'spherical'" in message


@pytest.mark.parametrize("profile", ["demo", "paper", "narrow"])
@pytest.mark.parametrize("cost", ["light", "small", "heavy", "dear", "deep", "depth"])
def test_every_profile_needs_a_budget_for_each_cost(raw_params: dict[str, Any], profile: str, cost: str) -> None:
    first = next(name for name, variant in raw_params["variants"].items() if variant["cost"] == cost)
    others = ", ".join(name for name in raw_params["profiles"][profile]["train"] if name != cost)
    message = complaint(edit(raw_params, **{f"profiles.{profile}.train.{cost}": GONE}))
    fault = f"profiles.{profile}.train has no budget {cost!r}; it has {others}"
    assert message == f"params.yaml: variants.{first}.cost: {fault}"


def test_a_sample_is_of_a_studys_probes_or_of_all_its_variants(raw_params: dict[str, Any]) -> None:
    params = parse_params(edit(raw_params, **{"studies.fashion.probes": ["fashion-vit", "fashion-cnn"]}))
    explain = params.profiles["demo"].explain
    assert params.sampled("fashion", explain.model_copy(update={"variants": "probes"})) == (
        "fashion-vit",
        "fashion-cnn",
    )
    everything = params.sampled("fashion", explain.model_copy(update={"variants": "all"}))
    assert everything == tuple(params.variants_of("fashion"))


@pytest.mark.parametrize(
    ("settings", "needs"),
    [
        ({"lr": None}, "wants lr, or else search"),
        ({"search": {"rates": [0.1, 0.01], "epochs": 2}}, "wants lr, or else search"),
        ({"schedule": "step"}, "takes lr_every, lr_factor"),
        ({"schedule": "step", "lr_every": 5}, "takes lr_every, lr_factor"),
        ({"schedule": "alternating"}, "takes lr_other"),
        ({"schedule": "alternating", "lr_other": 0.1, "lr_every": 5}, "takes lr_other"),
        ({"optimizer": "sgd"}, "sgd with schedule constant takes momentum"),
        ({"optimizer": "sgd", "schedule": "step", "momentum": 0}, "takes lr_every, lr_factor, momentum"),
        ({"momentum": 0.9}, "takes none of momentum"),
        ({"lr_other": 0.1}, "takes none of"),
        ({"schedule": "cosine", "lr_factor": 0.1}, "takes none of"),
    ],
)
def test_settings_belong_to_their_schedule_and_optimiser(
    raw_params: dict[str, Any], settings: dict[str, Any], needs: str
) -> None:
    message = complaint(edit(raw_params, **{f"{CNN}.train.{key}": value for key, value in settings.items()}))
    assert message.startswith(f"params.yaml: {CNN}.train: ")
    assert needs in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize(
    "settings",
    [
        {"schedule": "step", "lr_every": 5, "lr_factor": 0.5},
        {"schedule": "alternating", "lr_other": 0.01},
        {"schedule": "cosine"},
        {"optimizer": "sgd", "momentum": 0.0},
    ],
)
def test_a_schedule_with_its_settings_is_accepted(raw_params: dict[str, Any], settings: dict[str, Any]) -> None:
    parsed = parse_params(edit(raw_params, **{f"{CNN}.train.{key}": value for key, value in settings.items()}))
    assert parsed.variants["fashion-cnn"].train.model_dump().items() >= settings.items()


@pytest.mark.parametrize(
    "dresses",
    [[], ["Dress", "Dress"], ["Dress", "Bag"], ["Dress", "Gown"], ["dress"]],
    ids=["left out", "twice in a group", "in two groups", "unknown besides", "unknown instead"],
)
def test_each_class_stands_in_exactly_one_group(raw_params: dict[str, Any], dresses: list[str]) -> None:
    message = complaint(edit(raw_params, **{"groups.fashion_mnist.dresses": dresses}))
    assert message.startswith("params.yaml: groups.fashion_mnist: each class must stand in exactly one group")
    assert "T-shirt/top, Trouser" in message
    assert len(message.splitlines()) == 1


def test_an_exponent_without_a_point_is_a_number(root: Path, tmp_path: Path) -> None:
    text = (root / "params.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load("1e-3") == "1e-3"  # YAML 1.1 reads a string
    (tmp_path / "params.yaml").write_text(text.replace("lr: 1.0e-3", "lr: 1e-3"), encoding="utf-8")
    assert load_params(tmp_path / "params.yaml").variants["fashion-cnn"].train.lr == 0.001


def test_a_missing_file_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\A[^\n]*params\.yaml: not found; run from the root of the project\Z"):
        load_params(tmp_path / "params.yaml")


@pytest.mark.parametrize("text", ["a: [1, 2", "a: b: c", "a:\n\t- 1", "a: 1\x00"])
def test_bad_yaml_is_told_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"\A[^\n]*params\.yaml: cannot be read as YAML: [^\n]+\Z"):
        load_params(tmp_path / "params.yaml")


def test_a_stage_ends_with_one_line_and_writes_nothing(root: Path, tmp_path: Path, raw_params: dict[str, Any]) -> None:
    edit(raw_params, **{f"{CNN}.train.epoch": 3})
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(raw_params), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, root / "stages" / "train.py", "fashion-cnn"],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != "DVC_ROOT"}
        | {"PYTHONPATH": str(root / "src")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    line = f"error: params.yaml: {CNN}.train.epoch: unknown key; allowed here: {TRAIN_KEYS}\n"
    assert done.stderr == line
    assert [path.name for path in tmp_path.iterdir()] == ["params.yaml"]


def test_small_networks_have_no_published_weights(raw_params: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"profiles.paper.train.wide: small needs pretrained: false\Z"):
        parse_params(edit(raw_params, **{"profiles.paper.train.wide.small": True}))


def test_weights_that_nobody_reads_are_refused(raw_params: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"variants.zoo-vit-scratch.train: weights needs pretrained: true\Z"):
        parse_params(edit(raw_params, **{"variants.zoo-vit-scratch.train.weights": "a.pth"}))
