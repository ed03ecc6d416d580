"""Comparisons against scikit-learn, SciPy and statsmodels, by plain loops, and for models that agree or never err."""

import json

import numpy as np
import pytest
import scipy.stats
from numpy.typing import NDArray
from scipy.spatial.distance import jensenshannon
from scipy.special import softmax
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.contingency_tables import mcnemar

from lookalike.evaluation.hierarchical import SeedSpread, hierarchical, mean_of, on_the_second_side
from lookalike.evaluation.pairs import (
    Comparison,
    Differences,
    Side,
    accuracy_difference,
    as_json,
    compare_pair,
    error_consistency,
    jensen_shannon,
    most_divergent,
)
from lookalike.evaluation.statistics import FEW, FEWEST, Estimate, resample, resample_clusters, share_difference

GROUP_OF = np.array([0, 1, 0, 2, 1])  # class 3 has no look-alikes
LABELS = np.random.default_rng(21).integers(0, 5, 120).astype(np.uint8)
WEIGHTS = resample(120, draws=30)
NOTHING = Differences(0, None, None, None, None)


def side(seed: int, seeds: int, lean: float) -> Side:
    """A model that leans to the labels, so that two of them often agree."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1.2, (seeds, 120, 5)).astype(np.float32)
    logits[:, np.arange(120), LABELS] += lean
    return Side(logits, rng.uniform(0.5, 2.5, seeds))


FIRST, SECOND = side(1, 3, 1.2), side(2, 2, 1.8)


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return compare_pair(FIRST, SECOND, LABELS, GROUP_OF, WEIGHTS)


def looped(values: NDArray[np.floating], where: NDArray[np.bool_]) -> Estimate:
    """The mean of `values` where `where`, with its interval over WEIGHTS, from lists of images; Student's of few."""
    if where.sum() < FEW:
        few = values[where].astype(float)
        low, high = scipy.stats.t.interval(0.95, len(few) - 1, few.mean(), scipy.stats.sem(few))
        return Estimate(*(pytest.approx(x, rel=1e-4, abs=1e-7) for x in (few.mean(), low, high)))
    means = []
    for row in WEIGHTS:
        drawn = [i for i, times in enumerate(row) for _ in range(int(times)) if where[i]]
        means.append(np.mean(values[drawn]))
    low, high = np.quantile(means, [0.025, 0.975])
    return Estimate(*(pytest.approx(x, rel=1e-4, abs=1e-7) for x in (values[where].mean(), low, high)))


def test_discordant_counts_and_mcnemar_are_those_of_the_first_seeds(comparison: Comparison) -> None:
    right = [s.logits[0].argmax(axis=1) == LABELS for s in (FIRST, SECOND)]
    only_first, only_second = (right[0] & ~right[1]).sum(), (right[1] & ~right[0]).sum()
    assert (comparison.only_first_right, comparison.only_second_right) == (only_first, only_second)
    assert 0 < only_first < only_second
    assert comparison.mcnemar_p == pytest.approx(mcnemar([[0, only_first], [only_second, 0]], exact=True).pvalue)


def test_accuracies_differ_by_the_means_over_seeds(comparison: Comparison) -> None:
    ours, theirs = (s.logits.argmax(axis=2) == LABELS for s in (FIRST, SECOND))
    both = hierarchical([mean_of(ours), on_the_second_side(mean_of(theirs))], [None, None])
    assert both is not None
    assert comparison.accuracy_difference == both.estimate()
    assert comparison.accuracy_difference.value == pytest.approx(ours.mean() - theirs.mean())


def test_the_interval_of_a_difference_holds_the_seed_to_seed_variation_that_is_lent() -> None:
    right = np.arange(1000) < np.array([[900]])
    other = np.arange(1000) < np.array([[850]])
    plain, lent = (accuracy_difference(right, other, (s, s), resample(1000)) for s in (None, SeedSpread(0.02, 1e6)))
    assert plain.high - plain.low == pytest.approx(2 * 1.96 * np.sqrt(0.05 * 0.95 / 1000), rel=0.1)
    assert lent.high - lent.low == pytest.approx(2 * 1.96 * np.sqrt(0.05 * 0.95 / 1000 + 2 * 0.02**2), rel=0.1)


