"""Duplicates against images copied, and all but copied, on purpose."""

import numpy as np
import pytest

from lookalike.evaluation.duplicates import average_hash, duplicated


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


def test_an_average_hash_has_a_bit_a_pixel_brighter_than_the_mean() -> None:
    images = np.array([[[0, 10], [20, 30]], [[5, 5], [5, 9]]], np.uint8)
    np.testing.assert_array_equal(np.unpackbits(average_hash(images), axis=1)[:, :4], [[0, 0, 1, 1], [0, 0, 0, 1]])


def test_images_that_were_packed_again_share_their_average_hash() -> None:
    rng = np.random.default_rng(1)
    coarse = rng.integers(0, 2, (50, 7, 7), dtype=np.uint8) * 160 + 20
    images = coarse.repeat(4, axis=1).repeat(4, axis=2)
    again = (images + rng.integers(-4, 5, images.shape)).astype(np.uint8)
    assert not duplicated(again, images).any()
    assert duplicated(average_hash(again), average_hash(images)).all()
    assert not duplicated(average_hash(images[:25]), average_hash(images[25:])).any()
