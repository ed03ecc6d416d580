"""The figures on what two families learn: from how many images, and how alike their features become."""

from collections.abc import Iterator, Mapping
from statistics import fmean

import numpy as np

from lookalike.families.crossings import Crossing
from lookalike.families.findings import LearningCurves, Representation
from lookalike.reporting.chapters.families.parts import ChapterPart, FamilyComparison, estimate_text
from lookalike.reporting.document import Json, Table, Words
from lookalike.reporting.figures.families_inside import learning_figure, representations_figure
from lookalike.reporting.forms import amounts, count, number, percent, text
from lookalike.reporting.tables import Column, labels, tabulate

LEARNED = (
    *labels("curve", "variant"),
    Column("training images", "train_images", count),
    Column("runs", "runs", count),
    Column("test error, mean, %", "error", percent, "low"),
)
FITTED = (
    *labels("curve", "family"),
    Column("exponent, runs resampled", "fit.resampled", amounts),
    Column("exponent, jackknife", "fit.jackknifed", amounts),
    Column("floor, %", "fit.curve.floor", percent, "low"),
    Column("crossing", "crossing", text),
)
ATTENTION = (
    Column("variant", "variant", text),
    Column("block", "block", count),
    Column("mean over heads, pixels", "mean", number),
    Column("nearest head", "least", number),
    Column("farthest head", "most", number),
)


def learning_curve_part(compared: FamilyComparison) -> ChapterPart | None:
    """How the errors fall with the number of training images; None without learning curves."""
    learning = {title: curves for title, curves in compared.findings.learning.items() if all(curves.points)}
    if not learning:
        return None
    said = [f"with {title} {crossing_clause(curves, compared)}" for title, curves in learning.items()]
    return ChapterPart(
        name="learning-curves",
        claims=(),
        words=Words(
            finding=f"W{'; '.join(said)[1:]}.",
            how="Each dot is a training run on its own random subset, each line a fit; both axes are logarithmic. The "
            "band is the 95 % interval of the size at which the fits cross.",
            alt="Test error by the number of training images, with fitted power laws, for both families",
            method="Fits of error = scale × images^−exponent (with five sizes or more, plus a floor) to the mean "
            "errors; intervals from resampled runs. Variants of a curve differ in the number of training images alone; "
            "with equal epochs fewer images are fewer steps as well.",
        ),
        figure=learning_figure(learning, looks=compared.looks(compared.both)),
        variants=[one.variant for curves in learning.values() for side in curves.points for one in side],
        numbers=(fitted_table(learning, compared), learned_table(learning)),
    )


def crossing_clause(curves: LearningCurves, compared: FamilyComparison) -> str:
    """Which family errs less, from which number of training images on."""
    found = curves.crossing
    if found is None:
        return "there is no fit"
    names = dict(zip(("first", "second"), compared.families, strict=True))
    certain = f"in {100 * found.certainty:.0f} % of the resamples"
    if not isinstance(found, Crossing):
        return f"the {names[found.better]} errs less at all sizes tried ({certain})"
    low, high = (f"{end:,.0f}" if end is not None else "beyond the sizes tried" for end in (found.low, found.high))
    ends = f"{low} to {high}" if low != high else f"{low} at both ends"
    where = f"95 % interval {ends}; the fits cross {certain}"
    return f"the {names[found.better_above]} errs less from {found.size:,.0f} training images on ({where})"


def fitted_table(learning: Mapping[str, LearningCurves], compared: FamilyComparison) -> Table:
    rows = [
        {"curve": title, "family": family, "crossing": crossing_clause(curves, compared), "fit": fit}
        for title, curves in learning.items()
        for family, fit in zip(compared.families, (curves.first, curves.second), strict=True)
        if fit is not None
    ]
    return tabulate("Fits of the learning curves", FITTED, rows, "A larger exponent: the error falls faster.")


