"""Each variant by itself: some test images, confusion and calibration."""

from lookalike.reporting import figures as drawings
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
    "The probabilities that {variant} (first seed) predicts for {count} test images: the first of each class, then the "
    "second, and so on. Blue: the true class; vermillion: a wrong prediction. Look for classes that share the "
    "probability: they are the look-alikes.",
    "{count} test images, each beside a bar chart of the class probabilities that {variant} predicts",
)
TOP_FIVE: Words = (
    "The five classes that {variant} (first seed) finds most probable for the first {count} of these test images. The "
    "true class stands above each image. Bars are as long as the probability; blue: the true class.",
    "{count} test images, each over its five most probable classes according to {variant}",
)
CONFUSION: Words = (
    "Confusion matrix of {variant} (first seed): number of test images by true (row) and predicted (column) class. "
    "Classes that look alike stand side by side, so confusions within a group gather around the diagonal.",
    "Confusion matrix of {variant} over all classes with counts",
)
RELIABILITY: Words = (
    "Reliability of {variant} (first seed): accuracy against confidence in 15 bins. Below the dotted line the model is "
    "surer than it is right. Underneath, how many test images each bin holds.",
    "Reliability diagram of {variant} before and after temperature scaling",
)
SHOWN = {"samples": drawings.SAMPLES, "top-five": drawings.TOP_SHOWN}  # test images at most, by figure
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
        tuple(one for name in closely if (one := picture(found, name, kind, words, probabilities(found, name, kind))))
        for kind, words in (("samples", SAMPLES), ("top-five", TOP_FIVE))
    )
    folds = (by_itself(found, name) for name in found.evaluated)
    return section(
        f"{found.study}-variants",
        "Each variant by itself",
        section(f"{found.study}-samples", "Some test images", Beside(samples)) if samples else None,
        section(f"{found.study}-top-five", "Five most probable classes", Beside(top)) if top else None,
        section(f"{found.study}-calibration", "Confusion and calibration", *folds),
    )


def picture(found: Found, name: str, kind: str, words: Words, *numbers: Table) -> Illustration | None:
    """A figure that `compare` drew of a variant."""
    path = found.root / "comparisons" / found.study / "figures" / name / f"{kind}.png"
    caption, alt = (part.format(variant=name, count=len(shown(found, kind))) for part in words)
    return found.loaded(path, f"{name}-{kind}", (caption, alt), "compare", [name], *numbers)


def shown(found: Found, kind: str) -> list[int]:
    """The test images that a kind of figure shows."""
    indices: list[int] = found.test_set.shown[: SHOWN.get(kind)].tolist()
    return indices


def probabilities(found: Found, name: str, kind: str) -> Table:
    """The probabilities of each class of the test images that a kind of figure shows."""
    names, labels, shares = found.class_names, found.labels, found.probabilities(name)
    columns = (
        Column("test image", "image", count),
        Column("class", "class", text),
        *(Column(f"{one}, %", str(k), percent) for k, one in enumerate(names)),
    )
    rows = [
        {"image": k, "class": names[labels[k]], **{str(n): float(share) for n, share in enumerate(shares[k])}}
        for k in shown(found, kind)
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
