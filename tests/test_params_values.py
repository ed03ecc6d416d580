"""The values of the parameter file: each has a type and a range; what is needed is said in one line."""

import math
from typing import Any

import pytest
from edited_params import GONE, complaint, edited

from lookalike.params import parse_params

TRAIN = "variants.cnn.train"
CROPS = "variants.cnn-crops.train"
RECIPE = "photos.recipes.steps"
BUDGET = "profiles.quick.train.plain"
COUNT = "an integer from 1 to 10000"
RATE = "a number above 0 to 10"
SHARE = "a number above 0 to 1"


@pytest.mark.parametrize(
    ("path", "needed"),
    [
        (f"{TRAIN}.epochs", COUNT),
        (f"{TRAIN}.batch_size", "an integer from 1 to 65536"),
        (f"{CROPS}.search.epochs", COUNT),
        (f"{CROPS}.augmentation.crop", "an integer from 1 to 64"),
        ("datasets.shapes.split.seed", "an integer from 0 to 4294967295"),
        ("datasets.animals.size", "an integer from 32 to 1024"),
        (f"{BUDGET}.seeds", "an integer from 1 to 100"),
        (f"{BUDGET}.max_epochs", COUNT),
        (f"{BUDGET}.max_images", "an integer from 10 to 100000000"),
        (f"{BUDGET}.max_channels", "an integer from 1 to 100000"),
        ("profiles.quick.data.train_images", "an integer from 100 to 100000000"),
        ("profiles.whole.data.max_side", "an integer from 32 to 1024"),
        ("profiles.quick.photos.count", "an integer from 10 to 10000"),
        ("profiles.quick.evaluate.corrupted_per_class", COUNT),
        ("profiles.quick.explain.images_per_class", "an integer from 2 to 10000"),
        ("profiles.quick.explain.scored", "an integer from 2 to 10000"),
        ("profiles.quick.explain.heads_scored", COUNT),
        ("embedding.tsne_dims", "an integer from 2 to 1000"),
        ("embedding.mixture_dims", "an integer from 1 to 1000"),
        ("embedding.starts", "an integer from 1 to 100"),
    ],
)
@pytest.mark.parametrize("value", [True, "10", 10.0, math.nan, -1, 2**40, [10], "1:30"])
def test_an_integer_is_an_integer_within_its_range(path: str, value: Any, needed: str) -> None:
    assert complaint(edited({path: value})) == f"{path}: needs {needed}, got {value!r}"


@pytest.mark.parametrize(
    ("path", "needed"),
    [
        (f"{TRAIN}.lr", RATE),
        (f"{CROPS}.momentum", "a number from 0, below 1"),
        (f"{CROPS}.lr_factor", "a number above 0, below 1"),
        (f"{CROPS}.warmup_epochs", "a number above 0 to 10000"),
        (f"{CROPS}.lr_other", RATE),
        (f"{TRAIN}.l2", SHARE),
        (f"{TRAIN}.weight_decay", SHARE),
        (f"{TRAIN}.fraction", SHARE),
        (f"{TRAIN}.contrastive_margin", "a number from -1, below 1"),
        (f"{TRAIN}.stop_at_error", "a number above 0, below 1"),
        (f"{CROPS}.smoothing.look_alikes", "a number from 0, below 1"),
        (f"{CROPS}.augmentation.bend", SHARE),
        (f"{CROPS}.augmentation.lighting", SHARE),
        (f"{CROPS}.augmentation.pairs.share", SHARE),
        (f"{CROPS}.augmentation.placing.turn", "a number from 0 to 180"),
        (f"{CROPS}.augmentation.placing.shear", "a number from 0 to 1"),
        (f"{CROPS}.augmentation.colours.hue", "a number above 0 to 180"),
        (f"{CROPS}.augmentation.colours.contrast", SHARE),
        (f"{CROPS}.augmentation.tones.lift", "a number from 0 to 1"),
        ("datasets.shapes.split.valid_fraction", "a number from 0.01 to 0.9"),
        ("embedding.perplexity", "a number above 1 to 1000"),
        (f"{RECIPE}.max_aspect", RATE),
    ],
)
@pytest.mark.parametrize("value", [True, "0.5", math.nan, math.inf, -2, 1e6, [0.5]])
def test_a_number_is_a_number_within_its_range(path: str, value: Any, needed: str) -> None:
    assert complaint(edited({path: value})) == f"{path}: needs {needed}, got {value!r}"


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        ("datasets.shapes.split.valid_fraction", 0.9999999, "needs a number from 0.01 to 0.9, got 0.9999999"),
        ("profiles.quick.demonstration", "yes", "needs true or false, got 'yes'"),
        (f"{RECIPE}.upright", 1, "needs true or false, got 1"),
        (f"{BUDGET}.pretrained", True, "needs false, or is left out, got True"),
        (f"{BUDGET}.pretrained", 0, "needs false, or is left out, got 0"),
        # one of several
        ("profiles.quick.data.source", "web", "needs one of embedded, official, got 'web'"),
        ("profiles.quick.photos.source", "web", "needs one of embedded, official, own, got 'web'"),
        ("profiles.quick.explain.variants", "some", "needs one of focus, all, got 'some'"),
        ("datasets.shapes.normalise", "chanels", "needs one of range, channels, got 'chanels'"),
        (f"{BUDGET}.precision", "float16", "needs one of float32, bfloat16, got 'float16'"),
        (f"{BUDGET}.size", "large", "needs one of tiny, small, got 'large'"),
        (f"{RECIPE}.mask", "sam", "needs one of none, border, grabcut, rembg, got 'sam'"),
        (f"{RECIPE}.crop", "square", "needs one of none, corner, object, got 'square'"),
        (f"{RECIPE}.resize", True, "needs one of skip, antialias, got True"),
        (f"{RECIPE}.tone", "invert", "needs one of grey, negate, contrast, got 'invert'"),
        (f"{TRAIN}.optimizer", "adamw", "needs one of adam, torch_adam, sgd, got 'adamw'"),
        (f"{TRAIN}.schedule", "linear", "needs one of constant, step, alternating, cosine, got 'linear'"),
        ("variants.net.train.layers", 1, "needs one of all, head, got 1"),
        # text
        ("studies.forms.title", 3, "needs text of 1 to 200 characters, got 3"),
        ("studies.forms.title", "", "needs text of 1 to 200 characters, got ''"),
        ("studies.forms.title", "a\nb", "text must be on one line, without spaces at its ends, got 'a\\nb'"),
        ("datasets.animals.folder", 3, "needs text of 1 to 4096 characters, got 3"),
        ("datasets.animals.folder", "", "needs text of 1 to 4096 characters, got ''"),
        ("variants.net.train.weights.sha256", "0f", "needs text of the form ^[0-9a-f]{64}$, got '0f'"),
        # sections
        ("variants", ["cnn"], "needs a section of names, got ['cnn']"),
        ("costs", None, "needs a section with the keys study, got None"),
        (f"{CROPS}.search", 3, "needs a section with the keys rates, epochs, got 3"),
        ("variants.cnn.model_args", [1], "needs a section of names, got [1]"),
        # left out
        ("profile", GONE, "required: text"),
        ("photos", GONE, "required: a section with the keys dataset, collector, recipes"),
        ("profiles.whole.embed.images_per_class", GONE, "required: an integer from 2 to 10000"),
        (f"{RECIPE}.stretch", GONE, "required: a list of 2"),
        (f"{TRAIN}.batch_size", GONE, "required: an integer from 1 to 65536"),
    ],
)
def test_a_bad_value_is_refused_with_what_is_needed(path: str, value: Any, fault: str) -> None:
    assert complaint(edited({path: value})) == f"{path}: {fault}"


