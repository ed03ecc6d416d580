"""Learning curves and costs: the numbers of the artifacts, and which training runs the profile has reduced."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from blocks import figures, header, rows, tables, titles, walk
from conftest import granted
from descriptions import described
from small_study import CNN, DIVERGED, EVALUATED, FEW

from lookalike.artifacts.models import SeedRecord
from lookalike.params import Params
from lookalike.reporting.chapters.sentences import NOTHING
from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.chapters.training import (
    MOST_EPOCHS,
    epochs_cut,
    gap_range_sentence,
    gap_sentence,
    reductions_of,
    thinned_epochs,
    training_chapter,
)
from lookalike.reporting.document import Fold
from lookalike.reporting.leaderboard import Standing, make_standing

MEASURED = {"accuracy": 0.75, "accuracy_low": 0.7, "accuracy_high": 0.8, "nll": 0.5}


def standing_of(variant: str, *, epochs: int = 10, seeds: int = 1, diverged: int = 0, images: int = 9) -> Standing:
    summary = MEASURED | {"seeds": seeds, "diverged": diverged}
    description = described(macs=5_432_100, train_images=images, seeds=(SeedRecord(0, epochs, None),))
    return make_standing(
        "fashion", variant, summary, description, [{"seed": 0, "seconds": 100.0, "images_per_second": 9.4}]
    )


@pytest.mark.parametrize(
    ("seeds", "diverged", "ran", "cut"),
    [(2, 0, 4, (4, 10)), (1, 1, 4, (4, 10)), (2, 0, 10, None), (0, 2, 4, None)],
)
def test_epochs_are_cut_short_by_a_budget_and_not_by_divergence(
    params: Params, seeds: int, diverged: int, ran: int, cut: tuple[int, int] | None
) -> None:
    row = standing_of(CNN, epochs=ran, seeds=seeds, diverged=diverged)
    assert epochs_cut(row, params) == cut


@pytest.mark.parametrize(
    ("epochs", "images", "said"),
    [
        (10, 9, None),
        (4, 9, "4 of 10 epochs"),
        (10, 300, "fewer images"),
        (4, 300, "4 of 10 epochs, fewer images"),
    ],
)
def test_what_a_budget_reduced_is_said(params: Params, epochs: int, images: int, said: str | None) -> None:
    assert params.budget(CNN).max_images == 300
    assert reductions_of(standing_of(CNN, epochs=epochs, images=images), params) == said


@pytest.mark.parametrize(
    ("cap", "said"),
    [({"max_channels": 16}, "layers of at most 16 channels"), ({"size": "tiny"}, "a tiny network of the family")],
)
def test_a_reduced_network_is_said(params: Params, cap: dict[str, Any], said: str) -> None:
    budget = granted(pretrained=False, **cap)
    profile = params.active.model_copy(update={"train": {params.variants[CNN].budget: budget}})
    reduced = params.model_copy(update={"profiles": {params.profile: profile}})
    assert reductions_of(standing_of(CNN), reduced) == said


def test_without_a_limit_the_images_are_not_reduced(params: Params) -> None:
    free = params.model_copy(update={"profile": "paper"})
    assert reductions_of(standing_of(CNN, images=48_000), free) is None


def accuracies(*gaps: Sequence[float]) -> list[dict[str, Any]]:
    """A history in which training minus validation accuracy is that of each seed and epoch."""
    return [
        {"seed": seed, "epoch": epoch, "train_accuracy": 0.5 + gap, "valid_accuracy": 0.5, "train_loss": 1.0}
        | {"valid_loss": 1.0}
        for seed, one in enumerate(gaps)
        for epoch, gap in enumerate(one)
    ]


def test_gaps_are_said_of_the_first_and_the_last_epoch() -> None:
    history = accuracies([-0.03, 0.05, 0.12], [-0.05, 0.02, 0.126])
    start = (
        "From the first to the last epoch training minus validation accuracy goes from −4.0 to +12.3 ± 0.4 points for a"
    )
    assert gap_sentence({"a": history}) == f"{start}."
    assert (
        gap_sentence({"a": history, "b": accuracies([0.02, -0.041])}) == f"{start} and from +2.0 to −4.1 points for b."
    )


def test_after_one_epoch_there_is_one_gap() -> None:
    once, more = accuracies([-0.03]), accuracies([-0.02, 0.04])
    assert gap_sentence({"a": once}) == "After one epoch training minus validation accuracy is −3.0 points for a."
    assert gap_sentence({"a": once, "b": more}) == (
        "From the first to the last epoch training minus validation accuracy goes from −2.0 to +4.0 points for b; "
        "after one epoch training minus validation accuracy is −3.0 points for a."
    )


def test_a_seed_that_diverged_has_no_gap() -> None:
    lost = [row | {"seed": 1, "train_loss": math.nan} for row in accuracies([0.5, 0.5])]
    assert gap_sentence({"a": [*accuracies([-0.02, 0.04]), *lost]}).endswith("goes from −2.0 to +4.0 points for a.")


def test_of_many_variants_the_range_of_gaps_is_said() -> None:
    histories = {"a": accuracies([0.1, 0.04]), "b": accuracies([0.0, -0.01]), "c": accuracies([0.2, 0.123])}
    assert gap_range_sentence(histories) == (
        "In the last epoch training minus validation accuracy lies between −1.0 points (b) and +12.3 points (c)."
    )
    assert gap_range_sentence({"a": histories["a"]}) == gap_sentence({"a": histories["a"]})


def test_focus_variants_come_first_and_then_the_others_by_model(results: StudyResults, drawn: dict[str, Any]) -> None:
    part = training_chapter(results)
    shown = figures(part)
    assert {name: one.variants for name, one in shown.items()} == {
        "fashion-curves": (CNN,),
        "fashion-curves-fashion_cnn": EVALUATED,  # the one that diverged has no curves
    }
    assert [one.main for one in shown.values()] == [True, False]
    assert drawn["training_curves"] == (
        {name: results.measurements.histories[name] for name in EVALUATED},
        results.looks,
    )
    assert (
        part.finding
        == shown["fashion-curves"].words.finding
        == gap_sentence({CNN: results.measurements.histories[CNN]})
    )
    assert titles(part) == ["Training"]


def test_curves_are_those_of_the_histories_with_epochs_from_one(results: StudyResults, drawn: dict[str, Any]) -> None:
    (table,) = figures(training_chapter(results))["fashion-curves-fashion_cnn"].numbers
    names = ("train_loss", "valid_loss", "train_accuracy", "valid_accuracy")
    columns = ["training loss, nats", "validation loss, nats", "training accuracy, %", "validation accuracy, %"]
    assert header(table)[3:] == columns
    assert [[cell.key for cell in row] for row in table.rows] == [
        [name, row["seed"], row["epoch"] + 1, *(row[figure] for figure in names)]
        for name in EVALUATED
        for row in results.measurements.histories[name]
    ]
    assert rows(table)[0][:3] == [CNN, "0", "1"]


def test_models_of_one_variant_each_share_a_figure(results: StudyResults, drawn: dict[str, Any]) -> None:
    models = dict(zip((DIVERGED, *EVALUATED), ("fashion_vit", "fashion_cnn", "simple_cnn"), strict=True))
    variants = {name: one.model_copy(update={"model": models[name]}) for name, one in results.params.variants.items()}
    alone = replace(results, params=results.params.model_copy(update={"variants": variants}))
    assert figures(training_chapter(alone))["fashion-curves-fashion_vit"].variants == EVALUATED


def test_where_nothing_is_above_chance_only_numbers_are_left(results: StudyResults, drawn: dict[str, Any]) -> None:
    part = training_chapter(replace(results, standings=[replace(row, accuracy_low=0.05) for row in results.standings]))
    assert part.finding == NOTHING
    assert figures(part) == {}
    assert list(tables(part)) == ["Ends of the training runs", "Cost"]


def test_numbers_of_every_variant_are_folded_away(results: StudyResults, drawn: dict[str, Any]) -> None:
    part = training_chapter(replace(results, standings=[standing_of(CNN, epochs=4), standing_of(FEW, epochs=30)]))
    (fold,) = [block for block in walk([part]) if isinstance(block, Fold)]
    costs = tables(*fold.blocks)["Cost"]
    assert rows(costs) == [
        [CNN, "7", "5.43 M", "9", "4", "1.7 min", "9", "4 of 10 epochs"],
        [FEW, "7", "5.43 M", "9", "30", "1.7 min", "9", "–"],
    ]
    for table in tables(*fold.blocks).values():
        assert sum(not column.extra for column in table.columns) <= 9


def test_ten_views_are_shown_where_they_were_tested(results: StudyResults, drawn: dict[str, Any]) -> None:
    one = {"value": 0.5, "low": 0.4, "high": 0.6}
    views = {"one": one, "ten": one | {"value": 0.55}, "difference": {"value": 0.05, "low": 0.01, "high": 0.09}}
    details = {name: details | ({"views": views} if name == CNN else {}) for name, details in results.details.items()}
    table = tables(training_chapter(replace(results, details=details)))["Test accuracy with one view and with ten"]
    assert rows(table) == [[CNN, "50.0 (40.0 to 60.0)", "55.0 (40.0 to 60.0)", "+5.0 (+1.0 to +9.0)"]]


def test_ends_of_training_runs_are_means_over_seeds(results: StudyResults, drawn: dict[str, Any]) -> None:
    def row(seed: int, epoch: int, train: float, valid: float, loss: float) -> dict[str, float]:
        known = {"train_accuracy": train, "valid_accuracy": valid, "valid_loss": loss, "train_loss": 1.0}
        return {"seed": seed, "epoch": epoch, **known}

    one = [row(0, 0, 0.2, 0.3, 9.0), row(0, 1, 0.5, 0.6, 2.0), row(0, 2, 0.9, 0.5, 4.0)]
    one.append(row(0, 3, 0.9, 0.5, 3.0))
    two = [row(1, 0, 0.2, 0.3, 9.0), row(1, 1, 0.5, 0.4, 2.0), row(1, 2, 0.8, 0.6, 2.0)]
    two.append(row(1, 3, 0.8, 0.6, 1.0))
    lost = [row(2, 0, 0.1, 0.1, float("nan"))]
    measurements = replace(
        results.measurements, histories=results.measurements.histories | {CNN: [*one, *two, *lost], FEW: one}
    )
    table = tables(training_chapter(replace(results, measurements=measurements)))["Ends of the training runs"]
    ends = {cells[0]: cells[1:] for cells in rows(table)}
    assert ends[CNN] == ["85.00", "7.07", "55.00", "7.07", "30.00", "14.14", "2", "0.707", "75.00", "0.833", "2"]
    assert ends[FEW] == ["90.00", "–", "50.00", "–", "40.00", "–", "2", "–", "75.00", "1.5", "–"]


def test_a_variant_without_a_seed_that_ended_has_dashes(results: StudyResults, drawn: dict[str, Any]) -> None:
    histories = results.measurements.histories | {
        DIVERGED: [{**results.measurements.histories[CNN][0], "train_loss": math.nan}]
    }
    measurements = replace(results.measurements, histories=histories)
    table = tables(training_chapter(replace(results, measurements=measurements)))["Ends of the training runs"]
    assert rows(table)[0] == [DIVERGED, *["–"] * 11]


@pytest.mark.parametrize(("epochs", "kept"), [(1, 1), (12, 12), (13, 7), (300, 12)])
def test_of_long_training_runs_tables_have_some_epochs_and_the_last(epochs: int, kept: int) -> None:
    history = [{"epoch": float(k)} for k in range(epochs)]
    shown = [row["epoch"] for row in thinned_epochs(history)]
    assert len(shown) <= MOST_EPOCHS + 1
    assert (shown[0], shown[-1]) == (0, epochs - 1)
    assert abs(len(shown) - kept) <= 1
