"""All seeds of a variant: caps, sizes, seeds that diverge, and continuations that end with the same bits."""

import csv
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from conftest import effective, granted
from torch import nn

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.models import Epoch, SeedRecord, save_model
from lookalike.data.tensors import ImageTensors
from lookalike.params import Budget, Variant
from lookalike.runtime import PRECISIONS, Runtime
from lookalike.training import train_variant as module
from lookalike.training.loop import Outcome
from lookalike.training.settings import EffectiveSettings
from lookalike.training.smoothing import soft_targets
from lookalike.training.train_variant import TrainedVariant, image_counts, initial_description, schedule, train_variant

CLASSES = tuple("abcdefghij")
MODELS = ["fashion_cnn", "fashion_vit"]
MOMENTUM_SGD = {"optimizer": "sgd", "momentum": 0.9, "lr": 0.01}
MakeVariant = Callable[..., Variant]
Run = Callable[..., TrainedVariant]


@pytest.fixture
def run(dataset: Dataset, runtime: Runtime, tmp_path: Path) -> Run:
    """Train a variant on the tiny data set with its checkpoints in a folder of that name."""

    def train(
        variant: Variant,
        budget: Budget,
        name: str = "a",
        after_epoch: Callable[[Outcome], None] = lambda outcome: None,
        data: Dataset = dataset,
    ) -> TrainedVariant:
        return train_variant(
            effective(variant, budget),
            budget.seeds,
            data,
            replace(runtime, precision=PRECISIONS[budget.precision]),
            checkpoint=lambda training: tmp_path / name / f"{training}.pt",
            after_epoch=after_epoch,
        )

    return train


@pytest.fixture
def files(tmp_path: Path) -> Callable[[TrainedVariant], dict[str, bytes]]:
    """The files that a trained variant becomes."""

    def save(trained: TrainedVariant) -> dict[str, bytes]:
        save_model(tmp_path / "model", trained.description, trained.weights, trained.history, trained.kept)
        return {path.name: path.read_bytes() for path in (tmp_path / "model").iterdir()}

    return save


class KilledError(Exception):
    """In place of a kill."""


def kill_after(seed: int, epochs: int) -> Callable[[Outcome], None]:
    def after_epoch(outcome: Outcome) -> None:
        if (outcome.history[0].seed, len(outcome.history)) == (seed, epochs):
            raise KilledError

    return after_epoch


@pytest.mark.parametrize(
    ("model", "settings"),
    [("fashion_cnn", {}), ("fashion_vit", {}), ("fashion_cnn", MOMENTUM_SGD)],
    ids=["cnn", "vit", "cnn, sgd with momentum"],
)
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_killed_run_goes_on_to_the_same_bits(
    model: str, settings: dict[str, object], precision: str, run: Run, files: Callable, make_variant: MakeVariant
) -> None:
    variant = make_variant(model, keep_epochs=(1,), **settings)
    budget = granted(seeds=2, precision=precision)
    expected = files(run(variant, budget, "uninterrupted"))
    weights = ["seed-0-epoch-1.safetensors", "seed-0.safetensors", "seed-1.safetensors"]
    assert sorted(expected) == ["history.csv", "model.json", *weights]
    for seed, epochs in [(0, 1), (0, 3), (1, 2)]:
        with pytest.raises(KilledError):
            run(variant, budget, after_epoch=kill_after(seed, epochs))
    again: list[int] = []
    assert files(run(variant, budget, after_epoch=lambda outcome: again.append(outcome.history[-1].epoch))) == expected
    assert again == [2]  # only the last epoch of the last seed was left to do


def test_weights_kept_are_those_of_a_training_that_ended_there(run: Run, make_variant: MakeVariant) -> None:
    whole = run(make_variant(epochs=3, keep_epochs=(1, 2)), granted(seeds=2), "a")
    assert whole.description.kept_epochs == (1, 2)
    for epoch, weights in whole.kept.items():
        short = run(make_variant(epochs=epoch), granted(), str(epoch)).weights[0]
        assert weights.keys() == short.keys()
        assert all(torch.equal(weights[name], short[name]) for name in short)


def test_a_last_epoch_has_no_weights_beside_the_final_ones(run: Run, make_variant: MakeVariant) -> None:
    assert run(make_variant(epochs=3, keep_epochs=(1, 2)), granted(max_epochs=2)).kept.keys() == {1}


def test_more_seeds_leave_the_first_as_it_was(run: Run, make_variant: MakeVariant) -> None:
    variant, seen = make_variant(), list[int]()
    first = run(variant, granted(seeds=1))
    more = run(variant, granted(seeds=2), after_epoch=lambda outcome: seen.append(outcome.history[-1].seed))
    assert set(seen) == {1}, "the first seed is not trained again"
    assert more.history[: len(first.history)] == first.history
    assert all(torch.equal(value, more.weights[0][name]) for name, value in first.weights[0].items())


