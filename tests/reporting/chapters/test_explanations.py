"""What the models look at: scores of all that was explained, and the pictures of the focus variants."""

from dataclasses import replace
from typing import Any

import pytest
from blocks import figures, header, marked, prose, rows, shown, titles, walk
from small_study import CNN, FEW, FIGURES, RECIPES, SmallStudy

from lookalike.artifacts.folders import write_bytes
from lookalike.reporting.chapters.explanations import deletion_sentence, explanations_chapter, faithfulness_sentence
from lookalike.reporting.chapters.explanations_controls import (
    class_contrast_sentence,
    sanity_sentence,
    similarity_sentence,
)
from lookalike.reporting.chapters.explanations_maps import (
    contrast_words,
    map_words,
    mass_sentence,
    predictions_sentence,
)
from lookalike.reporting.chapters.sentences import NOTHING
from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.document import Fold
from lookalike.reporting.figures.explanations import MEASURES
from lookalike.reporting.forms import amounts, count, p, percent

Json = dict[str, Any]
FOLDER = f"{FIGURES}/{CNN}"
CHARTS = {
    "fashion-faithfulness": "picture of faithfulness",
    "fashion-deletion": "picture of deletion_curves",
    "fashion-sanity": "picture of sanity",
    "fashion-similarity": "picture of similarity",
    "fashion-class-contrast": "picture of class_contrast",
}
DRAWN = ("maps", "contrast", "classes-Grad-CAM")  # of the small study
TOGETHER = [
    "The same images seen by all variants",
    "Maps of photographs",
    "Dependence of maps on what was learned",
    "Similarity of maps within a class",
]
GAINS = [[0.1, -0.2, 0.3], [0.4, 0.5, 0.6]]  # two blocks of two heads, and the mean over these


def with_explained(results: StudyResults, explained: Json) -> StudyResults:
    return replace(results, measurements=replace(results.measurements, explanations=explained))


def gain_rows(name: str, faithfulness: Json) -> list[list[str]]:
    return [
        [
            *(name, method, count(faithfulness["images"]), amounts(row["gain"])),
            *(amounts(row[f"over_{control}"]) for control in ("random", "centre")),
            percent(row["blank"]),
            *(
                amounts(row["baselines"][baseline][kind])
                for baseline in ("zero", "blur")
                for kind in ("deletion", "insertion")
            ),
        ]
        for method, row in faithfulness["methods"].items()
    ]


@pytest.fixture
def both(results: StudyResults) -> StudyResults:
    """The focus variant, and one that is none."""
    return with_explained(results, results.measurements.explanations | {FEW: results.measurements.explanations[CNN]})


@pytest.fixture
def transformer(results: StudyResults) -> StudyResults:
    """The focus variant with heads of attention."""
    write_bytes(results.root / f"{FOLDER}/heads.webp", marked("heads"))
    return with_explained(
        results, {CNN: results.measurements.explanations[CNN] | {"heads": {"images": 3, "gains": GAINS}}}
    )


def test_the_chapter_shows_charts_of_all_and_pictures_of_focus_variants(both: StudyResults, drawn: Json) -> None:
    part = explanations_chapter(both)
    assert shown(part) == {
        **CHARTS,
        **{f"{CNN}-{kind}": f"{FOLDER}/{kind}" for kind in DRAWN},
        "fashion-alike": f"{FIGURES}/alike",
        "fashion-explained-photographs": f"{FIGURES}/photographs-{RECIPES[0]}",
    }
    assert titles(part) == ["What the models look at", f"Maps of {CNN}", *TOGETHER]
    assert prose(part)[0].startswith("A map is shown only with its score.")
    for kind in DRAWN:
        one = figures(part)[f"{CNN}-{kind}"]
        assert (one.variants, one.stage) == ((CNN,), "compare@fashion")
        assert CNN in one.words.finding
        assert CNN in one.words.alt
    assert [name for name, one in figures(part).items() if one.main] == ["fashion-faithfulness"]
    assert part is not None
    assert part.finding == figures(part)["fashion-faithfulness"].words.finding


def test_charts_are_drawn_of_focus_variants(both: StudyResults, drawn: Json) -> None:
    part = explanations_chapter(both)
    known = both.measurements.explanations
    similarities = {CNN: known[CNN]["similarity"]}
    assert drawn == {
        "faithfulness": ({CNN: known[CNN]["faithfulness"]}, both.looks),
        "deletion_curves": ({CNN: known[CNN]["faithfulness"]}, both.looks),
        "sanity": ({CNN: known[CNN]["sanity"]},),
        "similarity": (similarities,),
        "class_contrast": (similarities,),
    }
    assert figures(part)["fashion-faithfulness"].variants == (CNN,)
    assert figures(part)["fashion-sanity"].variants == (CNN,)


