"""Learning curves by rule: which variants differ in the number of training images alone."""

import math
from typing import Any

import pytest
import yaml
from conftest import ROOT
from descriptions import described

from lookalike.artifacts.models import Description, SeedRecord
from lookalike.families.curves import TrainingRun, curve_variants, curves_of, most_sizes, runs_by_steps
from lookalike.params import Params, parse_params

CNN, VIT = "fashion-cnn", "fashion-vit"
TRAIN = 48_000


@pytest.fixture(scope="module")
def params() -> Params:
    raw: dict[str, Any] = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    return parse_params(raw)


def models_of(params: Params) -> dict[str, Description]:
    """The variants of the study as they are trained in full."""
    found = {}
    for name, variant in params.variants_of("fashion").items():
        seeds = (SeedRecord(0, variant.train.epochs, None),)
        found[name] = described(train_images=round(TRAIN * (variant.train.fraction or 1)), seeds=seeds)
    return found


def test_the_parameters_hold_two_curves_of_five_sizes(params: Params) -> None:
    curves = curves_of(params.variants_of("fashion"), models_of(params), (CNN, VIT))
    shares = ("1pct", "3pct", "10pct", "30pct")
    same_epochs = [*(f"-{share}-10epochs" for share in shares[:3]), "-30pct", ""]
    same_steps = [*(f"-{share}" for share in shares), "-3epochs"]
    expected = {
        "10 epochs each": tuple([f"{name}{end}" for end in same_epochs] for name in (CNN, VIT)),
        "about 2,254 steps each": tuple([f"{name}{end}" for end in same_steps] for name in (CNN, VIT)),
    }
    assert curves == expected
    assert list(curves) == list(expected)
    assert math.ceil(0.03 * TRAIN / 64) * 98 == 2254, "of 3 % of the images, the most"


def test_a_variant_that_differs_otherwise_is_on_no_curve(params: Params) -> None:
    curves = curves_of(params.variants_of("fashion"), models_of(params), ("fashion-cnn-modern", "fashion-vit-modern"))
    assert curves == {}


def test_the_order_of_the_compared_variants_is_that_of_the_sides(params: Params) -> None:
    settings, models = params.variants_of("fashion"), models_of(params)
    turned = curves_of(settings, models, (VIT, CNN))
    assert turned == {title: both[::-1] for title, both in curves_of(settings, models, (CNN, VIT)).items()}


def run(variant: str, images: int, steps: int) -> TrainingRun:
    return TrainingRun(variant, images, 1, steps)


def test_steps_are_equal_within_five_percent() -> None:
    runs = [run("c", 3, 106), run("a", 1, 100), run("b", 2, 105), run("d", 4, 111), run("e", 5, 112)]
    assert [(steps, [one.variant for one in alike]) for steps, alike in runs_by_steps(runs)] == [
        (105, ["a", "b"]),
        (111, ["c", "d"]),
        (112, ["e"]),
    ]


def test_of_one_size_the_first_counts() -> None:
    first, second = [run("big", 9, 1), run("a", 5, 1), run("again", 5, 1)], [run("b", 5, 1), run("other", 7, 1)]
    assert curve_variants(first, second, [*first, second[0]]) == (["a", "big"], ["b"])


def test_three_sizes_make_a_curve() -> None:
    few, more, most = (["a"] * 2, ["b"] * 9), (["c"] * 3, ["d"] * 4), (["e"] * 4, ["f"] * 4)
    assert most_sizes({"few": few}) == {}
    assert most_sizes({}) == {}
    assert most_sizes({"few": few, "more": more}) == {"more": more}
    assert most_sizes({"most": most, "more": more}) == {"most": most}
