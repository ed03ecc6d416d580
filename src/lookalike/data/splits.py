"""Which images train and which validate."""

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
