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
from lookalike.reporting.chapters.costs import costs
from lookalike.reporting.chapters.depth import NETWORKS, depth
from lookalike.reporting.chapters.found import Found
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


def measure(found: Found) -> Found:
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
        "study": found.study,
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
    save_costs(found.root, counted, measured)
    return found


def test_members_are_shown_with_both_speeds_and_their_accuracy(found: Found, drawn: dict[str, Any]) -> None:
    part = costs(measure(found))
    table = tables(part)["Members"]
    batches = [f"{what}, batch of {batch}" for what in ("images/s", "MB") for batch in (1, 16)]
    assert header(table) == [
        "variant",
        "side, pixels",
        "parameters",
        "MACs",
        "activations",
        *batches,
        "test accuracy, %",
    ]
    speeds = ["50.0 (25.0 to 100.0)", "80.0 (40.0 to 160.0)", "–", "3.0"]
    accuracy = "75.0 (70.0 to 80.0)"
    assert MEASURED["accuracy"] == 0.75
    assert rows(table) == [
        [DIVERGED, "96", "7", "0.00 M", "0.00 M", *speeds, "–"],
        [CNN, "96", "4,000,000", "40.00 M", "0.90 M", *speeds, accuracy],
        [FEW, "96", "20,000,000", "800.00 M", "1.00 M", *speeds, accuracy],
    ]
    assert titles(part)[0] == "Costs and benefits of each idea"
    assert "one run on one device: a CPU, 2 threads" in prose(part)[0]


def test_accuracy_is_drawn_against_the_price_of_those_that_have_one(found: Found, drawn: dict[str, Any]) -> None:
    part = costs(measure(found))
    assert shown(part)["fashion-pareto"] == "PNG of pareto"
    assert figures(part)["fashion-pareto"].variants == (CNN, FEW)
    (offers,) = drawn["pareto"]
    assert offers[0]["seconds"] == {"median": 0.0125, "least": 0.00625, "most": 0.025}
    (said,) = [one for one in prose(part) if one.startswith("No other member")]
    assert f"by parameters {CNN}; by MACs {CNN}; by time {CNN}, {FEW}." in said


def test_shares_left_are_shown_next_to_the_prediction(found: Found, drawn: dict[str, Any]) -> None:
    part = costs(measure(found))
    table = tables(part)["Separable convolutions"]
    first = dict(zip(header(table), rows(table)[0], strict=True))
    assert first["share left, %"] == first["predicted, %"] == "11.89"
    assert first["share of the time left, %"] == "25.0 (12.5 to 50.0)"
    assert any(
        "so it is counted in 4 of 4 layers. In 3 of them more than that was left of" in one for one in prose(part)
    )
    assert any("of Inception 3a, 192 channels, 10.33 % of the weights" in one for one in prose(part))
    assert len(rows(tables(part)["Bottlenecks"])) == 2


def test_scaling_is_shown_next_to_the_rule(found: Found, drawn: dict[str, Any]) -> None:
    part = costs(measure(found))
    assert any("b1 1.50 (1.92); b2 2.25 (3.69)" in one for one in prose(part))
    assert rows(tables(part)["Compound scaling"])[2][6:] == ["2.25", "3.69", "1.56", "20.00 (10.00 to 40.00)"]


@pytest.mark.usefixtures("drawn")
def test_configurations_of_vgg_are_shown_side_by_side(found: Found) -> None:
    table = tables(costs(measure(found)))["Configurations of VGG"]
    assert header(table) == ["configuration", "layers", "parameters", "MACs"]
    assert rows(table) == [["A-LRN", "11", "10,251,122", "2842.21 M"]]


@pytest.mark.usefixtures("drawn")
def test_without_costs_or_of_another_study_there_is_no_such_chapter(found: Found) -> None:
    assert costs(found) is None
    save_costs(found.root, {"study": "zoo"}, {})
    assert costs(found) is None


# depth


def trained(found: Found, ends: dict[str, tuple[float, ...]]) -> Found:
    """With variants of these names in another study, whose seeds end with such training errors."""
    (like, *_) = found.params.variants.values()
    variants: dict[str, Variant] = {name: like.model_copy(update={"study": "deep"}) for name in ends}
    for name, errors in ends.items():
        history = [
            Epoch(seed, epoch, 0.1, 0.5, 1 - error - 0.5 * (1 - epoch), 0.5, 0.25)
            for seed, error in enumerate(errors)
            for epoch in range(2)
        ]
        save_history(found.root / "models/deep" / name / "history.csv", history)
    return replace(found, params=found.params.model_copy(update={"variants": found.params.variants | variants}))


def blocks(found: Found) -> Any:
    from lookalike.reporting.document import section

    return section("depth", "depth", *depth(found))


def test_depths_are_compared_wherever_they_were_trained(found: Found, drawn: dict[str, Any]) -> None:
    part = blocks(trained(found, dict(zip(NETWORKS, [(0.2,), (0.3,), (0.2,), (0.1,)], strict=True))))
    table = tables(part)["Depth, with and without shortcuts"]
    assert rows(table)[1] == ["plain-56", "56", "1", "2", "30.00", "–", "75.00", "–"]
    assert "plain +10.0 points, from too few seeds for an interval; residual −10.0 points" in prose(part)[0]
    assert "Not run" not in prose(part)[0]
    histories, looks_of = drawn["depth"]
    assert list(histories) == list(looks_of) == list(NETWORKS)
    assert len(figures(part)["fashion-depth"].numbers[0].rows) == 8


def test_several_seeds_have_an_interval(found: Found, drawn: dict[str, Any]) -> None:
    part = blocks(trained(found, {"plain-20": (0.2, 0.21), "plain-56": (0.3, 0.31), "residual-20": (0.2, 0.2)}))
    assert "plain +10.0 (+7.0 to +13.0) points (95 %, Welch, over seeds); residual not known." in prose(part)[0]
    assert "**Not run**: residual-56." in prose(part)[0]


def test_a_seed_that_diverged_is_not_counted(found: Found, drawn: dict[str, Any]) -> None:
    whole = trained(found, {"plain-20": (0.2, 0.4), "plain-56": (0.3,)})
    path = whole.root / "models/deep/plain-20/history.csv"
    lines = path.read_text().splitlines()
    lines[-1] = lines[-1].replace(",0.5,", ",nan,", 1)
    path.write_text("\n".join(lines) + "\n")
    table = tables(blocks(whole))["Depth, with and without shortcuts"]
    assert rows(table)[0][2:5] == ["1", "2", "20.00"]


@pytest.mark.usefixtures("drawn")
def test_where_none_was_trained_that_is_said(found: Found) -> None:
    assert prose(blocks(found)) == [f"**Not run**: none of the variants {', '.join(NETWORKS)} is there."]
