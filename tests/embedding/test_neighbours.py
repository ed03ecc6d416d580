"""Neighbours kept by a map: against scikit-learn, a plain loop, and maps that keep all or nothing."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import manifold

from lookalike.embedding import neighbours
from lookalike.embedding.neighbours import neighbour_preservation, neighbour_ranks, trustworthiness
from lookalike.evaluation.statistics import Estimate, resample

HIGH = np.random.default_rng(3).normal(size=(90, 12))


@pytest.fixture(autouse=True)
def several_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "CHUNK", 40)


def kept_by_loop(high: NDArray[np.float64], low: NDArray[np.float64], k: int) -> float:
    """Neighbour preservation, one point after the other."""
    shares = []
    for i in range(len(high)):
        others = [j for j in range(len(high)) if j != i]
        near = [set(sorted(others, key=lambda j: np.linalg.norm(x[i] - x[j]))[:k]) for x in (high, low)]
        shares.append(len(near[0] & near[1]) / k)
    return float(np.mean(shares))


@pytest.mark.parametrize("k", [1, 5, 15])
def test_trustworthiness_is_that_of_scikit_learn(k: int) -> None:
    low = HIGH[:, :2]
    expected = manifold.trustworthiness(HIGH, low, n_neighbors=k)
    assert trustworthiness(neighbour_ranks(HIGH, low, k)) == pytest.approx(expected, rel=1e-12)
    assert 0.5 < expected < 0.9


@pytest.mark.parametrize("k", [1, 5, 15])
def test_preservation_is_that_of_a_loop(k: int) -> None:
    found = neighbour_preservation(neighbour_ranks(HIGH, HIGH[:, :3], k), resample(90, draws=100))
    assert found.value == pytest.approx(kept_by_loop(HIGH, HIGH[:, :3], k))
    assert found.low < found.value < found.high


def test_a_map_that_only_turns_and_scales_keeps_every_neighbour() -> None:
    turned = 3 * HIGH @ np.linalg.qr(np.random.default_rng(0).normal(size=(12, 12)))[0]
    ranks = neighbour_ranks(HIGH, turned, 4)
    np.testing.assert_array_equal(ranks, np.tile([1, 2, 3, 4], (90, 1)))
    assert trustworthiness(ranks) == 1
    assert neighbour_preservation(ranks, resample(90, draws=20)) == Estimate(1, 1, 1)


def test_a_map_of_nothing_keeps_neighbours_by_chance() -> None:
    ranks = neighbour_ranks(HIGH, np.random.default_rng(0).normal(size=(90, 2)), 15)
    assert neighbour_preservation(ranks, resample(90)).value == pytest.approx(15 / 89, abs=0.02)
    assert trustworthiness(ranks) == pytest.approx(0.5, abs=0.05)


def test_a_point_is_not_its_own_neighbour_even_among_copies() -> None:
    copies = np.repeat(HIGH[:45], 2, axis=0)
    np.testing.assert_array_equal(neighbour_ranks(copies, copies, 1), np.ones((90, 1)))
