"""The chapter on photographs: figures with the numbers of the artifacts, the chosen recipe, and what is left out."""

import shutil
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blocks import figures, prose, rows, shown, titles, walk
from small_study import CNN, DIVERGED, EVALUATED, FEW, PHOTOGRAPHED, RECIPES, TEMPERATURES, SmallStudy

from lookalike.artifacts.photos import SAMPLE, sample_photographs
from lookalike.data.labelled_clothing import Photograph
from lookalike.evaluation.pairs import Side
from lookalike.photographs.comparison import study_photos
from lookalike.photographs.preparation import split_halves
from lookalike.reporting.chapters.photographs import (
    NAMED,
    NOT_SCORED,
    accuracy_sentence,
    hardest_class_sentence,
    photographs_chapter,
    photographs_sentence,
)
from lookalike.reporting.chapters.photographs import photograph_tables as tables_of
from lookalike.reporting.chapters.photographs_preparation import (
    ablation_illustration,
    collector_section,
    collector_sentence,
    collector_shares,
    rows_by_recipe,
    steps_sentence,
)
from lookalike.reporting.chapters.photographs_trust import (
    EVERY_TENTH,
    coverage_rows,
    distance_sentence,
    nearest_point,
    selective_sentence,
    trust_section,
)
from lookalike.reporting.chapters.sentences import NOTHING, share_text
from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.document import Fold
from lookalike.reporting.forms import amounts, count, p, percent, points, shares, significant
from lookalike.reporting.report import inline

Json = dict[str, Any]
CHARTS = ("accuracy", "classes", "ablation", "failures", "distance", "abstention")
DRAWN_AS = {"accuracy": "photo_accuracy", "classes": "class_accuracy"}  # charts whose functions have other names
TEST = {"value": 0.75, "low": 0.7, "high": 0.8}


def estimate(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.1, "high": value + 0.2}


def changed(results: StudyResults, **photos: Any) -> StudyResults:
    """The same with some of what was found on photographs replaced."""
    return replace(results, measurements=replace(results.measurements, photos=results.measurements.photos | photos))


def at_chance(results: StudyResults, *names: str) -> StudyResults:
    """The same with some variants at chance."""
    rows = [replace(row, accuracy_low=0.05) if row.variant in names else row for row in results.standings]
    return replace(results, standings=rows)


def numbers(results: StudyResults, name: str) -> list[list[str]]:
    table, *_ = figures(photographs_chapter(results))[f"fashion-photo-{name}"].numbers
    return rows(table)


def test_the_chapter_has_its_charts_and_the_contact_sheets(results: StudyResults, drawn: Json) -> None:
    part = photographs_chapter(results)
    assert shown(part) == {
        **{f"fashion-photo-{name}": f"picture of {DRAWN_AS.get(name, name)}" for name in CHARTS},
        **{f"fashion-photos-{recipe}": f"steps of {recipe}" for recipe in RECIPES},
    }
    assert titles(part) == [
        "Photographs",
        "The class that collects failed preparations",
        "Selective prediction on photographs",
    ]
    assert [name for name, one in figures(part).items() if one.main] == ["fashion-photo-accuracy"]
    assert part is not None
    assert part.finding == figures(part)["fashion-photo-accuracy"].words.finding


def test_variants_at_chance_are_not_shown(results: StudyResults, drawn: Json) -> None:
    photographs_chapter(at_chance(results, FEW))
    assert set(drawn["photo_accuracy"][0]) == set(drawn["class_accuracy"][0]) == {CNN}
    part = photographs_chapter(at_chance(results, *EVALUATED))
    assert part is not None
    assert part.finding == NOTHING
    assert not [name for name in shown(part) if "photo-" in name]


