"""What tests measure: of which variants, seeds and images, and what becomes of runs that failed."""

import math
from dataclasses import replace

import numpy as np
import pytest
from claims.invented import (
    IMAGES,
    LABELS,
    PHOTOGRAPHED,
    PLANNED,
    RECIPE,
    STEP,
    Variant,
    alike,
    asking,
    bending,
    evaluation,
    evidence,
    history,
    images_of,
    measured,
    reaching,
    study,
)

from lookalike.claims import measures
from lookalike.claims.claim import Measurement
from lookalike.claims.evidence import Evidence
from lookalike.claims.judging import NO_VARIATION, OPEN_END, answer
from lookalike.claims.measures import (
    Measure,
    alone,
    corrected,
    gain,
    log_instability,
    most,
    of_history,
    photograph_gain,
)
from lookalike.claims.quantities import Best, SeedValue, fitting_gap_terms
from lookalike.evaluation.histories import epochs_to, training_error
from lookalike.studies.alexnet import CLAIMS

H3 = next(claim for claim in CLAIMS if claim.key == "H3").tests[0]


def found(measure: Measure, *args: object, **kwargs: object) -> Measurement:
    one = measure(evidence(*args, **kwargs))  # type: ignore[arg-type]
    assert one is not None
    return one


def test_a_gain_is_of_two_variants_of_one_study() -> None:
    one = found(gain("a", "b"), {"a": 0.9, "b": 0.85})
    assert (one.quantity.value, one.runs, one.images, one.unit) == (pytest.approx(0.05), (3, 3), IMAGES, "test images")
    apart = Evidence({"x": study({"a": 0.9}), "y": study({"b": 0.8})})
    assert gain("a", "b")(apart) is None
    assert gain("a", "c")(Evidence({"x": study({"a": 0.9})})) is None
    assert gain("c", "d")(apart) is None


def test_one_variant_is_compared_with_a_constant() -> None:
    one = found(alone("a", minus=0.8), {"a": 0.85})
    assert (one.quantity.value, one.runs) == (pytest.approx(0.05), (3,))
    low, high = one.quantity.interval()
    assert low < 0.05 < high
    assert alone("a", fitting_gap_terms)(evidence({"a": 0.9})) is None  # no training images were predicted
    assert alone("b")(evidence({"a": 0.9})) is None


def test_the_images_are_those_that_a_quantity_is_about() -> None:
    one = found(alone("a", fitting_gap_terms), {"a": Variant(train=0.9, valid=0.8)})
    assert one.images == 10_000  # 5,000 training and 5,000 validation images
    lost = found(alone("a", measures.quantities.lost_by_shift(4)), {"a": Variant(lost={})})
    assert lost.images == 5_000


def test_photographs_are_counted_and_grouped_by_sender() -> None:
    both = evidence({"a": Variant(photographs=0.5), "b": Variant(photographs=0.3)})
    one = photograph_gain("a", "b", RECIPE)(both)
    assert one is not None
    assert (one.images, one.unit, one.runs) == (PHOTOGRAPHED, "photographs", (3, 3))
    assert one.quantity.value == pytest.approx(0.2)
    shown = np.arange(PHOTOGRAPHED) % 10
    sent = [f"{k // 100}" for k in range(PHOTOGRAPHED)]  # by eight people, in blocks of one sender
    by_few = replace(both.studies["all"], test_set=images_of(LABELS, shown, sent))
    clustered = photograph_gain("a", "b", RECIPE)(Evidence({"all": by_few}))
    assert clustered is not None
    assert clustered.images == PHOTOGRAPHED
    assert clustered.quantity.images == 8  # type: ignore[attr-defined]
    assert photograph_gain("a", "b", "another")(both) is None
    without = replace(both.studies["all"], test_set=replace(both.studies["all"].test_set, photos=None))
    assert photograph_gain("a", "b", RECIPE)(Evidence({"all": without})) is None


