"""Figures as they are kept: WebP, for wide and for narrow pages, with spots that answer the pointer."""

import io

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from lookalike.artifacts.webp import webp
from lookalike.reporting.document import Picture, View
from lookalike.reporting.figures.column import in_column
from lookalike.reporting.figures.pointer import spots
from lookalike.reporting.figures.style import laid_out

STEPS = [round(round(value * 31 / 255) * 255 / 31) for value in range(256)]  # white and black stay


def chart(figure: Figure) -> Picture:
    """A chart for both widths of a page; the figure is changed."""
    wide = view(figure)
    return Picture(wide, view(figure) if in_column(figure) else None)


def view(figure: Figure) -> View:
    """A figure as it is laid out now, with what the pointer may ask about."""
    image = drawn(figure)
    return View(without_loss(image), *image.size, spots(figure))


def stored(content: bytes) -> Picture:
    """A picture that has been drawn before, as WebP."""
    with Image.open(io.BytesIO(content)) as image:
        return Picture(View(content, *image.size))


def to_webp(figure: Figure) -> bytes:
    """`figure` as WebP in the smaller one of two ways, the same bytes for the same picture."""
    image = drawn(figure)
    return min(without_loss(image), webp(image, lossless=False), key=len)


def to_png(figure: Figure) -> bytes:
    """`figure` as PNG, for programs that do not read WebP."""
    out = io.BytesIO()
    drawn(figure).save(out, "PNG")
    return out.getvalue()


def drawn(figure: Figure) -> Image.Image:
    """The figure's pixels."""
    canvas = FigureCanvasAgg(laid_out(figure))
    canvas.draw()  # once; `savefig` would lay out and draw twice
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def without_loss(image: Image.Image) -> bytes:
    """A chart as WebP: its colours in 32 steps per channel, which takes a third off and nobody sees."""
    return webp(image.point(STEPS * 3), lossless=True)
