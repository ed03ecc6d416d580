"""Charts of activations: what is drawn where, of networks with and without batch normalisation."""

from typing import Any

import numpy as np
import pytest

from lookalike.reporting.figures.activity import activation_histograms_figure, activity_by_depth_figure, density_of
from lookalike.reporting.figures.rendering import to_png

Json = dict[str, Any]
NAMES = ("one", "two", "three")


def about(value: float) -> Json:
    return {"value": value, "low": value - 0.01, "high": value + 0.01}


def distribution(deviation: float) -> Json:
    counts = np.random.default_rng(0).integers(1, 50, 60).tolist()
    return {"mean": 0.1, "deviation": deviation, "low": -3 * deviation, "high": 3 * deviation, "counts": counts}


def layer(name: str, scale: float, *, batch_norm: bool) -> Json:
    return {
        "name": name,
        "channels": 8,
        "before": distribution(scale),
        "after": distribution(1.0) if batch_norm else None,
        "narrowing": about(1 / scale) if batch_norm else None,
        "dead": about(0.1),
        "zeros": about(0.2 * scale),
        "effective_rank": about(3 * scale),
    }


def activity(*, batch_norm: bool) -> Json:
    found = {}
    for state, factor in (("untrained", 1.0), ("epoch 3", 1.5), ("trained", 2.0)):
        layers = [layer(name, factor * (k + 1) / 4, batch_norm=batch_norm) for k, name in enumerate(NAMES)]
        found[state] = {"images": 64, "layers": layers, "narrowing": about(0.5) if batch_norm else None}
    return found


def test_a_density_integrates_to_one() -> None:
    found = distribution(0.7)
    x, density = density_of(found)
    assert (density * (x[1] - x[0])).sum() == pytest.approx(1)
    assert x[0] - found["low"] == pytest.approx(found["high"] - x[-1])
    assert (density_of({"low": 1.0, "high": 1.0, "counts": [0, 3, 0]})[1] >= 0).all()


@pytest.mark.parametrize(("batch_norm", "kinds"), [(True, 2), (False, 1)])
def test_ridges_have_a_row_a_layer_and_details_of_both_ends(batch_norm: bool, kinds: int) -> None:
    figure = activation_histograms_figure(activity(batch_norm=batch_norm))
    before, between, after, first, last = figure.axes
    assert [label.get_text() for label in before.get_yticklabels()] == list(NAMES)
    for axes, title in ((before, "before training"), (between, "after epoch 3"), (after, "after training")):
        assert len(axes.lines) == len(NAMES) * kinds
        assert axes.get_title(loc="left") == title
    assert (len(first.lines), len(last.lines)) == (kinds, kinds)
    assert first.get_title(loc="left") == "one, after training"
    assert last.get_title(loc="left") == "three, after training"
    (legend,) = figure.legends
    assert len(legend.get_texts()) == kinds
    heights = [line.get_ydata().min() for line in before.lines]
    assert min(heights) >= -0.86  # no ridge reaches beyond the row above
    to_png(figure)


@pytest.mark.parametrize(("batch_norm", "lines"), [(True, 6), (False, 3)])
def test_depth_has_deviation_zeros_and_rank(batch_norm: bool, lines: int) -> None:
    found = activity(batch_norm=batch_norm)
    figure = activity_by_depth_figure(found)
    deviation, zeros, rank = figure.axes
    assert len(deviation.lines) == lines
    drawn = {tuple(np.round(line.get_ydata(), 6)) for line in deviation.lines}
    assert (0.25, 0.5, 0.75) in drawn
    assert (0.375, 0.75, 1.125) in drawn
    assert (0.5, 1.0, 1.5) in drawn
    for axes, quantity in ((zeros, "zeros"), (rank, "effective_rank")):
        values = [container.lines[0].get_ydata() for container in axes.containers]
        expected = [
            [one[quantity]["value"] for one in found[state]["layers"]] for state in ("untrained", "epoch 3", "trained")
        ]
        np.testing.assert_allclose(values, expected)
    (legend,) = figure.legends
    assert len(legend.get_texts()) == lines
    to_png(figure)
