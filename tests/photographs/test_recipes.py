"""From photograph to 28x28: each step on arrays made by hand, and whole recipes on drawn photographs."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from lookalike.data.masks import MASKS, Mask, Pixels
from lookalike.drawn.garments import draw_garments
from lookalike.drawn.photographs import BACKGROUNDS, Snapshot, draw_snapshots
from lookalike.errors import RejectedError
from lookalike.params import Recipe, load_params
from lookalike.photographs import recipes as photos
from lookalike.photographs.recipes import (
    Floats,
    MaskedPicture,
    Preparer,
    fashion_mnist_tones,
    final_image,
    leave_one_step_out,
)

RECIPES = load_params(Path(__file__).parents[2] / "params.yaml").photos.recipes
BARE = Recipe(
    upright=False,
    thumbnail=None,
    mask="none",
    largest=False,
    crop="none",
    max_aspect=None,
    resize="antialias",
    sharpen=False,
    centre=False,
    background=False,
    tone="grey",
    stretch=None,
)
FULL: dict[str, Any] = {
    "upright": True,
    "thumbnail": (51, 73),
    "mask": "grabcut",
    "largest": True,
    "crop": "object",
    "max_aspect": 0.85,
    "resize": "skip",
    "sharpen": True,
    "centre": True,
    "background": True,
    "tone": "contrast",
    "stretch": (50, 200),
}
ORDER = ["upright", "as stored", "thumbnail", "mask", "largest", "crop", "narrow", "resize", "sharpen"]
ORDER += ["centre", "corner", "background", "grey", "negate", "contrast"]


@pytest.fixture(scope="module")
def drawn() -> dict[str, Snapshot]:
    """A photograph on each kind of ground."""
    return {shot.background: shot for shot in draw_snapshots(3, seed=3)}


def recipe(**steps: Any) -> Recipe:
    return Recipe(**{**BARE.model_dump(), **steps})


def picture(colours: Any, coverage: Any = 1.0, ground: float = 0.0) -> MaskedPicture:
    """A picture of the tones (H, W) or colours (H, W, 3)."""
    values = np.asarray(colours, np.float32)
    values = np.repeat(values[..., None], 3, axis=2) if values.ndim == 2 else values
    return MaskedPicture(values, np.broadcast_to(np.asarray(coverage, np.float32), values.shape[:2]).copy(), ground)


def noise(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def box(height: int, width: int, rows: slice, columns: slice) -> Mask:
    mask = np.zeros((height, width), bool)
    mask[rows, columns] = True
    return mask


def tones(picture: MaskedPicture) -> Floats:
    np.testing.assert_array_equal(picture.colours[..., :1].repeat(3, axis=2), picture.colours)
    return picture.colours[..., 0]


# Sizes.


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((320, 240), (160, 120)),
        ((240, 320), (120, 160)),
        ((160, 99), (160, 99)),
        ((28, 40), (28, 40)),
        ((640, 1), None),
    ],
)
def test_only_large_photographs_shrink(before: tuple[int, int], after: tuple[int, int] | None) -> None:
    image = noise(*before)
    small = photos.to_working_size(image)
    assert small.shape[:2] == (after or (160, 1))
    assert small.dtype == np.uint8
    if after == before:
        np.testing.assert_array_equal(small, image)


def test_shrinking_takes_means() -> None:
    checks = np.kron(np.ones((160, 100)), [[0, 200], [200, 0]])
    np.testing.assert_array_equal(photos.to_working_size(picture(checks).visible), 100)


def test_a_photograph_without_a_mask_is_all_garment_and_its_frame_the_ground() -> None:
    image = np.full((50, 50, 3), (255, 0, 0), np.uint8)
    image[10:40, 10:40] = 255
    plain = photos.unmasked(image)
    assert plain.coverage.shape == (50, 50)
    assert (plain.coverage == 1).all()
    assert plain.ground == pytest.approx(0.299 * 255, abs=1e-3)


@pytest.mark.parametrize("size", [(7, 9), (28, 28), (60, 50)])
def test_a_garments_colour_is_not_mixed_with_the_grounds(size: tuple[int, int]) -> None:
    garment = box(40, 40, slice(3, 30), slice(5, 24))
    red_on_blue = np.where(garment[..., None], (255, 0, 0), (0, 0, 255))
    small = photos.resize(picture(red_on_blue, garment), *size)
    assert small.coverage.shape == size
    assert ((small.coverage > 0) & (small.coverage < 1)).any()
    covered = small.coverage > 1e-3
    np.testing.assert_allclose(small.colours[covered], np.broadcast_to((255, 0, 0), (covered.sum(), 3)), atol=0.01)
    np.testing.assert_array_equal(small.colours[small.coverage == 0], np.full(((~covered).sum(), 3), (0, 0, 255)))
    assert small.coverage.mean() == pytest.approx(garment.mean(), abs=0.01)


@pytest.mark.parametrize(("before", "after"), [((160, 120), (68, 51)), ((160, 90), (73, 41)), ((30, 20), (73, 49))])
def test_a_thumbnail_fits_its_frame(before: tuple[int, int], after: tuple[int, int]) -> None:
    small = photos.to_thumbnail(picture(np.full(before, 70)), (51, 73))
    assert small.coverage.shape == after
    np.testing.assert_allclose(small.colours, 70, rtol=1e-5)


@pytest.mark.parametrize(
    ("before", "after"), [((160, 120), (28, 21)), ((60, 120), (14, 28)), ((7, 14), (14, 28)), ((200, 1), (28, 1))]
)
def test_the_longest_edge_becomes_28(before: tuple[int, int], after: tuple[int, int]) -> None:
    small = photos.resize_antialiased(picture(np.full(before, 70)))
    assert small.coverage.shape == after
    np.testing.assert_allclose(small.colours, 70, rtol=1e-5)


def test_reducing_takes_means_and_skipping_does_not() -> None:
    checks = np.kron(np.ones((28, 28)), [[0, 200], [200, 0]])
    np.testing.assert_allclose(tones(photos.resize_antialiased(picture(checks))), 100, rtol=1e-5)
    np.testing.assert_array_equal(tones(photos.resize_by_skipping(picture(checks))), 0)


def test_skipping_leaves_out_exact_rows_and_columns() -> None:
    rows = [0, 1, 3, 4, 6, 7, 9, 10, 12, 13, 15, 16, 18, 19, 21, 22, 24, 25, 27, 28, 30, 31, 33, 34, 36, 37, 39, 40]
    columns = [0, 1, 3, 4, 6, 7, 9, 10, 12, 13, 15, 16, 18]
    values = np.arange(42 * 20).reshape(42, 20)
    small = photos.resize_by_skipping(picture(values, values / 1000))
    np.testing.assert_array_equal(tones(small), values[rows][:, columns])
    np.testing.assert_array_equal(small.coverage, (values / 1000).astype(np.float32)[rows][:, columns])


@pytest.mark.parametrize(
    ("before", "aspect", "after"),
    [((100, 120), 0.85, (100, 85)), ((100, 60), 0.85, (100, 60)), ((20, 40), 0.01, (20, 1)), ((50, 50), 2.0, (50, 50))],
)
def test_narrowing_squeezes_and_never_widens(before: tuple[int, int], aspect: float, after: tuple[int, int]) -> None:
    left = np.indices(before)[1] < before[1] / 2
    narrow = photos.limit_aspect(picture(left * 200.0, left), aspect)
    assert narrow.coverage.shape == after
    assert narrow.coverage.mean() == pytest.approx(0.5, abs=0.01)


# Masks and what is cut by them.


@pytest.mark.parametrize(("share", "fault"), [(0.0, "empty"), (0.009, "empty"), (0.96, "all-cov"), (1.0, "all-cov")])
def test_a_mask_that_finds_nothing_or_everything_is_refused(share: float, fault: str) -> None:
    mask = np.arange(1000).reshape(25, 40) < share * 1000
    with pytest.raises(RejectedError, match=rf"\Athe mask is {fault}[^\n]*{share:.1%}[^\n]*\Z"):
        photos.apply_mask(picture(np.zeros((25, 40))), mask, "the mask")


@pytest.mark.parametrize("share", [0.02, 0.94])
def test_the_ground_is_what_is_not_garment(share: float) -> None:
    mask = np.arange(1000).reshape(25, 40) < share * 1000
    found = photos.apply_mask(picture(np.where(mask, 10, 150), ground=3), mask, "the mask")
    np.testing.assert_array_equal(found.coverage, mask)
    assert found.ground == pytest.approx(150, rel=1e-5)


def test_a_mask_is_brought_to_the_pictures_size() -> None:
    found = photos.apply_mask(picture(np.zeros((10, 10))), box(40, 40, slice(10, 30), slice(12, 34)), "the mask")
    np.testing.assert_allclose(found.coverage[5], [0, 0, 0, 1, 1, 1, 1, 1, 0.5, 0])


def test_of_two_shoes_the_larger_is_kept() -> None:
    large, small = box(40, 40, slice(5, 20), slice(5, 30)), box(40, 40, slice(25, 35), slice(5, 30))
    np.testing.assert_array_equal(photos.keep_largest(picture(np.zeros((40, 40)), large | small)).coverage, large)


def test_a_largest_object_that_is_a_speck_is_refused() -> None:
    specks = np.indices((40, 40)).sum(axis=0) % 7 == 0
    specks[1::2] = False
    with pytest.raises(RejectedError, match="the largest object is empty"):
        photos.keep_largest(picture(np.zeros((40, 40)), specks))


def test_without_a_mask_no_object_is_larger_and_none_is_cropped() -> None:
    whole = picture(noise(40, 30))
    assert photos.keep_largest(whole) is whole
    np.testing.assert_array_equal(photos.crop_to_garment(whole).colours, whole.colours)


def test_cropping_leaves_the_garments_box() -> None:
    image, garment = noise(40, 30), box(40, 30, slice(6, 20), slice(4, 5)) | box(40, 30, slice(9, 11), slice(4, 25))
    cut = photos.crop_to_garment(picture(image, garment))
    np.testing.assert_array_equal(cut.colours, image[6:20, 4:25])
    np.testing.assert_array_equal(cut.coverage, garment[6:20, 4:25])


@pytest.mark.parametrize(("grey", "kept"), [(243, False), (242, True)])
def test_edges_within_5_percent_of_the_corners_colour_are_trimmed(grey: int, kept: bool) -> None:
    image = np.full((30, 40), 255.0)
    image[10:20, 15:25] = 30
    image[4, 33] = grey  # 5 % of the distance from black to white is 12.75
    rows, columns = (slice(4, 20), slice(15, 34)) if kept else (slice(10, 20), slice(15, 25))
    np.testing.assert_array_equal(tones(photos.trim_corner_colour(picture(image))), image[rows, columns])


def test_the_distance_to_the_corner_is_that_of_all_three_colours() -> None:
    image = np.full((30, 40, 3), 255.0)
    image[10:20, 15:25, 0], image[20:22, 15:25, 0] = 232, 234  # the tolerance is 22.1 in one colour alone
    assert photos.trim_corner_colour(picture(image)).coverage.shape == (10, 10)


def test_nothing_is_trimmed_off_a_picture_of_one_colour() -> None:
    assert photos.trim_corner_colour(picture(np.full((30, 40), 200))).coverage.shape == (30, 40)


# Sharpness, place and tone.


def test_sharpening_leaves_flat_areas() -> None:
    np.testing.assert_allclose(photos.sharpen(picture(np.full((28, 20), 130))).colours, 130, rtol=1e-5)


def test_sharpening_adds_what_a_gaussian_takes_away() -> None:
    before = picture(noise(28, 20))
    soft = gaussian_filter(before.colours.astype(float), (1, 1, 0), mode="mirror")
    sharp = (2 * before.colours - soft).clip(0, 255)
    assert (sharp == 0).any()
    assert (sharp == 255).any()
    np.testing.assert_allclose(photos.sharpen(before).colours, sharp, atol=0.01)


@pytest.mark.parametrize(
    ("high", "wide", "centre", "top", "left"),
    [(11, 28, True, 8, 0), (28, 11, True, 0, 8), (11, 28, False, 0, 0), (28, 11, False, 0, 0)],
)
def test_a_picture_is_placed_on_white(high: int, wide: int, centre: bool, top: int, left: int) -> None:
    placed = photos.place_on_canvas(picture(np.full((high, wide), 7), 0.5), centre)
    there = box(28, 28, slice(top, top + high), slice(left, left + wide))
    np.testing.assert_array_equal(tones(placed), np.where(there, 7, 255))
    np.testing.assert_array_equal(placed.coverage, there / 2)


def test_what_is_not_garment_turns_black() -> None:
    black = photos.blacken_background(picture([[200, 200, 200]], [[0, 0.25, 1]]))
    np.testing.assert_array_equal(tones(black), [[0, 50, 200]])


@pytest.mark.parametrize(
    ("tone", "garment", "ground", "after"),
    [
        ("grey", 50, 200, 50),
        ("negate", 50, 200, 205),
        ("negate", 200, 50, 55),
        ("contrast", 50, 200, 205),
        ("contrast", 200, 50, 200),
    ],
)
@pytest.mark.parametrize("background", [False, True])
def test_tones_are_kept_or_inverted(tone: str, garment: float, ground: float, after: float, background: bool) -> None:
    before = picture([[garment, garment, ground]], [[1, 1, 0]], ground)
    before = photos.blacken_background(before) if background else before
    found = tones(photos.map_tones(before, recipe(tone=tone, background=background)))
    beside = 0 if background else ground if after == garment else 255 - ground
    np.testing.assert_allclose(found, [[after, after, beside]], rtol=1e-5)


def test_grey_is_luma() -> None:
    colours = [[(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)]]
    np.testing.assert_allclose(
        tones(photos.map_tones(picture(colours), BARE)), [[76.245, 149.685, 29.07, 255]], rtol=1e-5
    )


@pytest.mark.parametrize(("tone", "first", "last"), [("grey", 50, 200), ("negate", 200, 50)])
def test_a_stretch_spreads_a_garments_tones_over_its_range(tone: str, first: int, last: int) -> None:
    before = picture([np.linspace(90, 110, 101)])
    found = tones(photos.map_tones(before, recipe(tone=tone, stretch=(50, 200))))[0]
    assert (found[0], found[-1], found.min(), found.max()) == (first, last, 50, 200)
    assert found[50] == pytest.approx(125, abs=0.1)
    assert ((found == 50).sum(), (found == 200).sum()) == (3, 3)  # 2 % at each end, and the first that is inside


def test_a_stretch_goes_by_the_garment_alone_and_survives_one_of_a_single_tone() -> None:
    steps = recipe(stretch=(50, 250))
    mixed = photos.map_tones(picture([[100, 110, 0, 255]], [[1, 1, 0, 0]]), steps)
    np.testing.assert_array_equal(tones(mixed), [[50, 250, 50, 250]])
    np.testing.assert_array_equal(tones(photos.map_tones(picture([[90, 90]]), steps)), [[50, 50]])


def test_on_black_the_darkest_garment_is_still_seen_and_the_ground_is_not() -> None:
    before = photos.blacken_background(picture([[255, 255, 255, 255]], [[0, 0.51, 1, 1]]))
    shown = photos.map_tones(before, recipe(tone="negate", background=True)).visible[..., 0]
    np.testing.assert_array_equal(shown, [[0, 1, 1, 1]])


def test_a_half_covered_pixel_has_half_the_garments_tone() -> None:
    before = photos.blacken_background(picture([[80, 80, 80]], [[1, 1, 0.5]]))
    np.testing.assert_allclose(
        tones(photos.map_tones(before, recipe(tone="negate", background=True))), [[175, 175, 87.5]], rtol=1e-5
    )


def test_what_is_shown_is_rounded_and_clipped() -> None:
    shown = final_image(picture([[-3, 0.6, 254.4, 300]]))
    np.testing.assert_array_equal(shown, [[0, 1, 254, 255]])
    assert shown.dtype == np.uint8


# Recipes.


def names(stages: list[tuple[str, MaskedPicture]]) -> list[str]:
    return [name for name, _ in stages]


@pytest.mark.parametrize("background", BACKGROUNDS)
@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_makes_an_image_of_every_ground(drawn: dict[str, Snapshot], name: str, background: str) -> None:
    image = drawn[background].image
    stages = Preparer(image, image).prepare(RECIPES[name])
    places = [ORDER.index(stage) for stage in names(stages)]
    assert places == sorted(set(places))
    found = final_image(stages[-1][1])
    assert found.dtype == np.uint8
    assert found.shape == (28, 28)
    assert np.ptp(found) > 30  # it shows something
    if RECIPES[name].background:
        np.testing.assert_array_equal(found > 0, stages[-1][1].colours[..., 0] > 0.5)
        assert found[stages[-1][1].coverage == 0].max(initial=0) == 0


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_what_is_left_on_black_is_the_drawn_garment(drawn: dict[str, Snapshot], background: str) -> None:
    shot = drawn[background]
    steps = recipe(mask="grabcut", background=True, stretch=(50, 255))
    found = final_image(Preparer(shot.image, shot.image).prepare(steps)[-1][1]) > 0
    true = (
        photos.place_on_canvas(
            photos.resize_antialiased(picture(np.zeros(shot.mask.shape), shot.mask)), centre=False
        ).coverage
        > 0
    )
    assert (found & true).sum() / (found | true).sum() > 0.8


def test_the_steps_have_their_names_and_order(drawn: dict[str, Snapshot]) -> None:
    image = drawn["plain"].image
    preparer = Preparer(image, image)
    assert names(preparer.prepare(BARE)) == ["as stored", "resize", "corner", "grey"]
    whole = ["upright", "thumbnail", "mask", "largest", "crop", "narrow", "resize", "sharpen", "centre", "background"]
    assert names(preparer.prepare(Recipe(**FULL))) == [*whole, "contrast"]


@pytest.mark.parametrize("step", FULL)
def test_a_step_that_is_taken_can_be_left_out(step: str) -> None:
    found = leave_one_step_out(recipe(**{step: FULL[step]}))
    assert set(found) == {step, "resize"}  # another sampling can always be had
    assert found[step] == BARE


def test_every_step_of_a_full_recipe_can_be_left_out_and_none_of_an_empty_one() -> None:
    assert list(leave_one_step_out(Recipe(**FULL))) == list(Recipe.model_fields)
    assert leave_one_step_out(BARE) == {"resize": recipe(resize="skip")}


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_without_a_step_differs_in_that_alone_and_works_or_is_refused(
    drawn: dict[str, Snapshot], name: str
) -> None:
    whole = RECIPES[name].model_dump()
    preparer = Preparer(drawn["textured"].image, drawn["textured"].image[::-1])
    made = 0
    for step, changed in leave_one_step_out(RECIPES[name]).items():
        assert {key for key, value in changed.model_dump().items() if value != whole[key]} == {step}
        try:
            assert final_image(preparer.prepare(changed)[-1][1]).shape == (28, 28)
        except RejectedError:
            continue
        made += 1
    assert made > 3


def test_a_recipe_takes_the_photograph_upright_or_as_it_is_stored() -> None:
    upright, as_stored = noise(40, 30), noise(40, 30).swapaxes(0, 1)
    preparer = Preparer(upright, as_stored)
    np.testing.assert_array_equal(preparer.prepare(recipe(upright=True))[0][1].colours, upright)
    np.testing.assert_array_equal(preparer.prepare(recipe(upright=False))[0][1].colours, as_stored)


def test_a_mask_is_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def counted(way: str) -> Any:
        def find(image: Pixels) -> Mask:
            seen.append(way)
            return box(image.shape[0], image.shape[1], slice(5, 20), slice(5, 20))

        return find

    for way in ("grabcut", "border"):
        monkeypatch.setitem(MASKS, way, counted(way))
    image = noise(40, 30)
    for preparer in (Preparer(image, image), Preparer(image, image[::-1])):
        seen.clear()
        for way in ("grabcut", "border", "grabcut"):
            for steps in (recipe(mask=way, upright=True), recipe(mask=way, upright=False, tone="negate")):
                preparer.prepare(steps)
        sources = len({id(source) for source in preparer.sources.values()})
        assert sorted(seen) == ["border"] * sources + ["grabcut"] * sources
    assert sources == 2


def in_colours(tones: NDArray[np.uint8]) -> Pixels:
    return np.repeat(tones[..., None], 3, axis=2)


@pytest.mark.parametrize("inverted", [False, True])
def test_pictures_of_the_data_sets_size_and_look_are_ready(inverted: bool) -> None:
    for garment in draw_garments(50, seed=5)[0]:
        tones = 255 - garment if inverted else garment
        np.testing.assert_array_equal(fashion_mnist_tones(in_colours(tones)), tones)


def test_pictures_of_another_size_or_look_are_not_ready() -> None:
    garment = draw_garments(1, seed=5)[0][0]
    others = {
        "larger": in_colours(np.pad(garment, 2)),
        "higher": in_colours(np.pad(garment, ((0, 1), (0, 0)))),
        "coloured": np.stack([garment, garment // 2, garment], axis=2),
        "on grey": in_colours(np.maximum(garment, 60)),
        "noise": in_colours(noise(28, 28)[..., 0]),
    }
    assert [name for name, image in others.items() if fashion_mnist_tones(image) is not None] == []


def test_the_faint_colours_and_grounds_of_a_jpeg_leave_a_picture_ready() -> None:
    garment = draw_garments(1, seed=5)[0][0]
    image = in_colours(np.clip(garment, 8, 247)).astype(np.int16) + np.array([3, 0, -4])
    ready = fashion_mnist_tones(image.astype(np.uint8))
    assert ready is not None
    assert np.abs(ready.astype(int) - garment).max() <= 12
