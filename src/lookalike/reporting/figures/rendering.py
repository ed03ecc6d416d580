"""Figures as WebP or PNG, for wide and for narrow pages, with tooltips."""

import io
from collections.abc import Callable

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from lookalike.artifacts.webp import note_of, webp
from lookalike.reporting.document import RenderedFigure, RenderedImage
from lookalike.reporting.figures.narrow import lay_out_narrow
from lookalike.reporting.figures.parts import Part, read_parts
from lookalike.reporting.figures.style import prepare_layout
from lookalike.reporting.figures.tooltips import tooltips

STEPS = [round(round(value * 31 / 255) * 255 / 31) for value in range(256)]  # white and black stay


def render_chart(figure: Figure) -> RenderedFigure:
    """A chart for wide and for narrow pages; `figure` itself is laid out anew."""
    wide = render_image(figure)
    return RenderedFigure(wide, render_image(figure) if not wide.parts and lay_out_narrow(figure) else None)


def render_image(figure: Figure) -> RenderedImage:
    """A figure in its present layout, with its tooltips."""
    image = pixels_of(figure)
    return RenderedImage(lossless_webp(image), *image.size, tooltips(figure), read_parts(figure.get_gid()))


def stored_chart(content: bytes, cut: Callable[[int, int], tuple[Part, ...]] | None = None) -> RenderedFigure:
    """A picture that was stored as WebP, for pages of any width; `cut` makes parts of its width and height."""
    with Image.open(io.BytesIO(content)) as image:
        parts = cut(*image.size) if cut else read_parts(note_of(image))
        return RenderedFigure(RenderedImage(content, *image.size, parts=parts))


def to_webp(figure: Figure) -> bytes:
    """`figure` as WebP, lossless or lossy, whichever is smaller, with a note of its parts, if it has some.

    The same picture has the same bytes.
    """
    image, note = pixels_of(figure), figure.get_gid() or ""
    return min(lossless_webp(image, note), webp(image, lossless=False, note=note), key=len)


def to_png(figure: Figure) -> bytes:
    """`figure` as PNG, for programs that do not read WebP."""
    out = io.BytesIO()
    pixels_of(figure).save(out, "PNG")
    return out.getvalue()


def pixels_of(figure: Figure) -> Image.Image:
    canvas = FigureCanvasAgg(prepare_layout(figure))
    canvas.draw()  # once; `savefig` would lay out and draw twice
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def lossless_webp(image: Image.Image, note: str = "") -> bytes:
    """A chart as lossless WebP with 32 steps per colour channel, which saves a third of its size."""
    return webp(image.point(STEPS * 3), lossless=True, note=note)
