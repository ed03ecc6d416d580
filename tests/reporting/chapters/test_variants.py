"""Each variant by itself: what it says of some test images, confusion, calibration and scores by class."""

from dataclasses import replace
from pathlib import Path

import pytest
from blocks import figures, header, rows, shown, tables, titles
from small_study import CHOSEN, CNN, EVALUATED, FEW, FIGURES, LABELS, SmallStudy

from lookalike.reporting.chapters.found import Found
from lookalike.reporting.chapters.variants import variants
from lookalike.reporting.document import Fold, count, percent
from lookalike.reporting.figures import TOP_SHOWN


def test_pictures_are_those_that_compare_drew(found: Found) -> None:
    part = variants(found)
    assert shown(part) == {
        **{f"{CNN}-{kind}": f"{FIGURES}/{CNN}/{kind}" for kind in ("samples", "top-five")},
        **{f"{name}-{kind}": f"{FIGURES}/{name}/{kind}" for name in EVALUATED for kind in ("confusion", "reliability")},
    }
    for name, one in figures(part).items():
        variant = FEW if name.startswith(FEW) else CNN
        assert (one.variants, one.stage) == ((variant,), "compare@fashion")
        assert variant in one.caption
        assert variant in one.alt
    assert titles(part) == [
        "Each variant by itself",
        "Some test images",
        "Five most probable classes",
        "Confusion and calibration",
    ]


@pytest.mark.parametrize(("kind", "count"), [("samples", len(CHOSEN)), ("top-five", TOP_SHOWN)])
def test_test_images_have_the_probabilities_of_those_that_are_drawn(
    found: Found, study: SmallStudy, kind: str, count: int
) -> None:
    figure = figures(variants(found))[f"{CNN}-{kind}"]
    (table,) = figure.numbers
    names = study.class_names
    assert header(table) == ["test image", "class", *(f"{name}, %" for name in names)]
    assert f"{count} " in figure.caption
    assert figure.alt.startswith(f"{count} test images")
    for k, row in zip(CHOSEN[:count].tolist(), table.rows, strict=True):
        shares = found.probabilities(CNN)[k].tolist()
        assert [cell.key for cell in row] == [k, names[LABELS[k]], *shares]
        assert [cell.text for cell in row[2:]] == [percent(share) for share in shares]


def test_confusions_are_counted_by_true_and_predicted_class(found: Found, study: SmallStudy) -> None:
    (table,) = figures(variants(found))[f"{FEW}-confusion"].numbers
    names, predicted = study.class_names, study.logits(FEW).argmax(1)
    assert header(table) == ["true class", *names]
    expected = [
        [name, *(str(((k == LABELS) & (predicted == n)).sum()) for n in range(10))] for k, name in enumerate(names)
    ]
    assert rows(table) == expected


def test_reliability_is_told_of_filled_bins_before_and_after(found: Found) -> None:
    before, after = figures(variants(found))[f"{CNN}-reliability"].numbers
    assert (before.label, after.label) == ("As trained", "After temperature")
    first = found.details[CNN]["first_seed"]
    for table, key in ((before, "reliability"), (after, "calibrated_reliability")):
        bins = first[key]
        filled = [k for k, images in enumerate(bins["count"]) if images]
        assert 0 < len(filled) < 15
        fields = ("lower", "upper", "count", "confidence", "accuracy")
        assert [[cell.key for cell in row] for row in table.rows] == [[bins[f][k] for f in fields] for k in filled]
    assert before.rows != after.rows


def test_scores_by_class_are_folded_with_the_pictures(found: Found) -> None:
    part = variants(found)
    (calibration,) = [one for one in part.sections if one.title == "Confusion and calibration"]
    folds = [block for block in calibration.blocks if isinstance(block, Fold)]
    assert [fold.title for fold in folds] == list(EVALUATED)
    for fold in folds:
        (table,) = tables(fold).values()
        assert rows(table) == [
            [row["class"], percent(row["precision"]), percent(row["recall"]), percent(row["f1"]), count(row["support"])]
            for row in found.details[fold.title]["first_seed"]["classes"]
        ]
        assert fold.title in table.label


def test_what_was_not_drawn_is_not_shown(found: Found) -> None:
    for path in Path(found.root / FIGURES).rglob("*.png"):
        path.unlink()
    part = variants(found)
    assert figures(part) == {}
    assert titles(part) == ["Each variant by itself", "Confusion and calibration"]
    assert len(tables(part)) == 2  # the scores by class


def test_a_variant_that_diverged_has_no_place(found: Found) -> None:
    diverged = replace(found, standings=[replace(row, seeds=int(row.variant == FEW)) for row in found.standings])
    assert set(shown(variants(diverged))) == {f"{FEW}-confusion", f"{FEW}-reliability"}
