"""Deletion and insertion against Quantus, against SciPy's blur, and where the right order is known."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from conftest import TINY_VIT
from scipy.integrate import trapezoid
from scipy.ndimage import gaussian_filter
from torch import Tensor, nn

from lookalike.evaluation.statistics import bootstrap_mean, resample
from lookalike.explain import faithfulness
from lookalike.explain.faithfulness import (
    PerturbationTest,
    area,
    baselines,
    centre_map,
    faithfulness_scores,
    gains,
    importance_order,
    is_blank,
    perturbation_curves,
    random_maps,
)
from lookalike.models.registry import create_model

SIZE = (16, 16)


@pytest.fixture
def images() -> Tensor:
    return torch.rand(6, 1, *SIZE, generator=torch.Generator().manual_seed(3)) + 0.1


@pytest.fixture
def linear() -> nn.Module:
    """Two classes told apart by a weighted sum of the pixels: what each pixel adds is known."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(256, 2)).requires_grad_(False)
    model[1].weight[0] = torch.randn(256, generator=torch.Generator().manual_seed(4)) / 4
    model[1].weight[1] = 0
    return model.eval()


@pytest.fixture
def trial(linear: nn.Module, images: Tensor) -> PerturbationTest:
    return PerturbationTest(linear, images, torch.zeros(6, dtype=torch.int64), steps=8)


def contributions(trial: PerturbationTest) -> Tensor:
    """What each pixel adds to the logit of class 0: the attribution that no other can beat against zero."""
    return (trial.images[:, 0].flatten(1) * trial.model[1].weight[0]).view(-1, *SIZE)


def of_registry(name: str, **settings: int) -> PerturbationTest:
    arguments = TINY_VIT if name == "fashion_vit" else {}
    model = create_model(name, arguments, input_shape=(1, 28, 28), num_classes=10).eval()
    drawn = torch.Generator().manual_seed(1)
    images, labels = torch.rand(4, 1, 28, 28, generator=drawn), torch.randint(10, (4,), generator=drawn)
    return PerturbationTest(model, images, labels, **settings)


def test_deletion_curves_are_those_of_quantus() -> None:
    import quantus  # here, since it takes six seconds

    trial = of_registry("fashion_cnn", steps=14)
    maps = torch.rand(4, 28, 28)
    flipping = quantus.PixelFlipping(
        features_in_step=56, normalise=False, perturb_baseline=0.0, disable_warnings=True, return_aggregate=False
    )
    theirs = flipping(
        trial.model, trial.images.numpy(), trial.labels.numpy(), a_batch=maps[:, None].numpy(), softmax=True
    )
    np.testing.assert_allclose(perturbation_curves(trial, maps, 0)["zero"].deletion[:, 1:], theirs, atol=1e-5)


def test_the_blur_is_that_of_scipy() -> None:
    images = torch.rand(2, 3, 24, 16)
    theirs = gaussian_filter(images.double().numpy(), sigma=(0, 0, 3, 2), mode="mirror", truncate=4)
    np.testing.assert_allclose(baselines(images)["blur"], theirs, atol=1e-6)
    assert not baselines(images)["zero"].any()


@pytest.mark.parametrize("name", ["fashion_cnn", "fashion_vit"])
def test_curves_run_between_the_probabilities_of_image_and_baseline(name: str) -> None:
    trial = of_registry(name, steps=4)
    for baseline, found in perturbation_curves(trial, torch.rand(4, 5, 5), 0).items():
        with torch.inference_mode():
            intact, gone = (
                trial.model(x).softmax(1)[range(4), trial.labels]
                for x in (trial.images, baselines(trial.images)[baseline])
            )
        assert found.deletion.shape == (4, 5)
        torch.testing.assert_close(found.deletion[:, [0, -1]], torch.stack([intact, gone], 1))
        torch.testing.assert_close(found.insertion[:, [0, -1]], torch.stack([gone, intact], 1))


