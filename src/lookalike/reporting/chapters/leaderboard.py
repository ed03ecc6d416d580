"""The leaderboard: every variant of every study in one table."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from lookalike.evaluation.calibration import COLDEST, HOTTEST
from lookalike.reporting.chapters.found import Found, at_chance
from lookalike.reporting.chapters.standings import reductions_of
from lookalike.reporting.document import (
    Column,
    Json,
    Prose,
    Section,
    count,
    duration,
    estimate,
    known,
    millions,
    number,
    percent,
    section,
    tabulate,
    text,
)
from lookalike.reporting.leaderboard import Standing


def marked(accuracy: Json) -> str:
    """An accuracy in percent; the best one of its study with a star."""
    return f"{percent(accuracy['value'])}{' ★' if accuracy['best'] else ''}"


def fitted(temperature: Json) -> str:
    """A mean temperature, and how many seeds' temperatures lie at a bound of the search, if any does."""
    seeds = temperature["at_bound"]
    return number(temperature["value"]) + (f" ({count(seeds)} at the bound)" if seeds else "")


COLUMNS = (
    Column("variant", "variant", text),
    Column("study", "study", text),
    Column("test accuracy, %", "accuracy", marked, better="high"),
    Column("95 % interval", "interval", text),
    Column("seeds", "seeds", count),
    Column("parameters", "parameters", count, better="low"),
    Column("MACs per image", "macs", millions, better="low"),
    Column("training per seed", "training_seconds", duration, better="low"),
    Column("reduced", "reduced", text),
    Column("± over seeds, points", "accuracy_sd", percent, better="low", extra=True),
    Column("diverged", "diverged", count, better="low", extra=True),
    Column("top-2, %", "top2_accuracy", percent, better="high", extra=True),
    Column("NLL, nats", "nll", number, better="low", extra=True),
    Column("Brier", "brier", number, better="low", extra=True),
    Column("ECE, %", "ece", known(estimate(100, 2)), better="low", extra=True),
    Column("ECE at T, %", "calibrated_ece", percent, better="low", extra=True),
    Column("T", "temperature", fitted, extra=True),
    Column("training images", "train_images", count, extra=True),
    Column("epochs", "epochs", count, extra=True),
    Column("images/s in training", "images_per_second", count, better="high", extra=True),
)
LEGEND = (
    "★: the highest accuracy of its study. Accuracy: mean over seeds; the interval holds other seeds and other test "
    "images. A variant with fewer than three seeds has the seed-to-seed deviation of its study's variants with three "
    "or more, if there are any. MACs: multiply-accumulates. Reduced: what the profile's budget took from the study's "
    "settings; what is said of such a variant does not hold for the whole one. NLL: negative log-likelihood. ECE: "
    "expected calibration error in 15 bins, mean over seeds, with a 95 % basic bootstrap interval over test images, "
    "and again after the temperature T was fitted on validation images (geometric mean over seeds; searched between "
    f"{COLDEST:g} and {HOTTEST:g}, and a limit rather than an optimum where seeds end at a bound)."
)


def leaderboard(studies: Sequence[Found]) -> Section:
    """Every variant of every study, the most accurate first."""
    rows = [row for found in studies for row in rows_of(found)]
    said = " ".join(best_of(found) for found in studies)
    table = tabulate("Leaderboard", COLUMNS, rows, LEGEND)
    return section("leaderboard", "Leaderboard", *idle(studies), table, finding=said)


def best_of(found: Found) -> str:
    """Which variant of a study is the most accurate."""
    rows = [row for row in ranked(found.standings) if row.variant in found.learnt]
    if not rows:
        return f"In the study {found.study} no variant is above chance."
    best = rows[0]
    return (
        f"In the study {found.study} {best.variant} is the most accurate of {len(found.standings)} variants: "
        f"{percent(best.accuracy)} % ({bounds(best)})."
    )


def ranked(standings: Sequence[Standing]) -> list[Standing]:
    """The most accurate first; those without an accuracy last."""
    return sorted(standings, key=lambda row: -1 if row.accuracy is None else row.accuracy, reverse=True)


def bounds(row: Standing) -> str | None:
    """The interval of the accuracy in percent; None without one."""
    if row.accuracy_low is None or row.accuracy_high is None:
        return None
    return f"{percent(row.accuracy_low)} to {percent(row.accuracy_high)}"


def rows_of(found: Found) -> Iterator[Json]:
    """The rows of one study."""
    for place, row in enumerate(ranked(found.standings)):
        best = place == 0 and row.variant in found.learnt
        error = None if row.ece is None else {"value": row.ece, "low": row.ece_low, "high": row.ece_high}
        yield asdict(row) | {
            "accuracy": {"value": row.accuracy, "best": best},
            "interval": bounds(row),
            "reduced": reductions_of(row, found.params),
            "ece": error,
            "temperature": {"value": row.temperature, "at_bound": row.temperature_at_bound},
        }


def idle(studies: Sequence[Found]) -> Iterator[Prose]:
    """Which variants of a study do not train."""
    for found in studies:
        names = [row.variant for row in found.standings if at_chance(row, found.chance)]
        if names:
            chance = f"{percent(found.chance)} %, the accuracy of one class for every test image"
            yield Prose(f"**Not above chance** in the study {found.study} ({chance}): {', '.join(names)}.")