def test_the_finding_is_accuracy_on_photographs_beside_that_on_the_test_set(results: StudyResults, drawn: Json) -> None:
    def interval(value: float, low: float, high: float) -> Json:
        return {"value": value, "low": low, "high": high}

    cnn = (interval(0.46, 0.38, 0.54), interval(0.912, 0.9, 0.92))
    vit = (interval(0.4, 0.32, 0.48), interval(0.89, 0.88, 0.9))
    assert accuracy_sentence({"fashion-cnn": cnn, "fashion-vit": vit}, 1200, "fitted") == (
        "On 1,200 photographs (recipe fitted) fashion-cnn is right in 46 % (38 to 54) and fashion-vit in 40 % "
        "(32 to 48); on the test set in 91.2 % and 89.0 %."
    )
    assert accuracy_sentence({"fashion-cnn": cnn}, 120, "fitted") == (
        "On 120 photographs (recipe fitted) fashion-cnn is right in 46 % (38 to 54); on the test set in 91.2 %."
    )
    assert accuracy_sentence({"fashion-cnn": (None, cnn[1])}, 0, "fitted") == (
        "No photograph shows one of the classes, so that no accuracy is known."
    )
    on = results.measurements.photos["figures"][CNN]["fitted"]["all"]["accuracy"]
    part = photographs_chapter(results)
    assert part is not None
    assert part.finding == accuracy_sentence({CNN: (on, TEST)}, PHOTOGRAPHED - 2, "fitted")


def test_the_choice_stands_with_the_half_that_judges_it(results: StudyResults, drawn: Json) -> None:
    about, choice = prose(photographs_chapter(results))
    best = results.measurements.photos["chosen"]
    assert (
        f"{best['variant']} with the recipe fitted**, right in {share_text(best['choose']['accuracy'])} of " in choice
    )
    assert f"**{share_text(best['score']['accuracy'])} of {best['score']['images']} on the other half**" in choice
    labelled = PHOTOGRAPHED - 2
    assert about.startswith(f"{PHOTOGRAPHED} photographs (drawn for a test), {labelled} of them of one of the classes")
    assert "no sender has photographs in both." in about
    assert "The intervals resample senders" in about


@pytest.mark.parametrize("alone", [[0], list(range(10))], ids=["one photograph", "one of each class"])
def test_with_no_labelled_photograph_in_the_other_half_the_choice_is_said_not_to_be_scored(
    results: StudyResults, drawn: Json, study: SmallStudy, alone: list[int]
) -> None:
    test_set, halves = study.test_set, split_halves([Photograph(f"{k}.jpg", Path(), str(k), {}) for k in alone])
    assert set(halves) == {"choose"}
    about = study.photos.about[: len(alone)]
    photos = replace(
        study.photos,
        images=study.photos.images[:, : len(alone)],
        labels=np.array(alone),
        about=[row | {"half": half} for row, half in zip(about, halves, strict=True)],
    )
    outputs = {
        name: replace(
            study.evaluations[name].photos,
            logits={recipe: study.evaluations[name].photos.logits[recipe][:, : len(alone)] for recipe in RECIPES},
            ablations={},
            distances={recipe: np.arange(float(len(alone))) for recipe in RECIPES},
        )
        for name in EVALUATED
    }
    sides = {name: Side(study.evaluations[name].test_logits, TEMPERATURES) for name in EVALUATED}
    few = study_photos(outputs, sides, replace(test_set, photos=photos), np.arange(10), [EVALUATED], "Bag")
    _, choice = prose(photographs_chapter(changed(results, **few)))
    assert choice.endswith(f" of {len(alone)} there. {NOT_SCORED}")
    assert "– %" not in choice
    assert "of 0" not in choice


def test_names_of_refused_photographs_are_text() -> None:
    photos = {"photographs": 9, "labelled": 8, "provenance": {"citation": "photographed at home"}}
    text = photographs_sentence(photos, [("**a** <b> `c`.jpg", "it's 5 $")], "fashion")
    assert r"(\*\*a\*\* \<b> \`c\`.jpg: it's 5 \$)" in text
    assert "(**a** <b> `c`.jpg: it's 5 $)" in unescape(str(inline(text)))


