"""Complementary errors: what a second model corrects and newly breaks, and what two models give together."""

from collections.abc import Sequence

from lookalike.reporting.chapters.pairs import NO_PAIR, finding_pair, pairs_above_chance
from lookalike.reporting.chapters.sentences import share_text
from lookalike.reporting.chapters.study_results import StudyResults, on_first_page
from lookalike.reporting.document import Illustration, Json, Section, Words, section
from lookalike.reporting.figures.complementary_errors import complementary_errors_figure
from lookalike.reporting.forms import count, millions, p, percent, points, shares, text
from lookalike.reporting.tables import Column, labels, tabulate

COUNTS = (
    Column("only first right", "only_first", count),
    Column("only second right", "only_second", count),
    Column("both wrong", "both_wrong", count, "low"),
    Column("of the first's errors corrected, %", "corrected", shares, "high"),
    Column("of its right answers newly broken, %", "newly_broken", shares, "low"),
    Column("McNemar p", "mcnemar_p", p),
)
LEDGER = (*labels("first", "second"), *COUNTS)
CONTROL = (Column("variant, first and second seed", "variant", text), *COUNTS)
TOGETHER = (
    *labels("first", "second"),
    Column("accuracy of an oracle, %", "oracle", shares, "high"),
    Column("of the mean, %", "averaged", shares, "high"),
    Column("mean − first, points", "averaged_gain", points, "high"),
    Column("second asked, %", "cascade.asked", percent, "low"),
    Column("accuracy of the cascade, %", "cascade.accuracy", shares, "high"),
    Column("cascade − first, points", "cascade.gain", points, "high"),
    Column("MACs per image", "cascade.macs", millions, "low"),
    Column("MACs per corrected error", "cascade.macs_per_correction", millions, "low", extra=True),
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


def complementary_errors_chapter(study: StudyResults) -> Section | None:
    """The complementary errors of every pair of variants above chance; None if none are compared."""
    ledger = study.measurements.look_alikes["complementary_errors"]
    if not ledger["pairs"]:
        return None
    rows = pairs_above_chance(study, ledger["pairs"])
    control = [row for row in ledger["control"] if row["variant"] in {pair["first"] for pair in rows}]
    finding = corrected_sentence(finding_pair(study, rows, "corrected"), control) if rows else NO_PAIR
    return section(
        f"{study.name}-complementary-errors",
        "Complementary errors",
        on_first_page(complementary_errors_illustration(study, rows, control, finding)) if rows else None,
        finding=finding,
    )


def corrected_sentence(row: Json, control: Sequence[Json]) -> str:
    """The errors that the second model of a pair corrects and adds, and those that another seed corrects."""
    first, second = row["first"], row["second"]
    if row["corrected"] is None:
        return f"{first} makes no error that {second} could correct."
    errors = row["only_second"] + row["both_wrong"]
    corrected, newly_broken = share_text(row["corrected"]), share_text(row["newly_broken"])
    again = [one["corrected"] for one in control if one["variant"] == first and one["corrected"] is not None]
    return (
        f"{second} corrects {corrected} of the {count(errors)} errors of {first} and newly breaks {newly_broken} of "
        f"its right answers{f'; another seed of {first} corrects {share_text(again[0])}' if again else ''}."
    )


def complementary_errors_illustration(
    study: StudyResults, rows: Sequence[Json], control: Sequence[Json], finding: str
) -> Illustration | None:
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
    return study.drawn_figure(
        complementary_errors_figure(once, control), "complementary-errors", words, names, *numbers
    )
