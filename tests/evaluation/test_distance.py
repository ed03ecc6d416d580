"""Distances and areas against scikit-learn, their intervals against a plain loop, and what cannot be measured."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import bootstrap
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize

from lookalike.evaluation import distance
from lookalike.evaluation.distance import auroc, auroc_estimate, knn_distance
from lookalike.evaluation.statistics import resample

RNG = np.random.default_rng(3)
FEATURES, REFERENCE = (RNG.gamma(0.5, 2.0, (count, 24)).astype(np.float32) for count in (130, 400))


def reference_distance(features: NDArray[np.floating], reference: NDArray[np.floating], k: int) -> NDArray[np.float64]:
    ours, theirs = (normalize(rows.astype(np.float64)) for rows in (features, reference))
    return NearestNeighbors(n_neighbors=k, algorithm="brute").fit(theirs).kneighbors(ours)[0][:, -1]


def score(features: NDArray[np.floating]) -> NDArray[np.float64]:
    """Ties on purpose: scores rounded to few values."""
    return np.round(features[:, 0], 1).astype(np.float64)


@pytest.mark.parametrize("k", [1, 2, 10, 399, 400])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_distances_are_those_of_scikit_learn(k: int, dtype: type) -> None:
    features, reference = FEATURES.astype(dtype), REFERENCE.astype(dtype)
    np.testing.assert_allclose(knn_distance(features, reference, k), reference_distance(features, reference, k), 1e-5)


def test_the_tenth_neighbour_counts_by_default() -> None:
    np.testing.assert_array_equal(knn_distance(FEATURES, REFERENCE), knn_distance(FEATURES, REFERENCE, k=10))


@pytest.mark.parametrize("chunk", [1, 7, 130, 131])
def test_distances_do_not_depend_on_the_chunks(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    whole = knn_distance(FEATURES, REFERENCE)
    monkeypatch.setattr(distance, "CHUNK", chunk)
    np.testing.assert_allclose(knn_distance(FEATURES, REFERENCE), whole, rtol=1e-6)


def test_an_image_of_the_reference_is_its_own_nearest_neighbour() -> None:
    """At exactly no distance, and the length of the features does not matter."""
    np.testing.assert_array_equal(knn_distance(REFERENCE, REFERENCE, k=1), 0)
    np.testing.assert_allclose(knn_distance(5 * REFERENCE, REFERENCE, k=1), 0, atol=1e-6)
    np.testing.assert_allclose(
        knn_distance(REFERENCE, REFERENCE, k=2), reference_distance(REFERENCE, REFERENCE, 2), 1e-5
    )


def test_distances_by_hand() -> None:
    reference = np.array([[2.0, 0.0], [0.0, 0.5]])
    features = np.array([[7.0, 0.0], [-1.0, 0.0], [1.0, 1.0]])
    np.testing.assert_allclose(knn_distance(features, reference, 1), [0, 2**0.5, (2 - 2**0.5) ** 0.5], 1e-6)
    np.testing.assert_allclose(knn_distance(features, reference, 2), [2**0.5, 2, (2 - 2**0.5) ** 0.5], 1e-6)


def test_features_that_are_all_zero_are_one_away_from_all_others() -> None:
    zero, features = np.zeros((1, 24), np.float32), np.concatenate([FEATURES[:5], np.zeros((1, 24), np.float32)])
    assert knn_distance(zero, REFERENCE) == pytest.approx(1, rel=1e-6)
    assert knn_distance(zero, zero, k=1) == 0
    reference = np.concatenate([zero, -FEATURES[:1]])  # the zero is nearer than the opposite
    assert knn_distance(features[:1], reference, k=1) == pytest.approx(1, rel=1e-6)
    np.testing.assert_allclose(knn_distance(features, REFERENCE, 3), reference_distance(features, REFERENCE, 3), 1e-5)


def test_no_images_have_no_distances() -> None:
    assert knn_distance(FEATURES[:0], REFERENCE).shape == (0,)


@pytest.mark.parametrize("k", [0, -1, 401])
def test_more_neighbours_than_references_are_refused(k: int) -> None:
    with pytest.raises(ValueError, match=r"1\.\.400"):
        knn_distance(FEATURES, REFERENCE, k)


@pytest.mark.parametrize("shift", [-0.5, 0.0, 0.3, 5.0])
@pytest.mark.parametrize("counts", [(1, 1), (1, 30), (40, 1), (130, 400)])
def test_the_area_is_that_of_scikit_learn(shift: float, counts: tuple[int, int]) -> None:
    positives, negatives = score(FEATURES)[: counts[0]] + shift, score(REFERENCE)[: counts[1]]
    truth = np.repeat([1, 0], counts)
    assert auroc(positives, negatives) == pytest.approx(roc_auc_score(truth, np.concatenate([positives, negatives])))


@pytest.mark.parametrize(
    ("positives", "negatives", "area"),
    [([2.0], [1.0], 1), ([1.0], [2.0], 0), ([1.0, 1.0], [1.0], 0.5), ([3, np.inf], [1, 3, -np.inf], 11 / 12)],
)
def test_areas_by_hand(positives: list[float], negatives: list[float], area: float) -> None:
    assert auroc(np.array(positives), np.array(negatives)) == pytest.approx(area)


def test_the_interval_is_that_of_a_loop_over_the_same_resamples() -> None:
    positives, negatives = score(FEATURES)[:30] + 0.2, score(REFERENCE)[:25]
    found = auroc_estimate(positives, negatives, seed=4, draws=80)
    drawn = []
    for ours, theirs in zip(resample(30, draws=80, seed=4), resample(25, draws=80, seed=5), strict=True):
        scores = np.concatenate([positives, negatives])
        weights = np.concatenate([ours, theirs])
        drawn.append(roc_auc_score(np.repeat([1, 0], [30, 25]), scores, sample_weight=weights))
    assert found.value == auroc(positives, negatives)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])), rel=1e-9)


def test_the_interval_agrees_with_that_of_scipy_up_to_chance() -> None:
    positives, negatives = score(FEATURES)[:60] + 0.2, score(REFERENCE)[:60]
    theirs = bootstrap(
        (positives, negatives), auroc, n_resamples=2000, method="percentile", vectorized=False, rng=RNG
    ).confidence_interval
    found = auroc_estimate(positives, negatives, draws=2000)
    assert (found.low, found.high) == pytest.approx(tuple(theirs), abs=0.1 * (theirs.high - theirs.low))


def test_areas_without_doubt_have_no_width() -> None:
    estimate = auroc_estimate(np.array([2.0, 3.0]), np.array([1.0, 1.0]))
    assert (estimate.value, estimate.low, estimate.high) == (1, 1, 1)


@pytest.mark.parametrize("area", [auroc, auroc_estimate])
def test_nothing_to_compare_is_an_error(area) -> None:
    some, none, unknown = np.ones(3), np.ones(0), np.array([1.0, np.nan])
    for positives, negatives in ((some, none), (none, some), (none, none)):
        with pytest.raises(ValueError, match="needs positives and negatives"):
            area(positives, negatives)
    for positives, negatives in ((some, unknown), (unknown, some)):
        with pytest.raises(ValueError, match="NaN"):
            area(positives, negatives)
