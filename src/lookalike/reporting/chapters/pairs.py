"""Pairs of variants on the same test images."""

from collections.abc import Mapping, Sequence

from lookalike.reporting.address import explorer_address
from lookalike.reporting.chapters.found import Found, rows_of
from lookalike.reporting.chapters.sentences import change
from lookalike.reporting.document import (
    Beside,
    Column,
    Illustration,
    Json,
    Section,
    Table,
    Words,
    amounts,
    count,
    fine,
    p,
    percent,
    points,
    section,
    shares,
    significant,
    tabulate,
    text,
    with_links,
)
from lookalike.reporting.figures import look_alikes as comparisons

PAIRS = (
    Column("first and second", "pair", text),
    Column("training images", "train_images", text),
    Column("accuracy, first − second, points", "accuracy_difference", points, "high"),
    Column("only first right", "only_first_right", count, extra=True),
    Column("only second right", "only_second_right", count, extra=True),
    Column("McNemar p", "mcnemar_p", p),
    Column("error consistency κ", "error_consistency", amounts),
    Column("same prediction", "same_prediction", count),
    Column("divergence, bits", "divergence", fine),
    Column("after temperature, bits", "divergence_calibrated", fine),
    Column("confidence apart, points", "confidence_gap", shares),
)
PAIRS_NOTE = (
    "Two numbers of training images: the variants were trained on different amounts, which may be what makes them "
    "differ. Accuracy: all seeds, 95 % interval over seeds and test images. The rest: first seeds. McNemar: exact, "
    "two-sided. κ: 1 if both err on the same images, 0 as if by chance. Divergence: Jensen–Shannon, mean over the "
    "images with the same prediction. Confidence apart: mean absolute difference where both are right."
)
PARTS = {"true": "true", "look_alikes": "look-alikes", "outside": "outside"}
DIFFERENCES = (
    Column("first and second", "pair", text),
    *(
        Column(f"{name}, {case}, points", f"{key}.{part}", points)
        for key, case in (("both_wrong", "both wrong"), ("both_right_with_look_alikes", "both right"))
        for part, name in PARTS.items()
    ),
)
CASES = (
    Column("test image", "index", count),
    Column("rule", "rule", text),
    Column("class", "class", text),
    Column("first predicts", "first", text),
    Column("its probability, %", "first_share", percent),
    Column("second predicts", "second", text),
    Column("its probability, %", "second_share", percent),
    Column("divergence, bits", "divergence", significant, "high"),
)
DIVERGENCES = (
    Column("test image", "indices", count),
    Column("divergence, bits", "divergence", significant, "high"),
    Column("after temperature, bits", "divergence_calibrated", significant, "high"),
)
NO_PAIR = "In no pair are both variants above chance in this run."


def pairs(found: Found) -> Section | None:
    """Pairs of variants above chance on the test images; None if none are compared."""
    compared = found.figures.look_alikes["pairs"]
    if not compared:
        return None
    rows = [row | {"pair": f"{row['first']}, {row['second']}"} for row in both_learnt(found, compared)]
    finding = apart(found, rows)
    return section(
        f"{found.study}-pairs",
        "Pairs of variants on the same images",
        forest(found, rows, finding) if rows else None,
        *(one_pair(found, row) for row in rows),
        finding=finding,
    )


def both_learnt(found: Found, compared: Sequence[Json]) -> list[Json]:
    """Those pairs of which both variants are above chance."""
    return [row for row in compared if {row["first"], row["second"]} <= {*found.learnt}]


def subject(found: Found, rows: Sequence[Json], size: str) -> Json:
    """The pair that a finding is about: the first of focus variants, or else that with the largest value of `size`."""
    focus = [row for row in rows if {row["first"], row["second"]} <= {*found.focus}]
    return focus[0] if focus else max(rows, key=lambda row: abs(row[size]["value"]) if row[size] else 0.0)


def apart(found: Found, rows: Sequence[Json]) -> str:
    """By how much the accuracies of a pair differ, and in how many pairs they do so."""
    if not rows:
        return NO_PAIR
    one = subject(found, rows, "accuracy_difference")
    differences = [row["accuracy_difference"] for row in rows]
    clear = sum(each["low"] > 0 or each["high"] < 0 for each in differences)
    return (
        f"The accuracy of {one['first']} minus that of {one['second']} is {change(one['accuracy_difference'])}; in "
        f"{clear} of {len(rows)} pairs the interval of the difference excludes 0."
    )


