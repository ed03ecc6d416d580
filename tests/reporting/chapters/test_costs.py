"""Costs in the report: counts and measurements, and no sentence that the numbers do not support."""

from dataclasses import asdict, replace
from typing import Any

import pytest
from blocks import figures, header, prose, rows, shown, tables, titles
from small_study import CNN, DIVERGED, FEW, MEASURED

from lookalike.artifacts.costs import ConfigurationSize, save_costs
from lookalike.artifacts.models import Epoch, save_history
from lookalike.costs.convolutions import design_table, separable_table
from lookalike.params import Variant
from lookalike.reporting.chapters.costs import costs_chapter, front_sentence
from lookalike.reporting.chapters.depth import NETWORKS, depth_section
from lookalike.reporting.chapters.sentences import NOTHING
from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.document import Json

SIZES = {
    CNN: {"parameters": 4_000_000, "macs": 40_000_000, "activations": 900_000, "input_shape": [3, 96, 96]},
    FEW: {"parameters": 20_000_000, "macs": 800_000_000, "activations": 1_000_000, "input_shape": [3, 96, 96]},
    DIVERGED: {"parameters": 7, "macs": 8, "activations": 9, "input_shape": [3, 96, 96]},
}


def spread(median: float) -> Json:
    return {"median": median, "least": median / 2, "most": median * 2, "rounds": 5}


def compared(ratio: float) -> Json:
    return {"plain": spread(0.01), "other": spread(0.01 * ratio), "ratio": spread(ratio)}


def measure(results: StudyResults) -> StudyResults:
    """The small study as the stage `costs` might have measured it."""
    scaled = [
        {
            "name": f"b{k}",
            "side": 224,
            "blocks": 16,
            "channels": 8,
            "size": SIZES[CNN],
            "factor": 1.5**k,
            "ruled": 1.92**k,
        }
        | {"built": 1.25**k}
        for k in range(3)
    ]
    counted = {
        "study": results.name,
        "members": SIZES,
        "separable": [asdict(row) for row in separable_table()],
        "designs": [asdict(row) for row in design_table()],
        "scaling": scaled,
        "vgg_configurations": [asdict(ConfigurationSize("A-LRN", 11, 10_251_122, 2_842_211_328))],
    }
    speeds = [
        {"batch": 1, "seconds": spread(0.02), "memory": None},
        {"batch": 16, "seconds": spread(0.2), "memory": 3e6},
    ]
    measured = {
        "device": {"name": "a CPU", "threads": 2, "precision": "float32", "torch": "2"},
        "members": dict.fromkeys(SIZES, speeds),
        "separable": [compared(ratio) for ratio in (0.25, 0.25, 0.25, 0.1)],
        "designs": [compared(0.1)] * 2,
        "scaling": speeds[:1] * 3,
    }
    save_costs(results.root, counted, measured)
    return results


def test_members_are_shown_with_both_speeds_and_their_accuracy(results: StudyResults, drawn: dict[str, Any]) -> None:
    part = costs_chapter(measure(results))
    table = tables(part)["Costs of all members"]
    assert header(table) == [
        *("variant", "test accuracy, %", "parameters", "MACs", "activations", "side, pixels"),
        *(f"{what}, batch of {batch}" for what in ("images/s", "MB") for batch in (1, 16)),
    ]
    speeds = ["50.0 (25.0 to 100.0)", "80.0 (40.0 to 160.0)", "–", "3.0"]
    accuracy = "75.0 (70.0 to 80.0)"
    assert MEASURED["accuracy"] == 0.75
    assert rows(table) == [
        [DIVERGED, "–", "7", "0.00 M", "0.00 M", "96", *speeds],
        [CNN, accuracy, "4,000,000", "40.00 M", "0.90 M", "96", *speeds],
        [FEW, accuracy, "20,000,000", "800.00 M", "1.00 M", "96", *speeds],
    ]
    assert titles(part)[0] == "Costs and benefits of each idea"
    assert "one run on one device: a CPU, 2 threads" in prose(part)[-1]


def test_accuracy_is_drawn_against_the_cost_of_members_above_chance(
    results: StudyResults, drawn: dict[str, Any]
) -> None:
    part = costs_chapter(measure(results))
    picture = figures(part)["fashion-pareto"]
    assert (picture.variants, picture.main) == ((CNN, FEW), True)
    offers, looks = drawn["pareto"]
    assert offers[0]["seconds"] == {"median": 0.0125, "least": 0.00625, "most": 0.025}
    assert looks == results.looks
    assert f"by parameters {CNN}; by MACs {CNN}; by time {CNN} and {FEW}." in picture.words.method
    assert part.finding == picture.words.finding


def test_the_finding_is_the_front_of_accuracy_and_macs() -> None:
    def row(name: str, accuracy: float, macs: int) -> Json:
        value = {"value": accuracy, "low": accuracy - 0.01, "high": accuracy + 0.01}
        return {"variant": name, "accuracy": value, "macs": macs}

    small, large = row("small", 0.8, 10_000_000), row("large", 0.9, 80_000_000)
    assert front_sentence([small, large, row("worse", 0.85, 90_000_000)]) == (
        "2 of 3 members are on the Pareto front of accuracy and MACs, from small (80.0 (79.0 to 81.0) % with 10.00 M "
        "MACs) to large (90.0 (89.0 to 91.0) % with 80.00 M MACs)."
    )
    best = row("best", 0.95, 10_000_000)
    assert (
        front_sentence([small, best])
        == "By MACs, best (95.0 (94.0 to 96.0) % with 10.00 M MACs) dominates all other members."
    )


