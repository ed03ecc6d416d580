"""Each variant by itself: 24 test images, confusion and calibration."""

from lookalike.reporting.chapters.found import Found, Words, rows_of
from lookalike.reporting.document import (
    Beside,
    Column,
    Fold,
    Illustration,
    Json,
    Section,
    Table,
    count,
    percent,
    section,
    tabulate,
    text,
)

SAMPLES: Words = (
    "The first 24 test images of {variant} (first seed) with the probability of each class. Blue: the true class; "
    "vermillion: a wrong prediction. Look for classes that share the probability: they are the look-alikes.",
    "24 test images, each beside a bar chart of the ten class probabilities that {variant} gives it",
)
TOP_FIVE: Words = (
    "The first eight test images under their class, and the five classes that {variant} (first seed) finds most "
    "probable; bars are as long as the probability, blue: the true class.",
    "Eight test images, each over its five most probable classes according to {variant}",
)
CONFUSION: Words = (
    "Confusion matrix of {variant} (first seed): number of test images by true (row) and predicted (column) class. "
    "Classes that look alike stand side by side, so confusions within a group gather around the diagonal.",
    "Confusion matrix of {variant} over the ten classes with counts",
)
RELIABILITY: Words = (
    "Reliability of {variant} (first seed): accuracy against confidence in 15 bins. Below the dotted line the model is "
    "surer than it is right. Underneath, how many test images each bin holds.",
    "Reliability diagram of {variant} before and after temperature scaling",
)
SHOWN = 24  # test images, as in the source report
CLASSES = (
    Column("class", "class", text),
    Column("precision, %", "precision", percent),
    Column("recall, %", "recall", percent),
    Column("F1, %", "f1", percent),
    Column("images", "support", count),
)
BINS = (
    Column("confidence above", "lower", percent),
    Column("up to", "upper", percent),
    Column("images", "count", count),
    Column("confidence, %", "confidence", percent),
    Column("accuracy, %", "accuracy", percent),
)


def variants(found: Found) -> Section:
    """The first seed of each variant that did not diverge."""
    closely = [name for name in found.evaluated if name in found.probes]
    samples, top = (
        tuple(drawn for name in closely if (drawn := picture(found, name, kind, words, probabilities(found, name))))
        for kind, words in (("samples", SAMPLES), ("top-five", TOP_FIVE))
    )
    folds = (by_itself(found, name) for name in found.evaluated)
    return section(
        f"{found.study}-variants",
        "Each variant by itself",
        section(f"{found.study}-samples", "24 test images", Beside(samples)) if samples else None,
        section(f"{found.study}-top-five", "Five most probable classes", Beside(top)) if top else None,
        section(f"{found.study}-calibration", "Confusion and calibration", *folds),
    )


def picture(found: Found, name: str, kind: str, words: Words, *numbers: Table) -> Illustration | None:
    """A figure that the evaluation drew of a variant."""
    path = found.root / "comparisons" / found.study / "figures" / name / f"{kind}.png"
    caption, alt = (part.format(variant=name) for part in words)
    return found.loaded(path, f"{name}-{kind}", (caption, alt), "compare", [name], *numbers)


def probabilities(found: Found, name: str) -> Table:
    """The ten probabilities of each of the first test images."""
    names, labels = found.class_names, found.labels
    columns = (
        Column("test image", "image", count),
        Column("class", "class", text),
        *(Column(f"{one}, %", str(k), percent) for k, one in enumerate(names)),
    )
    rows = [
        {"image": k, "class": names[labels[k]], **{str(n): float(share) for n, share in enumerate(shares)}}
        for k, shares in enumerate(found.probabilities(name)[:SHOWN])
    ]
    return tabulate(f"What {name} gives each class", columns, rows)


def by_itself(found: Found, name: str) -> Fold:
    """Confusion, calibration and the scores of each class."""
    first = found.details[name]["first_seed"]
    drawn = (
        picture(found, name, "confusion", CONFUSION, confusion(first["confusion"], found.class_names)),
        picture(found, name, "reliability", RELIABILITY, *bins(first)),
    )
    scores = tabulate(f"Scores by class of {name} (first seed)", CLASSES, first["classes"])
    return Fold(name, (Beside(tuple(one for one in drawn if one)), scores))


def confusion(counts: list[list[int]], names: list[str]) -> Table:
    """Test images by true and predicted class."""
    columns = (Column("true class", "class", text), *(Column(name, str(k), count) for k, name in enumerate(names)))
    rows = [{"class": name, **{str(k): n for k, n in enumerate(row)}} for name, row in zip(names, counts, strict=True)]
    return tabulate("Test images by true (row) and predicted class", columns, rows)


def bins(first: Json) -> list[Table]:
    """The filled bins of both reliability diagrams."""
    kinds = {"As trained": "reliability", "After temperature": "calibrated_reliability"}
    return [tabulate(title, BINS, (row for row in rows_of(first[key]) if row["count"])) for title, key in kinds.items()]
