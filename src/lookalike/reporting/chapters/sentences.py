"""Parts of which chapters make their findings: whom these are about, and numbers and names in sentences."""

from collections.abc import Collection, Mapping, Sequence

from lookalike.reporting.chapters.found import Found
from lookalike.reporting.document import Json, estimate

Estimated = Mapping[str, float]  # "value", "low" and "high"

NOTHING = "No variant that this section is about is above chance in this run."
whole = estimate(100, 0)
signed = estimate(100, 1, signed=True)


def above_chance(found: Found, by_variant: Mapping[str, Json]) -> dict[str, Json]:
    """What is known of the variants that are above chance."""
    return {name: one for name, one in by_variant.items() if name in found.learnt}


def subjects(found: Found, known: Collection[str]) -> list[str]:
    """The variants that findings are about: the focus variants above chance, else the most accurate one; of those
    that are known."""
    focus = [name for name in found.focus if name in known]
    accuracy = {row.variant: row.accuracy or 0.0 for row in found.standings if row.variant in found.learnt}
    best = sorted((name for name in accuracy if name in known), key=lambda name: -accuracy[name])
    return focus or best[:1]


def listed(parts: Sequence[str]) -> str:
    """Words in a row: "a", "a and b", "a, b and c"."""
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last


def right_in(by_variant: Mapping[str, str]) -> str:
    """How often variants are right: "a is right in 46 % and b in 40 %"."""
    (first, value), *rest = by_variant.items()
    return listed([f"{first} is right in {value}", *(f"{name} in {other}" for name, other in rest)])


def share(of: Estimated) -> str:
    """A share with its interval: "46 % (38 to 54)"."""
    value, interval = whole(of).split(" ", 1)
    return f"{value} % {interval}"


def change(of: Estimated) -> str:
    """A difference of shares with its interval: "−3.0 points (−5.0 to −1.0)"."""
    value, interval = signed(of).split(" ", 1)
    return f"{value} points {interval}"


def against(difference: Estimated) -> str:
    """How a measure lies to another one by the interval of their difference."""
    if difference["low"] > 0:
        return "more than"
    return "less than" if difference["high"] < 0 else "not clearly different from"
