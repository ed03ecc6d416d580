"""Readouts of look-alike pairs: against a loss written out, scikit-learn's neighbours, loops, and the SVD."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import normalize

from lookalike.evaluation.readouts import (
    NEIGHBOURS,
    LabelledFeatures,
    effective_rank,
    join_seeds,
    linear_probe,
    neighbours,
    read_out,
    read_out_seed,
)

Floats = NDArray[np.float64]
DIMS = 6


def drawn(count: int, classes: int, seed: int, spread: float = 1.0) -> LabelledFeatures:
    """Features that overlap, of another scale and mean in each direction."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, count)
    centres = np.random.default_rng(0).normal(0, 1, (classes, DIMS))
    features = (centres[labels] + rng.normal(0, spread, (count, DIMS))) * np.arange(1, DIMS + 1) + 3
    return LabelledFeatures(features.astype(np.float32), labels)


def test_the_probe_minimises_its_loss() -> None:
    (features, second), (asked, _) = drawn(300, 2, 1).of((0, 1)), drawn(200, 2, 2).of((0, 1))
    mean, deviation, sign = features.mean(axis=0), features.std(axis=0), np.where(second, 1, -1)
    rows = (features.astype(float) - mean) / deviation

    def loss(parameters: Floats) -> float:
        margins = sign * (rows @ parameters[1:] + parameters[0])
        return float(np.logaddexp(0, -margins).sum() + 0.5 * parameters[1:] @ parameters[1:])

    best = minimize(loss, np.zeros(DIMS + 1), method="BFGS", options={"gtol": 1e-6}).x
    expected = (asked.astype(float) - mean) / deviation @ best[1:] + best[0]
    sure = np.abs(expected) > 1e-2  # closer to the border the solvers' tolerances decide
    np.testing.assert_array_equal(linear_probe(features, second, asked)[sure], expected[sure] > 0)
    assert sure.mean() > 0.95
    assert 0.3 < (expected > 0).mean() < 0.7


def test_neighbours_vote_and_the_nearest_decides_a_tie() -> None:
    (features, second), (asked, _) = drawn(80, 2, 3, spread=2).of((0, 1)), drawn(300, 2, 4, spread=2).of((0, 1))
    expected, ties = [], 0
    for row in asked.astype(float):
        distances = [
            np.linalg.norm(row / np.linalg.norm(row) - one / np.linalg.norm(one)) for one in features.astype(float)
        ]
        nearest = second[np.argsort(distances)[:NEIGHBOURS]]
        tie = nearest.sum() == NEIGHBOURS / 2
        ties += tie
        expected.append(nearest[0] if tie else nearest.sum() > NEIGHBOURS / 2)
    found = neighbours(features, second, asked)
    assert found.tolist() == expected
    assert ties > 10
    votes = KNeighborsClassifier(NEIGHBOURS).fit(normalize(features), second).predict_proba(normalize(asked))[:, 1]
    np.testing.assert_array_equal(found[votes != 0.5], votes[votes != 0.5] > 0.5)


def test_few_images_all_vote() -> None:
    features = np.array([[1, 0], [1, 0.1], [0, 1]], np.float32)
    assert neighbours(features, np.array([False, False, True]), features).tolist() == [False] * 3
    assert neighbours(features[1:], np.array([False, True]), features).tolist() == [False, False, True]


@pytest.mark.parametrize("classify", [linear_probe, neighbours])
def test_each_pair_is_read_from_its_own_images(classify: object) -> None:
    valid, test, pairs = drawn(200, 4, 5), drawn(100, 4, 6), ((0, 2), (1, 3), (0, 1))
    found = read_out(classify, valid, test, pairs)  # type: ignore[arg-type]
    assert (found.shape, found.dtype) == ((3, 100), bool)
    for right, (first, second) in zip(found, pairs, strict=True):
        mine, theirs = (np.isin(one.labels, (first, second)) for one in (valid, test))
        named = classify(valid.features[mine], valid.labels[mine] == second, test.features[theirs])  # type: ignore[operator]
        expected = np.zeros(100, bool)
        expected[theirs] = np.where(named, second, first) == test.labels[theirs]
        np.testing.assert_array_equal(right, expected)
        assert right[theirs].mean() > 0.6


@pytest.mark.parametrize(("held_out", "named"), [((0, 3), 0), ((2, 3), 2), ((3,), 0)])
@pytest.mark.parametrize("classify", [linear_probe, neighbours])
def test_a_class_without_validation_images_is_never_named(
    classify: object, held_out: tuple[int, ...], named: int
) -> None:
    valid, test = drawn(60, 4, 7), drawn(60, 4, 8)
    kept = np.isin(valid.labels, held_out)
    few = LabelledFeatures(valid.features[kept], valid.labels[kept])
    (found,) = read_out(classify, few, test, ((0, 2),))  # type: ignore[arg-type]
    np.testing.assert_array_equal(found, test.labels == named)


def test_the_effective_rank_is_that_of_the_singular_values() -> None:
    for shape in ((50, 7), (5, 9), (30, 30)):
        features = np.random.default_rng(1).normal(2, 1, shape) * np.arange(1, shape[1] + 1)
        values = np.linalg.svd(features, compute_uv=False)
        shares = values / values.sum()
        assert effective_rank(features) == pytest.approx(np.exp(-(shares * np.log(shares)).sum()))
    assert effective_rank(np.eye(8)[:, :6]) == pytest.approx(6)
    assert effective_rank(np.outer(np.arange(1, 9), [1.0, 2, 3]).astype(np.float32)) == pytest.approx(1, abs=1e-3)
    assert effective_rank(np.zeros((4, 3), np.float32)) == 0


def test_seeds_stand_one_after_the_other() -> None:
    pairs, test = ((0, 1), (2, 3)), drawn(40, 4, 9)
    seeds = [read_out_seed(drawn(90, 4, seed), test, pairs) for seed in (10, 11)]
    found = join_seeds(seeds)
    assert found.pairs == pairs
    assert found.probe.shape == found.neighbours.shape == (2, 2, 40)
    assert found.effective_rank.tolist() == [effective_rank(test.features)] * 2
    for k, seed in enumerate((10, 11)):
        valid = drawn(90, 4, seed)
        np.testing.assert_array_equal(found.probe[k], read_out(linear_probe, valid, test, pairs))
        np.testing.assert_array_equal(found.neighbours[k], read_out(neighbours, valid, test, pairs))
    without = join_seeds([read_out_seed(drawn(20, 4, 12), test, ())])
    assert without.probe.shape == without.neighbours.shape == (1, 0, 40)