@pytest.mark.parametrize("number", [0, 1, NAMED, NAMED + 1])
def test_the_first_refused_photographs_are_named(number: int) -> None:
    photos = {"photographs": 9, "labelled": 8, "provenance": {"citation": "photographed at home"}}
    text = photographs_sentence(photos, [(f"p{k}.jpg", "too dark") for k in range(number)], "fashion")
    named = "; ".join(f"p{k}.jpg: too dark" for k in range(min(number, NAMED)))
    more = "; `test_sets/fashion/evidence.json` lists all" if number > NAMED else ""
    assert f"; refused: {f'{number} ({named}{more})' if number else 'none'}. " in text
    assert text.startswith("9 photographs (photographed at home), 8 of them")


def test_accuracy_stands_by_recipe_beside_that_on_the_test_set(results: StudyResults, drawn: Json) -> None:
    photos = results.measurements.photos
    collector = photos["failed_preparations"]["collector"]
    assert drawn == {}
    assert numbers(results, "accuracy") == [
        [
            *(name, recipe),
            shares(one["all"]["accuracy"]),
            *(shares(one["halves"][half]["accuracy"]) for half in ("choose", "score")),
            shares(one["without_doubtful"]["accuracy"]),
            shares(one["group_accuracy"]),
            shares(one["predicted"][collector]),
            "75.0 (70.0 to 80.0)",
        ]
        for name, recipes in photos["figures"].items()
        for recipe, one in recipes.items()
    ]
    (table,) = drawn["photo_accuracy"]
    assert table == {
        name: {"test": TEST, "recipes": {recipe: one["all"]["accuracy"] for recipe, one in recipes.items()}}
        for name, recipes in photos["figures"].items()
    }
    assert DIVERGED not in table


def test_pairs_stand_by_recipe(results: StudyResults, drawn: Json) -> None:
    table, _ = tables_of(results.measurements.photos)
    assert rows(table) == [
        [
            *(", ".join(EVALUATED), row["recipe"], points(row["accuracy_difference"])),
            *(count(row[key]) for key in ("only_first_right", "only_second_right")),
            *(p(row["mcnemar_p"]), amounts(row["error_consistency"])),
        ]
        for row in results.measurements.photos["comparisons"]
    ]
    assert len(table.rows) == len(RECIPES)
    assert "McNemar's test takes photographs as independent" in table.note
    assert len(tables_of(results.measurements.photos | {"comparisons": []})) == 1
    folds = [block.title for block in walk([photographs_chapter(results)]) if isinstance(block, Fold)]  # type: ignore[list-item]
    assert folds[0] == "Pairs of variants, and accuracy by what is known of a photograph"


def test_accuracy_stands_by_what_is_known_of_a_photograph() -> None:
    views = {
        "front": {"images": 6, "accuracy": estimate(0.57)},
        "": {"images": 2, "accuracy": estimate(0.58)},
        "back": {"images": 0, "accuracy": None},
    }
    other = {"attributes": {"view": {"front": {"images": 9, "accuracy": estimate(0.1)}}}}
    figures = {"cnn": {"a": other, "b": {"attributes": {"view": views}}}}
    (table,) = tables_of({"comparisons": [], "chosen": {"recipe": "b"}, "figures": figures})
    assert rows(table) == [
        ["cnn", "view: front", "6", shares(estimate(0.57))],
        ["cnn", "view: not said", "2", shares(estimate(0.58))],
    ]
    assert "recipe b" in table.label


def test_accuracy_by_class_is_that_of_the_chosen_recipe(results: StudyResults, drawn: Json) -> None:
    chosen = {name: recipes["fitted"]["classes"] for name, recipes in results.measurements.photos["figures"].items()}
    assert numbers(results, "classes") == [
        [name, one, count(part["images"]), shares(part["accuracy"])]
        for name, parts in chosen.items()
        for one, part in parts.items()
    ]
    assert drawn["class_accuracy"] == (chosen,)
    plain = changed(results, chosen=results.measurements.photos["chosen"] | {"recipe": "plain"})
    assert numbers(plain, "classes") != numbers(results, "classes")


