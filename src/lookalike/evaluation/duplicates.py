"""Test images that are also in the training set."""

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.image_files import ImageFiles, Pixels, View

SMALL, CHUNK = 32, 500  # side of what a photograph is hashed by, and images hashed at once


def which_are_among(images: Pixels, among: Pixels) -> NDArray[np.bool_]:
    """Which (N,) of `images` (N, H, W[, C]) stand, byte for byte, among the images `among` (M, H, W[, C]).

    Raises:
        ValueError: images of two shapes.
    """
    if isinstance(images, ImageFiles) and isinstance(among, ImageFiles):
        return np.isin(images.checksums, among.checksums)
    if images.shape[1:] != among.shape[1:]:
        raise ValueError(f"images of shapes {images.shape[1:]} and {among.shape[1:]}")
    known = {pixel_digest(image) for image in among[:]}
    return np.array([pixel_digest(image) in known for image in images[:]], bool)


def average_hash(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A bit a pixel (N, bytes): whether it is brighter than the image's mean; grey images (N, H, W) or RGB.

    Two files of one photograph, packed or scaled a little differently, mostly share it (the "average hash" of
    perceptual hashing, at full resolution).
    """
    flat = images.reshape(len(images), -1)
    return np.packbits(flat > flat.mean(axis=1, keepdims=True), axis=1)


def which_are_repeated(dataset: Dataset) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which test images (N,) stand byte for byte in the published training set, and which others share their average
    hash with a training image of the same label."""
    twice = which_are_among(dataset.test_images, dataset.train_images)
    parts = ((dataset.test_images, dataset.test_labels), (dataset.train_images, dataset.train_labels))
    return twice, which_are_among(*(labelled_hash(*part) for part in parts)) & ~twice


def labelled_hash(images: Pixels, labels: NDArray[np.unsignedinteger]) -> NDArray[np.unsignedinteger]:
    """The average hash of each image with its label: (N, bytes + 1); photographs are made small for it."""
    small = images.seen(View(SMALL)) if isinstance(images, ImageFiles) else images
    hashes = [average_hash(small[start : start + CHUNK]) for start in range(0, len(small), CHUNK)]
    return np.column_stack([np.concatenate(hashes), labels])


def pixel_digest(image: NDArray[np.uint8]) -> bytes:
    """A hash of the pixels, to hold many images at the cost of few bytes each."""
    return blake2b(image.tobytes(), digest_size=16).digest()
