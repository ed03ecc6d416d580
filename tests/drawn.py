"""What stands in the axes of a figure, read back."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.container import ErrorbarContainer
from matplotlib.lines import Line2D
from numpy.typing import NDArray


def dots(axes: Axes, *, up: bool = False) -> list[NDArray[np.float64]]:
    """Of each series the dots with their intervals, rows of value, low, high and position; checked to be on a line."""
    drawn = []
    for series in axes.containers:
        if isinstance(series, ErrorbarContainer):
            line, _, (bars, *_) = series.lines
            assert isinstance(line, Line2D)
            assert isinstance(bars, LineCollection)
            points = np.asarray(line.get_xydata())[:, ::-1] if up else np.asarray(line.get_xydata())
            spans = np.array(bars.get_segments()).reshape(-1, 2, 2)
            spans = spans[:, :, ::-1] if up else spans
            np.testing.assert_array_equal(spans[:, :, 1], points[:, [1, 1]])
            drawn.append(np.column_stack([points[:, 0], spans[:, :, 0], points[:, 1]]))
    return drawn


def ticks(axes: Axes) -> list[str]:
    return [tick.get_text() for tick in axes.get_yticklabels()]
