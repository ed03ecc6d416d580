"""Grids: where each picture stands, and what is chosen of many."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from lookalike.artifacts.explanations import FilterExamples, InSteps, LayerOutputs, quantise_maps
from lookalike.artifacts.test_sets import TestSet
from lookalike.reporting.figures.grids import (
    as_maps,
    augmentation_figure,
    class_maps_figure,
    field_of,
    image_table_figure,
    journey_figure,
    layers_figure,
    responses_figure,
)
from lookalike.reporting.figures.maps import (
    DIVERGING,
    GAP,
    MEDIUM,
    MOST,
    PHOTO,
    TITLE,
    as_tile,
    maps_figure,
    margin,
    overlay,
    signed_tile,
)
from lookalike.reporting.figures.rendering import to_png

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
    return class_maps_figure(IMAGES, MAPS, LABELS, NAMES, title="Grad-CAM: gain 0.3", signed=True)


def draw_augmentation() -> Figure:
    return augmentation_figure(IMAGES[:3], np.stack([IMAGES[3:6], IMAGES[6:9]]), ("a", "b", "c"))


JOURNEY = {"one": quantise_maps(RNG.normal(size=(5, 4, 4))), "two": np.zeros((2, 2, 2), np.int8)}


def draw_journey() -> Figure:
    return journey_figure(IMAGES[0], {"before": JOURNEY, "after": JOURNEY}, {"one": 9, "two": 2})


def outputs() -> InSteps:
    """Of the next side: two maps of a convolution, and the numbers of a dense layer."""
    return {"one": quantise_maps(RNG.normal(size=(2, 4, 4))), "two": quantise_maps(RNG.normal(size=(1, 7)))}


SIDES = {f"side {k}": LayerOutputs(IMAGES[k], outputs()) for k in range(3)}


def draw_layers() -> Figure:
    return layers_figure(SIDES)


TEST_SET = TestSet(
    name="tiny",
    class_names=NAMES,
    labels=np.zeros(100, np.int64),
    shown=np.arange(24)[::-1] * 4 + 1,  # in another order than the images stand in the test set
    images=IMAGES,
    repeated=np.array([], np.int64),
    near=np.array([], np.int64),
    digest="",
    provenance={},
)
SURROUNDED = ((0, 0), (2, 3), (3, 1), (0, 0))  # by grey, to 8x8 pixels
RESPONSES = {
    f"layer {k}": FilterExamples(
        filters=np.array([4, 9, 2]),
        images=RNG.choice(TEST_SET.shown, (3, 5)),
        inputs=np.pad(RNG.integers(200, 256, (3, 3, 4, 3), dtype=np.uint8), SURROUNDED, constant_values=90),
    )
    for k in range(2)
}


def draw_responses() -> Figure:
    return responses_figure(TEST_SET, RESPONSES, {("layer 1", 9)})


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


def test_a_blank_map_has_the_colour_of_nothing() -> None:
    assert (signed_tile(np.full((2, 2), 7.0), MEDIUM) == DIVERGING[128]).all()
    assert (signed_tile(np.eye(2), MEDIUM) != DIVERGING[128]).any()


def test_a_journey_names_its_layers_and_sides_and_how_many_channels_each_has() -> None:
    figure = draw_journey()
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert {"the image", "before", "after", "one\n9 of 4x4", "two\n2 of 2x2"} <= set(texts)
    assert all(stands_somewhere(figure, signed_tile(values, MEDIUM)) for values in JOURNEY["one"].astype(np.float32))


def test_each_side_shows_its_image_and_what_every_layer_makes_of_it() -> None:
    figure = draw_layers()
    for side in SIDES.values():
        assert stands_somewhere(figure, as_tile(side.image, MEDIUM))
        for values in side.outputs.values():
            assert all(
                stands_somewhere(figure, signed_tile(shown, MEDIUM)) for shown in as_maps(values.astype(np.float32))
            )
    assert {"the image", "one", "two", *SIDES} <= {text.get_text() for text in figure.axes[0].texts}


def test_numbers_are_laid_out_in_rows() -> None:
    np.testing.assert_array_equal(as_maps(np.arange(1.0, 8.0)[None]), [[[1, 2, 3], [4, 5, 6], [7, 0, 0]]])
    channels = RNG.normal(size=(2, 3, 4))
    np.testing.assert_array_equal(as_maps(channels), channels)


def test_what_filters_see_of_made_inputs_stands_beside_the_images_that_excite_most() -> None:
    figure = draw_responses()
    images = dict(zip(TEST_SET.shown.tolist(), IMAGES, strict=True))
    for name, layer in RESPONSES.items():
        for number, made, best in zip(layer.filters, layer.inputs, layer.images.tolist(), strict=True):
            silent = (name, number) == ("layer 1", 9)
            assert stands_somewhere(figure, as_tile(made[2:5, 3:7], MEDIUM)) is not silent
            assert silent or all(stands_somewhere(figure, as_tile(images[k], MEDIUM)) for k in best)
    said = [text.get_text() for text in figure.axes[0].texts]
    assert said.count("filter 9") == said.count("filter 9: never active") == 1
    assert {"layer 0: a filter sees 3×4 pixels", "layer 1: a filter sees 3×4 pixels", "filter 4"} <= set(said)


def test_the_field_of_a_layer_is_that_of_all_its_filters_and_ignores_faint_noise() -> None:
    inputs = np.full((2, 10, 12), 100, np.uint8)
    inputs[0, 3, 4], inputs[1, 6, 8], inputs[:, 9, 0] = 200, 0, 106
    assert field_of(inputs) == (slice(3, 7), slice(4, 9))
    assert field_of(inputs[:, :3]) == (slice(0, 3), slice(0, 12))


def test_large_images_have_large_tiles_and_no_sheet_is_wider_than_a_page() -> None:
    images = RNG.integers(0, 256, (12, 72, 72, 3), dtype=np.uint8)
    table = image_table_figure({f"draw {k}": images[:2] for k in range(8)}, ["a", "b"])
    assert stands_somewhere(table, as_tile(images[1], PHOTO))
    classes = class_maps_figure(images, RNG.normal(size=(12, 4, 4)), np.zeros(12, int), ["cat"], title="", signed=True)
    maps = {f"method {k}": RNG.normal(size=(2, 4, 4)) for k in range(9)}
    several = maps_figure(images[:2], maps, ["a", "b"], notes=dict.fromkeys(maps, "gain"), signed=())
    assert stands_somewhere(several, overlay(images[1], maps["method 8"][1], PHOTO, signed=False))
    for figure in (table, classes, several):
        assert PHOTO < canvas(figure).shape[1] <= MOST + GAP
    assert {f"draw {k}" for k in range(8)} <= {text.get_text() for text in table.axes[0].texts}


def test_an_image_that_is_not_shown_cannot_be_drawn() -> None:
    unknown = {"layer": replace(RESPONSES["layer 0"], images=np.full((3, 5), 2))}
    with pytest.raises(KeyError, match="2"):
        responses_figure(TEST_SET, unknown, set())


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
