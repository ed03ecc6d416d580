"""Names in the parameter file that point to other places, architectures' arguments and classes: each must fit."""

import importlib
import inspect
from typing import Any

import pytest
from edited_params import GONE, complaint, edited

from lookalike.models.registry import MODELS
from lookalike.params import parse_params
from lookalike.params.arguments import GIVEN, arguments_section, class_keywords, keywords

ARGS = "variants.cnn.model_args"
EMPTY = {"title": "Nothing", "data": "shapes", "outside": "animals", "pairs": [], "focus": []}
EMPTY |= {"corrupt": True, "ten_views": []}
CAPPED = "alexnet, filter_net, four_layer_net, residual_net, simple_cnn, vgg"
ZOO = "zoo_efficientnet, zoo_googlenet, zoo_hybrid, zoo_mobilenet, zoo_resnet, zoo_vit"


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        ("profile", "qiuck", "no 'qiuck'; allowed: quick, whole"),
        ("photos.dataset", "shape", "no 'shape'; allowed: shapes, animals"),
        ("photos.collector", "Ring", "no 'Ring'; allowed: disc, ring, square"),
        ("costs.study", "zoo", "no 'zoo'; allowed: forms, pets"),
        ("studies.forms.data", "shape", "no 'shape'; allowed: shapes, animals"),
        ("studies.forms.outside", "shape", "no 'shape'; allowed: shapes, animals"),
        ("studies.forms.ten_views", ["gone"], "no 'gone'; allowed: cnn, cnn-crops, mlp"),
        ("studies.forms.ten_views", ["cnn"], "cnn is not trained on crops (train.augmentation.crop)"),
        ("studies.forms.ten_views", ["cnn-crops"] * 2, "cnn-crops is given already; each variant may be given once"),
        ("studies.forms.focus", ["net"], "no 'net'; allowed: cnn, cnn-crops, mlp"),
        ("studies.forms.focus", ["cnn", "cnn"], "cnn is given already; each variant may be given once"),
        ("studies.forms.pairs", [["cnn", "gone"]], "no 'gone'; allowed: cnn, cnn-crops, mlp"),
        ("studies.forms.pairs", [["cnn", "cnn"]], "cnn is paired with itself; a pair is of two variants"),
        (
            "studies.forms.pairs",
            [["cnn", "mlp"], ["mlp", "cnn"]],
            "mlp and cnn are a pair already; each pair may be given once",
        ),
        ("variants.cnn.study", "form", "no 'form'; allowed: forms, pets"),
        ("variants.cnn.dataset", "shape", "no 'shape'; allowed: shapes, animals"),
        ("variants.cnn.dataset", "animals", "'animals', but the study forms is on shapes; allowed: shapes"),
        ("variants.cnn.model", "simple_cmn", f"no 'simple_cmn'; allowed: {', '.join(MODELS)}"),
        ("variants.cnn.budget", "wide", "profiles.quick.train has no budget 'wide'; it has narrow, plain, family"),
        ("variants.cnn.train.pretrained", True, f"only these have published weights: {ZOO}"),
        ("groups.shapes", GONE, "required: studies.forms is on this data set"),
        ("groups.forms", {}, "no 'forms'; allowed: shapes, animals"),
        ("studies.empty", EMPTY, "no variant is of this study"),
    ],
)
def test_a_name_that_points_to_nothing_fitting_is_refused(path: str, value: Any, fault: str) -> None:
    message = complaint(edited({path: value}))
    place = f".{len(value) - 1}" if isinstance(value, list) else ""
    assert message == f"{path}{place}: {fault}"


@pytest.mark.parametrize("profile", ["quick", "whole"])
@pytest.mark.parametrize(("budget", "variant"), [("narrow", "cnn"), ("plain", "mlp"), ("family", "net")])
def test_every_profile_needs_each_budget(profile: str, budget: str, variant: str) -> None:
    others = ", ".join(name for name in ("narrow", "plain", "family") if name != budget)
    fault = f"profiles.{profile}.train has no budget {budget!r}; it has {others}"
    assert complaint(edited({f"profiles.{profile}.train.{budget}": GONE})) == f"variants.{variant}.budget: {fault}"


@pytest.mark.parametrize("name", ["costs", "fetch", "Costs"])
def test_a_study_is_not_called_like_a_folder_of_a_stage(name: str) -> None:
    raw = edited({})
    raw["studies"][name] = raw["studies"].pop("pets")
    raw["variants"]["net"]["study"] = raw["costs"]["study"] = name
    fault = f"runs/{name} belongs to a stage; a study is called anything but costs and fetch"
    assert complaint(raw) == f"studies.{name}: {fault}"


@pytest.mark.parametrize("path", ["groups.shapes", "variants.cnn-crops.train.smoothing.groups"])
@pytest.mark.parametrize(
    ("angled", "fault"),
    [
        ([], ".angled: needs a list of 1 to 1000, got []"),
        (["square", "square"], ".angled.0: square is given twice; a class stands in exactly one group"),
        (["square", "disc"], ".round.0: disc is given twice; a class stands in exactly one group"),
        (["square", "Ring"], ".angled.1: no 'Ring'; allowed: disc, ring, square"),
        (GONE, ": square is missing; each class stands in exactly one group"),
    ],
)
def test_each_class_stands_in_exactly_one_group(path: str, angled: Any, fault: str) -> None:
    assert complaint(edited({f"{path}.angled": angled})) == f"{path}{fault}"


