"""The figures on what two families get wrong: on which images, and in which pairs of look-alikes."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

import numpy as np

from lookalike.evaluation.statistics import Estimate
from lookalike.families.findings import Contrasted, Separability
from lookalike.reporting.chapters.families.parts import ChapterPart, FamilyComparison, estimate_text
from lookalike.reporting.document import Json, Table, Words
from lookalike.reporting.figures.families import consistency_figure, separability_figure
from lookalike.reporting.forms import amounts, fine, number, points, shares, text
from lookalike.reporting.tables import Column, labels, named_rows, tabulate

CONTRASTS = (
    Column("images", "images", text),
    Column("within", "within", amounts),
    Column("between", "between", amounts),
    Column("between − within", "difference", amounts),
)
AVERAGING = (
    Column("images", "images", text),
    Column("within, points", "within", points),
    Column("between, points", "between", points),
    Column("between − within, points", "difference", points),
)
SEPARATED = (
    *labels("pair", "variant"),
    Column("AUROC", "auroc", fine, "high"),
    Column("d′", "d_prime", amounts, "high"),
    Column("asymmetry", "asymmetry.value", amounts),
    Column("linear probe, %", "probe", shares, "high"),
    Column("nearest neighbours, %", "neighbours", shares, "high"),
)


def consistency_part(compared: FamilyComparison) -> ChapterPart | None:
    """Whether both families err on the same images; None without models that can be paired."""
    found, complementary = compared.findings.consistency, compared.findings.complementary
    contrast = complementary.consistency if complementary else None
    value = consistency_between(compared, *compared.both)
    if complementary is None or (contrast is None and value is None):
        return None
    one, other = compared.families
    pair = f"between a {one} and a {other}"
    if contrast is not None:
        between, within = estimate_text(contrast.between), estimate_text(contrast.within)
        finding = (
            f"A {one} and a {other} {error_clause(contrast.difference)}: error consistency κ is {between} between them "
            f"and {within} between two runs of either."
        )
    else:
        finding = f"Error consistency κ {pair} is {value:.2f}, mean over pairs of runs."
    return ChapterPart(
        name="error-consistency",
        claims=("L1", "L2", "L3"),
        words=Words(
            finding=finding,
            how="κ is 1 where two models err on the same images, and 0 where they coincide as often as by chance. "
            "Heat map: every pair of models; thin lines separate variants, whose seeds stand side by side, and thick "
            "lines families. Curves, where it was measured: κ of two runs of one variant and of a run of each family, "
            "by the number of training images.",
            alt="Heat map of the error consistency of all pairs of models, and error consistency by training images",
            method="Geirhos et al., NeurIPS 2020; computed from all test images.",
        ),
        figure=consistency_figure(found, compared.findings.families, complementary.by_size),
        variants=list(dict.fromkeys(found.variants)),
        numbers=tuple(error_tables(compared)),
    )


def error_clause(difference: Estimate) -> str:
    """Whether two families err on other images, from κ between them minus that within them."""
    if difference.high < 0:
        return "err on different images more often than two runs of either do"
    often = "more often than" if difference.low > 0 else "about as often as"
    return f"err on the same images {often} two runs of either do"


def consistency_between(compared: FamilyComparison, first: str, second: str) -> float | None:
    """The mean κ of a run of either variant, of different runs where both are one; None where it is not defined."""
    found = compared.findings.consistency
    rows, columns = ([k for k, name in enumerate(found.variants) if name == each] for each in (first, second))
    pairs = [(row, column) for row in rows for column in columns if row != column]
    values = [value for row, column in pairs if (value := found.matrix[row][column]) is not None]
    return fmean(values) if values else None


def error_tables(compared: FamilyComparison) -> Iterator[Table]:
    """κ of every variant with those compared; κ and what averaging gains within and between families."""
    columns = [
        Column("variant", "variant", text),
        *(Column(name, str(k), number) for k, name in enumerate(compared.both)),
    ]
    rows: list[Json] = [
        {"variant": name, **{str(k): consistency_between(compared, name, one) for k, one in enumerate(compared.both)}}
        for name in compared.findings.families
    ]
    note = "Means over pairs of different runs; – where no mean is defined."
    yield tabulate("Error consistency κ of each variant with the two compared", columns, rows, note)
    found = compared.findings.complementary
    assert found is not None  # by contract
    contrasts = {"all test images": found.consistency}
    contrasts |= {f"of {', '.join(one.pair)}": one.consistency for one in found.by_pair}
    contrasts |= {f"all, {one.train_images:,} training images, {one.curve}": one.consistency for one in found.by_size}
    if rows := contrast_rows(contrasts):
        note = "Between: a run of each family; within: two runs of one, mean of both families."
        yield tabulate("Error consistency κ within and between families", CONTRASTS, rows, note)
    if rows := contrast_rows({"all test images": found.averaging}):
        note = "Accuracy of the mean probabilities of two models minus the mean accuracy of the two."
        yield tabulate("What averaging two models gains", AVERAGING, rows, note)


def contrast_rows(found: Mapping[str, Contrasted | None]) -> list[Json]:
    """The contrasts that are known, by the images that they are of."""
    return named_rows({name: one for name, one in found.items() if one is not None}, "images")


def separability_part(compared: FamilyComparison) -> ChapterPart | None:
    """How well both families separate each pair; None without pairs of look-alikes."""
    pairs = compared.findings.separability
    if not pairs:
        return None
    shown = compared.shown(pairs[0].variants)
    one, other = compared.families
    areas = np.array([[pair.variants[name].auroc.value for name in compared.both] for pair in pairs])
    hardest = int(areas.mean(axis=1).argmin())
    (ours, theirs), better = areas[hardest], int((areas[:, 0] > areas[:, 1]).sum())
    return ChapterPart(
        name="separability",
        claims=("L4", "L5"),
        words=Words(
            finding=f"By AUROC the {one} separates {better} of {len(pairs)} pairs of look-alikes better than the "
            f"{other}; the hardest pair is {' and '.join(pairs[hardest].pair)} ({one} {ours:.3f}, {other} "
            f"{theirs:.3f}).",
            how="Further right is better in both panels. AUROC: the probability that an image of the first class has a "
            "larger difference of both logits than one of the second. d′: the distance of the two classes' "
            "scores in standard deviations.",
            alt="AUROC and d′ of each pair of look-alike classes, by variant",
            method="Means over seeds, on the test images of the two classes.",
        ),
        figure=separability_figure(pairs, looks=compared.looks(shown)),
        variants=shown,
        numbers=(separated_table(pairs, shown), difference_table(pairs, compared)),
    )


def separated_table(pairs: Sequence[Separability], shown: Sequence[str]) -> Table:
    rows = [
        {"pair": ", ".join(pair.pair), "variant": name, **vars(pair.variants[name])} for pair in pairs for name in shown
    ]
    note = (
        "Asymmetry: (first taken for second − second taken for first) / their sum. Probe and neighbours read the "
        "penultimate features and choose between the two classes."
    )
    return tabulate("How well each variant separates look-alikes", SEPARATED, rows, note)


def difference_table(pairs: Sequence[Separability], compared: FamilyComparison) -> Table:
    columns = (
        *labels("pair"),
        Column("AUROC", "auroc_difference", fine),
        Column("d′", "d_prime_difference", amounts),
        Column("linear probe, points", "probe_difference", points),
        Column("nearest neighbours, points", "neighbours_difference", points),
    )
    rows = [vars(pair) | {"pair": ", ".join(pair.pair)} for pair in pairs]
    note = "None (–) below three seeds of either variant."
    return tabulate(f"Differences: {' − '.join(compared.both)}", columns, rows, note)
