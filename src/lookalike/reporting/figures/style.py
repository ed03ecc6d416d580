"""How figures look: one palette that colour-blind readers can tell apart, one way to draw an interval and to save."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import cycle
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogFormatterMathtext, MaxNLocator
from numpy.typing import NDArray

from lookalike.families.family import Family

Look = dict[str, Any]  # colour, marker, label and the like, as matplotlib's functions take them
Looks = Mapping[str, Look]
Estimated = dict[str, Any] | None  # an `Estimate` out of JSON: "value", "low" and "high"; None where there is none

# Variants and families have these colours, and nothing else has: Okabe & Ito, "Color Universal Design" (2008).
BLUE, ORANGE, VERMILLION, SKY, BLACK = "#0072B2", "#E69F00", "#D55E00", "#56B4E9", "#000000"
FAMILIES: dict[Family, str] = {"CNN": BLUE, "ViT": VERMILLION, "hybrid": SKY, "MLP": BLACK}
SPARE = (ORANGE, "#5254A3", "#8C6D31", "#E377C2", "#7F7F7F")  # of further variants of a family
RIGHT, NEAR, WRONG = "#1B7837", "#A6DBA0", "#762A83"  # also for and against in maps (ColorBrewer's PRGn)
# Series that are no variants have these: tones of Paul Tol's "muted" scheme (2018) unlike those above, and greys.
PALETTE = ("#44AA99", "#882255", "#999933", "#CC6677", "#DDCC77", "#555555", "#9A9A9A")
DARK, MIDDLE, LIGHT = "#333333", "#777777", "#BBBBBB"
MARKERS = "osD^vPX<>"
BESIDE = "beside"  # marks texts at the right of rows, which only wide pages have
SMALL = 6.5  # points: the least that is read at ease
WIDTH = 7.4  # inches: a column of the report
DPI = 110
SETTINGS: dict[Any, Any] = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.titley": 1.0,  # else matplotlib looks for what titles might cover, three times a figure
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "axes.axisbelow": True,
    "axes.formatter.limits": (-4, 5),  # powers of ten from 100,000 on
    "axes.formatter.useoffset": False,
    "figure.constrained_layout.use": True,
    "text.parse_math": False,  # names of classes and files hold dollar signs
}


@contextmanager
def style() -> Iterator[None]:
    """Within the block matplotlib draws in the project's style."""
    with mpl.rc_context(SETTINGS):
        yield


def laid_out(figure: Figure) -> Figure:
    """The figure at the report's resolution, made quicker to draw."""
    figure.set_dpi(DPI)
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        if not axis.get_label_text():
            axis.set_label_coords(0, 0)  # else matplotlib places the empty label with care
        if isinstance(axis.get_major_formatter(), LogFormatterMathtext):
            for tick in (*axis.majorTicks, *axis.minorTicks):  # made in the style; powers of ten are mathematics
                tick.label1.set_parse_math(True)
    return figure


def variant_looks(families: Mapping[str, Family], focus: Sequence[str]) -> dict[str, Look]:
    """A colour, a marker and a label for each variant of a study: the first of a family, focus variants first, has the
    family's colour, the others have spare ones."""
    spare, taken, found = cycle(SPARE), set[Family](), dict[str, Look]()
    ordered = [*(name for name in focus if name in families), *(name for name in families if name not in focus)]
    for k, name in enumerate(ordered):
        family = families[name]
        colour = next(spare) if family in taken else FAMILIES[family]
        taken.add(family)
        found[name] = {"color": colour, "marker": MARKERS[k % len(MARKERS)], "label": f"{name} ({family})"}
    return {name: found[name] for name in families}


def looks(names: Iterable[str]) -> dict[str, Look]:
    """A look for each name that is no variant, which no other name has; from the eighth on markers are hollow."""
    return {
        name: {
            "color": PALETTE[k % len(PALETTE)],
            "marker": MARKERS[k % len(MARKERS)],
            "markerfacecolor": PALETTE[k] if k < len(PALETTE) else "white",
            "label": name,
        }
        for k, name in enumerate(names)
    }


def dodge(rows: int, series: int) -> NDArray[np.float64]:
    """Positions (series, rows) around 0, 1, ... at which each of a row's series has a place of its own."""
    return np.arange(rows) + (np.arange(series)[:, None] - (series - 1) / 2) * 0.7 / series


def whiskers(
    axes: Axes, positions: Iterable[float], estimates: Iterable[Estimated], *, up: bool = False, **look: Any
) -> None:
    """A dot with its 95 % interval for each estimate that is known.

    Args:
        positions: (N,), heights of the rows; along the horizontal axis if `up`.
        estimates: as many.
        look: for `Axes.errorbar`.
    """
    known = [(at, estimate) for at, estimate in zip(positions, estimates, strict=True) if estimate is not None]
    places = [at for at, _ in known]
    value, low, high = (np.array([estimate[key] for _, estimate in known]) for key in ("value", "low", "high"))
    lengths = np.clip([value - low, high - value], 0, None)  # a skewed interval need not hold its value
    look = {"linestyle": "none", "markersize": 4, "elinewidth": 1.2, **look}
    if up:
        axes.errorbar(places, value, yerr=lengths, **look)
    else:
        axes.errorbar(value, places, xerr=lengths, **look)


def write_beside(axes: Axes, row: float, text: str, points: float) -> None:
    """Small `text` at the height of a row, its right end so many points to the right of the axes."""
    place: Look = {"xy": (1, row), "xycoords": axes.get_yaxis_transform(), "textcoords": "offset points"}
    look: Look = {"ha": "right", "va": "center", "fontsize": 7, "annotation_clip": False, "gid": BESIDE}
    axes.annotate(text, xytext=(points, 0), **place, **look)


def legend_above(figure: Figure, axes: Axes, columns: int = 3) -> None:
    """What is drawn in `axes` stands for all of the figure; in fewer columns where names are long."""
    drawn, names = axes.get_legend_handles_labels()
    columns = min(columns, columns_of(names, figure.get_figwidth()))
    figure.legend(drawn, names, loc="outside upper center", ncols=columns, frameon=False)


def columns_of(names: Sequence[str], width: float) -> int:
    """How many columns of a legend fit into so many inches."""
    longest = max(map(len, names), default=0)
    return max(1, int(width / (0.072 * longest + 0.55)))


def name_rows(axes: Axes, names: Sequence[str]) -> None:
    """Rows 0, 1, ... from the top, each with its name at the left and thin lines between them."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    for row in range(1, len(names)):
        axes.axhline(row - 0.5, color="#dddddd", linewidth=0.6, zorder=0)


def in_epochs(axis: Axis) -> None:
    """Whole epochs, of which there may be one."""
    axis.set_label_text("epoch")
    axis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def in_percent(axis: Axis) -> None:
    """Shares of one read as percent."""
    axis.set_major_formatter(FuncFormatter(as_percent))


def in_points(axis: Axis) -> None:
    """Differences of shares read as percentage points, with their sign."""
    axis.set_major_formatter(FuncFormatter(as_points))


def as_percent(share: float, _: float | None = None) -> str:
    """A share as a tick; a function by name, so that figures can be handed to other processes."""
    return f"{100 * share:.3g}%"


def as_points(share: float, _: float | None = None) -> str:
    """A difference of shares as a tick."""
    return "0" if abs(share) < 1e-9 else f"{100 * share:+.3g}"
