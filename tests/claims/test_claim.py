"""How the interval of a quantity becomes the verdict on a test, and the verdicts on its tests that on a claim."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from claims.invented import (
    GROUP_OF,
    LABELS,
    Variant,
    asking,
    bending,
    evaluation,
    evidence,
    images_of,
    measured,
    study,
    uncertain,
)
from scipy import stats

from lookalike.claims.claim import Claim, Measurement, Region, Test, above, away_from_zero, below, within
from lookalike.claims.evidence import Evidence, StudyEvidence
from lookalike.claims.judging import (
    DEMONSTRATION,
    NO_DATA,
    NO_VARIATION,
    ONE_SEED,
    UNMEASURED,
    Answer,
    Judged,
    Verdict,
    answer,
    combined_verdict,
    decide,
    judge,
)
from lookalike.claims.measures import gain
from lookalike.claims.wording import sentence
from lookalike.evaluation.hierarchical import Seeds, SeedSpread, UncertainValue, mean_over_seeds
from lookalike.studies import CLAIMS

NOTHING = Evidence({})
YES, NO, PERHAPS = measured(0.03, 0.02, 0.04), measured(0.0, -0.005, 0.005), measured(0.02, 0.0, 0.04)
CLAIM = {claim.key: claim for claim in CLAIMS}


def claim(*tests: Test) -> Claim:
    return Claim("X1", "all", "It is so.", "there", "no number", CLAIMS[0].rule, tests)


def judged(*verdicts: Verdict, **changes: Any) -> Judged:
    """A claim whose tests have these verdicts."""
    answers = tuple(Answer(asking(None, **changes), None, verdict) for verdict in verdicts)
    return Judged(claim(*(one.test for one in answers)), answers)


def answers_of(key: str, found: Evidence) -> dict[str, Answer]:
    return {one.test.key: one for one in judge(CLAIM[key], found).answers}


# --- where an interval lies -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("region", "inside", "outside"),
    [
        (above(1), (1.1, 9), (1, 0, -9)),
        (below(1), (0.9, -9), (1, 2)),
        (away_from_zero(1), (1.1, -1.1), (1, -1, 0)),
        (within(1, of=3), (2, 3, 4), (1.9, 4.1)),
    ],
)
def test_regions_hold_values(region: Region, inside: Sequence[float], outside: Sequence[float]) -> None:
    assert all(map(region.holds, inside))
    assert not any(map(region.holds, outside))


@pytest.mark.parametrize(
    ("region", "level"),
    [(above(1), 0.95), (below(1), 0.95), (away_from_zero(1), 0.95), (within(1), 0.9), (above(-1), 0.95)],
)
def test_a_region_between_two_values_is_tested_by_two_one_sided_tests(region: Region, level: float) -> None:
    assert region.level == level


@pytest.mark.parametrize(
    ("region", "interval", "verdict"),
    [
        (above(1), (1.1, 3), "reproduced"),
        (above(1), (0.5, 0.9), "contradicted"),  # too small a difference to matter
        (above(1), (-3, -1.1), "contradicted"),
        (above(1), (0.9, 3), "inconclusive"),
        (below(1), (0.5, 0.9), "reproduced"),
        (below(1), (1.1, 3), "contradicted"),
        (away_from_zero(1), (1.1, 3), "reproduced"),
        (away_from_zero(1), (-3, -1.1), "reproduced"),
        (away_from_zero(1), (-0.9, 0.9), "contradicted"),
        (away_from_zero(1), (-3, 3), "inconclusive"),  # both bounds are crossed: it may lie between them
        (within(1), (-0.9, 0.9), "reproduced"),
        (within(1), (1.1, 3), "contradicted"),
        (within(1), (-0.9, 1.1), "inconclusive"),
    ],
)
def test_the_verdict_says_where_the_interval_lies(
    region: Region, interval: tuple[float, float], verdict: Verdict
) -> None:
    found = measured(sum(interval) / 2, *interval, level=region.level)
    assert answer(asking(found, region), NOTHING).verdict == verdict


def test_ratios_are_compared_as_logarithms() -> None:
    found = measured(math.log(3), math.log(2.1), math.log(4.3))
    assert answer(asking(found, above(2), scale="times"), NOTHING).verdict == "reproduced"
    assert answer(asking(found, above(2.2), scale="times"), NOTHING).verdict == "inconclusive"


def test_lenet_s_error_is_decided_by_a_90_percent_interval() -> None:
    found = Measurement(uncertain(0.01025, 0.0086, 0.0119, level=0.9), (3,), 10_000)
    region = CLAIM["H1"].tests[0].region
    assert (region.low, region.high) == pytest.approx((0.007, 0.012))
    assert found.quantity.interval()[1] > region.high  # the 95 % interval would not decide
    assert decide(CLAIM["H1"].tests[0], found).verdict == "reproduced"


def test_counts_have_no_chance_in_them() -> None:
    one = Measurement(mean_over_seeds([[math.log(2)]], [None]), (), None, counted=True)
    assert answer(asking(one, above(1), scale="times"), NOTHING).verdict == "reproduced"  # though log 2 is less than 1
    assert answer(asking(one, above(3), scale="times"), NOTHING).verdict == "contradicted"


def test_what_is_not_measured_says_why() -> None:
    assert answer(asking(None), NOTHING).reason == NO_DATA
    assert answer(replace(asking(None), measured=None), NOTHING).reason == UNMEASURED
    assert answer(asking(None), NOTHING).verdict == "not tested"


# --- seeds and images -------------------------------------------------------------------------------------------------


def test_seeds_that_differ_by_tens_of_points_decide_nothing() -> None:
    rng = np.random.default_rng(0)
    shares = {"alexnet": (0.75, 0.45, 0.7), "alexnet-nodropout": (0.7, 0.85, 0.8)}
    right = {name: rng.random((3, 10_000)) < np.array(of)[:, None] for name, of in shares.items()}
    logits = {name: np.eye(10)[np.where(of, LABELS, LABELS ^ 1)] for name, of in right.items()}
    of_images = right["alexnet"].mean(axis=0) - right["alexnet-nodropout"].mean(axis=0)
    over_images = of_images.mean() + np.array([-1.96, 1.96]) * of_images.std() / 100
    assert over_images.max() < -0.1  # images alone would contradict that dropout helps

    evaluations = {name: evaluation(of) for name, of in logits.items()}
    found = answers_of("H4", Evidence({"alexnet": replace(study({}), evaluations=evaluations)}))["dropout"]
    assert found.measured is not None
    assert found.measured.quantity.value == pytest.approx(of_images.mean())
    low, high = found.measured.quantity.interval()
    assert low < -0.4
    assert high > 0.1
    assert (found.verdict, found.measured.runs, found.reason) == ("inconclusive", (3, 3), "")


@pytest.mark.parametrize(
    ("seeds", "verdict", "reason"),
    [
        ({"first": 3, "second": 3}, "reproduced", ""),
        ({"first": 3, "second": 1}, "indicated", ""),
        ({"first": 1, "second": 1, "another": 3}, "indicated", ""),
        ({"first": 2, "second": 2}, "inconclusive", ONE_SEED),
        ({"first": 1, "second": 1}, "inconclusive", ONE_SEED),
    ],
)
@pytest.mark.parametrize("reverse", [False, True])
def test_fewer_than_three_seeds_indicate_at_most(
    seeds: dict[str, int], verdict: Verdict, reason: str, reverse: bool
) -> None:
    all_three = study({"first": 0.9, "second": 0.7, "another": 0.8}).evaluations
    names = ("second", "first") if reverse else ("first", "second")
    evaluations = {name: evaluation(all_three[name].test_logits[:count]) for name, count in seeds.items()}
    test = replace(asking(None), measured=gain(*names), variants=names)
    found = answer(test, Evidence({"all": replace(study({}), evaluations=evaluations)}))
    against: dict[Verdict, Verdict] = {"reproduced": "contradicted", "indicated": "contradiction indicated"}
    assert found.verdict == (against.get(verdict, verdict) if reverse else verdict)
    assert found.reason == reason
    assert found.decisive == (not reason)


@pytest.mark.parametrize(("images", "verdict"), [(9, "inconclusive"), (10, "reproduced"), (None, "reproduced")])
def test_fewer_than_ten_images_decide_nothing(images: int | None, verdict: Verdict) -> None:
    assert answer(asking(replace(YES, images=images)), NOTHING).verdict == verdict


def test_an_interval_without_width_decides_nothing() -> None:
    same = mean_over_seeds([[math.log(17)] * 3, [math.log(8)] * 3], [None, None])
    found = answer(asking(Measurement(same, (3, 3), None), above(2), scale="times"), NOTHING)
    assert found.measured is not None
    assert found.measured.quantity.interval() == pytest.approx([math.log(17 / 8)] * 2)
    assert (found.verdict, found.reason) == ("inconclusive", NO_VARIATION)


# --- how many seeds would decide --------------------------------------------------------------------------------------


def power(seeds: int, distance: float, deviation: float) -> float:
    """Of Student's t test of a mean over so many seeds, from the noncentral distribution."""
    beyond = stats.t.ppf(0.975, seeds - 1)
    return float(stats.nct.sf(beyond, seeds - 1, distance * math.sqrt(seeds) / deviation))


