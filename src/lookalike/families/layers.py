"""Findings about how alike the layers of variants are."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.explanations import Representations
from lookalike.families import representations
from lookalike.families.complementary import Contrast, contrast, own_pairs
from lookalike.families.findings import LayersAlike, Representation
from lookalike.families.jackknife import Floats
from lookalike.families.measured import MeasuredStudy, contrasted, matrix, number


def representation(study: MeasuredStudy) -> Representation | None:
    """How alike layers are within and between variants; None where no layers of a variant were kept."""
    known = comparable(study)
    if not known:
        return None
    compared = study.compared if study.compared and known.keys() >= set(study.compared) else None
    last = {name: one.products[:, -1] for name, one in known.items()}
    across = None
    if compared:
        pairs = representations.all_pairs(known[compared[0]].products, known[compared[1]].products)
        across = representations.between_variants(pairs)
    return Representation(
        variants={name: layers_alike(one) for name, one in known.items()},
        last_layers=matrix(blocks([*last.values()])),
        compared=None if across is None else matrix(across),
        contrast=contrasted(last_contrast(last[compared[0]], last[compared[1]])) if compared else None,
    )


def comparable(study: MeasuredStudy) -> dict[str, Representations]:
    """The representations of finished variants, of those that are of the same test images as the first."""
    found = {name: one.representations for name, one in study.explanations.items() if name in study.finished}
    known = {name: one for name, one in found.items() if one is not None}
    first = next(iter(known.values()), None)
    return {name: one for name, one in known.items() if first and np.array_equal(one.indices, first.indices)}


def layers_alike(found: Representations) -> LayersAlike:
    """How alike the layers of one variant are."""
    pairs = representations.all_pairs(found.products)
    seeds = representations.between_seeds(pairs).tolist()
    return LayersAlike(found.layers, matrix(representations.between_layers(pairs)), tuple(map(number, seeds)))


def blocks(products: Sequence[NDArray[np.floating]]) -> Floats:
    """CKA of one layer of V variants, each (S, m), mean over pairs of different runs: (V, V); NaN of a single run."""
    every, ends = representations.cka(*[np.concatenate(products)] * 2), np.cumsum([0, *map(len, products)])
    means = np.full((len(products), len(products)), np.nan)
    for row, own in enumerate(products):
        for column in range(len(products)):
            block = every[ends[row] : ends[row + 1], ends[column] : ends[column + 1]]
            if row != column:
                means[row, column] = block.mean()
            elif len(own) > 1:
                means[row, row] = own_pairs(block[None], np.arange(len(own)))[0]
    return means


def last_contrast(first: NDArray[np.floating], second: NDArray[np.floating]) -> Contrast | None:
    """CKA within and between two variants, (A, m) and (B, m); its uncertainty is over seeds alone."""
    pairs = representations.cka(*[np.concatenate([first, second])] * 2)
    return contrast(lambda _: pairs[None], (len(first), len(second)), np.ones((1, 1)))
