"""Findings about the similarity of layers within and between variants."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.explanations import Representations
from lookalike.evaluation.metrics import Floats
from lookalike.families import representations
from lookalike.families.complementary import SeedPairContrast, own_pairs, seed_pair_contrast
from lookalike.families.findings import LayersAlike, Representation
from lookalike.families.measured import MeasuredStudy, contrasted, finite_or_none, matrix_rows


def study_representations(study: MeasuredStudy) -> Representation | None:
    """CKA of layers within and between variants; None where no layers of a variant were kept."""
    known = comparable_representations(study)
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
        last_layers=matrix_rows(cka_between_variants([*last.values()])),
        compared=None if across is None else matrix_rows(across),
        contrast=contrasted(last_contrast(last[compared[0]], last[compared[1]])) if compared else None,
    )


def comparable_representations(study: MeasuredStudy) -> dict[str, Representations]:
    """The representations of finished variants, of those that are of the same test images as the first."""
    found = {name: one.representations for name, one in study.explanations.items() if name in study.finished}
    known = {name: one for name, one in found.items() if one is not None}
    first = next(iter(known.values()), None)
    return {name: one for name, one in known.items() if first and np.array_equal(one.indices, first.indices)}


def layers_alike(found: Representations) -> LayersAlike:
    """CKA of the layers of one variant."""
    pairs = representations.all_pairs(found.products)
    seeds = representations.between_seeds(pairs).tolist()
    return LayersAlike(
        found.layers, matrix_rows(representations.between_layers(pairs)), tuple(map(finite_or_none, seeds))
    )


def cka_between_variants(products: Sequence[NDArray[np.floating]]) -> Floats:
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


def last_contrast(first: NDArray[np.floating], second: NDArray[np.floating]) -> SeedPairContrast | None:
    """CKA within and between two variants, (A, m) and (B, m); its uncertainty is over seeds alone."""
    pairs = representations.cka(*[np.concatenate([first, second])] * 2)
    return seed_pair_contrast(lambda _: pairs[None], (len(first), len(second)), np.ones((1, 1)))
