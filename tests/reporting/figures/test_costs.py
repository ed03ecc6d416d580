"""The Pareto front against a sweep, and the content of the figures of costs."""

from typing import Any

import numpy as np
import pytest
from drawn import dots
from matplotlib.collections import LineCollection

from lookalike.reporting.figures.costs import COSTS, depth_training_figure, non_dominated, pareto_figure
from lookalike.reporting.figures.style import variant_looks


def by_sweep(prices: list[int], values: list[int]) -> list[bool]:
    """From the cheapest on, of one price the best first: who has more than all before; and who equals one of those."""
    best, front = -1, set()
    for price, value in sorted(zip(prices, values, strict=True), key=lambda offer: (offer[0], -offer[1])):
        if value > best:
            front.add((price, value))
            best = value
    return [offer in front for offer in zip(prices, values, strict=True)]


@pytest.mark.parametrize("seed", range(20))
def test_the_pareto_set_is_that_of_a_sweep(seed: int) -> None:
    rng = np.random.default_rng(seed)
    prices, values = rng.integers(0, 6, (2, 12)).tolist()  # few numbers, so that there are ties
    assert non_dominated(prices, values) == by_sweep(prices, values)


@pytest.mark.parametrize(
    ("prices", "values", "expected"),
    [
        ([1, 2, 3], [5, 6, 7], [True, True, True]),
        ([1, 2, 3], [7, 6, 5], [True, False, False]),
        ([1, 1], [5, 5], [True, True]),
        ([1, 1], [5, 6], [False, True]),
        ([1, 2], [5, 5], [True, False]),
        ([], [], []),
    ],
)
def test_the_pareto_set_by_hand(prices: list[float], values: list[float], expected: list[bool]) -> None:
    assert non_dominated(prices, values) == expected


MEMBERS: dict[str, tuple[int, int, float, float]] = {
    "small": (4_000_000, 40_000_000, 0.004, 0.7),
    "large": (20_000_000, 800_000_000, 0.03, 0.8),
    "beaten": (30_000_000, 900_000_000, 0.02, 0.75),
}


LOOKS = variant_looks(dict.fromkeys(MEMBERS, "CNN"), [])


def offers() -> list[dict[str, Any]]:
    return [
        {
            "variant": name,
            "parameters": parameters,
            "macs": macs,
            "seconds": {"median": seconds, "least": 0.9 * seconds, "most": 2 * seconds},
            "accuracy": {"value": value, "low": value - 0.1, "high": value + 0.05},
        }
        for name, (parameters, macs, seconds, value) in MEMBERS.items()
    ]


def test_members_stand_at_their_price_and_accuracy() -> None:
    figure = pareto_figure(offers(), looks=LOOKS)
    panels = figure.axes
    for axes, (cost, label), place in zip(panels, COSTS.items(), range(3), strict=True):
        drawn = [series[0] for series in dots(axes, up=True)]
        assert [(row[3], row[0]) for row in drawn] == [(one[place], one[3]) for one in MEMBERS.values()]
        assert [row[1] for row in drawn] == pytest.approx([one[3] - 0.1 for one in MEMBERS.values()])
        assert (axes.get_xscale(), axes.get_xlabel()) == ("log", label), cost
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [f"{name} (CNN)" for name in MEMBERS]


def test_the_line_joins_those_that_none_beats() -> None:
    weights, _, times = pareto_figure(offers(), looks=LOOKS).axes
    assert weights.lines[0].get_xydata().tolist() == [[4e6, 0.7], [20e6, 0.8]]  # type: ignore[union-attr]
    assert times.lines[0].get_xydata().tolist() == [[0.004, 0.7], [0.02, 0.75], [0.03, 0.8]]  # type: ignore[union-attr]


def test_times_are_drawn_from_the_fastest_to_the_slowest() -> None:
    *_, times = pareto_figure(offers(), looks=LOOKS).axes
    bars = [bar.get_segments()[0] for bar in times.collections if isinstance(bar, LineCollection)]
    flat = [bar for bar in bars if bar[0][1] == bar[1][1]]
    assert [bar[:, 0].tolist() for bar in flat] == [[0.9 * one[2], 2 * one[2]] for one in MEMBERS.values()]


def test_depths_stand_beside_each_other() -> None:
    def history(end: float) -> list[dict[str, float]]:
        return [{"seed": s, "epoch": e, "train_accuracy": end - e * 0.125} for s in (0, 1) for e in range(3)]

    histories = {"plain-20": history(0.5), "plain-56": history(0.25), "residual-56": history(0.75)}
    looks_of = {"plain-20": (False, 20), "plain-56": (False, 56), "residual-56": (True, 56)}
    plain, residual = depth_training_figure(histories, looks_of).axes
    assert [len(axes.lines) for axes in (plain, residual)] == [4, 2]
    assert residual.lines[0].get_xydata().tolist() == [[1, 0.25], [2, 0.375], [3, 0.5]]  # type: ignore[union-attr]
    assert plain.lines[2].get_color() == residual.lines[0].get_color() != plain.lines[0].get_color()
    assert [axes.get_title(loc="left") for axes in (plain, residual)] == ["plain", "residual"]
