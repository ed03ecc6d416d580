"""The primer's pictures."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lookalike.artifacts.image_files import to_pixels
from lookalike.primer.convolution import Window
from lookalike.primer.exercises import KERNEL, POOLINGS, convolve, pool
from lookalike.primer.functions import ACTIVATIONS
from lookalike.reporting.figures.grids import image_table_figure, tile_edges
from lookalike.reporting.figures.maps import (
    GAP,
    LARGE,
    LINE,
    Floats,
    Pixels,
    Sheet,
    apply_colours,
    as_tile,
    scale_to_unit,
)
from lookalike.reporting.figures.parts import Cuts
from lookalike.reporting.figures.style import NARROW, legend_above, series_looks, style, subplots


def channels_figure(image: NDArray[np.uint8]) -> Figure:
    """A colour image (H, W, 3) through its channels: each alone, each convolved, and the sum of the three."""
    channels = image.transpose(2, 0, 1)
    edges = [convolve(channel / 255, KERNEL, Window(3)).result for channel in channels]
    rows = {
        "image": [image],
        "its channels": [image * np.eye(3, dtype=np.uint8)[k] for k in range(3)],
        "each convolved": list(in_one_scale(edges)),
        "summed": list(in_one_scale([np.sum(edges, axis=0)])),
    }
    sheet, top = Sheet(cuts=Cuts(0, tile_edges(GAP, LARGE))), 2 * LINE
    for name, pictures in rows.items():
        sheet.write(GAP, top - GAP, name, ha="left")
        for column, picture in enumerate(pictures):
            sheet.paste((GAP + column * (LARGE + GAP), top), as_tile(picture, LARGE))
        top += LARGE + 2 * LINE
    return sheet.figure()


def poolings_figure(image: NDArray[np.uint8]) -> Figure:
    """A grey image (H, W) and its 2x2 poolings side by side, each as an image of its own range."""
    pooled = {kind: pool(image / 255, kind, Window(2, 2)).result for kind in POOLINGS}
    pictures = {"as it is": image} | {kind: to_pixels(values[None, ..., None])[0] for kind, values in pooled.items()}
    return image_table_figure({heading: picture[None] for heading, picture in pictures.items()}, [""])


def in_one_scale(maps: Sequence[Floats]) -> Pixels:
    return apply_colours(scale_to_unit(np.stack(maps)), signed=True)


@style()
def activation_functions_figure() -> Figure:
    """Activation functions, and their derivatives."""
    x = np.linspace(-4, 4, 401)
    figure, (values, slopes) = subplots(4.8, 2, 1, width=NARROW)
    for (name, look), line in zip(series_looks(ACTIVATIONS).items(), ("-", "--", "-.", ":"), strict=True):
        for axes, function in ((values, ACTIVATIONS[name].apply), (slopes, ACTIVATIONS[name].derivative)):
            axes.plot(x, function(x), color=look["color"], linestyle=line, label=name)
    values.set_title("activation")
    slopes.set_title("derivative")
    for axes in (values, slopes):
        axes.set_xlabel("input")
    values.set_ylim(-1.2, 4)
    legend_above(figure, values, columns=2)
    return figure
