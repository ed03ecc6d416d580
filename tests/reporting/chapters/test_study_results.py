"""What chapters are written from: the artifacts of one study, and figures that are there or not."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from small_study import CNN, DIVERGED, EVALUATED, FEW, LABELS, SmallStudy

from lookalike.evaluation.metrics import softmax
from lookalike.reporting.chapters.study_results import StudyResults, not_above_chance, on_first_page, rows_of_columns
from lookalike.reporting.document import Words
from lookalike.reporting.figures.style import FAMILIES
from lookalike.reporting.forms import text
from lookalike.reporting.tables import Column, tabulate

WORDS = Words("A finding.", "How to read it.", "Alt text")
NUMBERS = tabulate("Numbers", (Column("name", "name", text),), [{"name": "one"}])


def test_a_study_knows_its_variants_and_its_data(results: StudyResults, study: SmallStudy) -> None:
    assert list(results.settings) == [row.variant for row in results.standings] == [DIVERGED, *EVALUATED]
    assert results.evaluated == list(EVALUATED)
    assert list(results.focus_variants) == results.focus == [CNN]
    assert results.learnt == list(EVALUATED)
    assert results.families == {DIVERGED: "ViT", CNN: "CNN", FEW: "CNN"}
    assert results.data == "fashion_mnist"
    assert results.class_names == study.class_names
    np.testing.assert_array_equal(results.labels, LABELS)


def test_probabilities_are_those_of_the_first_seed(results: StudyResults, study: SmallStudy) -> None:
    np.testing.assert_array_equal(results.probabilities(FEW), softmax(study.logits(FEW)))


def test_a_figure_that_a_stage_drew_is_shown_as_it_is(results: StudyResults) -> None:
    path = results.root / f"comparisons/fashion/figures/{CNN}/map.webp"
    figure = results.stored_chart(f"figures/{CNN}/map", WORDS, [CNN], NUMBERS)
    assert figure is not None
    assert (figure.name, figure.words, figure.main) == (f"{CNN}-map", WORDS, False)
    assert (figure.picture.wide.webp, figure.stage) == (path.read_bytes(), "compare@fashion")
    assert (figure.variants, figure.numbers) == ((CNN,), (NUMBERS,))
    named = results.stored_chart(f"figures/{CNN}/map", WORDS, [CNN], name="name")
    assert named is not None
    assert named.name == "name"
    assert results.stored_chart(f"figures/{CNN}/none", WORDS, [CNN], NUMBERS) is None


def test_a_figure_of_the_report_has_the_study_in_its_name(results: StudyResults) -> None:
    empty = Figure(figsize=(1, 1))
    figure = results.drawn_figure(empty, "name", WORDS, [CNN, FEW], NUMBERS)
    assert figure is not None
    assert (figure.name, figure.stage, figure.variants) == ("fashion-name", "report", (CNN, FEW))
    assert figure.picture.wide.webp[8:12] == b"WEBP"
    assert results.drawn_figure(None, "name", WORDS, [CNN]) is None


def test_arrays_by_name_become_rows() -> None:
    assert rows_of_columns({"a": [1, 2], "b": [3, 4]}) == [{"a": 1, "b": 3}, {"a": 2, "b": 4}]
    assert rows_of_columns({"a": []}) == []
    with pytest.raises(ValueError, match="shorter"):
        rows_of_columns({"a": [1, 2], "b": [3]})


def test_of_variants_that_all_diverged_nothing_is_evaluated(results: StudyResults) -> None:
    assert replace(results, standings=[replace(row, seeds=0) for row in results.standings]).evaluated == []


def test_a_variant_at_chance_has_learnt_nothing(results: StudyResults) -> None:
    low = [replace(row, accuracy_low=results.chance) if row.variant == CNN else row for row in results.standings]
    idle = replace(results, standings=low)
    assert (idle.learnt, idle.focus) == ([FEW], [])
    assert [not_above_chance(row, results.chance) for row in low] == [False, True, False]


def test_a_variant_looks_the_same_in_all_figures_and_a_family_has_its_colour(results: StudyResults) -> None:
    assert results.looks[CNN]["color"] == FAMILIES["CNN"]
    assert results.looks[DIVERGED]["color"] == FAMILIES["ViT"]
    assert results.looks[FEW]["color"] not in FAMILIES.values()


def test_a_main_figure_is_marked(results: StudyResults) -> None:
    figure = results.drawn_figure(Figure(figsize=(1, 1)), "name", WORDS, [CNN])
    shown = on_first_page(figure)
    assert shown is not None
    assert shown.main
    assert on_first_page(None) is None
