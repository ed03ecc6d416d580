"""The split is scikit-learn's, index by index."""

import numpy as np
import pytest
from sklearn.model_selection import train_test_split

from lookalike.data.splits import seen_by, split_indices


@pytest.mark.parametrize("count", [2, 7, 101, 999, 5000, 60_000])
@pytest.mark.parametrize(("fraction", "seed"), [(0.2, 13), (0.25, 0), (1 / 3, 2**32 - 1)])
def test_equals_scikit_learn(count: int, fraction: float, seed: int) -> None:
    train, valid = split_indices(count, valid_fraction=fraction, seed=seed)
    expected = train_test_split(np.arange(count), test_size=fraction, random_state=seed)
    np.testing.assert_array_equal(train, expected[0])
    np.testing.assert_array_equal(valid, expected[1])
    assert train.dtype == valid.dtype == np.int64


def test_the_split_of_60000_is_pinned() -> None:
    train, valid = split_indices(60_000, valid_fraction=0.2, seed=13)
    assert train[:3].tolist() == [54931, 12612, 21647]
    assert (len(train), len(valid)) == (48_000, 12_000)
    assert len(np.union1d(train, valid)) == 60_000


def test_seeds_see_one_block_of_the_order_after_another() -> None:
    order = np.array([9, 3, 7, 1, 5])
    assert [seen_by(seed, order, 2).tolist() for seed in range(4)] == [[9, 3], [7, 1], [5, 9], [3, 7]]
    assert [seen_by(seed, order, 5).tolist() for seed in (0, 1, 1_000_000)] == [order.tolist()] * 3
