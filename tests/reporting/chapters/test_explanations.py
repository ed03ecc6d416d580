"""What the models look at: scores of all that was explained, and the pictures of the probes that were drawn."""

from dataclasses import replace
from typing import Any

import pytest
from blocks import figures, header, prose, rows, shown, titles, walk
from small_study import CNN, FEW, FIGURES, RECIPES, SmallStudy

from lookalike.artifacts.folders import write_bytes
from lookalike.reporting.chapters.explanations import CLASSES, explanations
from lookalike.reporting.chapters.found import Found
from lookalike.reporting.document import Fold, amounts, count, p, percent
from lookalike.reporting.explanations import MEASURES

Json = dict[str, Any]
FOLDER = f"{FIGURES}/{CNN}"
CHARTS = {
    "fashion-faithfulness": "PNG of faithfulness",
    f"fashion-{CNN}-deletion": "PNG of curves",
    "fashion-sanity": "PNG of sanity",
    "fashion-similarity": "PNG of similarity",
    "fashion-class-contrast": "PNG of class_contrast",
}
DRAWN = ("maps", "contrast", "classes-Grad-CAM")  # of the small study
TOGETHER = [
    "The same images seen by all",
    "Maps of photographs",
    "Do maps depend on what was learned?",
    "Are maps of one class alike?",
]
GAINS = [[0.1, -0.2, 0.3], [0.4, 0.5, 0.6]]  # two blocks of two heads, and the mean over these


def with_explained(found: Found, explained: Json) -> Found:
    return replace(found, figures=replace(found.figures, explanations=explained))


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
def both(found: Found) -> Found:
    """The probe, and a variant that is none."""
    return with_explained(found, found.figures.explanations | {FEW: found.figures.explanations[CNN]})


@pytest.fixture
def transformer(found: Found) -> Found:
    """The probe with heads of attention."""
    write_bytes(found.root / f"{FOLDER}/heads.png", b"heads")
    return with_explained(found, {CNN: found.figures.explanations[CNN] | {"heads": {"images": 3, "gains": GAINS}}})


def test_the_chapter_shows_charts_of_all_and_pictures_of_the_probes(both: Found, drawn: Json) -> None:
    part = explanations(both)
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
        assert CNN in one.caption
        assert CNN in one.alt


def test_charts_are_drawn_of_all_that_was_explained_or_of_the_probes_alone(both: Found, drawn: Json) -> None:
    part = explanations(both)
    known = both.figures.explanations
    similarities = {CNN: known[CNN]["similarity"]}
    assert drawn == {
        "faithfulness": ({name: one["faithfulness"] for name, one in known.items()},),
        "curves": (known[CNN]["faithfulness"],),
        "sanity": ({CNN: known[CNN]["sanity"]},),
        "similarity": (similarities,),
        "class_contrast": (similarities,),
    }
    assert figures(part)["fashion-faithfulness"].variants == (CNN, FEW)
    assert figures(part)["fashion-sanity"].variants == (CNN,)


def test_maps_are_told_with_their_gain_and_the_controls(both: Found, drawn: Json) -> None:
    part = explanations(both)
    (table,) = figures(part)["fashion-faithfulness"].numbers
    known = both.figures.explanations
    expected = {name: gain_rows(name, one["faithfulness"]) for name, one in known.items()}
    assert rows(table) == expected[CNN] + expected[FEW]
    assert "–" in {cell for row in rows(table) for cell in row}  # controls have nothing over themselves
    (own,) = figures(part)[f"{CNN}-maps"].numbers
    assert rows(own) == expected[CNN]


def test_curves_are_told_point_by_point(found: Found, drawn: Json) -> None:
    (table,) = figures(explanations(found))[f"fashion-{CNN}-deletion"].numbers
    known = found.figures.explanations[CNN]["faithfulness"]
    assert [[cell.key for cell in row] for row in table.rows] == [
        [method, baseline, kind, fraction, share]
        for method, score in known["methods"].items()
        for baseline in ("zero", "blur")
        for kind in ("deletion", "insertion")
        for fraction, share in zip(known["fractions"], score["baselines"][baseline][f"{kind}_curve"], strict=True)
    ]


def test_a_contrast_is_told_with_the_gains_in_a_duel(found: Found, study: SmallStudy, drawn: Json) -> None:
    (table,) = figures(explanations(found))[f"{CNN}-contrast"].numbers
    contrast = study.explanation.found["contrast"]
    assert rows(table) == [
        [name, str(contrast["images"]), amounts(one["gain"])] for name, one in contrast["scores"].items()
    ]
    assert {"label", "other", "contrast"} < {row[0] for row in rows(table)}