def test_corrected_errors_are_compared_with_those_that_another_seed_corrects() -> None:
    rng = np.random.default_rng(2)
    right = {name: rng.random((seeds, 500)) < share for name, seeds, share in (("a", 2, 0.8), ("b", 3, 0.7))}
    labels = LABELS[:500]
    logits = {name: np.eye(10)[np.where(of, labels, labels ^ 1)] for name, of in right.items()}
    base = replace(study({}), test_set=images_of(labels, labels))
    both = replace(base, evaluations={name: evaluation(of) for name, of in logits.items()})
    one = corrected("a", "b")(Evidence({"all": both}))
    total = wrong = 0.0
    for first in right["a"]:
        for k, second in enumerate(right["b"]):
            others = np.delete(right["b"], k, axis=0).mean(axis=0)
            total += (first.astype(float) - others)[~second].sum()
            wrong += (~second).sum()
    assert one is not None
    assert one.quantity.value == pytest.approx(total / wrong)
    assert (one.runs, one.images) == ((2, 3), round(wrong / 6))
    single = replace(both, evaluations={**both.evaluations, "b": evaluation(logits["b"][:1])})
    assert corrected("a", "b")(Evidence({"all": single})) is None  # no other seed


# --- the most of several ----------------------------------------------------------------------------------------------


def fixed(value: float, low: float, high: float) -> Measure:
    return lambda _: replace(measured(value, low, high), runs=(3, 3))


@pytest.mark.parametrize(
    ("parts", "verdict"),
    [
        ((fixed(0.03, 0.02, 0.04), fixed(0.0, -0.2, 0.2)), "reproduced"),
        ((fixed(0.0, -0.005, 0.005), fixed(-0.01, -0.02, 0.0)), "contradicted"),
        ((fixed(0.001, -0.003, 0.004), fixed(-0.01, -0.09, 0.07)), "inconclusive"),  # the smaller may exceed .01
        ((fixed(0.0, -0.005, 0.005), lambda _: None), "inconclusive"),  # the missing one may
        ((fixed(0.03, 0.02, 0.04), lambda _: None), "reproduced"),
    ],
)
def test_the_largest_decides_and_all_are_needed_to_contradict(parts: tuple[Measure, ...], verdict: str) -> None:
    for order in (parts, parts[::-1]):
        one = most(*order)(Evidence({}))
        assert one is not None
        assert isinstance(one.quantity, Best)
        assert answer(asking(one), Evidence({})).verdict == verdict


def test_no_number_of_seeds_makes_up_for_a_variant_that_is_missing() -> None:
    one = most(fixed(0.0, -0.005, 0.005), lambda _: None)(Evidence({}))
    found = answer(asking(one), Evidence({}))
    assert (found.verdict, found.needed, found.reason) == ("inconclusive", None, OPEN_END)


def test_the_most_of_nothing_is_nothing() -> None:
    assert most(lambda _: None, lambda _: None)(Evidence({})) is None


# --- histories --------------------------------------------------------------------------------------------------------


def test_an_epoch_within_which_the_error_falls_is_interpolated() -> None:
    rows = history(0, [0.4, 0.7, 0.9])  # errors .6, .3, .1
    assert epochs_to(0.25, rows, 0.9) == pytest.approx(2 + 0.05 / 0.2)
    assert epochs_to(0.6, rows, 0.9) == pytest.approx(1)
    assert epochs_to(0.75, rows, 0.9) == pytest.approx(0.5)  # half of the way from guessing
    assert epochs_to(0.05, rows, 0.9) is None


def reaching_goal(tanh: list, relu: list) -> Evidence:  # type: ignore[type-arg]
    return evidence({"four-layer-tanh": Variant(epochs=tanh), "four-layer-relu": Variant(epochs=relu)})


def test_how_many_times_as_long_is_a_ratio_of_geometric_means() -> None:
    one = H3.measured(reaching_goal(reaching(8, 9, 10), reaching(2, 2, 2)))  # type: ignore[misc]
    assert one is not None
    slow, fast = (7.5, 8.51, 9.52), (1.5, 1.51, 1.52)
    assert math.exp(one.quantity.value) == pytest.approx((math.prod(slow) / math.prod(fast)) ** (1 / 3))
    assert (one.runs, one.images) == ((3, 3), None)


def test_whole_epochs_that_are_equal_still_differ() -> None:
    one = H3.measured(reaching_goal(reaching(8, 8, 8), reaching(8, 8, 8)))  # type: ignore[misc]
    assert one is not None
    low, high = one.quantity.interval()
    assert low < 0 < high


