"""What pictures of maps show, taken from the pixels and texts that are drawn."""

import io
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from numpy.typing import NDArray
from PIL import Image

from lookalike.explain import faithfulness
from lookalike.reporting.figures.cases import BAR, CASE, KEY, ModelPredictions, cases_figure
from lookalike.reporting.figures.inner_maps import HEAD, feature_maps_figure, filters_figure, heads_figure
from lookalike.reporting.figures.maps import (
    DIVERGING,
    GAP,
    LARGE,
    MEDIUM,
    MOST,
    OPACITY,
    SEQUENTIAL,
    TITLE,
    as_tile,
    is_blank,
    map_colours,
    maps_figure,
    overlay,
)
from lookalike.reporting.figures.parts import TELEPHONE
from lookalike.reporting.figures.rendering import to_png
from lookalike.reporting.figures.style import RIGHT, SMALL, WRONG

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (3, 28, 28), dtype=np.uint8)
COLOURED = RNG.integers(0, 256, (3, 28, 28, 3), dtype=np.uint8)
BLACK = np.full((28, 28), 255, np.uint8)  # in print
NAMES = ("cat", "dog", "fox", "hen")


def canvas(figure: Figure) -> NDArray[np.uint8]:
    """The pixels below the texts."""
    (axes,) = figure.axes
    return np.asarray(axes.images[0].get_array())


def texts(figure: Figure) -> dict[str, tuple[float, float]]:
    """The place of each text; of equal ones that of the last."""
    return {text.get_text(): text.get_position() for text in figure.axes[0].texts}


def standing_at(figure: Figure, x: float, y: float, size: int) -> NDArray[np.uint8]:
    return canvas(figure)[round(y) : round(y) + size, round(x) : round(x) + size]


