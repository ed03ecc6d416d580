"""Contact sheets: a tile for each step and one for the heat map, what a mask took away tinted, 25 rows a sheet."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lookalike.artifacts.photos import sample_photographs
from lookalike.photographs.recipes import MaskedPicture
from lookalike.reporting.figures.contact_sheets import (
    GAP,
    HEADER,
    HEAT,
    TILE,
    Stages,
    contact_sheets,
    parts_of,
    sheets,
    strip,
    tile,
)
from lookalike.reporting.figures.parts import TELEPHONE

ROW = HEADER + TILE + HEADER + GAP


def read(content: bytes, kind: str = "PNG") -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(content)) as image:
        assert image.format == kind
        return np.asarray(image.convert("RGB"))


def shown(sheet: NDArray[np.uint8], column: int) -> NDArray[np.uint8]:
    """The tile of a column, without the step's name."""
    left = column * (TILE + GAP)
    return sheet[HEADER : HEADER + TILE, left : left + TILE]


@pytest.fixture
def stages() -> Stages:
    """Three steps: a photograph, the same with the left half masked, and a grey image."""
    rng = np.random.default_rng(0)
    colours = np.full((40, 30, 3), 90, np.float32)
    half = np.repeat(np.arange(30)[None] >= 15, 40, axis=0).astype(np.float32)
    grey = rng.integers(0, 256, (28, 28)).astype(np.float32)
    last = MaskedPicture(grey[..., None].repeat(3, axis=2), np.zeros((28, 28), np.float32), 0.0)
    return [
        ("upright", MaskedPicture(colours, np.ones((40, 30), np.float32), 0.0)),
        ("mask", MaskedPicture(colours, half, 0.0)),
        ("grey", last),
    ]


@pytest.fixture
def numbered() -> list[bytes]:
    """26 strips, each of another tone."""
    tones = [np.full((28, 28, 3), 9 * k, np.float32) for k in range(26)]
    return [strip([("grey", MaskedPicture(tone, np.ones((28, 28), np.float32), 0.0))]) for tone in tones]


def test_a_strip_has_a_named_tile_for_each_step_and_one_for_the_heat_map(stages: Stages) -> None:
    sheet = read(strip(stages))
    assert sheet.shape == (HEADER + TILE, 4 * (TILE + GAP) - GAP, 3)
    headings = [sheet[:HEADER, column * (TILE + GAP) :][:, :TILE] for column in range(4)]
    assert all(heading.min() < 100 for heading in headings)
    assert len({heading.tobytes() for heading in headings}) == 4
    np.testing.assert_array_equal(sheet[:, TILE : TILE + GAP], 255)


def test_the_last_two_tiles_show_every_pixel_of_the_image_and_its_heat(stages: Stages) -> None:
    sheet = read(strip(stages))
    image = stages[-1][1].visible
    np.testing.assert_array_equal(shown(sheet, 2), image.repeat(3, axis=0).repeat(3, axis=1))
    np.testing.assert_array_equal(shown(sheet, 3)[1::3, 1::3], HEAT[image[..., 0]])


def test_the_heat_map_grows_brighter_from_black_on() -> None:
    brightness = HEAT.astype(int).sum(axis=1)
    assert brightness[0] < 10
    assert brightness[255] > 550
    assert (np.diff(brightness) >= -3).all()


def test_a_photograph_keeps_its_aspect_in_the_middle_of_its_tile(stages: Stages) -> None:
    columns = (shown(read(strip(stages)), 0) == 90).all(axis=(0, 2))
    assert columns.sum() == 63  # 84 x 30 / 40
    assert abs(columns[:42].sum() - columns[42:].sum()) <= 1


def test_what_a_mask_took_away_is_tinted(stages: Stages) -> None:
    sheet = shown(read(strip(stages)), 1)
    np.testing.assert_array_equal(sheet[42, 60], (90, 90, 90))
    np.testing.assert_array_equal(sheet[42, 20], (30, 90, 150))


def test_a_finished_image_is_not_tinted() -> None:
    image = np.full((28, 28, 3), 240, np.uint8)
    nowhere = np.zeros((28, 28), np.float32)
    np.testing.assert_array_equal(np.asarray(tile(image, nowhere)), 240)
    assert (np.asarray(tile(image[:, :20], nowhere[:, :20])) != 240).any()


def test_a_sheet_takes_25_rows_in_their_order(numbered: list[bytes]) -> None:
    captions = [f"photograph {k}" for k in range(26)]
    first, second = (read(sheet) for sheet in sheets(numbered, captions))
    assert (len(first), len(second)) == (25 * ROW, ROW)
    assert tones(first) + tones(second) == [9 * k for k in range(26)]
    assert len(sheets(numbered[:25], captions[:25])) == 1
    assert sheets([], []) == []


