"""The explorer's data, unpacked as the page does, against the artifacts that they are packed from."""

import base64
import io
import json
import re
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from explored import STRIP, write_steps
from numpy.typing import NDArray
from PIL import Image
from small_study import (
    CHOSEN,
    CNN,
    EVALUATED,
    FEW,
    LABELS,
    PHOTOGRAPHED,
    RECIPES,
    SHOWN,
    TESTED,
    SmallStudy,
    write_embedding,
    write_explanation,
)

from lookalike.artifacts.explanations import PairMaps
from lookalike.evaluation.metrics import softmax
from lookalike.params import Params
from lookalike.reporting.assemble import load_study_results
from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.document import Explorer, Json
from lookalike.reporting.explorer import section as module
from lookalike.reporting.explorer.packs import SURE, gain_sentence, pack_predictions, pack_variant, packed
from lookalike.reporting.explorer.pictures import COLUMNS, thumbnail_sheet
from lookalike.reporting.explorer.section import default_pair, explorer_section, select_images


def unpacked(content: Json) -> NDArray[Any]:
    """The numbers of a packed array."""
    return np.frombuffer(zlib.decompress(base64.b64decode(content["deflated"])), f"<{content['kind']}")


def probabilities(said: Json, classes: int = 10) -> NDArray[np.float64]:
    """As the page has them: (n, classes)."""
    tenths, top = unpacked(said["tenths"]).reshape(-1, classes).astype(int), unpacked(said["said"])
    rows = np.arange(len(top))
    others = tenths.sum(axis=1) - tenths[rows, top]
    tenths[rows, top] += 1000 - others
    return tenths / 1000


def raster(content: Json) -> NDArray[np.int8]:
    return unpacked(content["values"]).reshape(content["count"], content["rows"], content["columns"])


def data_of(*studies: StudyResults) -> tuple[Json, dict[str, bytes]]:
    """What the page gets, by way of JSON, and the files beside it."""
    part, files = explorer_section(studies)
    (block,) = [block for block in part.blocks if isinstance(block, Explorer)]
    return json.loads(json.dumps(block.data, allow_nan=False)), files


@pytest.fixture
def data(results: StudyResults) -> Json:
    """The one study."""
    return data_of(results)[0]["studies"][0]


@pytest.fixture
def said(results: StudyResults) -> Json:
    """The pack of the focus variant."""
    return json.loads(json.dumps(pack_variant(results, CNN, select_images(results)), allow_nan=False))


def test_all_test_images_and_photographs_can_be_chosen(data: Json, study: SmallStudy) -> None:
    assert (data["total"], data["indices"]) == (TESTED, None)
    assert unpacked(data["labels"]).tolist() == LABELS.tolist()
    assert data["photographs"]["names"] == [f"photo {k}" for k in range(PHOTOGRAPHED)]
    assert data["photographs"]["labels"] == study.photos.labels.tolist()
    assert (data["photographs"]["recipes"], data["photographs"]["chosen"]) == (list(RECIPES), RECIPES[0])


def test_the_cases_of_the_report_are_among_the_images_whose_pictures_the_page_holds(
    results: StudyResults, data: Json
) -> None:
    cases = [case["index"] for pair in results.measurements.look_alikes["pairs"] for case in pair["cases"]]
    assert cases
    assert set(cases) <= set(data["shown"])


def test_what_can_be_chosen_is_named(data: Json, results: StudyResults, params: Params, study: SmallStudy) -> None:
    assert (data["name"], data["title"]) == ("fashion", f"fashion_mnist: {params.studies['fashion'].title}")
    assert data["classes"] == study.class_names
    groups = params.groups["fashion_mnist"]
    assert data["groups"] == list(groups)
    for name, number in zip(data["classes"], data["groupOf"], strict=True):
        assert name in groups[data["groups"][number]]
    assert data["variants"] == [{"name": name, "color": results.looks[name]["color"]} for name in EVALUATED]


def test_it_opens_with_the_first_pair_above_chance_else_with_the_first_two_variants(results: StudyResults) -> None:
    pairs = {"pairs": ((FEW, CNN), EVALUATED)}
    studies = {"fashion": results.params.studies["fashion"].model_copy(update=pairs)}
    paired = replace(results, params=results.params.model_copy(update={"studies": studies}))
    assert default_pair(paired) == (FEW, CNN)
    at_chance = [replace(row, accuracy_low=0.01) for row in results.standings]
    assert default_pair(replace(paired, standings=at_chance)) == EVALUATED
    alone = [replace(row, seeds=row.seeds * (row.variant != FEW)) for row in results.standings]
    assert default_pair(replace(paired, standings=alone)) == (CNN, CNN)


