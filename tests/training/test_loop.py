"""The training loop: it learns, reports what a hand computation gives, and tells when a training diverged."""

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from conftest import TINY_ARGUMENTS
from torch import Tensor, nn

from lookalike.artifacts.datasets import Dataset
from lookalike.data.tensors import ImageTensors, place_images
from lookalike.models.base import Model
from lookalike.models.fashion_cnn import FashionCNN
from lookalike.models.layers import Dropout, set_dropout_generator
from lookalike.models.registry import MODELS, PUBLISHED, create_model
from lookalike.runtime import Part, Runtime, generator, seeded
from lookalike.training import loop
from lookalike.training.loop import Learner, Outcome, Schedule, train, validate
from lookalike.training.optimisation import Optimisation, Optimiser

SGD = Optimisation("sgd", lr=0.05)
ILL_CONDITIONED = "zoo_googlenet"  # begins with weights of .01 before batch normalisation, where any rounding tells


def place(data: Dataset, part: np.ndarray, runtime: Runtime) -> ImageTensors:
    return place_images(data.train_images[part], data.train_labels[part], mean=data.mean, std=data.std, runtime=runtime)


@pytest.fixture
def images(dataset: Dataset, runtime: Runtime) -> tuple[ImageTensors, ImageTensors]:
    """72 images to train on and 24 to validate on."""
    return place(dataset, dataset.train_indices, runtime), place(dataset, dataset.valid_indices, runtime)


class Linear(Model):
    """The least that is a model: what comes before the head, and the head."""

    def __init__(self, *before: nn.Module) -> None:
        super().__init__()
        self.features = nn.Sequential(*before, nn.Flatten())
        self.head = nn.Linear(256, 10)

    @property
    def spatial(self) -> nn.Module:
        return self.features


@pytest.fixture
def linear() -> Linear:
    with seeded(0, "init"):
        return Linear()


def test_it_learns_what_can_be_told_apart(
    linear: Linear, images: tuple[ImageTensors, ImageTensors], runtime: Runtime
) -> None:
    outcome = train(linear, *images, Schedule(30, 16, 0, Optimisation("adam", 1e-2)), runtime)
    first, last = outcome.history[0], outcome.history[-1]
    assert last.valid_accuracy == 1.0
    assert last.valid_loss < first.valid_loss / 5
    assert last.train_loss < first.train_loss / 5
    assert outcome.diverged_in is None


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def test_a_history_equals_a_hand_computation(
    linear: Linear, dataset: Dataset, images: tuple[ImageTensors, ImageTensors], runtime: Runtime
) -> None:
    weight, bias = (tensor.detach().double().numpy().copy() for tensor in linear.head.parameters())
    outcome = train(linear, *images, Schedule(2, 32, 4, replace(SGD, schedule="alternating", lr_other=0.2)), runtime)

    flat = dataset.train_images.reshape(96, 256) / 255
    (x, y), (valid_x, valid_y) = (
        (flat[part], dataset.train_labels[part]) for part in (dataset.train_indices, dataset.valid_indices)
    )
    for row, epoch, lr in zip(outcome.history, (0, 1), (0.05, 0.2), strict=True):
        order = torch.randperm(72, generator=generator(4, "order", epoch)).numpy()
        losses, right = 0.0, 0
        for batch in (order[:32], order[32:64], order[64:]):  # the last has 8 images
            shares = softmax(x[batch] @ weight.T + bias)
            losses -= np.log(shares[np.arange(len(batch)), y[batch]]).sum()
            right += (shares.argmax(1) == y[batch]).sum()
            error = (shares - np.eye(10)[y[batch]]) / len(batch)
            weight -= lr * error.T @ x[batch]
            bias -= lr * error.sum(0)
        shares = softmax(valid_x @ weight.T + bias)
        valid_loss = -np.log(shares[np.arange(24), valid_y]).mean()
        valid_accuracy = (shares.argmax(1) == valid_y).mean()
        expected = [4, epoch, lr, losses / 72, right / 72, valid_loss, valid_accuracy]
        assert list(vars(row).values()) == pytest.approx(expected, rel=1e-5)
    assert [(timing.seed, timing.epoch) for timing in outcome.timings] == [(4, 0), (4, 1)]
    assert all(timing.images_per_second == 72 / timing.seconds for timing in outcome.timings)