def test_half_precision_changes_the_numbers_and_not_their_type(run: Run, make_variant: MakeVariant) -> None:
    half, single = (run(make_variant(), granted(precision=name), name) for name in ("bfloat16", "float32"))
    assert half.description.precision == "bfloat16"
    assert {tensor.dtype for tensor in half.weights[0].values()} == {torch.float32}
    assert half.history != single.history
    assert half.history[-1].train_loss == pytest.approx(single.history[-1].train_loss, rel=0.02)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("model", MODELS)
def test_two_runs_are_the_same_bytes_and_two_seeds_are_not(
    model: str, precision: str, run: Run, files: Callable, make_variant: MakeVariant
) -> None:
    granting = granted(seeds=2, precision=precision)
    first, second = (run(make_variant(model, epochs=1), granting, name) for name in ("a", "b"))
    assert files(first) == files(second)
    assert any(not torch.equal(first.weights[0][key], first.weights[1][key]) for key in first.weights[0])
    assert first.history[0].train_loss != first.history[1].train_loss


def test_a_truncated_checkpoint_means_to_start_afresh(
    run: Run, files: Callable, make_variant: MakeVariant, tmp_path: Path
) -> None:
    variant, budget = make_variant(), granted()
    expected = files(run(variant, budget, "uninterrupted"))
    with pytest.raises(KilledError):
        run(variant, budget, after_epoch=kill_after(0, 2))
    checkpoint = tmp_path / "a" / "seed-0.pt"
    checkpoint.write_bytes(checkpoint.read_bytes()[:-1000])
    again: list[int] = []
    assert files(run(variant, budget, after_epoch=lambda outcome: again.append(len(outcome.history)))) == expected
    assert again == [1, 2, 3]


def test_a_seed_that_diverges_ends_alone(
    run: Run, files: Callable, make_variant: MakeVariant, monkeypatch: pytest.MonkeyPatch
) -> None:
    variant, budget = make_variant(epochs=2), granted(seeds=3)
    healthy = run(variant, budget, "healthy")
    built: list[nn.Module] = []

    def build(settings: EffectiveSettings, dataset: Dataset, weights: None = None) -> nn.Module:
        """The model; that of seed 1 (the third: the first is described) begins with a weight that is no number."""
        built.append(module.create_model(settings.model, input_shape=dataset.input_shape, num_classes=10))
        if len(built) == 3:
            nn.init.constant_(built[-1].head.weight, math.nan)
        return built[-1]

    monkeypatch.setattr(module, "build", build)
    trained = run(variant, budget)
    assert trained.description.seeds == (SeedRecord(0, 2, None), SeedRecord(1, 1, 0), SeedRecord(2, 2, None))
    assert trained.description.finished_seeds == (0, 2)
    assert sorted(trained.weights) == [0, 2]
    assert [(row.seed, row.epoch) for row in trained.history] == [(0, 0), (0, 1), (1, 0), (2, 0), (2, 1)]
    assert math.isnan(trained.history[2].train_loss)
    assert trained.history[3:] == healthy.history[4:]
    assert "seed-1.safetensors" not in files(trained)


def test_a_learning_rate_that_is_far_too_high_is_recorded(run: Run, make_variant: MakeVariant, budget: Budget) -> None:
    settings = make_variant(**MOMENTUM_SGD).train.model_copy(update={"lr": 1e30})
    trained = run(make_variant().model_copy(update={"train": settings}), budget)
    assert trained.description.seeds == (SeedRecord(0, 1, 0),)
    assert (trained.weights, len(trained.history)) == ({}, 1)


def test_an_image_that_is_not_a_number_is_recorded(
    run: Run, make_variant: MakeVariant, budget: Budget, dataset: Dataset
) -> None:
    trained = run(make_variant("fashion_vit"), budget, data=replace(dataset, mean=(math.nan,)))
    assert trained.description.seeds == (SeedRecord(0, 1, 0),)


def test_a_history_has_a_row_an_epoch_and_seed(run: Run, files: Callable, make_variant: MakeVariant) -> None:
    trained = run(make_variant(epochs=2, schedule="step", lr_drops=(0.5,), lr_factor=0.5), granted(seeds=2))
    rows = list(csv.DictReader(files(trained)["history.csv"].decode().splitlines()))
    assert list(rows[0]) == list(Epoch.__dataclass_fields__)
    assert [(row["seed"], row["epoch"], row["lr"]) for row in rows] == [
        (seed, epoch, lr) for seed in "01" for epoch, lr in (("0", "0.001"), ("1", "0.0005"))
    ]
    assert all(0 <= float(row[name]) <= 1 for row in rows for name in ("train_accuracy", "valid_accuracy"))
    assert len(trained.timings) == 4


