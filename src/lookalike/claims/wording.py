"""Quantities, regions and verdicts in words, by rule from the numbers."""

import math
import re
from collections.abc import Sequence

from lookalike.claims.claim import Measurement, Region, Scale, Test
from lookalike.claims.judging import Answer, Judged, as_read

READ: dict[Scale, tuple[float, int, str]] = {  # factor, digits and unit by which people read a quantity
    "points": (100, 1, " points"),
    "percent": (100, 2, " %"),
    "times": (1, 2, " times"),
    "number": (1, 2, ""),
}
EITHER_WORD = re.compile(r"(\w+)\|(\w+)")  # of a positive value, and of the opposite of a negative one
MOST_DIGITS = 4  # after the point, where a bound is near


def value_in_words(value: float, scale: Scale, digits: int | None = None) -> str:
    """A quantity as people read it, with its unit and a minus that is as wide as a digit."""
    factor, usual, unit = READ[scale]
    return f"{factor * value:z.{usual if digits is None else digits}f}{unit}".replace("-", "−")


def region_in_words(region: Region, scale: Scale) -> str:
    """Where a claim holds, in words."""
    digits = max((digits_for(bound, (), scale) for bound in region.bounds), default=None)
    low, high = (
        value_in_words(bound, scale, digits) if math.isfinite(bound) else "" for bound in (region.low, region.high)
    )
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


def measurement_in_words(answer: Answer) -> str | None:
    """What was measured, with its interval; None if nothing was."""
    found = ends(answer)
    if found is None or answer.measured is None:
        return None
    scale, bounds = answer.test.scale, answer.test.region.bounds
    digits = max(digits_for(one, bounds, scale) for one in found if math.isfinite(one))
    value, low, high = (bare(one, scale, digits) for one in found)
    unit = READ[scale][2]
    if not has_interval(answer.measured):
        return f"{value}{unit}"
    return f"{value}{unit} ({interval_in_words(low, high, answer.test)})"


def has_interval(measured: Measurement) -> bool:
    """Whether something varies, and it is known how much."""
    return not measured.counted and measured.quantity.knows_seeds and measured.varies


def bare(value: float, scale: Scale, digits: int) -> str:
    """A quantity without its unit; "" if it is infinite."""
    return value_in_words(value, scale, digits).removesuffix(READ[scale][2]) if math.isfinite(value) else ""


def interval_in_words(low: str, high: str, test: Test) -> str:
    """An interval, of which one end may be open; its level where that is not 95 %."""
    level = "" if test.region.level == 0.95 else f"{100 * test.region.level:.0f} % interval "
    if not low:
        return f"{level}at most {high}" if high else f"{level}any value"
    return f"{level}{low} to {high}" if high else f"{level}at least {low}"


def sentence(answer: Answer, *, remark: bool = True) -> str:
    """The result of a test and its verdict as a sentence, with a remark on the verdict if wanted."""
    found, test, measured = ends(answer), answer.test, answer.measured
    if found is None or measured is None:
        return f"Not tested: {answer.reason}."
    value, low, high = found
    bounds, opposite = test.region.bounds, value < 0 and EITHER_WORD.search(test.sentence)
    if opposite:
        (value, low, high), bounds = (-value, -high, -low), [-bound for bound in bounds]
    digits = max(digits_for(one, bounds, test.scale) for one in (value, low, high) if math.isfinite(one))
    template = EITHER_WORD.sub(r"\2" if opposite else r"\1", test.sentence)
    text = template.format(value_in_words(value, test.scale, digits))
    if has_interval(measured):
        text += f" ({interval_in_words(bare(low, test.scale, digits), bare(high, test.scale, digits), test)})"
    if measured.runs:
        text = f"in {runs_in_words(measured.runs)} {text}"
    lost = f" {' and '.join(answer.diverged)} diverged and are left out." if answer.diverged else ""
    return f"{text[0].upper()}{text[1:]}. {verdict_in_words(answer, remark=remark)}.{lost}"


def runs_in_words(runs: Sequence[int]) -> str:
    """How many training runs: "3 + 3 runs"."""
    return f"{' + '.join(map(str, runs))} run{'s' if sum(runs) > 1 else ''}"


def verdict_in_words(answer: Answer, *, remark: bool = True) -> str:
    """The verdict on a test and, if wanted, what belongs to it, without a full stop."""
    if answer.verdict == "not judged":
        return f"Not judged: {answer.reason}"
    verdict = answer.at_any_size
    text = f"{verdict}: {remark_on(answer)}" if remark and remark_on(answer) else verdict
    return f"At reduced size: {text}" if answer.reduced else text.capitalize()


def remark_on(answer: Answer) -> str:
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


def open_remarks(judged: Judged) -> str:
    """What the tests of a claim leave to be said: its verdict at reduced size, where it is not that of each test, and
    how many tests were not done; "" if nothing."""
    parts = []
    if judged.reduced and {answer.at_any_size for answer in judged.decisive} != {judged.reduced}:
        parts.append(f"At reduced size the verdict on the claim is: {judged.reduced}.")
    missing = sum(answer.measured is None for answer in judged.decisive)
    if 0 < missing < len(judged.decisive):
        parts.append(f"{missing} of {len(judged.decisive)} tests {'was' if missing == 1 else 'were'} not done.")
    return " ".join(parts)
