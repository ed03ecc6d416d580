"""How values are written for people: shares, differences, counts and durations as text."""

from collections.abc import Callable, Mapping
from typing import Any

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
Form = Callable[[Any], str]  # how a value is written for people


def or_dash(form: Form) -> Form:
    """A form of numbers that shows an unknown one as a dash, and a minus as wide as a figure."""
    return lambda value: "–" if value is None else form(value).replace("-", "−")


def estimate_form(scale: float, digits: int, *, signed: bool = False) -> Form:
    """A form for a figure with its interval, `{"value", "low", "high"}`, in other units."""
    sign = "+" if signed else ""

    def write(figure: Mapping[str, float]) -> str:
        value, low, high = (scale * figure[name] for name in ("value", "low", "high"))
        return f"{value:{sign}z.{digits}f} ({low:{sign}z.{digits}f} to {high:{sign}z.{digits}f})"

    return or_dash(write)


def p_value(p: float) -> str:
    """A p-value; very small ones as a bound."""
    return "< 0.0001" if p < 1e-4 else f"{p:.2g}"


def in_digits(value: float) -> str:
    """A number in three digits; with a power of ten from 100,000 on and below 0.0001."""
    digits, _, exponent = f"{value:.2e}".partition("e")
    if not exponent or value == 0 or -4 <= int(exponent) < 5:
        return f"{float(f'{value:.3g}'):,g}"
    return f"{digits}×10{str(int(exponent)).translate(RAISED)}"


def text(value: Any) -> str:
    """Words as they are."""
    return "–" if value is None else str(value)


shares = estimate_form(100, 1)
points = estimate_form(100, 1, signed=True)
amounts = estimate_form(1, 2)
fine = estimate_form(1, 4)
p = or_dash(p_value)
percent = or_dash(lambda share: f"{100 * share:z.2f}")
number = or_dash(lambda value: f"{value:z.3f}")
significant = or_dash(in_digits)
count = or_dash(lambda value: f"{value:,.0f}")
millions = or_dash(lambda value: f"{value / 1e6:.2f} M")
duration = or_dash(lambda seconds: f"{seconds / 60:.1f} min" if seconds >= 90 else f"{seconds:.0f} s")
