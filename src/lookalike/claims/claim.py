"""What a claim is, the rule that decides it, and its verdict.

A claim says that some quantity lies in a *region*, such as "more than half a point above zero". The region is part of
the claim: it is written down with it, before anything is measured, and bounded by the smallest difference that
matters. What is measured comes with a 95 % interval, and the verdict follows from where that lies:

* wholly inside the region: reproduced;
* wholly outside: contradicted (a difference too small to matter contradicts the claim that there is one);
* across a boundary: inconclusive, with how many more images or seeds would decide it;
* nothing measured: not run.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]
Verdict = Literal["reproduced", "contradicted", "inconclusive", "not run"]
Scale = Literal["points", "percent", "times"]

UNSEEN = "no stage measures this"
NO_STUDY = "the study is not among the parameters"
NO_DATA = "what it needs was not run, or is too little"


@dataclass(frozen=True)
class Evidence:
    """What the stages found of one study, by variant; empty where a stage found nothing.

    Attributes:
        metrics: `metrics.json` of the evaluation.
        look_alikes, photos, robustness: the files of these names, with their pairs of variants.
        explanations, embeddings: what these stages found.
        histories: a row an epoch and seed, see `artifacts.models.Epoch`.
        costs: `costs/found.json`.
        others: the same of every study of the run, by its name.
    """

    metrics: Json = field(default_factory=dict)
    look_alikes: Json = field(default_factory=dict)
    photos: Json = field(default_factory=dict)
    explanations: Json = field(default_factory=dict)
    embeddings: Json = field(default_factory=dict)
    histories: dict[str, list[Json]] = field(default_factory=dict)
    robustness: Json = field(default_factory=dict)
    costs: Json = field(default_factory=dict)
    others: "Mapping[str, Evidence]" = field(default_factory=dict)


@dataclass(frozen=True)
class Measured:
    """A quantity with its 95 % interval, which speaks of `count` images or seeds, as `unit` says."""

    value: float
    low: float
    high: float
    count: int
    unit: str


@dataclass(frozen=True)
class Region:
    """The values for which a claim holds: those from `low` to `high`, or, if `outside`, all others."""

    low: float
    high: float
    outside: bool = False

    @property
    def bounds(self) -> list[float]:
        """The finite ends."""
        return [bound for bound in (self.low, self.high) if math.isfinite(bound)]

    def holds(self, value: float) -> bool:
        """Whether `value` lies in the region; the bounds themselves belong to what lies between them."""
        return (self.low <= value <= self.high) != self.outside


def above(least: float) -> Region:
    """More than `least`."""
    return Region(-math.inf, least, outside=True)


def below(most: float) -> Region:
    """Less than `most`."""
    return Region(most, math.inf, outside=True)


def apart(least: float) -> Region:
    """More than `least` away from zero, on either side."""
    return Region(-least, least, outside=True)


def within(by: float, of: float = 0.0) -> Region:
    """At most `by` away from `of`."""
    return Region(of - by, of + by)


@dataclass(frozen=True)
class Test:
    """One question that a claim comes down to.

    Attributes:
        key: what tells it from the claim's other questions; "" if there is one only.
        measure: what `measured` computes, in words.
        region: where the quantity lies if the claim holds.
        measured: the quantity; None if what it needs is not there. No function: no stage measures it.
        scale: how the quantity is read: a share as points or percent, or a ratio as times.
        control: a question that the source did not ask: its answer says what a reproduced claim means, and decides
            nothing.
        reading: where the source can be read in several ways, the one that this is a question of.
    """

    __test__ = False  # not one of pytest's

    key: str
    measure: str
    region: Region
    measured: Callable[[Evidence], Measured | None] | None
    scale: Scale = "points"
    control: bool = False
    reading: str = ""


@dataclass(frozen=True)
class Claim:
    """What a study's report claimed.

    Attributes:
        key: short name, such as F1.
        study: the study's name in the parameters.
        statement: what was claimed.
        source: where in the report.
        reported: the figure given there.
        tests: the questions that it comes down to: by each reading it says that all of them hold.
        everywhere: whether some are about other studies, and are answered where its own is not part of the run.
    """

    key: str
    study: str
    statement: str
    source: str
    reported: str
    tests: tuple[Test, ...]
    everywhere: bool = False


@dataclass(frozen=True)
class Answer:
    """What was measured for a test, and what follows.

    `needed` is the number of images or seeds that would decide an inconclusive test, if the value stays and the
    interval shrinks with the root of their number; None where no number would. `reason` says why a test was not run.
    """

    test: Test
    measured: Measured | None
    verdict: Verdict
    needed: int | None = None
    reason: str = ""


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
        """The answers that only say what the verdict means."""
        return [answer for answer in self.answers if answer.test.control]

    @property
    def verdict(self) -> Verdict:
        """That of all readings if they agree; else what became of the claim depends on what was meant: inconclusive."""
        readings = {answer.test.reading for answer in self.decisive} or {""}
        verdicts = {together(answer.verdict for answer in self.decisive if answer.test.reading == r) for r in readings}
        return verdicts.pop() if len(verdicts) == 1 else "inconclusive"


def together(verdicts: Iterable[Verdict]) -> Verdict:
    """Contradicted by one part that is, reproduced by all together; a part not run leaves the rest inconclusive."""
    parts = set(verdicts)
    if parts <= {"not run"}:
        return "not run"
    if "contradicted" in parts:
        return "contradicted"
    return "reproduced" if parts == {"reproduced"} else "inconclusive"


def judge(claim: Claim, evidence: Evidence | None) -> Judged:
    """Answer all tests of a claim; without `evidence` its study is not part of the run."""
    return Judged(claim, tuple(answer(test, evidence) for test in claim.tests))


def answer(test: Test, evidence: Evidence | None) -> Answer:
    """Measure and decide."""
    if evidence is None or test.measured is None:
        return Answer(test, None, "not run", reason=NO_STUDY if evidence is None else UNSEEN)
    measured = test.measured(evidence)
    if measured is None:
        return Answer(test, None, "not run", reason=NO_DATA)
    decided = verdict(measured, test.region)
    enough = needed(measured, test.region, test.scale) if decided == "inconclusive" else None
    return Answer(test, measured, decided, enough)


def verdict(measured: Measured, region: Region) -> Verdict:
    """Decided only where no boundary of the region lies within the interval."""
    if any(measured.low <= bound <= measured.high for bound in region.bounds):
        return "inconclusive"
    return "reproduced" if region.holds(measured.low) else "contradicted"


def needed(measured: Measured, region: Region, scale: Scale = "points") -> int | None:
    """How many images or seeds would keep the interval off every boundary, were the value to stay as it is.

    It is the logarithm of a ratio whose interval shrinks with the root of their number.
    """
    place = math.log if scale == "times" else float
    reaches = []
    for bound in region.bounds:
        if measured.low <= bound <= measured.high:
            side = measured.low if bound <= measured.value else measured.high
            if measured.value == bound:
                return None
            reaches.append(abs(place(side) - place(measured.value)) / abs(place(bound) - place(measured.value)))
    return math.floor(measured.count * max(reaches, default=0) ** 2) + 1


def opposite(measured: Measured | None) -> Measured | None:
    """The same quantity with its sign turned: second minus first for first minus second."""
    if measured is None:
        return None
    return Measured(-measured.value, -measured.high, -measured.low, measured.count, measured.unit)