def test_half_way_the_more_important_half_is_replaced(trial: PerturbationTest) -> None:
    maps = torch.arange(256.0).view(1, *SIZE).expand(6, -1, -1)
    kept = trial.images.clone()
    kept[:, :, 8:] = 0
    found = perturbation_curves(trial, maps, 0)["zero"]
    torch.testing.assert_close(found.deletion[:, 4], trial.model(kept).softmax(1)[:, 0])
    torch.testing.assert_close(found.insertion[:, 4], trial.model(trial.images - kept).softmax(1)[:, 0])


def test_the_size_of_a_batch_changes_nothing(monkeypatch: pytest.MonkeyPatch, trial: PerturbationTest) -> None:
    maps = torch.rand(6, 4, 4)
    whole = perturbation_curves(trial, maps, 0)
    monkeypatch.setattr(faithfulness, "BATCH", 5)
    for baseline, found in perturbation_curves(replace(trial), maps, 0).items():
        torch.testing.assert_close(found.deletion, whole[baseline].deletion)
        torch.testing.assert_close(found.insertion, whole[baseline].insertion)


def test_the_end_points_are_computed_once(trial: PerturbationTest) -> None:
    calls: list[int] = []
    trial.model.register_forward_hook(lambda _, inputs, __: calls.append(len(inputs[0])))
    perturbation_curves(trial, torch.rand(6, 4, 4), 0)
    perturbation_curves(trial, torch.rand(6, 4, 4), 0)
    assert sum(calls) == 6 * (3 + 2 * 2 * 2 * 7)


def test_the_true_attribution_beats_chance_and_its_inverse_loses_to_it(trial: PerturbationTest) -> None:
    true = contributions(trial)
    orders = {"true": true, "chance": torch.rand(6, *SIZE), "inverse": -true}
    found = {name: perturbation_curves(trial, maps, 0)["zero"] for name, maps in orders.items()}
    deletion, insertion = (
        {name: area(getattr(c, way)) for name, c in found.items()} for way in ("deletion", "insertion")
    )
    assert (deletion["true"] < deletion["chance"]).all()
    assert (deletion["chance"] < deletion["inverse"]).all()
    assert (insertion["true"] > insertion["chance"]).all()
    assert (insertion["chance"] > insertion["inverse"]).all()


def test_areas_are_those_of_scipy() -> None:
    curve = torch.rand(3, 9)
    np.testing.assert_allclose(area(curve), trapezoid(curve.numpy(), dx=1 / 8), rtol=1e-5)
    torch.testing.assert_close(area(torch.ones(1, 11)), torch.ones(1))


def test_pixels_come_by_the_enlarged_map() -> None:
    coarse = torch.rand(3, 4, 4)
    enlarged = nn.functional.interpolate(coarse[:, None], size=(8, 12), mode="bilinear").flatten(1)
    ordered = enlarged.gather(1, importance_order(coarse, (8, 12), 0))
    assert (ordered.diff(dim=1) <= 1e-6).all()


def test_every_pixel_comes_once() -> None:
    assert (importance_order(torch.rand(3, 4, 4).round(), SIZE, 0).sort(dim=1).values == torch.arange(256)).all()


@pytest.mark.parametrize("value", [0.0, 0.3, torch.nan])
def test_a_blank_map_gives_a_random_order_of_the_seed(value: float) -> None:
    first = importance_order(torch.full((200, 7, 7), value), SIZE, 1)
    assert torch.equal(first, importance_order(torch.full((200, 7, 7), value), SIZE, 1))
    assert not torch.equal(first, importance_order(torch.full((200, 7, 7), value), SIZE, 2))
    assert not torch.equal(first[0], first[1])
    mean_rank = first.argsort(dim=1).double().mean(0)  # 127.5 for each pixel, deviation 74 / sqrt(200) = 5.2
    assert (mean_rank - 127.5).abs().max() < 26