def test_each_epoch_and_seed_has_an_order_and_masks_of_its_own(
    images: tuple[ImageTensors, ImageTensors], runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders: list[Tensor] = []
    masks: list[Tensor] = []

    def note(learner: Learner, batch: Tensor, labels: Tensor, part: Part) -> Tensor:
        orders.append(batch)
        masks.append(learner.model.features[0](torch.ones(500)))
        return torch.zeros(2)

    monkeypatch.setattr(Learner, "step", note)
    model = Linear(Dropout(0.5))
    train(model, *images, Schedule(2, 72, 0, SGD), runtime)
    train(model, *images, Schedule(1, 72, 1, SGD), runtime)
    for seen in (orders, masks):
        assert not any(torch.equal(seen[a], seen[b]) for a, b in [(0, 1), (0, 2), (1, 2)])
    total = images[0].batch(slice(None))[0].double().sum().item()
    assert [batch.double().sum().item() for batch in orders] == pytest.approx([total] * 3)  # every image once


@pytest.mark.parametrize("batch", [1, 7, 24, 500])
def test_validation_does_not_depend_on_the_batch(
    images: tuple[ImageTensors, ImageTensors], runtime: Runtime, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    with seeded(0, "init"):
        model = FashionCNN(input_shape=(1, 16, 16), num_classes=10)
    expected = validate(model, images[1], runtime)
    monkeypatch.setattr(loop, "VALID_BATCH", batch)
    assert validate(model.train(), images[1], runtime) == pytest.approx(expected, rel=1e-6)  # without dropout, too
    assert not model.training


def finite(outcome: Outcome) -> list[bool]:
    return [math.isfinite(row.train_loss) and math.isfinite(row.valid_loss) for row in outcome.history]


def test_a_loss_that_is_not_finite_ends_the_training(
    linear: Linear, images: tuple[ImageTensors, ImageTensors], runtime: Runtime, tmp_path: Path
) -> None:
    calls: list[int] = []
    outcome = train(
        linear,
        *images,
        Schedule(5, 16, 0, replace(SGD, schedule="alternating", lr_other=1e38)),
        runtime,
        checkpoint=tmp_path / "seed-0.pt",
        after_epoch=lambda outcome: calls.append(len(outcome.history)),
    )
    assert outcome.diverged_in == 1
    assert finite(outcome) == [True, False]
    assert calls == [1]
    again = train(linear, *images, Schedule(5, 16, 0, SGD), runtime, checkpoint=tmp_path / "seed-0.pt")
    assert (again.diverged_in, again.history[0]) == (None, outcome.history[0])  # from the last good epoch


def test_an_image_that_is_not_a_number_ends_the_training(
    linear: Linear, images: tuple[ImageTensors, ImageTensors], runtime: Runtime, tmp_path: Path
) -> None:
    poisoned = replace(images[0], mean=torch.full((1, 1, 1), math.nan))
    schedule = Schedule(5, 16, 0, SGD)
    outcome = train(linear, poisoned, images[1], schedule, runtime, checkpoint=tmp_path / "seed-0.pt")
    assert outcome.diverged_in == 0
    assert finite(outcome) == [False]
    assert list(tmp_path.iterdir()) == []


def test_only_validation_diverging_counts_as_well(
    linear: Linear, images: tuple[ImageTensors, ImageTensors], runtime: Runtime
) -> None:
    poisoned = replace(images[1], mean=torch.full((1, 1, 1), math.nan))
    outcome = train(linear, images[0], poisoned, Schedule(5, 16, 0, SGD), runtime)
    assert outcome.diverged_in == 0
    assert math.isfinite(outcome.history[0].train_loss)


@pytest.fixture
def sync_debug_mode() -> Iterator[None]:
    yield
    torch.cuda.set_sync_debug_mode("default")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
@pytest.mark.usefixtures("sync_debug_mode")
def test_an_epoch_never_waits_for_the_gpu(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = Runtime(torch.device("cuda"))
    data = place(dataset, dataset.train_indices, runtime)
    model = runtime.place(FashionCNN(input_shape=(1, 16, 16), num_classes=10))
    schedule = Schedule(2, 8, 0, Optimisation("adam", 1e-3))
    steps: list[int] = []

    def strict(learner: Learner, *batch: Any) -> Tensor:
        """A step, from the second epoch's first (what the first allocates is there) to its last without a wait."""
        steps.append(len(steps))
        totals = original(learner, *batch)
        torch.cuda.set_sync_debug_mode("error" if 9 < len(steps) < 18 else "default")
        return totals

    original = Learner.step
    monkeypatch.setattr(Learner, "step", strict)
    train(model, data, data, schedule, runtime)
    assert len(steps) == 18


def flat(model: Model) -> Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


@pytest.mark.parametrize("name", sorted(MODELS.keys() - {ILL_CONDITIONED}))
def test_a_step_in_half_precision_goes_where_one_in_single_precision_goes(name: str, runtime: Runtime) -> None:
    """Within what eight bits of mantissa leave: 3 % of the loss, 15 degrees of the direction of all gradients."""
    side = 64 if name in PUBLISHED else 28  # so that batch normalisation sees more than four places
    images, labels = torch.randn(4, 1, side, side), torch.arange(4)
    losses, directions = [], []
    for precision in (torch.float32, torch.bfloat16):
        half = replace(runtime, precision=precision)
        with seeded(0, "init"):
            model = create_model(name, TINY_ARGUMENTS.get(name), input_shape=(1, side, side), num_classes=10)
        half.place(model).train()
        set_dropout_generator(model, generator(0, "dropout"))
        before = flat(model)
        optimiser = Optimiser(model, Optimisation("sgd", lr=1.0))
        loss, _ = Learner(model, optimiser, half).step(images, labels)
        assert {parameter.dtype for parameter in model.parameters()} == {loss.dtype} == {torch.float32}
        losses.append(loss.item())
        directions.append(before - flat(model))
    assert losses[1] != losses[0]
    assert losses[1] == pytest.approx(losses[0], rel=0.03)
    assert F.cosine_similarity(*directions, dim=0) > math.cos(math.radians(15))