def places(figure: Figure, tile: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Where (x, y) a tile stands, from left to right."""
    pixels, (height, width, _) = canvas(figure), tile.shape
    windows = np.lib.stride_tricks.sliding_window_view(pixels[..., 0], (height, width))
    candidates = np.argwhere((windows[:, :, :6, :6] == tile[:6, :6, 0]).all(axis=(2, 3)))
    return sorted((int(x), int(y)) for y, x in candidates if (pixels[y : y + height, x : x + width] == tile).all())


def found_at(figure: Figure, tile: NDArray[np.uint8]) -> tuple[int, int]:
    """The only place where a tile stands."""
    (place,) = places(figure, tile)
    return place


def maps(*shape: int, lowest: float = 0.0) -> NDArray[np.float32]:
    return np.random.default_rng(1).uniform(lowest, 3, shape).astype(np.float32)


@pytest.mark.parametrize(("signed", "name"), [(False, "viridis"), (True, "PRGn")])
def test_a_map_is_enlarged_bilinearly_and_coloured_by_its_own_range(signed: bool, name: str) -> None:
    values = maps(4, 5, lowest=-2 if signed else 0)
    own = values / np.abs(values).max() if signed else (values - values.min()) / np.ptp(values)
    shares = torch.from_numpy(own)[None, None]
    enlarged = F.interpolate(shares, size=(84, 84), mode="bilinear", align_corners=False)[0, 0].numpy()
    expected = mpl.colormaps[name]((enlarged + 1) / 2 if signed else enlarged)[..., :3] * 255 * OPACITY
    np.testing.assert_allclose(overlay(BLACK, values, 84, signed=signed), expected, atol=3)
    np.testing.assert_array_equal(
        overlay(BLACK, 512 * values, 84, signed=signed), overlay(BLACK, values, 84, signed=signed)
    )
    shifted = overlay(BLACK, values + 0.5, 84, signed=signed)
    assert (np.abs(shifted - expected).max() < 4) is not signed, "where a sign means nothing, neither does an offset"


def test_colours_of_both_signs_are_symmetric_around_zero() -> None:
    drawn = overlay(BLACK, np.array([[-2.0, 0.0, 2.0]]), 3, signed=True)[1] / OPACITY
    np.testing.assert_allclose(drawn, DIVERGING[[0, 128, 255]], atol=1)
    assert np.ptp(DIVERGING[128].astype(int)) < 5  # grey, that is neither sign


def test_colours_alone_have_the_shape_of_what_they_lie_over() -> None:
    values = maps(3, 4, lowest=-2)
    assert map_colours(values, 40, 30, signed=True).shape == (30, 40, 3)
    np.testing.assert_array_equal(map_colours(values, 40, signed=True), map_colours(values, 40, 40, signed=True))
    assert (map_colours(0 * values, 40, 30, signed=True) == 255).all()


def test_an_unsigned_map_runs_from_its_lowest_to_its_highest_value() -> None:
    drawn = overlay(BLACK, np.array([[-0.5, 0.25, 1.0]]), 3, signed=False)[1] / OPACITY
    np.testing.assert_allclose(drawn, SEQUENTIAL[[0, 128, 255]], atol=1)


def test_the_image_is_seen_in_grey_below_its_map() -> None:
    values = np.array([[1.0, 1.0 - 1e-5]])  # one colour but not blank
    drawn = overlay(IMAGES[0], values, 56, signed=True).astype(float) - OPACITY * DIVERGING[255]
    expected = (1 - OPACITY) * (255.0 - IMAGES[0]).repeat(2, axis=0).repeat(2, axis=1)
    np.testing.assert_allclose(drawn, np.repeat(expected[..., None], 3, axis=2), atol=1)
    grey = overlay(COLOURED[0], values, 28, signed=True) - OPACITY * DIVERGING[255]
    np.testing.assert_allclose(grey[..., 0], (1 - OPACITY) * COLOURED[0].mean(axis=2), atol=1)


BLANK: list[Any] = [np.zeros((4, 4)), np.full((2, 3), 0.7), np.full((4, 4), np.nan), 5 + 1e-6 * np.eye(3)]
TELLING: list[Any] = [np.eye(4), 1 + 1e-4 * np.eye(4), -np.eye(4)]


@pytest.mark.parametrize("values", BLANK + TELLING)
def test_blank_is_what_counts_as_blank_in_scores(values: NDArray[np.float64]) -> None:
    assert is_blank(values) == bool(faithfulness.is_blank(torch.from_numpy(values)[None])[0])


@pytest.mark.parametrize("values", BLANK)
@pytest.mark.parametrize("signed", [False, True])
def test_a_blank_map_has_no_colours(values: NDArray[np.float64], signed: bool) -> None:
    drawn = overlay(IMAGES[0], values, 28, signed=signed)
    np.testing.assert_array_equal(drawn, (255 - IMAGES[0])[..., None].repeat(3, axis=2))


def test_images_keep_their_pixels() -> None:
    np.testing.assert_array_equal(as_tile(IMAGES[0], 84)[1::3, 1::3, 2], 255 - IMAGES[0])
    np.testing.assert_array_equal(as_tile(COLOURED[0], 56), COLOURED[0].repeat(2, axis=0).repeat(2, axis=1))


COLUMNS = {"Grad-CAM": maps(3, 4, 4), "HiResCAM": maps(3, 8, 8, lowest=-3), "rollout": maps(3, 10, 10)}
COLUMNS["rollout"][1] = 0.25
NOTES = {name: f"gain 0.{k}1\nrandom 0.05\ncentre 0.18" for k, name in enumerate(COLUMNS)}
ROWS = ["Coat", "Shirt:\nCoat?", "Dress"]


def draw_maps(images: NDArray[np.uint8] = IMAGES, signed: tuple[str, ...] = ("HiResCAM",)) -> Figure:
    return maps_figure(images, COLUMNS, ROWS, notes=NOTES, signed=signed)


@pytest.mark.parametrize("images", [IMAGES, COLOURED])
def test_each_map_stands_right_of_its_image_and_below_its_score(images: NDArray[np.uint8]) -> None:
    figure = draw_maps(images)
    written = texts(figure)
    for row, (name, image) in enumerate(zip(ROWS, images, strict=True)):
        left, top = places(figure, as_tile(image, LARGE))[0]
        assert written[name] == (left - GAP, top + LARGE / 2)
        assert written["image"][0] == left + LARGE / 2
        for heading, values in COLUMNS.items():
            x, y = places(figure, overlay(image, values[row], LARGE, signed=heading == "HiResCAM"))[-1]
            assert y == top
            assert written[f"{heading}\n{NOTES[heading]}"][0] == x + LARGE / 2


def test_a_blank_map_says_so() -> None:
    figure = draw_maps()
    _, (x, y) = places(figure, as_tile(IMAGES[1], LARGE))
    assert texts(figure)["blank"] == (x + LARGE / 2, y + LARGE / 2)
    assert [text.get_text() for text in figure.axes[0].texts].count("blank") == 1


@pytest.mark.parametrize(
    ("signed", "scales"), [((), [SEQUENTIAL]), (("HiResCAM",), [SEQUENTIAL, DIVERGING]), (tuple(COLUMNS), [DIVERGING])]
)
def test_the_scales_of_all_kinds_of_maps_stand_below(signed: tuple[str, ...], scales: list[Any]) -> None:
    figure = draw_maps(signed=signed)
    written = texts(figure)
    known = {"low": SEQUENTIAL, "−": DIVERGING}
    assert [scale for low, scale in known.items() if low in written] == scales
    for low, scale in known.items():
        if low in written:
            x, y = written[low]
            strip = canvas(figure)[int(y), int(x) + GAP :][:LARGE]
            np.testing.assert_array_equal(strip[[0, -1]], scale[[0, 255]])
    assert any("each map's" in text for text in written)


def test_many_columns_are_smaller_and_their_headings_folded() -> None:
    columns = {f"attention, block {k}": maps(3, 8, 8) for k in range(12)}
    notes = dict.fromkeys(columns, "gain 0.10\nrandom −0.05")
    figure = maps_figure(IMAGES, columns, ROWS, notes=notes, signed=())
    assert found_at(figure, as_tile(IMAGES[0], MEDIUM))
    assert "attention,\nblock 3\ngain 0.10\nrandom −0.05" in texts(figure)


def test_many_heads_of_a_photograph_go_on_below_their_block() -> None:
    photograph = RNG.integers(0, 256, (72, 72, 3), dtype=np.uint8)
    heads, gains = maps(2, 13, 8, 8), np.zeros((2, 13))
    figure = heads_figure(photograph, heads, gains, note="random 0.05")
    assert canvas(figure).shape[1] <= MOST + GAP
    assert [text.get_text() for text in figure.axes[0].texts].count("mean\ngain 0.00") == 2
    first, last = (found_at(figure, overlay(photograph, heads[0, k], HEAD, signed=False)) for k in (0, 12))
    below = found_at(figure, overlay(photograph, heads[1, 0], HEAD, signed=False))
    assert first[1] < last[1] < below[1]
    assert first[0] == below[0]


GAINS = np.array([[0.12, -0.034, 0.5], [0.2, 0.3, 0.4]])


def draw_heads() -> Figure:
    heads = maps(2, 3, 8, 8)
    heads[1, 0] = 0
    return heads_figure(IMAGES[0], heads, GAINS, note="random 0.05\ncentre 0.18")


def test_each_head_stands_above_its_gain() -> None:
    figure = draw_heads()
    written = {text.get_position(): text.get_text() for text in figure.axes[0].texts}
    headings = {text: place for place, text in written.items()}
    for block, head in np.ndindex(GAINS.shape):
        values = maps(2, 3, 8, 8)[block, head] * ((block, head) != (1, 0))
        x = headings["image"][0] + LARGE / 2 + GAP + head * (LARGE + GAP)
        y = headings[f"block {block + 1}"][1] - LARGE / 2
        np.testing.assert_array_equal(standing_at(figure, x, y, LARGE), overlay(IMAGES[0], values, LARGE, signed=False))
        said = f"{('head 1', 'head 2', 'mean')[head]}\ngain {GAINS[block, head]:z.2f}".replace("-", "−")
        assert written[x + LARGE / 2, y + LARGE + 1] == said
    x, y = headings["image"]
    assert headings["random\n0.05\ncentre\n0.18"][0] == x
    np.testing.assert_array_equal(standing_at(figure, x - LARGE / 2, y + GAP, LARGE), as_tile(IMAGES[0], LARGE))
    assert headings["blank"] == (x + LARGE + GAP, headings["block 2"][1])


def mosaic(figure: Figure, left: int, count: int) -> NDArray[np.uint8]:
    """What stands in the middle of the first tiles of a mosaic's first row."""
    step = MEDIUM + GAP
    return canvas(figure)[TITLE + MEDIUM // 2, left + MEDIUM // 2 :: step][:count]


@pytest.mark.parametrize(
    ("channels", "said"), [(1, "3 filters of 1x1"), (4, "3 filters of 1x1, means over 4 input channels")]
)
def test_filters_share_one_scale_around_zero(channels: int, said: str) -> None:
    filters = np.array([-0.5, 0.0, 0.25]).reshape(3, 1, 1, 1) + np.zeros((3, channels, 1, 1))
    if channels > 1:
        filters += np.array([-1, 1, -2, 2]).reshape(1, 4, 1, 1)  # which the mean does not see
    figure = filters_figure(filters.mean(axis=1, keepdims=True), channels)
    np.testing.assert_array_equal(mosaic(figure, GAP, 3), DIVERGING[[0, 128, 191]])
    assert {said, "−0.5", "0.5"} <= texts(figure).keys()


def test_filters_of_three_planes_are_coloured() -> None:
    filters = np.zeros((3, 3, 2, 2))
    filters[0, 0], filters[1, 2] = 0.4, -0.2
    figure = filters_figure(filters, 3)
    np.testing.assert_array_equal(mosaic(figure, GAP, 3), [(255, 128, 128), (128, 128, 64), (128, 128, 128)])
    assert any("±0.4" in text for text in texts(figure))


def test_filters_go_on_in_the_next_row() -> None:
    filters = np.linspace(-1, 1, 20).reshape(20, 1, 1, 1)
    figure = filters_figure(filters, 1)
    width = canvas(figure).shape[1]
    assert width <= TELEPHONE
    columns = width // (MEDIUM + GAP)
    middle = canvas(figure)[TITLE + MEDIUM + GAP + MEDIUM // 2, GAP + MEDIUM // 2]
    np.testing.assert_array_equal(middle, DIVERGING[round(255 * columns / 19)])


def draw_features() -> Figure:
    return feature_maps_figure(IMAGES[0], np.stack([np.eye(4), -9 * np.eye(4), np.ones((4, 4))]), "features.0")


def test_feature_maps_are_scaled_each_for_itself() -> None:
    figure = draw_features()
    np.testing.assert_array_equal(standing_at(figure, GAP, TITLE, LARGE), as_tile(IMAGES[0], LARGE))
    tiles = [standing_at(figure, GAP + k * (MEDIUM + GAP), TITLE + LARGE + GAP, MEDIUM) for k in range(3)]
    np.testing.assert_array_equal([tile[0, 0] for tile in tiles], DIVERGING[[255, 0, 128]])
    np.testing.assert_array_equal([tile[0, -1] for tile in tiles], DIVERGING[[128, 128, 128]])
    assert "blank" in texts(figure)
    assert "the image, and the 3 feature maps of features.0" in texts(figure)


CASES: list[dict[str, Any]] = [
    {"rule": "same prediction, wrong", "index": 41, "divergence": 0.1234},
    {"rule": "same prediction, wrong", "index": 7, "divergence": 0.1},
    {"rule": "first right, second wrong", "index": 3, "divergence": 0.5},
]
FIRST = np.array([[0.75, 0.25, 0.0, 0.0], [0.1, 0.2, 0.3, 0.4], [0.0, 1.0, 0.0, 0]])
SECOND = np.array([[0.5, 0.25, 0.25, 0], [0, 0, 0, 1], [0, 0.25, 0.75, 0]])
LABELS = np.array([2, 0, 1], np.uint8)
SIDES = (
    ModelPredictions("vit", FIRST, maps(3, 8, 8), "rollout\ngain 0.21\nrandom 0.05", signed=False),
    ModelPredictions("cnn", SECOND, maps(3, 4, 4, lowest=-3), "HiResCAM\ngain 0.30\nrandom 0.04", signed=True),
)


def draw_cases() -> Figure:
    return cases_figure(IMAGES, CASES, LABELS, NAMES, SIDES)


def test_each_case_has_its_maps_beside_bars_below_a_verdict() -> None:
    figure = draw_cases()
    written = {text.get_position(): text.get_text() for text in figure.axes[0].texts}
    verdicts = [
        ("vit: cat 75%\nwrong, is fox", "cnn: cat 50%\nwrong, is fox"),
        ("vit: hen 40%\nwrong, is cat", "cnn: hen 100%\nwrong, is cat"),
        ("vit: dog 100%\nright", "cnn: fox 75%\nwrong, is dog"),
    ]
    for k, (image, case) in enumerate(zip(IMAGES, CASES, strict=True)):
        left, top = found_at(figure, as_tile(image, LARGE))
        said = f"image {case['index']}\ndivergence\n{case['divergence']:.3f} bit"
        assert (left, written[left - GAP, top + LARGE / 2]) == (CASE, said)
        for side, verdict in zip(SIDES, verdicts[k], strict=True):
            x, y = found_at(figure, overlay(image, side.maps[k], LARGE, signed=side.signed))
            bars = x - 3 * GAP - BAR * len(NAMES)
            assert (y, written[bars, top - 2]) == (top, verdict)
            assert written[bars + BAR * (LABELS[k] + 0.5), top + LARGE + 1] == "▲"
            chart = canvas(figure)[top : top + LARGE, bars + BAR // 2 :][:, : BAR * len(NAMES) : BAR]
            np.testing.assert_array_equal(
                (chart != 240).any(axis=2).sum(axis=0), np.round(LARGE * side.probabilities[k])
            )


def test_bars_tell_the_true_class_from_a_wrong_one() -> None:
    figure = draw_cases()
    _, top = found_at(figure, as_tile(IMAGES[1], LARGE))
    x, _ = found_at(figure, overlay(IMAGES[1], SIDES[0].maps[1], LARGE, signed=False))
    foot = canvas(figure)[top + LARGE - 1, x - 3 * GAP - BAR * len(NAMES) + BAR // 2 :: BAR][:4]
    expected = [to_rgb(colour) for colour in (RIGHT, "#999999", "#999999", WRONG)]
    np.testing.assert_allclose(foot / 255, expected, atol=1 / 255)


def test_rules_head_their_cases_and_the_key_tells_method_and_gain() -> None:
    figure = draw_cases()
    _, *tops = [found_at(figure, as_tile(image, LARGE))[1] for image in IMAGES]
    written = [(text.get_text(), text.get_position()) for text in figure.axes[0].texts]
    _, *rules = [(text, y) for text, (x, y) in written if x == GAP]
    assert [text for text, _ in rules] == ["same prediction, wrong", "first right, second wrong"]
    assert tops[0] < rules[1][1] < tops[1]
    notes = ["vit: rollout, gain 0.21, random 0.05", "cnn: HiResCAM, gain 0.30, random 0.04"]
    assert written[0][0].split("\n") == [KEY, *notes]
    assert [text for text, _ in written if text in NAMES] == list(NAMES) * 4


DRAWINGS = [
    draw_maps,
    draw_heads,
    lambda: filters_figure(maps(20, 1, 3, 3), 16),
    lambda: filters_figure(maps(9, 3, 3, 3), 3),
    draw_features,
    draw_cases,
]


@pytest.mark.parametrize("draw", DRAWINGS)
def test_a_pixel_of_a_picture_is_one_of_the_figure(draw: Any) -> None:
    figure = draw()
    pixels = canvas(figure)
    for text in figure.axes[0].texts:
        text.set_visible(False)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(to_png(figure)))), pixels)


@pytest.mark.parametrize("draw", DRAWINGS)
def test_texts_are_readable_and_keep_clear_of_each_other(draw: Any) -> None:
    figure = draw()
    renderer = FigureCanvasAgg(figure).get_renderer()
    written: list[Text] = list(figure.axes[0].texts)
    boxes = [text.get_window_extent(renderer) for text in written]
    for k, (text, box) in enumerate(zip(written, boxes, strict=True)):
        assert float(text.get_fontsize()) >= SMALL or text.get_text() == "▲"
        assert figure.bbox.x0 <= box.x0 <= box.x1 <= figure.bbox.x1, text
        assert figure.bbox.y0 <= box.y0 <= box.y1 <= figure.bbox.y1, text
        for other, its_box in zip(written[:k], boxes[:k], strict=True):  # the boxes of two slanted texts say nothing
            assert (text.get_rotation() and other.get_rotation()) or not box.overlaps(its_box), (text, other)


@pytest.mark.parametrize("draw", DRAWINGS)
def test_the_same_picture_is_the_same_bytes(draw: Any) -> None:
    assert to_png(draw()) == to_png(draw())
