"""What a source report claimed, as data, and what the data here say about it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Json = dict[str, Any]
Verdict = Literal["supported", "contradicted", "undecided", "not tested"]


@dataclass(frozen=True)
class Findings:
    """What the claims of one study are tested on: `look_alikes.json` and `photos.json` of its evaluation, and what is
    known of the maps of the variants that were explained."""

    look_alikes: Json
    photos: Json
    explanations: Json


@dataclass(frozen=True)
class Claim:
    """A claim about a quantity that is above zero if the claim holds, or only not zero if it is `two_sided`.

    Attributes:
        key: short name, such as F1.
        statement: what was claimed.
        reported: what the source gave for it.
        measure: what `measured` computes, in words.
        measured: the quantity with its 95 % interval, a share as JSON; None if the runs for it are missing.
    """

    key: str
    statement: str
    reported: str
    measure: str
    measured: Callable[[Findings], Json | None]
    two_sided: bool = False


@dataclass(frozen=True)
class Tested:
    """A claim and its test: the estimate (None if not tested) and what follows."""

    key: str
    statement: str
    reported: str
    measure: str
    value: float | None
    low: float | None
    high: float | None
    verdict: Verdict

    @property
    def estimate(self) -> Json | None:
        """The measured quantity with its interval; None if not tested."""
        return None if self.value is None else {"value": self.value, "low": self.low, "high": self.high}


def put_to_test(claims: tuple[Claim, ...], findings: Findings) -> list[Tested]:
    """Every claim with its estimate and verdict."""
    rows = []
    for claim in claims:
        estimate = claim.measured(findings)
        known = estimate or {"value": None, "low": None, "high": None}
        rows.append(
            Tested(
                claim.key,
                claim.statement,
                claim.reported,
                claim.measure,
                **known,
                verdict=verdict(estimate, claim.two_sided),
            )
        )
    return rows


def verdict(estimate: Json | None, two_sided: bool) -> Verdict:
    """Decided only where the whole interval lies on one side of zero."""
    if estimate is None:
        return "not tested"
    if estimate["low"] <= 0 <= estimate["high"]:
        return "undecided"
    return "supported" if estimate["low"] > 0 or two_sided else "contradicted"


def opposite(estimate: Json | None) -> Json | None:
    """The same quantity with its sign turned: second minus first for first minus second."""
    if estimate is None:
        return None
    return {"value": -estimate["value"], "low": -estimate["high"], "high": -estimate["low"]}