def test_pairs_from_above_are_of_classes_of_the_data_set() -> None:
    path = "variants.cnn-crops.train.augmentation.pairs.classes"
    assert complaint(edited({path: ["disc", "cat"]})) == f"{path}.1: no 'cat'; allowed: disc, ring, square"


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        (
            {"profiles.quick.train.plain.max_channels": 16},
            "profiles.quick.train.plain.max_channels: variants.mlp has this budget, and mnist_mlp has no max_channels; "
            f"allowed for: {CAPPED}",
        ),
        (
            {"profiles.whole.train.narrow.size": "small", "profiles.whole.train.narrow.pretrained": False},
            "profiles.whole.train.narrow.size: variants.cnn has this budget, and simple_cnn has no size; "
            f"allowed for: {ZOO}",
        ),
    ],
)
def test_a_budgets_cap_is_for_models_that_have_the_argument(changes: dict[str, Any], fault: str) -> None:
    assert complaint(edited(changes)) == fault


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        ("dropuot", 0.1, "unknown key; allowed here: batch_norm, dropout, max_channels"),
        ("size", "tiny", "unknown key; allowed here: batch_norm, dropout, max_channels"),
        ("weights", True, "unknown key; allowed here: batch_norm, dropout, max_channels"),
        ("num_classes", 3, "unknown key; allowed here: batch_norm, dropout, max_channels"),
        ("batch_norm", 1, "needs true or false, got 1"),
        ("batch_norm", None, "needs true or false, got None"),
        ("dropout", True, "needs a number from 0, below 1, got True"),
        ("dropout", 1, "needs a number from 0, below 1, got 1"),
        ("dropout", "0.5", "needs a number from 0, below 1, got '0.5'"),
        ("max_channels", 8.0, "needs an integer from 1 to 100000, got 8.0"),
        ("max_channels", 0, "needs an integer from 1 to 100000, got 0"),
    ],
)
def test_model_args_are_the_constructors(key: str, value: Any, fault: str) -> None:
    assert complaint(edited({f"{ARGS}.{key}": value})) == f"{ARGS}.{key}: {fault}"


@pytest.mark.parametrize(
    ("variant", "arguments", "fault"),
    [
        ("mlp", {"dropout": 0.5}, "dropout: unknown key; allowed here: permutation"),
        ("net", {"size": "tiny"}, "size: unknown key; allowed here: network, patch_size, embed_dim, depth, num_heads"),
        ("net", {"network": 3}, "network: needs text of 1 to 200 characters, got 3"),
        ("net", {"dimensions": {}}, "dimensions: unknown key; allowed here: network, patch_size, embed_dim, depth, nu"),
    ],
)
def test_arguments_of_base_classes_are_known(variant: str, arguments: dict[str, Any], fault: str) -> None:
    message = complaint(edited({f"variants.{variant}.model_args": arguments}))
    assert message.startswith(f"variants.{variant}.model_args.{fault}")


@pytest.mark.parametrize("arguments", [None, {}, {"max_channels": None, "dropout": 0, "batch_norm": True}])
def test_good_model_args_are_passed_on(arguments: Any) -> None:
    assert parse_params(edited({ARGS: arguments})).variants["cnn"].model_args == arguments


@pytest.mark.parametrize("model", MODELS)
def test_the_source_and_the_constructor_have_the_same_arguments(model: str) -> None:
    module, name = MODELS[model].split(":")
    parents = inspect.getmro(getattr(importlib.import_module(module), name))
    known = {key for one in parents for key in inspect.signature(one).parameters}
    assert set(keywords(model)) <= known
    assert {"input_shape", "num_classes"} <= set(keywords(model))
    signature = inspect.signature(parents[0]).parameters
    assert {key for key, one in signature.items() if one.kind == one.KEYWORD_ONLY} <= set(keywords(model))


@pytest.mark.parametrize("model", MODELS)
def test_an_architectures_own_defaults_are_allowed(model: str) -> None:
    module, name = MODELS[model].split(":")
    signature = inspect.signature(getattr(importlib.import_module(module), name)).parameters
    defaults = {key: one.default for key, one in signature.items() if one.kind == one.KEYWORD_ONLY}
    own = {key: value for key, value in defaults.items() if key not in GIVEN and key != "dimensions"}
    accepted = arguments_section(model).model_validate(own)
    assert {key: getattr(accepted, key) for key in own} == own


@pytest.mark.parametrize(
    ("module", "name", "fault"),
    [
        ("lookalike.models.vgg", "VGG99", "lookalike.models.vgg has no class VGG99"),
        ("lookalike.models.gone", "VGG", "there is no module lookalike.models.gone"),
    ],
)
def test_a_class_that_is_not_there_is_named(module: str, name: str, fault: str) -> None:
    with pytest.raises(LookupError, match=rf"\A{fault}\Z"):
        class_keywords(module, name)
