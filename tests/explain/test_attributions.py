"""Attributions against Captum and plain loops, and what they must add up to."""

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from captum.attr import InputXGradient, IntegratedGradients, Occlusion
from conftest import TINY_VIT
from torch import Tensor

from lookalike.artifacts.datasets import Dataset
from lookalike.drawn.garments import draw_garments
from lookalike.explain.attributions import (
    GRID,
    NOISE,
    SEED,
    STEPS,
    attribution_gains,
    attribution_maps,
    attributions,
    on_common_grid,
)
from lookalike.explain.faithfulness import PerturbationTest, centre_map, faithfulness_scores
from lookalike.explain.maps import contrast_target, explain_all, label_target
from lookalike.explain.subject import Images, Subject
from lookalike.models.base import Model
from lookalike.models.registry import create_model
from lookalike.runtime import Runtime, generator, seeded

LABELS = torch.tensor([0, 3, 6, 2])
TARGET = label_target(LABELS, 7)
EMPTY = torch.tensor([-0.6, -0.3, -0.2]).view(3, 1, 1)
NAMES = ["gradient x input", "integrated gradients", "SmoothGrad", "occlusion"]


@pytest.fixture(params=["fashion_cnn", "fashion_vit"])
def model(request: pytest.FixtureRequest) -> Model:
    arguments = TINY_VIT if request.param == "fashion_vit" else {}
    with seeded(0, "init"):
        return create_model(request.param, arguments, input_shape=(3, 28, 28), num_classes=7).eval()


@pytest.fixture
def images() -> Tensor:
    return torch.randn(4, 3, 28, 28, generator=torch.Generator().manual_seed(1))


def maps_by(name: str, model: Model, images: Tensor, target: Tensor = TARGET) -> Tensor:
    return explain_all(attributions(EMPTY)[name], model, images, target)


# --- against other implementations ----------------------------------------------------------------------------------


def test_gradient_times_input_is_that_of_captum(model: Model, images: Tensor) -> None:
    expected = InputXGradient(model).attribute(images.requires_grad_(), LABELS).detach().sum(1)
    torch.testing.assert_close(maps_by("gradient x input", model, images), expected, rtol=1e-4, atol=1e-6)


def test_integrated_gradients_are_those_of_captum(model: Model, images: Tensor) -> None:
    empty = EMPTY.expand(1, 3, 28, 28)
    found = IntegratedGradients(model).attribute(images, empty, LABELS, n_steps=STEPS, method="riemann_middle")
    expected = found.float().sum(1)
    torch.testing.assert_close(maps_by("integrated gradients", model, images), expected, rtol=1e-4, atol=1e-5)


def test_occlusion_is_that_of_captum(model: Model, images: Tensor) -> None:
    found = Occlusion(model).attribute(
        images, (3, 4, 4), strides=(3, 4, 4), baselines=EMPTY.expand(1, 3, 28, 28), target=LABELS
    )
    maps = maps_by("occlusion", model, images)
    assert maps.shape == (4, GRID, GRID)
    torch.testing.assert_close(maps, found[:, 0, ::4, ::4].float(), rtol=1e-4, atol=1e-5)


def test_smooth_gradients_are_those_of_a_loop(model: Model, images: Tensor) -> None:
    noise = torch.randn(STEPS, 1, 3, 28, 28, generator=generator(SEED, "SmoothGrad"))[:, 0]
    maps = maps_by("SmoothGrad", model, images)
    for k, image in enumerate(images):
        total = torch.zeros_like(image)
        for one in noise:
            noisy = (image + NOISE * (image.max() - image.min()) * one).requires_grad_()
            (gradient,) = torch.autograd.grad(model(noisy[None])[0, LABELS[k]], noisy)
            total += gradient
        torch.testing.assert_close(maps[k], (total / STEPS).abs().sum(0), rtol=1e-3, atol=1e-6)


# --- what defines them ----------------------------------------------------------------------------------------------


def test_integrated_gradients_add_up_to_the_score_less_that_of_an_empty_image(model: Model, images: Tensor) -> None:
    scores = (model(images) * TARGET).sum(1) - (model(EMPTY.expand(1, 3, 28, 28)) * TARGET).sum(1)
    sums = maps_by("integrated gradients", model, images).sum((1, 2))
    torch.testing.assert_close(sums, scores.detach(), rtol=0.1, atol=0.02)  # of sixteen steps