@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.0, 5.0, 10.8])  # of deviation and distance
def test_as_many_seeds_are_needed_as_have_a_power_of_80_percent(ratio: float) -> None:
    side = Seeds(2, SeedSpread(ratio, 1))
    needed = UncertainValue(1.0, 0.0, 0, (side,)).needed(0.0)
    expected = next(n for n in range(2, 10_000) if power(n, 1.0, ratio) >= 0.8)
    assert needed == pytest.approx(expected, rel=0.01, abs=1)


def test_the_quantile_of_two_seeds_does_not_stay_when_there_are_more() -> None:
    ratio = math.sqrt(18_789) / stats.t.ppf(0.975, 1)  # so that the quantile of two seeds would ask for 18,789
    sides = (Seeds(2, SeedSpread(ratio, 1)), Seeds(2, SeedSpread(0.0, 1)))
    needed = UncertainValue(1.0, 0.0, 0, sides).needed(0.0)
    assert needed == pytest.approx(18_789 * ((1.96 + 0.8416) / stats.t.ppf(0.975, 1)) ** 2, rel=0.01)
    assert needed == pytest.approx(2 * 450, rel=0.05)  # 450 would decide in one of two cases


def test_only_an_inconclusive_answer_says_how_many_seeds_would_decide() -> None:
    noisy = mean_over_seeds([[0.0, 0.02, 0.05]], [None])
    found = answer(asking(Measurement(noisy, (3,), None)), NOTHING)
    assert found.verdict == "inconclusive"
    assert found.needed == noisy.needed(0.01)
    assert found.needed is not None
    assert answer(asking(YES), NOTHING).needed is None


