"""What chapters are written from: the artifacts of one study, and figures that are there or not."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from small_study import CNN, DIVERGED, EVALUATED, FEW, LABELS, SmallStudy

from lookalike.evaluation.metrics import softmax
from lookalike.reporting.chapters.found import Found, at_chance, main, rows_of
from lookalike.reporting.document import Column, Words, tabulate, text
from lookalike.reporting.figures.style import FAMILIES

WORDS = Words("A finding.", "How to read it.", "Alt text")
NUMBERS = tabulate("Numbers", (Column("name", "name", text),), [{"name": "one"}])


def test_a_study_knows_its_variants_and_its_data(found: Found, study: SmallStudy) -> None:
    assert list(found.settings) == [row.variant for row in found.standings] == [DIVERGED, *EVALUATED]
    assert found.evaluated == list(EVALUATED)
    assert list(found.focus_variants) == found.focus == [CNN]
    assert found.learnt == list(EVALUATED)
    assert found.families == {DIVERGED: "ViT", CNN: "CNN", FEW: "CNN"}
    assert found.data == "fashion_mnist"
    assert found.class_names == study.class_names
    np.testing.assert_array_equal(found.labels, LABELS)
    assert found.stage("compare") == "compare@fashion"


def test_probabilities_are_those_of_the_first_seed(found: Found, study: SmallStudy) -> None:
    np.testing.assert_array_equal(found.probabilities(FEW), softmax(study.logits(FEW)))


def test_a_figure_that_a_stage_drew_is_shown_as_it_is(found: Found) -> None:
    path = found.root / f"comparisons/fashion/figures/{CNN}/map.webp"
    figure = found.loaded(path, "name", WORDS, "compare", [CNN], NUMBERS)
    assert figure is not None
    assert (figure.name, figure.words, figure.main) == ("name", WORDS, False)
    assert (figure.picture.wide.webp, figure.stage) == (path.read_bytes(), "compare@fashion")
    assert (figure.variants, figure.numbers) == ((CNN,), (NUMBERS,))
    assert found.loaded(path.with_name("none.webp"), "name", WORDS, "compare", [CNN], NUMBERS) is None


def test_a_figure_of_the_report_has_the_study_in_its_name(found: Found) -> None:
    empty = Figure(figsize=(1, 1))
    figure = found.drawn(empty, "name", WORDS, [CNN, FEW], NUMBERS)
    assert figure is not None
    assert (figure.name, figure.stage, figure.variants) == ("fashion-name", "report", (CNN, FEW))
    assert figure.picture.wide.webp[8:12] == b"WEBP"
    assert found.drawn(None, "name", WORDS, [CNN]) is None


def test_arrays_by_name_become_rows() -> None:
    assert rows_of({"a": [1, 2], "b": [3, 4]}) == [{"a": 1, "b": 3}, {"a": 2, "b": 4}]
    assert rows_of({"a": []}) == []
    with pytest.raises(ValueError, match="shorter"):
        rows_of({"a": [1, 2], "b": [3]})


def test_of_variants_that_all_diverged_nothing_is_evaluated(found: Found) -> None:
    assert replace(found, standings=[replace(row, seeds=0) for row in found.standings]).evaluated == []


def test_a_variant_at_chance_has_learnt_nothing(found: Found) -> None:
    low = [replace(row, accuracy_low=found.chance) if row.variant == CNN else row for row in found.standings]
    idle = replace(found, standings=low)
    assert (idle.learnt, idle.focus) == ([FEW], [])
    assert [at_chance(row, found.chance) for row in low] == [False, True, False]


def test_a_variant_looks_the_same_in_all_figures_and_a_family_has_its_colour(found: Found) -> None:
    assert found.looks[CNN]["color"] == FAMILIES["CNN"]
    assert found.looks[DIVERGED]["color"] == FAMILIES["ViT"]
    assert found.looks[FEW]["color"] not in FAMILIES.values()


def test_a_main_figure_is_marked(found: Found) -> None:
    figure = found.drawn(Figure(figsize=(1, 1)), "name", WORDS, [CNN])
    shown = main(figure)
    assert shown is not None
    assert shown.main
    assert main(None) is None
