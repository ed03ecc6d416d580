"""Pairs of variants: figures with the numbers of the artifacts, findings, links, and what is left out."""

from dataclasses import replace
from typing import Any

from blocks import figures, rows, shown, tables, titles
from small_study import CHOSEN, CNN, EVALUATED, FEW, FIGURES, LABELS, PAIR, SmallStudy

from lookalike.reporting.address import explorer_address
from lookalike.reporting.chapters.pairs import (
    NO_PAIR,
    accuracy_difference_sentence,
    divergence_sentence,
    finding_pair,
    most_divergent_sentence,
    pairs_above_chance,
    pairs_chapter,
    train_images_text,
)
from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.document import Table
from lookalike.reporting.forms import amounts, count, fine, p, percent, points, shares, significant

Json = dict[str, Any]


def changed(results: StudyResults, **look_alikes: Any) -> StudyResults:
    """The same with some of what was found of look-alikes replaced."""
    return replace(
        results, measurements=replace(results.measurements, look_alikes=results.measurements.look_alikes | look_alikes)
    )


def table_of(results: StudyResults) -> Table:
    return figures(pairs_chapter(results))["fashion-pairs"].numbers[0]


def apart_by(first: str, second: str, value: float, reach: float) -> Json:
    """A pair whose accuracies differ so."""
    difference = {"value": value, "low": value - reach, "high": value + reach}
    return {"first": first, "second": second, "accuracy_difference": difference}


def test_the_finding_is_about_focus_variants_or_the_largest_difference(results: StudyResults) -> None:
    rows = [apart_by("a", "b", -0.2, 0.1), apart_by(CNN, "b", 0.012, 0.004), apart_by("b", "c", 0.1, 0.2)]
    assert accuracy_difference_sentence(results, rows) == (
        "The accuracy of a minus that of b is −20.0 points (−30.0 to −10.0); in 2 of 3 pairs the interval of the "
        "difference excludes 0."
    )
    assert accuracy_difference_sentence(results, rows[2:]) == (
        "The accuracy of b minus that of c is +10.0 points (−10.0 to +30.0); in 0 of 1 pairs the interval of the "
        "difference excludes 0."
    )
    settings = results.params.studies["fashion"].model_copy(update={"focus": EVALUATED})
    both = replace(results, params=results.params.model_copy(update={"studies": {"fashion": settings}}))
    focus = apart_by(CNN, FEW, 0.01, 0.02)
    assert finding_pair(both, [*rows, focus], "accuracy_difference") is focus
    assert accuracy_difference_sentence(results, []) == NO_PAIR


def test_pairs_with_a_variant_at_chance_are_left_out(results: StudyResults, drawn: Json) -> None:
    low = [replace(row, accuracy_low=0.05) if row.variant == FEW else row for row in results.standings]
    idle = replace(results, standings=low)
    assert pairs_above_chance(idle, [{"first": CNN, "second": FEW}, {"first": CNN, "second": CNN}]) == [
        {"first": CNN, "second": CNN}
    ]
    part: Any = pairs_chapter(idle)
    assert (part.finding, part.blocks) == (NO_PAIR, ())


