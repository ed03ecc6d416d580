"""The verdicts on all claims, by study and as the rows of a table."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from lookalike.claims.judging import Answer, Judged, Verdict
from lookalike.claims.wording import ends, region_in_words, runs_in_words, sentence

ERROR = 0.05  # of a test that decides, where there is no effect


@dataclass(frozen=True)
class VerdictRow:
    """One test of one claim: values are shares, ratios or indices as `rule` reads them; None where there is none.

    Attributes:
        claim_verdict, claim_at_reduced_size: of the claim that the test belongs to.
        low, high: ends of the interval; `level` is .95, or .9 where two one-sided tests decide.
        runs: seeds of each variant.
        images: test images or photographs that the quantity is about.
        departures: how variants were run otherwise than their study states.
        needed: runs of each variant that would decide, with a power of 80 %.
        rule_changed, rule_commit, results_known: see `claim.Rule`.
    """

    claim: str
    study: str
    statement: str
    source: str
    reported: str
    claim_verdict: Verdict
    claim_at_reduced_size: Verdict | None
    test: str
    control: bool
    measure: str
    rule: str
    value: float | None
    low: float | None
    high: float | None
    level: float
    runs: str
    images: int | None
    verdict: Verdict
    at_reduced_size: Verdict | None
    needed: int | None
    reason: str
    departures: str
    sentence: str
    rule_changed: str
    rule_commit: str
    results_known: str


@dataclass(frozen=True)
class Multiplicity:
    """How many tests were done that could decide, how many did, and how many would without any effect, by chance."""

    tests: int
    decisive: int

    @property
    def by_chance(self) -> float:
        """The number that is expected without any effect: at most, since most tests ask for more than some effect."""
        return ERROR * self.tests


def verdicts(judged: Iterable[Judged]) -> dict[str, dict[str, Verdict]]:
    """The verdict on each claim, by study."""
    found: dict[str, dict[str, Verdict]] = {}
    for one in judged:
        found.setdefault(one.claim.study, {})[one.claim.key] = one.verdict
    return found


def multiplicity(judged: Iterable[Judged]) -> Multiplicity:
    """How many tests could decide about claims, and how many did; counts and demonstrations are left out."""
    answers = [answer for one in judged for answer in one.decisive if answer.measured and not answer.measured.counted]
    done = [answer for answer in answers if answer.verdict != "not judged"]
    return Multiplicity(len(done), sum(answer.decisive for answer in done))


def verdict_rows(judged: Iterable[Judged]) -> list[VerdictRow]:
    """A row for every test of every claim."""
    return [verdict_row(one, answer) for one in judged for answer in one.answers]


def verdict_row(judged: Judged, answer: Answer) -> VerdictRow:
    claim, test, measured = judged.claim, answer.test, answer.measured
    rule = claim.rule
    value, low, high = ends(answer) or (None, None, None)
    return VerdictRow(
        claim=claim.key,
        study=claim.study,
        statement=claim.statement,
        source=claim.source,
        reported=claim.reported,
        claim_verdict=judged.verdict,
        claim_at_reduced_size=judged.reduced,
        test=test.key,
        control=test.control,
        measure=test.measure,
        rule=region_in_words(test.region, test.scale),
        value=value,
        low=finite_end(low),
        high=finite_end(high),
        level=test.region.level,
        runs=runs_in_words(measured.runs) if measured and measured.runs else "",
        images=measured.images if measured else None,
        verdict=answer.verdict,
        at_reduced_size=answer.reduced,
        needed=answer.needed,
        reason=answer.reason,
        departures=" | ".join(answer.departures),
        sentence=sentence(answer),
        rule_changed=rule.changed,
        rule_commit=rule.commit,
        results_known=rule.known,
    )


def finite_end(value: float | None) -> float | None:
    """An end of an interval; None if it is open."""
    return value if value is not None and math.isfinite(value) else None
