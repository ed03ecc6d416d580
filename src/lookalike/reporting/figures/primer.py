"""The primer's pictures."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lookalike.artifacts.image_files import in_pixels
from lookalike.primer.convolution import Window
from lookalike.primer.exercises import KERNEL, POOLINGS, convolve, pool
from lookalike.primer.functions import ACTIVATIONS
from lookalike.reporting.figures.grids import table_figure
from lookalike.reporting.figures.maps import GAP, LARGE, LINE, Floats, Pixels, Sheet, as_tile, coloured, in_shares
from lookalike.reporting.figures.style import legend_above, looks, style


def channels_figure(image: NDArray[np.uint8]) -> Figure:
    """A colour image (H, W, 3) through its channels: each alone, each convolved, and the sum of the three."""
    planes = image.transpose(2, 0, 1) / 255
    edges = [convolve(plane, KERNEL, Window(3)).result for plane in planes]
    rows = {
        "image": [image],
        "its channels": [as_colour(plane, k) for k, plane in enumerate(image.transpose(2, 0, 1))],
        "each convolved": list(in_one_scale(edges)),
        "summed": list(in_one_scale([np.sum(edges, axis=0)])),
    }
    return rows_figure(rows)


def poolings_figure(image: NDArray[np.uint8]) -> Figure:
    """A grey image (H, W) and its 2x2 poolings side by side, each as an image of its own range."""
    pooled = {kind: pool(image / 255, kind, Window(2, 2)).result for kind in POOLINGS}
    pictures = {"as it is": image} | {kind: in_pixels(values[None, ..., None])[0] for kind, values in pooled.items()}
    return table_figure({heading: picture[None] for heading, picture in pictures.items()}, [""])


def rows_figure(rows: Mapping[str, list[NDArray[np.uint8]]]) -> Figure:
    """Rows of pictures, not all of one length, with their names above them."""
    sheet, top = Sheet(), 2 * LINE
    for name, pictures in rows.items():
        sheet.write(GAP, top - GAP, name, ha="left")
        for column, picture in enumerate(pictures):
            sheet.paste((GAP + column * (LARGE + GAP), top), as_tile(picture, LARGE))
        top += LARGE + 2 * LINE
    return sheet.figure()


def as_colour(plane: NDArray[np.uint8], channel: int) -> NDArray[np.uint8]:
    """One channel (H, W) in its own colour: (H, W, 3)."""
    colour = np.zeros((*plane.shape, 3), np.uint8)
    colour[..., channel] = plane
    return colour


def in_one_scale(maps: Sequence[Floats]) -> Pixels:
    """Maps (K, H, W) of either sign, all on one scale of colours."""
    return coloured(in_shares(np.stack(maps)), signed=True)


def activations_figure() -> Figure:
    """Activation functions, and their derivatives."""
    x = np.linspace(-4, 4, 401)
    with style():
        figure = Figure(figsize=(3.5, 4.8))
        values, slopes = figure.subplots(2, 1)
        for (name, look), line in zip(looks(ACTIVATIONS).items(), ("-", "--", "-.", ":"), strict=True):
            for axes, function in ((values, ACTIVATIONS[name].apply), (slopes, ACTIVATIONS[name].derivative)):
                axes.plot(x, function(x), color=look["color"], linestyle=line, label=name)
        values.set_title("activation", loc="left")
        slopes.set_title("derivative", loc="left")
        for axes in (values, slopes):
            axes.set_xlabel("input")
        values.set_ylim(-1.2, 4)
        legend_above(figure, values, columns=2)
    return figure
