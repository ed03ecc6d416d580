"""Inside the networks: tuning of all that was explained, pictures and charts of the focus variants."""

from dataclasses import replace
from typing import Any

import pytest
from blocks import figures, marked, prose, rows, shown, tables, titles, walk
from small_study import CNN, FEW, FIGURES

from lookalike.artifacts.folders import write_bytes
from lookalike.reporting.chapters.inside import (
    PICTURES,
    channels_sentence,
    deviation_sentence,
    inside_chapter,
    journey_sentence,
    narrowing_sentence,
    responses_sentence,
    tuning_sentence,
    zeros_sentence,
)
from lookalike.reporting.chapters.sentences import NOTHING
from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.document import Fold
from lookalike.reporting.forms import amounts, number, shares, significant

Json = dict[str, Any]
FOLDER = f"{FIGURES}/{CNN}"
RESPONSES = {f"{CNN}-responses": f"{FOLDER}/responses"}
CHARTS = {
    f"fashion-{CNN}-activations": "picture of activation_histograms",
    f"fashion-{CNN}-depth": "picture of activity_by_depth",
}
DRAWN = ("filters-first", "features-last")  # of the small study


def with_explained(results: StudyResults, explained: Json) -> StudyResults:
    return replace(results, measurements=replace(results.measurements, explanations=explained))


@pytest.fixture
def whole(results: StudyResults) -> StudyResults:
    """With every picture, and a variant that is not in focus."""
    for kind in PICTURES:
        write_bytes(results.root / f"{FOLDER}/{kind}.webp", marked(kind))
    return with_explained(results, results.measurements.explanations | {FEW: results.measurements.explanations[CNN]})


def test_the_chapter_has_charts_and_pictures_of_focus_variants(whole: StudyResults, drawn: Json) -> None:
    part = inside_chapter(whole)
    assert shown(part) == {**CHARTS, **RESPONSES, **{f"{CNN}-{kind}": kind for kind in PICTURES}}
    assert titles(part) == ["Inside the networks", f"Inside {CNN}"]
    activity = whole.measurements.explanations[CNN]["activity"]
    assert drawn == {"activation_histograms": (activity,), "activity_by_depth": (activity,)}
    for one in figures(part).values():
        assert one.variants == (CNN,)
        assert CNN in one.words.alt


def test_pictures_that_were_not_drawn_are_left_out(results: StudyResults, drawn: Json) -> None:
    assert set(shown(inside_chapter(results))) == {*CHARTS, *RESPONSES, *(f"{CNN}-{kind}" for kind in DRAWN)}
    for kind in (*DRAWN, "responses"):
        (results.root / f"{FOLDER}/{kind}.webp").unlink()
    folds = [block.title for block in walk([inside_chapter(results)]) if isinstance(block, Fold)]
    assert folds == ["Tuning of the filters of the first convolution"]


def test_tuning_is_that_of_every_variant(whole: StudyResults, drawn: Json) -> None:
    (table,) = tables(inside_chapter(whole)).values()
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
        for one in [whole.measurements.explanations[name]["tuning"]]
    ]
    assert rows(table) == expected


def test_activations_stand_by_layer_before_and_after_training(results: StudyResults, drawn: Json) -> None:
    (table,) = figures(inside_chapter(results))[f"fashion-{CNN}-depth"].numbers
    activity = results.measurements.explanations[CNN]["activity"]
    assert rows(table) == [
        [
            *(one["name"], name, str(one["channels"])),
            *(significant(one["before"][key]) for key in ("mean", "deviation")),
            *("–", "–", "–"),  # the fashion study has no batch normalisation
            *(shares(one["dead"]), shares(one["zeros"]), amounts(one["effective_rank"])),
        ]
        for state, name in (("untrained", "before training"), ("trained", "after training"))
        for one in activity[state]["layers"]
    ]


def test_what_batch_normalisation_does_is_said(results: StudyResults, drawn: Json) -> None:
    assert prose(inside_chapter(results)) == []
    one, narrowing = results.measurements.explanations[CNN], {"value": 0.5, "low": 0.4, "high": 0.6}
    activity = one["activity"] | {"trained": one["activity"]["trained"] | {"narrowing": narrowing}}
    (said,) = prose(inside_chapter(with_explained(results, {CNN: one | {"activity": activity}})))
    assert said == narrowing_sentence(CNN, narrowing)
    assert "0.50 (0.40 to 0.60) times what it was" in said


def test_a_transformer_has_no_charts_of_activations(results: StudyResults, drawn: Json) -> None:
    one = results.measurements.explanations[CNN] | {"activity": None}
    shown_of = set(shown(inside_chapter(with_explained(results, {CNN: one}))))
    assert shown_of == {*RESPONSES, *(f"{CNN}-{kind}" for kind in DRAWN)}
    assert drawn == {}