def test_maps_stand_with_their_gain_and_the_controls(both: StudyResults, drawn: Json) -> None:
    part = explanations_chapter(both)
    (table,) = figures(part)["fashion-faithfulness"].numbers
    known = both.measurements.explanations
    expected = {name: gain_rows(name, one["faithfulness"]) for name, one in known.items()}
    assert rows(table) == expected[CNN] + expected[FEW]
    assert "–" in {cell for row in rows(table) for cell in row}  # controls have nothing over themselves
    (own,) = figures(part)[f"{CNN}-maps"].numbers
    assert rows(own) == expected[CNN]


def test_curves_stand_point_by_point(results: StudyResults, drawn: Json) -> None:
    (table,) = figures(explanations_chapter(results))["fashion-deletion"].numbers
    known = results.measurements.explanations[CNN]["faithfulness"]
    own = {name: one["gain"]["value"] for name, one in known["methods"].items() if name not in ("random", "centre")}
    best = sorted(own, key=lambda name: -own[name])[0]
    areas = {name: known["methods"][name]["baselines"] for name in (best, "random", "centre")}  # those that are drawn
    assert [[cell.key for cell in row] for row in table.rows] == [
        [CNN, method, baseline, kind, fraction, share]
        for method, baselines in areas.items()
        for baseline in ("zero", "blur")
        for kind in ("deletion", "insertion")
        for fraction, share in zip(known["fractions"], baselines[baseline][f"{kind}_curve"], strict=True)
    ]


def test_a_contrast_stands_with_the_gains_in_a_duel(results: StudyResults, study: SmallStudy, drawn: Json) -> None:
    (table,) = figures(explanations_chapter(results))[f"{CNN}-contrast"].numbers
    contrast = study.explanation.found["contrast"]
    assert rows(table) == [
        [name, str(contrast["images"]), amounts(one["gain"])] for name, one in contrast["scores"].items()
    ]
    assert {"label", "other", "contrast"} < {row[0] for row in rows(table)}


def test_heads_stand_by_block_with_their_mean(transformer: StudyResults, drawn: Json) -> None:
    heads = figures(explanations_chapter(transformer))[f"{CNN}-heads"]
    (table,) = heads.numbers
    assert header(table) == ["block", "head 1", "head 2", "mean over heads"]
    assert rows(table) == [["1", "0.100", "−0.200", "0.300"], ["2", "0.400", "0.500", "0.600"]]
    assert "over 3 images" in heads.words.method
    assert heads.words.finding == (
        f"Of the 4 attention heads of {CNN}, head 2 of block 2 gains most (0.500); the mean over the heads of a block "
        "gains at most 0.600."
    )


def test_photographs_stand_with_what_the_first_seeds_predict(
    results: StudyResults, study: SmallStudy, drawn: Json
) -> None:
    picture = figures(explanations_chapter(results))["fashion-explained-photographs"]
    (table,) = picture.numbers
    names, labels = study.class_names, study.photos.labels
    assert header(table) == ["photograph", "class", f"{CNN} predicts"]
    first = [labels.tolist().index(k) for k in range(10)]
    said = study.photo_logits(CNN).argmax(1)
    assert rows(table) == [[f"photo {k}", names[labels[k]], names[said[k]]] for k in first]
    assert "recipe fitted" in picture.words.method
    right = sum(said[k] == labels[k] for k in first)
    assert picture.words.finding == f"Of the 10 photographs shown {CNN} gets {right} right."


def test_sanity_stands_by_layer(results: StudyResults, drawn: Json) -> None:
    (table,) = figures(explanations_chapter(results))["fashion-sanity"].numbers
    assert rows(table) == [
        [CNN, method, step["unit"], amounts(step["correlation"])]
        for method, steps in results.measurements.explanations[CNN]["sanity"].items()
        for step in steps
    ]


def test_likeness_of_maps_stands_with_p_and_both_controls(both: StudyResults, drawn: Json) -> None:
    part = explanations_chapter(both)
    (spearman,), (ssim, overlap) = (figures(part)[f"fashion-{k}"].numbers for k in ("similarity", "class-contrast"))
    for table, measure in ((spearman, "spearman"), (ssim, "ssim"), (overlap, "top_k_overlap")):
        assert table.label == f"Similarity of maps: {MEASURES[measure]}"
        assert rows(table) == [
            [
                *(name, method),
                *(amounts(one["maps"][k]) for k in ("within_class", "look_alikes", "between_groups", "class_contrast")),
                p(one["maps"]["class_p"]),
                amounts(one["maps"]["group_contrast"]),
                p(one["maps"]["grouping_p"]),
                amounts(one["raw_pixels"]["class_contrast"]),
                amounts(one["over_raw_pixels"]["class_contrast"]),
                amounts(one["untrained"]["class_contrast"]),
                amounts(one["over_untrained"]["class_contrast"]),
                amounts(one["photographs"]["class_contrast"]),
                amounts(one["mistakes"]["right_minus_wrong"]),
            ]
            for name, known in both.measurements.explanations.items()
            for method, one in known["similarity"][measure].items()
        ]


