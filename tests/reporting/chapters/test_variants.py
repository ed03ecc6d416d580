"""Confusion and calibration of the focus variants, with links into the explorer and scores by class."""

from dataclasses import replace
from typing import Any

import numpy as np
from blocks import figures, rows, shown, tables, titles, walk
from small_study import CNN, EVALUATED, FEW, FIGURES, LABELS, SmallStudy

from lookalike.params import Params
from lookalike.reporting.chapters.sentences import NOTHING
from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.chapters.variants import (
    MOST,
    calibration_sentence,
    confusion_sentence,
    shown_classes,
    variants_chapter,
)
from lookalike.reporting.document import Fold, Matrix
from lookalike.reporting.forms import count, percent

Json = dict[str, Any]


def matrices(results: StudyResults) -> list[Matrix]:
    return [block for block in walk([variants_chapter(results)]) if isinstance(block, Matrix)]


def both_in_focus(results: StudyResults, params: Params) -> StudyResults:
    studies = {"fashion": params.studies["fashion"].model_copy(update={"focus": EVALUATED})}
    return replace(results, params=params.model_copy(update={"studies": studies}))


def test_focus_variants_alone_have_confusions_and_calibration(results: StudyResults) -> None:
    part = variants_chapter(results)
    assert titles(part) == ["Confusion and calibration", CNN]
    assert shown(part) == {f"{CNN}-reliability": f"{FIGURES}/{CNN}/reliability"}
    one = figures(part)[f"{CNN}-reliability"]
    assert (one.variants, one.stage) == ((CNN,), "compare@fashion")
    assert [matrix.name for matrix in matrices(results)] == [f"{CNN}-confusion"]


def test_confusions_are_those_of_the_first_seed_with_look_alikes_side_by_side(
    results: StudyResults, study: SmallStudy
) -> None:
    (matrix,) = matrices(results)
    order, predicted = results.params.class_order("fashion_mnist"), study.logits(CNN).argmax(1)
    assert matrix.names == tuple(study.class_names[k] for k in order)
    assert matrix.names[:4] == ("T-shirt/top", "Pullover", "Coat", "Shirt")
    assert matrix.counts == tuple(
        tuple(int(((true == LABELS) & (predicted == said)).sum()) for said in order) for true in order
    )
    assert sum(map(sum, matrix.counts)) == len(LABELS)
    assert matrix.label == f"Confusion matrix of {CNN} (first seed)"


def test_cells_link_to_their_images_in_the_explorer(results: StudyResults, params: Params) -> None:
    (matrix,) = matrices(results)
    names = results.class_names
    row, column = (matrix.names.index(name) for name in ("Shirt", "Coat"))
    true, said = names.index("Shirt"), names.index("Coat")
    assert matrix.addresses[row][column] == f"index.html#study=fashion&a={CNN}&true={true}&saysa={said}"
    first, second = matrices(both_in_focus(results, params))
    assert f"a={CNN}&b={FEW}&" in first.addresses[0][0]
    assert f"a={FEW}&b={CNN}&" in second.addresses[0][0]


def test_the_finding_is_the_most_frequent_confusion() -> None:
    names = ["Coat", "Shirt", "T-shirt/top"]
    counts = [[995, 5, 0], [0, 892, 108], [50, 0, 950]]
    assert confusion_sentence("fashion-cnn", counts, names) == (
        "fashion-cnn most often takes Shirt for T-shirt/top: 108 of 1,000."
    )
    assert confusion_sentence("fashion-cnn", np.diag([3, 4, 5]).tolist(), names) == (
        "fashion-cnn makes no mistake on these test images."
    )


def test_the_chapter_says_it_of_all_focus_variants(results: StudyResults, params: Params) -> None:
    both = both_in_focus(results, params)
    first, second = (matrix.finding for matrix in matrices(both))
    assert variants_chapter(both).finding == f"{first.removesuffix('.')}; {second}"
    assert variants_chapter(results).finding == first


def test_of_many_classes_those_with_most_mistakes_are_shown() -> None:
    counts = np.diag(np.full(MOST + 2, 9))
    counts[0, 1] = counts[2, 3] = 4
    order = [*range(MOST + 1, -1, -1)]
    kept = shown_classes(counts, order)
    assert len(kept) == MOST
    assert {0, 1, 2, 3} < set(kept)
    assert kept == sorted(kept, reverse=True)
    assert shown_classes(np.eye(3, dtype=int), [2, 0, 1]) == [2, 0, 1]


def test_calibration_is_confidence_against_accuracy() -> None:
    def diagram(*confidences: float) -> Json:
        empty = {"lower": [0.0, 0.5, 0.9], "upper": [0.5, 0.9, 1.0], "count": [0, 30, 10]}
        return empty | {"confidence": [None, *confidences], "accuracy": [None, 0.7, 0.9]}

    first = {"reliability": diagram(0.8, 1.0), "calibrated_reliability": diagram(0.68, 0.9)}
    assert calibration_sentence("fashion-cnn", first) == (
        "The confidence of fashion-cnn lies 10.0 points above its accuracy; after temperature scaling they are 1.5 "
        "points apart."
    )
    modest = first | {"reliability": diagram(0.6, 0.8)}
    assert calibration_sentence("fashion-cnn", modest).startswith(
        "The confidence of fashion-cnn lies 10.0 points below "
    )


def test_reliability_holds_the_filled_bins_before_and_after(results: StudyResults) -> None:
    before, after = figures(variants_chapter(results))[f"{CNN}-reliability"].numbers
    assert (before.label, after.label) == ("As trained", "After temperature")
    first = results.details[CNN]["first_seed"]
    for table, key in ((before, "reliability"), (after, "calibrated_reliability")):
        bins = first[key]
        filled = [k for k, images in enumerate(bins["count"]) if images]
        assert 0 < len(filled) < 15
        fields = ("lower", "upper", "count", "confidence", "accuracy")
        assert [[cell.key for cell in row] for row in table.rows] == [[bins[f][k] for f in fields] for k in filled]
    assert before.rows != after.rows


def test_scores_by_class_are_folded_away(results: StudyResults) -> None:
    (fold,) = [block for block in walk([variants_chapter(results)]) if isinstance(block, Fold)]
    (table,) = tables(fold).values()
    assert table.label == f"Scores by class of {CNN} (first seed)"
    assert rows(table) == [
        [row["class"], percent(row["precision"]), percent(row["recall"]), percent(row["f1"]), count(row["support"])]
        for row in results.details[CNN]["first_seed"]["classes"]
    ]


def test_what_was_not_drawn_is_not_shown(results: StudyResults) -> None:
    (results.root / FIGURES / CNN / "reliability.webp").unlink()
    assert figures(variants_chapter(results)) == {}
    assert len(matrices(results)) == 1


def test_variants_at_chance_have_no_place(results: StudyResults) -> None:
    chance = replace(results, standings=[replace(row, accuracy_low=0.05) for row in results.standings])
    part = variants_chapter(chance)
    assert (part.blocks, part.finding) == ((), NOTHING)
