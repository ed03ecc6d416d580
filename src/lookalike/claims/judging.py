"""The verdict on a claim, from the intervals of what was measured.

A claim states in advance which values would confirm it. The verdict compares that region with the interval of what was
measured, which covers the variation between seeds and between images. The position of the interval decides:

* wholly inside the region: reproduced;
* wholly outside: contradicted (a difference too small to matter contradicts the claim that there is one);
* across a boundary: inconclusive.

A region between two values, such as "at most two points from 80 %", is tested by two one-sided tests of 5 % each, that
is with a 90 % interval (Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15, 1987); other regions with a
95 % interval.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from lookalike.claims.claim import Claim, Measurement, Test
from lookalike.claims.evidence import Evidence
from lookalike.claims.quantities import accuracy_terms, from_terms

Verdict = Literal[
    "reproduced",
    "contradicted",
    "indicated",
    "contradiction indicated",
    "explained by a control",
    "inconclusive",
    "not tested at the study's size",
    "not judged",
    "not tested",
]
LEAST_IMAGES = 10  # of which a verdict may be about

UNMEASURED = "no stage measures this"
NO_DATA = "what it needs was not run"
DEMONSTRATION = "this is a demonstration, with drawn images and short training runs"
ONE_SEED = "fewer than three seeds, and no variant of the study that tells how much this varies between seeds"
NO_VARIATION = "no variation between seeds or images, so that no interval can be given"
NO_NUMBER = "no number of seeds would decide: the images leave too much chance, and more images cannot be had"
OPEN_END = "no number of seeds would decide: training runs ended too early, or variants were not run"


@dataclass(frozen=True)
class Answer:
    """What was measured for a test, and what follows.

    Attributes:
        reduced: the verdict at reduced size, where `verdict` is "not tested at the study's size".
        needed: how many seeds a side would decide an inconclusive test with 80 % power, if the value stays.
        reason: why there is no verdict, or why no number of seeds would decide.
        departures: in which settings variants were run otherwise than their study states.
        diverged: of which variants runs diverged, and how many; their other runs are what was measured.
    """

    test: Test
    measured: Measurement | None
    verdict: Verdict
    reduced: Verdict | None = None
    needed: int | None = None
    reason: str = ""
    departures: tuple[str, ...] = ()
    diverged: tuple[str, ...] = ()

    @property
    def at_any_size(self) -> Verdict:
        """The verdict on what was run, whatever its size."""
        return self.reduced or self.verdict

    @property
    def decisive(self) -> bool:
        """Whether the interval decided."""
        return self.at_any_size in {"reproduced", "contradicted", "indicated", "contradiction indicated"}


@dataclass(frozen=True)
class Judged:
    """A claim with the answers to its tests, in their order."""

    claim: Claim
    answers: tuple[Answer, ...]

    @property
    def decisive(self) -> list[Answer]:
        """The answers that decide."""
        return [answer for answer in self.answers if not answer.test.control]

    @property
    def controls(self) -> list[Answer]:
        """The answers to control tests, which the source did not ask for."""
        return [answer for answer in self.answers if answer.test.control]

    @property
    def verdict(self) -> Verdict:
        """The verdict on the claim."""
        verdicts = {answer.verdict for answer in self.decisive}
        for without in ("not judged", "not tested at the study's size"):
            if without in verdicts:
                return without
        return self.at_any_size

    @property
    def reduced(self) -> Verdict | None:
        """The verdict at reduced size, where that is all there is."""
        return self.at_any_size if self.verdict == "not tested at the study's size" else None

    @property
    def at_any_size(self) -> Verdict:
        """That of all readings if they agree; else it depends on what was meant: inconclusive."""
        verdicts = {self.by_reading(reading) for reading in {answer.test.reading for answer in self.decisive} or {""}}
        return verdicts.pop() if len(verdicts) == 1 else "inconclusive"

    def by_reading(self, reading: str) -> Verdict:
        """The verdict by one reading of the claim; a contradicted control that overturns it explains the effect."""
        verdict = combined_verdict(answer.at_any_size for answer in self.decisive if answer.test.reading == reading)
        controls = (answer for answer in self.controls if answer.test.overturns and answer.test.reading == reading)
        overturned = any(one.at_any_size in {"contradicted", "contradiction indicated"} for one in controls)
        return "explained by a control" if overturned and verdict in {"reproduced", "indicated"} else verdict


def combined_verdict(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict on all parts of a claim: contradicted if one part is, reproduced if all are.

    Berger, Technometrics 24, 1982 (intersection-union). A part that was not tested leaves the rest inconclusive.
    """
    parts = set(verdicts)
    if parts <= {"not tested"}:
        return "not tested"
    for decided in ("not judged", "contradicted", "contradiction indicated"):
        if decided in parts:
            return decided
    if parts <= {"reproduced", "indicated"}:
        return "indicated" if "indicated" in parts else "reproduced"
    return "inconclusive"