def test_error_consistency_is_the_kappa_of_cohen(comparison: Comparison) -> None:
    one, two = (s.logits[0].argmax(axis=1) == LABELS for s in (FIRST, SECOND))
    images = [np.repeat(np.arange(120), row.astype(int)) for row in WEIGHTS]
    low, high = np.quantile([cohen_kappa_score(one[drawn], two[drawn]) for drawn in images], [0.025, 0.975])
    expected = (cohen_kappa_score(one, two), low, high)
    assert comparison.error_consistency == Estimate(*(pytest.approx(x, rel=1e-5) for x in expected))


@pytest.mark.parametrize(
    ("first", "second", "kappa"),
    [("1100", "1100", 1), ("1100", "0011", -1), ("1100", "1010", 0), ("1111", "1010", 0), ("1110", "1100", 0.5)],
)
def test_error_consistency_by_hand(first: str, second: str, kappa: float) -> None:
    one, two = (np.array([digit == "1" for digit in digits]) for digits in (first, second))
    estimate = error_consistency(one, two, resample(4))
    assert estimate is not None
    assert estimate.value == pytest.approx(kappa)


@pytest.mark.parametrize("right", [True, False])
def test_error_consistency_without_chance_to_disagree_is_unknown(right: bool) -> None:
    assert error_consistency(np.full(6, right), np.full(6, right), resample(6)) is None


def test_divergence_is_the_square_of_the_distance_of_scipy() -> None:
    rng = np.random.default_rng(4)
    p, q = rng.dirichlet(np.full(7, 0.3), 50), rng.dirichlet(np.full(7, 0.3), 50)
    p[:, 2] = 0
    p /= p.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(jensen_shannon(p, q), jensenshannon(p, q, base=2, axis=1) ** 2, rtol=1e-9)
    np.testing.assert_allclose(jensen_shannon(p, q), jensen_shannon(q, p), rtol=1e-12)


@pytest.mark.parametrize(
    ("p", "q", "bits"),
    [([1, 0], [0, 1], 1), ([0.3, 0.7], [0.3, 0.7], 0), ([1, 0], [0.5, 0.5], 1.5 - 0.75 * np.log2(3))],
)
def test_divergence_by_hand(p: list[float], q: list[float], bits: float) -> None:
    """Of the last pair: the entropy of (3/4, 1/4), 2 - 3/4 log2 3, less the mean of the entropies 0 and 1."""
    assert jensen_shannon(np.array([p]), np.array([q])) == pytest.approx(bits, rel=1e-12)


def test_divergence_stays_in_its_range() -> None:
    p = np.random.default_rng(5).dirichlet(np.ones(10), 2000)
    nearly = softmax(np.log(p) + np.random.default_rng(6).normal(0, 1e-9, p.shape), axis=1)
    assert jensen_shannon(p, nearly).min() >= 0
    assert jensen_shannon(np.eye(10), np.roll(np.eye(10), 1, axis=1)).max() <= 1


def test_divergences_before_and_after_the_temperatures_are_of_the_same_images(comparison: Comparison) -> None:
    same = FIRST.logits[0].argmax(axis=1) == SECOND.logits[0].argmax(axis=1)
    assert comparison.same_prediction == same.sum() == len(comparison.ranking.indices)
    for estimate, ranked, scale in (
        (comparison.divergence, comparison.ranking.divergence, (1, 1)),
        (
            comparison.divergence_calibrated,
            comparison.ranking.divergence_calibrated,
            (FIRST.temperatures[0], SECOND.temperatures[0]),
        ),
    ):
        p, q = (softmax(s.logits[0] / t, axis=1) for s, t in zip((FIRST, SECOND), scale, strict=True))
        expected = jensenshannon(p, q, base=2, axis=1) ** 2
        assert estimate == looped(expected, same)
        np.testing.assert_allclose(ranked, expected[comparison.ranking.indices], rtol=1e-4, atol=1e-7)


