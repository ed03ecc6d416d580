"""Leaderboard, costs and learning curves: the numbers of the artifacts, and which trainings the profile has cut."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from blocks import figures, header, prose, rows, tables, titles, walk
from conftest import granted
from descriptions import described
from small_study import CNN, DIVERGED, EVALUATED, FEW, FIGURES

from lookalike.artifacts.folders import write_bytes
from lookalike.artifacts.models import SeedRecord
from lookalike.evaluation.calibration import COLDEST, HOTTEST
from lookalike.params import AugmentationParams, Params
from lookalike.reporting.chapters.found import Found
from lookalike.reporting.chapters.standings import curtailed, cut_short, does_not_train, leaderboard, training
from lookalike.reporting.document import Fold
from lookalike.reporting.leaderboard import Standing, standing

MEASURED = {"accuracy": 0.75, "accuracy_low": 0.7, "accuracy_high": 0.8, "nll": 0.5}


def standing_of(variant: str, *, epochs: int = 10, seeds: int = 1, diverged: int = 0, images: int = 9) -> Standing:
    summary = MEASURED | {"seeds": seeds, "diverged": diverged}
    description = described(macs=5_432_100, train_images=images, seeds=(SeedRecord(0, epochs, None),))
    return standing("fashion", variant, summary, description, [{"seed": 0, "seconds": 100.0, "images_per_second": 9.4}])


def test_the_leaderboard_has_every_variant_with_what_is_known(found: Found) -> None:
    measured = replace(
        found.standings[1],
        accuracy=0.91234,
        accuracy_sd=0.00321,
        accuracy_low=0.8876,
        accuracy_high=0.93219,
        top2_accuracy=0.98764,
        brier=0.13579,
        ece=0.04321,
        ece_low=0.0408,
        ece_high=0.0455,
        calibrated_ece=0.01234,
        temperature=1.61803,
    )
    part = leaderboard([replace(found, standings=[found.standings[0], measured])])
    (board,) = tables(part).values()
    assert board.label == f"Leaderboard: {found.params.studies['fashion'].title}"
    known = ["91.23", "0.32", "88.76", "93.22", "2", "0", "98.76", "0.500", "0.136"]
    known += ["4.32 (4.08 to 4.55)", "1.23", "1.618"]
    assert rows(board) == [[DIVERGED, *["–"] * 4, "0", "1", *["–"] * 6], [CNN, *known]]
    assert [board.rows[1][k].key for k in (1, 10, 12)] == [0.91234, 0.04321, 1.61803]
    assert [cell.key for cell in board.rows[0][10:]] == [None] * 3


@pytest.mark.parametrize(("seeds", "said"), [(0, "10.000"), (2, "10.000 (2 at the bound)")])
def test_temperatures_at_a_bound_are_counted_on_the_leaderboard(found: Found, seeds: int, said: str) -> None:
    row = replace(found.standings[1], temperature=10.0, temperature_at_bound=seeds)
    part = leaderboard([replace(found, standings=[row])])
    (board,) = tables(part).values()
    assert rows(board)[0][-1] == said
    assert f"between {COLDEST:g} and {HOTTEST:g}" in prose(part)[-1]


def test_variants_that_a_budget_has_cut_are_named(found: Found) -> None:
    said, legend = prose(leaderboard([found]))
    assert f"by this profile's budget: {DIVERGED}, {CNN}; " in said  # the one in images, the other in epochs
    assert FEW not in said
    assert legend.startswith("Accuracy: mean over seeds")
    whole = replace(found, standings=[standing_of(FEW, epochs=30)])
    assert prose(leaderboard([whole])) == [legend]


@pytest.mark.parametrize(
    ("seeds", "diverged", "ran", "cut"),
    [(2, 0, 4, (4, 10)), (1, 1, 4, (4, 10)), (2, 0, 10, None), (0, 2, 4, None)],
)
def test_epochs_are_cut_short_by_a_budget_and_not_by_divergence(
    params: Params, seeds: int, diverged: int, ran: int, cut: tuple[int, int] | None
) -> None:
    row = standing_of(CNN, epochs=ran, seeds=seeds, diverged=diverged)
    assert cut_short(row, params) == cut


@pytest.mark.parametrize(
    ("epochs", "images", "said"),
    [
        (10, 9, None),
        (4, 9, "4 of 10 epochs"),
        (10, 300, "images capped"),
        (4, 300, "4 of 10 epochs, images capped"),
    ],
)
def test_what_a_budget_cut_is_told(params: Params, epochs: int, images: int, said: str | None) -> None:
    assert params.budget(CNN).max_images == 300
    assert curtailed(standing_of(CNN, epochs=epochs, images=images), params) == said


@pytest.mark.parametrize(
    ("cap", "said"),
    [({"max_channels": 16}, "layers of at most 16 channels"), ({"size": "tiny"}, "a tiny network of the family")],
)
def test_a_narrowed_network_is_told(params: Params, cap: dict[str, Any], said: str) -> None:
    budget = granted(pretrained=False, **cap)
    profile = params.active.model_copy(update={"train": {params.variants[CNN].budget: budget}})
    narrowed = params.model_copy(update={"profiles": {params.profile: profile}})
    assert curtailed(standing_of(CNN), narrowed) == said


def test_without_a_limit_no_images_are_capped(params: Params) -> None:
    free = params.model_copy(update={"profile": "paper"})
    assert curtailed(standing_of(CNN, images=48_000), free) is None


def test_costs_are_told_of_every_variant(found: Found, drawn: dict[str, Any]) -> None:
    part = training(replace(found, standings=[standing_of(CNN, epochs=4), standing_of(FEW, epochs=30)]))
    assert rows(tables(part)["Cost"]) == [
        [CNN, "7", "5.43 M", "9", "4", "1.7 min", "9", "4 of 10 epochs"],
        [FEW, "7", "5.43 M", "9", "30", "1.7 min", "9", "–"],
    ]
    assert titles(part) == ["Training"]


def test_learning_curves_are_those_of_the_histories_with_epochs_from_one(found: Found, drawn: dict[str, Any]) -> None:
    shown = figures(training(found))
    assert list(shown) == ["fashion-curves-fashion_vit", "fashion-curves-fashion_cnn"]
    assert shown["fashion-curves-fashion_vit"].variants == (DIVERGED,)
    curves = shown["fashion-curves-fashion_cnn"]
    histories = {name: found.figures.histories[name] for name in EVALUATED}
    assert drawn["curves"] == (histories,)
    assert curves.png == b"PNG of curves"
    assert curves.variants == EVALUATED
    (table,) = curves.numbers
    names = ("train_loss", "valid_loss", "train_accuracy", "valid_accuracy")
    titles = ["training loss, nats", "validation loss, nats", "training accuracy, %", "validation accuracy, %"]
    assert header(table)[3:] == titles
    assert [[cell.key for cell in row] for row in table.rows] == [
        [name, row["seed"], row["epoch"] + 1, *(row[figure] for figure in names)]
        for name, history in histories.items()
        for row in history
    ]
    assert rows(table)[0][:3] == [CNN, "0", "1"]


def test_models_of_one_variant_each_share_a_figure(found: Found, drawn: dict[str, Any]) -> None:
    single = {name: variant.model_copy(update={"model": name}) for name, variant in found.params.variants.items()}
    alone = replace(found, params=found.params.model_copy(update={"variants": single}))
    (shown,) = figures(training(alone)).values()
    assert drawn["curves"] == (found.figures.histories,)
    assert shown.variants == tuple(found.figures.histories)
    assert f"the variants with the models {', '.join(alone.settings)}, a line a seed" in shown.caption


def test_how_trainings_ended_is_told_over_seeds(found: Found, drawn: dict[str, Any]) -> None:
    def row(seed: int, epoch: int, train: float, valid: float, loss: float) -> dict[str, float]:
        known = {"train_accuracy": train, "valid_accuracy": valid, "valid_loss": loss, "train_loss": 1.0}
        return {"seed": seed, "epoch": epoch, **known}

    one = [row(0, 0, 0.2, 0.3, 9.0), row(0, 1, 0.5, 0.6, 2.0), row(0, 2, 0.9, 0.5, 4.0)]
    one.append(row(0, 3, 0.9, 0.5, 3.0))
    two = [row(1, 0, 0.2, 0.3, 9.0), row(1, 1, 0.5, 0.4, 2.0), row(1, 2, 0.8, 0.6, 2.0)]
    two.append(row(1, 3, 0.8, 0.6, 1.0))
    lost = [row(2, 0, 0.1, 0.1, float("nan"))]
    figures = replace(found.figures, histories=found.figures.histories | {CNN: [*one, *two, *lost], FEW: one})
    table = tables(training(replace(found, figures=figures)))["How the training runs ended"]
    told = {cells[0]: cells[1:] for cells in rows(table)}
    assert told[CNN] == ["85.00", "7.07", "55.00", "7.07", "30.00", "14.14", "2", "0.707", "75.00", "0.833", "2"]
    assert told[FEW] == ["90.00", "–", "50.00", "–", "40.00", "–", "2", "–", "75.00", "1.5", "–"]


def test_a_variant_without_a_seed_that_ended_has_dashes(found: Found, drawn: dict[str, Any]) -> None:
    histories = found.figures.histories | {DIVERGED: [{**found.figures.histories[CNN][0], "train_loss": math.nan}]}
    figures = replace(found.figures, histories=histories)
    table = tables(training(replace(found, figures=figures)))["How the training runs ended"]
    assert rows(table)[0] == [DIVERGED, *["–"] * 11]


@pytest.mark.parametrize(("low", "named"), [(0.09, True), (0.1, True), (0.11, False), (None, False)])
def test_a_variant_that_is_not_above_chance_does_not_train(found: Found, low: float | None, named: bool) -> None:
    assert found.chance == np.bincount(found.labels).max() / len(found.labels) == 0.1
    row = replace(found.standings[1], accuracy_low=low)
    assert does_not_train(row, found.chance) == named
    said = prose(leaderboard([replace(found, standings=[row])]))
    assert any(one.startswith(f"**Does not train**: {CNN}. ") and "10.00 %" in one for one in said) == named


def test_augmentations_are_shown_with_their_settings(found: Found, drawn: dict[str, Any]) -> None:
    assert not [block for block in walk([training(found)]) if isinstance(block, Fold)]
    write_bytes(found.root / f"{FIGURES}/{CNN}/augmentation.png", b"six draws")
    settings = AugmentationParams(placing={"turn": 10, "mirror": True}, crop=4)
    cnn = found.params.variants[CNN]
    changed = cnn.model_copy(update={"train": cnn.train.model_copy(update={"augmentation": settings})})
    params = found.params.model_copy(update={"variants": found.params.variants | {CNN: changed}})
    picture = figures(training(replace(found, params=params)))[f"{CNN}-augmentation"]
    assert (picture.png, picture.stage) == (b"six draws", "compare@fashion")
    assert rows(picture.numbers[0]) == [
        ["placing", "turn", "10.0"],
        ["placing", "mirror", "True"],
        ["crop", "crop", "4"],
    ]
