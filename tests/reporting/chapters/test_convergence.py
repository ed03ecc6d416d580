"""Convergence speed: rates tried, epochs and seconds of the seeds that reached the goal, and ratios."""

from dataclasses import replace
from typing import Any

import pytest
from blocks import figures, header, rows, shown, tables, titles
from descriptions import described
from small_study import CNN, FEW

from lookalike.artifacts.models import RateSearch, RateTrial, Row, SeedRecord, Timing, save_model, save_run
from lookalike.evaluation.statistics import ratio_of_geometric_means
from lookalike.params import TrainingParams
from lookalike.reporting.chapters.convergence import convergence_chapter, convergence_sentence
from lookalike.reporting.chapters.sentences import NOTHING
from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.forms import amounts

TRIALS = (RateTrial(0.1, None), RateTrial(0.01, 0.25), RateTrial(0.001, 0.5))
EPOCHS = {CNN: (2, 3, 2), FEW: (6, 9, 7)}  # that seeds take to the goal
SLOW = {CNN: 1.0, FEW: 0.5}  # seconds an epoch


def reaching(*epochs: int) -> list[Row]:
    """A seed for each number of epochs that it takes to a training error of exactly a quarter."""
    losses = {"lr": 0.01, "train_loss": 1.0, "valid_loss": 1.0, "valid_accuracy": 0.99}
    return [
        {"seed": seed, "epoch": k, "train_accuracy": 0.75 if k == count - 1 else 0.5, **losses}
        for seed, count in enumerate(epochs)
        for k in range(count)
    ]


def trained(results: StudyResults) -> StudyResults:
    """The small study with two variants that are trained to an error of 25 %, three seeds each."""
    params, histories = results.params, {name: reaching(*epochs) for name, epochs in EPOCHS.items()}
    for name, epochs in EPOCHS.items():
        seeds = tuple(SeedRecord(seed, 10, None) for seed in range(3))
        description = described(lr=0.01, search=RateSearch(4, TRIALS), seeds=seeds)
        save_model(results.root / "models" / "fashion" / name, description, {}, [])
        timings = [Timing(k, epoch, SLOW[name], 1.0) for k, count in enumerate(epochs) for epoch in range(count + 1)]
        save_run(results.root / "runs" / "fashion" / name, {}, timings)
    goal: dict[str, Any] = {"stop_at_error": 0.25}
    variants = {
        name: one.model_copy(update={"train": TrainingParams(**one.train.model_dump() | goal)})
        if name in EPOCHS
        else one
        for name, one in params.variants.items()
    }
    params = params.model_copy(update={"variants": variants})
    return replace(
        results,
        params=params,
        measurements=replace(results.measurements, histories=results.measurements.histories | histories),
    )


def test_every_rate_that_was_tried_is_shown(results: StudyResults, drawn: dict[str, Any]) -> None:
    table = tables(convergence_chapter(trained(results)))["Learning rates tried"]
    tried = [["0.1", "–", ""], ["0.01", "25.00", "yes"], ["0.001", "50.00", ""]]
    assert rows(table) == [[name, *trial] for name in EPOCHS for trial in tried]
    assert table.note == "After 4 epochs; –: the loss was not finite."


def test_epochs_and_seconds_are_those_of_the_seeds_that_reached_the_goal(
    results: StudyResults, drawn: dict[str, Any]
) -> None:
    whole = trained(results)
    histories = whole.measurements.histories | {
        FEW: [
            *reaching(6, 9),
            {
                "seed": 2,
                "epoch": 0,
                **dict.fromkeys(("lr", "train_loss", "valid_loss", "valid_accuracy"), 0.5),
                "train_accuracy": 0.1,
            },
        ]
    }
    whole = replace(whole, measurements=replace(whole.measurements, histories=histories))
    table = tables(convergence_chapter(whole))["To the goal"]
    assert header(table)[:4] == ["variant", "learning rate", "seeds", "of them at the goal"]
    assert rows(table) == [
        [CNN, "0.01", "3", "3", "2.333", "0.577", "2.333", "0.577"],
        [FEW, "0.01", "3", "2", "7.500", "2.121", "3.750", "1.061"],
    ]


def test_the_ratio_is_that_of_geometric_means(results: StudyResults, drawn: dict[str, Any]) -> None:
    whole = trained(results)
    (row,) = rows(tables(convergence_chapter(whole))["Ratios of epochs and seconds"])
    ratio = ratio_of_geometric_means(EPOCHS[FEW], EPOCHS[CNN])
    assert ratio is not None
    assert row == [
        FEW,
        CNN,
        f"{ratio.value:.2f} ({ratio.low:.2f} to {ratio.high:.2f})",
        f"{ratio.value / 2:.2f} ({ratio.low / 2:.2f} to {ratio.high / 2:.2f})",  # half as long an epoch
    ]


def test_of_one_seed_there_is_no_ratio(results: StudyResults, drawn: dict[str, Any]) -> None:
    whole = trained(results)
    histories = whole.measurements.histories | {FEW: reaching(6)}
    whole = replace(whole, measurements=replace(whole.measurements, histories=histories))
    assert "Ratios of epochs and seconds" not in tables(convergence_chapter(whole))


def test_the_finding_is_the_largest_ratio(results: StudyResults, drawn: dict[str, Any]) -> None:
    whole = trained(results)
    ratio = ratio_of_geometric_means(EPOCHS[FEW], EPOCHS[CNN])
    assert ratio is not None
    assert convergence_chapter(whole).finding == (
        f"{FEW} needs {amounts(vars(ratio))} times as many epochs as {CNN} to reach a training error of 25 %."
    )


def test_without_a_ratio_the_seeds_at_the_goal_are_counted() -> None:
    arrivals = {"a": {"there": 2, "seeds": 3}, "b": {"there": 0, "seeds": 3}}
    assert (
        convergence_sentence(arrivals, [], 0.25)
        == "A training error of 25 % is reached by 2 of 3 seeds of a and 0 of 3 seeds of b."
    )
    one = convergence_sentence({"a": arrivals["a"]}, [], 0.25)
    assert one == "A training error of 25 % is reached by 2 of 3 seeds of a."


def test_convergence_is_drawn(results: StudyResults, drawn: dict[str, Any]) -> None:
    whole = trained(results)
    part = convergence_chapter(whole)
    assert titles(part) == ["Convergence speed of ReLU and tanh"]
    assert shown(part) == {"fashion-convergence": "picture of convergence"}
    assert drawn["convergence"] == ({name: whole.measurements.histories[name] for name in EPOCHS}, 0.25, results.looks)
    picture = figures(part)["fashion-convergence"]
    assert (picture.variants, picture.main) == ((CNN, FEW), True)
    assert picture.words.finding == part.finding


def test_a_variant_at_chance_is_not_drawn(results: StudyResults, drawn: dict[str, Any]) -> None:
    whole = trained(results)
    low = [replace(row, accuracy_low=0.05) if row.variant == FEW else row for row in whole.standings]
    assert figures(convergence_chapter(replace(whole, standings=low)))["fashion-convergence"].variants == (CNN,)
    nothing = convergence_chapter(replace(whole, standings=[replace(row, accuracy_low=0.05) for row in low]))
    assert (nothing.finding, shown(nothing)) == (NOTHING, {})
    assert list(tables(nothing)) == ["To the goal", "Ratios of epochs and seconds", "Learning rates tried"]


@pytest.mark.usefixtures("drawn")
def test_a_study_in_which_nothing_races_has_no_such_chapter(results: StudyResults) -> None:
    assert convergence_chapter(results) is None