def test_images_are_ranked_by_the_divergence_before_the_temperature(comparison: Comparison) -> None:
    ranking = comparison.ranking
    assert (np.diff(ranking.divergence) <= 0).all()
    assert (np.diff(ranking.divergence_calibrated) > 0).any()
    same = np.flatnonzero(FIRST.logits[0].argmax(axis=1) == SECOND.logits[0].argmax(axis=1))
    np.testing.assert_array_equal(np.sort(ranking.indices), same)


@pytest.mark.parametrize("split", ["both_right", "both_right_with_look_alikes", "both_wrong"])
def test_differences_are_those_of_a_loop(comparison: Comparison, split: str) -> None:
    p, q = (softmax(s.logits[0].astype(float), axis=1) for s in (FIRST, SECOND))
    where, gaps = (
        np.zeros(120, bool),
        {name: np.zeros(120) for name in ("true", "look_alikes", "outside", "confidence")},
    )
    for i, label in enumerate(LABELS):
        kin = [k for k in range(5) if GROUP_OF[k] == GROUP_OF[label] and k != label]
        others = [k for k in range(5) if GROUP_OF[k] != GROUP_OF[label]]
        gaps["true"][i] = p[i, label] - q[i, label]
        gaps["look_alikes"][i] = p[i, kin].sum() - q[i, kin].sum()
        gaps["outside"][i] = p[i, others].sum() - q[i, others].sum()
        gaps["confidence"][i] = p[i].max() - q[i].max()
        guess, other = p[i].argmax(), q[i].argmax()
        where[i] = guess == other and (guess != label if split == "both_wrong" else guess == label)
        where[i] &= split != "both_right_with_look_alikes" or label != 3
    found = getattr(comparison, split)
    assert found.images == where.sum() > 3
    for name, gap in gaps.items():
        assert getattr(found, name) == looped(gap, where), name
    if split == "both_right":
        assert comparison.confidence_gap == looped(np.abs(gaps["confidence"]), where)


def test_the_splits_differ(comparison: Comparison) -> None:
    assert comparison.both_right_with_look_alikes.images < comparison.both_right.images
    assert comparison.both_right.images + comparison.both_wrong.images == comparison.same_prediction < 120


def test_a_model_differs_from_itself_in_nothing() -> None:
    comparison = compare_pair(FIRST, FIRST, LABELS, GROUP_OF, WEIGHTS)
    zero = Estimate(0, 0, 0)
    assert (comparison.only_first_right, comparison.only_second_right, comparison.mcnemar_p) == (0, 0, 1)
    assert comparison.error_consistency == Estimate(*[pytest.approx(1)] * 3)
    assert comparison.divergence == comparison.confidence_gap == zero
    difference = comparison.accuracy_difference
    assert (difference.value, difference.low) == (0, pytest.approx(-difference.high))
    assert 0 < difference.high < 0.15
    assert comparison.both_wrong == Differences(comparison.both_wrong.images, zero, zero, zero, zero)
    assert comparison.same_prediction == 120
    np.testing.assert_array_equal(comparison.ranking.indices, np.arange(120))


def test_differences_over_few_images_are_never_without_width() -> None:
    few = slice(0, 40)
    ours, theirs = (Side(one.logits[:, few], one.temperatures) for one in (FIRST, SECOND))
    labels, weights = LABELS[few], resample(40)
    comparison = compare_pair(ours, theirs, labels, GROUP_OF, weights)
    right = [(one.predicted == labels).mean(axis=0) for one in (ours, theirs)]
    assert comparison.accuracy_difference == share_difference(*right, weights)
    assert comparison.both_wrong.images < FEWEST <= comparison.both_right.images
    assert comparison.both_wrong == Differences(comparison.both_wrong.images, None, None, None, None)
    assert comparison.both_right.true.high - comparison.both_right.true.low > 0.01