def test_steps_left_out_stand_by_recipe(results: StudyResults, drawn: Json) -> None:
    (row,) = results.measurements.photos["ablations"][CNN]
    assert numbers(results, "ablation") == [[CNN, "fitted", "crop", shares(row["accuracy"]), points(row["difference"])]]
    assert drawn["ablation"] == ({"fitted": [row | {"variant": CNN}]}, results.looks)
    assert figures(ablation_illustration(results))["fashion-photo-ablation"].variants == (CNN,)


def test_ablations_stand_under_their_recipe() -> None:
    given: Json = {
        "cnn": [{"recipe": "plain", "step": "crop"}, {"recipe": "fitted", "step": "mask"}],
        "vit": [{"recipe": "plain", "step": "mask"}],
    }
    assert rows_by_recipe(given) == {
        "plain": [
            {"recipe": "plain", "step": "crop", "variant": "cnn"},
            {"recipe": "plain", "step": "mask", "variant": "vit"},
        ],
        "fitted": [{"recipe": "fitted", "step": "mask", "variant": "cnn"}],
    }
    assert "variant" not in given["cnn"][0]
    assert rows_by_recipe({}) == {}


def test_the_collecting_class_is_measured_of_those_variants_that_were_tried() -> None:
    def on_photographs(value: float) -> Json:
        return {"predicted": {"Bag": estimate(value / 2), "Coat": estimate(value / 4)}}

    given = {
        "vit": {"plain": on_photographs(0.1), "fitted": on_photographs(0.2)},
        "cnn": {"plain": on_photographs(0.3), "fitted": on_photographs(0.4)},
    }
    ways = {"turn": {"cnn": [estimate(0.0), estimate(0.9)]}, "fill": {"cnn": [None, estimate(0.8)]}}
    on_photos, on_test = collector_shares(given, {"collector": "Coat", "strengths": [0.0, 1.0], "ways": ways})
    assert on_photos == {"plain": {"cnn": estimate(0.075)}, "fitted": {"cnn": estimate(0.1)}}
    assert on_test == {
        "turn": {"strength": [0.0, 1.0], "cnn": [estimate(0.0), estimate(0.9)]},
        "fill": {"strength": [0.0, 1.0], "cnn": [None, estimate(0.8)]},
    }


def test_corrupted_test_images_stand_by_way_and_strength(results: StudyResults, drawn: Json) -> None:
    known = results.measurements.photos["failed_preparations"]
    assert numbers(results, "failures") == [
        [name, way, significant(strength), shares(share)]
        for way, variants in known["ways"].items()
        for name, given in variants.items()
        for strength, share in zip(known["strengths"], given, strict=True)
    ]
    assert drawn["failures"] == (
        *collector_shares(results.measurements.photos["figures"], known),
        known["collector"],
        results.looks,
    )
    assert figures(collector_section(results))["fashion-photo-failures"].variants == (CNN,)


def test_where_no_variant_was_tried_nothing_is_said_of_steps_and_corruption(results: StudyResults, drawn: Json) -> None:
    without = changed(
        results, ablations={}, failed_preparations=results.measurements.photos["failed_preparations"] | {"ways": {}}
    )
    assert ablation_illustration(without) is None
    assert collector_section(without) is None
    assert ablation_illustration(at_chance(results, CNN)) is None
    assert collector_section(at_chance(results, CNN)) is None
    charts = {name for name in shown(photographs_chapter(without)) if "photo-" in name}
    assert charts == {f"fashion-photo-{name}" for name in CHARTS if name not in ("ablation", "failures")}