def learned_table(learning: Mapping[str, LearningCurves]) -> Table:
    rows = [
        {"curve": title, **vars(one), "runs": len(one.errors), "error": fmean(one.errors)}
        for title, curves in learning.items()
        for side in curves.points
        for one in side
    ]
    return tabulate("Test error by training images", LEARNED, rows)


def representation_part(compared: FamilyComparison) -> ChapterPart | None:
    """How alike the features of both families are; None where no variant's features were kept."""
    found = compared.findings.representations
    if found is None:
        return None
    return ChapterPart(
        name="representations",
        claims=("L11",),
        words=Words(
            finding=representation_sentence(found, compared),
            how="CKA is 1 where two sets of features are the same up to rotation and scale, and 0 where they have "
            "nothing in common. First panel: layers of the two compared variants, from the input down and to the "
            "right. Second: last layers; the diagonal compares different runs of one variant (grey: only one run).",
            alt="Heat maps of the similarity of layers between two variants, and of the last layers of all variants",
            method="Linear CKA without bias (Kornblith et al., ICML 2019) of the features of the same test images, "
            "mean over pairs of seeds.",
        ),
        figure=representations_figure(found, compared.both, compared.findings.families),
        variants=list(found.variants),
        numbers=tuple(feature_tables(found, compared)),
    )


def representation_sentence(found: Representation, compared: FamilyComparison) -> str:
    """How alike the last layers are, within and between the families."""
    one, other = compared.families
    pair = f"between a {one} and a {other}"
    if (contrast := found.contrast) is not None:
        between, within = estimate_text(contrast.between), estimate_text(contrast.within)
        return f"Linear CKA of the last layers is {between} {pair}, and {within} between two runs of one of them."
    names, (first, second) = list(found.variants), compared.both
    value = found.last_layers[names.index(first)][names.index(second)] if found.compared else None
    if value is None:
        return "How alike the features of both families are was not measured."
    return f"Linear CKA of the last layers is {value:.2f} {pair}."


def feature_tables(found: Representation, compared: FamilyComparison) -> Iterator[Table]:
    """CKA of each layer between seeds, the effective rank of features, and how far attention reaches."""
    columns = (*labels("variant", "layer"), Column("CKA between seeds", "value", number))
    rows = [
        {"variant": name, "layer": layer, "value": value}
        for name, one in found.variants.items()
        for layer, value in zip(one.layers, one.between_seeds, strict=True)
    ]
    yield tabulate("How alike two runs of one variant are", columns, rows, "– of a single run.")
    if ranks := compared.findings.effective_rank:
        yield rank_table(ranks)
    if rows := attention_rows(compared):
        note = (
            "Distance between a patch and those that it attends to, weighted by attention; means over images and seeds "
            "(Raghu et al., NeurIPS 2021)."
        )
        yield tabulate("How far attention reaches", ATTENTION, rows, note)


def rank_table(ranks: Mapping[str, tuple[float, ...]]) -> Table:
    columns = (
        *labels("variant"),
        *(Column(title, title, number) for title in ("mean over seeds", "lowest", "highest")),
    )
    rows = [
        {"variant": name, "mean over seeds": fmean(values), "lowest": min(values), "highest": max(values)}
        for name, values in ranks.items()
    ]
    note = "How many directions the features of the test images use (Roy & Vetterli, EUSIPCO 2007)."
    return tabulate("Effective rank of the last features", columns, rows, note)


def attention_rows(compared: FamilyComparison) -> list[Json]:
    """The attention distance of each block of those variants that attend, mean over seeds."""
    rows: list[Json] = []
    for name, explanation in compared.explanations.items():
        known = [seed.attention_distance for seed in explanation.seeds if seed.attention_distance is not None]
        for block, heads in enumerate(np.mean(known, axis=0) if known else (), start=1):
            ends = {"mean": heads.mean(), "least": heads.min(), "most": heads.max()}
            rows.append({"variant": name, "block": block, **ends})
    return rows
