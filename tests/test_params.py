"""The sections of the parameter file: their keys, names, and settings that belong together."""

from pathlib import Path
from typing import Any

import pytest
from edited_params import GONE, complaint, edited
from pydantic import ValidationError

from lookalike.params import datasets, file, load_params, parse_params, profiles, training
from lookalike.params.messages import RENAMED, resolved
from lookalike.params.sections import NAMING, StrictModel

SECTIONS = sorted(
    {
        one
        for module in (datasets, file, profiles, training)
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, StrictModel) and one is not StrictModel
    },
    key=lambda one: one.__name__,
)
TRAIN = "variants.cnn.train"
CROPS = "variants.cnn-crops.train"
RECIPE = "photos.recipes.steps"
BUDGET = "profiles.quick.train.plain"
LONG = "x" * 300


def test_the_real_file_is_valid(root: Path) -> None:
    params = load_params(root / "params.yaml")
    assert params.active == params.profiles[params.profile]
    assert {"fashion-cnn", "fashion-vit", "fashion-vit-pos"} <= set(params.variants_of("fashion"))
    assert params.variants_of("nothing") == {}


def test_the_made_up_file_is_valid() -> None:
    params = parse_params(edited({}))
    assert params.variants["cnn-crops"].train.lr_drops == (0.5, 0.75)
    assert params.embedding.perplexity == 30  # a whole number where a number is needed


@pytest.mark.parametrize(("profile", "seeds"), [("quick", 2), ("whole", 3)])
def test_a_budget_is_the_active_profiles(profile: str, seeds: int) -> None:
    params = parse_params(edited({"profile": profile}))
    assert params.budget("cnn") == params.profiles[profile].train["narrow"]
    assert params.budget("cnn").seeds == seeds
    assert params.budget("mlp") == params.profiles[profile].train["plain"]


def test_a_sample_is_of_a_studys_focus_or_of_all_its_variants() -> None:
    params = parse_params(edited({"studies.forms.focus": ["mlp", "cnn"]}))
    assert params.sampled("forms", params.profiles["quick"].explain) == ("mlp", "cnn")
    assert params.sampled("forms", params.profiles["whole"].explain) == ("cnn", "cnn-crops", "mlp")


def test_values_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        parse_params(edited({})).variants["cnn"].train.epochs = 3


@pytest.mark.parametrize("section", SECTIONS, ids=lambda one: one.__name__)
def test_a_section_gives_no_value_of_its_own(section: type[StrictModel]) -> None:
    optional = {name: field for name, field in section.model_fields.items() if not field.is_required()}
    assert {name: field.get_default(call_default_factory=True) for name, field in optional.items()} == dict.fromkeys(
        optional
    )


def numbers(node: Any) -> list[dict[str, Any]]:
    """The numbers in a JSON schema."""
    if isinstance(node, list):
        return [number for part in node for number in numbers(part)]
    if not isinstance(node, dict):
        return []
    own = [node] if node.get("type") in {"integer", "number"} else []
    return own + [number for part in node.values() for number in numbers(part)]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda one: one.__name__)
def test_a_number_has_a_range(section: type[StrictModel]) -> None:
    for number in numbers(section.model_json_schema()):
        assert {"minimum", "exclusiveMinimum"} & set(number), number
        assert {"maximum", "exclusiveMaximum"} & set(number), number


