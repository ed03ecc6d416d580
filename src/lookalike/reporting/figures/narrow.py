"""A chart laid out for a telephone: its panels below each other instead of side by side."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator
from matplotlib.transforms import Bbox

from lookalike.reporting.figures.style import BESIDE, NARROW, columns_of, named_handles

LINE = 0.17  # inches that a line of text is high
MANY = 4  # panels in a row, of which two stay side by side
LETTERS = 46  # of a line of the legend


@dataclass(frozen=True)
class Panel:
    """Axes, how wide and high they are drawn, and the room of their texts above and below, and at the left; inches."""

    axes: Axes
    width: float
    height: float
    room: float
    left: float


def lay_out_narrow(figure: Figure) -> bool:
    """Lay a figure that has been drawn out for a narrow page; False where that would make it illegible.

    The figure is changed. Texts next to rows are left out, for there is no room.
    """
    if figure.get_figwidth() <= NARROW:
        return False
    frames = {axes: axes.get_tightbbox(renderer_of(axes)) or axes.bbox for axes in figure.axes}
    panels = [measure_panel(axes, frames) for axes in figure.axes if is_panel(axes)]
    across = 2 if len({round(panel.axes.get_position().x0, 2) for panel in panels}) >= MANY else 1
    left = max(panel.left for panel in panels[::across]) + (0.25 if figure.get_supylabel() else 0)
    room = (NARROW - left) / across - 0.15
    if any(is_crowded(panel.axes, room) for panel in panels):
        return False
    for text in [text for axes in figure.axes for text in axes.texts if text.get_gid() == BESIDE]:
        text.remove()
    names = legend_of(figure)
    for axes in [axes for axes in figure.axes if not is_panel(axes) and not is_bar(axes)]:
        axes.remove()
    rows = [panels[k : k + across] for k in range(0, len(panels), across)]
    heights = [max(panel.height for panel in row) for row in rows]
    grid, rest = figure.add_gridspec(len(rows), across, height_ratios=heights), 0.25
    for k, row in enumerate(rows):
        for column, panel in enumerate(row):
            panel.axes.set_subplotspec(grid[k, column])
        rest += max(panel.room + fit_labels(panel.axes, room, revealed=panel is row[0]) for panel in row) + LINE
    bars = [axes for axes in figure.axes if is_bar(axes) and lies(axes)]
    rest += sum(frames[axes].height / figure.dpi + LINE * wrap(axes.xaxis.label, room) for axes in bars)
    label = figure._supxlabel  # type: ignore[attr-defined]
    rest += LINE * (1 + wrap(label, NARROW - 0.2)) if label else 0
    figure.set_size_inches(NARROW, sum(heights) + rest + draw_legend(figure, *names))
    return True


def is_panel(axes: Axes) -> bool:
    return not is_bar(axes) and (axes.axison or bool(axes.has_data()))


def is_bar(axes: Axes) -> bool:
    return axes.get_label() == "<colorbar>"


def lies(axes: Axes) -> bool:
    """Whether a scale of colours is horizontal and so needs height."""
    return axes.bbox.width > axes.bbox.height


def is_crowded(axes: Axes, room: float) -> bool:
    """Whether a heat map that is `room` inches wide has numbers that are wider than its cells."""
    columns = [image.get_size()[1] for image in axes.images]
    return len(axes.texts) > 1 and any(count * width_of(text) > room for count in columns for text in axes.texts)


def measure_panel(axes: Axes, frames: Mapping[Axes, Bbox]) -> Panel:
    """The panel as it has been drawn; `frames` are all axes with their texts."""
    dpi, inside, outside = axes.figure.dpi, axes.bbox, frames[axes]
    left, room = inside.x0 - outside.x0, outside.height - inside.height
    if is_hidden(axes, "y"):
        left = max(one.bbox.x0 - frames[one].x0 for one in axes.get_shared_y_axes().get_siblings(axes))
    hidden = 2 * LINE if is_hidden(axes, "x") else 0
    return Panel(axes, inside.width / dpi, inside.height / dpi, room / dpi + hidden, left / dpi)


def renderer_of(artist: Artist) -> Any:
    canvas = artist.get_figure(root=True).canvas  # type: ignore[union-attr]
    assert isinstance(canvas, FigureCanvasAgg)
    return canvas.get_renderer()


def is_hidden(axes: Axes, which: str) -> bool:
    """Whether an axis has no tick labels because another panel shows them."""
    axis, side = (axes.xaxis, "labelbottom") if which == "x" else (axes.yaxis, "labelleft")
    return axis.get_tick_params().get(side) is False


def fit_labels(axes: Axes, room: float, *, revealed: bool) -> float:
    """Show labels that shared axes hide, and break lines longer than `room` inches; returns the added height."""
    if axes.axison:
        axes.tick_params(labelbottom=True, labelleft=revealed)
    title = axes._left_title  # type: ignore[attr-defined]
    grown = LINE * (wrap(axes.xaxis.label, room) + wrap(title, room))
    labels = axes.get_xticklabels()
    level = isinstance(axes.xaxis.get_major_locator(), FixedLocator) and not any(map(Text.get_rotation, labels))
    if level and sum(map(width_of, labels)) > 0.9 * room:
        for label in labels:
            label.set(rotation=40, ha="right", rotation_mode="anchor")
        grown += 0.6 * max(map(width_of, labels))
    return grown


def width_of(text: Text) -> float:
    """The width of a text in inches."""
    return text.get_window_extent(renderer_of(text)).width / text.get_figure(root=True).dpi  # type: ignore[union-attr]


def wrap(text: Text, room: float) -> int:
    """Break a text into lines of at most `room` inches; returns by how many lines it has grown."""
    said = text.get_text()
    if not said or (width := width_of(text)) <= room:
        return 0
    longest = max(map(len, said.split("\n")))
    lines = [textwrap.fill(line, max(8, int(longest * room / width))) for line in said.split("\n")]
    text.set_text("\n".join(lines))
    return text.get_text().count("\n") - said.count("\n")


def legend_of(figure: Figure) -> tuple[list[Artist], list[str]]:
    """Remove the legend outside of all panels; returns its handles and names."""
    if not figure.legends:
        return [], []
    (legend,), known = figure.legends, named_handles(figure.axes)
    names = [text.get_text() for text in legend.get_texts()]
    legend.remove()
    return [known[name] for name in names], names


def draw_legend(figure: Figure, drawn: list[Artist], names: list[str]) -> float:
    """Draw the legend above all panels, in two columns where there is room; returns its height in inches."""
    if not names:
        return 0
    columns, wrapped = min(2, columns_of(names, NARROW)), [textwrap.fill(name, LETTERS) for name in names]
    figure.legend(drawn, wrapped, loc="outside upper center", ncols=columns, frameon=False, fontsize=8)
    lines = sum(name.count("\n") + 1 for name in wrapped)
    return LINE * -(-lines // columns) + 0.2