def test_as_many_seeds_are_needed_as_the_nearer_of_two_bounds_asks_for() -> None:
    noisy = mean_over_seeds([[-0.01, 0.002, 0.014]], [None])
    found = answer(asking(Measurement(noisy, (3,), None), within(0.01)), NOTHING)
    nearer, farther = (noisy.needed(bound, 0.9) for bound in (0.01, -0.01))
    assert nearer is not None
    assert farther is not None
    assert found.needed == nearer > farther


def test_no_number_of_seeds_makes_up_for_images() -> None:
    found = answer(asking(PERHAPS), NOTHING)  # whose deviation is that of images alone
    assert (found.verdict, found.needed) == ("inconclusive", None)
    assert "images" in found.reason


# --- the models that a test is about ----------------------------------------------------------------------------------

REDUCED = {"vgg11-bn": ["epochs: 3 (the study's own: 15)"]}
C1 = {"vgg11-plain": 0.1, "vgg11-bn": 0.8}


def test_models_of_reduced_size_do_not_test_the_claim() -> None:
    judged = judge(CLAIM["C1"], evidence(C1, departures=REDUCED))
    plain, batch_norm = judged.answers
    assert (plain.verdict, plain.reduced) == ("reproduced", None)
    assert (batch_norm.verdict, batch_norm.reduced) == ("not tested at the study's size", "reproduced")
    assert (judged.verdict, judged.reduced) == ("not tested at the study's size", "reproduced")
    against = judge(CLAIM["C1"], evidence({**C1, "vgg11-plain": 0.5}, departures=REDUCED))
    assert (against.verdict, against.reduced) == ("not tested at the study's size", "contradicted")


def test_departures_that_are_none_change_nothing() -> None:
    assert judge(CLAIM["C1"], evidence(C1, departures={"vgg11-bn": [], "another": ["size"]})).verdict == "reproduced"


def test_a_model_that_the_claim_expects_to_fail_may_be_at_chance() -> None:
    assert judge(CLAIM["C1"], evidence(C1)).verdict == "reproduced"