@pytest.mark.parametrize("kind", [*DRAWN, "heads"])
def test_the_chapter_goes_without_a_figure_that_was_not_drawn(
    transformer: StudyResults, drawn: Json, kind: str
) -> None:
    before = set(shown(explanations_chapter(transformer)))
    (transformer.root / f"{FOLDER}/{kind}.webp").unlink()
    assert before - set(shown(explanations_chapter(transformer))) == {f"{CNN}-{kind}"}


def test_without_maps_of_photographs_there_is_no_heading_for_them(results: StudyResults, drawn: Json) -> None:
    (results.root / f"{FIGURES}/photographs-{RECIPES[0]}.webp").unlink()
    assert "Maps of photographs" not in titles(explanations_chapter(results))


def test_where_nothing_was_confused_there_is_no_contrast(results: StudyResults, drawn: Json) -> None:
    (results.root / f"{FOLDER}/contrast.webp").unlink()
    one = results.measurements.explanations[CNN] | {"contrast": None}
    assert f"{CNN}-contrast" not in shown(explanations_chapter(with_explained(results, {CNN: one})))


def test_focus_variants_that_were_not_explained_are_passed_over(results: StudyResults, drawn: Json) -> None:
    part = explanations_chapter(with_explained(results, {FEW: results.measurements.explanations[CNN]}))
    assert shown(part) == {"fashion-faithfulness": "picture of faithfulness"}
    assert titles(part) == ["What the models look at"]


def test_without_explanations_there_is_no_such_chapter(results: StudyResults, drawn: Json) -> None:
    assert explanations_chapter(with_explained(results, {})) is None
    assert drawn == {}


def test_where_the_mass_of_maps_lies_is_known_of_the_first_class(both: StudyResults, drawn: Json) -> None:
    one = figures(explanations_chapter(both))["fashion-alike"]
    (table,) = one.numbers
    name = both.class_names[0]
    assert table.label == f"Where the mass of the maps of {name} lies"
    assert name in one.words.finding
    assert one.variants == (CNN, FEW)
    assert rows(table) == [
        [variant, method, count(mass[0]["images"]), *(amounts(mass[0][key]) for key in ("x", "y", "spread"))]
        for variant, known in both.measurements.explanations.items()
        for method, mass in known["mass"].items()
        if mass[0]
    ]
    assert table.rows


def test_without_more_images_of_each_class_there_is_no_fold_for_them(results: StudyResults, drawn: Json) -> None:
    def folds() -> list[str]:
        return [block.title for block in walk([explanations_chapter(results)]) if isinstance(block, Fold)]  # type: ignore[list-item]

    assert folds() == [f"More images of each class: {CNN}"]
    (results.root / f"{FOLDER}/classes-Grad-CAM.webp").unlink()
    assert folds() == []


def test_without_the_same_images_there_is_no_heading_for_them(results: StudyResults, drawn: Json) -> None:
    (results.root / f"{FIGURES}/alike.webp").unlink()
    assert "The same images seen by all variants" not in titles(explanations_chapter(results))


def test_variants_at_chance_are_not_shown(both: StudyResults, drawn: Json) -> None:
    chance = replace(both, standings=[replace(row, accuracy_low=0.05) for row in both.standings])
    part = explanations_chapter(chance)
    assert part is not None
    assert (part.blocks, part.finding) == ((), NOTHING)
    assert drawn == {}


def estimate(value: float, margin: float = 0.02) -> Json:
    return {"value": value, "low": value - margin, "high": value + margin}


def scores(best: float, centre: float, over: Json) -> Json:
    """The scores of two methods and of the controls."""
    own = {"Grad-CAM": best - 0.1, "HiResCAM": best}
    known: Json = {name: {"gain": estimate(gain), "over_centre": over} for name, gain in own.items()}
    return known | {"random": {"gain": estimate(0.0)}, "centre": {"gain": estimate(centre)}}


