"""Duplicates against images copied, and all but copied, on purpose."""

import numpy as np
import pytest

from lookalike.evaluation.duplicates import duplicated


@pytest.mark.parametrize("shape", [(28, 28), (8, 8, 3)])
def test_only_exact_copies_are_duplicates(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    among = rng.integers(0, 256, (200, *shape), dtype=np.uint8)
    images = rng.integers(0, 256, (6, *shape), dtype=np.uint8)
    images[[1, 4, 5]] = among[[7, 199, 7]]
    images[2] = among[3]
    images[2].flat[-1] ^= 1  # one bit of one pixel
    images[3] = among[5].swapaxes(0, 1)  # the same pixels elsewhere
    np.testing.assert_array_equal(duplicated(images, among), [False, True, False, False, True, True])


def test_images_repeated_only_among_themselves_are_no_duplicates() -> None:
    images = np.zeros((2, 4, 4), np.uint8)
    assert not duplicated(images, images[:0]).any()
    assert duplicated(images, images[1:]).all()


def test_the_layout_in_memory_does_not_matter() -> None:
    among = np.arange(2 * 3 * 4 * 5, dtype=np.uint8).reshape(2, 3, 4, 5)
    images = np.asfortranarray(among)[::-1]
    np.testing.assert_array_equal(duplicated(images, among), [True, True])


def test_images_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(2, 8\) and \(4, 4\)"):
        duplicated(np.zeros((1, 2, 8), np.uint8), np.zeros((1, 4, 4), np.uint8))
