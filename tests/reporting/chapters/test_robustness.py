"""Spoiled images in the report: figures of the probes, numbers of every variant."""

from dataclasses import replace

import numpy as np
from blocks import figures, header, prose, rows, shown, tables, titles
from small_study import CNN, EVALUATED, FEW, FIGURES, TESTED, SmallStudy

from lookalike.data.corruptions import CORRUPTIONS, SEVERITIES
from lookalike.explain.drift import OTHER
from lookalike.reporting.chapters.found import Found
from lookalike.reporting.chapters.robustness import robustness
from lookalike.reporting.document import Json, amounts, points, shares


def without(found: Found, **changed: Json) -> Found:
    return replace(found, figures=replace(found.figures, **changed))


def test_figures_are_drawn_from_what_was_found(found: Found, drawn: Json, study: SmallStudy) -> None:
    part = robustness(found)
    assert titles(part) == ["Spoiled images"]
    assert shown(part) == {
        "fashion-corruptions": "PNG of corruptions",
        "fashion-spoiled": "PNG of overall",
        "fashion-spoiled-accuracy": "PNG of severity",
        "fashion-spoiled-ece": "PNG of severity",
        f"{CNN}-layers": f"{FIGURES}/{CNN}/layers",
        f"fashion-{CNN}-drift": "PNG of drift",
    }
    variants = study.on_spoiled["variants"]
    assert drawn["overall"] == (variants,)
    assert drawn["severity"] == ({CNN: variants[CNN]}, "ece")  # the last
    assert drawn["drift"] == (found.figures.explanations[CNN]["drift"]["kinds"],)
    np.testing.assert_array_equal(drawn["corruptions"][0], study.test_set.images[0])
    assert f"{TESTED} test images" in prose(part)[0]


def test_every_variant_is_told_overall_and_by_kind_and_severity(found: Found, drawn: Json, study: SmallStudy) -> None:
    part, variants = robustness(found), study.on_spoiled["variants"]
    (overall,) = figures(part)["fashion-spoiled"].numbers
    assert rows(overall) == [
        [
            *(name, shares(variants[name]["clean"]["accuracy"]), shares(variants[name]["overall"])),
            shares(variants[name]["clean"]["ece"]),
        ]
        for name in EVALUATED
    ]
    everything = tables(part)["By kind and severity"]
    assert len(header(everything)) == 2 + 2 * len(SEVERITIES)
    assert rows(everything) == [
        [name, kind, *(shares(one[key]) for key in ("accuracy", "ece") for one in variants[name]["kinds"][kind])]
        for name in EVALUATED
        for kind in CORRUPTIONS
    ]


def test_pairs_are_told_with_their_difference(found: Found, drawn: Json, study: SmallStudy) -> None:
    (pair,) = study.on_spoiled["pairs"]
    assert rows(tables(robustness(found))["Differences on spoiled images"]) == [[CNN, FEW, points(pair["overall"])]]
    alone = without(found, robustness=study.on_spoiled | {"pairs": []})
    assert "Differences on spoiled images" not in tables(robustness(alone))


def test_layers_are_told_with_the_yardstick(found: Found, drawn: Json) -> None:
    (table,) = figures(robustness(found))[f"fashion-{CNN}-drift"].numbers
    drift = found.figures.explanations[CNN]["drift"]["kinds"]
    assert list(drift)[-1] == OTHER
    told = [[kind, row["layer"], amounts(row["cosine"])] for kind, layers in drift.items() for row in layers]
    assert rows(table) == told


def test_a_probe_whose_layers_were_not_followed_has_no_such_figure(found: Found, drawn: Json) -> None:
    one = found.figures.explanations[CNN] | {"drift": None}
    assert f"fashion-{CNN}-drift" not in shown(robustness(without(found, explanations={CNN: one})))
    assert f"fashion-{CNN}-drift" not in shown(robustness(without(found, explanations={})))


def test_a_study_that_spoils_no_images_has_no_such_chapter(found: Found, drawn: Json) -> None:
    assert robustness(without(found, robustness={})) is None
    assert drawn == {}
