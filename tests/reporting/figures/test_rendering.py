"""Charts for wide and for narrow pages: what is laid out anew, what is left out, and what stays as it is."""

import io
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from lookalike.reporting.figures.narrow import lay_out_narrow
from lookalike.reporting.figures.rendering import pixels_of, render_chart, stored_chart, to_png, to_webp
from lookalike.reporting.figures.style import (
    BELOW,
    BESIDE,
    DPI,
    NARROW,
    WIDTH,
    legend_above,
    name_rows,
    style,
    write_beside,
)

LONG = "a name that is long for an axis of a narrow figure on a telephone"


def panels(rows: int, columns: int, **shared: Any) -> Figure:
    """A grid of panels, each with a line and a title."""
    with style():
        figure = Figure(figsize=(WIDTH, 2.0 * rows))
        grid = figure.subplots(rows, columns, squeeze=False, **shared)
        for k, axes in enumerate(grid.flat):
            axes.plot([0, 1], [k, k + 1], label="one")
            axes.set_title(f"panel {k}", loc="left")
            axes.set_xlabel(LONG)
        legend_above(figure, grid[0, 0])
    return figure


def laid_out(figure: Figure) -> bool:
    """Draw, lay out anew and draw again."""
    pixels_of(figure)
    done = lay_out_narrow(figure)
    pixels_of(figure)
    return done


def test_a_chart_has_a_view_for_either_width() -> None:
    picture = render_chart(panels(1, 2))
    assert picture.narrow is not None
    assert (picture.wide.width, picture.narrow.width) == (round(WIDTH * DPI), round(NARROW * DPI))
    assert picture.narrow.height > 1.5 * picture.wide.height
    for view in (picture.wide, picture.narrow):
        with Image.open(io.BytesIO(view.webp)) as image:
            assert (image.format, image.size) == ("WEBP", (view.width, view.height))
        assert [spot.text for spot in view.tooltips[:2]] == ["one, 0: 0.00", "one, 1: 1.00"]
    assert picture.wide.tooltips[0].left < 50 < picture.wide.tooltips[2].left
    assert picture.narrow.tooltips[0].left == picture.narrow.tooltips[2].left


@pytest.mark.parametrize(("columns", "across"), [(1, 1), (2, 1), (3, 1), (4, 2)])
def test_panels_stand_below_each_other_as_high_as_before(columns: int, across: int) -> None:
    figure = panels(2, columns)
    pixels_of(figure)
    height = figure.axes[0].bbox.height
    assert laid_out(figure)
    lefts = sorted({round(axes.bbox.x0) for axes in figure.axes})
    assert len(lefts) == across
    tops = [axes.bbox.y1 for axes in figure.axes[::across]]
    assert tops == sorted(tops, reverse=True)
    assert figure.axes[0].bbox.height == pytest.approx(height, rel=0.25)


def test_nothing_leaves_the_narrow_figure_and_nothing_overlaps() -> None:
    figure = panels(1, 3, sharey=True)
    name_rows(figure.axes[0], ["fashion-cnn-10pct", "fashion-vit"])
    figure.supxlabel(LONG)
    assert laid_out(figure)
    renderer = FigureCanvasAgg(figure).get_renderer()
    boxes = [axes.get_tightbbox(renderer) for axes in figure.axes]
    boxes.append(figure.legends[0].get_window_extent(renderer))
    for k, box in enumerate(boxes):
        assert box is not None
        assert figure.bbox.x0 <= box.x0 <= box.x1 <= figure.bbox.x1
        assert not any(box.overlaps(other) for other in boxes[:k] if other is not None)


def test_what_sharing_hides_is_written_again() -> None:
    figure = panels(2, 2, sharex=True, sharey=True)
    name_rows(figure.axes[0], ["a", "b"])
    pixels_of(figure)
    assert [label.get_text() for label in figure.axes[1].get_yticklabels() if label.get_visible()] == []
    assert laid_out(figure)
    for axes in figure.axes:
        assert [label.get_text() for label in axes.get_yticklabels() if label.get_visible()] == ["a", "b"]
        assert any(label.get_visible() and label.get_text() for label in axes.get_xticklabels())