def test_distances_are_those_of_the_chosen_recipe(results: StudyResults, drawn: Json) -> None:
    chosen = {CNN: results.measurements.photos["distance"][CNN]["fitted"]}
    assert numbers(results, "distance") == [
        [
            *(name, significant(part["low"]), significant(part["high"])),
            *(count(part["count"]), shares(part["accuracy"])),
        ]
        for name, one in chosen.items()
        for part in one["quantiles"]
    ]
    areas = {name: one["right_from_wrong"]["distance"]["value"] for name, one in chosen.items()}
    assert drawn["distance"] == ({name: one["quantiles"] for name, one in chosen.items()}, areas, results.looks)
    _, table = figures(photographs_chapter(results))["fashion-photo-distance"].numbers
    assert rows(table) == [
        [
            name,
            amounts(one["from_test_images"]),
            *(amounts(one["right_from_wrong"][by]) for by in ("confidence", "distance")),
            *(amounts(one["from_none_of_the_classes"][by]) for by in ("confidence", "distance")),
        ]
        for name, one in chosen.items()
    ]


def test_an_area_that_is_not_known_is_none(results: StudyResults, drawn: Json) -> None:
    distance = results.measurements.photos["distance"]
    one = distance[CNN]["fitted"] | {"right_from_wrong": {"confidence": None, "distance": None}}
    photographs_chapter(changed(results, distance=distance | {CNN: distance[CNN] | {"fitted": one}}))
    assert drawn["distance"][1][CNN] is None


def test_selective_prediction_stands_at_every_tenth(results: StudyResults, drawn: Json) -> None:
    table = numbers(results, "abstention")
    chosen = {CNN: results.measurements.photos["distance"][CNN]["fitted"]}
    assert drawn["abstention"] == ({name: one["abstention"] for name, one in chosen.items()}, results.looks)
    assert len(table) == 2 * len(EVERY_TENTH)
    assert [row[:2] for row in table[:: len(EVERY_TENTH)]] == [[CNN, by] for by in ("confidence", "distance")]
    curve = chosen[CNN]["abstention"]["confidence"]
    for row, wanted in zip(table, EVERY_TENTH, strict=False):
        k = int(np.abs(np.array(curve["coverage"]) - wanted).argmin())
        assert row[2:] == [percent(curve["coverage"][k]), percent(curve["accuracy"][k])]


def test_the_point_of_a_curve_is_the_nearest_one() -> None:
    curve = [{"coverage": share} for share in (0.2, 0.35, 1.0)]
    assert [nearest_point(curve, wanted)["coverage"] for wanted in (0.0, 0.3, 0.6, 0.7, 1.0)] == [
        0.2,
        0.35,
        0.35,
        1.0,
        1.0,
    ]
    points_of = {"coverage": [0.5, 1.0], "accuracy": [0.9, 0.8]}
    found = coverage_rows({"cnn": {"abstention": {"distance": points_of}}})
    assert {(row["variant"], row["by"]) for row in found} == {("cnn", "distance")}
    assert [row["accuracy"] for row in found] == [0.9] * 7 + [0.8] * 3


def test_contact_sheets_name_the_photographs_that_they_show(
    results: StudyResults, study: SmallStudy, drawn: Json
) -> None:
    part = photographs_chapter(results)
    names = [*study.class_names, "none of the classes"]
    expected = sample_photographs([[f"photo {k}", names[study.photos.labels[k]]] for k in range(PHOTOGRAPHED)])
    for recipe in RECIPES:
        one = figures(part)[f"fashion-photos-{recipe}"]
        (table,) = one.numbers
        assert rows(table) == expected
        assert len(expected) == SAMPLE
        assert one.words.finding == (
            f"{SAMPLE} of {PHOTOGRAPHED} photographs go through every step of the recipe {recipe}."
        )
        assert one.stage == "photos"
    assert "none of the classes" in {row[1] for row in expected}
    folds = [block.title for block in walk([part]) if isinstance(block, Fold)]
    assert [title for title in folds if "step by step" in title] == [
        f"{SAMPLE} photographs by the recipe {recipe}, step by step" for recipe in RECIPES
    ]


def test_without_contact_sheets_none_are_shown(results: StudyResults, drawn: Json) -> None:
    shutil.rmtree(results.root / "photos/samples")
    assert set(shown(photographs_chapter(results))) == {f"fashion-photo-{name}" for name in CHARTS}


