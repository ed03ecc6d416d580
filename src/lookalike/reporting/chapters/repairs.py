"""Who repairs whose mistakes, and what two models give together."""

from lookalike.reporting.chapters.found import Found, Words
from lookalike.reporting.document import (
    Column,
    Prose,
    Section,
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
from lookalike.reporting.repairs import repairs_figure

COUNTS = (
    Column("only first right", "only_first", count),
    Column("only second right", "only_second", count),
    Column("both wrong", "both_wrong", count),
    Column("of the first's mistakes repaired, %", "fixed", shares),
    Column("of its right answers broken, %", "broken", shares),
    Column("McNemar p", "mcnemar_p", p),
)
LEDGER = (Column("first", "first", text), Column("second", "second", text), *COUNTS)
CONTROL = (Column("variant, first and second seed", "variant", text), *COUNTS)
TOGETHER = (
    Column("first", "first", text),
    Column("second", "second", text),
    Column("accuracy of an oracle, %", "oracle", shares),
    Column("of the mean, %", "averaged", shares),
    Column("mean − first, points", "averaged_gain", points),
    Column("second asked, %", "cascade.asked", percent),
    Column("accuracy of the cascade, %", "cascade.accuracy", shares),
    Column("cascade − first, points", "cascade.gain", points),
    Column("MACs of an image", "cascade.macs", millions),
    Column("MACs a repair", "cascade.macs_per_repair", millions),
)
WORDS: Words = (
    "Test images that only one of two models gets right, with 95 % intervals; hatched, two trainings of one variant "
    "that differ in their seed alone. A bar to the right is what the second model would repair of the first's "
    "mistakes, the bar to the left what it would break: a repair counts for what it is longer than the other bar, and "
    "than the control's.",
    "Diverging bars of images that only the first and only the second of two models gets right, pair by pair",
)


def repairs(found: Found) -> Section | None:
    """The ledger of every pair of the study; None if none are compared."""
    ledger = found.figures.look_alikes["repairs"]
    if not ledger["pairs"]:
        return None
    said = Prose(
        "First seeds on the test images. What is averaged are probabilities after each model's temperature. In a "
        "cascade the second model is asked where the first is no surer than a gate; temperatures and gates were chosen "
        "on validation images alone. An oracle knows which of two models to believe: no combination that picks one of "
        "both answers can do better."
    )
    once, control = ledger["pairs"][::2], ledger["control"]  # both orders of a pair are the same images
    names = list(dict.fromkeys(row[side] for row in once for side in ("first", "second")))
    tables = [
        tabulate("Repaired and broken", LEDGER, ledger["pairs"]),
        tabulate("The control: another seed", CONTROL, control),
    ]
    return section(
        f"{found.study}-repairs",
        "Who repairs whose mistakes",
        said,
        found.drawn(repairs_figure(once, control), "repairs", WORDS, names, *tables),
        tabulate("Two models together", TOGETHER, ledger["pairs"], "–: asking does not make more images right."),
    )
