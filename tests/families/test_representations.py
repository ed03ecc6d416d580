"""Unbiased HSIC and CKA, against U-statistics over quadruples and CKA of features with matrices."""

from itertools import permutations

import numpy as np
import pytest

from lookalike.families.jackknife import Floats
from lookalike.families.representations import (
    all_pairs,
    between_layers,
    between_seeds,
    between_variants,
    cka,
    hsic,
    image_count,
)

RNG = np.random.default_rng(0)


def products(features: Floats, *, centred: bool = True) -> Floats:
    """The inner products of images' features (n, D) above the diagonal."""
    rows = features - features.mean(axis=0) if centred else features
    return (rows @ rows.T)[np.triu_indices(len(rows), 1)]


def by_quadruples(first: Floats, second: Floats) -> float:
    """The U-statistic of HSIC over all ordered quadruples of different images (Song et al., 2012)."""
    k, l = first @ first.T, second @ second.T  # noqa: E741
    terms = [k[i, j] * (l[i, j] + l[q, r] - 2 * l[i, q]) for i, j, q, r in permutations(range(len(first)), 4)]
    return float(np.mean(terms))


def by_matrices(first: Floats, second: Floats) -> float:
    """HSIC_1 as the equation has it: with traces and vectors of ones."""
    n = len(first)
    k, l = first @ first.T, second @ second.T  # noqa: E741
    np.fill_diagonal(k, 0)
    np.fill_diagonal(l, 0)
    ones = np.ones(n)
    whole = (ones @ k @ ones) * (ones @ l @ ones) / (n - 1) / (n - 2)
    return float((np.trace(k @ l) + whole - 2 / (n - 2) * ones @ k @ l @ ones) / n / (n - 3))


def test_hsic_is_the_u_statistic() -> None:
    first, second = RNG.normal(size=(7, 3)), RNG.normal(size=(7, 5)) + 2
    found = hsic(products(first)[None], products(second)[None])
    assert found[0, 0] == pytest.approx(by_quadruples(first, second))


@pytest.mark.parametrize("centred", [True, False])
def test_hsic_is_that_of_matrices_and_needs_no_centring(centred: bool) -> None:
    first, second = RNG.normal(size=(30, 3)), RNG.normal(size=(30, 5)) + 2
    found = hsic(products(first, centred=centred)[None], products(second, centred=centred)[None])
    assert found[0, 0] == pytest.approx(by_matrices(first, second))


def test_cka_is_that_of_features() -> None:
    layers = [RNG.normal(size=(25, width)) for width in (3, 8)]
    layers.append(layers[0] @ RNG.normal(size=(3, 4)))
    found = cka(np.stack([products(one) for one in layers]), np.stack([7 * products(one) for one in layers[1:]]))
    expected = [
        [by_matrices(a, b) / np.sqrt(by_matrices(a, a) * by_matrices(b, b)) for b in layers[1:]] for a in layers
    ]
    np.testing.assert_allclose(found, expected)


def test_rotated_features_are_the_same_and_unrelated_ones_are_not_alike() -> None:
    features = RNG.normal(size=(200, 10))
    rotation, _ = np.linalg.qr(RNG.normal(size=(10, 10)))
    sides = np.stack([products(3 * features @ rotation), products(RNG.normal(size=(200, 400)))])
    found = cka(products(features)[None], sides)
    assert found[0, 0] == pytest.approx(1)
    assert abs(found[0, 1]) < 0.05  # the biased CKA is .5 here


def test_half_precision_is_enough() -> None:
    features = [RNG.normal(size=(100, 20)) for _ in range(2)]
    exact = np.stack([products(one) / np.sqrt(np.mean(products(one) ** 2)) for one in features])
    np.testing.assert_allclose(cka(exact.astype(np.float16), exact.astype(np.float16)), cka(exact, exact), atol=1e-4)


def test_features_that_do_not_vary_have_no_cka() -> None:
    found = cka(np.zeros((1, 45)), RNG.normal(size=(1, 45)))
    assert np.isnan(found).all()


@pytest.mark.parametrize("count", [3, 5, 11])
def test_products_must_be_of_pairs_of_images(count: int) -> None:
    with pytest.raises(ValueError, match="are not those of the pairs"):
        image_count(count)
    assert image_count(6) == 4
    assert image_count(499 * 500 // 2) == 500


def test_pairs_are_averaged_over_seeds() -> None:
    first = np.stack([[products(RNG.normal(size=(20, 4))) for _ in range(2)] for _ in range(3)])  # (S, L, m)
    second = np.stack([[products(RNG.normal(size=(20, 4))) for _ in range(4)] for _ in range(2)])

    def one(a: Floats, b: Floats) -> float:
        return float(cka(a[None], b[None])[0, 0])

    own, other = all_pairs(first), all_pairs(first, second)
    layers = [[np.mean([one(first[s, a], first[s, b]) for s in range(3)]) for b in range(2)] for a in range(2)]
    np.testing.assert_allclose(between_layers(own), layers)
    seeds = [np.mean([one(first[s, a], first[t, a]) for s, t in ((0, 1), (0, 2), (1, 2))]) for a in range(2)]
    np.testing.assert_allclose(between_seeds(own), seeds)
    across = [
        [np.mean([one(first[s, a], second[t, b]) for s in range(3) for t in range(2)]) for b in range(4)]
        for a in range(2)
    ]
    np.testing.assert_allclose(between_variants(other), across)
    assert np.isnan(between_seeds(all_pairs(first[:1]))).all()