def test_names_of_columns_are_slanted_where_they_are_too_wide() -> None:
    figure = panels(1, 1)
    figure.axes[0].set_xticks(np.linspace(0, 1, 9), [f"layer {k} of" for k in range(9)])
    assert laid_out(figure)
    assert {label.get_rotation() for label in figure.axes[0].get_xticklabels()} == {40}


def test_notes_beside_rows_are_for_wide_pages_alone() -> None:
    figure = panels(1, 1)
    write_beside(figure.axes[0], 0.5, "12 images", 60)
    assert [text.get_gid() for text in figure.axes[0].texts] == [BESIDE]
    assert laid_out(figure)
    assert not figure.axes[0].texts


def test_a_scale_of_colours_below_its_panel_takes_no_height_from_it() -> None:
    with style():
        figure = Figure(figsize=(WIDTH, 3))
        heat, line = figure.subplots(1, 2)
        figure.colorbar(heat.imshow(np.eye(3), aspect="auto"), ax=heat, label="share", **BELOW)
        line.plot([0, 1])
    pixels_of(figure)
    height = heat.bbox.height
    assert laid_out(figure)
    bar = figure.axes[-1]
    assert line.bbox.y1 < bar.bbox.y0 < bar.bbox.y1 < heat.bbox.y0
    assert heat.bbox.height == pytest.approx(height, rel=0.25)


def test_empty_panels_go_and_scales_of_colours_stay() -> None:
    with style():
        figure = Figure(figsize=(WIDTH, 3))
        heat, line, empty = figure.subplots(1, 3)
        figure.colorbar(heat.imshow(np.eye(3), aspect="auto"), ax=heat)
        line.plot([0, 1])
        empty.set_axis_off()
    assert laid_out(figure)
    assert empty not in figure.axes
    bar = figure.axes[-1]
    assert bar.get_label() == "<colorbar>"
    assert bar.bbox.x0 >= heat.bbox.x1
    assert line.bbox.y1 <= heat.bbox.y0


@pytest.mark.parametrize(("columns", "crowded"), [(3, False), (12, True)])
def test_numbers_that_would_be_wider_than_their_cells_keep_their_figure_wide(columns: int, crowded: bool) -> None:
    with style():
        figure = Figure(figsize=(WIDTH, 3))
        axes = figure.subplots()
        axes.imshow(np.eye(columns), aspect="auto")
        for k in range(columns):
            axes.text(k, k, "1,234")
    drawn = render_chart(figure)
    assert (drawn.narrow is None, drawn.scrolls) == (crowded, crowded)


def test_a_small_figure_has_one_view() -> None:
    figure = panels(1, 1)
    figure.set_size_inches(NARROW, 2)
    assert render_chart(figure).narrow is None


def test_webp_and_png_show_the_same_picture() -> None:
    webp, png = to_webp(panels(1, 2)), to_png(panels(1, 2))
    assert webp == to_webp(panels(1, 2))
    assert len(webp) < len(png)
    one, other = (np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int) for data in (webp, png))
    assert np.abs(one - other).max() <= 5
    assert (one[0, 0] == 255).all()
    view = stored_chart(webp).wide
    assert (view.webp, view.width, view.height, view.tooltips) == (webp, other.shape[1], other.shape[0], ())


def test_photographs_keep_their_colours() -> None:
    ramp = np.stack(np.broadcast_arrays(np.linspace(0, 1, 160)[:, None], np.linspace(0, 1, 160)[None], 0.5), axis=2)
    figure = Figure(figsize=(160 / DPI, 160 / DPI))
    figure.add_axes((0, 0, 1, 1)).imshow(ramp, aspect="auto")
    figure.axes[0].set_axis_off()
    shown = np.asarray(Image.open(io.BytesIO(to_webp(figure))).convert("RGB")).astype(int)
    assert np.abs(shown - (255 * ramp)).mean() < 3