def test_the_hardest_class_is_that_which_focus_variants_get_wrong_most_often() -> None:
    def parts(shirt: float, coat: float) -> Json:
        return {
            "Bag": {"images": 0, "accuracy": None},
            "Shirt": {"images": 12, "accuracy": estimate(shirt)},
            "Coat": {"images": 9, "accuracy": estimate(coat)},
        }

    assert hardest_class_sentence({"cnn": parts(0.3, 0.4), "vit": parts(0.5, 0.2)}) == (
        "Photographs of Coat are the hardest: cnn is right in 40 % (30 to 60) and vit in 20 % (10 to 40) of 9."
    )
    assert hardest_class_sentence({"cnn": parts(0.3, 0.4)}) == (
        "Photographs of Shirt are the hardest: cnn is right in 30 % (20 to 50) of 12."
    )
    assert hardest_class_sentence({"cnn": {"Bag": {"images": 0, "accuracy": None}}}) == (
        "No photograph shows one of the classes."
    )


def test_the_step_that_matters_most_is_said() -> None:
    def row(step: str, value: float, low: float, high: float) -> Json:
        return {
            "variant": "cnn",
            "recipe": "fitted",
            "step": step,
            "difference": {"value": value, "low": low, "high": high},
        }

    clear, unclear = row("mask", -0.12, -0.2, -0.04), row("crop", 0.05, -0.01, 0.1)
    assert steps_sentence([unclear, clear, clear | {"difference": None}]) == (
        "Leaving out the step mask of the recipe fitted changes cnn's accuracy most: −12.0 points (−20.0 to −4.0)."
    )
    assert steps_sentence([unclear]).endswith("most: +5.0 points (−1.0 to +10.0); the interval includes 0.")
    assert steps_sentence([clear | {"difference": None}]) == "What single steps contribute is not known."


def test_how_often_the_collecting_class_is_predicted_is_said() -> None:
    ways = {"turn": {"cnn": [estimate(0.9), estimate(0.2)]}, "fill": {"cnn": [None, estimate(0.8)]}}
    failures = {"collector": "Bag", "strengths": [0.0, 1.0], "ways": ways}
    assert collector_sentence({"cnn": estimate(0.3)}, failures, "fitted") == (
        "By the recipe fitted cnn takes 30 % (20 to 50) of the photographs for Bag; of corrupted test images of other "
        "classes cnn takes up to 80 % (70 to 100) for Bag (fill, strength 1)."
    )
    unknown = failures | {"ways": {"fill": {"cnn": [estimate(0.1), None]}}}
    assert collector_sentence({"cnn": estimate(0.3), "vit": estimate(0.2)}, unknown, "fitted") == (
        "By the recipe fitted cnn takes 30 % (20 to 50) of the photographs for Bag and vit 20 % (10 to 40)."
    )
    none = failures | {"ways": {"fill": {"cnn": [estimate(0.1), estimate(0.0)]}}}
    assert collector_sentence({"cnn": estimate(0.3)}, none, "fitted") == (
        "By the recipe fitted cnn takes 30 % (20 to 50) of the photographs for Bag."
    )
    assert collector_sentence({}, failures, "fitted") == NOTHING


def test_whether_mistakes_can_be_foreseen_is_said(results: StudyResults) -> None:
    assert distance_sentence({"cnn": estimate(0.6), "vit": None}) == (
        "By a photograph's distance from the training images wrong predictions are separated from right ones with an "
        "AUROC of 0.60 (0.50 to 0.80) for cnn; 0.5 is chance."
    )
    assert (
        distance_sentence({"cnn": None}) == "Whether distance from the training images warns of mistakes is not known."
    )
    curve = {"coverage": [0.1, 0.5, 1.0], "accuracy": [1.0, 0.62, 0.4]}
    one = {"abstention": {"confidence": curve}}
    assert selective_sentence({"cnn": one, "vit": one}) == (
        "Among the half of the photographs on which it is most confident cnn is right in 62 % (of all: 40 %) and vit "
        "in 62 % (of all: 40 %)."
    )
    assert trust_section(at_chance(results, *EVALUATED)) is None
