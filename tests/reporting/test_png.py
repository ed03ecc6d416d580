"""Pictures as PNG with a palette: few colours are kept as they are, many are made 256, and the bytes are repeatable."""

import io

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from lookalike.reporting.png import COLOURS, palette_png
from lookalike.reporting.style import to_png


def read(png: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(png))
    assert image.format == "PNG"
    return image


def noise(mode: str) -> Image.Image:
    planes = {"L": (), "RGB": (3,), "RGBA": (4,)}[mode]
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 50, *planes), dtype=np.uint8), mode)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_a_picture_keeps_its_size_and_has_a_palette(mode: str) -> None:
    image = read(palette_png(noise(mode)))
    assert (image.mode, image.size) == ("P", (50, 40))
    assert len(image.getcolors() or []) <= COLOURS


def test_few_colours_stay_what_they_are() -> None:
    colours = np.array([[[0, 0, 0], [255, 255, 255], [0, 114, 178], [213, 94, 0]]], np.uint8).repeat(9, axis=0)
    shown = np.asarray(read(palette_png(Image.fromarray(colours))).convert("RGB"))
    np.testing.assert_array_equal(shown, colours)


def test_many_colours_are_near_to_what_they_were() -> None:
    ramp = np.stack(np.broadcast_arrays(np.arange(0, 256, 4)[:, None], np.arange(0, 256, 4)[None], 128), axis=2)
    shown = np.asarray(read(palette_png(Image.fromarray(ramp.astype(np.uint8)))).convert("RGB")).astype(int)
    assert np.abs(shown - ramp).mean() < 8
    assert np.abs(shown - ramp).max() < 40


def test_the_same_picture_is_the_same_bytes_and_fewer_of_them() -> None:
    png, plain = palette_png(noise("RGB")), io.BytesIO()
    noise("RGB").save(plain, "PNG")
    assert png == palette_png(noise("RGB"))
    assert len(png) < len(plain.getvalue())


def test_figures_are_written_so() -> None:
    figure = Figure(figsize=(2, 1))
    figure.add_subplot().plot([0, 1])
    image = read(to_png(figure))
    assert image.mode == "P"
    assert image.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
