"""Grids: where each picture stands, and what is chosen of many."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure

from lookalike.explain.responses import Response
from lookalike.reporting.grids import (
    CHANNELS,
    as_planes,
    augmentation_figure,
    classes_figure,
    in_pixels,
    journey_figure,
    layers_figure,
    most_varied,
    picture,
    responses_figure,
)
from lookalike.reporting.maps import DIVERGING, GAP, MEDIUM, TITLE, as_tile, margin, overlay
from lookalike.reporting.style import to_png

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (24, 8, 8, 3), dtype=np.uint8)
MAPS = RNG.normal(size=(24, 4, 4))
LABELS = np.arange(24) % 2
NAMES = ("plane", "car", "none")


def canvas(figure: Figure) -> np.ndarray:
    (axes,) = figure.axes
    return np.asarray(axes.images[0].get_array())


def tile(figure: Figure, x: int, y: int) -> np.ndarray:
    return canvas(figure)[y : y + MEDIUM, x : x + MEDIUM]


def draw_classes() -> Figure:
    return classes_figure(IMAGES, MAPS, LABELS, NAMES, title="Grad-CAM: gain 0.3", signed=True)


def draw_augmentation() -> Figure:
    return augmentation_figure(IMAGES[:3], np.stack([IMAGES[3:6], IMAGES[6:9]]), ("a", "b", "c"))


def draw_journey() -> Figure:
    sides = {"before": {"one": RNG.normal(size=(9, 4, 4)), "two": np.zeros((2, 2, 2))}}
    return journey_figure(IMAGES[0], sides | {"after": sides["before"]})


def draw_layers() -> Figure:
    sides = {f"side {k}": (IMAGES[k], {"one": RNG.normal(size=(5, 4, 4)), "two": RNG.normal(size=7)}) for k in range(3)}
    return layers_figure(sides)


RESPONSES = [
    Response(
        layer=f"layer {k}",
        filters=np.array([4, 9, 2]),
        images=RNG.integers(0, 24, (3, 5)),
        values=RNG.normal(size=(3, 5)).astype(np.float32),
        inputs=RNG.normal(size=(3, 8, 8, 3)).astype(np.float32),
        reached=np.ones(3, np.float32),
        middle=np.ones(3, np.float32),
    )
    for k in range(2)
]


def draw_responses() -> Figure:
    return responses_figure(IMAGES, RESPONSES)


def stands_somewhere(figure: Figure, picture: np.ndarray) -> bool:
    windows = np.lib.stride_tricks.sliding_window_view(canvas(figure), picture.shape)[:, :, 0]
    places = np.argwhere((windows[:, :, 0, 0] == picture[0, 0]).all(axis=2))
    return any((windows[y, x] == picture).all() for y, x in places)


def test_a_row_of_classes_has_its_first_eight_images() -> None:
    figure, left = draw_classes(), margin(NAMES)
    for row, members in enumerate((np.arange(0, 16, 2), np.arange(1, 17, 2))):
        for column, k in enumerate(members):
            place = (left + column * (MEDIUM + GAP), TITLE + row * (MEDIUM + GAP))
            np.testing.assert_array_equal(tile(figure, *place), overlay(IMAGES[k], MAPS[k], MEDIUM, signed=True))
    assert (tile(figure, left + 8 * (MEDIUM + GAP), TITLE) == 255).all()
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert {"Grad-CAM: gain 0.3", *NAMES} <= set(texts)


def test_draws_stand_beside_their_image() -> None:
    figure, left = draw_augmentation(), margin(("a",))
    for column, start in enumerate((0, 3, 6)):
        for row in range(3):
            place = (left + column * (MEDIUM + GAP), TITLE + row * (MEDIUM + GAP))
            np.testing.assert_array_equal(tile(figure, *place), as_tile(IMAGES[start + row], MEDIUM))
    assert [text.get_text() for text in figure.axes[0].texts] == ["image", "draw 1", "draw 2", "a", "b", "c"]


def test_the_maps_that_vary_most_come_first() -> None:
    maps = np.stack([np.eye(3) * scale for scale in (1, -5, 0, 3, 2, 0.5, 4)])
    chosen = most_varied(maps)
    assert len(chosen) == CHANNELS
    assert [abs(values).max() for values in chosen] == [5, 4, 3, 2, 1]
    assert len(most_varied(maps[:2])) == 2


def test_a_blank_map_has_the_colour_of_nothing() -> None:
    assert (picture(np.full((2, 2), 7.0)) == DIVERGING[128]).all()
    assert (picture(np.eye(2)) != DIVERGING[128]).any()


def test_a_journey_names_its_layers_and_sides() -> None:
    texts = [text.get_text() for text in draw_journey().axes[0].texts]
    assert {"the image", "before", "after", "one\n9 of 4x4", "two\n2 of 2x2"} <= set(texts)


def test_each_side_shows_the_planes_that_vary_most_on_the_first() -> None:
    planes = np.stack([np.eye(4) * scale for scale in (1, 5, 2, 4)])
    other = RNG.normal(size=(4, 4, 4))
    figure = layers_figure({"clean": (IMAGES[0], {"one": planes}), "spoiled": (IMAGES[1], {"one": other})})
    for shown in (planes[1], other[1], other[3]):
        assert stands_somewhere(figure, picture(shown))
    assert not stands_somewhere(figure, picture(other[0]))
    assert all(stands_somewhere(figure, as_tile(IMAGES[k], MEDIUM)) for k in range(2))
    assert {"the image", "one", "clean", "spoiled"} <= {text.get_text() for text in figure.axes[0].texts}


def test_numbers_are_laid_out_in_rows() -> None:
    np.testing.assert_array_equal(as_planes(np.arange(1.0, 8.0)), [[[1, 2, 3], [4, 5, 6], [7, 0, 0]]])
    planes = RNG.normal(size=(2, 3, 4))
    np.testing.assert_array_equal(as_planes(planes), planes)


def test_made_inputs_stand_beside_the_images_that_excite_most() -> None:
    figure = draw_responses()
    for layer in RESPONSES:
        for made, best in zip(layer.inputs, layer.images, strict=True):
            assert stands_somewhere(figure, as_tile(in_pixels(made), MEDIUM))
            assert all(stands_somewhere(figure, as_tile(IMAGES[k], MEDIUM)) for k in best)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert {"layer 0", "layer 1", "filter 4", "filter 9"} <= set(texts)


def test_any_numbers_become_an_image() -> None:
    np.testing.assert_array_equal(in_pixels(np.array([[[-3.0], [0.0]], [[1.0], [1.0]]])), [[0, 191], [255, 255]])
    assert in_pixels(np.zeros((2, 2, 3))).tolist() == [[[0] * 3] * 2] * 2


@pytest.mark.parametrize("draw", [draw_classes, draw_augmentation, draw_journey, draw_layers, draw_responses])
def test_no_text_leaves_the_figure(draw: Callable[[], Figure]) -> None:
    figure = draw()
    to_png(figure)
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    for text in figure.axes[0].texts:
        box = text.get_window_extent(renderer)
        assert box.x0 >= 0
        assert box.x1 <= figure.bbox.x1 + 1
        assert box.y0 + 1 >= 0
        assert box.y1 <= figure.bbox.y1 + 1
