"""Complementary errors: what a second model corrects and newly breaks, and what two models give together."""

from collections.abc import Sequence

from lookalike.reporting.chapters.found import Found, main
from lookalike.reporting.chapters.pairs import NO_PAIR, both_learnt, subject
from lookalike.reporting.chapters.sentences import share
from lookalike.reporting.document import (
    Column,
    Illustration,
    Json,
    Section,
    Words,
    count,
    millions,
    p,
    percent,
    points,
    section,
    shares,
    tabulate,
    text,
)
from lookalike.reporting.figures.repairs import repairs_figure

COUNTS = (
    Column("only first right", "only_first", count),
    Column("only second right", "only_second", count),
    Column("both wrong", "both_wrong", count, "low"),
    Column("of the first's errors corrected, %", "fixed", shares, "high"),
    Column("of its right answers newly broken, %", "broken", shares, "low"),
    Column("McNemar p", "mcnemar_p", p),
)
LEDGER = (Column("first", "first", text), Column("second", "second", text), *COUNTS)
CONTROL = (Column("variant, first and second seed", "variant", text), *COUNTS)
TOGETHER = (
    Column("first", "first", text),
    Column("second", "second", text),
    Column("accuracy of an oracle, %", "oracle", shares, "high"),
    Column("of the mean, %", "averaged", shares, "high"),
    Column("mean − first, points", "averaged_gain", points, "high"),
    Column("second asked, %", "cascade.asked", percent, "low"),
    Column("accuracy of the cascade, %", "cascade.accuracy", shares, "high"),
    Column("cascade − first, points", "cascade.gain", points, "high"),
    Column("MACs per image", "cascade.macs", millions, "low"),
    Column("MACs per corrected error", "cascade.macs_per_repair", millions, "low", extra=True),
)
TOGETHER_NOTE = (
    "The mean is that of both models' probabilities after temperature scaling. In a cascade the second model is asked "
    "where the confidence of the first is at most a gate; temperatures and gates were chosen on validation images "
    "alone. An oracle knows which of two models to believe: no combination that picks one of both answers can do "
    "better. –: asking does not make more images right."
)
HOW = (
    "A bar to the right: images that only the second model gets right; to the left: only the first. The second model "
    "helps where its bar is longer than the other one, and than that of the control."
)
METHOD = (
    "First seeds on the test images, 95 % intervals. The control, hatched, is two training runs of one variant that "
    "differ in their seed alone."
)


def repairs(found: Found) -> Section | None:
    """The complementary errors of every pair of variants above chance; None if none are compared."""
    ledger = found.figures.look_alikes["repairs"]
    if not ledger["pairs"]:
        return None
    rows = both_learnt(found, ledger["pairs"])
    control = [row for row in ledger["control"] if row["variant"] in {pair["first"] for pair in rows}]
    finding = corrected(subject(found, rows, "fixed"), control) if rows else NO_PAIR
    return section(
        f"{found.study}-repairs",
        "Complementary errors",
        main(chart(found, rows, control, finding)) if rows else None,
        finding=finding,
    )


def corrected(row: Json, control: Sequence[Json]) -> str:
    """What the second model of a pair corrects and newly breaks, and what another seed of the first corrects."""
    first, second = row["first"], row["second"]
    if row["fixed"] is None:
        return f"{first} makes no error that {second} could correct."
    again = [one["fixed"] for one in control if one["variant"] == first and one["fixed"] is not None]
    return (
        f"{second} corrects {share(row['fixed'])} of the {count(row['only_second'] + row['both_wrong'])} errors of "
        f"{first} and newly breaks {share(row['broken'])} of its right answers"
        + (f"; another seed of {first} corrects {share(again[0])}." if again else ".")
    )


def chart(found: Found, rows: Sequence[Json], control: Sequence[Json], finding: str) -> Illustration | None:
    """Images that only one of two models gets right."""
    once = rows[::2]  # both orders of a pair are the same images
    numbers = (
        tabulate("Corrected and newly broken", LEDGER, rows),
        *([tabulate("The control: another seed", CONTROL, control)] if control else []),
        tabulate("Two models together", TOGETHER, rows, TOGETHER_NOTE),
    )
    words = Words(
        finding, HOW, "Diverging bars of the images that only one of two models gets right, pair by pair", METHOD
    )
    names = list(dict.fromkeys(row[side] for row in once for side in ("first", "second")))
    return found.drawn(repairs_figure(once, control), "repairs", words, names, *numbers)