def test_the_sheet_shows_the_images_dark_on_light_without_loss(data: Json, study: SmallStudy) -> None:
    kind, _, content = data["sheet"]["uri"].partition(",")
    assert kind == "data:image/webp;base64"
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))[..., 0]
    assert data["shown"] == np.sort(CHOSEN).tolist()
    for place, index in enumerate(data["shown"]):
        row, column = divmod(place, COLUMNS)
        tile = picture[28 * row : 28 * row + 28, 28 * column : 28 * column + 28]
        np.testing.assert_array_equal(tile, 255 - study.test_set.pictures(np.array([index]))[0])


@pytest.mark.parametrize(("size", "lossless"), [(48, True), (64, False)])
def test_larger_images_may_lose_a_little(size: int, lossless: bool) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, size, size, 3), dtype=np.uint8)
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(thumbnail_sheet(pixels)["uri"].partition(",")[2]))))
    assert np.array_equal(picture[:, :size], pixels[0]) == lossless


@pytest.mark.parametrize("name", EVALUATED)
def test_answers_are_those_of_the_first_seed_without_temperature(
    results: StudyResults, study: SmallStudy, name: str
) -> None:
    content = pack_variant(results, name, select_images(results))
    for part, logits in (
        (content["tests"], study.logits(name)),
        (content["photographs"][RECIPES[0]], study.photo_logits(name)),
    ):
        shares = softmax(logits.astype(np.float64))
        np.testing.assert_allclose(probabilities(part), shares, atol=0.000501)
        np.testing.assert_array_equal(unpacked(part["said"]), logits.argmax(axis=1))
    assert set(content["photographs"]) == set(RECIPES)


def test_sure_answers_keep_their_order_where_tenths_of_a_percent_do_not_tell_them_apart() -> None:
    logits = np.array([[8.0, 0, 0], [0, 12, 0], [0, 0, 30], [0, 0, 0], [0, 0, 500]])
    said = pack_predictions(logits)
    assert unpacked(said["said"]).tolist() == [0, 1, 2, 0, 2]
    np.testing.assert_allclose(probabilities(said, 3).max(axis=1), [0.999, 1, 1, 1 / 3, 1], atol=0.000501)
    sure = unpacked(said["sure"])
    doubts = [2 * np.exp(-8), 2 * np.exp(-12), 2 * np.exp(-30)]
    assert sure[:2].tolist() == [round(-SURE * np.log2(doubt / (1 + doubt))) for doubt in doubts[:2]]
    assert sure[2] == sure[4] == 255
    assert sure[3] == round(-SURE * np.log2(2 / 3))


