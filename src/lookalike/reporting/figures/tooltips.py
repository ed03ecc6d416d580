"""Tooltips of a chart: its points, lines and bars, read back from the figure."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import LineCollection
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import EngFormatter, FixedLocator, FuncFormatter

from lookalike.reporting.document import Tooltip
from lookalike.reporting.figures.style import as_points
from lookalike.reporting.forms import in_digits

MOST = 250  # spots of a chart
UNNAMED = re.compile(r"_child\d+|_nolegend_|_container\d+|")  # labels that matplotlib gives by itself
LABEL = 20  # letters of an axis' name, up to which it stands before a number
EXACT = 1e5  # from here on numbers are written with a power of ten


@dataclass(frozen=True)
class Mark:
    """A drawn value: where it stands in its axes' data, of which series, and the ends of its interval.

    Attributes:
        up: whether the value is on the vertical axis.
        ends: None without an interval.
    """

    axes: Axes
    series: str
    place: tuple[float, float]
    value: float
    up: bool = True
    ends: tuple[float, float] | None = None

    @property
    def text(self) -> str:
        """The series, the position and the value."""
        axis, other = (self.axes.yaxis, self.axes.xaxis) if self.up else (self.axes.xaxis, self.axes.yaxis)
        at = position_text(other, self.place[0 if self.up else 1])
        value, unit = value_text(axis, self.value), unit_of(axis)
        between = " to ".join(value_text(axis, end) for end in self.ends) if self.ends else ""
        interval = f" ({between}{unit})" if between else ""
        return f"{', '.join(part for part in (self.series, at) if part)}: {value}{unit}{interval}"


def tooltips(figure: Figure) -> tuple[Tooltip, ...]:
    """The tooltips of a drawn figure, at most 250; of more, every second, third and so on."""
    width, height = figure.canvas.get_width_height()
    found = []
    for mark in marks_in(figure):
        x, y = mark.axes.transData.transform(mark.place)
        if mark.axes.bbox.padded(1).contains(x, y):
            found.append((round(100 * x / width, 1), round(100 - 100 * y / height, 1), mark))
    every = math.ceil(len(found) / MOST) or 1
    return tuple(Tooltip(left, top, mark.text) for left, top, mark in found[::every])


def marks_in(figure: Figure) -> Iterator[Mark]:
    for axes in figure.axes:
        for container in axes.containers:
            if isinstance(container, ErrorbarContainer):
                yield from marks_with_intervals(axes, container)
            elif isinstance(container, BarContainer):
                yield from marks_of_bars(axes, container)
        for line in axes.lines:
            if (name := name_of(line)) and line.get_transform() is axes.transData:
                for x, y in np.asarray(line.get_xydata(), float):
                    yield Mark(axes, name, (x, y), y)


def name_of(artist: Line2D | ErrorbarContainer | BarContainer) -> str:
    """The label of a series, also of one that is not in the legend because of its underscore; else ""."""
    label = str(artist.get_label() or "")
    return "" if UNNAMED.fullmatch(label) else label.removeprefix("_")


def marks_with_intervals(axes: Axes, drawn: ErrorbarContainer) -> Iterator[Mark]:
    points, _, (bars, *_) = drawn.lines
    if not name_of(drawn) or points is None:
        return
    up = drawn.has_yerr
    for (x, y), ends in zip(np.asarray(points.get_xydata(), float), ends_of(bars, up=up), strict=True):
        yield Mark(axes, name_of(drawn), (x, y), y if up else x, up, ends)


def marks_of_bars(axes: Axes, drawn: BarContainer) -> Iterator[Mark]:
    """Bars, each in its middle; its value is its length, with the sign of its direction."""
    up = drawn.orientation == "vertical"
    ends: list[tuple[float, float] | None] = [None] * len(drawn.patches)
    if drawn.errorbar is not None:
        ends = [*ends_of(drawn.errorbar.lines[2][0], up=up)]
    for bar, own in zip(drawn.patches, ends, strict=True):
        assert isinstance(bar, Rectangle)
        (x, y), value = bar.get_xy(), bar.get_height() if up else bar.get_width()
        if own and value < 0 and is_mirrored(axes.yaxis if up else axes.xaxis):
            value, own = -value, (-own[1], -own[0])
        if name_of(drawn) and value:
            yield Mark(axes, name_of(drawn), (x + bar.get_width() / 2, y + bar.get_height() / 2), value, up, own)


def ends_of(bars: LineCollection, *, up: bool) -> list[tuple[float, float] | None]:
    segments = np.asarray(bars.get_segments(), float).reshape(-1, 2, 2)  # (bars, ends, x and y)
    return [(float(low), float(high)) for low, high in segments[..., int(up)]]


def unit_of(axis: Axis) -> str:
    return " points" if is_difference(axis) else " %" if is_share(axis) else ""


def is_share(axis: Axis) -> bool:
    formatter = axis.get_major_formatter()
    return isinstance(formatter, FuncFormatter) and formatter(0.5) == "50%"


def is_difference(axis: Axis) -> bool:
    formatter = axis.get_major_formatter()
    return isinstance(formatter, FuncFormatter) and formatter.func is as_points


def is_mirrored(axis: Axis) -> bool:
    """Whether ticks have no sign, so that they are the same on both sides of zero."""
    formatter = axis.get_major_formatter()
    return is_share(axis) and formatter(-0.5) == formatter(0.5)


def value_text(axis: Axis, value: float) -> str:
    """A value with one digit more than the ticks of its axis."""
    formatter = axis.get_major_formatter()
    if isinstance(formatter, EngFormatter):
        return EngFormatter(formatter.unit, places=1)(value)
    signed, scale = is_difference(axis), 100 if is_difference(axis) or is_share(axis) else 1
    low, high = axis.get_view_interval()
    if axis.get_scale() == "log" and scale == 1:
        return in_digits(value).replace("-", "−")
    step = scale * (abs(high - low) or 1) / 5
    digits = max(0, -math.floor(math.log10(step))) + 1
    if abs(scale * value) >= EXACT:
        return in_digits(scale * value).replace("-", "−")
    return f"{scale * value:{'+' if signed else ''}z,.{digits}f}".replace("-", "−")


def position_text(axis: Axis, at: float) -> str:
    """A position on an axis: the name of the row or column, or a number."""
    locator, formatter = axis.get_major_locator(), axis.get_major_formatter()
    if isinstance(locator, FixedLocator):
        nearest = min(locator(), key=lambda tick: abs(tick - at), default=math.inf)
        if abs(nearest - at) <= (0.5 if axis.get_scale() == "linear" else 0.1 * at):
            return formatter(nearest).replace("\n", " ") if isinstance(formatter, FuncFormatter) else f"{nearest:g}"
    label = axis.get_label_text()
    whole = float(at).is_integer() and abs(at) < EXACT and not isinstance(formatter, EngFormatter)
    number = f"{at:,.0f}" if whole else value_text(axis, at)
    return f"{label if len(label) <= LABEL else ''} {number}{unit_of(axis)}".strip()
