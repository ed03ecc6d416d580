"""Look-alike classes: figures with the numbers of the artifacts, findings, and images that were trained on."""

from dataclasses import fields, replace
from typing import Any

import pytest
from blocks import figures, header, prose, rows, shown, tables
from small_study import CNN, EVALUATED

from lookalike.reporting.chapters.look_alikes import (
    duplicate_section,
    image_numbers,
    look_alikes_chapter,
    probability_sentence,
    within_group_sentence,
)
from lookalike.reporting.chapters.sentences import NOTHING
from lookalike.reporting.chapters.study_results import StudyResults, accuracy_estimate
from lookalike.reporting.forms import amounts, count, points, shares
from lookalike.reporting.leaderboard import Standing

Json = dict[str, Any]


def estimate(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.1, "high": value + 0.2}


def standing(variant: str, *, train_images: int = 100, accuracy: float | None = 0.5) -> Standing:
    known = estimate(accuracy) if accuracy is not None else dict.fromkeys(("value", "low", "high"))
    unknown: dict[str, Any] = {field.name: None for field in fields(Standing) if "None" in str(field.type)}
    row = Standing(
        study="fashion",
        variant=variant,
        seeds=int(accuracy is not None),
        diverged=int(accuracy is None),
        **unknown,
        parameters=1,
        macs=2,
        train_images=train_images,
        epochs=3,
        training_seconds=4.0,
        images_per_second=5.0,
    )
    return replace(row, accuracy=known["value"], accuracy_low=known["low"], accuracy_high=known["high"])


def changed(results: StudyResults, **look_alikes: Any) -> StudyResults:
    """The same with some of what was found of look-alikes replaced."""
    return replace(
        results, measurements=replace(results.measurements, look_alikes=results.measurements.look_alikes | look_alikes)
    )


def at_chance(results: StudyResults, *names: str) -> StudyResults:
    """The same with some variants that are not above chance."""
    low = [replace(row, accuracy_low=0.05) if row.variant in names else row for row in results.standings]
    return replace(results, standings=low)


def test_the_share_of_errors_within_the_group_is_said() -> None:
    def row(value: float, low: float, high: float) -> Json:
        return {"severity": {"value": value, "low": low, "high": high}}

    assert within_group_sentence({"a": row(1.16, 1.14, 1.18), "b": row(1.21, 1.19, 1.23)}) == (
        "The share of errors within the look-alike group is 84 % (82 to 86) for a and 79 % (77 to 81) for b."
    )
    assert within_group_sentence({"a": row(1.16, 1.14, 1.18), "b": {"severity": None}}) == (
        "The share of errors within the look-alike group is 84 % (82 to 86) for a; b made no error."
    )
    assert within_group_sentence({"a": {"severity": None}}) == "a made no error."
    assert within_group_sentence({}) == NOTHING


def test_the_probability_of_look_alikes_in_errors_is_said() -> None:
    one = {"look_alikes_wrong": {"value": 0.31, "low": 0.27, "high": 0.345}}
    assert probability_sentence({"a": one, "b": {"look_alikes_wrong": None}}) == (
        "On wrongly classified images the mean probability of the true class's look-alikes is 31 % (27 to 34) for a."
    )
    assert probability_sentence({"b": {"look_alikes_wrong": None}}) == (
        "No error was made, so that nothing is known of its probabilities."
    )


def test_findings_are_about_the_focus_variant(results: StudyResults, drawn: Json) -> None:
    part = look_alikes_chapter(results)
    focus = {CNN: results.measurements.look_alikes["variants"][CNN]}
    errors, probabilities = figures(part).values()
    assert part.finding == errors.words.finding == within_group_sentence(focus)
    assert probabilities.words.finding == probability_sentence(focus)
    assert (errors.main, probabilities.main) == (True, False)


def test_variants_at_chance_have_no_rows(results: StudyResults, drawn: Json) -> None:
    part = look_alikes_chapter(at_chance(results, CNN))
    assert figures(part)["fashion-errors"].variants == EVALUATED[1:]
    nothing = look_alikes_chapter(at_chance(results, *EVALUATED))
    assert (nothing.finding, shown(nothing)) == (NOTHING, {})


