"""Verdicts on the claims: a table of verdicts, and behind it every test."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import get_args

from lookalike.claims.judging import Answer, Judged, Verdict
from lookalike.claims.verdicts import multiplicity
from lookalike.claims.wording import measurement_in_words, open_remarks, region_in_words, runs_in_words, sentence
from lookalike.reporting.document import Fold, Json, Prose, Section, Table, fold, section
from lookalike.reporting.forms import text
from lookalike.reporting.tables import Column, labels, tabulate, with_links

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
WAITING = ("not tested", "not judged")
MOST_SENTENCES = 2  # of a claim, in the table of verdicts
SOURCES = (
    "The claims L1 to L11 are this project's own hypotheses. The others come from four student reports, written in "
    "Korean in 2023 and 2024: F on CNN and ViT on Fashion-MNIST, C on regularisation on CIFAR-10, Z on families of "
    "image models, H on the way from LeNet to AlexNet."
)
EVIDENCE = {  # the part of the report that shows what a claim is judged by: a section, or a figure
    **dict.fromkeys(("L1", "L2", "L3"), "fashion-error-consistency"),
    **dict.fromkeys(("L4", "L5"), "fashion-separability"),
    **dict.fromkeys(("L6", "L7", "L8"), "fashion-cues"),
    "L10": "fashion-attribution",
    "L11": "fashion-representations",
    **dict.fromkeys(("L9", "F1", "F7", "H1"), "leaderboard"),
    "F2": "fashion-photographs",
    **dict.fromkeys(("F3", "F4"), "fashion-pairs"),
    "F5": "fashion-look-alikes",
    "F6": "fashion-similarity",
    **dict.fromkeys(("C1", "C3", "C4", "C5", "C8", "C10"), "cifar-training"),
    **dict.fromkeys(("C2", "C9"), "cifar-inside"),
    "C6": "cifar-embeddings",
    "C7": "cifar-explanations",
    "Z1": "zoo-pairs",
    "Z2": "zoo-complementary-errors",
    "Z3": "zoo-costs",
    **dict.fromkeys(("H2", "H7"), "lenet-robustness"),
    "H3": "alexnet-convergence",
    **dict.fromkeys(("H4", "H5"), "alexnet-pairs"),
    "H6": "alexnet-inside",
    "H8": "alexnet-look-alikes",
    **dict.fromkeys(("H9", "H10"), "lenet-pairs"),
}
SUMMARY = (
    *labels("claim", "verdict", "statement"),
    Column("measured here", "here", text),
    Column("reported", "reported", text, extra=True),
    Column("controls", "controls", text, extra=True),
)
TESTS = (
    *labels("claim", "test"),
    Column("quantity", "measure", text),
    Column("confirmed if", "rule", text),
    Column("measured", "here", text),
    Column("in words", "sentence", text),
    Column("runs", "runs", text, extra=True),
    Column("images", "images", text, extra=True),
    Column("run otherwise than the study", "departures", text, extra=True),
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
    "Intervals cover both kinds of chance: other seeds and other test images (a hierarchical bootstrap of 10,000 draws "
    "with Student's t; photographs are resampled by sender). With fewer than three runs the seed-to-seed variation is "
    "that of the study's variants with three or more, and the verdict is at most **indicated**."
)
LIMITS = (
    "**Explained by a control**: the effect is there, and vanishes or reverses in a control that the source did not "
    "ask for. **Not tested at the study's size**: a network was smaller, or trained on fewer images or epochs, than "
    "the study's own; the table shows the result at reduced size. **Not judged**: a model is not above chance, or less "
    "accurate than the claim assumes, or the run is a demonstration. **Not tested**: the training runs have not been "
    "done, or no stage measures the quantity."
)


def claims_chapter(judged: Sequence[Judged], addresses: Mapping[str, str]) -> Section | None:
    """Verdicts on claims, those without one folded, and every test; None of no claims.

    Args:
        addresses: address of each section and figure of the report.
    """
    if not judged:
        return None
    tested = [one for one in sorted(judged, key=verdict_order) if one.verdict not in WAITING]
    waiting = [one for one in judged if one.verdict in WAITING]
    behind = (Prose(RULE), Prose(CHANCE), Prose(LIMITS), table_of_tests(judged), date_table(judged))
    return section(
        "claims",
        "Verdicts on the claims",
        Prose(SOURCES),
        verdict_table("Claims and verdicts", tested, addresses, multiplicity_note(judged)) if tested else None,
        fold(f"{len(waiting)} claims without a verdict", verdict_table("Claims without a verdict", waiting, addresses))
        if waiting
        else None,
        Fold("How verdicts are reached, and every test", behind),
        finding=f"Of {len(judged)} claims: {verdict_counts(judged)}.",
    )


def verdict_order(judged: Judged) -> int:
    """The place of a claim in tables: reproduced claims come first."""
    return VERDICTS.index(judged.verdict)


def verdict_table(label: str, judged: Sequence[Judged], addresses: Mapping[str, str], note: str = "") -> Table:
    """Claims, each linked to its evidence, with what was measured and the verdict."""
    table = tabulate(label, SUMMARY, map(claim_row, judged), note)
    linked = with_links(table, (addresses.get(EVIDENCE[one.claim.key], "") for one in judged))
    return replace(linked, cards=True)


def multiplicity_note(judged: Sequence[Judged]) -> str:
    """How many decisive tests chance alone would leave one to expect."""
    found = multiplicity(judged)
    return (
        f"{CHANCE} {found.decisive} of {found.tests} tests were decisive. If no effect existed, at most "
        f"{found.by_chance:.1f} would be expected to be, by chance."
    )


def claim_row(judged: Judged) -> Json:
    claim = judged.claim
    return {
        "claim": claim.key,
        "statement": claim.statement,
        "reported": claim.reported,
        "here": f"{measured_in_short(judged.decisive) or ''} {open_remarks(judged)}".strip() or None,
        "verdict": judged.verdict,
        "controls": verdict_counts(judged.controls),
    }


def measured_in_short(answers: Sequence[Answer]) -> str | None:
    """The measurements, in one sentence per test or, of many tests, the counts of verdicts; None without them."""
    measured = [answer for answer in answers if answer.measured is not None]
    if len(measured) <= MOST_SENTENCES:
        return measured_sentences(answers)
    first = next((answer for answer in measured if answer.decisive), measured[0])
    return f"{len(measured)} tests: {verdict_counts(measured)}. The first of them: {sentence(first, remark=False)}"


def measured_sentences(answers: Sequence[Answer]) -> str | None:
    """The measurements, in one sentence per test, by reading of the claim where it has several; None without them."""
    readings = {answer.test.reading for answer in answers}
    text, last = "", ""
    for answer in answers:
        if answer.measured is not None:
            reading = answer.test.reading
            text += f" By {reading}:" if len(readings) > 1 and reading != last else ""
            text, last = f"{text} {sentence(answer, remark=False)}", reading
    return text.strip() or None


def verdict_counts(decided: Sequence[Answer | Judged]) -> str:
    """The number of claims or tests with each verdict, in words."""
    counts = Counter(one.verdict for one in decided)
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict])


def table_of_tests(judged: Sequence[Judged]) -> Table:
    """Every test of every claim, with its rule and what was measured."""
    rows = [
        {
            "claim": one.claim.key,
            "test": f"{answer.test.key}{' (control)' if answer.test.control else ''}",
            "measure": answer.test.measure,
            "rule": region_in_words(answer.test.region, answer.test.scale),
            "here": measurement_in_words(answer),
            "runs": runs_in_words(answer.measured.runs) if answer.measured and answer.measured.runs else None,
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


def date_table(judged: Sequence[Judged]) -> Table:
    rows = [{"claim": one.claim.key, **vars(one.claim.rule)} for one in judged]
    note = "A rule is what a claim states and how its tests decide. Known: whether results were known when it changed."
    return tabulate("Dates of the rules", DATES, rows, note)