def test_heads_are_told_by_block_with_their_mean(transformer: Found, drawn: Json) -> None:
    heads = figures(explanations(transformer))[f"{CNN}-heads"]
    (table,) = heads.numbers
    assert header(table) == ["block", "head 1", "head 2", "mean over heads"]
    assert rows(table) == [["1", "0.100", "−0.200", "0.300"], ["2", "0.400", "0.500", "0.600"]]
    assert "over 3 images" in heads.caption


def test_photographs_are_told_with_what_the_first_seeds_say(found: Found, study: SmallStudy, drawn: Json) -> None:
    picture = figures(explanations(found))["fashion-explained-photographs"]
    (table,) = picture.numbers
    names, labels = study.class_names, study.photos.labels
    assert header(table) == ["photograph", "class", f"{CNN} says"]
    first = [labels.tolist().index(k) for k in range(10)]
    said = study.photo_logits(CNN).argmax(1)
    assert rows(table) == [[f"photo {k}", names[labels[k]], names[said[k]]] for k in first]
    assert "recipe fitted" in picture.caption


def test_sanity_is_told_by_layer(found: Found, drawn: Json) -> None:
    (table,) = figures(explanations(found))["fashion-sanity"].numbers
    assert rows(table) == [
        [CNN, method, step["unit"], amounts(step["correlation"])]
        for method, steps in found.figures.explanations[CNN]["sanity"].items()
        for step in steps
    ]


def test_likeness_of_maps_is_told_with_p_and_both_controls(both: Found, drawn: Json) -> None:
    part = explanations(both)
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
            for name, known in both.figures.explanations.items()
            for method, one in known["similarity"][measure].items()
        ]


@pytest.mark.parametrize("kind", [*DRAWN, "heads"])
def test_the_chapter_goes_without_a_figure_that_was_not_drawn(transformer: Found, drawn: Json, kind: str) -> None:
    before = set(shown(explanations(transformer)))
    (transformer.root / f"{FOLDER}/{kind}.png").unlink()
    assert before - set(shown(explanations(transformer))) == {f"{CNN}-{kind}"}


def test_without_maps_of_photographs_there_is_no_heading_for_them(found: Found, drawn: Json) -> None:
    (found.root / f"{FIGURES}/photographs-{RECIPES[0]}.png").unlink()
    assert "Maps of photographs" not in titles(explanations(found))


def test_where_nothing_was_confused_there_is_no_contrast(found: Found, drawn: Json) -> None:
    (found.root / f"{FOLDER}/contrast.png").unlink()
    one = found.figures.explanations[CNN] | {"contrast": None}
    assert f"{CNN}-contrast" not in shown(explanations(with_explained(found, {CNN: one})))


def test_probes_that_were_not_explained_are_passed_over(found: Found, drawn: Json) -> None:
    part = explanations(with_explained(found, {FEW: found.figures.explanations[CNN]}))
    assert shown(part) == {"fashion-faithfulness": "PNG of faithfulness"}
    assert titles(part) == ["What the models look at"]


def test_without_explanations_there_is_no_such_chapter(found: Found, drawn: Json) -> None:
    assert explanations(with_explained(found, {})) is None
    assert drawn == {}


def test_where_the_mass_of_maps_lies_is_told_of_the_first_class(both: Found, drawn: Json) -> None:
    one = figures(explanations(both))["fashion-alike"]
    (table,) = one.numbers
    name = both.class_names[0]
    assert table.label == f"Where the mass of the maps of {name} lies"
    assert name in one.caption
    assert one.variants == (CNN, FEW)
    assert rows(table) == [
        [variant, method, count(mass[0]["images"]), *(amounts(mass[0][key]) for key in ("x", "y", "spread"))]
        for variant, known in both.figures.explanations.items()
        for method, mass in known["mass"].items()
        if mass[0]
    ]
    assert table.rows


def test_without_more_images_of_each_class_there_is_no_fold_for_them(found: Found, drawn: Json) -> None:
    def folds() -> list[str]:
        return [block.title for block in walk([explanations(found)]) if isinstance(block, Fold)]  # type: ignore[list-item]

    curves = f"Deletion and insertion curves of {CNN}"
    assert folds() == [curves, f"More images of each class: {CNN}"]
    for kind in CLASSES:
        (found.root / f"{FOLDER}/{kind}.png").unlink(missing_ok=True)
    assert folds() == [curves]


def test_without_the_same_images_there_is_no_heading_for_them(found: Found, drawn: Json) -> None:
    (found.root / f"{FIGURES}/alike.png").unlink()
    assert "The same images seen by all" not in titles(explanations(found))