def test_the_finding_is_the_most_faithful_method_against_a_spot_in_the_middle() -> None:
    worse, better = scores(0.22, 0.31, estimate(-0.09)), scores(0.18, 0.1, estimate(0.08))
    assert faithfulness_sentence({"cnn": worse}) == (
        "Of cnn's maps those of HiResCAM are the most faithful: their gain of 0.22 (0.20 to 0.24) is less than that of "
        "a spot in the middle, 0.31 (0.29 to 0.33)."
    )
    assert faithfulness_sentence({"cnn": worse, "vit": better}).endswith(
        "0.31 (0.29 to 0.33); of vit's maps those of HiResCAM are the most faithful: their gain of 0.18 (0.16 to 0.20) "
        "is more than that of a spot in the middle, 0.10 (0.08 to 0.12)."
    )
    alike = scores(0.1, 0.1, estimate(0.0))
    assert "is not clearly different from that of a spot" in faithfulness_sentence({"cnn": alike})
    assert faithfulness_sentence({}) == NOTHING


def test_curves_are_said_at_their_second_point() -> None:
    def curve(*values: float) -> Json:
        return {"baselines": {"zero": {"deletion_curve": list(values)}}}

    methods = scores(0.2, 0.1, estimate(0.1))
    methods["HiResCAM"] |= curve(0.9, 0.6, 0.1)
    methods["centre"] |= curve(0.9, 0.8, 0.1)
    one = {"fractions": [0.0, 0.1, 1.0], "methods": methods}
    assert deletion_sentence({"cnn": one, "vit": one}) == (
        "Without the 10 % of the pixels that the most faithful maps rank highest, the probability of the predicted "
        "class goes from 90 % to 60 % for cnn (HiResCAM; without as many pixels in the middle: 80 %) and from 90 % to "
        "60 % for vit (HiResCAM; without as many pixels in the middle: 80 %)."
    )


def test_findings_of_single_pictures() -> None:
    methods = scores(0.22, 0.31, estimate(-0.09))
    controls = "random maps gain 0.00 (−0.02 to 0.02), a spot in the middle 0.31 (0.29 to 0.33)."
    assert map_words("cnn", methods).finding == (
        "The maps of cnn gain from 0.12 (0.10 to 0.14) with Grad-CAM to 0.22 (0.20 to 0.24) with HiResCAM; " + controls
    )
    del methods["Grad-CAM"]
    assert map_words("cnn", methods).finding == ("The maps of cnn gain 0.22 (0.20 to 0.24) with HiResCAM; " + controls)
    duel = {"scores": methods | {"label": {"gain": estimate(0.1)}, "contrast": {"gain": estimate(0.4)}}}
    assert contrast_words("cnn", duel).finding == (
        "Where only two look-alike classes can win, the contrastive maps of cnn gain 0.40 (0.38 to 0.42), maps of the "
        "more probable class 0.10 (0.08 to 0.12); " + controls
    )
    mass = {"x": estimate(0.367), "y": estimate(0.25)}
    assert mass_sentence({"cnn": mass, "vit": None}, "Coat") == (
        "On images of Coat the maps are centred at 37 % of the width and 25 % of the height for cnn."
    )
    assert mass_sentence({"cnn": None}, "Coat") == "Where the maps of Coat lie is not known."
    assert predictions_sentence({"cnn": [True, False, True], "vit": [False] * 3}) == (
        "Of the 3 photographs shown cnn gets 2 right and vit 0."
    )


def test_findings_on_randomised_models_name_the_least_and_the_most_of_what_is_left() -> None:
    def steps(last: float) -> list[Json]:
        return [{"unit": "head", "correlation": estimate(0.9)}, {"unit": "stem", "correlation": estimate(last)}]

    assert sanity_sentence(
        {"cnn": {"Grad-CAM": steps(0.75), "HiResCAM": steps(0.05)}, "vit": {"rollout": steps(0.85)}}
    ) == (
        "With all layers randomised, the rank correlation with the original maps is between 0.05 (0.03 to 0.07) with "
        "HiResCAM and 0.75 (0.73 to 0.77) with Grad-CAM for cnn; it is 0.85 (0.83 to 0.87) with rollout for vit."
    )


def test_findings_on_similarity_compare_with_other_classes_and_with_controls() -> None:
    maps = {"within_class": estimate(0.69), "look_alikes": None, "between_groups": estimate(-0.27)}
    assert similarity_sentence({"cnn": maps}, {"cnn": "HiResCAM"}) == (
        "The mean rank correlation of two HiResCAM maps of cnn is 0.69 (0.67 to 0.71) within a class, unknown between "
        "look-alikes and −0.27 (−0.29 to −0.25) between groups."
    )
    over = {"over_raw_pixels": {"class_contrast": estimate(0.25)}, "over_untrained": {"class_contrast": None}}
    assert class_contrast_sentence({"cnn": over, "vit": over}, {"cnn": "HiResCAM", "vit": "rollout"}) == (
        "The class contrast of cnn's HiResCAM maps minus that of raw pixels is 0.25 (0.23 to 0.27), minus that of the "
        "untrained model unknown; that of vit's rollout maps minus that of raw pixels is 0.25 (0.23 to 0.27), minus "
        "that of the untrained model unknown."
    )
