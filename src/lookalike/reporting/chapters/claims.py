"""What the studies claimed and what became of it: the table that the report opens with, and every test behind it."""

from collections import Counter
from collections.abc import Sequence

from lookalike.claims.claim import Answer, Judged, Verdict
from lookalike.claims.court import said, said_measured, said_region, said_remark
from lookalike.reporting.document import Column, Fold, Json, Prose, Section, Table, section, tabulate, text

VERDICTS: tuple[Verdict, ...] = ("reproduced", "contradicted", "inconclusive", "not run")
FEW = 3  # figures that are told one by one
SUMMARY = (
    Column("claim", "claim", text),
    Column("statement", "statement", text),
    Column("reported", "reported", text),
    Column("here", "here", text),
    Column("verdict", "verdict", text),
    Column("and the controls", "controls", text),
)
TESTS = (
    Column("claim", "claim", text),
    Column("test", "test", text),
    Column("measured", "measure", text),
    Column("holds if", "rule", text),
    Column("here (95 % interval)", "here", text),
    Column("over", "over", text),
    Column("verdict", "verdict", text),
    Column("remark", "remark", text),
)
RULES = (
    "A claim comes down to tests. Each names a quantity, and the region in which it lies if the claim holds, "
    "bounded by the smallest difference that matters; that region is part of the claim, and not chosen by the result. "
    "**Reproduced**: the whole 95 % interval lies in the region. **Contradicted**: all of it lies outside; a "
    "difference that is there but too small to matter contradicts the claim that there is one. **Inconclusive**: it "
    "reaches across, and beside it stands how many images or seeds would decide, if the figure stays. **Not run**: "
    "nothing was measured. A claim is reproduced if all its tests are and contradicted if one of them is. Where its "
    "source can be read in several ways, each reading is judged so, and where they disagree the claim is "
    "inconclusive. Controls, which the source did not ask for, decide nothing and say what the verdict means."
)
CHANCE = (
    "Intervals over images speak of the sampling of images and not of the training's chance: where a variant has few "
    "seeds, another training could give another verdict."
)
CUT = (
    "**Not everything was trained in full here**: this profile's budget has cut some variants, which are named below "
    "the leaderboard. A verdict that rests on them speaks of what was trained, and not of the studies' own settings."
)


def answer(judged: Sequence[Judged], *, cut: bool = False) -> Section:
    """The table of claims and verdicts, and behind it every test; `cut`: whether a budget has cut trainings."""
    told = said_verdicts(judged)
    return section(
        "claims",
        "What became of the claims",
        Prose(f"Of {len(judged)} claims: **{told}**."),
        Prose(CUT) if cut else None,
        tabulate("Claims and verdicts", SUMMARY, map(summary, judged), CHANCE),
        Fold("How verdicts are reached, and every test", (Prose(RULES), tests(judged))),
    )


def summary(judged: Judged) -> Json:
    """One claim."""
    claim = judged.claim
    return {
        "claim": claim.key,
        "statement": claim.statement,
        "reported": claim.reported,
        "here": in_short(judged.decisive),
        "verdict": judged.verdict,
        "controls": said_verdicts(judged.controls),
    }


def in_short(answers: Sequence[Answer]) -> str | None:
    """What was measured: each figure if they are few, else from the least to the most; None of nothing."""
    found = [(answer, answer.measured) for answer in answers if answer.measured]
    if len(found) <= FEW:
        told = (f"{answer.test.key}: {said_measured(answer)}".removeprefix(": ") for answer, _ in found)
        return "; ".join(told) or None
    ends = sorted(measured.value for _, measured in found)
    least, most = (said(value, found[0][0].test.scale) for value in (ends[0], ends[-1]))
    return f"{len(found)} figures, from {least} to {most}"


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
            "over": answer.measured and f"{answer.measured.count:,} {answer.measured.unit}",
            "verdict": answer.verdict,
            "remark": said_remark(answer),
        }
        for one in judged
        for answer in one.answers
    ]
    return tabulate("Every test of every claim", TESTS, rows)