@pytest.mark.parametrize("name", ["gradient x input", "integrated gradients", "occlusion"])
def test_a_contrast_is_the_difference_of_two_classes(name: str, model: Model, images: Tensor) -> None:
    others = torch.tensor([1, 5, 0, 4])
    one, other = (maps_by(name, model, images, label_target(labels, 7)) for labels in (LABELS, others))
    both = maps_by(name, model, images, contrast_target(LABELS, others, 7))
    torch.testing.assert_close(both, one - other, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_maps_depend_neither_on_the_batch_nor_on_asking_for_gradients(name: str, model: Model, images: Tensor) -> None:
    model.requires_grad_(False)
    whole = maps_by(name, model, images)
    apart = torch.cat([maps_by(name, model, images[k : k + 1], TARGET[k : k + 1]) for k in range(4)])
    torch.testing.assert_close(apart, whole, rtol=1e-3, atol=1e-6)
    assert whole.any()
    assert not whole.requires_grad
    assert list(attributions(EMPTY)) == NAMES


def test_every_pixel_is_occluded_once_where_seven_does_not_divide_the_side() -> None:
    """A model that counts what is not empty: each patch takes its pixels away, and all patches all of them."""

    def counting(images: Tensor) -> Tensor:
        return (images != 0).sum((1, 2, 3))[:, None].float()

    maps = attributions(torch.zeros(1, 1, 1))["occlusion"](counting, torch.ones(1, 1, 32, 30), torch.ones(1, 1))
    assert maps.sum() == 32 * 30
    assert set(maps.flatten().tolist()) <= {16, 20, 25}


# --- the common grid ------------------------------------------------------------------------------------------------


def test_fine_maps_are_averaged_and_coarse_ones_enlarged() -> None:
    fine = torch.rand(2, 28, 28)
    blocks = fine.unflatten(2, (7, 4)).unflatten(1, (7, 4)).mean((2, 4))
    torch.testing.assert_close(on_common_grid(fine), blocks)
    same = torch.rand(2, 7, 7)
    torch.testing.assert_close(on_common_grid(same), same)
    coarse = torch.tensor([[[0.0, 1.0], [0.0, 1.0]]])
    places = (torch.arange(7) + 0.5) * 2 / 7 - 0.5  # centres of the seven cells among those of the two
    torch.testing.assert_close(on_common_grid(coarse), places.clamp(0, 1).expand(1, 7, 7))


@pytest.fixture
def subject(dataset: Dataset) -> Subject:
    with seeded(0, "init"):
        model = create_model("fashion_cnn", {}, input_shape=(1, 28, 28), num_classes=10).eval()
    pixels = draw_garments(5, seed=3)[0]
    seen = replace(dataset, mean=(0.3,), std=(0.4,))
    labels = np.arange(5)
    return Subject(model, model, seen, Runtime(torch.device("cpu")), Images(pixels, labels, labels))


def test_an_empty_image_is_a_black_one(subject: Subject) -> None:
    black = replace(subject, images=replace(subject.images, pixels=np.zeros((5, 28, 28), np.uint8)))
    torch.testing.assert_close(subject.empty.expand_as(black.inputs), black.inputs)


def test_gains_are_those_of_faithfulness_on_the_common_grid(subject: Subject) -> None:
    maps = attribution_maps(subject)
    assert list(maps) == [*NAMES, "HiResCAM"]
    assert {one.shape for one in maps.values()} == {(5, 7, 7)}
    torch.testing.assert_close(maps["HiResCAM"], on_common_grid(subject.explain("HiResCAM")))
    found = attribution_gains(subject, maps)
    trial = PerturbationTest(subject.model, subject.inputs, subject.predicted, steps=7)
    expected = faithfulness_scores(
        trial, {**maps, "middle": on_common_grid(centre_map((28, 28)).expand(5, -1, -1))}, SEED
    ).methods
    assert list(found) == [*maps, "centre"]
    for name in maps:
        assert found[name] == asdict(expected[name].gain), name
    assert found["centre"] == asdict(expected["middle"].gain)


def test_a_useful_map_gains_and_its_reverse_loses(subject: Subject) -> None:
    """Of a model whose class 0 is the brightness of one cell alone."""

    class Bright(torch.nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            values = images[:, 0, 8:12, 12:16].mean((1, 2))
            return torch.stack([5 * values, *[torch.zeros_like(values)] * 9], dim=1)

    images = Images(np.full((5, 28, 28), 255, np.uint8), subject.images.labels, np.zeros(5, np.int64))
    right = torch.zeros(5, 7, 7)
    right[:, 2, 3] = 1
    found = attribution_gains(replace(subject, model=Bright(), images=images), {"right": right, "wrong": -right})
    assert found["right"]["value"] > 0.1 > -0.1 > found["wrong"]["value"]
