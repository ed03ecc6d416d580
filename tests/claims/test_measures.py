"""Every measure against made-up artifacts: its value, its sign, what its interval speaks of, and None without data."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.stats
from claims.invented import HALF, MISLEADING, comparison, ended, estimate, evidence, history, reaching

from lookalike.claims.claim import Evidence, Measured
from lookalike.claims.measures import (
    Measure,
    accuracy,
    by_seed,
    cluster_agreement,
    diverged,
    epochs_to,
    gain_over_centre,
    gap,
    images_tested,
    less_over_seeds,
    measured,
    more_accurate,
    narrowing,
    over_seeds,
    pair_of,
    times_less,
    trained_to,
    unrest,
)
from lookalike.evaluation.statistics import Estimate

Json = dict[str, Any]
IMAGES = 10_000
RNG = np.random.default_rng(7)
A, B = RNG.normal(2, 0.3, 4).tolist(), RNG.normal(5, 0.9, 3).tolist()  # of two variants, a figure of each seed


def known(measured: Measured | None) -> Measured:
    assert measured is not None
    return measured


def numbers(measured: Measured | None) -> tuple[float, float, float]:
    found = known(measured)
    return found.value, found.low, found.high


def seeds(a: Sequence[float], b: Sequence[float]) -> Evidence:
    """Histories of one epoch whose training accuracies are these."""
    rows = {
        name: [row for seed, value in enumerate(values) for row in history(seed, [value], [0], [1])]
        for name, values in {"a": a, "b": b}.items()
    }
    return Evidence(histories=rows)


# estimates


def test_an_estimate_comes_with_what_its_interval_speaks_of() -> None:
    assert measured(estimate(0.25, 0.125, 0.5), 7) == Measured(0.25, 0.125, 0.5, 7, "images")
    assert measured(estimate(0.0, 0.0, 0.0), 7, "photographs") == Measured(0, 0, 0, 7, "photographs")
    assert measured(None, 7) is None
    assert over_seeds(Estimate(0.25, 0.125, 0.5), 3) == Measured(0.25, 0.125, 0.5, 3, "seeds")
    assert over_seeds(None, 3) is None


def test_all_test_images_are_counted_once() -> None:
    assert images_tested(Evidence(look_alikes={"confusions": {"a": [[5, 1], [2, 4]], "b": [[9]]}}), "a") == 12


# pairs


@pytest.mark.parametrize(("stored", "sign"), [(("a", "b"), 1), (("b", "a"), -1)])
def test_a_gain_has_the_sign_that_is_asked_for_however_the_pair_is_stored(stored: tuple[str, str], sign: int) -> None:
    pair = comparison(*stored) | {"accuracy_difference": estimate(0.25, 0.125, 0.5)}
    pairs = [comparison("a", "c"), comparison("c", "b"), pair]
    found = Evidence(look_alikes={"pairs": pairs, "confusions": {"a": [[6, 1]], "b": [[3, 4]]}})
    assert pair_of(found.look_alikes, "a", "b") == (pair, sign)
    ahead, behind = Measured(0.25, 0.125, 0.5, 7, "images"), Measured(-0.25, -0.5, -0.125, 7, "images")
    assert more_accurate("a", "b")(found) == (ahead if sign > 0 else behind)
    assert more_accurate("b", "a")(found) == (behind if sign > 0 else ahead)


@pytest.mark.parametrize("look_alikes", [{}, {"pairs": []}, {"pairs": [comparison("a", "c"), comparison("c", "b")]}])
def test_variants_that_are_not_compared_have_no_gain(look_alikes: Json) -> None:
    found = Evidence(look_alikes=look_alikes)
    assert pair_of(found.look_alikes, "a", "b") is None
    assert more_accurate("a", "b")(found) is None


# accuracies


def test_an_accuracy_is_read_from_a_constant_or_as_its_error() -> None:
    found = evidence({("accuracy", "a"): 0.75})
    ends = (0.75, 0.75 - HALF, 0.75 + HALF)
    assert accuracy("a")(found) == Measured(*ends, IMAGES, "images")
    assert numbers(accuracy("a", minus=0.8)(found)) == pytest.approx([end - 0.8 for end in ends])
    wrong = accuracy("a", wrong=True)(found)
    assert numbers(wrong) == pytest.approx([0.25, 0.25 - HALF, 0.25 + HALF])
    assert (known(wrong).count, known(wrong).unit) == (IMAGES, "images")


def test_the_interval_of_an_error_is_that_of_the_accuracy_turned_around() -> None:
    found = evidence({("accuracy", "a"): 0.9})
    found.metrics["a"] |= {"accuracy_low": 0.5, "accuracy_high": 0.95}
    assert numbers(accuracy("a", wrong=True)(found)) == pytest.approx([0.1, 0.05, 0.5])
    assert numbers(accuracy("a", wrong=True, minus=0.25)(found))[1:] == pytest.approx([0.3, 0.75])


def test_of_a_variant_whose_seeds_all_diverged_there_is_no_accuracy() -> None:
    assert accuracy("a")(Evidence()) is None
    assert accuracy("a")(Evidence(metrics={"a": {"seeds": 0, "diverged": 3}})) is None


# seeds


def test_less_is_the_second_variant_s_mean_minus_the_first_s() -> None:
    found = less_over_seeds("a", "b", trained_to)(seeds(A, B))
    welch = scipy.stats.ttest_ind(B, A, equal_var=False).confidence_interval()
    assert numbers(found) == pytest.approx((np.mean(B) - np.mean(A), welch.low, welch.high))
    assert (known(found).count, known(found).unit) == (3, "seeds")
    turned = less_over_seeds("b", "a", trained_to)(seeds(A, B))
    assert numbers(turned) == pytest.approx((np.mean(A) - np.mean(B), -welch.high, -welch.low))
    assert known(turned).count == 3


def test_times_less_is_the_second_variant_s_figure_over_the_first_s() -> None:
    found = times_less("a", "b", trained_to)(seeds(A, B))
    welch = scipy.stats.ttest_ind(np.log(B), np.log(A), equal_var=False).confidence_interval()
    ratio = scipy.stats.gmean(B) / scipy.stats.gmean(A)
    assert ratio > 2
    assert numbers(found) == pytest.approx((ratio, np.exp(welch.low), np.exp(welch.high)))
    assert (known(found).count, known(found).unit) == (3, "seeds")
    turned = times_less("b", "a", trained_to)(seeds(A, B))
    assert numbers(turned) == pytest.approx((1 / ratio, np.exp(-welch.high), np.exp(-welch.low)))


@pytest.mark.parametrize("compared", [less_over_seeds, times_less])
@pytest.mark.parametrize(("a", "b"), [(A, B[:1]), (A[:1], B), (A, []), ([], B), ([], [])])
def test_fewer_than_two_seeds_on_either_side_say_nothing(
    compared: Callable[..., Measure], a: list[float], b: list[float]
) -> None:
    assert compared("a", "b", trained_to)(seeds(a, b)) is None


@pytest.mark.parametrize("compared", [less_over_seeds, times_less])
def test_variants_that_were_not_trained_say_nothing(compared: Callable[..., Measure]) -> None:
    assert compared("a", "c", trained_to)(seeds(A, B)) is None
    assert compared("a", "b", trained_to)(Evidence()) is None


def test_seeds_that_agree_have_an_interval_without_width() -> None:
    assert numbers(less_over_seeds("a", "b", trained_to)(seeds([2, 2], [5, 5]))) == (3, 3, 3)
    assert numbers(times_less("a", "b", trained_to)(seeds([2, 2], [8, 8]))) == pytest.approx((4, 4, 4))


def test_a_figure_that_is_zero_has_no_ratio() -> None:
    assert times_less("a", "b", trained_to)(seeds([0, 2], [5, 5])) is None
    assert numbers(times_less("a", "b", trained_to)(seeds([0, 2, 2], [5, 5]))) == pytest.approx((2.5, 2.5, 2.5))


def test_seeds_whose_figure_is_not_known_are_left_out() -> None:
    found = seeds(A, B)
    assert by_seed(found, "a", trained_to) == A
    assert by_seed(found, "a", lambda rows: None if rows[0]["seed"] == 1 else trained_to(rows)) == [A[0], *A[2:]]
    assert by_seed(found, "c", trained_to) == []


@pytest.mark.parametrize("loss", ["train_loss", "valid_loss"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("figure", [gap, trained_to, unrest, epochs_to(0.9)])
def test_seeds_that_diverged_are_left_out(loss: str, value: float, figure: Callable[..., float | None]) -> None:
    found = Evidence(histories={"a": ended(0.9, 0.8)})
    whole = by_seed(found, "a", figure)
    assert len(whole) == 3
    last = found.histories["a"][7]  # of the second of three seeds with four epochs each
    assert last["seed"] == 1
    last[loss] = value
    assert by_seed(found, "a", figure) == [whole[0], whole[2]]
    assert [diverged(found.histories["a"][4 * seed : 4 * seed + 4]) for seed in range(3)] == [False, True, False]


def test_seeds_may_stand_in_any_order_among_each_other() -> None:
    rows = ended(0.9, 0.8)
    mixed = sorted(rows, key=lambda row: (row["epoch"], -row["seed"]))
    for figure in (gap, trained_to, unrest):
        plain, turned = (by_seed(Evidence(histories={"a": part}), "a", figure) for part in (rows, mixed))
        assert plain == turned[::-1]


# figures of one seed


def test_the_last_epoch_counts() -> None:
    rows = history(0, [0.1, 0.5, 0.75], [0.9, 0.25, 0.5], [1, 1, 1])
    assert gap(rows) == 0.25
    assert trained_to(rows) == 0.75


def test_unrest_is_the_variance_after_the_first_epoch() -> None:
    losses = RNG.exponential(1, 9).tolist()
    rows = history(0, [0.5] * 9, [0.5] * 9, losses)
    assert unrest(rows) == pytest.approx(np.var(losses[1:], ddof=1))
    assert unrest(rows[:3]) == pytest.approx(np.var(losses[1:3], ddof=1))
    assert unrest(rows[:2]) is None
    assert unrest(rows[:1]) is None


@pytest.mark.parametrize(
    ("train", "expected"),
    [
        ([0.8, 0.9], 1),
        ([0.5, 0.74, 0.75, 0.9], 3),  # at most: the error itself is enough
        ([0.5, 0.8, 0.6, 0.8], 2),
        ([0.5, 0.749], None),
    ],
)
def test_epochs_are_counted_to_the_first_with_as_small_an_error(train: list[float], expected: int | None) -> None:
    rows = history(0, train, [0.99] * len(train), [1] * len(train))
    assert epochs_to(0.25)(rows) == expected


def test_a_seed_that_does_not_reach_the_error_is_left_out_of_the_race() -> None:
    slow = [*reaching(8, 8), *history(2, [0.5], [0.5], [1])]
    found = Evidence(histories={"fast": reaching(2, 2), "slow": slow})
    assert numbers(times_less("fast", "slow", epochs_to(0.25))(found)) == pytest.approx((4, 4, 4))


# features and maps


def test_agreement_is_that_of_the_clustering_and_the_score_asked_for() -> None:
    found = evidence({("agreement", "a", "k_means", "ari"): 0.5})
    assert cluster_agreement("a", "k_means", "ari")(found) == Measured(0.5, 0.5 - HALF, 0.5 + HALF, 5000, "images")
    for clustering, score in (("mixture", "ari"), ("k_means", "ami")):
        assert numbers(cluster_agreement("a", clustering, score)(found)) == tuple(MISLEADING.values())
    assert cluster_agreement("b", "k_means", "ari")(found) is None
    assert cluster_agreement("a", "k_means", "ari")(replace(found, embeddings={})) is None


def test_narrowing_is_that_after_training() -> None:
    found = evidence({("narrowing", "a"): 0.25, ("gain", "b", "CAM"): 0.5})
    assert narrowing("a")(found) == Measured(0.25, 0.25 - HALF, 0.25 + HALF, 64, "images")
    assert narrowing("c")(found) is None
    assert narrowing("a")(evidence({("narrowing", "a"): None})) is None  # no batch normalisation
    transformer = replace(found, explanations={"a": found.explanations["a"] | {"activity": None}})
    assert narrowing("a")(transformer) is None


def test_a_gain_over_the_centre_is_that_of_the_method_asked_for() -> None:
    found = evidence({("gain", "a", "Grad-CAM"): 0.25})
    assert gain_over_centre("a", "Grad-CAM")(found) == Measured(0.25, 0.25 - HALF, 0.25 + HALF, 100, "images")
    assert numbers(gain_over_centre("a", "CAM")(found)) == tuple(MISLEADING.values())
    for variant, method in (("a", "rollout"), ("a", "centre"), ("b", "Grad-CAM")):
        assert gain_over_centre(variant, method)(found) is None
    assert gain_over_centre("a", "Grad-CAM")(Evidence()) is None