def test_a_model_at_chance_is_not_judged() -> None:
    l2 = Variant(0.1, train=0.1, valid=0.1)  # which has the smallest gap of all
    trained = Variant(0.8, train=0.95, valid=0.8)
    others = dict.fromkeys(("vgg11-bn", "vgg11-bn-dropout", "vgg11-bn-aug"), trained)
    found = evidence({**others, "vgg11-bn-l2": Variant(0.7, train=0.7, valid=0.69), "vgg11-l2": l2})
    answers = answers_of("C5", found)
    assert {one.reason for one in answers.values() if "vgg11-l2" in one.test.variants} == {
        "vgg11-l2 is not above chance"
    }
    assert judge(CLAIM["C5"], found).verdict == "not judged"
    assert judge(CLAIM["C5"], found).by_reading("vgg11-bn-l2") == "reproduced"


def test_a_rate_that_is_stuck_is_not_called_stable() -> None:
    stuck = Variant(0.1, epochs=bending(1e-4))
    learns = Variant(0.8, epochs=bending(0.5))
    found = answers_of("C8", evidence({"vgg11-bn": learns, "vgg11-bn-lr2": stuck, "vgg11-bn-lralt": learns}))
    assert (found["vgg11-bn-lr2"].verdict, found["vgg11-bn-lr2"].reason) == (
        "not judged",
        "vgg11-bn-lr2 is not above chance",
    )
    assert found["vgg11-bn-lralt"].verdict == "contradicted"  # as stable


def test_a_claim_may_ask_for_well_trained_models() -> None:
    asked = replace(asking(YES), variants=("one",), trained=0.75)
    assert answer(asked, evidence({"one": 0.8})).verdict == "reproduced"
    found = answer(asked, evidence({"one": 0.7}))
    assert (found.verdict, found.reason) == ("not judged", "one is 70.0 % right, less than the 75 % asked for")


def test_a_demonstration_is_not_judged() -> None:
    found = answer(asking(YES), Evidence({}, demonstration=True))
    assert (found.verdict, found.reason, found.measured) == ("not judged", DEMONSTRATION, YES)


# --- claims -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (["reproduced"], "reproduced"),
        (["reproduced", "reproduced"], "reproduced"),
        (["reproduced", "indicated"], "indicated"),
        (["reproduced", "contradicted"], "contradicted"),
        (["inconclusive", "contradicted"], "contradicted"),
        (["not tested", "contradicted"], "contradicted"),
        (["contradiction indicated", "contradicted"], "contradicted"),
        (["contradiction indicated", "reproduced"], "contradiction indicated"),
        (["contradiction indicated", "inconclusive"], "contradiction indicated"),
        (["reproduced", "inconclusive"], "inconclusive"),
        (["reproduced", "not tested"], "inconclusive"),
        (["inconclusive", "not tested"], "inconclusive"),
        (["not tested", "not tested"], "not tested"),
        ([], "not tested"),
        (["reproduced", "not judged"], "not judged"),
        (["contradicted", "not judged"], "not judged"),
    ],
)
def test_a_claim_states_that_all_its_parts_hold(parts: list[Verdict], expected: Verdict) -> None:
    assert combined_verdict(parts) == combined_verdict(parts[::-1]) == expected
    assert judged(*parts).verdict == expected


def test_two_parts_of_which_one_is_uncertain_do_not_reproduce() -> None:
    parts = (measured(0.03, 0.02, 0.04), measured(0.05, -0.2, 0.3))
    assert judge(claim(*map(asking, parts)), NOTHING).verdict == "inconclusive"


def at(verdict: Verdict, reading: str = "", **changes: Any) -> Answer:
    return Answer(asking(None, reading=reading, **changes), None, verdict)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("reproduced", "reproduced", "reproduced"),
        ("contradicted", "contradicted", "contradicted"),
        ("reproduced", "contradicted", "inconclusive"),
        ("reproduced", "indicated", "inconclusive"),
        ("not tested", "not tested", "not tested"),
        ("reproduced", "not tested", "inconclusive"),
        ("reproduced", "not judged", "not judged"),
    ],
)
def test_readings_that_disagree_leave_a_claim_undecided(first: Verdict, second: Verdict, expected: Verdict) -> None:
    answers = (at("reproduced", "one"), at(first, "one"), at(second, "other"))
    if first != "reproduced":
        answers = answers[1:]
    assert Judged(claim(), answers).verdict == expected


