"""Similarities of maps are those of SciPy, scikit-image and sets; maps with known answers."""

from itertools import product

import numpy as np
import pytest
import scipy.stats
from skimage.metrics import structural_similarity

from lookalike.evaluation.metrics import Floats, Ints
from lookalike.explain.similarity import SIMILARITIES, patch_means, spearman, ssim, top_k_overlap, without_mean

GROUP_OF = np.array([0, 0, 1, 1, 2])
LABELS = np.arange(40) % 5


def drawn_maps(labels: Ints, own: float, group: float, seed: int = 0) -> Floats:
    """Maps (N, 5, 5) of noise, with a pattern of the class and one of its group of the given strengths."""
    rng = np.random.default_rng(seed)
    patterns = own * rng.normal(size=(5, 5, 5)) + group * rng.normal(size=(3, 5, 5))[GROUP_OF]
    return patterns[labels] + rng.normal(size=(len(labels), 5, 5))


def with_ties(count: int, seed: int) -> Floats:
    """Rows of 25 whole numbers from 0 to 6."""
    return np.random.default_rng(seed).integers(0, 7, (count, 25)).astype(float)


# similarities


def test_spearman_is_that_of_scipy_with_ties() -> None:
    first, second = with_ties(4, 1), with_ties(3, 2)
    expected = [[scipy.stats.spearmanr(a, b).statistic for b in second] for a in first]
    np.testing.assert_allclose(spearman(first, second), expected, rtol=1e-12)


def test_ssim_is_that_of_scikit_image_with_one_window() -> None:
    first, second = np.random.default_rng(3).normal(1, 2, (4, 25)), np.random.default_rng(4).normal(0, 1, (3, 25))
    span = max(first.max(), second.max()) - min(first.min(), second.min())
    settings = {"win_size": 5, "data_range": span, "use_sample_covariance": False}
    pairs = product(first.reshape(-1, 5, 5), second.reshape(-1, 5, 5))
    expected = np.reshape([structural_similarity(a, b, **settings) for a, b in pairs], (4, 3))
    np.testing.assert_allclose(ssim(first, second), expected, rtol=1e-12)


@pytest.mark.parametrize(("share", "k"), [(0.2, 5), (0.01, 1), (1.0, 25)])
def test_top_k_overlap_is_that_of_sets(share: float, k: int) -> None:
    def best(row: Floats) -> set[int]:
        return set(sorted(range(25), key=lambda cell: (-row[cell], cell))[:k])

    first, second = with_ties(4, 1), with_ties(3, 2)
    expected = [[len(best(a) & best(b)) / k for b in second] for a in first]
    np.testing.assert_allclose(top_k_overlap(first, second, share), expected, rtol=1e-12)


@pytest.mark.parametrize("name", SIMILARITIES)
def test_similarities_are_symmetric_and_one_with_itself(name: str) -> None:
    rows = without_mean(drawn_maps(LABELS, 1, 1))
    similarity = SIMILARITIES[name](rows, rows)
    np.testing.assert_allclose(similarity, similarity.T, atol=1e-14)
    np.testing.assert_allclose(np.diag(similarity), 1, rtol=1e-12)
    assert similarity.min() >= -1
    assert similarity.max() <= 1 + 1e-12


@pytest.mark.parametrize("name", SIMILARITIES)
def test_a_constant_map_is_zero_and_like_no_other(name: str) -> None:
    maps = drawn_maps(LABELS, 1, 1)
    others = without_mean(np.delete(maps, [3, 8], axis=0))
    maps[3], maps[8] = 0.1, 0
    rows = without_mean(maps)
    np.testing.assert_array_equal(rows[[3, 8]], 0)
    np.testing.assert_array_equal(np.delete(rows, [3, 8], axis=0), others)
    similarity = SIMILARITIES[name](rows, rows)
    np.testing.assert_array_equal(similarity[[3, 8]], 0)
    np.testing.assert_array_equal(similarity[:, [3, 8]], 0)


