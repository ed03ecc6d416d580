"""Augmentation: nothing changes where nothing is asked for, each change does what it says, and draws are explicit."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation
from sklearn.decomposition import PCA
from torch import Tensor

from lookalike.artifacts.datasets import Dataset
from lookalike.data.augmentation import (
    AffineJitter,
    Augmentation,
    ColourJitter,
    Draws,
    PrincipalColourShift,
    ShoePairs,
    ToneJitter,
    affine_matrices,
    example_draws,
    from_settings,
    hue_rotation,
    principal_components,
)
from lookalike.errors import InputError
from lookalike.runtime import Part

STILL = AffineJitter()
SAME = ToneJitter(gamma=(1, 1), gain=(1, 1), lift=0, noise=0)
ALL = Augmentation(
    pairs=ShoePairs((5, 7, 9), 0.5),
    placing=AffineJitter(turn=20, scale=(0.8, 1.1), shear=0.1, shift=0.1, mirror=True),
    bend=0.05,
    tones=ToneJitter(gamma=(0.7, 1.5), gain=(0.6, 1.1), lift=0.3, noise=0.1),
)


@pytest.fixture
def images() -> Tensor:
    """Twenty images of a block off the middle, each a little brighter than the last."""
    images = torch.zeros(20, 1, 28, 28)
    images[:, :, 6:20, 4:14] = torch.linspace(0.3, 0.9, 20)[:, None, None, None]
    return images


@pytest.fixture
def labels() -> Tensor:
    return torch.arange(20) % 10


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_without_changes_images_stay_as_they_are(images: Tensor, labels: Tensor) -> None:
    torch.testing.assert_close(Augmentation().apply(images, labels, draws()), images)
    torch.testing.assert_close(Augmentation(placing=STILL, tones=SAME).apply(images, labels, draws()), images)


def test_the_same_draws_give_the_same_images_and_others_give_others(images: Tensor, labels: Tensor) -> None:
    once, again, other = (ALL.apply(images, labels, draws(seed)) for seed in (1, 1, 2))
    assert torch.equal(once, again)
    assert not torch.equal(once, other)


@pytest.mark.parametrize("whole", [ALL, Augmentation(crop=2)], ids=["all", "crop"])
def test_an_image_changes_in_the_same_way_in_any_part_of_a_batch(
    images: Tensor, labels: Tensor, whole: Augmentation
) -> None:
    expected = whole.apply(images, labels, draws())
    for start, stop in ((0, 7), (7, 8), (8, 20)):
        found = whole.apply(images[start:stop], labels[start:stop], draws(), Part(start, stop, 20))
        torch.testing.assert_close(found, expected[start:stop], rtol=0, atol=1e-6)


def test_no_global_generator_is_used_and_the_input_is_left_alone(images: Tensor, labels: Tensor) -> None:
    state, before = torch.random.get_rng_state(), images.clone()
    changed = ALL.apply(images, labels, draws())
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.equal(images, before)
    assert changed.shape == images.shape
    assert 0 <= changed.min() <= changed.max() <= 1


def test_a_mirrored_image_is_the_flipped_one(images: Tensor, labels: Tensor) -> None:
    mirrored = Augmentation(placing=AffineJitter(0, (1, 1), 0, 0, mirror=True)).apply(images, labels, draws())
    flipped = [torch.allclose(new, old.flip(2), atol=1e-5) for new, old in zip(mirrored, images, strict=True)]
    kept = [torch.allclose(new, old, atol=1e-5) for new, old in zip(mirrored, images, strict=True)]
    assert all(a != b for a, b in zip(flipped, kept, strict=True))
    assert 3 < sum(flipped) < 17


def test_scale_and_shift_move_the_block_as_far_as_they_say(images: Tensor, labels: Tensor) -> None:
    smaller = Augmentation(placing=AffineJitter(0, (0.5, 0.5), 0, 0, mirror=False)).apply(images, labels, draws())
    assert (smaller > 0.1).sum(dim=(1, 2, 3)).float().mean() == pytest.approx(140 / 4, rel=0.3)
    shifted = Augmentation(placing=AffineJitter(0, (1, 1), 0, 0.2, mirror=False)).apply(images, labels, draws())
    rows = torch.arange(28.0)
    centre = (shifted.sum(dim=(1, 3)) * rows).sum(1) / shifted.sum(dim=(1, 2, 3))
    assert (centre - 12.5).abs().max() <= 0.2 * 14 + 1e-3
    assert centre.std() > 0.5


def test_a_quarter_turn_is_what_the_field_calls_one() -> None:
    image = torch.rand(1, 1, 9, 9, generator=draws())
    cosine, sine, zero = (torch.tensor([value]) for value in (math.cos(math.pi / 2), math.sin(math.pi / 2), 0.0))
    matrix = affine_matrices([[cosine, -sine, zero], [sine, cosine, zero]])
    grid = torch.nn.functional.affine_grid(matrix, [1, 1, 9, 9], align_corners=False)
    turned = torch.nn.functional.grid_sample(image, grid, align_corners=False)
    torch.testing.assert_close(turned, torch.rot90(image, 1, (2, 3)), atol=1e-5, rtol=0)


def test_only_the_named_classes_become_pairs(images: Tensor, labels: Tensor) -> None:
    changed = Augmentation(pairs=ShoePairs((5, 7), 1.0)).apply(images, labels, draws())
    same = torch.tensor([torch.equal(new, old) for new, old in zip(changed, images, strict=True)])
    assert torch.equal(~same, torch.isin(labels, torch.tensor([5, 7])))


def test_a_pair_stands_on_both_sides_of_the_middle(labels: Tensor) -> None:
    bar = torch.zeros(20, 1, 28, 28)
    bar[:, :, 11:17, 1:27] = 1.0  # a shoe from the side: long and flat
    changed = Augmentation(pairs=ShoePairs(tuple(range(10)), 1.0)).apply(bar, labels, draws(3))
    middle, outside = changed[..., 13:15].mean(dim=(1, 2, 3)), changed[..., :10].mean(dim=(1, 2, 3))
    assert 8 < int(((outside > 0.1) & (middle < 0.5)).sum()) < 20  # the rest is alone, in the middle


def test_a_bend_moves_pixels_but_keeps_the_brightness(images: Tensor, labels: Tensor) -> None:
    bent = Augmentation(bend=0.05).apply(images, labels, draws())
    assert (bent - images).abs().max() > 0.1
    assert bent.sum().item() == pytest.approx(images.sum().item(), rel=0.1)


def test_tones_change_the_garment_and_leave_the_ground_black(images: Tensor, labels: Tensor) -> None:
    toned = Augmentation(tones=ToneJitter((0.7, 1.5), (0.6, 1.1), 0.3, 0.1)).apply(images, labels, draws())
    assert torch.equal(toned == 0, images == 0)
    means = toned[:, 0, 6:20, 4:14].mean(dim=(1, 2)) / images[:, 0, 7, 5]
    assert means.std() > 0.05


def test_each_quantity_has_a_draw_an_image_within_its_range() -> None:
    values = Draws(draws()).uniform(2000, -2.0, 3.0)
    assert -2 <= values.min() < -1.9
    assert 2.9 < values.max() < 3
    assert Draws(draws()).bernoulli(4000, 0.25).float().mean().item() == pytest.approx(0.25, abs=0.03)


# --- the changes of the CIFAR-10 study, each against the same done image by image ------------------------------------


@pytest.fixture
def colourful() -> Tensor:
    """Forty RGB images of noise."""
    return torch.rand(40, 3, 12, 10, generator=draws(3))


def drawn_by(monkeypatch: pytest.MonkeyPatch) -> list[Tensor]:
    """What `uniform` draws from now on, in order."""
    drawn: list[Tensor] = []
    uniform = Draws.uniform

    def recording(*arguments: object) -> Tensor:
        drawn.append(uniform(*arguments))  # type: ignore[arg-type]
        return drawn[-1]

    monkeypatch.setattr(Draws, "uniform", recording)
    return drawn


def test_a_vertical_flip_swaps_top_and_bottom(colourful: Tensor) -> None:
    found = Augmentation(placing=AffineJitter(vertical_flip=True)).apply(colourful, torch.zeros(40), draws())
    flipped = (found - colourful.flip(2)).abs().amax((1, 2, 3)) < 1e-5
    same = (found - colourful).abs().amax((1, 2, 3)) < 1e-5
    assert (flipped ^ same).all()
    assert 10 < flipped.sum() < 30


def test_a_turned_image_is_torchvisions(colourful: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.transforms.v2.functional import InterpolationMode, rotate

    square, drawn = colourful[:, :, :10], drawn_by(monkeypatch)
    found = Augmentation(placing=AffineJitter(turn=30)).apply(square, torch.zeros(40), draws())
    angles = torch.rad2deg(drawn[0]).tolist()
    assert -30 <= min(angles) < -20
    assert 20 < max(angles) <= 30
    expected = [rotate(one, angle, InterpolationMode.BILINEAR) for one, angle in zip(square, angles, strict=True)]
    torch.testing.assert_close(found, torch.stack(expected), atol=2e-5, rtol=0)


def test_a_cropped_image_is_cut_from_the_padded_one(colourful: Tensor) -> None:
    found = Augmentation(crop=2).apply(colourful, torch.zeros(40), draws())
    places = set()
    for image, padded in zip(found, torch.nn.functional.pad(colourful, (2, 2, 2, 2)), strict=True):
        cuts = {(top, left): padded[:, top : top + 12, left : left + 10] for top in range(5) for left in range(5)}
        (place,) = [place for place, cut in cuts.items() if torch.equal(cut, image)]
        places.add(place)
    assert {top for top, _ in places} == {left for _, left in places} == {0, 1, 2, 3, 4}


@pytest.mark.parametrize("quantity", ["brightness", "contrast", "saturation"])
def test_colours_are_torchvisions(colourful: Tensor, quantity: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.transforms.v2 import functional

    drawn = drawn_by(monkeypatch)
    found = Augmentation(colours=ColourJitter(**{quantity: 0.4})).apply(colourful, torch.zeros(40), draws())
    factors = drawn[["brightness", "contrast", "saturation"].index(quantity)].tolist()
    assert 0.6 <= min(factors) < 0.7
    assert 1.3 < max(factors) <= 1.4
    adjust = getattr(functional, f"adjust_{quantity}")
    expected = [adjust(image, factor) for image, factor in zip(colourful, factors, strict=True)]
    torch.testing.assert_close(found, torch.stack(expected), atol=2e-4, rtol=0)  # its grey has rounded weights


def test_hue_turns_about_the_grey_axis(colourful: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    angles = torch.linspace(-3, 3, 7)
    turns = Rotation.from_rotvec(angles[:, None].numpy() * np.ones(3) / math.sqrt(3)).as_matrix()
    torch.testing.assert_close(hue_rotation(angles), torch.from_numpy(turns).float(), atol=1e-6, rtol=0)
    monkeypatch.setattr(Draws, "uniform", lambda draws, count, low, high: torch.full((count,), high))
    found = Augmentation(colours=ColourJitter(hue=120)).apply(colourful, torch.zeros(40), draws())
    torch.testing.assert_close(found, colourful.roll(1, dims=1), atol=1e-5, rtol=0)  # red becomes green


def test_grey_images_have_no_colours_to_change(images: Tensor, labels: Tensor) -> None:
    with pytest.raises(InputError, match=r"^augmentation.colours needs images in red, green and blue, got 1 channel"):
        Augmentation(colours=ColourJitter(hue=10)).apply(images, labels, draws())


def test_colours_that_do_not_go_far_stay(colourful: Tensor) -> None:
    torch.testing.assert_close(
        Augmentation(colours=ColourJitter()).apply(colourful, torch.zeros(40), draws()), colourful
    )


# --- lighting ---------------------------------------------------------------------------------------------------------


def test_components_of_colours_are_scikit_learns(colour_dataset: Dataset) -> None:
    noise = np.random.default_rng(0).integers(0, 40, colour_dataset.train_images.shape, dtype=np.uint8)
    pixels = colour_dataset.train_images // 2 + noise
    found = principal_components(pixels)
    theirs = PCA().fit(pixels.reshape(-1, 3) / 255)
    expected = theirs.components_ * np.sqrt(theirs.explained_variance_)[:, None]
    for mine, one in zip(found.flip(0).numpy(), expected, strict=True):  # the largest last and first
        assert np.allclose(mine, one, atol=1e-5) or np.allclose(mine, -one, atol=1e-5)
        assert mine[np.abs(mine).argmax()] > 0


def test_lighting_adds_one_colour_to_an_image_of_the_components_drawn(colourful: Tensor) -> None:
    components = torch.tensor([[0.3, 0, 0], [0, 0.2, 0], [0.1, 0.1, 0.1]])
    lighting = PrincipalColourShift(components, 0.1)
    middle = 0.4 + 0.2 * colourful  # far from where colours are cut off
    added = Augmentation(lighting=lighting).apply(middle, torch.zeros(40), draws()) - middle
    torch.testing.assert_close(added, added[:, :, :1, :1].expand_as(added), atol=1e-6, rtol=0)
    amounts = torch.linalg.solve(components.T, added[:, :, 0, 0].T).T
    torch.testing.assert_close(amounts, 0.1 * torch.randn(40, 3, generator=draws()), atol=1e-5, rtol=0)


def test_lighting_comes_from_the_training_images(colour_dataset: Dataset) -> None:
    lighting = from_settings({"lighting": 0.1}, colour_dataset).lighting
    assert lighting is not None
    assert lighting.share == 0.1
    seen = colour_dataset.train_images[colour_dataset.train_indices]
    assert torch.equal(lighting.components, principal_components(seen))


def test_grey_images_have_no_principal_colours(dataset: Dataset) -> None:
    with pytest.raises(InputError, match=r"^augmentation.lighting needs images in red, green and blue, got grey ones"):
        from_settings({"lighting": 0.1}, dataset)


# --- as the parameter file has it ------------------------------------------------------------------------------------


def test_settings_become_the_changes_that_they_name(dataset: Dataset) -> None:
    settings = {
        "pairs": {"classes": ["shoe", "boot"], "share": 0.5},
        "placing": {"turn": 10.0, "scale": [0.9, 1.1], "vertical_flip": True},
        "crop": 4,
        "colours": {"hue": 9.0},
        "tones": {"gamma": [0.7, 1.5], "gain": [0.6, 1.1], "lift": 0.3, "noise": 0.1},
    }
    got = from_settings(settings, replace(dataset, class_names=("hat", "boot", "coat", "shoe")))
    assert got.pairs == ShoePairs((3, 1), 0.5)
    assert got.placing == AffineJitter(turn=10.0, scale=[0.9, 1.1], vertical_flip=True)  # type: ignore[arg-type]
    assert (got.crop, got.bend, got.colours) == (4, None, ColourJitter(hue=9.0))
    assert got.tones == ToneJitter([0.7, 1.5], [0.6, 1.1], 0.3, 0.1)  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", [(8, 6), (8, 6, 3)])
def test_examples_are_draws_of_the_same_images(shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, *shape), dtype=np.uint8)
    labels = np.arange(5)
    np.testing.assert_array_equal(example_draws(Augmentation(), pixels, labels, 2), np.stack([pixels, pixels]))
    mirrored = example_draws(Augmentation(placing=AffineJitter(mirror=True)), pixels, labels, 30)
    assert (mirrored.shape, mirrored.dtype) == ((30, *pixels.shape), np.uint8)
    for draw in mirrored:
        for image, seen in zip(pixels, draw, strict=True):
            flipped = np.abs(seen.astype(int) - image[:, ::-1]).max() <= 1
            assert flipped or np.abs(seen.astype(int) - image).max() <= 1