def test_kappa_of_clusters_is_that_of_the_images_drawn() -> None:
    one, two = (s.logits[0].argmax(axis=1) == LABELS for s in (FIRST, SECOND))
    weights = resample_clusters(np.arange(120) // 7, draws=60)
    images = [np.repeat(np.arange(120), row.astype(int)) for row in weights]
    low, high = np.quantile([cohen_kappa_score(one[drawn], two[drawn]) for drawn in images], [0.025, 0.975])
    found = error_consistency(one, two, weights)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((low, high))


def test_two_models_that_are_always_right() -> None:
    """What cannot be known is None; with one seed and groups of one class nothing has look-alikes."""
    sure, unsure = (Side(scale * np.eye(5)[LABELS][None], np.ones(1)) for scale in (9, 2))
    comparison = compare_pair(sure, unsure, LABELS, np.arange(5), WEIGHTS)
    assert comparison.error_consistency is None
    assert comparison.both_wrong == comparison.both_right_with_look_alikes == NOTHING
    assert comparison.both_right.images == comparison.same_prediction == 120
    gap = softmax([9, 0, 0, 0, 0])[0] - softmax([2, 0, 0, 0, 0])[0]
    exact = Estimate(*[pytest.approx(gap, rel=1e-5)] * 3)
    assert comparison.both_right.true == comparison.both_right.confidence == comparison.confidence_gap == exact
    assert comparison.both_right.look_alikes == Estimate(0, 0, 0)


def test_two_models_that_never_predict_the_same() -> None:
    ours, theirs = (Side(np.eye(5)[(LABELS + shift) % 5][None], np.ones(1)) for shift in (0, 1))
    comparison = compare_pair(ours, theirs, LABELS, GROUP_OF, WEIGHTS)
    assert comparison.only_first_right == 120
    assert comparison.same_prediction == len(comparison.ranking.indices) == 0
    assert comparison.divergence is comparison.divergence_calibrated is comparison.confidence_gap is None
    assert comparison.both_right == comparison.both_wrong == NOTHING
    assert comparison.error_consistency == Estimate(0, 0, 0)


def test_a_comparison_becomes_json(comparison: Comparison) -> None:
    written = json.loads(json.dumps(as_json(comparison), allow_nan=False))
    assert written == as_json(comparison)
    assert written["ranking"]["indices"] == comparison.ranking.indices.tolist()
    assert written["both_right"]["true"]["low"] == comparison.both_right.true.low
    assert written["mcnemar_p"] == comparison.mcnemar_p


def test_of_equally_divergent_images_the_lower_index_comes_first() -> None:
    rng = np.random.default_rng(7)
    divergence, where = rng.choice([0.2, 0.5, 0.9], 500), rng.random(500) < 0.8
    expected = sorted(np.flatnonzero(where), key=lambda i: (-divergence[i], i))
    np.testing.assert_array_equal(most_divergent(divergence, where), expected)


def test_after_temperature_a_difference_in_sharpness_alone_is_gone() -> None:
    rng = np.random.default_rng(8)
    logits, labels = rng.normal(0, 2, (1, 300, 4)), rng.integers(0, 4, 300)
    group_of, weights = np.array([0, 0, 1, 1]), resample(300)
    sharp, plain = Side(3 * logits, np.array([3.0])), Side(logits, np.array([1.0]))
    compared = compare_pair(sharp, plain, labels, group_of, weights)
    assert compared.both_wrong.true is not None
    assert compared.both_wrong.true.high < -0.05
    for name, differences in compared.calibrated.items():
        assert differences.images == getattr(compared, name).images > 20
        for estimate in (differences.true, differences.look_alikes, differences.outside, differences.confidence):
            assert estimate is not None
            assert (estimate.low, estimate.high) == pytest.approx((0, 0), abs=1e-6)