def forest(found: Found, rows: Sequence[Json], finding: str) -> Illustration | None:
    """How the pairs differ in accuracy, and in where probability goes."""
    sizes = {row.variant: row.train_images for row in found.standings}
    words = Words(
        finding,
        "Dots right of 0 mean that the first variant has more: at the left of accuracy, in the other panels of "
        "probability on images on which both predict the same class.",
        "Forest plot of the differences between pairs of variants",
        "First minus second variant. Bars: 95 % bootstrap intervals over test images, for accuracy over seeds and "
        "images.",
    )
    names = list(dict.fromkeys(name for row in rows for name in (row["first"], row["second"])))
    numbers = (
        tabulate(
            "Pairs of variants", PAIRS, [row | {"train_images": trained_with(row, sizes)} for row in rows], PAIRS_NOTE
        ),
        tabulate("Differences of probability", DIFFERENCES, rows),
    )
    return found.drawn(comparisons.pair_figure(rows), "pairs", words, names, *numbers)


def trained_with(pair: Json, sizes: Mapping[str, int]) -> str:
    """How many images the variants of a pair were trained on: one number if it is the same."""
    return " and ".join(dict.fromkeys(count(sizes[pair[side]]) for side in ("first", "second")))


def one_pair(found: Found, row: Json) -> Section | None:
    """The pictures of one pair; None if it was not drawn."""
    both = tuple(picture for picture in (shown_cases(found, row), divergence(found, row)) if picture)
    anchor, title = f"{found.study}-{folder(row)}", f"{row['first']} and {row['second']}"
    return section(anchor, title, Beside(both), finding=both[0].words.finding) if both else None


def folder(row: Json) -> str:
    """Where the pictures of a pair lie."""
    return f"{row['first']}--{row['second']}"


def shown_cases(found: Found, row: Json) -> Illustration | None:
    """Test images picked by rule, with what both variants predict for them."""
    words = Words(
        most_divergent(row),
        "Next to each image are both models' probabilities, and each model's map for the class that it predicts.",
        f"Test images with the class probabilities that {row['first']} and {row['second']} predict",
        f"Picked by rule among the {len(found.test_set.shown)} test images that the report shows: of the images on "
        "which both predict the same class, wrong or right, and of those that only one gets right, the images whose "
        "distributions differ most.",
    )
    path = found.root / "comparisons" / found.study / "figures" / folder(row) / "cases.webp"
    variants = [row["first"], row["second"]]
    return found.loaded(path, f"{folder(row)}-cases", words, "compare", variants, linked_cases(found, row))


def most_divergent(row: Json) -> str:
    """The image among the cases on which a pair differs most."""
    if not row["cases"]:
        return "No test image that the report shows meets a rule."
    most = max(row["cases"], key=lambda case: case["divergence"])
    return (
        f"{row['first']} and {row['second']} differ most on test image {most['index']} ({most['rule']}), with a "
        f"divergence of {significant(most['divergence'])} bits."
    )


def linked_cases(found: Found, row: Json) -> Table:
    """The cases, each with a link to the explorer."""
    table = tabulate("Cases picked by rule", CASES, cases(found, row))
    names = {"first": row["first"], "second": row["second"]}
    addresses = (explorer_address(found.study, **names, image=case["index"]) for case in row["cases"])
    return with_links(table, addresses)


def cases(found: Found, pair: Json) -> list[Json]:
    """The images that a rule picked, with what both variants predict for them."""
    predicted = {side: found.probabilities(pair[side]) for side in ("first", "second")}
    names, labels = found.class_names, found.labels
    return [
        case
        | {"class": names[labels[case["index"]]]}
        | {side: names[shares[case["index"]].argmax()] for side, shares in predicted.items()}
        | {f"{side}_share": float(shares[case["index"]].max()) for side, shares in predicted.items()}
        for case in pair["cases"]
    ]


def divergence(found: Found, row: Json) -> Illustration | None:
    """How different the distributions of a pair are where both predict the same class."""
    words = Words(
        mean_divergence(row),
        "0 bits are the same distribution, 1 bit two that share nothing. Temperature scaling removes what is only "
        "sharpness.",
        f"Cumulative distribution of the Jensen-Shannon divergence between {row['first']} and {row['second']}, before "
        "and after temperature scaling",
        "Test images with the same prediction of both first seeds; means with 95 % bootstrap intervals over images.",
    )
    path = found.root / "comparisons" / found.study / "pairs" / folder(row) / "divergence.webp"
    ranking = tabulate("The images that diverge most", DIVERGENCES, rows_of(row["ranking"]))
    variants = [row["first"], row["second"]]
    return found.loaded(path, f"{folder(row)}-divergence", words, "compare", variants, ranking)


def mean_divergence(row: Json) -> str:
    """The mean divergence of a pair before and after temperature scaling."""
    if row["divergence"] is None:
        return f"{row['first']} and {row['second']} predict the same class on no test image."
    return (
        f"On the {count(row['same_prediction'])} images with the same prediction {row['first']} and {row['second']} "
        f"diverge by {fine(row['divergence'])} bits in the mean, after temperature scaling by "
        f"{fine(row['divergence_calibrated'])} bits."
    )
