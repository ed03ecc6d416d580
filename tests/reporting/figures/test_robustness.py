"""Figures of corrupted images: what stands in their axes."""

import numpy as np
import pytest
from drawn import dots, ticks
from matplotlib.text import Text

from lookalike.data.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from lookalike.drawn.garments import draw_garments
from lookalike.reporting.document import Json
from lookalike.reporting.figures.maps import as_tile
from lookalike.reporting.figures.rendering import to_png
from lookalike.reporting.figures.robustness import corruptions_figure, drift_figure, overall_figure, severity_figure
from lookalike.reporting.figures.style import BLUE, VERMILLION, variant_looks


def about(value: float) -> Json:
    return {"value": value, "low": value - 0.02, "high": value + 0.01}


def variant(start: float) -> Json:
    """A variant whose accuracy falls with severity, and another way with each kind."""
    conditions = {
        kind: [{"accuracy": about(start - 0.05 * k - 0.01 * row), "ece": about(0.02 * k)} for k in SEVERITIES]
        for row, kind in enumerate(CORRUPTIONS)
    }
    return {"clean": {"accuracy": about(start), "ece": about(0)}, "overall": about(start / 2), "kinds": conditions}


VARIANTS = {"one": variant(0.9), "two": variant(0.8)}
LOOKS = variant_looks({"one": "CNN", "two": "ViT"}, [])


@pytest.mark.parametrize("measure", ["accuracy", "ece"])
def test_a_panel_a_kind_and_a_series_a_variant(measure: str) -> None:
    figure = severity_figure(VARIANTS, measure, looks=LOOKS)  # type: ignore[arg-type]
    panels = [axes for axes in figure.axes if axes.axison]
    assert [axes.get_title("left") for axes in panels] == list(CORRUPTIONS)
    for axes, kind in zip(panels, CORRUPTIONS, strict=True):
        for series, one in zip(dots(axes, up=True), VARIANTS.values(), strict=True):
            expected = [one["clean"][measure], *(condition[measure] for condition in one["kinds"][kind])]
            np.testing.assert_allclose(series[:, :3], [[e["value"], e["low"], e["high"]] for e in expected])
            np.testing.assert_allclose(series[:, 3], range(6), atol=0.25)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["one (CNN)", "two (ViT)"]
    assert all([line.get_color() for line in axes.lines][::2] == [BLUE, VERMILLION] for axes in panels)
    assert to_png(figure).startswith(b"\x89PNG")


def test_each_variant_has_a_row_clean_and_corrupted() -> None:
    (axes,) = overall_figure(VARIANTS).axes
    assert ticks(axes) == ["one", "two"]
    clean, corrupted = dots(axes)
    np.testing.assert_allclose(clean[:, 0], [0.9, 0.8])
    np.testing.assert_allclose(corrupted[:, 0], [0.45, 0.4])


def test_each_kind_has_a_line_through_the_layers() -> None:
    layers = {kind: [{"layer": f"layer {k}", "cosine": about(0.9 - 0.1 * k)} for k in range(3)] for kind in ("a", "b")}
    figure = drift_figure(layers)
    (axes,) = figure.axes
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["layer 0", "layer 1", "layer 2"]
    for series in dots(axes, up=True):
        np.testing.assert_allclose(series[:, 0], [0.9, 0.8, 0.7])
    assert to_png(figure).startswith(b"\x89PNG")


@pytest.mark.parametrize("channels", [(), (3,)])
def test_an_image_is_shown_in_every_way(channels: tuple[int, ...]) -> None:
    grey = draw_garments(1, seed=3)[0][0]
    image = np.stack([grey] * 3, axis=2) if channels else grey
    figure = corruptions_figure(image)
    texts = {text.get_text() for text in figure.findobj(Text)}
    assert {*CORRUPTIONS, *(f"severity {k}" for k in SEVERITIES)} <= texts
    canvas = np.asarray(figure.axes[0].images[0].get_array())
    tile = as_tile(corrupt(image[None], "zigzag", 3, seed=0)[0], 56)
    windows = np.lib.stride_tricks.sliding_window_view(canvas, tile.shape)[:, :, 0]
    assert (windows[:, :, ::9, ::9] == tile[::9, ::9]).all(axis=(2, 3, 4)).sum() == 1
