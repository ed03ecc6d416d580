"""Look-alike classes: figures with the numbers of the artifacts, findings, and images that were trained on."""

from dataclasses import replace
from typing import Any

import pytest
from blocks import figures, header, prose, rows, shown, tables
from small_study import CNN, EVALUATED

from lookalike.reporting.chapters.found import Found
from lookalike.reporting.chapters.look_alikes import given, look_alikes, numbered, on_test_images, trained_on, within
from lookalike.reporting.chapters.sentences import NOTHING
from lookalike.reporting.document import amounts, count, points, shares
from lookalike.reporting.leaderboard import MEASURED, Standing

Json = dict[str, Any]


def estimate(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.1, "high": value + 0.2}


def standing(variant: str, *, train_images: int = 100, accuracy: float | None = 0.5) -> Standing:
    known = estimate(accuracy) if accuracy is not None else dict.fromkeys(("value", "low", "high"))
    return Standing(
        study="fashion",
        variant=variant,
        seeds=int(accuracy is not None),
        diverged=int(accuracy is None),
        accuracy=known["value"],
        accuracy_sd=None,
        accuracy_low=known["low"],
        accuracy_high=known["high"],
        **dict.fromkeys(MEASURED - {"accuracy", "accuracy_sd", "accuracy_low", "accuracy_high"}),
        parameters=1,
        macs=2,
        train_images=train_images,
        epochs=3,
        training_seconds=4.0,
        images_per_second=5.0,
    )


def changed(found: Found, **look_alikes: Any) -> Found:
    """The same with some of what was found of look-alikes replaced."""
    return replace(found, figures=replace(found.figures, look_alikes=found.figures.look_alikes | look_alikes))


def at_chance(found: Found, *names: str) -> Found:
    """The same with some variants that are not above chance."""
    low = [replace(row, accuracy_low=0.05) if row.variant in names else row for row in found.standings]
    return replace(found, standings=low)


def test_the_share_of_errors_within_the_group_is_said() -> None:
    def row(value: float, low: float, high: float) -> Json:
        return {"severity": {"value": value, "low": low, "high": high}}

    assert within({"a": row(1.16, 1.14, 1.18), "b": row(1.21, 1.19, 1.23)}) == (
        "The share of errors within the look-alike group is 84 % (82 to 86) for a and 79 % (77 to 81) for b."
    )
    assert within({"a": row(1.16, 1.14, 1.18), "b": {"severity": None}}) == (
        "The share of errors within the look-alike group is 84 % (82 to 86) for a; b made no error."
    )
    assert within({"a": {"severity": None}}) == "a made no error."
    assert within({}) == NOTHING


def test_the_probability_of_look_alikes_in_errors_is_said() -> None:
    one = {"look_alikes_wrong": {"value": 0.31, "low": 0.27, "high": 0.345}}
    assert given({"a": one, "b": {"look_alikes_wrong": None}}) == (
        "On wrongly classified images the mean probability of the true class's look-alikes is 31 % (27 to 34) for a."
    )
    assert given({"b": {"look_alikes_wrong": None}}) == (
        "No error was made, so that nothing is known of its probabilities."
    )


def test_findings_are_about_the_focus_variant(found: Found, drawn: Json) -> None:
    part = look_alikes(found)
    focus = {CNN: found.figures.look_alikes["variants"][CNN]}
    errors, probabilities = figures(part).values()
    assert part.finding == errors.words.finding == within(focus)
    assert probabilities.words.finding == given(focus)
    assert (errors.main, probabilities.main) == (True, False)


def test_variants_at_chance_have_no_rows(found: Found, drawn: Json) -> None:
    part = look_alikes(at_chance(found, CNN))
    assert figures(part)["fashion-errors"].variants == EVALUATED[1:]
    nothing = look_alikes(at_chance(found, *EVALUATED))
    assert (nothing.finding, shown(nothing)) == (NOTHING, {})


def test_errors_and_probabilities_are_drawn_and_shown_of_every_variant(found: Found, drawn: Json) -> None:
    part = look_alikes(found)
    variants = found.figures.look_alikes["variants"]
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


def test_a_model_that_makes_no_mistakes_has_no_severity(found: Found, drawn: Json) -> None:
    variants = found.figures.look_alikes["variants"]
    sure = variants[CNN] | {"mistakes": 0.0, "severity": None, "true_wrong": None}
    part = look_alikes(changed(found, variants=variants | {CNN: sure}))
    (errors,), (probability,) = (figures(part)[f"fashion-{kind}"].numbers for kind in ("errors", "shares"))
    assert rows(errors)[0][4:6] == ["–", "0"]
    assert rows(probability)[0][7] == "–"
    assert part.finding == f"{CNN} made no error."


def test_what_diverged_has_no_accuracy_on_test_images() -> None:
    assert on_test_images(standing("hot", accuracy=None)) is None
    assert on_test_images(standing("cnn", accuracy=0.0)) == estimate(0.0)


@pytest.mark.parametrize(("numbers", "said"), [([], "none"), ([3], "1 (numbers 3)"), ([3, 57], "2 (numbers 3, 57)")])
def test_images_are_counted_and_named(numbers: list[int], said: str) -> None:
    assert numbered(numbers) == said


@pytest.mark.parametrize(
    ("images", "near", "said"),
    [
        ([3, 57], [91], ("byte for byte: 2 (numbers 3, 57).", "of the same label: 1 (numbers 91).")),
        ([], [91, 5], ("byte for byte: none.", "of the same label: 2 (numbers 91, 5).")),
        ([3], [], ("byte for byte: 1 (numbers 3).", "of the same label: none.")),
    ],
)
def test_images_that_were_trained_on_are_named(
    found: Found, images: list[int], near: list[int], said: tuple[str, str]
) -> None:
    accuracy = {CNN: {"with": 0.5, "without": 0.25}, EVALUATED[1]: {"with": 0.5, "without": 0.625}}
    part = trained_on(changed(found, duplicates={"images": images, "near": near, "accuracy": accuracy}))
    (text,) = prose(part)
    assert [one for one in said if one not in text] == []
    (table,) = tables(part).values()
    assert rows(table) == [[CNN, "50.00", "25.00"], [EVALUATED[1], "50.00", "62.50"]]
    assert part.finding == (
        f"{len(images)} test images are also in the training set and {len(near)} nearly so; without them the accuracy "
        f"changes by at most 25.00 percentage points ({CNN})."
    )


def test_without_images_that_were_trained_on_that_is_said(found: Found) -> None:
    part = trained_on(changed(found, duplicates={"images": [], "near": [], "accuracy": {}}))
    assert part.finding == "No test image is also in the training set, exactly or nearly."
    assert part.blocks == ()


def test_where_all_test_images_were_trained_on_no_accuracy_is_left(found: Found) -> None:
    accuracy = {CNN: {"with": 0.5, "without": None}}
    part = trained_on(changed(found, duplicates={"images": [3], "near": [], "accuracy": accuracy}))
    assert part.finding == "1 test images are also in the training set and 0 nearly so."
