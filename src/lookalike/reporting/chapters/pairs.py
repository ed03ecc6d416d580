"""Pairs of variants on the same test images."""

from collections.abc import Mapping, Sequence

from lookalike.reporting.address import explorer_address
from lookalike.reporting.chapters.look_alikes import PARTS
from lookalike.reporting.chapters.sentences import difference_text
from lookalike.reporting.chapters.study_results import StudyResults, rows_of_columns
from lookalike.reporting.document import Illustration, Json, Section, Table, Words, beside, section
from lookalike.reporting.figures import look_alikes as comparisons
from lookalike.reporting.forms import amounts, count, fine, p, percent, points, shares, significant, text
from lookalike.reporting.tables import Column, labels, tabulate, with_links

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
    *labels("rule", "class"),
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


def pairs_chapter(study: StudyResults) -> Section | None:
    """Pairs of variants above chance on the test images; None if none are compared."""
    compared = study.measurements.look_alikes["pairs"]
    if not compared:
        return None
    rows = [row | {"pair": f"{row['first']}, {row['second']}"} for row in pairs_above_chance(study, compared)]
    finding = accuracy_difference_sentence(study, rows)
    return section(
        f"{study.name}-pairs",
        "Pairs of variants on the same images",
        difference_illustration(study, rows, finding) if rows else None,
        *(pair_section(study, row) for row in rows),
        finding=finding,
    )


def pairs_above_chance(study: StudyResults, compared: Sequence[Json]) -> list[Json]:
    """Those pairs of which both variants are above chance."""
    return [row for row in compared if {row["first"], row["second"]} <= {*study.learnt}]


def finding_pair(study: StudyResults, rows: Sequence[Json], size: str) -> Json:
    """The pair that a finding is about: the first of focus variants, or else that with the largest value of `size`."""
    focus = [row for row in rows if {row["first"], row["second"]} <= {*study.focus}]
    return focus[0] if focus else max(rows, key=lambda row: abs(row[size]["value"]) if row[size] else 0.0)


def accuracy_difference_sentence(study: StudyResults, rows: Sequence[Json]) -> str:
    """The difference of the accuracies of a pair, and the number of pairs with a clear difference."""
    if not rows:
        return NO_PAIR
    one = finding_pair(study, rows, "accuracy_difference")
    differences = [row["accuracy_difference"] for row in rows]
    clear = sum(each["low"] > 0 or each["high"] < 0 for each in differences)
    difference = difference_text(one["accuracy_difference"])
    return (
        f"The accuracy of {one['first']} minus that of {one['second']} is {difference}; in {clear} of {len(rows)} "
        "pairs the interval of the difference excludes 0."
    )


def difference_illustration(study: StudyResults, rows: Sequence[Json], finding: str) -> Illustration | None:
    """The differences of the pairs in accuracy and in probabilities."""
    sizes = {row.variant: row.train_images for row in study.standings}
    words = Words(
        finding,
        "Dots right of 0 mean that the first variant has more: in the first panel of accuracy, in the others "
        "of probability on images on which both predict the same class.",
        "Forest plot of the differences between pairs of variants",
        "First minus second variant. Bars: 95 % bootstrap intervals over test images, for accuracy over seeds and "
        "images.",
    )
    names = list(dict.fromkeys(name for row in rows for name in (row["first"], row["second"])))
    sized = [row | {"train_images": train_images_text(row, sizes)} for row in rows]
    numbers = (
        tabulate("Pairs of variants", PAIRS, sized, PAIRS_NOTE),
        tabulate("Differences of probability", DIFFERENCES, rows),
    )
    return study.drawn_figure(comparisons.pair_figure(rows), "pairs", words, names, *numbers)


def train_images_text(pair: Json, sizes: Mapping[str, int]) -> str:
    """How many images the variants of a pair were trained on: one number if it is the same."""
    return " and ".join(dict.fromkeys(count(sizes[pair[side]]) for side in ("first", "second")))


def pair_section(study: StudyResults, row: Json) -> Section | None:
    """The pictures of one pair; None if it was not drawn."""
    pictures = [one for one in (case_illustration(study, row), divergence_illustration(study, row)) if one]
    if not pictures:
        return None
    anchor, title = f"{study.name}-{folder(row)}", f"{row['first']} and {row['second']}"
    return section(anchor, title, beside(*pictures), finding=pictures[0].words.finding)


def folder(row: Json) -> str:
    """The folder in which the pictures of a pair lie."""
    return f"{row['first']}--{row['second']}"


def case_illustration(study: StudyResults, row: Json) -> Illustration | None:
    """Test images picked by rule, with what both variants predict for them."""
    words = Words(
        most_divergent_sentence(row),
        "Next to each image are both models' probabilities, and each model's map for the class that it predicts.",
        f"Test images with the class probabilities that {row['first']} and {row['second']} predict",
        f"Picked by rule among the {len(study.test_set.shown)} test images that the report shows: of the images on "
        "which both predict the same class, wrong or right, and of those that only one gets right, the images whose "
        "distributions differ most.",
    )
    variants = [row["first"], row["second"]]
    return study.stored_chart(f"figures/{folder(row)}/cases", words, variants, case_table(study, row))


def most_divergent_sentence(row: Json) -> str:
    """The image among the cases on which a pair differs most."""
    if not row["cases"]:
        return "No test image that the report shows meets a rule."
    most = max(row["cases"], key=lambda case: case["divergence"])
    return (
        f"{row['first']} and {row['second']} differ most on test image {most['index']} ({most['rule']}), with a "
        f"divergence of {significant(most['divergence'])} bits."
    )


def case_table(study: StudyResults, pair: Json) -> Table:
    """The images that a rule picked, with what both variants predict for them and a link to the explorer."""
    names = {side: pair[side] for side in ("first", "second")}
    predicted = {side: study.probabilities(name) for side, name in names.items()}
    classes, labels = study.class_names, study.labels
    rows = [
        case
        | {"class": classes[labels[case["index"]]]}
        | {side: classes[shares[case["index"]].argmax()] for side, shares in predicted.items()}
        | {f"{side}_share": float(shares[case["index"]].max()) for side, shares in predicted.items()}
        for case in pair["cases"]
    ]
    addresses = (explorer_address(study.name, **names, image=case["index"]) for case in pair["cases"])
    return with_links(tabulate("Cases picked by rule", CASES, rows), addresses)


def divergence_illustration(study: StudyResults, row: Json) -> Illustration | None:
    """The divergence of the distributions of a pair where both predict the same class."""
    words = Words(
        divergence_sentence(row),
        "0 bits are the same distribution, 1 bit two that share nothing. Temperature scaling removes what is only "
        "sharpness.",
        f"Cumulative distribution of the Jensen-Shannon divergence between {row['first']} and {row['second']}, before "
        "and after temperature scaling",
        "Test images with the same prediction of both first seeds; means with 95 % bootstrap intervals over images.",
    )
    ranking = tabulate("The images that diverge most", DIVERGENCES, rows_of_columns(row["ranking"]))
    return study.stored_chart(f"pairs/{folder(row)}/divergence", words, [row["first"], row["second"]], ranking)


def divergence_sentence(row: Json) -> str:
    """The mean divergence of a pair before and after temperature scaling."""
    if row["divergence"] is None:
        return f"{row['first']} and {row['second']} predict the same class on no test image."
    return (
        f"On the {count(row['same_prediction'])} images with the same prediction {row['first']} and {row['second']} "
        f"diverge by {fine(row['divergence'])} bits in the mean, after temperature scaling by "
        f"{fine(row['divergence_calibrated'])} bits."
    )
