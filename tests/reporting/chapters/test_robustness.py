"""Corrupted images in the report: findings, figures of the focus variants, numbers of every variant."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from blocks import figures, header, rows, shown, tables, titles
from small_study import CNN, EVALUATED, FEW, FIGURES, TESTED, SmallStudy

from lookalike.data.corruptions import CORRUPTIONS, OTHER, SEVERITIES
from lookalike.reporting.chapters.robustness import (
    kept_accuracy_sentence,
    last_layer_sentence,
    layer_similarity_sentence,
    robustness_chapter,
    worst_corruption_sentence,
)
from lookalike.reporting.chapters.sentences import NOTHING
from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.document import Json
from lookalike.reporting.forms import amounts, points, shares


def without(results: StudyResults, **changed: Json) -> StudyResults:
    return replace(results, measurements=replace(results.measurements, **changed))


def estimate(value: float) -> Json:
    return {"value": value, "low": value - 0.01, "high": value + 0.01}


def scored(clean: float, overall: float, **kinds: Sequence[float]) -> Json:
    """A variant with these accuracies by kind and severity; its calibration errors are what they leave."""
    return {
        "clean": {"accuracy": estimate(clean), "ece": estimate(0.02)},
        "overall": estimate(overall),
        "kinds": {
            kind: [{"accuracy": estimate(value), "ece": estimate(1 - value)} for value in values]
            for kind, values in kinds.items()
        },
    }


A = scored(0.9, 0.549, blur=[0.9, 0.3], contrast=[0.4, 0.4])
B = scored(0.8, 0.528, blur=[0.8, 0.55], contrast=[0.5, 0.45])


def test_what_is_kept_and_the_largest_loss_are_said() -> None:
    assert kept_accuracy_sentence({"a": A, "b": B}) == (
        "The share of the clean accuracy that is kept over all corruptions is 61 % for a and 66 % for b; the largest "
        "loss is under contrast."
    )
    assert kept_accuracy_sentence({"a": A}) == (
        "The share of the clean accuracy that is kept over all corruptions is 61 % for a; the largest loss is under "
        "contrast."
    )
    assert kept_accuracy_sentence({}) == NOTHING


def test_the_worst_corruption_of_each_variant_is_said() -> None:
    assert worst_corruption_sentence({"a": A, "b": B}, "accuracy") == (
        "Accuracy is lowest at 30 % (29 to 31) for a (blur, severity 2) and 45 % (44 to 46) for b (contrast, "
        "severity 2)."
    )
    assert worst_corruption_sentence({"a": A}, "ece") == (
        "Expected calibration error (ECE) is highest at 70 % (69 to 71) for a (blur, severity 2)."
    )


def test_layers_are_said_from_the_first_to_the_last() -> None:
    kinds = {
        kind: [{"layer": "conv", "cosine": estimate(first)}, {"layer": "dense", "cosine": estimate(last)}]
        for kind, first, last in (("blur", 0.9, 0.8), ("contrast", 0.8, 0.5), (OTHER, 0.4, 0.2))
    }
    assert layer_similarity_sentence("a", kinds) == (
        "From the first to the last layer of a the mean cosine between outputs for clean and corrupted images goes "
        "from 0.85 to 0.65."
    )
    assert last_layer_sentence("a", kinds) == (
        "In the last layer of a the cosine with the output for the clean image is lowest under contrast: 0.50 (0.49 "
        "to 0.51), against 0.20 (0.19 to 0.21) for another image."
    )


def test_figures_are_drawn_from_what_was_found(results: StudyResults, drawn: Json, study: SmallStudy) -> None:
    part: Any = robustness_chapter(results)
    assert titles(part) == ["Corrupted images"]
    assert shown(part) == {
        "fashion-corruptions": "picture of corruptions",
        "fashion-corrupted": "picture of overall",
        "fashion-corrupted-accuracy": "picture of severity",
        "fashion-corrupted-ece": "picture of severity",
        f"{CNN}-layers": f"{FIGURES}/{CNN}/layers",
        f"fashion-{CNN}-drift": "picture of drift",
    }
    variants = study.on_corrupted["variants"]
    assert drawn["overall"] == (variants,)
    assert drawn["severity"] == ({CNN: variants[CNN]}, "ece", results.looks)  # the last
    assert drawn["drift"] == (results.measurements.explanations[CNN]["drift"]["kinds"],)
    np.testing.assert_array_equal(drawn["corruptions"][0], study.test_set.images[0])
    overall = figures(part)["fashion-corrupted"]
    assert [one.name for one in figures(part).values() if one.main] == ["fashion-corrupted"]
    assert part.finding == overall.words.finding == kept_accuracy_sentence({CNN: variants[CNN]})
    assert f"{TESTED} test images" in overall.words.method


def test_every_variant_is_shown_overall_and_by_kind_and_severity(
    results: StudyResults, drawn: Json, study: SmallStudy
) -> None:
    part, variants = robustness_chapter(results), study.on_corrupted["variants"]
    overall = figures(part)["fashion-corrupted"].numbers[0]
    assert rows(overall) == [
        [
            *(name, shares(variants[name]["clean"]["accuracy"]), shares(variants[name]["overall"])),
            shares(variants[name]["clean"]["ece"]),
        ]
        for name in EVALUATED
    ]
    everything = tables(part)["By kind and severity"]
    assert len(header(everything)) == 2 + 2 * len(SEVERITIES)
    assert sum(not column.extra for column in everything.columns) == 2 + len(SEVERITIES)
    assert rows(everything) == [
        [name, kind, *(shares(one[key]) for key in ("accuracy", "ece") for one in variants[name]["kinds"][kind])]
        for name in EVALUATED
        for kind in CORRUPTIONS
    ]


def test_pairs_are_shown_with_their_difference(results: StudyResults, drawn: Json, study: SmallStudy) -> None:
    (pair,) = study.on_corrupted["pairs"]
    _, differences = figures(robustness_chapter(results))["fashion-corrupted"].numbers
    assert rows(differences) == [[CNN, FEW, points(pair["overall"])]]
    alone = without(results, robustness=study.on_corrupted | {"pairs": []})
    assert len(figures(robustness_chapter(alone))["fashion-corrupted"].numbers) == 1


def test_variants_at_chance_have_no_rows(results: StudyResults, drawn: Json) -> None:
    low = [replace(row, accuracy_low=0.05) if row.variant == CNN else row for row in results.standings]
    part = robustness_chapter(replace(results, standings=low))
    assert list(shown(part)) == ["fashion-corruptions", "fashion-corrupted"]
    assert figures(part)["fashion-corrupted"].variants == (FEW,)
    assert len(figures(part)["fashion-corrupted"].numbers) == 1  # no pair is left
    nothing: Any = robustness_chapter(replace(results, standings=[replace(row, accuracy_low=0.05) for row in low]))
    assert nothing.finding == NOTHING
    assert list(shown(nothing)) == ["fashion-corruptions"]
    assert tables(nothing) == {}


def test_layers_are_shown_with_the_yardstick(results: StudyResults, drawn: Json) -> None:
    (table,) = figures(robustness_chapter(results))[f"fashion-{CNN}-drift"].numbers
    drift = results.measurements.explanations[CNN]["drift"]["kinds"]
    assert list(drift)[-1] == OTHER
    expected = [[kind, row["layer"], amounts(row["cosine"])] for kind, layers in drift.items() for row in layers]
    assert rows(table) == expected


def test_a_focus_variant_whose_layers_were_not_followed_has_no_such_figure(results: StudyResults, drawn: Json) -> None:
    one = results.measurements.explanations[CNN] | {"drift": None}
    assert f"fashion-{CNN}-drift" not in shown(robustness_chapter(without(results, explanations={CNN: one})))
    assert f"fashion-{CNN}-drift" not in shown(robustness_chapter(without(results, explanations={})))


def test_a_study_without_corrupted_images_has_no_such_chapter(results: StudyResults, drawn: Json) -> None:
    assert robustness_chapter(without(results, robustness={})) is None
    assert drawn == {}
