"""Confusion and calibration of the focus variants."""

from collections.abc import Sequence

import numpy as np

from lookalike.reporting.address import explorer_address
from lookalike.reporting.chapters.found import Found, rows_of
from lookalike.reporting.chapters.sentences import NOTHING
from lookalike.reporting.document import (
    Column,
    Fold,
    Illustration,
    Json,
    Matrix,
    Section,
    Table,
    Words,
    count,
    percent,
    section,
    tabulate,
    text,
)

MOST = 40  # classes of a matrix; of more, those that are confused most
CORNER = "true class, down; predicted class, across"
CLASSES = (
    Column("class", "class", text),
    Column("precision, %", "precision", percent, "high"),
    Column("recall, %", "recall", percent, "high"),
    Column("F1, %", "f1", percent, "high"),
    Column("images", "support", count),
)
BINS = (
    Column("confidence above", "lower", percent),
    Column("up to", "upper", percent),
    Column("images", "count", count),
    Column("confidence, %", "confidence", percent),
    Column("accuracy, %", "accuracy", percent, "high"),
)
DIAGRAMS = {"As trained": "reliability", "After temperature": "calibrated_reliability"}


def variants(found: Found) -> Section:
    """The first seed of each focus variant."""
    matrices = {name: confusion(found, name) for name in found.focus}
    parts = (of_variant(found, name, matrix) for name, matrix in matrices.items())
    finding = "; ".join(matrix.finding.rstrip(".") for matrix in matrices.values())
    title = "Confusion and calibration"
    return section(f"{found.study}-variants", title, *parts, finding=f"{finding}." if finding else NOTHING)


def of_variant(found: Found, name: str, matrix: Matrix) -> Section:
    """Confusion, calibration and the scores of each class."""
    title = f"Scores by class of {name} (first seed)"
    scores = Fold(title, (tabulate(title, CLASSES, found.details[name]["first_seed"]["classes"]),))
    return section(f"{found.study}-{name}-confusion", name, matrix, reliability(found, name), scores)


def confusion(found: Found, name: str) -> Matrix:
    """How often each class is taken for each other one; every cell links to its images in the explorer."""
    counts = np.array(found.details[name]["first_seed"]["confusion"])
    order = confused(counts, found.params.class_order(found.data))
    names, other = found.class_names, next((one for one in found.focus if one != name), "")
    of = "" if len(order) == len(names) else f"; the {len(order)} of {len(names)} classes that are confused most"
    addresses = [
        tuple(explorer_address(found.study, name, second=other, true=true, said=said) for said in order)
        for true in order
    ]
    return Matrix(
        name=f"{name}-confusion",
        label=f"Confusion matrix of {name} (first seed{of})",
        finding=said_confusion(name, counts.tolist(), names),
        corner=CORNER,
        names=tuple(names[k] for k in order),
        counts=tuple(map(tuple, counts[np.ix_(order, order)].tolist())),
        addresses=tuple(addresses),
    )


def confused(counts: np.ndarray, order: Sequence[int]) -> list[int]:
    """The classes that a matrix shows, look-alikes side by side."""
    mistakes = counts.sum(axis=0) + counts.sum(axis=1) - 2 * counts.diagonal()
    kept = set(np.argsort(-mistakes, kind="stable")[:MOST].tolist())
    return [k for k in order if k in kept]


def said_confusion(name: str, counts: Sequence[Sequence[int]], names: Sequence[str]) -> str:
    """The most frequent confusion."""
    mistakes = np.array(counts)
    images = mistakes.sum(axis=1)
    np.fill_diagonal(mistakes, 0)
    true, said = divmod(int(mistakes.argmax()), len(names))
    if not mistakes[true, said]:
        return f"{name} makes no mistake on these test images."
    return f"{name} most often takes {names[true]} for {names[said]}: {mistakes[true, said]:,} of {images[true]:,}."


def reliability(found: Found, name: str) -> Illustration | None:
    """Accuracy against confidence, as `compare` drew it."""
    first = found.details[name]["first_seed"]
    words = Words(
        finding=said_calibration(name, first),
        how="Below the dotted line the model is more confident than it is right. Underneath, how many test images each "
        "bin holds.",
        alt=f"Reliability diagram of {name} before and after temperature scaling",
        method="First seed; accuracy against confidence in bins of equal width.",
    )
    path = found.root / "comparisons" / found.study / "figures" / name / "reliability.webp"
    return found.loaded(path, f"{name}-reliability", words, "compare", [name], *bins(first))


def said_calibration(name: str, first: Json) -> str:
    """How far confidence lies from accuracy in the mean, before and after temperature scaling."""
    before, after = (overconfidence(first[key]) for key in DIAGRAMS.values())
    kind = "above" if before > 0 else "below"
    return (
        f"The confidence of {name} lies {abs(before):.1f} points {kind} its accuracy; after temperature scaling they "
        f"are {abs(after):.1f} points apart."
    )


def overconfidence(diagram: Json) -> float:
    """Mean confidence minus accuracy in percentage points."""
    rows = [row for row in rows_of(diagram) if row["count"]]
    gaps = sum(row["count"] * (row["confidence"] - row["accuracy"]) for row in rows)
    return 100 * float(gaps) / sum(row["count"] for row in rows)


def bins(first: Json) -> list[Table]:
    """The filled bins of both reliability diagrams."""
    return [
        tabulate(title, BINS, (row for row in rows_of(first[key]) if row["count"])) for title, key in DIAGRAMS.items()
    ]
