"""Where in a photograph the evidence of the model for photographs lies: class activation maps of its four views.

The model's features are means of feature maps and its head is linear. A class's score is therefore the bias plus a sum
over the cells of the maps: Zhou et al., "Learning Deep Features for Discriminative Localization" (CVPR 2016). Each
cell's part of the sum is laid where the cell lies in the photograph.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.photographs.photo_model import SIDE, Floats, Head, first_pixel, scaled_size

METHOD = "CAM"
CELLS = 28  # of a map, on the longer edge of the photograph


@dataclass(frozen=True)
class Span:
    """From where to where something reaches along an edge of the photograph, which is 1 long and begins at 0."""

    start: float
    end: float


def evidence_maps(head: Head, maps: Floats, size: tuple[int, int]) -> Floats:
    """The evidence (C, rows, columns) for each class, by the place in a photograph of this width and height.

    The cells are square, 28 on the longer edge. Their sum, with the evidence on the margin of the padded views and the
    bias, is the logit of the mean features. A place that fewer views see has less evidence.

    Args:
        head: of C classes.
        maps: (4, K, h, w), the feature maps of the `views` of the photograph.
        size: width and height, in pixels.
    """
    views, channels, high, wide = maps.shape
    cells = (head.weight @ maps.reshape(views, channels, -1)).reshape(views, -1, high, wide) / (views * high * wide)
    by_view = cells[::2] + cells[1::2, ..., ::-1]  # each view and its mirror image: (2, C, h, w)
    columns, rows = (max(1, round(CELLS * edge / max(size))) for edge in size)
    placed = [
        overlaps(down, high, rows) @ view @ overlaps(across, wide, columns).T
        for view, (across, down) in zip(by_view, view_spans(size), strict=True)
    ]
    return np.asarray(np.sum(placed, axis=0), np.float32)


def view_spans(size: tuple[int, int]) -> Iterator[tuple[Span, Span]]:
    """Where the centre of the photograph lies in it, across and down, and where that of the padded square lies."""
    edge = max(size)
    for canvas in (size, (edge, edge)):
        across, down = (
            span_of_centre(whole, scaled, own)
            for whole, scaled, own in zip(canvas, scaled_size(canvas), size, strict=True)
        )
        yield across, down


def span_of_centre(canvas: int, scaled: int, own: int) -> Span:
    """The part of an edge of `own` pixels, in the middle of a `canvas` that is `scaled`, that a view sees."""
    first = first_pixel(scaled)
    start, end = ((place / scaled - 0.5) * canvas / own + 0.5 for place in (first, first + SIDE))
    return Span(start, end)


def overlaps(span: Span, parts: int, cells: int) -> NDArray[np.float64]:
    """The share of each of equal `parts` of a span that lies in each of equal `cells` of the edge: (cells, parts)."""
    edges, ends = np.linspace(0, 1, cells + 1), np.linspace(span.start, span.end, parts + 1)
    common = np.minimum(edges[1:, None], ends[1:]) - np.maximum(edges[:-1, None], ends[:-1])
    shares: NDArray[np.float64] = common.clip(min=0) / (ends[1] - ends[0])
    return shares
