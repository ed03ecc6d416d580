"""Maps of the model for photographs: they add up to its score, and lie where the photograph has what it reads."""

import numpy as np
import pytest
import torch
from checkout import ROOT
from colour_network import ColourNetwork
from PIL import Image

from lookalike.photographs.photo_model import Head, backbone, load_photo_model, view_features
from lookalike.photographs.photo_model_maps import Span, evidence_maps, overlaps, span_of_centre, view_spans

SIZES = [(300, 400), (400, 300), (320, 320)]  # portrait, landscape, square
RED = Head(np.eye(3, dtype=np.float32), np.array([0.5, 0, -1], np.float32))  # the first class is evidence for red


def spot(size: tuple[int, int], x: float, y: float) -> Image.Image:
    """A black picture with a red square around a place, given in shares of the width and height."""
    picture, reach = Image.new("RGB", size), max(size) // 20
    left, top = round(x * size[0]), round(y * size[1])
    picture.paste((255, 0, 0), (left - reach, top - reach, left + reach, top + reach))
    return picture


def maps_of(picture: Image.Image) -> np.ndarray:
    """The maps without what is faint: the margin has the mean colour, and cells on its border some of it."""
    maps = evidence_maps(RED, view_features(ColourNetwork(added=1), picture).maps, picture.size)
    return np.where(np.abs(maps) > 0.05 * maps.max(), maps, 0)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("place", [(0.25, 0.3), (0.8, 0.35), (0.3, 0.75), (0.5, 0.5)])
def test_evidence_lies_where_the_photograph_has_it(size: tuple[int, int], place: tuple[float, float]) -> None:
    """Only right if mirrored views are mirrored back, and if margins are taken away."""
    red, green, _ = maps_of(spot(size, *place))
    rows, columns = np.indices(red.shape)
    across, down = (float((red * (at + 0.5)).sum() / red.sum()) for at in (columns, rows))
    cell = max(size) / 28  # pixels
    expected = place[0] * size[0], place[1] * size[1]
    assert (across * cell, down * cell) == pytest.approx(expected, abs=max(size) / 16)  # half a cell of a padded view
    far = np.hypot((columns + 0.5) * cell - expected[0], (rows + 0.5) * cell - expected[1]) > max(size) / 3
    assert (red[far] == 0).all()
    assert (green == 0).all()


@pytest.mark.parametrize("x", [0.05, 0.95])
def test_what_only_the_padded_views_see_has_half_the_views(x: float) -> None:
    wide = (480, 240)  # the centre is a half of it
    red = maps_of(spot(wide, x, 0.5))[0]
    assert red.shape == (14, 28)
    assert red.max() > 0
    assert (red[:, :6] > 0).any() == (x < 0.5)
    assert (red[:, 22:] > 0).any() == (x > 0.5)
    assert (red[:, 8:20] == 0).all()


@pytest.mark.parametrize("size", [(320, 320), (64, 64)])
def test_a_square_photograph_s_maps_add_up_to_the_score(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    picture, head = Image.fromarray(pixels), load_photo_model(ROOT / "released/photographs").head
    found = view_features(backbone(), picture)
    np.testing.assert_array_equal(found.features, torch.from_numpy(found.maps).mean(dim=(2, 3)).numpy())
    maps = evidence_maps(head, found.maps, picture.size)
    logits = head.weight @ found.features.mean(axis=0) + head.bias
    np.testing.assert_allclose(maps.sum(axis=(1, 2)) + head.bias, logits, atol=1e-4)


@pytest.mark.parametrize(("size", "grid"), [((300, 400), (28, 21)), ((400, 300), (21, 28))])
def test_what_lies_on_the_margin_is_left_out(size: tuple[int, int], grid: tuple[int, int]) -> None:
    maps = evidence_maps(RED, np.ones((4, 3, 7, 7), np.float32), size)
    assert maps.shape == (3, *grid)
    seen, photo = 0.875 * 400, 300  # pixels of the padded square that its views see, and of the photograph in it
    np.testing.assert_allclose(maps.sum(axis=(1, 2)), 0.5 + 0.5 * photo / seen, rtol=1e-2)


def test_views_lie_in_the_middle() -> None:
    (across, down), (wide, high) = view_spans((300, 400))
    assert (across.start, across.end) == (16 / 256, 240 / 256)
    assert (down.start, down.end) == pytest.approx((58 / 341, 282 / 341))
    assert (high.start, high.end) == (16 / 256, 240 / 256)
    assert (wide.start, wide.end) == pytest.approx((0.5 - 175 / 300, 0.5 + 175 / 300))  # beyond both edges
    assert span_of_centre(canvas=300, scaled=256, own=300) == across


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (Span(0, 1), [[1, 0], [0, 1]]),
        (Span(0, 0.5), [[1, 1], [0, 0]]),
        (Span(0.25, 0.75), [[1, 0], [0, 1]]),
        (Span(-0.5, 1.5), [[0.5, 0], [0, 0.5]]),
        (Span(0.5, 2.5), [[0, 0], [0.5, 0]]),
    ],
)
def test_parts_are_shared_among_the_cells_that_they_lie_in(span: Span, expected: list[list[float]]) -> None:
    np.testing.assert_allclose(overlaps(span, 2, 2), expected)


def test_maps_of_classes_differ_by_their_contrast() -> None:
    maps = np.random.default_rng(1).normal(size=(4, 3, 7, 7)).astype(np.float32)
    contrast = Head(RED.weight[:1] - RED.weight[1:2], RED.bias[:1])
    first, second, _ = evidence_maps(RED, maps, (300, 400))
    np.testing.assert_allclose(evidence_maps(contrast, maps, (300, 400))[0], first - second, atol=1e-7)