@pytest.mark.parametrize(
    ("tanh", "relu", "verdict"),
    [
        ((8, 9, None), (8, 8, 9), "inconclusive"),  # and not 1.02 times: the third may take as long as it likes
        ((16, 17, None), (3, 3, 3), "reproduced"),  # at least as slow as measured
        ((None, None, None), (12, 13, 14), "inconclusive"),
        ((None, None, None), (3, 3, 3), "reproduced"),
        ((3, 3, 3), (16, None, 17), "contradicted"),  # at most as slow as measured
        ((16, 17, 18), (3, None, 3), "inconclusive"),
        ((None, None, None), (None, None, None), "inconclusive"),
        ((16, 17, 18), (3, 3, 3), "reproduced"),
    ],
)
def test_runs_that_do_not_arrive_are_censored(
    tanh: tuple[int | None, ...], relu: tuple[int | None, ...], verdict: str
) -> None:
    found = answer(H3, reaching_goal(reaching(*tanh), reaching(*relu)))
    assert (found.verdict, found.needed) == (verdict, None)
    assert found.reason in {"", OPEN_END, NO_VARIATION}


def test_without_epochs_or_without_a_variant_no_speed_is_measured() -> None:
    assert H3.measured is not None
    assert H3.measured(reaching_goal([], reaching(3, 3, 3))) is None
    assert H3.measured(evidence({"four-layer-tanh": Variant(epochs=reaching(3, 3, 3))})) is None


def test_a_run_that_diverged_does_not_arrive() -> None:
    diverged = [{**row, "seed": 2} for row in history(2, [0.5, 0.1], [1.0, math.nan])]
    both = reaching_goal([*reaching(8, 9), *diverged], reaching(8, 8, 9))
    assert measures.arrivals(both.studies["all"], "four-layer-tanh", 0.25) == [
        (pytest.approx(7.5), True),
        (pytest.approx(8.51), True),
        (PLANNED, False),
    ]
    assert answer(H3, both).verdict == "inconclusive"


def test_the_instability_is_the_variance_about_a_trend() -> None:
    losses = [9.0, 1.0, 2.0, 1.5, 3.0]
    bends = [1.0 - 2 * 2.0 + 1.5, 2.0 - 2 * 1.5 + 3.0]
    assert log_instability(history(0, [0.5] * 5, losses)) == pytest.approx(math.log(np.mean(np.square(bends)) / 6))
    assert log_instability(history(0, [0.5] * 5, [5, 4, 3, 2, 1])) is None  # nothing but a trend
    assert log_instability(history(0, [0.5] * 5, [5, 4, 3, 2, math.nan])) is None
    assert log_instability(history(0, [0.5] * 3, [5, 4, 3])) is None


def test_a_figure_of_a_history_is_of_each_seed_that_did_not_diverge() -> None:
    rows = [row for seed, error in enumerate((0.3, 0.2, 0.1)) for row in history(seed, (0.5, 1 - error))]
    one = study({"a": Variant(epochs=rows)})
    finished = {"a": replace(one.evaluations["a"], seeds=(0, 2), diverged=1)}
    figures = of_history(training_error)(replace(one, evaluations=finished), "a")
    assert figures == [SeedValue(pytest.approx(0.3)), SeedValue(pytest.approx(0.1))]
    assert of_history(log_instability)(one, "a") is None  # two epochs have no trend
    known = of_history(log_instability)(study({"a": Variant(epochs=bending(0.1))}), "a")
    assert known is not None
    assert len(known) == 3


# --- figures of explanations and counts -------------------------------------------------------------------------------


def test_a_figure_is_the_mean_over_seeds_of_the_images_that_were_explained() -> None:
    from lookalike.studies.fashion import VIT, map_similarity_contrast

    one = found(
        map_similarity_contrast("last attention", "class_contrast"),
        {VIT: Variant(findings=alike(["last attention"], 0.2))},
    )
    assert (one.quantity.value, one.runs, one.images) == (pytest.approx(0.2), (3,), 100)
    expected = math.sqrt(STEP**2 / 3 + (0.01 / 1.96) ** 2)
    assert one.quantity.error == pytest.approx(expected, rel=1e-4)
    assert (
        map_similarity_contrast("embedded patches", "class_contrast")(
            evidence({VIT: Variant(findings=alike(["other"], 0.2))})
        )
        is None
    )


def test_a_figure_that_one_seed_lacks_is_not_measured() -> None:
    assert measures.of_every_seed([SeedValue(1), None]) is None
    assert measures.of_every_seed([]) is None
    assert measures.of_every_seed([SeedValue(1), SeedValue(2)]) == [SeedValue(1), SeedValue(2)]
    assert measures.quantities.seed_value(None) is None


def test_counts_are_taken_as_logarithms() -> None:
    one = measures.counted(lambda _: 4.5)(Evidence({}))
    assert one is not None
    assert (math.exp(one.quantity.value), one.counted, one.runs, one.images) == (pytest.approx(4.5), True, (), None)
    assert measures.counted(lambda _: None)(Evidence({})) is None
