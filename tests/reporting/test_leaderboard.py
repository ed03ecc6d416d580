"""The leaderboard's rows by hand."""

import csv
import io
from dataclasses import fields

from descriptions import described

from lookalike.artifacts.models import Description, SeedRecord
from lookalike.claims import claim as claims
from lookalike.claims import verdicts
from lookalike.claims.evidence import Evidence
from lookalike.claims.judging import judge
from lookalike.evaluation.hierarchical import mean_over_seeds
from lookalike.reporting.leaderboard import Standing, make_standing, to_csv
from lookalike.studies import CLAIMS

MEASURED = {field.name for field in fields(Standing) if "None" in str(field.type)}
SUMMARY = {
    "seeds": 2,
    "diverged": 1,
    "accuracy": 0.9,
    "accuracy_sd": 0.01,
    "accuracy_low": 0.89,
    "accuracy_high": 0.91,
    "top2_accuracy": 0.97,
    "nll": 0.3,
    "brier": 0.15,
    "ece": 0.02,
    "ece_low": 0.018,
    "ece_high": 0.023,
    "temperature": 1.4,
    "temperature_at_bound": 1,
    "calibrated_nll": 0.28,
    "calibrated_brier": 0.14,
    "calibrated_ece": 0.01,
}


def description(epochs: dict[int, int]) -> Description:
    seeds = tuple(SeedRecord(seed, count, None) for seed, count in epochs.items())
    return described(parameters=88_874, macs=5_000_000, train_images=4000, seeds=seeds)


def timing(seed: int, seconds: float, speed: float) -> dict[str, float]:
    return {"seed": seed, "epoch": 0, "seconds": seconds, "images_per_second": speed}


def test_a_standing_joins_evaluation_training_and_clock() -> None:
    timings = [timing(0, 1, 10), timing(0, 2, 20), timing(1, 9, 30), timing(4, 1, 50), timing(4, 3, 90)]
    row = make_standing("fashion", "cnn", SUMMARY, description({0: 2, 1: 1, 4: 2}), timings)
    assert {name: getattr(row, name) for name in MEASURED} == {name: SUMMARY[name] for name in MEASURED}
    assert (row.study, row.variant, row.seeds, row.diverged) == ("fashion", "cnn", 2, 1)
    assert (row.parameters, row.macs, row.train_images, row.epochs) == (88_874, 5_000_000, 4000, 2)
    assert row.training_seconds == 4  # the median of 3, 9 and 4
    assert row.images_per_second == 30


def test_unknown_values_are_empty_fields() -> None:
    one_seed = {name: value for name, value in SUMMARY.items() if name != "accuracy_sd"}
    rows = [
        make_standing("fashion", "one, seed", one_seed, description({0: 3}), [timing(0, 2.5, 1 / 3)]),
        make_standing("fashion", "none", {"seeds": 0, "diverged": 1}, description({0: 1}), [timing(0, 1, 2)]),
    ]
    text = to_csv(rows, Standing)
    assert "\r" not in text
    one, none = csv.DictReader(io.StringIO(text))
    assert list(one) == [field.name for field in fields(Standing)]
    assert one["variant"] == "one, seed"
    assert (one["accuracy_sd"], one["accuracy"], float(one["images_per_second"])) == ("", "0.9", 1 / 3)
    assert (none["seeds"], none["diverged"], none["training_seconds"]) == ("0", "1", "1.0")
    assert {none[name] for name in MEASURED} == {""}


def test_claims_are_written_in_the_same_way() -> None:
    quantity = mean_over_seeds([[-0.25, -0.5, 0.0]], [None])
    decided = claims.Test(
        "CNN", "a minus b", claims.above(0), lambda _: claims.Measurement(quantity, (3,), 9), (), "a leads by {}"
    )
    unseen = claims.Test("ViT", "", claims.above(0), None, (), "")
    claim = claims.Claim("F1", "fashion", 'a "beats" b, here', "page 1", "91 %", CLAIMS[0].rule, (decided, unseen))
    written = to_csv(verdicts.verdict_rows([judge(claim, Evidence({}))]), verdicts.VerdictRow)
    one, none = csv.DictReader(io.StringIO(written))
    assert list(one) == [field.name for field in fields(verdicts.VerdictRow)]
    assert (one["claim"], one["statement"], one["test"]) == ("F1", claim.statement, "CNN")
    assert (one["value"], float(one["high"]), one["images"]) == ("-0.25", quantity.interval()[1], "9")
    assert (one["runs"], one["verdict"]) == ("3 runs", "inconclusive")
    unknown = ("value", "low", "high", "images", "needed")
    assert [none[name] for name in (*unknown, "verdict")] == [*[""] * len(unknown), "not tested"]


def test_without_rows_the_header_remains() -> None:
    assert to_csv([], Standing).split(",")[:2] == ["study", "variant"]
    assert to_csv([], verdicts.VerdictRow).split(",")[-1] == "results_known\n"
    assert to_csv([], Standing).count("\n") == 1