@pytest.mark.parametrize(("kind", "label"), [("filters-first", "Filters of"), ("features-last", "Feature maps of")])
def test_what_convolutions_hold_stands_by_channel(results: StudyResults, drawn: Json, kind: str, label: str) -> None:
    (table,) = figures(inside_chapter(results))[f"{CNN}-{kind}"].numbers
    what, _, end = kind.partition("-")
    layers = results.measurements.explanations[CNN]["convolutions"]
    assert len(layers) == 2
    layer = layers[0 if end == "first" else 1]
    assert table.label == f"{label} {layer['name']}"
    assert rows(table) == [
        [str(k), number(row["least"]), number(row["mean"]), number(row["most"])] for k, row in enumerate(layer[what])
    ]


def test_a_single_convolution_is_the_first_and_the_last(results: StudyResults, drawn: Json) -> None:
    one = results.measurements.explanations[CNN]
    part = inside_chapter(with_explained(results, {CNN: one | {"convolutions": one["convolutions"][:1]}}))
    labels = [figures(part)[f"{CNN}-{kind}"].numbers[0].label for kind in DRAWN]
    assert labels == [f"{what} of {one['convolutions'][0]['name']}" for what in ("Filters", "Feature maps")]


def estimate(value: float) -> Json:
    return {"value": value, "low": value - 0.02, "high": value + 0.02}


def test_the_finding_is_how_many_first_filters_respond_to_one_orientation(results: StudyResults, drawn: Json) -> None:
    assert tuning_sentence({"cnn": {"selective": estimate(0.4)}, "vit": None}) == (
        "After training 40 % (38 to 42) of cnn's first filters respond to one orientation; by chance it would be 5 %."
    )
    assert "40 % (38 to 42) of cnn's and 10 % (8 to 12) of vit's first filters" in tuning_sentence(
        {"cnn": {"selective": estimate(0.4)}, "vit": {"selective": estimate(0.1)}}
    )
    assert tuning_sentence({"vit": None}) == (
        "No variant of this section has filters of a first convolution whose tuning can be measured."
    )
    assert tuning_sentence({}) == NOTHING
    part = inside_chapter(results)
    assert part is not None
    assert part.finding == tuning_sentence({CNN: results.measurements.explanations[CNN]["tuning"]})


def layer(name: str, deviation: float, zeros: float, channels: int) -> Json:
    return {"name": name, "before": {"deviation": deviation}, "zeros": estimate(zeros), "channels": channels}


def test_findings_on_activations_name_both_ends_of_the_network() -> None:
    trained = [layer("a", 0.125, 0.37, 32), layer("b", 1.0, 0.5, 48), layer("c", 2.5, 0.8, 64)]
    untrained = [layer("a", 0.1, 0.66, 32), layer("b", 1.0, 0.5, 48), layer("c", 0.2, 0.5, 64)]
    activity = {"untrained": {"layers": untrained}, "epoch 1": {"layers": []}, "trained": {"layers": trained}}
    assert deviation_sentence("cnn", trained) == (
        "After training the activations of cnn have a standard deviation of 0.125 in a and of 2.5 in c."
    )
    assert zeros_sentence("cnn", activity) == (
        "After training ReLU sets 37 % (35 to 39) of the activations of cnn's first convolution to zero and 80 % (78 "
        "to 82) of the last one's; before training 66 % (64 to 68) and 50 % (48 to 52)."
    )
    assert journey_sentence("cnn", trained) == (
        "One image goes through the convolutions of cnn, from 32 channels in a to 64 channels in c."
    )


def test_findings_on_filters() -> None:
    rows = [{"reached": 2.0, "best": 1.0}, {"reached": 0.5, "best": 1.0}]
    assert responses_sentence("cnn", rows) == (
        "To an input made for it 1 of 2 filters of cnn respond more than to any test image shown."
    )
    layer = {"name": "features.0", "filters": [{"least": -0.3, "most": 0.1}, {"least": -0.1, "most": 0.41}]}
    assert channels_sentence("filters", layer) == "Filters of features.0 hold values from −0.300 to 0.410."


def test_variants_at_chance_are_not_shown(results: StudyResults, drawn: Json) -> None:
    part = inside_chapter(replace(results, standings=[replace(row, accuracy_low=0.05) for row in results.standings]))
    assert part is not None
    assert (part.blocks, part.finding) == ((), NOTHING)
    assert drawn == {}


def test_without_explanations_there_is_no_such_chapter(results: StudyResults, drawn: Json) -> None:
    assert inside_chapter(with_explained(results, {})) is None
    assert drawn == {}
