"""What the page asks: pictures turned and cropped, and masks that were mended by hand."""

import base64
from typing import Any

import numpy as np
import pytest
from local_page import as_png
from PIL import Image
from pydantic import ValidationError

from lookalike.data.masks import grabcut, recut
from lookalike.errors import RejectedError
from lookalike.photographs.recipes import Preparer
from lookalike.serve.question import GARMENT, LONGEST, MARKED, Question, shown

PIXELS = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)


def asked(pixels: np.ndarray[Any, np.dtype[np.uint8]] = PIXELS, **more: Any) -> Question:
    picture = base64.b64encode(as_png(Image.fromarray(pixels)))
    return Question.model_validate({"picture": picture, **more})


@pytest.mark.parametrize("turn", range(4))
def test_a_picture_is_turned_to_the_right(turn: int) -> None:
    np.testing.assert_array_equal(np.asarray(asked(turn=turn).photo()), np.rot90(PIXELS, -turn))


def test_it_is_cropped_after_it_was_turned() -> None:
    photo = asked(turn=1, crop={"left": 0.25, "top": 0.5, "right": 1, "bottom": 1}).photo()
    np.testing.assert_array_equal(np.asarray(photo), np.rot90(PIXELS, -1)[30:, 10:])


def test_too_small_a_part_is_refused() -> None:
    with pytest.raises(RejectedError, match="less than 28 pixels on a side"):
        asked(crop={"left": 0.6, "top": 0, "right": 1, "bottom": 1}).photo()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"turn": 4}, "turn"),
        ({"crop": {"left": 0.5, "right": 0.5}}, "empty"),
        ({"crop": {"left": -0.1}}, "left"),
        ({"crop": {"right": "nan"}}, "right"),
        ({"extra": 1}, "extra"),
        ({"picture": "a"}, "picture"),
        ({"mask": {"width": 2, "height": 2, "pixels": base64.b64encode(bytes(3))}}, "each pixel"),
        ({"mask": {"width": 2, "height": 2, "pixels": base64.b64encode(bytes([0, 1, 2, 4]))}}, "each pixel"),
    ],
)
def test_what_no_page_asks_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        asked(**change)


def test_large_pictures_are_shown_smaller() -> None:
    assert shown(Image.new("RGB", (3000, 1500))).size == (LONGEST, LONGEST // 2)
    assert shown(Image.new("RGB", (300, 150))).size == (300, 150)


def mask_of(bits: np.ndarray[Any, np.dtype[np.uint8]], *, cut: bool) -> dict[str, Any]:
    height, width = bits.shape
    return {"width": width, "height": height, "pixels": base64.b64encode(bits.tobytes()), "cut": cut}


def blob() -> tuple[np.ndarray[Any, np.dtype[np.uint8]], np.ndarray[Any, np.dtype[np.bool_]]]:
    """A picture of two squares on a ground, the first of them far from the ground's colour, and where they are."""
    pixels = np.random.default_rng(1).integers(100, 110, (60, 80, 3), np.uint8)
    squares = np.zeros((2, 60, 80), bool)
    squares[0, 15:45, 10:35], squares[1, 15:45, 45:70] = True, True
    pixels[squares[0]] += np.array([120, 0, 0], np.uint8)
    pixels[squares[1]] += np.array([0, 0, 120], np.uint8)
    return pixels, squares


def test_a_mended_mask_is_taken_as_it_is() -> None:
    pixels, (first, _) = blob()
    bits = np.where(first, GARMENT | MARKED, 0).astype(np.uint8)
    mended = asked(pixels, mask=mask_of(bits, cut=False)).mended_mask(Preparer(pixels, pixels))
    assert mended is not None
    np.testing.assert_array_equal(mended, first)


def test_grabcut_follows_what_is_marked() -> None:
    pixels, squares = blob()
    both = squares.any(axis=0)
    np.testing.assert_array_equal(grabcut(pixels), both)
    marked = np.zeros_like(both)
    marked[28:32, 50:65] = True  # a stroke over the second square: no garment
    bits = np.where(both & ~marked, GARMENT, 0) + np.where(marked, MARKED, 0)
    mended = asked(pixels, mask=mask_of(bits.astype(np.uint8), cut=True)).mended_mask(Preparer(pixels, pixels))
    assert mended is not None
    np.testing.assert_array_equal(mended, squares[0])


def test_marks_stay_and_a_mask_without_either_side_is_left_alone() -> None:
    pixels, (first, second) = blob()
    corner = np.zeros_like(first)
    corner[:3, :3] = True  # in the frame, which is background unless a person says otherwise
    found = recut(pixels, first | corner, corner)
    assert found[corner].all()
    assert found[first].all()
    assert not found[second].any()
    full = np.ones_like(first)
    np.testing.assert_array_equal(recut(pixels, full, full), full)
    np.testing.assert_array_equal(recut(pixels, ~full, full), ~full)


def test_the_mask_of_another_picture_is_refused() -> None:
    bits = np.zeros((5, 5), np.uint8)
    with pytest.raises(RejectedError, match="another picture"):
        asked(mask=mask_of(bits, cut=False)).mended_mask(Preparer(PIXELS, PIXELS))
