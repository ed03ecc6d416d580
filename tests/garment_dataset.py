"""A small data set of drawn garments."""

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.datasets import Dataset

CLASSES = tuple("abcdefghij")


def garment_dataset(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Dataset:
    """Garments (N, 28, 28) as a data set: 40 train a model, 50 are for validation, the rest are test images."""
    return Dataset(
        name="drawn",
        class_names=CLASSES,
        train_images=images[:90],
        train_labels=labels[:90],
        test_images=images[90:],
        test_labels=labels[90:],
        train_indices=np.arange(40),
        valid_indices=np.arange(40, 90),
        mean=(0.3,),
        std=(0.4,),
        provenance={},
    )
