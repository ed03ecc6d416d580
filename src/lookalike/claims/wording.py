"""How quantities, regions and verdicts are said, by rule from the numbers."""

import math
from collections.abc import Sequence

from lookalike.claims.claim import Measured, Region, Scale, Test
from lookalike.claims.judging import Answer, Judged, as_read, varies

READ: dict[Scale, tuple[float, int, str]] = {  # factor, digits and unit by which people read a quantity
    "points": (100, 1, " points"),
    "percent": (100, 2, " %"),
    "times": (1, 2, " times"),
    "number": (1, 2, ""),
}
MOST_DIGITS = 4  # after the point, where a bound is near


def said(value: float, scale: Scale, digits: int | None = None) -> str:
    """A quantity as people read it, with its unit and a minus that is as wide as a digit."""
    factor, usual, unit = READ[scale]
    return f"{factor * value:z.{usual if digits is None else digits}f}{unit}".replace("-", "−")


def said_region(region: Region, scale: Scale) -> str:
    """Where a claim holds, in words."""
    digits = max((digits_for(bound, (), scale) for bound in region.bounds), default=None)
    low, high = (said(bound, scale, digits) if math.isfinite(bound) else "" for bound in (region.low, region.high))
    if math.isinf(region.low):
        return f"above {high}" if region.outside else f"at most {high}"
    if math.isinf(region.high):
        return f"below {low}" if region.outside else f"at least {low}"
    return f"below {low} or above {high}" if region.outside else f"from {low} to {high}"


def digits_for(value: float, bounds: Sequence[float], scale: Scale) -> int:
    """How many digits a value needs so that rounding neither changes a bound nor hides on which side of one it lies."""
    factor, digits, _ = READ[scale]
    while digits < MOST_DIGITS:
        shown = round(factor * value, digits)
        hidden = any(value != bound and shown == round(factor * bound, digits) for bound in bounds)
        exact = bool(bounds) or math.isclose(shown, factor * value, abs_tol=1e-9)
        if exact and not hidden:
            break
        digits += 1
    return digits


def ends(answer: Answer) -> tuple[float, float, float] | None:
    """Value and ends of the interval that decides, as people read them; None if nothing was measured."""
    if answer.measured is None:
        return None
    quantity = answer.measured.quantity
    if answer.measured.counted:
        value = as_read(answer.test, quantity.value)
        return value, value, value
    low, high = quantity.interval(answer.test.region.level)
    value, low, high = (as_read(answer.test, one) for one in (quantity.value, low, high))
    return value, low, high


def said_measured(answer: Answer) -> str | None:
    """What was measured, with its interval; None of nothing."""
    found = ends(answer)
    if found is None or answer.measured is None:
        return None
    scale, bounds = answer.test.scale, answer.test.region.bounds
    digits = max(digits_for(one, bounds, scale) for one in found if math.isfinite(one))
    value, low, high = (bare(one, scale, digits) for one in found)
    unit = READ[scale][2]
    if answer.measured.counted or not has_interval(answer.measured):
        return f"{value}{unit}"
    return f"{value}{unit} ({said_interval(low, high, answer.test)})"


def has_interval(measured: Measured) -> bool:
    """Whether something varies, and it is known how much."""
    return measured.quantity.knows_seeds and varies(measured.quantity)


def bare(value: float, scale: Scale, digits: int) -> str:
    """A quantity without its unit; "" if it is infinite."""
    return said(value, scale, digits).removesuffix(READ[scale][2]) if math.isfinite(value) else ""


def said_interval(low: str, high: str, test: Test) -> str:
    """An interval, of which one end may be open; its level where that is not 95 %."""
    level = "" if test.region.level == 0.95 else f"{100 * test.region.level:.0f} % interval "
    if not low:
        return f"{level}at most {high}" if high else f"{level}any value"
    return f"{level}{low} to {high}" if high else f"{level}at least {low}"


def sentence(answer: Answer, *, remark: bool = True) -> str:
    """What was found for a test and what follows, in words; with what is to be remarked about the verdict."""
    found, test, measured = ends(answer), answer.test, answer.measured
    if found is None or measured is None:
        return f"Not tested: {answer.reason}."
    value, low, high = found
    template, bounds = test.sentence, test.region.bounds
    if value < 0 and test.negative:
        template, (value, low, high), bounds = test.negative, (-value, -high, -low), [-bound for bound in bounds]
    digits = max(digits_for(one, bounds, test.scale) for one in (value, low, high) if math.isfinite(one))
    text = template.format(said(value, test.scale, digits))
    if not measured.counted and has_interval(measured):
        text += f" ({said_interval(bare(low, test.scale, digits), bare(high, test.scale, digits), test)})"
    if measured.runs:
        text = f"in {said_runs(measured.runs)} {text}"
    lost = f" {' and '.join(answer.diverged)} diverged and are left out." if answer.diverged else ""
    return f"{text[0].upper()}{text[1:]}. {said_verdict(answer, remark=remark)}.{lost}"


def said_runs(runs: Sequence[int]) -> str:
    """How many training runs: "3 + 3 runs"."""
    return f"{' + '.join(map(str, runs))} run{'s' if sum(runs) > 1 else ''}"


def said_verdict(answer: Answer, *, remark: bool = True) -> str:
    """The verdict on a test and, if wanted, what belongs to it, without a full stop."""
    if answer.verdict == "not judged":
        return f"Not judged: {answer.reason}"
    verdict = answer.at_any_size
    text = f"{verdict}: {said_remark(answer)}" if remark and said_remark(answer) else verdict
    return f"At reduced size: {text}" if answer.reduced else text.capitalize()


def said_remark(answer: Answer) -> str:
    """Why a verdict is not decided, or what its intervals lean on; "" if there is nothing to say."""
    if answer.reason:
        return answer.reason
    if answer.needed is not None:
        return f"with the value that was measured, {answer.needed:,} runs of each would decide in four of five cases"
    measured = answer.measured
    if measured is not None and not measured.counted and measured.quantity.few_seeds and answer.decisive:
        freedom = f"{measured.quantity.lent_freedom or 0:.0f} degrees of freedom"
        return f"few runs, so that the seed-to-seed variation of other variants counts ({freedom})"
    return ""


def left_open(judged: Judged) -> str:
    """What the verdict on a claim leaves to be said: that at reduced size, and how many tests were not done; "" if
    nothing."""
    parts = [f"At reduced size the claim is {judged.reduced}."] if judged.reduced else []
    missing = sum(answer.measured is None for answer in judged.decisive)
    if 0 < missing < len(judged.decisive):
        parts.append(f"{missing} of {len(judged.decisive)} tests were not done.")
    return " ".join(parts)
