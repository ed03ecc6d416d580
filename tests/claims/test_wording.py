"""How quantities, regions and verdicts are said, word for word."""

import math
from dataclasses import replace

import pytest
from claims.invented import asking, measured

from lookalike.claims.claim import Claim, Measurement, Region, Scale, above, away_from_zero, below, within
from lookalike.claims.evidence import Evidence
from lookalike.claims.judging import Answer, Judged, answer
from lookalike.claims.quantities import censored
from lookalike.claims.wording import (
    digits_for,
    ends,
    measurement_in_words,
    open_remarks,
    region_in_words,
    runs_in_words,
    sentence,
    value_in_words,
)
from lookalike.evaluation.hierarchical import UncertainValue, mean_over_seeds
from lookalike.studies import CLAIMS
from lookalike.studies.fashion import MORE_ACCURATE

NOTHING = Evidence({})
CNN = replace(asking(None, above(0.005)), sentence=MORE_ACCURATE)


def two(value: float, low: float, high: float) -> Measurement:
    """Of two variants."""
    return replace(measured(value, low, high), runs=(3, 3))


def said_of(found: Measurement, region: Region | None = None, **changes: object) -> str:
    """The sentence of a test that measures this."""
    settings = {"measured": lambda evidence: found, "region": region or CNN.region}
    return sentence(answer(replace(CNN, **settings | changes), NOTHING))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (
            two(0.024, 0.019, 0.029),
            "In 3 + 3 runs the CNN is 2.4 points more accurate than the ViT (1.9 to 2.9). Reproduced.",
        ),
        (
            two(-0.024, -0.029, -0.019),
            "In 3 + 3 runs the CNN is 2.4 points less accurate than the ViT (1.9 to 2.9). Contradicted.",
        ),
        (
            two(0.001, -0.002, 0.004),
            "In 3 + 3 runs the CNN is 0.1 points more accurate than the ViT (−0.2 to 0.4). Contradicted.",
        ),
        (
            two(0.0, -0.002, 0.002),
            "In 3 + 3 runs the CNN is 0.0 points more accurate than the ViT (−0.2 to 0.2). Contradicted.",
        ),
    ],
)
def test_a_sentence_says_what_was_found_and_what_follows(found: Measurement, expected: str) -> None:
    assert said_of(found) == expected


def test_without_an_opposite_a_negative_value_keeps_its_sign() -> None:
    found = measured(-0.1, -0.15, -0.05)
    test = asking(found, above(0.05), sentence="maps of one class are {} more alike", scale="number")
    assert (
        sentence(answer(test, NOTHING))
        == "In 3 runs maps of one class are −0.10 more alike (−0.15 to −0.05). Contradicted."
    )


def test_of_two_one_sided_tests_the_level_is_said() -> None:
    found = measured(0.0102, 0.0086, 0.0118, level=0.9)
    words = said_of(
        found, within(0.0025, of=0.0095), sentence="lenet5 gets {} of the test images wrong", scale="percent"
    )
    assert words == "In 3 runs lenet5 gets 1.02 % of the test images wrong (90 % interval 0.86 to 1.18). Reproduced."


@pytest.mark.parametrize(
    ("above_it", "below_it", "expected"),
    [
        (False, False, "(2.20 to 4.09)"),
        (True, False, "(at least 2.20)"),
        (False, True, "(at most 4.09)"),
        (True, True, "(any value)"),
    ],
)
def test_an_interval_may_be_open(above_it: bool, below_it: bool, expected: str) -> None:
    quantity = measured(math.log(3), math.log(2.2), math.log(9 / 2.2)).quantity
    assert isinstance(quantity, UncertainValue)
    found = Measurement(censored(quantity, above=above_it, below=below_it), (3, 3), None)
    test = asking(found, above(2), sentence="tanh takes {} as many epochs as ReLU", scale="times")
    assert measurement_in_words(answer(test, NOTHING)) == f"3.00 times {expected}"
    verdict = "Inconclusive" if below_it else "Reproduced"
    assert sentence(answer(test, NOTHING)).startswith(
        f"In 3 + 3 runs tanh takes 3.00 times as many epochs as ReLU {expected}. {verdict}"
    )


def test_an_open_interval_of_an_opposite_turns_around() -> None:
    quantity = measured(-0.02, -0.03, -0.01).quantity
    assert isinstance(quantity, UncertainValue)
    found = Measurement(censored(quantity, above=True, below=False), (3, 3), None)
    assert "2.0 points less accurate than the ViT (at most 3.0)" in said_of(found)


def test_what_is_not_judged_says_why() -> None:
    one = Answer(CNN, two(0.024, 0.019, 0.029), "not judged", reason="vgg11-l2 is not above chance")
    assert sentence(one).endswith("(1.9 to 2.9). Not judged: vgg11-l2 is not above chance.")


def test_what_is_not_tested_says_why() -> None:
    assert sentence(answer(asking(None), NOTHING)) == "Not tested: what it needs was not run."
    assert sentence(answer(replace(asking(None), measured=None), NOTHING)) == "Not tested: no stage measures this."


