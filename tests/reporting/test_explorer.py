"""The explorer's data, unpacked as the page does, against the artifacts that they are packed from."""

import base64
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from small_study import (
    A_CLASS,
    CHOSEN,
    CNN,
    EVALUATED,
    FEW,
    LABELS,
    PHOTOGRAPHED,
    SHOWN,
    SmallStudy,
    write_embedding,
    write_explanation,
)

from lookalike.evaluation.metrics import softmax
from lookalike.params import Params
from lookalike.reporting.assemble import find
from lookalike.reporting.chapters.found import Found
from lookalike.reporting.document import Explorer, Json
from lookalike.reporting.explorer import COLUMNS, collect, explorer, packed, sheet, study_data

INDICES = np.sort(CHOSEN)  # of the test images, in the explorer's order
TEST, ITEMS = len(INDICES), len(INDICES) + PHOTOGRAPHED


@pytest.fixture
def data(found: Found) -> Json:
    """What the page gets, by way of JSON."""
    return json.loads(json.dumps(study_data(found, collect(found)), allow_nan=False))


def unpacked(text: str, kind: str) -> NDArray[Any]:
    return np.frombuffer(base64.b64decode(text), kind)


def tiles(uri: str, size: int, columns: int) -> NDArray[np.uint8]:
    """The sheet cut into its images, as the page does."""
    kind, _, content = uri.partition(",")
    assert kind == "data:image/png;base64"
    image = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))
    assert image.shape[1] == columns * size
    places = [(row, column) for row in range(len(image) // size) for column in range(columns)]
    return np.stack([image[r * size : (r + 1) * size, c * size : (c + 1) * size] for r, c in places])


def test_the_images_are_those_that_are_shown_and_all_photographs(data: Json, study: SmallStudy) -> None:
    assert CHOSEN.tolist() != INDICES.tolist()  # the stage has another order
    assert data["names"][:TEST] == [f"test image {k}" for k in INDICES]
    assert data["names"][TEST:] == [f"photo {k}" for k in range(PHOTOGRAPHED)]
    assert data["labels"] == [*LABELS[INDICES].tolist(), *study.photos.labels.tolist()]
    assert -1 in data["labels"]  # a photograph that fits none of the classes
    assert (data["testImages"], len(data["labels"])) == (TEST, ITEMS) == (10 * A_CLASS, 10 * A_CLASS + PHOTOGRAPHED)


def test_what_can_be_chosen_is_named(data: Json, params: Params, study: SmallStudy) -> None:
    assert (data["name"], data["title"]) == ("fashion", f"fashion_mnist: {params.studies['fashion'].title}")
    assert data["classes"] == study.class_names
    groups = params.groups_of("fashion_mnist")
    assert data["groups"] == list(groups)
    for name, number in zip(data["classes"], data["groupOf"], strict=True):
        assert name in groups[data["groups"][number]]
    assert data["pairs"] == [list(EVALUATED)]
    assert list(data["variants"]) == list(EVALUATED)


def test_a_pair_of_which_one_diverged_is_not_offered(found: Found) -> None:
    standings = [replace(row, seeds=row.seeds * (row.variant != FEW)) for row in found.standings]
    data = study_data(replace(found, standings=standings), collect(found))
    assert (data["pairs"], list(data["variants"])) == ([], [CNN])


def test_the_sheet_shows_the_images_dark_on_light(found: Found, study: SmallStudy) -> None:
    made = sheet(collect(found).pixels)
    assert made["columns"] == COLUMNS
    found = tiles(made["uri"], made["size"], COLUMNS)
    expected = np.concatenate([study.test_set.pictures(INDICES), study.photos.recipes["fitted"]])
    np.testing.assert_array_equal(found[:ITEMS], 255 - expected)
    assert not found[ITEMS:].any()


@pytest.mark.parametrize("count", [1, COLUMNS - 1, COLUMNS, COLUMNS + 1])
@pytest.mark.parametrize("planes", [(), (3,)])
def test_a_sheet_holds_any_number_of_images_those_in_colour_as_they_are(count: int, planes: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (count, 5, 5, *planes), dtype=np.uint8)
    found = tiles(sheet(pixels)["uri"], 5, COLUMNS)
    assert len(found) == (2 if count > COLUMNS else 1) * COLUMNS
    np.testing.assert_array_equal(found[:count], pixels if planes else 255 - pixels)
    assert not found[count:].any()


@pytest.mark.parametrize("name", EVALUATED)
def test_probabilities_are_those_of_the_first_seed_without_temperature(
    data: Json, study: SmallStudy, name: str
) -> None:
    found = unpacked(data["variants"][name]["probabilities"], "<f4").reshape(ITEMS, 10)
    np.testing.assert_array_equal(found[:TEST], softmax(study.logits(name))[INDICES].astype(np.float32))
    on_photographs = softmax(study.photo_logits(name)).astype(np.float32)
    np.testing.assert_array_equal(found[TEST:], on_photographs)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)


def test_maps_are_hundredths_of_their_largest_value_in_the_order_of_the_images(data: Json, study: SmallStudy) -> None:
    maps = data["variants"][CNN]["maps"]
    found = unpacked(maps["values"], "i1").reshape(ITEMS, maps["rows"], maps["columns"])
    places = [CHOSEN.tolist().index(index) for index in INDICES]
    assert study.explanation.photo_maps is not None
    expected = np.concatenate([study.explanation.maps[SHOWN][places], study.explanation.photo_maps])
    assert expected.shape == found.shape
    largest = np.abs(expected).max(axis=(1, 2), keepdims=True)
    assert (largest > 0).all()
    np.testing.assert_allclose(found / 100 * largest, expected, atol=float(0.0051 * largest.max()))
    assert (np.abs(found).max(axis=(1, 2)) == 100).all()


def maps_of(root: Path, params: Params) -> NDArray[np.int8]:
    """The maps of the focus variant, as what lies on disk has them: (ITEMS, pixels)."""
    found = find("fashion", params, root)
    maps = study_data(found, collect(found))["variants"][CNN]["maps"]
    return unpacked(maps["values"], "i1").reshape(ITEMS, -1)


def test_a_map_of_nothing_is_nothing(root: Path, params: Params, study: SmallStudy) -> None:
    maps = {name: np.zeros_like(values) for name, values in study.explanation.maps.items()}
    write_explanation(root, replace(study.explanation, maps=maps))
    values = maps_of(root, params)
    assert not values[:TEST].any()
    assert values[TEST:].any(axis=1).all()


def test_maps_that_were_not_made_are_blank(root: Path, params: Params, study: SmallStudy) -> None:
    """As when fewer images were explained than are shown."""
    one, few = study.explanation, slice(3, 8)
    maps = {name: values[few] for name, values in one.maps.items()}
    whole = maps_of(root, params)
    write_explanation(root, replace(one, indices=one.indices[few], maps=maps))
    values, made = maps_of(root, params), np.isin(INDICES, CHOSEN[few])
    assert made.sum() == 5
    assert not values[:TEST][~made].any()
    np.testing.assert_array_equal(values[:TEST][made], whole[:TEST][made])
    np.testing.assert_array_equal(values[TEST:], whole[TEST:])


@pytest.mark.parametrize("changed", [{"recipe": "plain"}, {"recipe": "", "photo_maps": None}])
def test_photographs_by_another_recipe_have_blank_maps(
    root: Path, params: Params, study: SmallStudy, changed: Json
) -> None:
    write_explanation(root, replace(study.explanation, **changed))
    values = maps_of(root, params)
    assert values[:TEST].any(axis=1).all()
    assert not values[TEST:].any()


def test_a_map_comes_with_its_score_and_those_of_the_controls(data: Json, study: SmallStudy) -> None:
    maps, scores = data["variants"][CNN]["maps"], study.explanation.found["faithfulness"]["methods"]
    gain = scores[SHOWN]["gain"]
    assert maps["method"] == SHOWN
    said = f"gain {gain['value']:z.2f} ({gain['low']:z.2f} to {gain['high']:z.2f})"
    controls = ", ".join(f"{name} {scores[name]['gain']['value']:z.2f}" for name in ("random", "centre"))
    assert maps["score"] == f"{said}; {controls}".replace("-", "−")


def test_images_lie_where_the_map_has_them_and_nowhere_if_they_were_not_embedded(data: Json, study: SmallStudy) -> None:
    found = unpacked(data["variants"][CNN]["tsne"], "<f4").reshape(TEST, 2)
    places = dict(zip(study.embedding.indices.tolist(), study.embedding.tsne, strict=True))
    assert 0 < len(places.keys() & set(INDICES.tolist())) < TEST
    for index, where in zip(INDICES.tolist(), found, strict=True):
        if index in places:
            np.testing.assert_allclose(where, places[index], rtol=1e-6)
        else:
            assert np.isnan(where).all()


def test_a_variant_that_was_not_explained_or_embedded_has_neither_maps_nor_places(data: Json) -> None:
    assert data["variants"][FEW]["maps"] is None
    assert data["variants"][FEW]["tsne"] is None


def test_features_that_do_not_vary_have_no_places(root: Path, params: Params) -> None:
    write_embedding(root, None)
    found = find("fashion", params, root)
    variant = study_data(found, collect(found))["variants"][CNN]
    assert variant["tsne"] is None
    assert variant["maps"] is not None


def test_a_study_without_photographs_has_test_images_alone(found: Found) -> None:
    without = replace(found, figures=replace(found.figures, photos={}))
    data = study_data(without, collect(without))
    assert len(data["names"]) == len(data["labels"]) == data["testImages"] == TEST
    assert len(unpacked(data["variants"][FEW]["probabilities"], "<f4")) == TEST * 10


def test_the_section_has_all_studies(found: Found) -> None:
    part = explorer([found, found])
    (block,) = [block for block in part.blocks if isinstance(block, Explorer)]
    assert (part.anchor, part.title) == ("explorer", "Explorer")
    items = collect(found)
    assert block.data == {"sheets": {"fashion_mnist": sheet(items.pixels)}, "studies": [study_data(found, items)] * 2}


@pytest.mark.parametrize(("kind", "size"), [(">f4", 4), ("<f4", 4), (">i2", 2), ("i1", 1)])
def test_arrays_are_packed_with_the_least_byte_first(kind: str, size: int) -> None:
    values = np.array([[1, -2], [3, 100]], kind)
    found = base64.b64decode(packed(values))
    assert len(found) == 4 * size
    np.testing.assert_array_equal(np.frombuffer(found, np.dtype(kind).newbyteorder("<")).reshape(2, 2), values)