@pytest.mark.parametrize(("grid", "rows"), [(28, 14), (8, 12)])
def test_equal_values_come_in_random_order_also_once_enlarged(grid: int, rows: int) -> None:
    maps = torch.full((200, grid, grid), 0.3)
    maps[:, grid // 2 :] = 0
    equal = importance_order(maps, (28, 28), 1).argsort(dim=1)[:, : rows * 28].double()
    assert equal.max() == rows * 28 - 1
    assert (equal.mean(0) - equal.mean()).abs().max() < 5 * equal.std() / 200**0.5


@pytest.mark.parametrize(
    ("values", "blank"),
    [
        (torch.zeros(4), True),
        (torch.full((4,), -2.0), True),
        (torch.tensor([1.0, 1.0, 1.0, 1.0 + 5e-7]), True),
        (torch.tensor([1.0, torch.nan, 0.0, 2.0]), True),
        (torch.tensor([1.0, torch.inf, 0.0, 2.0]), True),
        (torch.tensor([1.0, 1.0, 1.0, 1.0 + 1e-5]), False),
        (torch.tensor([0.0, 0.0, 0.0, 1e-20]), False),
    ],
)
def test_a_constant_map_is_flagged(values: Tensor, blank: bool) -> None:
    assert is_blank(torch.stack([values, torch.arange(4.0)]).view(2, 2, 2)).tolist() == [blank, False]


def test_random_maps_are_those_of_the_seed() -> None:
    assert torch.equal(random_maps(4, 7, 0), random_maps(4, 7, 0))
    assert not torch.equal(random_maps(4, 7, 0), random_maps(4, 7, 1))


def test_the_centre_map_is_a_gaussian_in_the_middle() -> None:
    centre = centre_map((8, 12))
    torch.testing.assert_close(centre, centre.flip(0, 1))
    at = (np.arange(8) - 3.5)[:, None] / 2, (np.arange(12) - 5.5) / 3
    np.testing.assert_allclose(centre, np.exp(-(at[0] ** 2 + at[1] ** 2) / 2), rtol=1e-5)


def test_chance_gains_nothing_whatever_the_grid(linear: nn.Module) -> None:
    images, labels = torch.rand(400, 1, *SIZE), torch.zeros(400, dtype=torch.int64)
    trial = PerturbationTest(linear, images, labels, steps=4)
    for grid in (2, 4, 16):
        gain = gains(perturbation_curves(trial, random_maps(400, grid, 0), 0))
        assert gain.mean().abs() < 4 * gain.std() / 20


def test_the_score_averages_both_baselines_and_is_paired_with_the_controls(trial: PerturbationTest) -> None:
    maps = {"true": contributions(trial), "one": torch.full((6, 4, 4), 1.0)}
    found = faithfulness_scores(trial, maps, seed=5)
    weights = resample(6)
    true = gains(perturbation_curves(trial, maps["true"], 5))
    centre = gains(perturbation_curves(trial, centre_map(SIZE).expand(6, -1, -1), 5))
    random = gains(perturbation_curves(trial, random_maps(6, 7, 5), 5))
    mine = found.methods["true"]
    for figure, values in ((mine.gain, true), (mine.over_centre, true - centre), (mine.over_random, true - random)):
        assert asdict(figure) == pytest.approx(asdict(bootstrap_mean(values.numpy(), weights)), abs=1e-6)
    assert mine.gain.value == pytest.approx(np.mean([by.gain.value for by in mine.baselines.values()]), abs=1e-6)
    assert mine.over_random.low > 0
    assert [found.methods[name].blank for name in ("true", "one", "random", "centre")] == [0, 1, 0, 0]


def test_the_score_is_plain_json_and_the_same_again(trial: PerturbationTest) -> None:
    maps = {"some": torch.rand(6, 4, 4)}
    text = json.dumps(asdict(faithfulness_scores(trial, maps, 1)), allow_nan=False)
    assert text == json.dumps(asdict(faithfulness_scores(trial, maps, 1)))
    found = json.loads(text)
    assert found["images"] == 6
    assert found["fractions"] == [k / 8 for k in range(9)]
    assert list(found["methods"]) == ["some", "random", "centre"]
    assert found["methods"]["random"]["over_random"] is None
    zero = found["methods"]["some"]["baselines"]["zero"]
    assert trapezoid(zero["deletion_curve"], dx=1 / 8) == pytest.approx(zero["deletion"]["value"], abs=1e-6)
    assert trapezoid(zero["insertion_curve"], dx=1 / 8) == pytest.approx(zero["insertion"]["value"], abs=1e-6)
