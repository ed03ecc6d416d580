"""Which images a model is trained on, and which it is validated on."""

import math

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


def split_indices(count: int, *, valid_fraction: float, seed: int) -> tuple[Indices, Indices]:
    """Indices of the training and the validation images, in scikit-learn's order.

    The same as `train_test_split(range(count), test_size=valid_fraction, random_state=seed)`, whose stream
    (`RandomState.permutation`) NumPy keeps for ever, without scikit-learn's four seconds of import.

    Returns:
        train (count - ceil(count * valid_fraction),) and valid (ceil(count * valid_fraction),), disjoint.
    """
    order = np.random.RandomState(seed).permutation(count)
    valid_count = math.ceil(count * valid_fraction)
    return order[valid_count:], order[:valid_count]


def seen_by(seed: int, indices: Indices, count: int) -> Indices:
    """The `count` of the training images `indices` (N,) that a run with `seed` sees, (count,).

    The split's order is random, so that each block of it is a random subset. Seed s sees the s-th block; after the last
    image comes the first again. Runs that see few images thus see different ones, and their spread from seed to seed
    includes the choice of images. Of all N images every seed sees all, in the same order.
    """
    return np.roll(indices, -seed * count)[:count]