@pytest.mark.parametrize(
    ("asked", "control", "expected"),
    [
        ("reproduced", "contradicted", "explained by a control"),
        ("reproduced", "contradiction indicated", "explained by a control"),
        ("indicated", "contradicted", "explained by a control"),
        ("reproduced", "inconclusive", "reproduced"),
        ("reproduced", "not tested", "reproduced"),
        ("reproduced", "reproduced", "reproduced"),
        ("contradicted", "contradicted", "contradicted"),
        ("inconclusive", "contradicted", "inconclusive"),
    ],
)
def test_a_contradicted_control_explains_an_effect(asked: Verdict, control: Verdict, expected: Verdict) -> None:
    overturning = at(control, control=True, overturns=True)
    assert Judged(claim(), (at(asked), overturning)).verdict == expected
    assert Judged(claim(), (at(asked), at(control, control=True))).verdict == asked  # shown beside it only
    elsewhere = at(control, "other", control=True, overturns=True)
    assert Judged(claim(), (at(asked), elsewhere)).verdict == asked


def test_an_effect_that_temperature_takes_away_is_explained_by_it() -> None:
    sharp = Variant(0.9, (0.9, 0.02, 0.01), temperature=4.0)
    found = evidence({"fashion-cnn": Variant(0.9, (0.85, 0.05, 0.01)), "fashion-vit": sharp})
    plain, calibrated = judge(CLAIM["F4"], found).answers
    assert (plain.verdict, calibrated.verdict) == ("reproduced", "contradicted")
    assert judge(CLAIM["F4"], found).verdict == "explained by a control"


@pytest.mark.parametrize(
    ("answers", "verdict", "reduced"),
    [
        ((("not judged", None), ("not tested at the study's size", "contradicted")), "not judged", None),
        (
            (("not tested at the study's size", "contradicted"), ("reproduced", None)),
            "not tested at the study's size",
            "contradicted",
        ),
        (
            (("not tested at the study's size", "reproduced"), ("contradicted", None)),
            "not tested at the study's size",
            "contradicted",
        ),
        (
            (("not tested at the study's size", "indicated"), ("reproduced", None)),
            "not tested at the study's size",
            "indicated",
        ),
    ],
)
def test_what_cannot_be_judged_comes_before_what_is_reduced(
    answers: tuple[tuple[Verdict, Verdict | None], ...], verdict: Verdict, reduced: Verdict | None
) -> None:
    parts = tuple(Answer(asking(None), None, of, at_reduced) for of, at_reduced in answers)
    for order in (parts, parts[::-1]):
        assert (Judged(claim(), order).verdict, Judged(claim(), order).reduced) == (verdict, reduced)


def test_controls_are_no_part_of_the_claim() -> None:
    parts = (at("reproduced"), at("not judged", control=True), at("contradicted", control=True))
    one = Judged(claim(), parts)
    assert (one.decisive, one.controls) == ([parts[0]], [*parts[1:]])
    assert one.verdict == "reproduced"
    assert Judged(claim(), parts[1:]).verdict == "not tested"


def test_chance_is_the_accuracy_of_giving_the_most_frequent_class() -> None:
    labels = np.array([0, 0, 0, 1, 2])
    found = StudyEvidence(images_of(labels, labels), GROUP_OF, {"one": evaluation(np.eye(3)[labels][None])})
    assert found.chance == pytest.approx(0.6)
    assert found.labels is found.test_set.labels
    nothing = replace(found.evaluations["one"], seeds=(), diverged=3)
    assert not replace(found, evaluations={"one": nothing}).finished
    assert Evidence({"a": found}).study_of("one") is found
    assert Evidence({"a": found}).study_of("two") is None


def test_runs_that_diverged_are_counted_and_departures_named() -> None:
    found = evidence({"a": 0.9, "b": 0.9}, departures={"b": ["epochs: 5 (the study's own: 15)"]})
    (study,) = found.studies.values()
    evaluations = dict(study.evaluations) | {"a": replace(study.evaluations["a"], diverged=2)}
    found = Evidence({"cifar": replace(study, evaluations=evaluations)})
    test = asking(measured(0.024, 0.02, 0.03), variants=("a", "b"), sentence="a leads by {}")
    one = answer(test, found)
    assert one.diverged == ("2 of 5 runs of a",)
    assert one.departures == ("b: epochs: 5 (the study's own: 15)",)
    assert sentence(one).endswith("At reduced size: reproduced. 2 of 5 runs of a diverged and are left out.")