def test_a_verdict_at_reduced_size_says_so() -> None:
    one = Answer(CNN, two(0.024, 0.019, 0.029), "not tested at the study's size", "reproduced")
    assert sentence(one).endswith("(1.9 to 2.9). At reduced size: reproduced.")
    judged = Judged(Claim("X", "all", "", "", "", CLAIMS[0].rule, (CNN,)), (one,))
    assert open_remarks(judged) == ""
    undecided = replace(one, reduced="inconclusive")
    both = open_remarks(replace(judged, answers=(one, undecided)))
    assert both == "At reduced size the verdict on the claim is: inconclusive."
    whole = replace(one, verdict="reproduced", reduced=None)
    assert open_remarks(replace(judged, answers=(whole,))) == ""
    missing = replace(one, measured=None, verdict="not tested", reduced=None)
    assert open_remarks(replace(judged, answers=(whole, missing))) == "1 of 2 tests was not done."
    assert open_remarks(replace(judged, answers=(missing, missing))) == ""


def test_an_inconclusive_sentence_says_how_many_runs_would_decide() -> None:
    noisy = Measurement(mean_over_seeds([[0.0, 0.02, 0.05]], [None]), (3,), None)
    needed = noisy.quantity.needed(0.005)
    assert said_of(noisy).endswith(
        f"Inconclusive: with the value that was measured, {needed} runs of each would decide in four of five cases."
    )


def test_few_runs_are_mentioned() -> None:
    one = replace(measured(0.024, 0.019, 0.029, seeds=1), runs=(1,))
    assert said_of(one).endswith(
        "Indicated: few runs, so that the seed-to-seed variation of other variants counts (2 degrees of freedom)."
    )
    assert said_of(one).startswith("In 1 run the CNN")


def test_without_an_interval_the_value_stands_alone() -> None:
    unknown = Measurement(mean_over_seeds([[0.02]], [None]), (1,), 100)
    assert said_of(unknown).startswith(
        "In 1 run the CNN is 2.0 points more accurate than the ViT. Inconclusive: fewer than three seeds,"
    )
    counted = Measurement(mean_over_seeds([[math.log(4.5)]], [None]), (), None, counted=True)
    words = said_of(counted, above(1), scale="times", sentence="a plain convolution takes {} as many")
    assert words == "A plain convolution takes 4.50 times as many. Reproduced."


@pytest.mark.parametrize(
    ("region", "scale", "expected"),
    [
        (above(0.005), "points", "above 0.5 points"),
        (below(0.1), "percent", "below 10.00 %"),
        (above(-0.01), "points", "above −1.0 points"),
        (away_from_zero(0.01), "points", "below −1.0 points or above 1.0 points"),
        (within(0.02), "points", "from −2.0 points to 2.0 points"),
        (within(0.0025, of=0.0095), "percent", "from 0.70 % to 1.20 %"),
        (above(2), "times", "above 2.00 times"),
        (above(0.0025), "points", "above 0.25 points"),
    ],
)
def test_a_region_is_said_with_its_bounds(region: Region, scale: Scale, expected: str) -> None:
    assert region_in_words(region, scale) == expected


@pytest.mark.parametrize(
    ("value", "bounds", "scale", "expected"),
    [
        (-0.01, [-0.01], "points", 1),
        (-0.0098, [-0.01], "points", 2),  # -1.0 would hide that it is not below -1.0
        (-0.00996, [-0.01], "points", 3),
        (0.0247, [0.005], "points", 1),
        (0.0053, [0.005], "points", 2),
        (1.996, [2.0], "times", 3),
        (1.9999999, [2.0], "times", 4),  # no more than four
    ],
)
def test_a_value_near_a_bound_gets_more_digits(value: float, bounds: list[float], scale: Scale, expected: int) -> None:
    assert digits_for(value, bounds, scale) == expected


def test_all_numbers_of_a_sentence_have_the_digits_of_that_nearest_to_a_bound() -> None:
    assert "2.40 points more accurate than the ViT (0.53 to 4.27). Reproduced" in said_of(two(0.024, 0.0053, 0.0427))
    less = two(-0.024, -0.0427, -0.0053)
    assert "2.40 points less accurate than the ViT (0.53 to 4.27). Reproduced" in said_of(less, away_from_zero(0.005))
    assert "2.4 points less accurate than the ViT (0.5 to 4.3). Contradicted" in said_of(less)  # far from +0.5


@pytest.mark.parametrize(
    ("value", "scale", "expected"),
    [
        (0.0244, "points", "2.4 points"),
        (-0.0244, "points", "−2.4 points"),
        (-0.0001, "points", "0.0 points"),
        (0.0, "percent", "0.00 %"),
        (2.125, "times", "2.12 times"),
        (-0.123, "number", "−0.12"),
    ],
)
def test_quantities_are_said_with_their_unit(value: float, scale: Scale, expected: str) -> None:
    assert value_in_words(value, scale) == expected


@pytest.mark.parametrize(
    ("runs", "expected"), [((3, 3), "3 + 3 runs"), ((3,), "3 runs"), ((1,), "1 run"), ((1, 1), "1 + 1 runs")]
)
def test_runs_are_counted_on_each_side(runs: tuple[int, ...], expected: str) -> None:
    assert runs_in_words(runs) == expected


def test_the_ends_are_those_that_decide_as_people_read_them() -> None:
    found = measured(math.log(3), math.log(2), math.log(4.5))
    assert ends(answer(asking(found, scale="times"), NOTHING)) == pytest.approx((3, 2, 4.5))
    narrow = measured(0.0, -0.01, 0.01, level=0.9)
    assert ends(answer(asking(narrow, within(0.02)), NOTHING)) == pytest.approx((0, -0.01, 0.01))
    assert ends(answer(asking(None), NOTHING)) is None
