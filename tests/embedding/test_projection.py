"""Principal components against NumPy's singular values; what the map of t-SNE must do on clusters that are plain."""

import numpy as np
import pytest
from numpy.typing import NDArray

from lookalike.embedding.projection import pca, tsne


def drawn(points: int, dims: int, mean: float = 0) -> NDArray[np.float64]:
    """Ten strong directions of falling strength, and a little noise in all."""
    rng = np.random.default_rng(points + dims)
    strong = rng.normal(size=(points, 10)) * np.linspace(9, 1, 10)
    return mean + strong @ np.linalg.qr(rng.normal(size=(dims, 10)))[0].T + rng.normal(0, 0.01, (points, dims))


@pytest.mark.parametrize("shape", [(40, 16), (300, 20), (120, 700)])  # exact, by covariance, by random projection
def test_components_are_the_singular_vectors_of_centred_features(shape: tuple[int, int]) -> None:
    features = drawn(*shape).astype(np.float32)
    found = pca(features, 8, seed=0)
    u, s, _ = np.linalg.svd(features - features.mean(axis=0, dtype=np.float64), full_matrices=False)
    np.testing.assert_allclose(np.abs(found.coordinates), np.abs(u * s)[:, :8], atol=0.01)
    np.testing.assert_allclose(found.explained, (s**2 / (s**2).sum())[:8], rtol=1e-3)


def test_a_component_points_to_its_largest_loading() -> None:
    features = drawn(60, 12)
    loadings = (features - features.mean(axis=0)).T @ pca(features, 5, seed=0).coordinates
    assert (loadings[np.abs(loadings).argmax(axis=0), np.arange(5)] > 0).all()


def test_a_large_mean_does_not_hide_small_differences() -> None:
    features = drawn(300, 20)
    moved = pca(features + 1e4, 8, seed=0)
    np.testing.assert_allclose(moved.coordinates, pca(features, 8, seed=0).coordinates, atol=1e-3)


def test_half_precision_is_enough() -> None:
    features = drawn(300, 20)
    half = pca(features.astype(np.float16), 8, seed=0)
    assert half.coordinates.dtype == np.float64
    np.testing.assert_allclose(half.explained, pca(features, 8, seed=0).explained, rtol=0.01)


@pytest.mark.parametrize(("shape", "dims", "expected"), [((40, 16), 50, 16), ((9, 16), 50, 8), ((40, 16), 3, 3)])
def test_there_are_no_more_components_than_directions(shape: tuple[int, int], dims: int, expected: int) -> None:
    found = pca(np.random.default_rng(0).normal(size=shape), dims, seed=0)
    assert found.coordinates.shape == (shape[0], expected)
    assert found.explained.shape == (expected,)
    assert (found.explained.sum() == pytest.approx(1, abs=1e-5)) == (dims == 50)


def test_directions_that_do_not_vary_are_no_components() -> None:
    features = np.zeros((50, 30), np.float16)
    assert pca(features, 8, seed=0).coordinates.shape == pca(features + 1, 8, seed=0).coordinates.shape == (50, 0)
    features[:, 3] = np.arange(50)
    assert pca(features, 8, seed=0).coordinates.shape == (50, 1)


@pytest.mark.parametrize("count", [6, 40])
def test_the_map_keeps_far_clusters_apart_and_repeats(count: int) -> None:
    second = np.arange(count) % 2 == 1
    points = np.random.default_rng(0).normal(size=(count, 4)) + 50 * second[:, None]
    found = tsne(points, perplexity=5, seed=1)
    assert found.shape == (count, 2)
    np.testing.assert_array_equal(found, tsne(points, perplexity=5, seed=1))
    gaps = np.linalg.norm(found[:, None] - found, axis=2) + 1e9 * np.eye(count)
    np.testing.assert_array_equal(second[gaps.argmin(axis=1)], second)
