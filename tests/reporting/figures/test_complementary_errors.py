"""The figure of complementary errors: how long its bars are, and to which side."""

import pytest

from lookalike.reporting.document import Json
from lookalike.reporting.figures.complementary_errors import complementary_errors_figure
from lookalike.reporting.figures.rendering import to_png


def counted(only_first: int, only_second: int, **named: str) -> Json:
    return {"both_right": 60, "only_first": only_first, "only_second": only_second, "both_wrong": 40} | named


PAIRS, CONTROL = (
    [counted(40, 60, first="a", second="b"), counted(0, 100, first="a", second="c")],
    [counted(50, 50, variant="a")],
)


def test_bars_are_shares_of_all_images_to_the_side_of_who_is_right() -> None:
    (axes,) = complementary_errors_figure(PAIRS, CONTROL).axes
    bars = [[bar.get_width() for bar in container] for container in axes.containers if hasattr(container, "patches")]
    assert [width for (width,) in bars] == pytest.approx([-0.2, 0.3, 0, 0.5, -0.25, 0.25])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a\nb", "a\nc", "a\ntwo seeds"]
    hatched = [container.patches[0].get_hatch() for container in axes.containers if hasattr(container, "patches")]
    assert hatched == [None] * 4 + ["///"] * 2
    assert all("−" not in tick.get_text() for tick in axes.get_xticklabels())


def test_the_same_picture_is_the_same_bytes() -> None:
    assert to_png(complementary_errors_figure(PAIRS, CONTROL)) == to_png(complementary_errors_figure(PAIRS, CONTROL))