def test_errors_and_probabilities_are_drawn_and_shown_of_every_variant(results: StudyResults, drawn: Json) -> None:
    part = look_alikes_chapter(results)
    variants = results.measurements.look_alikes["variants"]
    assert shown(part) == {
        "fashion-errors": "picture of errors",
        "fashion-shares": "picture of shares",
    }
    assert drawn["errors"] == drawn["shares"] == (variants,)
    (errors,) = figures(part)["fashion-errors"].numbers
    assert rows(errors) == [
        [
            name,
            *(shares(one[key]) for key in ("group_accuracy", "confused_within", "confused_across")),
            amounts(one["severity"]),
            count(one["mistakes"]),
            *(amounts(one[key]) for key in ("shopper_true", "shopper_group")),
            shares(one["margin"]),
            amounts(one["entropy"]),
            points(one["overconfidence"]),
        ]
        for name, one in variants.items()
    ]
    (probability,) = figures(part)["fashion-shares"].numbers
    kinds = [(part, case) for case in ("all", "right", "wrong") for part in ("true", "look_alikes", "outside")]
    assert header(probability) == ["variant", *(f"{part.replace('_', '-')}, {case}" for part, case in kinds)]
    assert rows(probability) == [
        [name, *(shares(one[f"{part}_{case}"]) for part, case in kinds)] for name, one in variants.items()
    ]


def test_a_model_that_makes_no_mistakes_has_no_severity(results: StudyResults, drawn: Json) -> None:
    variants = results.measurements.look_alikes["variants"]
    sure = variants[CNN] | {"mistakes": 0.0, "severity": None, "true_wrong": None}
    part = look_alikes_chapter(changed(results, variants=variants | {CNN: sure}))
    (errors,), (probability,) = (figures(part)[f"fashion-{kind}"].numbers for kind in ("errors", "shares"))
    assert rows(errors)[0][4:6] == ["–", "0"]
    assert rows(probability)[0][7] == "–"
    assert part.finding == f"{CNN} made no error."


def test_what_diverged_has_no_accuracy_accuracy_estimate() -> None:
    assert accuracy_estimate(standing("hot", accuracy=None)) is None
    assert accuracy_estimate(standing("cnn", accuracy=0.0)) == estimate(0.0)


@pytest.mark.parametrize(("numbers", "said"), [([], "none"), ([3], "1 (numbers 3)"), ([3, 57], "2 (numbers 3, 57)")])
def test_images_are_counted_and_named(numbers: list[int], said: str) -> None:
    assert image_numbers(numbers) == said


@pytest.mark.parametrize(
    ("images", "near", "said"),
    [
        ([3, 57], [91], ("byte for byte: 2 (numbers 3, 57).", "of the same label: 1 (numbers 91).")),
        ([], [91, 5], ("byte for byte: none.", "of the same label: 2 (numbers 91, 5).")),
        ([3], [], ("byte for byte: 1 (numbers 3).", "of the same label: none.")),
    ],
)
def test_images_that_were_trained_on_are_named(
    results: StudyResults, images: list[int], near: list[int], said: tuple[str, str]
) -> None:
    accuracy = {CNN: {"with": 0.5, "without": 0.25}, EVALUATED[1]: {"with": 0.5, "without": 0.625}}
    part = duplicate_section(changed(results, duplicates={"images": images, "near": near, "accuracy": accuracy}))
    (text,) = prose(part)
    assert [one for one in said if one not in text] == []
    (table,) = tables(part).values()
    assert rows(table) == [[CNN, "50.00", "25.00"], [EVALUATED[1], "50.00", "62.50"]]
    assert part.finding == (
        f"{len(images)} test images are also in the training set and {len(near)} nearly so; without them the accuracy "
        f"changes by at most 25.00 percentage points ({CNN})."
    )


def test_without_images_that_were_trained_on_that_is_said(results: StudyResults) -> None:
    part = duplicate_section(changed(results, duplicates={"images": [], "near": [], "accuracy": {}}))
    assert part.finding == "No test image is also in the training set, exactly or nearly."
    assert part.blocks == ()


def test_where_all_test_images_were_trained_on_no_accuracy_is_left(results: StudyResults) -> None:
    accuracy = {CNN: {"with": 0.5, "without": None}}
    part = duplicate_section(changed(results, duplicates={"images": [3], "near": [], "accuracy": accuracy}))
    assert part.finding == "1 test images are also in the training set and 0 nearly so."
