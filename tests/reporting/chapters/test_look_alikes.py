"""Look-alike classes and pairs of variants: figures with the numbers of the artifacts, and what is left out."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from blocks import figures, header, prose, rows, shown, tables, titles
from small_study import CHOSEN, CNN, EVALUATED, FEW, FIGURES, LABELS, PAIR, SmallStudy

from lookalike.params import Variant
from lookalike.reporting.chapters.found import Found
from lookalike.reporting.chapters.look_alikes import (
    listed,
    look_alikes,
    on_test_images,
    pairs,
    trained_on,
    trained_with,
)
from lookalike.reporting.document import amounts, count, fine, p, percent, points, shares, significant
from lookalike.reporting.leaderboard import MEASURED, Standing

Json = dict[str, Any]
MakeVariant = Callable[..., Variant]


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


# look-alike classes


def test_errors_and_probabilities_are_drawn_and_told_of_every_variant(found: Found, drawn: Json) -> None:
    part = look_alikes(found)
    variants = found.figures.look_alikes["variants"]
    assert shown(part) == {
        "fashion-errors": "PNG of errors",
        "fashion-shares": "PNG of shares",
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


def test_what_diverged_has_no_accuracy_on_test_images() -> None:
    assert on_test_images(standing("hot", accuracy=None)) is None
    assert on_test_images(standing("cnn", accuracy=0.0)) == estimate(0.0)


@pytest.mark.parametrize(("numbers", "said"), [([], "none"), ([3], "1 (numbers 3)"), ([3, 57], "2 (numbers 3, 57)")])
def test_images_are_counted_and_named(numbers: list[int], said: str) -> None:
    assert listed(numbers) == said


@pytest.mark.parametrize(
    ("images", "near", "said"),
    [
        ([3, 57], [91], ("as well: 2 (numbers 3, 57).", "being the same: 1 (numbers 91).")),
        ([], [91, 5], ("as well: none.", "being the same: 2 (numbers 91, 5).")),
        ([3], [], ("as well: 1 (numbers 3).", "being the same: none.")),
        ([], [], ("as well: none.", "being the same: none.")),
    ],
)
def test_images_that_were_trained_on_are_told(
    found: Found, images: list[int], near: list[int], said: tuple[str, str]
) -> None:
    accuracy = {name: {"with": 0.5, "without": 0.25} for name in EVALUATED}
    part = trained_on(changed(found, duplicates={"images": images, "near": near, "accuracy": accuracy}))
    (text,) = prose(part)
    assert [one for one in said if one not in text] == []
    expected = [[[name, "50.00", "25.00"] for name in EVALUATED]] if images or near else []
    assert [rows(table) for table in tables(part).values()] == expected


# pairs


def test_a_pair_is_told_with_its_tests(found: Found, drawn: Json) -> None:
    part = pairs(found)
    (pair,) = found.figures.look_alikes["pairs"]
    assert rows(tables(part)["Pairs of variants"]) == [
        [
            f"{CNN}, {FEW}",
            "9 and 1",
            points(pair["accuracy_difference"]),
            *(count(pair[key]) for key in ("only_first_right", "only_second_right")),
            p(pair["mcnemar_p"]),
            amounts(pair["error_consistency"]),
            count(pair["same_prediction"]),
            *(fine(pair[key]) for key in ("divergence", "divergence_calibrated")),
            shares(pair["confidence_gap"]),
        ]
    ]
    forest = figures(part)["fashion-pairs"]
    assert drawn["pair"] == ([pair | {"pair": f"{CNN}, {FEW}"}],)
    assert forest.variants == EVALUATED
    (table,) = forest.numbers
    cases, kinds = ("both_wrong", "both_right_with_look_alikes"), ("true", "look_alikes", "outside")
    assert rows(table) == [[f"{CNN}, {FEW}", *(points(pair[case][kind]) for case in cases for kind in kinds)]]


def test_a_pair_that_was_trained_on_equally_many_images_has_one_number() -> None:
    pair = {"first": "a", "second": "b"}
    assert trained_with(pair, {"a": 48_000, "b": 48_000}) == "48,000"
    assert trained_with(pair, {"a": 48_000, "b": 6_000}) == "48,000 and 6,000"


def test_a_pair_is_shown_with_the_images_that_a_rule_picked(found: Found, study: SmallStudy, drawn: Json) -> None:
    part = pairs(found)
    assert shown(part) == {
        "fashion-pairs": "PNG of pair",
        f"{PAIR}-cases": f"{FIGURES}/{PAIR}/cases",
        f"{PAIR}-divergence": f"comparisons/fashion/pairs/{PAIR}/divergence",
    }
    assert titles(part) == ["Pairs of variants on the same images", f"{CNN} and {FEW}: cases by rule"]
    picture, names = figures(part)[f"{PAIR}-cases"], study.class_names
    assert picture.stage == "compare@fashion"
    assert f"among the {len(CHOSEN)} that the report shows" in picture.caption
    (table,), (pair,) = picture.numbers, found.figures.look_alikes["pairs"]
    assert len(table.rows) == len(pair["cases"]) > 2
    for row, case in zip(rows(table), pair["cases"], strict=True):
        index = case["index"]
        assert index in CHOSEN
        said: list[str] = []
        for name in EVALUATED:
            given = found.probabilities(name)[index]
            said += [names[study.logits(name)[index].argmax()], percent(given.max())]
        assert row == [case["rule"], str(index), names[LABELS[index]], *said, significant(case["divergence"])]


def test_the_ranking_by_divergence_is_told(found: Found, drawn: Json) -> None:
    (table,) = figures(pairs(found))[f"{PAIR}-divergence"].numbers
    ranking = found.figures.look_alikes["pairs"][0]["ranking"]
    columns = [[row[k].key for row in table.rows] for k in range(3)]
    assert columns == [ranking[key] for key in ("indices", "divergence", "divergence_calibrated")]
    assert len(columns[0]) > 5


def test_a_pair_that_was_not_drawn_has_its_numbers_alone(found: Found, drawn: Json) -> None:
    for path in (f"{FIGURES}/{PAIR}/cases.png", f"comparisons/fashion/pairs/{PAIR}/divergence.png"):
        assert len(shown(pairs(found))) > 1
        (found.root / path).unlink()
    part = pairs(found)
    assert set(shown(part)) == {"fashion-pairs"}
    assert titles(part) == ["Pairs of variants on the same images"]
    assert list(tables(part)) == ["Pairs of variants"]


def test_unknown_figures_of_a_pair_are_dashes(found: Found, drawn: Json) -> None:
    (pair,) = found.figures.look_alikes["pairs"]
    unknown = pair | {"divergence": None, "error_consistency": None, "mcnemar_p": 1.2e-6}
    (row,) = rows(tables(pairs(changed(found, pairs=[unknown])))["Pairs of variants"])
    assert [row[k] for k in (5, 6, 8)] == ["< 0.0001", "–", "–"]


def test_without_pairs_there_is_no_such_chapter(found: Found, drawn: Json) -> None:
    assert pairs(changed(found, pairs=[])) is None
    assert drawn == {}
