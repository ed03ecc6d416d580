"""Look-alike classes, and pairs of variants on the same images."""

from collections.abc import Mapping, Sequence

from lookalike.reporting import comparisons
from lookalike.reporting.chapters.found import Found, rows_of
from lookalike.reporting.document import (
    Beside,
    Column,
    Illustration,
    Json,
    Prose,
    Section,
    amounts,
    count,
    fine,
    named,
    p,
    percent,
    points,
    section,
    shares,
    significant,
    tabulate,
    text,
)
from lookalike.reporting.leaderboard import Standing

FIGURES = (
    Column("variant", "variant", text),
    Column("group accuracy, %", "group_accuracy", shares),
    Column("wrong within group, %", "confused_within", shares),
    Column("wrong across groups, %", "confused_across", shares),
    Column("severity of a mistake", "severity", amounts),
    Column("mistakes a seed", "mistakes", count),
    Column("shopper: of the class", "shopper_true", amounts),
    Column("shopper: of the group", "shopper_group", amounts),
    Column("margin, points", "margin", shares),
    Column("entropy, nats", "entropy", amounts),
    Column("confidence − accuracy, points", "overconfidence", points),
)
PARTS = {"true": "true", "look_alikes": "look-alikes", "outside": "outside"}
PROBABILITY = (
    Column("variant", "variant", text),
    *(
        Column(f"{name}, {case}", f"{part}_{case}", shares)
        for case in ("all", "right", "wrong")
        for part, name in PARTS.items()
    ),
)
PAIRS = (
    Column("first and second", "pair", text),
    Column("training images", "train_images", text),
    Column("accuracy, first − second, points", "accuracy_difference", points),
    Column("only first right", "only_first_right", count),
    Column("only second right", "only_second_right", count),
    Column("McNemar p", "mcnemar_p", p),
    Column("error consistency κ", "error_consistency", amounts),
    Column("same prediction", "same_prediction", count),
    Column("divergence, bits", "divergence", fine),
    Column("after temperature, bits", "divergence_calibrated", fine),
    Column("confidence apart, points", "confidence_gap", shares),
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
    Column("rule", "rule", text),
    Column("test image", "index", count),
    Column("class", "class", text),
    Column("first says", "first", text),
    Column("to it, first, %", "first_share", percent),
    Column("second says", "second", text),
    Column("to it, second, %", "second_share", percent),
    Column("divergence, bits", "divergence", significant),
)
DIVERGENCES = (
    Column("test image", "indices", count),
    Column("divergence, bits", "divergence", significant),
    Column("after temperature, bits", "divergence_calibrated", significant),
)


def look_alikes(found: Found) -> Section:
    """How often models take a class for its look-alikes, and where their probability goes."""
    variants = found.figures.look_alikes["variants"]
    note = (
        "Means over seeds with 95 % bootstrap intervals over test images. Severity: 1 within the group, 2 across, "
        "mean over the mistakes beside it. Shopper: of ten products allotted by the predicted probabilities, how "
        "many are of the class that she came for, and of its look-alike group. Margin: between the two highest "
        "probabilities."
    )
    errors = found.drawn(
        comparisons.errors_figure(variants),
        "errors",
        (
            "Left: how often a variant is wrong within the look-alike group and across groups (95 % intervals). "
            "Right: how severe its mistakes are in the mean, and of how many mistakes this is the mean: a model "
            "that makes more of the easy mistakes looks milder.",
            "Error rates within and across groups, and mistake severity, by variant",
        ),
        list(variants),
        tabulate("Look-alike classes", FIGURES, named(variants), note),
    )
    probability = found.drawn(
        comparisons.shares_figure(variants),
        "shares",
        (
            "Where the probability goes: to the true class, to its look-alikes, outside the group. Above over the test "
            "images that the variant gets right, below over those that it gets wrong.",
            "Stacked bars of the probability given to the true class, its look-alikes and other groups, by variant",
        ),
        list(variants),
        tabulate("Where the probability goes, %", PROBABILITY, named(variants)),
    )
    anchor = f"{found.study}-look-alikes"
    return section(anchor, "Look-alike classes", errors, probability, trained_on(found))


def on_test_images(standing: Standing) -> dict[str, float | None] | None:
    """A variant's accuracy on the test images with its interval; None if every seed diverged."""
    if standing.accuracy is None:
        return None
    return {"value": standing.accuracy, "low": standing.accuracy_low, "high": standing.accuracy_high}