def judge(claim: Claim, evidence: Evidence) -> Judged:
    """The claim with the answers to all its tests."""
    return Judged(claim, tuple(answer(test, evidence) for test in claim.tests))


def answer(test: Test, evidence: Evidence) -> Answer:
    """What was measured for a test, and the verdict on it."""
    if test.measured is None:
        return Answer(test, None, "not tested", reason=UNMEASURED)
    measured = test.measured(evidence)
    if measured is None:
        return Answer(test, None, "not tested", reason=NO_DATA)
    if reason := reason_not_to_judge(test, evidence):
        return Answer(test, measured, "not judged", reason=reason)
    found = replace(decide(test, measured), diverged=divergences(test, evidence))
    if reduced := reductions(test, evidence):
        return replace(found, verdict="not tested at the study's size", reduced=found.verdict, departures=reduced)
    return found


def reductions(test: Test, evidence: Evidence) -> tuple[str, ...]:
    """In which settings the variants of a test departed from the study's own, a phrase for each variant that did."""
    studies = {name: study for name in test.variants if (study := evidence.study_of(name)) is not None}
    departures = {name: study.departures.get(name, ()) for name, study in studies.items()}
    return tuple(f"{name}: {'; '.join(one)}" for name, one in departures.items() if one)


def divergences(test: Test, evidence: Evidence) -> tuple[str, ...]:
    """How many runs of the variants of a test diverged, a phrase for each variant of which some did."""
    found = []
    for name in test.variants:
        evaluation = study.finished[name] if (study := evidence.study_of(name)) is not None else None
        if evaluation is not None and evaluation.diverged:
            found.append(f"{evaluation.diverged} of {evaluation.diverged + len(evaluation.seeds)} runs of {name}")
    return tuple(found)


def reason_not_to_judge(test: Test, evidence: Evidence) -> str:
    """Why nothing can be concluded from the models that a test is about; "" if something can."""
    if evidence.demonstration:
        return DEMONSTRATION
    for name in test.variants:
        study = evidence.study_of(name)
        if study is None or name in test.at_chance:
            continue
        found = from_terms(study, [name], accuracy_terms)
        assert found is not None  # there are test images
        if found.interval()[0] <= study.chance:
            return f"{name} is not above chance"
        if test.trained is not None and found.value < test.trained:
            return f"{name} is {100 * found.value:.1f} % right, less than the {100 * test.trained:.0f} % asked for"
    return ""


def decide(test: Test, measured: Measurement) -> Answer:
    """The verdict on what was measured, whatever the size of the models."""
    quantity, region = measured.quantity, test.region
    if measured.counted:
        return Answer(test, measured, "reproduced" if region.holds(as_read(test, quantity.value)) else "contradicted")
    if measured.images is not None and measured.images < LEAST_IMAGES:
        return Answer(test, measured, "inconclusive", reason=f"fewer than {LEAST_IMAGES} {measured.unit}")
    if not quantity.knows_seeds:
        return Answer(test, measured, "inconclusive", reason=ONE_SEED)
    if not measured.varies:
        return Answer(test, measured, "inconclusive", reason=NO_VARIATION)
    (low, high), bounds = quantity.interval(region.level), bounds_of(test)
    crossed = [bound for bound in bounds if low <= bound <= high]
    if crossed:
        numbers = [quantity.needed(bound, region.level) for bound in crossed]
        known = [number for number in numbers if number is not None]
        if len(known) < len(numbers):
            closed = math.isfinite(low) and math.isfinite(high)
            return Answer(test, measured, "inconclusive", reason=NO_NUMBER if closed else OPEN_END)
        return Answer(test, measured, "inconclusive", needed=max(known))
    holds = region.holds(as_read(test, low))
    if quantity.few_seeds:
        return Answer(test, measured, "indicated" if holds else "contradiction indicated")
    return Answer(test, measured, "reproduced" if holds else "contradicted")


def bounds_of(test: Test) -> list[float]:
    """The bounds of a test's region on the scale of its quantity."""
    return [math.log(bound) for bound in test.region.bounds] if test.scale == "times" else test.region.bounds


def as_read(test: Test, value: float) -> float:
    """A value of a test's quantity as people read it; an infinite one, which is an open end, stays so."""
    return math.exp(value) if test.scale == "times" and math.isfinite(value) else value