@pytest.mark.parametrize("key", ["tones.gamma", "tones.gain", "placing.scale"])
@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ([1.5, 0.7], ": the lowest value must come first, got [1.5, 0.7]"),
        ([0, 0], f".0: needs {RATE}, got 0"),
        ([-3, -1], f".0: needs {RATE}, got -3"),
        ([0.5, math.nan], f".1: needs {RATE}, got nan"),
        ([0.5, 11], f".1: needs {RATE}, got 11"),
        ([True, 2], f".0: needs {RATE}, got True"),
        ([1, 2, 3], ": needs a list of 2, got [1, 2, 3]"),
        (1, ": needs a list of 2, got 1"),
    ],
)
def test_a_range_ascends_between_0_and_10(key: str, value: Any, fault: str) -> None:
    path = f"{CROPS}.augmentation.{key}"
    assert complaint(edited({path: value})) == f"{path}{fault}"
    parse_params(edited({path: [1, 1]}))


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        (f"{CROPS}.search.rates", [0.1], ": needs a list of 2 to 20, got [0.1]"),
        (f"{CROPS}.search.rates", [0.1, 0.1], ": each value must be larger than the one before, got [0.1, 0.1]"),
        (f"{CROPS}.search.rates", [0.1, "1"], f".1: needs {RATE}, got '1'"),
        (f"{CROPS}.lr_drops", [0.75, 0.5], ": each value must be larger than the one before, got [0.75, 0.5]"),
        (f"{CROPS}.lr_drops", [0.5, 1], ".1: needs a number above 0, below 1, got 1"),
        (f"{CROPS}.lr_drops", [], ": needs a list of 1 to 100, got []"),
        (f"{CROPS}.keep_epochs", [5, 1], ": each value must be larger than the one before, got [5, 1]"),
        (f"{CROPS}.keep_epochs", [0], f".0: needs {COUNT}, got 0"),
        (f"{CROPS}.augmentation.pairs.classes", ["disc"] * 2, ": each value may be given once, 'disc' is given again"),
        ("embedding.components", [], ": needs a list of 1 to 100, got []"),
        ("embedding.components", [5, 0], ".1: needs an integer from 1 to 1000, got 0"),
        ("embedding.components", [5, 5], ": each value may be given once, 5 is given again"),
        ("embedding.covariances", ["full", "round"], ".1: needs one of full, tied, diag, spherical, got 'round'"),
        ("embedding.covariances", ["full"] * 2, ": each value may be given once, 'full' is given again"),
        ("datasets.shapes.classes", ["disc"], ": needs a list of 2 to 1000, got ['disc']"),
        ("datasets.shapes.classes", "disc", ": needs a list of 2 to 1000, got 'disc'"),
        ("datasets.shapes.classes", [0, 1], ".0: needs text of 1 to 200 characters, got 0"),
        ("datasets.shapes.classes", ["a", "b", "a"], ": each value may be given once, 'a' is given again"),
        (f"{RECIPE}.thumbnail", [0, 5], ".0: needs an integer from 1 to 1000, got 0"),
        (f"{RECIPE}.stretch", [0, 256], ".1: needs an integer from 0 to 255, got 256"),
        (f"{RECIPE}.stretch", [9, 9], ": the darkest tone must come before a brighter one, got [9, 9]"),
        ("studies.forms.pairs", [["cnn"]], ".0.1: required: text"),
    ],
)
def test_a_list_is_refused_with_what_is_needed(path: str, value: Any, fault: str) -> None:
    message = complaint(edited({path: value}))
    assert message.removesuffix(f", got {value!r}") == f"{path}{fault}".removesuffix(f", got {value!r}")