@pytest.mark.parametrize("section", SECTIONS, ids=lambda one: one.__name__)
def test_a_list_and_a_text_have_a_greatest_length(section: type[StrictModel]) -> None:
    schema = section.model_json_schema()
    for name, node in schema["properties"].items():
        node = resolved(node, schema)
        lists_of_names = section is file.Study  # as long as there are variants
        if node.get("type") == "array" and not lists_of_names:
            assert "maxItems" in node, name


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("colour", "profile, profiles, datasets, photos, costs, embedding, groups, studies, variants"),
        ("profiles.quick.date", "demonstration, data, photos, train, evaluate, explain, embed, compare_with"),
        ("profiles.quick.data.images", "source, train_images, test_images, max_side"),
        ("profiles.quick.photos.images", "source, count"),
        (f"{BUDGET}.seed", "seeds, precision, max_epochs, max_images, max_channels, size, pretrained"),
        ("profiles.quick.evaluate.images", "corrupted_per_class"),
        ("profiles.quick.explain.images", "variants, images_per_class, scored, heads_scored"),
        ("profiles.quick.embed.scored", "variants, images_per_class"),
        ("embedding.clusters", "perplexity, tsne_dims, mixture_dims, components, covariances, starts"),
        ("datasets.shapes.normalize", "classes, split, normalise, size, folder"),
        ("datasets.shapes.split.fraction", "valid_fraction, seed"),
        ("photos.recipe", "dataset, collector, recipes"),
        (
            f"{RECIPE}.blur",
            "upright, thumbnail, mask, largest, crop, max_aspect, resize, sharpen, centre, background, tone, stretch",
        ),
        ("costs.studies", "study"),
        ("studies.forms.name", "title, data, outside, pairs, focus, corrupt, ten_views"),
        ("variants.cnn.seed", "study, dataset, model, model_args, budget, train"),
        (
            f"{TRAIN}.learning_rate",
            "epochs, batch_size, optimizer, lr, search, schedule, warmup_epochs, momentum, lr_drops, lr_factor, "
            "lr_other, l2, weight_decay, fraction, smoothing, augmentation, contrastive_margin, keep_epochs, "
            "stop_at_error, pretrained, weights, layers, sync_batch_norm",
        ),
        # optional sections
        (f"{CROPS}.search.rate", "rates, epochs"),
        (f"{CROPS}.smoothing.group", "groups, look_alikes, others"),
        (f"{CROPS}.augmentation.flip", "pairs, placing, bend, crop, colours, lighting, tones"),
        (f"{CROPS}.augmentation.pairs.shares", "classes, share"),
        (f"{CROPS}.augmentation.placing.turns", "turn, scale, shear, shift, mirror, vertical_flip"),
        (f"{CROPS}.augmentation.colours.tint", "brightness, contrast, saturation, hue"),
        (f"{CROPS}.augmentation.tones.gama", "gamma, gain, lift, noise"),
        ("variants.net.train.weights.sha", "file, sha256"),
    ],
)
def test_an_unknown_key_is_named_with_those_that_are_allowed(path: str, allowed: str) -> None:
    assert complaint(edited({path: 1})) == f"{path}: unknown key; allowed here: {allowed}"


FORMER_KEYS = [
    "photos.absorber",
    "profiles.quick.explain.images_a_class",
    "profiles.whole.embed.images_a_class",
    "profiles.quick.evaluate.spoiled_a_class",
    "studies.forms.probes",
    "studies.forms.spoil",
]


@pytest.mark.parametrize("path", FORMER_KEYS)
@pytest.mark.parametrize("moved", [True, False])
def test_a_key_of_an_earlier_version_is_refused_with_its_new_name(path: str, moved: bool) -> None:
    section, _, former = path.rpartition(".")
    present = f"{section}.{RENAMED[former]}"
    assert (
        complaint(edited({path: 1} | ({present: GONE} if moved else {}))) == f"{path}: is now called {RENAMED[former]}"
    )


def test_every_renamed_key_is_tested_and_means_nothing_elsewhere() -> None:
    assert {path.rpartition(".")[2] for path in FORMER_KEYS} == {*RENAMED}
    assert complaint(edited({"costs.probes": 1})) == "costs.probes: unknown key; allowed here: study"


def test_a_misspelt_key_is_named_and_not_the_one_that_is_missing() -> None:
    message = complaint(edited({f"{TRAIN}.epochs": GONE, f"{TRAIN}.epoch": 3}))
    assert message.startswith(f"{TRAIN}.epoch: unknown key; allowed here: epochs, ")


