"""The similarity of layers' representations: unbiased linear CKA, from inner products of pairs of images.

A layer is given by the inner products (m,) of its features of n images, m = n (n - 1) / 2: above the diagonal, row by
row. Neither their scale nor the centring of the features matters.
"""

import numpy as np
from numpy.typing import NDArray

from lookalike.evaluation.metrics import Floats

FEWEST = 4  # images that unbiased HSIC needs


def image_count(products: int) -> int:
    """The n of m = n (n - 1) / 2 inner products.

    Raises:
        ValueError: m is of no such form, or n is below 4.
    """
    count = round((1 + (1 + 8 * products) ** 0.5) / 2)
    if count * (count - 1) // 2 != products or count < FEWEST:
        raise ValueError(f"{products} inner products are not those of the pairs of {FEWEST} images or more")
    return count


def hsic(first: NDArray[np.floating], second: NDArray[np.floating]) -> Floats:
    """Unbiased HSIC of each of A with each of B layers of the same n images, (A, m) and (B, m): (A, B).

    Song et al., "Feature selection via dependence maximization", JMLR 13 (2012), the estimator without bias; HSIC_1 in
    Nguyen, Raghu & Kornblith, "Do wide and deep networks learn the same things?" (ICLR 2021), eq. 3.
    """
    n = image_count(first.shape[1])
    rows, columns = np.triu_indices(n, 1)
    one, other = (layers.astype(np.float64) for layers in (first, second))

    def row_sums(layers: Floats) -> Floats:
        """The sums of the rows of the symmetric matrices with zeros on their diagonal: (..., n)."""
        return np.stack([np.bincount(rows, layer, n) + np.bincount(columns, layer, n) for layer in layers])

    ours, theirs = row_sums(one), row_sums(other)
    trace = 2 * one @ other.T
    totals = np.outer(ours.sum(axis=1), theirs.sum(axis=1)) / ((n - 1) * (n - 2))
    return (trace + totals - 2 / (n - 2) * ours @ theirs.T) / (n * (n - 3))


def cka(first: NDArray[np.floating], second: NDArray[np.floating]) -> Floats:
    """Linear CKA of each of A with each of B layers of the same n images, (A, m) and (B, m): (A, B), at most 1.

    Nguyen, Raghu & Kornblith (ICLR 2021), eq. 3, of one batch. About 0 for unrelated features, below it by chance. NaN
    where the HSIC of a layer with itself is not positive, as where its features do not vary.
    """
    own = [np.diag(hsic(layers, layers)) for layers in (first, second)]
    squared = np.outer(*own)
    valid = np.logical_and.outer(*(each > 0 for each in own))
    return np.divide(hsic(first, second), np.sqrt(np.abs(squared)), out=np.full(squared.shape, np.nan), where=valid)


def all_pairs(products: NDArray[np.floating], others: NDArray[np.floating] | None = None) -> Floats:
    """CKA of every layer of every seed with every other, (S, L, S', L'), from products (S, L, m) and (S', L', m).

    `others` are those of a second variant on the same images; None means the first one itself.
    """
    second = products if others is None else others
    found = cka(products.reshape(-1, products.shape[2]), second.reshape(-1, second.shape[2]))
    return found.reshape(*products.shape[:2], *second.shape[:2])


def between_layers(pairs: Floats) -> Floats:
    """CKA of the layers of one seed, mean over seeds, from `all_pairs` of one variant: (L, L)."""
    seeds = np.arange(pairs.shape[0])
    return pairs[seeds, :, seeds].mean(axis=0)


def between_seeds(pairs: Floats) -> Floats:
    """CKA of each layer with itself in another seed, mean over pairs of seeds: (L,); NaN of a single seed."""
    first, second = np.triu_indices(pairs.shape[0], 1)
    if not len(first):
        return np.full(pairs.shape[1], np.nan)
    layers = np.arange(pairs.shape[1])
    return pairs[first[:, None], layers, second[:, None], layers].mean(axis=0)


def between_variants(pairs: Floats) -> Floats:
    """CKA of the layers of two variants, mean over all pairs of a seed of each, from their `all_pairs`: (L, L')."""
    return pairs.mean(axis=(0, 2))