def test_a_hundred_thousand_probabilities_stay_small() -> None:
    """Of an accurate model on ten classes: what a page has room for four times."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (10_000, 10))
    logits[np.arange(10_000), rng.integers(0, 10, 10_000)] += 9
    assert len(json.dumps(pack_predictions(logits))) < 150_000


def test_maps_of_every_method_are_in_127ths_of_their_largest_value(said: Json, study: SmallStudy) -> None:
    assert said["maps"]["images"] == CHOSEN.tolist()
    assert said["maps"]["shown"] == SHOWN
    assert set(said["maps"]["methods"]) == set(study.explanation.maps)
    for method, expected in study.explanation.maps.items():
        found, largest = raster(said["maps"]["methods"][method]), np.abs(expected).max(axis=(1, 2), keepdims=True)
        assert found.shape == expected.shape
        np.testing.assert_allclose(found / 127 * largest, expected, atol=float(0.0041 * largest.max()))
    photographs = said["maps"]["photographs"]
    assert photographs["recipe"] == RECIPES[0]
    np.testing.assert_array_equal(raster(photographs), study.explanation.photo_maps)


def test_a_map_of_nothing_is_nothing(root: Path, params: Params, study: SmallStudy) -> None:
    maps = {name: np.zeros_like(values) for name, values in study.explanation.maps.items()}
    write_explanation(root, replace(study.explanation, maps=maps, recipe="", photo_maps=None))
    results = load_study_results("fashion", params, root)
    content = pack_variant(results, CNN, select_images(results))["maps"]
    assert not raster(content["methods"][SHOWN]).any()
    assert content["photographs"] is None


@pytest.mark.parametrize(
    ("gain", "words"),
    [
        ((0.5, 0.45, 0.55), "better than random maps and better than a spot in the middle"),
        ((0.2, 0.15, 0.25), "better than random maps and less well than a spot in the middle"),
        ((0.05, 0.04, 0.12), "not clearly better than random maps and less well than a spot in the middle"),
        ((-0.3, -0.4, -0.2), "less well than random maps and less well than a spot in the middle"),
    ],
)
def test_a_gain_is_put_in_words_next_to_the_controls(gain: tuple[float, float, float], words: str) -> None:
    scores = {
        name: {"gain": dict(zip(("value", "low", "high"), values, strict=True))}
        for name, values in {"CAM": gain, "random": (0, -0.1, 0.1), "centre": (0.35, 0.3, 0.4)}.items()
    }
    said = gain_sentence("the CNN", "CAM", scores)
    assert said.startswith(f"Maps of this kind explain the CNN {words}. Gain ")
    assert said.endswith("random maps 0, a spot in the middle 0.35.")
    assert gain_sentence("the CNN", "rollout", scores) == ""


def test_contrasts_of_single_images_name_them_and_means_their_pair(
    root: Path, params: Params, study: SmallStudy
) -> None:
    pairs = PairMaps(((0, 6), (2, 4)), np.random.default_rng(0).normal(0, 1, (2, 2, 4, 4)).astype(np.float32))
    write_explanation(root, replace(study.explanation, pair_maps=pairs))
    results = load_study_results("fashion", params, root)
    said = pack_variant(results, CNN, select_images(results))["contrast"]
    assert study.explanation.close_up is not None
    single = study.explanation.close_up.contrast
    assert single is not None
    assert [LABELS[index] for index in said["images"]["images"]] == single.actual.tolist()
    for index, image in zip(said["images"]["images"], single.images, strict=True):
        np.testing.assert_array_equal(study.test_set.pictures(np.array([index]))[0], image)
    assert (said["images"]["labels"], said["images"]["others"]) == (single.labels.tolist(), single.others.tolist())
    assert said["pairs"]["pairs"] == [[0, 6], [2, 4]]
    means = raster(said["pairs"])
    largest = np.abs(pairs.maps[1, 0]).max()
    np.testing.assert_allclose(means[2] / 127 * largest, pairs.maps[1, 0], atol=0.0041 * largest)


def test_images_lie_where_the_map_has_them(said: Json, study: SmallStudy) -> None:
    np.testing.assert_array_equal(unpacked(said["tsne"]["images"]), study.embedding.indices)
    positions = unpacked(said["tsne"]["positions"]).reshape(-1, 2) / 100
    np.testing.assert_allclose(positions, study.embedding.tsne, atol=0.00501)


def test_a_variant_that_was_not_explained_or_embedded_has_neither_maps_nor_places(
    results: StudyResults, root: Path, params: Params
) -> None:
    content = pack_variant(results, FEW, select_images(results))
    assert (content["maps"], content["contrast"], content["tsne"]) == (None, None, None)
    write_embedding(root, None)  # its features do not vary
    again = load_study_results("fashion", params, root)
    assert pack_variant(again, CNN, select_images(again))["tsne"] is None


def test_a_study_without_photographs_has_test_images_alone(results: StudyResults) -> None:
    data, files = data_of(replace(results, measurements=replace(results.measurements, photos={})))
    assert data["studies"][0]["photographs"] is None
    assert data["packs"][f"fashion--{CNN}"]["photographs"] is None
    assert files == {}


def test_of_many_photographs_some_are_held(results: StudyResults, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PHOTOGRAPHS", 8)
    data, files = data_of(results)
    about = data["studies"][0]["photographs"]
    assert (about["total"], about["names"]) == (PHOTOGRAPHED, [f"photo {k}" for k in range(0, PHOTOGRAPHED, 3)])
    pack_ = data["packs"][f"fashion--{CNN}"]
    assert len(unpacked(pack_["photographs"][RECIPES[1]]["said"])) == 7
    assert pack_["maps"]["photographs"]["count"] == 7
    assert list(files) == [f"explorer/fashion-photographs-{recipe}.webp" for recipe in RECIPES]


def test_of_too_many_test_images_those_that_are_shown_are_held(
    results: StudyResults, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "is_searchable", lambda images, classes: False)
    (results.root / "sprites/fashion").mkdir(parents=True)
    data, _ = data_of(results)
    (one,) = data["studies"]
    assert (one["total"], one["indices"], one["sprites"]) == (TESTED, np.sort(CHOSEN).tolist(), False)
    assert unpacked(one["labels"]).tolist() == LABELS[np.sort(CHOSEN)].tolist()
    assert len(unpacked(data["packs"][f"fashion--{CNN}"]["tests"]["said"])) == len(CHOSEN)


def test_packs_of_other_variants_and_sprites_stand_beside_the_page(results: StudyResults) -> None:
    alone = [replace(row, accuracy_low=0.01) for row in results.standings]
    third = replace(results.standings[-1], variant="third")
    evaluated = replace(results, standings=[*alone, third])
    (results.root / "evaluations/fashion/third").symlink_to(results.root / "evaluations/fashion" / FEW)
    params = results.params.model_copy(
        update={"variants": {**results.params.variants, "third": results.params.variants[FEW]}}
    )
    folder = results.root / "sprites/fashion"
    folder.mkdir(parents=True)
    (folder / "7.webp").write_bytes(b"all sneakers")
    data, files = data_of(replace(evaluated, params=params))
    assert set(data["packs"]) == {f"fashion--{name}" for name in EVALUATED}
    assert files["explorer/fashion-7.webp"] == b"all sneakers"
    script = files["explorer/fashion--third.js"].decode()
    key, content = re.findall(r"^lookalikePack\(([^,]+),(.*)\);\n$", script)[0]
    assert json.loads(key) == "fashion--third"
    assert json.loads(content)["tests"] == data["packs"][f"fashion--{FEW}"]["tests"]


def test_photographs_stand_beside_the_page_by_every_recipe(results: StudyResults, study: SmallStudy) -> None:
    _, files = data_of(results)
    picture = np.asarray(Image.open(io.BytesIO(files[f"explorer/fashion-photographs-{RECIPES[1]}.webp"])))[..., 0]
    np.testing.assert_array_equal(picture[:28, 28 * 3 : 28 * 4], 255 - study.photos.recipes[RECIPES[1]][3])
    assert not any("photograph-" in path for path in files)  # the steps were not kept


def test_photographs_stand_beside_with_their_steps_and_their_original_if_it_was_kept(
    results: StudyResults, study: SmallStudy
) -> None:
    write_steps(results.root / "photos", study)
    data, files = data_of(results)
    layout = {"original": 160, "left": 164, "height": STRIP[1]}
    assert data["studies"][0]["photographs"]["steps"] == layout
    picture = Image.open(io.BytesIO(files["explorer/fashion-photograph-19.webp"])).convert("RGB")
    assert picture.size == (164 + STRIP[0], 2 * STRIP[1])
    red, green, blue, white = (255, 0, 0), (0, 128, 0), (0, 0, 255), (255, 255, 255)
    for place, colour in {(80, 80): red, (300, 50): green, (300, 150): blue, (80, 180): white}.items():
        np.testing.assert_allclose(picture.getpixel(place), colour, atol=8)
    (results.root / "photos/originals/photo 3.png").unlink()
    data, files = data_of(results)
    assert data["studies"][0]["photographs"]["steps"] == layout | {"original": None}
    (results.root / "photos/steps" / RECIPES[1] / "photo 3.png").unlink()
    data, files = data_of(results)
    assert data["studies"][0]["photographs"]["steps"] is None
    assert not any("photograph-" in path for path in files)


def test_the_section_says_how_often_both_differ(results: StudyResults, study: SmallStudy) -> None:
    part, _ = explorer_section([results, results])
    assert (part.anchor, part.title) == ("explorer", "Explorer")
    first, second = (study.logits(name).argmax(axis=1) for name in EVALUATED)
    differ = first != second
    assert part.finding == (
        f"{CNN} and {FEW} disagree on {differ.sum()} of {TESTED} test images of fashion_mnist; "
        f"{CNN} is right on {(differ & (first == LABELS)).sum()} of them, "
        f"{FEW} on {(differ & (second == LABELS)).sum()}."
    )


@pytest.mark.parametrize("kind", ["u1", "u2", "i1", "i2"])
def test_arrays_come_back(kind: str) -> None:
    values = np.array([[1, 2], [3, 100]])
    assert unpacked(packed(values, kind)).tolist() == [1, 2, 3, 100]
