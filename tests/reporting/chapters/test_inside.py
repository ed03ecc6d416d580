"""Inside the networks: numbers of all that was explained, pictures and charts of the probes."""

from dataclasses import replace
from typing import Any

import pytest
from blocks import figures, prose, rows, shown, tables, titles, walk
from small_study import CNN, FEW, FIGURES

from lookalike.artifacts.folders import write_bytes
from lookalike.reporting.chapters.found import Found
from lookalike.reporting.chapters.inside import PICTURES, inside, narrowed
from lookalike.reporting.document import Fold, amounts, number, shares, significant

Json = dict[str, Any]
FOLDER = f"{FIGURES}/{CNN}"
RESPONSES = {f"{CNN}-responses": f"{FOLDER}/responses"}
CHARTS = {f"fashion-{CNN}-activations": "PNG of activations", f"fashion-{CNN}-depth": "PNG of depth"}
DRAWN = ("filters-first", "features-last")  # of the small study


def with_explained(found: Found, explained: Json) -> Found:
    return replace(found, figures=replace(found.figures, explanations=explained))


@pytest.fixture
def whole(found: Found) -> Found:
    """With every picture, and a variant that is no probe."""
    for kind in PICTURES:
        write_bytes(found.root / f"{FOLDER}/{kind}.png", kind.encode())
    return with_explained(found, found.figures.explanations | {FEW: found.figures.explanations[CNN]})


def test_the_chapter_has_charts_and_pictures_of_the_probes(whole: Found, drawn: Json) -> None:
    part = inside(whole)
    assert shown(part) == {**CHARTS, **RESPONSES, **{f"{CNN}-{kind}": kind for kind in PICTURES}}
    assert titles(part) == ["Inside the networks", f"Inside {CNN}"]
    activity = whole.figures.explanations[CNN]["activity"]
    assert drawn == {"activations": (activity,), "depth": (activity,)}
    for one in figures(part).values():
        assert one.variants == (CNN,)
        assert CNN in one.caption


def test_pictures_that_were_not_drawn_are_left_out(found: Found, drawn: Json) -> None:
    assert set(shown(inside(found))) == {*CHARTS, *RESPONSES, *(f"{CNN}-{kind}" for kind in DRAWN)}
    for kind in (*DRAWN, "responses"):
        (found.root / f"{FOLDER}/{kind}.png").unlink()
    part = inside(found)
    assert not [block for block in walk([part]) if isinstance(block, Fold)]  # type: ignore[list-item]


def test_filters_are_told_of_every_variant(whole: Found, drawn: Json) -> None:
    (table,) = tables(inside(whole)).values()
    expected = [
        [
            *(name, str(one["count"])),
            *(
                amounts(one[key][part])
                for key in ("spectral_entropy", "selectivity")
                for part in ("untrained", "trained", "difference")
            ),
            shares(one["selective"]),
        ]
        for name in (CNN, FEW)
        for one in [whole.figures.explanations[name]["tuning"]]
    ]
    assert rows(table) == expected


def test_activations_are_told_by_layer_before_and_after_training(found: Found, drawn: Json) -> None:
    (table,) = figures(inside(found))[f"fashion-{CNN}-depth"].numbers
    activity = found.figures.explanations[CNN]["activity"]
    assert rows(table) == [
        [
            *(one["name"], told, str(one["channels"])),
            *(significant(one["before"][key]) for key in ("mean", "deviation")),
            *("–", "–", "–"),  # the fashion study has no batch normalisation
            *(shares(one["dead"]), shares(one["zeros"]), amounts(one["effective_rank"])),
        ]
        for state, told in (("untrained", "before training"), ("trained", "after training"))
        for one in activity[state]["layers"]
    ]


def test_what_batch_normalisation_does_is_said(found: Found, drawn: Json) -> None:
    assert prose(inside(found)) == []
    one, narrowing = found.figures.explanations[CNN], {"value": 0.5, "low": 0.4, "high": 0.6}
    activity = one["activity"] | {"trained": one["activity"]["trained"] | {"narrowing": narrowing}}
    (said,) = prose(inside(with_explained(found, {CNN: one | {"activity": activity}})))
    assert said == narrowed(CNN, narrowing)
    assert "0.50 (0.40 to 0.60) times what it was" in said


def test_a_transformer_has_no_charts_of_activations(found: Found, drawn: Json) -> None:
    one = found.figures.explanations[CNN] | {"activity": None}
    shown_of = set(shown(inside(with_explained(found, {CNN: one}))))
    assert shown_of == {*RESPONSES, *(f"{CNN}-{kind}" for kind in DRAWN)}
    assert drawn == {}


@pytest.mark.parametrize(("kind", "label"), [("filters-first", "Filters of"), ("features-last", "Feature maps of")])
def test_what_convolutions_hold_is_told_by_channel(found: Found, drawn: Json, kind: str, label: str) -> None:
    (table,) = figures(inside(found))[f"{CNN}-{kind}"].numbers
    what, _, end = kind.partition("-")
    layers = found.figures.explanations[CNN]["convolutions"]
    assert len(layers) == 2
    layer = layers[0 if end == "first" else 1]
    assert table.label == f"{label} {layer['name']}"
    assert rows(table) == [
        [str(k), number(row["least"]), number(row["mean"]), number(row["most"])] for k, row in enumerate(layer[what])
    ]


def test_a_single_convolution_is_the_first_and_the_last(found: Found, drawn: Json) -> None:
    one = found.figures.explanations[CNN]
    part = inside(with_explained(found, {CNN: one | {"convolutions": one["convolutions"][:1]}}))
    labels = [figures(part)[f"{CNN}-{kind}"].numbers[0].label for kind in DRAWN]
    assert labels == [f"{what} of {one['convolutions'][0]['name']}" for what in ("Filters", "Feature maps")]


def test_without_explanations_there_is_no_such_chapter(found: Found, drawn: Json) -> None:
    assert inside(with_explained(found, {})) is None
    assert drawn == {}