@pytest.mark.parametrize(("cap", "epochs"), [(None, 10), (6, 6), (10, 10), (11, 10)])
def test_a_budget_caps_epochs(make_variant: MakeVariant, dataset: Dataset, cap: int | None, epochs: int) -> None:
    assert schedule(effective(make_variant(epochs=10), max_epochs=cap), seed=3, dataset=dataset).epochs == epochs


@pytest.mark.parametrize(
    "settings",
    [
        {"schedule": "step", "lr_drops": (0.5, 0.7), "lr_factor": 0.3},
        {"schedule": "alternating", "lr_other": 0.3},
        {"optimizer": "sgd", "momentum": 0.7, "lr": 0.2},
    ],
)
def test_a_schedule_has_the_settings_of_its_variant(
    make_variant: MakeVariant, dataset: Dataset, settings: dict[str, object]
) -> None:
    given = schedule(effective(make_variant(batch_size=9, **settings)), seed=3, dataset=dataset)
    assert (given.batch_size, given.seed) == (9, 3)
    assert vars(given.optimisation).items() >= settings.items()


@pytest.mark.parametrize(("cap", "count"), [(None, 72), (10, 10), (72, 72), (500, 72)])
def test_a_budget_caps_images(dataset: Dataset, make_variant: MakeVariant, cap: int | None, count: int) -> None:
    settings = effective(make_variant(), max_images=cap)
    assert image_counts(dataset, settings) == (count, len(dataset.valid_indices))


def test_a_fraction_takes_its_share_of_training_and_validation_images(
    dataset: Dataset, make_variant: MakeVariant
) -> None:
    assert image_counts(dataset, effective(make_variant(fraction=0.1), max_images=50)) == (7, 2)


