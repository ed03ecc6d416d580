"""What was claimed and what became of it: a table of verdicts, and behind it every test."""

from collections import Counter
from collections.abc import Sequence
from typing import get_args

from lookalike.claims.claim import Answer, Judged, Verdict
from lookalike.claims.rules import RULES
from lookalike.claims.verdicts import multiplicity
from lookalike.claims.wording import left_open, said_measured, said_region, said_runs, sentence
from lookalike.reporting.document import Column, Fold, Json, Prose, Section, Table, section, tabulate, text

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
SUMMARY = (
    Column("claim", "claim", text),
    Column("statement", "statement", text),
    Column("reported", "reported", text),
    Column("measured here", "here", text),
    Column("verdict", "verdict", text),
    Column("controls", "controls", text),
)
TESTS = (
    Column("claim", "claim", text),
    Column("test", "test", text),
    Column("quantity", "measure", text),
    Column("confirmed if", "rule", text),
    Column("measured", "here", text),
    Column("runs", "runs", text),
    Column("images", "images", text),
    Column("run otherwise than the study", "departures", text),
    Column("in words", "sentence", text),
)
DATES = (
    Column("claim", "claim", text),
    Column("rule last changed", "changed", text),
    Column("commit", "commit", text),
    Column("results known then", "known", text),
)
RULE = (
    "Each claim states in advance which values would confirm it, bounded by the smallest difference that matters. The "
    "verdict compares the 95 % interval with that range. **Reproduced**: all of the interval lies in the range. "
    "**Contradicted**: all of it lies outside; a difference that is there but too small to matter contradicts the "
    "claim that there is one. **Inconclusive**: the interval crosses the range's bound; the table of tests says how "
    "many training runs of each variant would decide with a probability of 80 %. A claim is reproduced if all of its "
    "tests are, and contradicted if one of them is. Where the source can be read in several ways, each reading is "
    "judged, and the claim is inconclusive if they disagree. A range between two values is tested with two one-sided "
    "tests of 5 % each, that is with a 90 % interval."
)
CHANCE = (
    "Intervals hold both kinds of chance: other seeds and other test images (a hierarchical bootstrap of 10,000 draws "
    "with Student's t; photographs are resampled by sender). With fewer than three runs the seed-to-seed variation is "
    "that of the study's variants with three or more, and the verdict is at most **indicated**."
)
LIMITS = (
    "**Explained by a control**: the effect is there, and vanishes or reverses in a control that the source did not "
    "ask for. **Not tested at the study's size**: a network was smaller, or trained on fewer images or epochs, than "
    "the study's own; what it shows at reduced size is given beside. **Not judged**: a model is not above chance, or "
    "less accurate than the claim takes for granted, or the run is a demonstration. **Not tested**: the training runs "
    "have not been done, or no stage measures the quantity."
)


def claims(judged: Sequence[Judged]) -> Section:
    """The table of claims and verdicts, and behind it every test."""
    behind = (Prose(RULE), Prose(CHANCE), Prose(LIMITS), tests(judged), dates(judged))
    return section(
        "claims",
        "What became of the claims",
        Prose(f"Of {len(judged)} claims: **{said_verdicts(judged)}**."),
        tabulate("Claims and verdicts", SUMMARY, map(summary, judged), by_chance(judged)),
        Fold("How verdicts are reached, and every test", behind),
    )


def by_chance(judged: Sequence[Judged]) -> str:
    """How many decisive tests chance alone would leave one to expect."""
    found = multiplicity(judged)
    return (
        f"{CHANCE} {found.decisive} of {found.tests} tests were decisive. If no effect existed, at most "
        f"{found.by_chance:.1f} would be expected to be, by chance."
    )


def summary(judged: Judged) -> Json:
    """One claim."""
    claim = judged.claim
    return {
        "claim": claim.key,
        "statement": claim.statement,
        "reported": claim.reported,
        "here": f"{in_words(judged.decisive) or ''} {left_open(judged)}".strip() or None,
        "verdict": judged.verdict,
        "controls": said_verdicts(judged.controls),
    }


def in_words(answers: Sequence[Answer]) -> str | None:
    """What was measured for each test, in a sentence, by reading of the claim where it has several; None of nothing."""
    readings = {answer.test.reading for answer in answers}
    text, last = "", ""
    for answer in answers:
        if answer.measured is not None:
            reading = answer.test.reading
            text += f" By {reading}:" if len(readings) > 1 and reading != last else ""
            text, last = f"{text} {sentence(answer)}", reading
    return text.strip() or None


def said_verdicts(decided: Sequence[Answer | Judged]) -> str:
    """How many came out how."""
    counts = Counter(one.verdict for one in decided)
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict])


def tests(judged: Sequence[Judged]) -> Table:
    """Every test of every claim."""
    rows = [
        {
            "claim": one.claim.key,
            "test": f"{answer.test.key}{' (control)' if answer.test.control else ''}",
            "measure": answer.test.measure,
            "rule": said_region(answer.test.region, answer.test.scale),
            "here": said_measured(answer),
            "runs": said_runs(answer.measured.runs) if answer.measured and answer.measured.runs else None,
            "images": f"{answer.measured.images:,} {answer.measured.unit}"
            if answer.measured and answer.measured.images
            else None,
            "departures": " | ".join(answer.departures),
            "sentence": sentence(answer),
        }
        for one in judged
        for answer in one.answers
    ]
    return tabulate("Every test of every claim", TESTS, rows)


def dates(judged: Sequence[Judged]) -> Table:
    """When each claim's rule was last changed."""
    rows = [{"claim": one.claim.key, **vars(RULES[one.claim.key])} for one in judged]
    note = "A rule is what a claim states and how its tests decide. Known: whether results were known when it changed."
    return tabulate("Dates of the rules", DATES, rows, note)
