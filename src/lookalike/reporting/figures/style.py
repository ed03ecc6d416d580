"""The style of figures: a palette for colour-blind readers, intervals, axes, legends and heat maps."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import cycle
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import FuncFormatter, LogFormatterMathtext, MaxNLocator
from numpy.typing import NDArray

from lookalike.families.family import Family
from lookalike.reporting.figures.parts import TELEPHONE

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
BELOW: Look = {"location": "bottom", "aspect": 40}  # of a scale of colours: beside, it takes a telephone's width
SMALL = 6.5  # points: the least that is read at ease
DPI = 110
WIDTH = 7.4  # inches: a column of the report
NARROW = TELEPHONE / DPI  # inches
SETTINGS: dict[Any, Any] = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.titley": 1.0,  # else matplotlib looks for what titles might cover, three times a figure
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "axes.axisbelow": True,
    "axes.formatter.limits": (-4, 5),  # powers of ten from 100,000 on
    "axes.formatter.useoffset": False,
    "figure.constrained_layout.use": True,
    "figure.labelsize": 9,
    "text.parse_math": False,  # names of classes and files hold dollar signs
}


@contextmanager
def style() -> Iterator[None]:
    """Matplotlib's settings in the project's style, for a block or as a decorator."""
    with mpl.rc_context(SETTINGS):
        yield


def subplots(
    height: float, rows: int = 1, columns: int = 1, *, width: float = WIDTH, **options: Any
) -> tuple[Figure, Any]:
    """A figure (inches) and its axes; `options` go to `Figure.subplots`. Call it within `style`."""
    figure = Figure(figsize=(width, height))
    return figure, figure.subplots(rows, columns, **options)


def prepare_layout(figure: Figure) -> Figure:
    """The figure at the report's resolution, with settings that make drawing faster."""
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


def series_looks(names: Iterable[str]) -> dict[str, Look]:
    """A distinct look for each name that is no variant; from the eighth on, markers are hollow."""
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
    """Positions (series, rows) around 0, 1, ... such that the series of a row do not overlap."""
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
    at_known = [at for at, _ in known]
    value, low, high = (np.array([estimate[key] for _, estimate in known]) for key in ("value", "low", "high"))
    lengths = np.clip([value - low, high - value], 0, None)  # a skewed interval need not hold its value
    look = {"linestyle": "none", "markersize": 4, "elinewidth": 1.2, **look}
    if up:
        axes.errorbar(at_known, value, yerr=lengths, **look)
    else:
        axes.errorbar(value, at_known, xerr=lengths, **look)


def dodged_whiskers(
    axes: Axes, looks: Iterable[Look], series: Iterable[Sequence[Estimated]], *, up: bool = False, **shared: Any
) -> None:
    """Draw whiskers of several series side by side in rows 0, 1, ...: for each look, one estimate per row."""
    columns = list(series)
    for look, estimates, positions in zip(looks, columns, dodge(len(columns[0]), len(columns)), strict=True):
        whiskers(axes, positions, estimates, up=up, **shared, **look)


def write_beside(axes: Axes, row: float, text: str, points: float) -> None:
    """Write small `text` at the height of a row; its right end is so many points to the right of the axes."""
    place: Look = {"xy": (1, row), "xycoords": axes.get_yaxis_transform(), "textcoords": "offset points"}
    look: Look = {"ha": "right", "va": "center", "fontsize": 7, "annotation_clip": False, "gid": BESIDE}
    axes.annotate(text, xytext=(points, 0), **place, **look)


def legend_above(figure: Figure, axes: Axes, columns: int = 3) -> None:
    """Draw the legend of `axes` above the figure, in fewer columns where names are long."""
    drawn, names = axes.get_legend_handles_labels()
    columns = min(columns, columns_of(names, figure.get_figwidth()))
    figure.legend(drawn, names, loc="outside upper center", ncols=columns, frameon=False)


def named_handles(panels: Iterable[Axes]) -> dict[str, Artist]:
    """The legend handle of each series of some panels, by its name."""
    return {name: one for axes in panels for one, name in zip(*axes.get_legend_handles_labels(), strict=True)}


def columns_of(names: Sequence[str], width: float) -> int:
    longest = max(map(len, names), default=0)
    return max(1, int(width / (0.072 * longest + 0.55)))


def name_rows(axes: Axes, names: Sequence[str]) -> None:
    """Name rows 0, 1, ... from the top at the left, with thin lines between them."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    for row in range(1, len(names)):
        axes.axhline(row - 0.5, color="#dddddd", linewidth=0.6, zorder=0)


def name_columns(axes: Axes, names: Sequence[str], **look: Any) -> None:
    """Write slanted names below columns 0, 1, ...."""
    axes.set_xticks(range(len(names)), names, **{"rotation": 50, "ha": "right", "rotation_mode": "anchor", **look})


def zero_line(axes: Axes) -> None:
    """Draw a grey vertical line at 0."""
    axes.axvline(0, color=MIDDLE, linewidth=1, zorder=1)


def heat_map(
    axes: Axes, values: NDArray[np.floating], write: Callable[[int, int], str], dark: float, **look: Any
) -> AxesImage:
    """Values (R, C) from 0 to 1 as shades of grey, in each cell the text that `write` makes of its row and column.

    Texts are white in cells above `dark`.
    """
    image = axes.imshow(values, cmap="Greys", vmin=0, vmax=1, aspect="auto")
    for row, column in np.ndindex(values.shape):
        colour = "white" if values[row, column] > dark else BLACK
        axes.text(column, row, write(row, column), ha="center", va="center", color=colour, **look)
    axes.tick_params(length=0)
    axes.grid(visible=False)
    return image


def label_epochs(axis: Axis) -> None:
    """Label an axis of epochs, with ticks at whole numbers."""
    axis.set_label_text("epoch")
    axis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def percent_ticks(axis: Axis) -> None:
    """Show shares on an axis as percent."""
    axis.set_major_formatter(FuncFormatter(as_percent))


def points_ticks(axis: Axis) -> None:
    """Show differences of shares on an axis as percentage points with their sign."""
    axis.set_major_formatter(FuncFormatter(as_points))


def as_percent(share: float, _: float | None = None) -> str:
    """A share as percent; a named function, so that figures can be pickled for other processes."""
    return f"{100 * share:.3g}%"


def as_points(share: float, _: float | None = None) -> str:
    """A difference of shares in percentage points."""
    return "0" if abs(share) < 1e-9 else f"{100 * share:+.3g}"
