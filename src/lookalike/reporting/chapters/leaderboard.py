"""The leaderboard: every variant of every study in one table."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from lookalike.evaluation.calibration import COLDEST, HOTTEST
from lookalike.reporting.chapters.sentences import tenths_text
from lookalike.reporting.chapters.study_results import StudyResults, accuracy_estimate, ece_estimate, not_above_chance
from lookalike.reporting.chapters.training import reductions_of
from lookalike.reporting.document import Json, Prose, Section, section
from lookalike.reporting.forms import count, duration, estimate_form, millions, number, or_dash, percent, text
from lookalike.reporting.leaderboard import Standing
from lookalike.reporting.tables import Column, labels, tabulate


def accuracy_text(accuracy: Json) -> str:
    """An accuracy in percent; the best one of its study with a star."""
    return f"{percent(accuracy['value'])}{' ★' if accuracy['best'] else ''}"


def temperature_text(temperature: Json) -> str:
    """A mean temperature, and how many seeds' temperatures lie at a bound of the search, if any does."""
    seeds = temperature["at_bound"]
    return number(temperature["value"]) + (f" ({count(seeds)} at the bound)" if seeds else "")


COLUMNS = (
    *labels("variant", "study"),
    Column("test accuracy, %", "accuracy", accuracy_text, better="high"),
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
    Column("ECE, %", "ece", or_dash(estimate_form(100, 2)), better="low", extra=True),
    Column("ECE at T, %", "calibrated_ece", percent, better="low", extra=True),
    Column("T", "temperature", temperature_text, extra=True),
    Column("training images", "train_images", count, extra=True),
    Column("epochs", "epochs", count, extra=True),
    Column("images/s in training", "images_per_second", count, better="high", extra=True),
)
LEGEND = (
    "★: the highest accuracy of its study. Accuracy: mean over seeds; the interval covers other seeds and other test "
    "images. A variant with fewer than three seeds uses the seed-to-seed deviation of its study's variants with three "
    "or more, if there are any. MACs: multiply-accumulates. Reduced: how the profile's budget reduces the study's "
    "settings; results of a reduced variant do not hold for the full one. NLL: negative log-likelihood. ECE: expected "
    "calibration error in 15 bins, mean over seeds, with a 95 % basic bootstrap interval over test images, and again "
    "after the temperature T was fitted on validation images (geometric mean over seeds; searched between "
    f"{COLDEST:g} and {HOTTEST:g}; it is a limit rather than an optimum where seeds end at a bound)."
)


def leaderboard_chapter(studies: Sequence[StudyResults]) -> Section:
    """All variants of all studies, the most accurate first."""
    rows = [row for study in studies for row in leaderboard_rows(study)]
    table = tabulate("Leaderboard", COLUMNS, rows, LEGEND)
    finding = f"The most accurate variants: {'; '.join(best_of(study) for study in studies)}."
    return section("leaderboard", "Leaderboard", *untrained_notes(studies), table, finding=finding)


def best_of(study: StudyResults) -> str:
    """The most accurate variant of a study."""
    for row in ranked(study.standings):
        if row.variant in study.learnt and (accuracy := accuracy_estimate(row)):
            return f"in {study.name} {row.variant}, {tenths_text(accuracy)}"
    return f"in {study.name} none is above chance"


def ranked(standings: Sequence[Standing]) -> list[Standing]:
    """The most accurate first; those without an accuracy last."""
    return sorted(standings, key=lambda row: -1 if row.accuracy is None else row.accuracy, reverse=True)


def interval_text(row: Standing) -> str | None:
    """The interval of the accuracy in percent; None without one."""
    if row.accuracy_low is None or row.accuracy_high is None:
        return None
    return f"{percent(row.accuracy_low)} to {percent(row.accuracy_high)}"


def leaderboard_rows(study: StudyResults) -> Iterator[Json]:
    for place, row in enumerate(ranked(study.standings)):
        yield asdict(row) | {
            "accuracy": {"value": row.accuracy, "best": place == 0 and row.variant in study.learnt},
            "interval": interval_text(row),
            "reduced": reductions_of(row, study.params),
            "ece": ece_estimate(row),
            "temperature": {"value": row.temperature, "at_bound": row.temperature_at_bound},
        }


def untrained_notes(studies: Sequence[StudyResults]) -> Iterator[Prose]:
    """The variants of each study that are not above chance."""
    for study in studies:
        names = [row.variant for row in study.standings if not_above_chance(row, study.chance)]
        if names:
            chance = f"{percent(study.chance)} %, the accuracy of one class for every test image"
            yield Prose(f"**Not above chance** in the study {study.name} ({chance}): {', '.join(names)}.")