def trained_on(found: Found) -> Section:
    """What is known of test images that stand in the training set."""
    twice = found.figures.look_alikes["duplicates"]
    same, near = (listed(twice[key]) for key in ("images", "near"))
    prose = [
        Prose(
            f"Test images that stand, byte for byte, in the training set as well: {same}. Those that share the average "
            "hash (a bit a pixel: brighter than the image's mean) of a training image of the same label without being "
            f"the same: {near}."
        )
    ]
    if not (twice["images"] or twice["near"]):
        return Section(f"{found.study}-trained-on", "Test images that were trained on", tuple(prose))
    columns = (
        Column("variant", "variant", text),
        Column("accuracy with them, %", "with", percent),
        Column("without, %", "without", percent),
    )
    table = tabulate("Accuracy with and without images that were trained on", columns, named(twice["accuracy"]))
    return section(f"{found.study}-trained-on", "Test images that were trained on", *prose, table)


def listed(numbers: Sequence[int]) -> str:
    """How many, and which."""
    return f"{len(numbers)} (numbers {', '.join(map(str, numbers))})" if numbers else "none"


def pairs(found: Found) -> Section | None:
    """Pairs of variants on the test images; None if none are compared."""
    compared = [row | {"pair": f"{row['first']}, {row['second']}"} for row in found.figures.look_alikes["pairs"]]
    if not compared:
        return None
    note = (
        "Two numbers of training images: the variants were trained on different amounts, which may be what makes them "
        "differ. Accuracy: all seeds, 95 % interval over seeds and test images. The rest: first seeds. McNemar: exact, "
        "two-sided. κ: 1 if both err on the same images, 0 as if by chance. Divergence: Jensen–Shannon, mean over the "
        "images with the same prediction. Confidence apart: mean absolute difference where both are right."
    )
    picture = found.drawn(
        comparisons.pair_figure(compared),
        "pairs",
        (
            "First minus second variant, with 95 % intervals of the bootstrap over test images. The differences of "
            "probability are over images on which both predict the same class.",
            "Forest plot of the differences between pairs of variants",
        ),
        list(dict.fromkeys(name for row in compared for name in (row["first"], row["second"]))),
        tabulate("Differences of probability", DIFFERENCES, compared),
    )
    sizes = {row.variant: row.train_images for row in found.standings}
    amounts_of = [row | {"train_images": trained_with(row, sizes)} for row in compared]
    table = tabulate("Pairs of variants", PAIRS, amounts_of, note)
    closely = (one_pair(found, row) for row in compared)
    return section(f"{found.study}-pairs", "Pairs of variants on the same images", table, picture, *closely)


def trained_with(pair: Json, sizes: Mapping[str, int]) -> str:
    """How many images the variants of a pair were trained on: one number if it is the same."""
    return " and ".join(dict.fromkeys(count(sizes[pair[side]]) for side in ("first", "second")))


def one_pair(found: Found, row: Json) -> Section | None:
    """The pictures of one pair; None if it was not drawn."""
    names = {"first": row["first"], "second": row["second"]}
    folder = "--".join(names.values())
    shown = found.loaded(
        found.root / "comparisons" / found.study / "figures" / folder / "cases.png",
        f"{folder}-cases",
        (
            f"Test images picked by rule for {names['first']} and {names['second']}, among the "
            f"{len(found.test_set.shown)} that the report shows. Of the images on which both predict the same class, "
            "wrong or right, those whose distributions differ most; and of the images that only one gets right, those "
            "whose distributions differ most. Each model's map for the class that it predicts is shown next to its "
            "probabilities, with the gain of such maps.",
            f"Test images beside the class probabilities that {names['first']} and {names['second']} predict",
        ),
        "compare",
        list(names.values()),
        tabulate("Cases picked by rule", CASES, cases(found, row)),
    )
    ranking = tabulate("The images that diverge most", DIVERGENCES, rows_of(row["ranking"]))
    divergence = found.loaded(
        found.root / "comparisons" / found.study / "pairs" / folder / "divergence.png",
        f"{folder}-divergence",
        (
            f"How different the distributions of {names['first']} and {names['second']} are where both predict the "
            "same class: 0 bits are the same distribution, 1 bit two that share nothing. Temperature scaling takes "
            "away what is only sharpness.",
            f"Cumulative distribution of the Jensen-Shannon divergence between {names['first']} and {names['second']}, "
            "before and after temperature scaling",
        ),
        "compare",
        list(names.values()),
        ranking,
    )
    both: tuple[Illustration, ...] = tuple(picture for picture in (shown, divergence) if picture)
    if not both:
        return None
    return section(f"{found.study}-{folder}", f"{names['first']} and {names['second']}: cases by rule", Beside(both))


def cases(found: Found, pair: Json) -> list[Json]:
    """The images that a rule picked, with what both say of them."""
    said = {side: found.probabilities(pair[side]) for side in ("first", "second")}
    names, labels = found.class_names, found.labels
    return [
        case
        | {"class": names[labels[case["index"]]]}
        | {side: names[shares[case["index"]].argmax()] for side, shares in said.items()}
        | {f"{side}_share": float(shares[case["index"]].max()) for side, shares in said.items()}
        for case in pair["cases"]
    ]
