"""Where wide pictures are cut for a telephone: what stands in which part, and how the parts travel with the picture."""

import io

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from lookalike.artifacts.webp import note_of
from lookalike.reporting.figures.maps import GAP, MEDIUM, Sheet
from lookalike.reporting.figures.parts import TELEPHONE, Cuts, note_parts, parts_as_note, quarters, read_parts
from lookalike.reporting.figures.rendering import render_chart, stored_chart, to_webp

TILE = np.zeros((MEDIUM, MEDIUM, 3), np.uint8)


def test_columns_go_on_below_behind_the_names_of_their_rows() -> None:
    parts = Cuts(100, [100, 200, 300, 400, 500]).parts(50, [600])
    assert parts == (
        ((0, 0, 300, 50),),
        ((0, 0, 100, 50), (300, 0, 200, 50)),
        ((0, 0, 100, 50), (500, 0, 100, 50)),
    )


def test_rows_are_cut_always_columns_where_a_band_is_too_wide_and_empty_bands_are_left_out() -> None:
    parts = Cuts(0, [200], [20, 90, 120]).parts(150, [TELEPHONE, 400, 0, 10])
    assert parts == (((0, 0, TELEPHONE, 20),), ((0, 20, 200, 70),), ((200, 20, 200, 70),), ((0, 120, 10, 30),))


def test_a_column_that_is_too_wide_by_itself_stays_whole() -> None:
    assert Cuts(50, [500]).parts(9, [1000]) == (((0, 0, 500, 9),), ((0, 0, 50, 9), (500, 0, 500, 9)))
    assert Cuts().parts(9, [1000]) == (((0, 0, 1000, 9),),)


def sheet_of(columns: int) -> Figure:
    sheet = Sheet(cuts=Cuts(columns=[GAP + k * (MEDIUM + GAP) - GAP // 2 for k in range(columns)]))
    for k in range(columns):
        sheet.paste((GAP + k * (MEDIUM + GAP), 0), TILE)
    sheet.add_map_scales([True])
    return sheet.figure()


def test_every_part_of_a_sheet_fits_and_together_they_are_the_sheet() -> None:
    drawn = render_chart(sheet_of(14))
    assert drawn.narrow is None
    assert not drawn.scrolls
    *tiles, scale = drawn.wide.parts
    assert all(sum(width for _, _, width, _ in part) <= TELEPHONE for part in drawn.wide.parts)
    assert [x + width for ((x, _, width, _),) in tiles] == [x for ((x, *_),) in tiles[1:]] + [drawn.wide.width]
    ((_, top, _, height),) = scale
    assert top + height == drawn.wide.height
    assert render_chart(sheet_of(4)).wide.parts == (), "which fits as a whole"


def test_parts_are_kept_in_the_stored_picture() -> None:
    stored = to_webp(sheet_of(14))
    assert stored_chart(stored).wide.parts == render_chart(sheet_of(14)).wide.parts
    with Image.open(io.BytesIO(to_webp(sheet_of(4)))) as image:
        assert note_of(image) == ""


def test_notes_are_read_back() -> None:
    parts = (((0, 0, 5, 6), (7, 0, 8, 6)), ((0, 6, 9, 3),))
    assert read_parts(parts_as_note(parts)) == parts
    assert read_parts(note_parts(Figure(), parts).get_gid()) == parts
    assert read_parts(None) == read_parts("") == ()


def test_quarters_are_read_row_by_row() -> None:
    assert quarters(10, 8) == (((0, 0, 5, 4),), ((5, 0, 5, 4),), ((0, 4, 5, 4),), ((5, 4, 5, 4),))