def test_each_row_has_its_caption_below(numbered: list[bytes]) -> None:
    one, other = (read(sheets(numbered[:2], ["same", caption])[0]) for caption in ("a.jpg: Bag", "b.jpg: Coat"))
    rows = np.flatnonzero((one != other).any(axis=(1, 2)))
    assert rows.min() >= ROW + HEADER + TILE
    assert (one[ROW + HEADER + TILE :] < 100).any()


def test_a_row_without_a_caption_is_an_error(numbered: list[bytes]) -> None:
    with pytest.raises(ValueError, match="shorter"):
        sheets(numbered[:2], ["only one"])


def tones(sheet: NDArray[np.uint8]) -> list[int]:
    """The tone of each row's picture."""
    return [int(sheet[row + HEADER + 40, 40, 0]) for row in range(0, len(sheet), ROW)]


def test_photographs_are_shown_one_by_one_all_together_and_as_a_sample(numbered: list[bytes]) -> None:
    photographs = [(f"{k}.jpg", "Bag" if k else "") for k in range(26)]
    found = contact_sheets({"fitted": numbered, "plain": numbered[::-1]}, photographs)
    assert set(found) == {
        path
        for recipe in ("fitted", "plain")
        for path in (
            *(f"steps/{recipe}/{name}" for name, _ in photographs),
            *(f"sheets/{recipe}-{page}" for page in ("01", "02")),
            f"samples/{recipe}",
        )
    }
    assert found["steps/plain/3.jpg"] == numbered[22]
    captions = [f"{k}.jpg: {'Bag' if k else 'none of the classes'}" for k in range(26)]
    assert [found[f"sheets/fitted-{page}"] for page in ("01", "02")] == sheets(numbered, captions)
    shades = tones(read(found["samples/fitted"], "WEBP"))
    np.testing.assert_allclose(shades, [9 * k for k in sample_photographs(range(26))], atol=2)


def test_a_sample_keeps_its_colours_and_has_the_captions_of_its_rows(numbered: list[bytes]) -> None:
    photographs = [(f"{k}.jpg", "Bag") for k in range(26)]
    renamed = [("another.jpg" if k == 2 else name, label) for k, (name, label) in enumerate(photographs)]
    one, other = (contact_sheets({"fitted": numbered}, each)["samples/fitted"] for each in (photographs, renamed))
    changed = np.abs(read(one, "WEBP").astype(int) - read(other, "WEBP")).max(axis=(1, 2))
    assert set(np.flatnonzero(changed > 60) // ROW) == {1}  # of 26, every second is in the sample
    ramp = np.broadcast_to(np.linspace(0, 255, 28)[:, None, None], (28, 28, 3)) * [1, 0.6, 0.3]
    made = strip([("grey", MaskedPicture(ramp.astype(np.float32), np.ones((28, 28), np.float32), 0.0))])
    drawn = read(contact_sheets({"fitted": [made]}, [("a", "b")])["samples/fitted"], "WEBP")
    whole = read(made)
    assert np.abs(drawn[: len(whole)].astype(int) - whole).mean() < 3


def test_the_same_steps_give_the_same_bytes(stages: Stages) -> None:
    strips = [strip(stages), strip(stages)]
    assert strips[0] == strips[1]
    assert sheets(strips, ["a", "b"]) == sheets(strips, ["a", "b"])


@pytest.mark.parametrize("name", ["$x_$", "new\nline.jpg", "שלום 👕", "x" * 250, "<b>&amp;", "a/b\\c"])
def test_names_of_any_kind_are_written_below_a_strip(numbered: list[bytes], name: str) -> None:
    found = contact_sheets({"plain": numbered[:1]}, [(name, name)])
    assert found.keys() == {f"steps/plain/{name}", "sheets/plain-01", "samples/plain"}
    below = read(found["sheets/plain-01"])[HEADER + TILE :]
    assert below.min() < 128


def test_a_telephone_sees_the_steps_of_a_photograph_above_its_caption() -> None:
    sheet = Image.new("RGB", (5 * (TILE + GAP) - GAP, 2 * ROW))
    steps, rest, caption, *second = parts_of(sheet)
    assert steps == ((0, 0, 4 * (TILE + GAP), HEADER + TILE),)
    assert rest == ((4 * (TILE + GAP), 0, TILE, HEADER + TILE),)
    assert caption == ((0, HEADER + TILE, TELEPHONE, HEADER + GAP),)
    assert len(second) == 3
