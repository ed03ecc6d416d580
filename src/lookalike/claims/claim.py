"""What a claim is, and the rule that decides it.

A claim states that some quantity lies in a *region*, such as "more than half a point above zero". The region is part of
the claim: it is written down before anything is measured, and bounded by the smallest difference that matters. The rule
is what a claim states and how its tests decide; each claim records a digest of its rule and the day of its last change.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from lookalike.claims.evidence import Evidence
from lookalike.evaluation.hierarchical import UncertainValue

Scale = Literal["points", "percent", "times", "number"]
Known = Literal["no", "of an earlier version", "yes"]
ROUNDING = 1e-12  # standard errors below this are those of sums of equal numbers


@dataclass(frozen=True)
class Measurement:
    """What was measured for a test.

    Attributes:
        quantity: as people read it, or its natural logarithm where the test's scale is "times".
        runs: the number of seeds on each side.
        images: how many test images or photographs it is about; None where images have no part in it.
        counted: whether it is a count that has no chance in it, such as multiply-accumulates.
    """

    quantity: UncertainValue
    runs: tuple[int, ...]
    images: int | None
    unit: str = "test images"
    counted: bool = False

    @property
    def varies(self) -> bool:
        """Whether seeds or images give anything but one and the same value."""
        return self.quantity.error > ROUNDING


@dataclass(frozen=True)
class Region:
    """The values for which a claim holds: those from `low` to `high`, or, if `outside`, all others."""

    low: float
    high: float
    outside: bool = False

    @property
    def bounds(self) -> list[float]:
        return [bound for bound in (self.low, self.high) if math.isfinite(bound)]

    @property
    def level(self) -> float:
        """The level of the interval that decides: 0.9 (two one-sided tests) for a region between two values."""
        return 0.9 if len(self.bounds) == 2 and not self.outside else 0.95

    def holds(self, value: float) -> bool:
        """Whether `value` lies in the region; the bounds themselves belong to what lies between them."""
        return (self.low <= value <= self.high) != self.outside


def above(least: float) -> Region:
    return Region(-math.inf, least, outside=True)


def below(most: float) -> Region:
    return Region(most, math.inf, outside=True)


def away_from_zero(least: float) -> Region:
    """The region of values that are more than `least` away from zero, on either side."""
    return Region(-least, least, outside=True)


def within(by: float, of: float = 0.0) -> Region:
    """The region of values that are at most `by` away from `of`."""
    return Region(of - by, of + by)


@dataclass(frozen=True)
class Test:
    """One question that a claim comes down to.

    Attributes:
        key: what tells it from the claim's other questions; "" if there is one only.
        measure: what `measured` computes, in words.
        region: where the quantity lies if the claim holds.
        measured: the quantity; None if what it needs is not there. No function: no stage measures it.
        variants: the variants that it is about.
        scale: how people read the quantity: a share as points or percent, a ratio as times, or a plain number.
        sentence: what was found, with {} where the value stands. "{} more|less accurate" says "less" and the opposite
            of a negative value; without two such words the value is shown with its sign.
        control: a question that the source did not ask, which does not decide.
        overturns: a control that explains the effect if it is contradicted.
        reading: where the source can be read in several ways, the one that this is a question of.
        trained: the least accuracy of the variants that the claim is about; None means above chance.
        at_chance: variants that need not have learnt anything.
    """

    __test__ = False  # not one of pytest's

    key: str
    measure: str
    region: Region
    measured: Callable[[Evidence], Measurement | None] | None
    variants: tuple[str, ...]
    sentence: str
    scale: Scale = "points"
    control: bool = False
    overturns: bool = False
    reading: str = ""
    trained: float | None = None
    at_chance: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """The last change of a claim's rule.

    Attributes:
        changed: the day, as YYYY-MM-DD.
        commit: in which it was changed.
        known: whether results that the rule is about were known then: of the variants as they are now, or of an earlier
            version with other settings.
        digest: of the rule, see `rule_digest` in `tests/claims/test_rules.py`.
    """

    changed: str
    commit: str
    known: Known
    digest: str


@dataclass(frozen=True)
class Claim:
    """What a study's report claimed.

    Attributes:
        key: short name, such as F1.
        study: the study's name in the parameters.
        statement: what was claimed.
        source: where in the report.
        reported: the figure given there.
        rule: when the rule was last changed.
        tests: the questions that it comes down to: by each reading it states that all of them hold.
    """

    key: str
    study: str
    statement: str
    source: str
    reported: str
    rule: Rule
    tests: tuple[Test, ...]