def test_a_pair_is_shown_with_its_tests(results: StudyResults, drawn: Json) -> None:
    part: Any = pairs_chapter(results)
    (pair,) = results.measurements.look_alikes["pairs"]
    assert rows(table_of(results)) == [
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
    assert forest.words.finding == part.finding == accuracy_difference_sentence(results, [pair])
    _, table = forest.numbers
    cases, kinds = ("both_wrong", "both_right_with_look_alikes"), ("true", "look_alikes", "outside")
    assert rows(table) == [[f"{CNN}, {FEW}", *(points(pair[case][kind]) for case in cases for kind in kinds)]]


def test_a_pair_that_was_trained_on_equally_many_images_has_one_number() -> None:
    pair = {"first": "a", "second": "b"}
    assert train_images_text(pair, {"a": 48_000, "b": 48_000}) == "48,000"
    assert train_images_text(pair, {"a": 48_000, "b": 6_000}) == "48,000 and 6,000"


def test_a_pair_is_shown_with_the_images_that_a_rule_picked(
    results: StudyResults, study: SmallStudy, drawn: Json
) -> None:
    part = pairs_chapter(results)
    assert shown(part) == {
        "fashion-pairs": "picture of pair",
        f"{PAIR}-cases": f"{FIGURES}/{PAIR}/cases",
        f"{PAIR}-divergence": f"comparisons/fashion/pairs/{PAIR}/divergence",
    }
    assert titles(part) == ["Pairs of variants on the same images", f"{CNN} and {FEW}"]
    picture, names = figures(part)[f"{PAIR}-cases"], study.class_names
    assert picture.stage == "compare@fashion"
    assert f"among the {len(CHOSEN)} test images that the report shows" in picture.words.method
    (table,), (pair,) = picture.numbers, results.measurements.look_alikes["pairs"]
    assert len(table.rows) == len(pair["cases"]) > 2
    for row, case in zip(table.rows, pair["cases"], strict=True):
        index = case["index"]
        assert index in CHOSEN
        said: list[str] = []
        for name in EVALUATED:
            given = results.probabilities(name)[index]
            said += [names[study.logits(name)[index].argmax()], percent(given.max())]
        words = [str(index), case["rule"], names[LABELS[index]], *said, significant(case["divergence"])]
        assert [cell.text for cell in row] == words
        addresses = [explorer_address("fashion", CNN, second=FEW, image=index), *[""] * (len(row) - 1)]
        assert [cell.address for cell in row] == addresses


def test_the_most_divergent_case_is_said() -> None:
    cases = [
        {"index": 3, "rule": "same prediction, wrong", "divergence": 0.1},
        {"index": 57, "rule": "first right, second wrong", "divergence": 0.4123},
    ]
    assert most_divergent_sentence({"first": "a", "second": "b", "cases": cases}) == (
        "a and b differ most on test image 57 (first right, second wrong), with a divergence of 0.412 bits."
    )
    assert most_divergent_sentence({"first": "a", "second": "b", "cases": []}) == (
        "No test image that the report shows meets a rule."
    )


def test_the_mean_divergence_is_said() -> None:
    def bits(value: float) -> Json:
        return {"value": value, "low": value - 0.001, "high": value + 0.001}

    row = {"first": "a", "second": "b", "same_prediction": 9012, "divergence": bits(0.0123)}
    assert divergence_sentence(row | {"divergence_calibrated": bits(0.01)}) == (
        "On the 9,012 images with the same prediction a and b diverge by 0.0123 (0.0113 to 0.0133) bits in the mean, "
        "after temperature scaling by 0.0100 (0.0090 to 0.0110) bits."
    )
    none = divergence_sentence(row | {"divergence": None, "divergence_calibrated": None})
    assert none == "a and b predict the same class on no test image."


def test_the_ranking_by_divergence_is_shown(results: StudyResults, drawn: Json) -> None:
    (table,) = figures(pairs_chapter(results))[f"{PAIR}-divergence"].numbers
    ranking = results.measurements.look_alikes["pairs"][0]["ranking"]
    columns = [[row[k].key for row in table.rows] for k in range(3)]
    assert columns == [ranking[key] for key in ("indices", "divergence", "divergence_calibrated")]
    assert len(columns[0]) > 5


def test_a_pair_that_was_not_drawn_has_its_numbers_alone(results: StudyResults, drawn: Json) -> None:
    for path in (f"{FIGURES}/{PAIR}/cases.webp", f"comparisons/fashion/pairs/{PAIR}/divergence.webp"):
        assert len(shown(pairs_chapter(results))) > 1
        (results.root / path).unlink()
    part = pairs_chapter(results)
    assert set(shown(part)) == {"fashion-pairs"}
    assert titles(part) == ["Pairs of variants on the same images"]
    assert tables(part) == {}


def test_unknown_figures_of_a_pair_are_dashes(results: StudyResults, drawn: Json) -> None:
    (pair,) = results.measurements.look_alikes["pairs"]
    unknown = pair | {"divergence": None, "error_consistency": None, "mcnemar_p": 1.2e-6}
    (row,) = rows(table_of(changed(results, pairs=[unknown])))
    assert [row[k] for k in (5, 6, 8)] == ["< 0.0001", "–", "–"]


def test_without_pairs_there_is_no_such_chapter(results: StudyResults, drawn: Json) -> None:
    assert pairs_chapter(changed(results, pairs=[])) is None
    assert drawn == {}