def test_every_seed_that_sees_few_images_is_trained_on_others(
    dataset: Dataset, runtime: Runtime, make_variant: MakeVariant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def look(model: object, train_data: ImageTensors, *_: object, **__: object) -> Outcome:
        seen.append(train_data.labels.tolist())
        return Outcome()

    monkeypatch.setattr("lookalike.training.train_variant.train", look)
    train_variant(effective(make_variant(fraction=0.1)), 3, dataset, runtime, checkpoint=lambda name: tmp_path / name)
    order = dataset.train_labels[dataset.train_indices].tolist()
    assert seen == [order[:7], order[7:14], order[14:21]]


def test_a_training_run_can_know_which_classes_look_alike(
    run: Run, make_variant: MakeVariant, dataset: Dataset
) -> None:
    halves = {"first": CLASSES[:5], "second": CLASSES[5:]}
    smoothing = {"groups": halves, "look_alikes": 0.2, "others": 0.1}
    smooth, plain = run(make_variant(smoothing=smoothing), granted()), run(make_variant(), granted(), "b")
    assert smooth.history[0].train_loss != plain.history[0].train_loss
    given = schedule(effective(make_variant(smoothing=smoothing)), seed=0, dataset=dataset)
    torch.testing.assert_close(given.targets, soft_targets(CLASSES, halves, look_alikes=0.2, others=0.1))


def test_a_budget_caps_the_whole_training(run: Run, make_variant: MakeVariant) -> None:
    trained = run(make_variant(), granted(max_epochs=1, max_images=20))
    assert trained.description.train_images == 20
    assert len(trained.history) == 1
    assert trained.history[0].train_accuracy * 20 == pytest.approx(round(trained.history[0].train_accuracy * 20))


SEARCH = {"lr": None, "search": {"rates": [1e-5, 1e-4, 3e-3], "epochs": 2}}


def test_the_rate_is_found_that_learns_fastest(
    run: Run, make_variant: MakeVariant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SEARCH_SEED", 2)  # so that a run of three seeds has one that is the search's
    trained = run(make_variant(**SEARCH), granted(seeds=2))
    found = trained.description.search
    assert found.epochs == 2
    errors = {trial.lr: trial.train_error for trial in found.trials}
    for rate, error in errors.items():
        alone = run(make_variant(lr=rate, epochs=2), granted(seeds=3), f"rate {rate}").history
        assert error == 1 - alone[-1].train_accuracy
    assert trained.description.lr == min(errors, key=lambda rate: errors[rate]) == 3e-3
    plain = run(make_variant(lr=3e-3), granted(seeds=2), "plain")
    assert plain.history == trained.history
    assert (plain.description.lr, plain.description.search) == (3e-3, None)


def test_a_search_is_cut_with_the_training(run: Run, make_variant: MakeVariant) -> None:
    trained = run(make_variant(**SEARCH), granted(max_epochs=1))
    assert (trained.description.search.epochs, len(trained.history)) == (1, 1)


def test_a_search_that_was_killed_goes_on(run: Run, files: Callable, make_variant: MakeVariant) -> None:
    variant, budget = make_variant(**SEARCH), granted()
    expected = files(run(variant, budget, "uninterrupted"))
    with pytest.raises(KilledError):
        run(variant, budget, after_epoch=kill_after(0, 1))
    assert files(run(variant, budget)) == expected


def test_a_training_ends_with_the_epoch_that_reaches_its_error(run: Run, make_variant: MakeVariant) -> None:
    whole = run(make_variant(epochs=8), granted(), "whole").history
    goal = 1 - whole[3].train_accuracy
    first = next(k for k, row in enumerate(whole) if 1 - row.train_accuracy <= goal)
    trained = run(make_variant(epochs=8, stop_at_error=goal), granted())
    assert trained.history == whole[: first + 1]
    assert trained.description.seeds == (SeedRecord(0, first + 1, None),)


def test_a_training_that_had_reached_its_error_does_not_go_on(
    run: Run, files: Callable, make_variant: MakeVariant
) -> None:
    variant, budget = make_variant(epochs=8, stop_at_error=0.9), granted(seeds=2)
    expected = files(run(variant, budget, "uninterrupted"))
    for seed, epochs in [(0, 1), (1, 1)]:
        with pytest.raises(KilledError):
            run(variant, budget, after_epoch=kill_after(seed, epochs))
    assert files(run(variant, budget)) == expected


CNN_MACS = 26 * 26 * 32 * 9 + 13 * 13 * 64 * 32 * 9 + 4 * 4 * 64 * 64 * 9 + 4 * 4 * 64 * 32 + 32 * 10
CNN_PARAMETERS = 32 * (9 + 1) + 64 * (32 * 9 + 1) + 64 * (64 * 9 + 1) + 32 * (1024 + 1) + 10 * (32 + 1)
BLOCK_MACS = 64 * 48 * 3 * 512 + 2 * 8 * 64 * 64 * 64 + 64 * 512 * 48 + 2 * 64 * 48 * 256
BLOCK_PARAMETERS = 3 * 512 * (48 + 1) + 48 * (512 + 1) + 256 * (48 + 1) + 48 * (256 + 1) + 2 * 2 * 48
VIT_MACS = 64 * 16 * 48 + 6 * BLOCK_MACS + 64 * 48 * 10
VIT_PARAMETERS = 48 * (16 + 1) + 6 * BLOCK_PARAMETERS + 10 * (64 * 48 + 1)


@pytest.mark.parametrize(
    ("model", "arguments", "parameters", "macs"),
    [
        ("fashion_cnn", {}, CNN_PARAMETERS, CNN_MACS),
        ("fashion_vit", {}, VIT_PARAMETERS, VIT_MACS),
        ("fashion_vit", {"train_positions": True}, VIT_PARAMETERS + 64 * 48, VIT_MACS),
    ],
)
def test_a_description_counts_parameters_and_macs(
    dataset: Dataset, make_variant: MakeVariant, model: str, arguments: dict, parameters: int, macs: int
) -> None:
    large = replace(dataset, train_images=dataset.train_images.repeat(2, 1).repeat(2, 2)[:, :28, :28])
    about = initial_description(effective(make_variant(model, model_args=arguments)), large, 72, 24)
    assert (about.parameters, about.macs) == (parameters, macs)
    assert about.input_shape == (1, 28, 28)
    assert about.dataset_digest == large.digest
    assert (about.model, about.model_args, about.seeds) == (model, arguments, ())


def test_the_formulas_give_the_published_sizes() -> None:
    assert (CNN_PARAMETERS, CNN_MACS) == (88_874, 3_932_608)
    assert (VIT_PARAMETERS, VIT_MACS) == (781_306, 72_431_616)


def test_a_budget_caps_the_channels(dataset: Dataset, make_variant: MakeVariant) -> None:
    capped = effective(make_variant("simple_cnn", model_args={"batch_norm": True}), max_channels=4)
    about = initial_description(capped, dataset, 72, 24)
    assert about.model_args == {"batch_norm": True, "max_channels": 4}
    assert about.parameters == (9 + 1) * 4 + 2 * (9 * 4 + 1) * 4 + 3 * 8 + (4 * 4 + 1) * 4 + (4 + 1) * 10