def test_where_no_member_is_above_chance_costs_are_left(results: StudyResults, drawn: dict[str, Any]) -> None:
    low = replace(results, standings=[replace(row, accuracy_low=0.05) for row in results.standings])
    part = costs_chapter(measure(low))
    assert part.finding == NOTHING
    assert shown(part) == {}
    assert len(tables(part)["Costs of all members"].rows) == 3


def test_every_idea_has_its_finding(results: StudyResults, drawn: dict[str, Any]) -> None:
    part = costs_chapter(measure(results))
    separable, bottlenecks, scaling, vgg = [one.finding for one in part.sections][2:]
    assert separable == (
        "A depthwise separable convolution needs 11.21 to 11.89 % of the MACs of a 3x3 convolution, as predicted in 4 "
        "of 4 layers, and 10.00 to 25.00 % of its time."
    )
    assert bottlenecks == (
        "A block with a 1x1 bottleneck needs 5.90 to 10.33 % of the weights, 5.90 to 10.33 % of the MACs and 10.00 % "
        "of the time of the same block without it."
    )
    assert scaling == "b2 has 2.25 times the MACs of b0; the rule predicts 3.69 times."
    assert vgg == "The configurations of VGG have 11 layers, 10.25 M parameters and 2842.21 M MACs per image."


def test_ideas_are_shown_next_to_their_prediction(results: StudyResults, drawn: dict[str, Any]) -> None:
    known = tables(costs_chapter(measure(results)))
    table = known["Separable convolutions"]
    first = dict(zip(header(table), rows(table)[0], strict=True))
    assert first["share of the MACs, %"] == first["predicted, %"] == "11.89"
    assert first["share of the time, %"] == "25.0 (12.5 to 50.0)"
    assert len(rows(known["Bottlenecks"])) == 2
    assert rows(known["Compound scaling"])[2][6:] == ["2.25", "3.69", "1.56", "20.00 (10.00 to 40.00)"]
    for one in known.values():
        assert sum(not column.extra for column in one.columns) <= 9


@pytest.mark.usefixtures("drawn")
def test_configurations_of_vgg_are_shown_side_by_side(results: StudyResults) -> None:
    table = tables(costs_chapter(measure(results)))["Configurations of VGG"]
    assert header(table) == ["configuration", "layers", "parameters", "MACs"]
    assert rows(table) == [["A-LRN", "11", "10,251,122", "2842.21 M"]]


@pytest.mark.usefixtures("drawn")
def test_without_costs_or_of_another_study_there_is_no_such_chapter(results: StudyResults) -> None:
    assert costs_chapter(results) is None
    save_costs(results.root, {"study": "zoo"}, {})
    assert costs_chapter(results) is None


# depth


def trained(results: StudyResults, ends: dict[str, tuple[float, ...]]) -> StudyResults:
    """With variants of these names in another study, whose seeds end with such training errors."""
    (like, *_) = results.params.variants.values()
    variants: dict[str, Variant] = {name: like.model_copy(update={"study": "deep"}) for name in ends}
    for name, errors in ends.items():
        history = [
            Epoch(seed, epoch, 0.1, 0.5, 1 - error - 0.5 * (1 - epoch), 0.5, 0.25)
            for seed, error in enumerate(errors)
            for epoch in range(2)
        ]
        save_history(results.root / "models/deep" / name / "history.csv", history)
    return replace(results, params=results.params.model_copy(update={"variants": results.params.variants | variants}))


def test_depths_are_compared_wherever_they_were_trained(results: StudyResults, drawn: dict[str, Any]) -> None:
    part = depth_section("depth", trained(results, dict(zip(NETWORKS, [(0.2,), (0.3,), (0.2,), (0.1,)], strict=True))))
    picture = figures(part)["fashion-depth"]
    ends, epochs = picture.numbers
    assert rows(ends)[1] == ["plain-56", "56", "1", "2", "30.00", "–", "75.00", "–"]
    assert len(epochs.rows) == 8
    assert (
        part.finding
        == picture.words.finding
        == (
            "From 20 to 56 layers the training error of the last epoch changes by +10.0 points (too few seeds for an "
            "interval) without shortcuts and −10.0 points (too few seeds for an interval) with shortcuts."
        )
    )
    histories, looks_of = drawn["depth_training"]
    assert list(histories) == list(looks_of) == list(NETWORKS)


def test_several_seeds_have_an_interval(results: StudyResults, drawn: dict[str, Any]) -> None:
    whole = trained(results, {"plain-20": (0.2, 0.21), "plain-56": (0.3, 0.31), "residual-20": (0.2, 0.2)})
    assert depth_section("depth", whole).finding == (
        "From 20 to 56 layers the training error of the last epoch changes by +10.0 points (+7.0 to +13.0) without "
        "shortcuts."
    )


def test_a_seed_that_diverged_is_not_counted(results: StudyResults, drawn: dict[str, Any]) -> None:
    whole = trained(results, {"plain-20": (0.2, 0.4), "plain-56": (0.3,)})
    path = whole.root / "models/deep/plain-20/history.csv"
    lines = path.read_text().splitlines()
    lines[-1] = lines[-1].replace(",0.5,", ",nan,", 1)
    path.write_text("\n".join(lines) + "\n")
    ends, _ = figures(depth_section("depth", whole))["fashion-depth"].numbers
    assert rows(ends)[0][2:5] == ["1", "2", "20.00"]


@pytest.mark.usefixtures("drawn")
def test_where_none_was_trained_that_is_said(results: StudyResults) -> None:
    part = depth_section("depth", results)
    assert part.finding == "No pair of networks of 20 and of 56 layers was trained in this run."
    assert part.blocks == ()