@pytest.mark.parametrize(
    "section", ["profiles", "datasets", "photos.recipes", "groups", "groups.shapes", "studies", "variants"]
)
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("$(touch pwned)", "'$(touch pwned)'"),
        ("..", "'..'"),
        ("-x", "-x"),
        ("a b", "a b"),
        ("", "''"),
        ("a\nb", "'a\\nb'"),
        ("é", "é"),
        (LONG, f"'{'x' * 27}...{'x' * 28}'"),
    ],
)
def test_a_key_that_is_no_name_is_refused(section: str, name: str, shown: str) -> None:
    raw = edited({})
    inner: Any = raw
    for part in section.split("."):
        inner = inner[part]
    inner[name] = next(iter(inner.values()))
    assert complaint(raw) == f"{section}.{shown}: {NAMING}"


@pytest.mark.parametrize(
    "path", ["profile", "costs.study", "photos.dataset", "studies.forms.data", "variants.cnn.study"]
)
@pytest.mark.parametrize("name", ["a b", "", "..", "$(x)", "a/b", LONG])
def test_a_value_that_is_no_name_is_refused(path: str, name: str) -> None:
    shown = repr(name) if name != LONG else f"'{'x' * 27}...{'x' * 28}'"
    assert complaint(edited({path: name})) == f"{path}: {NAMING}, got {shown}"


@pytest.mark.parametrize("content", [None, [], "text", 3])
def test_a_file_that_is_no_section_is_refused(content: Any) -> None:
    keys = "profile, profiles, datasets, photos, costs, embedding, groups, studies, variants"
    assert complaint(content) == f"the file: needs a section with the keys {keys}, got {content!r}"


@pytest.mark.parametrize(
    ("path", "settings", "fault"),
    [
        (TRAIN, {"lr": None}, "needs either lr or search"),
        (TRAIN, {"search": {"rates": [0.01, 0.1], "epochs": 2}}, "needs either lr or search"),
        (TRAIN, {"schedule": "step"}, "adam with schedule step takes lr_drops, lr_factor"),
        (TRAIN, {"schedule": "step", "lr_drops": [0.5]}, "adam with schedule step takes lr_drops, lr_factor"),
        (TRAIN, {"schedule": "alternating"}, "adam with schedule alternating takes lr_other"),
        (TRAIN, {"optimizer": "sgd"}, "sgd with schedule constant takes momentum"),
        (
            TRAIN,
            {"momentum": 0.9},
            "adam with schedule constant takes none of momentum, lr_drops, lr_factor, lr_other",
        ),
        (TRAIN, {"warmup_epochs": 10}, "warmup_epochs must be less than epochs, 10"),
        (TRAIN, {"keep_epochs": [1, 10]}, "keep_epochs takes epochs before the last, 10"),
        (TRAIN, {"weights": {"file": "a.pth"}}, "weights needs pretrained: true"),
        (
            f"{CROPS}.smoothing",
            {"look_alikes": 0.4, "others": 0.2},
            "look_alikes + others must stay below 0.5, got 0.6",
        ),
        (BUDGET, {"size": "small"}, "size needs pretrained: false"),
        ("profiles.quick.data", {"test_images": None}, "source embedded needs train_images and test_images"),
        ("profiles.quick.photos", {"count": None}, "source embedded needs count, the others take none"),
        ("profiles.whole.photos", {"count": 60}, "source embedded needs count, the others take none"),
    ],
)
def test_settings_that_belong_together(path: str, settings: dict[str, Any], fault: str) -> None:
    assert complaint(edited({f"{path}.{key}": value for key, value in settings.items()})) == f"{path}: {fault}"


@pytest.mark.parametrize(
    "settings",
    [
        {"schedule": "step", "lr_drops": [0.5], "lr_factor": 0.5},
        {"schedule": "alternating", "lr_other": 0.01},
        {"schedule": "cosine"},
        {"optimizer": "sgd", "momentum": 0.0},
    ],
)
def test_a_schedule_with_its_settings_is_accepted(settings: dict[str, Any]) -> None:
    train = parse_params(edited({f"{TRAIN}.{key}": value for key, value in settings.items()})).variants["cnn"].train
    assert train.model_dump(mode="json").items() >= settings.items()
