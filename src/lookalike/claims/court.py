"""Every claim of the four studies, all of them judged, and what was found as rows of a table."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lookalike.claims import cifar, fashion, history, zoo
from lookalike.claims.claim import Answer, Claim, Evidence, Judged, Region, Scale, Verdict, judge

CLAIMS: tuple[Claim, ...] = fashion.CLAIMS + cifar.CLAIMS + zoo.CLAIMS + history.CLAIMS
READ: dict[Scale, tuple[float, str, str]] = {  # factor, digits and unit by which people read a quantity
    "points": (100, "+.1f", " points"),
    "percent": (100, ".2f", " %"),
    "times": (1, ".2f", " times"),
}


@dataclass(frozen=True)
class Ruling:
    """One test of one claim as a row: values are shares or ratios, None where nothing was measured."""

    claim: str
    study: str
    statement: str
    source: str
    reported: str
    claim_verdict: Verdict
    test: str
    control: bool
    measure: str
    rule: str
    value: float | None
    low: float | None
    high: float | None
    count: int | None
    unit: str | None
    verdict: Verdict
    needed: int | None
    reason: str


def judge_all(evidence: Mapping[str, Evidence]) -> list[Judged]:
    """All claims in their order; `evidence` by study, of those that are part of the run."""
    of_others = Evidence(others=evidence) if evidence else None
    return [judge(claim, evidence.get(claim.study, of_others if claim.everywhere else None)) for claim in CLAIMS]


def verdicts(judged: Iterable[Judged]) -> dict[str, dict[str, Verdict]]:
    """What became of each claim, by study."""
    found: dict[str, dict[str, Verdict]] = {}
    for one in judged:
        found.setdefault(one.claim.study, {})[one.claim.key] = one.verdict
    return found


def rulings(judged: Iterable[Judged]) -> list[Ruling]:
    """Every test of every claim."""
    return [ruling(one, answer) for one in judged for answer in one.answers]


def ruling(judged: Judged, answer: Answer) -> Ruling:
    """One test."""
    claim, test, measured = judged.claim, answer.test, answer.measured
    return Ruling(
        claim=claim.key,
        study=claim.study,
        statement=claim.statement,
        source=claim.source,
        reported=claim.reported,
        claim_verdict=judged.verdict,
        test=test.key,
        control=test.control,
        measure=test.measure,
        rule=said_region(test.region, test.scale),
        value=None if measured is None else measured.value,
        low=None if measured is None else measured.low,
        high=None if measured is None else measured.high,
        count=None if measured is None else measured.count,
        unit=None if measured is None else measured.unit,
        verdict=answer.verdict,
        needed=answer.needed,
        reason=answer.reason,
    )


def said_region(region: Region, scale: Scale) -> str:
    """Where a claim holds, in words."""
    low, high = (said(bound, scale) for bound in (region.low, region.high))
    if math.isinf(region.low):
        return f"above {high}" if region.outside else f"at most {high}"
    if math.isinf(region.high):
        return f"below {low}" if region.outside else f"at least {low}"
    return f"below {low} or above {high}" if region.outside else f"from {low} to {high}"


def said(value: float, scale: Scale) -> str:
    """A quantity with its unit."""
    factor, digits, unit = READ[scale]
    return with_minus(f"{factor * value:{digits}}{unit}")


def said_measured(answer: Answer) -> str | None:
    """What was measured, with its interval; None of nothing."""
    if answer.measured is None:
        return None
    factor, digits, unit = READ[answer.test.scale]
    value, low, high = (
        f"{factor * part:{digits}}" for part in (answer.measured.value, answer.measured.low, answer.measured.high)
    )
    return with_minus(f"{value} ({low} to {high}){unit}")


def with_minus(text: str) -> str:
    """Numbers with a minus that is as wide as a figure."""
    return text.replace("-", "−")


def said_remark(answer: Answer) -> str:
    """What is to be said of a verdict that decides nothing."""
    if answer.verdict == "not run":
        return answer.reason
    if answer.verdict != "inconclusive" or answer.measured is None:
        return ""
    if answer.needed is None:
        return "the figure lies on the boundary: no number would decide"
    return f"underpowered: about {answer.needed:,} {answer.measured.unit} would decide, if the figure stays"
