"""Confusion and calibration of the focus variants."""

from collections.abc import Sequence

import numpy as np

from lookalike.reporting.address import explorer_address
from lookalike.reporting.chapters.sentences import NOTHING
from lookalike.reporting.chapters.study_results import StudyResults, rows_of_columns
from lookalike.reporting.document import Fold, Illustration, Json, Matrix, Section, Words, section
from lookalike.reporting.forms import count, percent, text
from lookalike.reporting.tables import Column, tabulate

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


def variants_chapter(study: StudyResults) -> Section:
    """The first seed of each focus variant."""
    matrices = {name: confusion_table(study, name) for name in study.focus}
    parts = (variant_section(study, name, matrix) for name, matrix in matrices.items())
    finding = "; ".join(matrix.finding.rstrip(".") for matrix in matrices.values())
    title = "Confusion and calibration"
    return section(f"{study.name}-variants", title, *parts, finding=f"{finding}." if finding else NOTHING)


def variant_section(study: StudyResults, name: str, matrix: Matrix) -> Section:
    title = f"Scores by class of {name} (first seed)"
    scores = Fold(title, (tabulate(title, CLASSES, study.details[name]["first_seed"]["classes"]),))
    return section(f"{study.name}-{name}-confusion", name, matrix, reliability_illustration(study, name), scores)


def confusion_table(study: StudyResults, name: str) -> Matrix:
    """How often each class is taken for each other one; every cell links to its images in the explorer."""
    counts = np.array(study.details[name]["first_seed"]["confusion"])
    order = shown_classes(counts, study.params.class_order(study.data))
    names, other = study.class_names, next((one for one in study.focus if one != name), "")
    of = "" if len(order) == len(names) else f"; the {len(order)} of {len(names)} classes that are confused most"
    addresses = [
        tuple(explorer_address(study.name, name, second=other, true=true, said=said) for said in order)
        for true in order
    ]
    return Matrix(
        name=f"{name}-confusion",
        label=f"Confusion matrix of {name} (first seed{of})",
        finding=confusion_sentence(name, counts.tolist(), names),
        corner=CORNER,
        names=tuple(names[k] for k in order),
        counts=tuple(map(tuple, counts[np.ix_(order, order)].tolist())),
        addresses=tuple(addresses),
    )


def shown_classes(counts: np.ndarray, order: Sequence[int]) -> list[int]:
    """The classes that a matrix shows, look-alikes side by side."""
    mistakes = counts.sum(axis=0) + counts.sum(axis=1) - 2 * counts.diagonal()
    kept = set(np.argsort(-mistakes, kind="stable")[:MOST].tolist())
    return [k for k in order if k in kept]


def confusion_sentence(name: str, counts: Sequence[Sequence[int]], names: Sequence[str]) -> str:
    """The most frequent confusion."""
    mistakes = np.array(counts)
    images = mistakes.sum(axis=1)
    np.fill_diagonal(mistakes, 0)
    true, said = divmod(int(mistakes.argmax()), len(names))
    if not mistakes[true, said]:
        return f"{name} makes no mistake on these test images."
    return f"{name} most often takes {names[true]} for {names[said]}: {mistakes[true, said]:,} of {images[true]:,}."


def reliability_illustration(study: StudyResults, name: str) -> Illustration | None:
    """Accuracy against confidence, as `compare` drew it."""
    first = study.details[name]["first_seed"]
    tables = [tabulate(title, BINS, filled_bins(first[key])) for title, key in DIAGRAMS.items()]
    words = Words(
        finding=calibration_sentence(name, first),
        how="Below the dotted line the model is more confident than it is right. Underneath, how many test images each "
        "bin holds.",
        alt=f"Reliability diagram of {name} before and after temperature scaling",
        method="First seed; accuracy against confidence in bins of equal width.",
    )
    return study.stored_chart(f"figures/{name}/reliability", words, [name], *tables)


def calibration_sentence(name: str, first: Json) -> str:
    """The mean difference of confidence and accuracy, before and after temperature scaling."""
    before, after = (overconfidence(first[key]) for key in DIAGRAMS.values())
    kind = "above" if before > 0 else "below"
    return (
        f"The confidence of {name} lies {abs(before):.1f} points {kind} its accuracy; after temperature scaling they "
        f"are {abs(after):.1f} points apart."
    )


def overconfidence(diagram: Json) -> float:
    """Mean confidence minus accuracy in percentage points."""
    rows = filled_bins(diagram)
    gaps = sum(row["count"] * (row["confidence"] - row["accuracy"]) for row in rows)
    return 100 * float(gaps) / sum(row["count"] for row in rows)


def filled_bins(diagram: Json) -> list[Json]:
    """The bins of a reliability diagram that hold images."""
    return [row for row in rows_of_columns(diagram) if row["count"]]