@pytest.mark.parametrize("name", SIMILARITIES)
def test_maps_that_are_all_the_same_have_nothing_of_their_own(name: str) -> None:
    rows = without_mean(np.repeat(drawn_maps(LABELS[:1], 1, 1), 7, axis=0))
    np.testing.assert_array_equal(SIMILARITIES[name](rows, rows), np.zeros((7, 7)))


def test_constant_maps_alone_leave_others_as_they_are() -> None:
    maps = drawn_maps(LABELS, 1, 1)
    expected = scipy.stats.zscore(maps.reshape(40, 25), axis=1)
    np.testing.assert_allclose(without_mean(maps, np.ones_like(maps)), expected, atol=1e-12)
    np.testing.assert_array_equal(without_mean(np.ones_like(maps)), 0)


# mean maps


def test_scale_and_offset_of_a_map_do_not_matter() -> None:
    maps, rng = drawn_maps(LABELS, 1, 1), np.random.default_rng(5)
    moved = maps * rng.uniform(0.001, 1000, (40, 1, 1)) + rng.normal(0, 10, (40, 1, 1))
    np.testing.assert_allclose(without_mean(moved), without_mean(maps), atol=1e-9)


def test_the_mean_map_of_the_reference_is_taken_away() -> None:
    tests, photographs = drawn_maps(LABELS, 1, 1), drawn_maps(LABELS[:4], 1, 1, seed=9)
    mean = scipy.stats.zscore(tests.reshape(40, 25), axis=1).mean(axis=0)
    expected = scipy.stats.zscore(photographs.reshape(4, 25), axis=1) - mean
    np.testing.assert_allclose(without_mean(photographs, tests), expected, atol=1e-12)
    np.testing.assert_allclose(without_mean(tests).mean(axis=0), 0, atol=1e-14)
    np.testing.assert_array_equal(without_mean(tests, tests), without_mean(tests))


def test_a_map_shared_by_all_changes_nothing() -> None:
    """Standardised maps of equal spread, with a pattern orthogonal to each of them: both scale alike."""
    maps = drawn_maps(LABELS, 1, 1)
    maps = np.pad(scipy.stats.zscore(maps.reshape(40, 25), axis=1), ((0, 0), (0, 2)))
    shared = np.r_[np.zeros(25), 4, -4]
    alone, together = (without_mean(each.reshape(40, 3, 9)) for each in (maps, maps + shared))
    np.testing.assert_allclose(ssim(together, together), ssim(alone, alone), atol=1e-12)
    assert ssim(maps + shared, maps + shared).mean() > ssim(together, together).mean() + 0.1


# raw pixels


@pytest.mark.parametrize("grid", [(4, 4), (7, 14), (28, 28), (1, 2)])
def test_patches_that_divide_the_image_are_plain_means(grid: tuple[int, int]) -> None:
    images = np.random.default_rng(6).integers(0, 256, (3, 28, 28)).astype(np.uint8)
    h, w = grid
    expected = images.reshape(3, h, 28 // h, w, 28 // w).mean(axis=(2, 4))
    np.testing.assert_allclose(patch_means(images, grid), expected, rtol=1e-12)


@pytest.mark.parametrize("grid", [(8, 8), (5, 3)])
def test_other_patches_count_pixels_by_area_and_keep_the_mean(grid: tuple[int, int]) -> None:
    """Each pixel cut into 8 x 8 or 5 x 3 equal parts, so that patches are whole again."""
    images = np.random.default_rng(7).integers(0, 256, (3, 28, 28)).astype(np.uint8)
    h, w = grid
    parts = images.repeat(h, axis=1).repeat(w, axis=2).reshape(3, h, 28, w, 28)
    means = patch_means(images, grid)
    np.testing.assert_allclose(means, parts.mean(axis=(2, 4)), rtol=1e-12)
    np.testing.assert_allclose(means.mean(axis=(1, 2)), images.mean(axis=(1, 2)), rtol=1e-12)
