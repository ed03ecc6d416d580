"""Explanations come back as they were, part by part, whole or refused in one line; they stay small."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from damaged_evidence import DAMAGES, assert_refused
from invented_evidence import N, assert_same, close_up, explanation, halves, inside, pixels, steps, written
from numpy.typing import NDArray

from lookalike.artifacts.evidence import read_arrays, read_evidence, write_evidence
from lookalike.artifacts.explanations import (
    KIND,
    CloseUp,
    Explanation,
    FilterExamples,
    LayerOutputs,
    NetworkConvolutions,
    PairContrast,
    load_explanation,
    load_explanations,
    quantise_maps,
    save_explanation,
)
from lookalike.errors import InputError


@pytest.mark.parametrize("colours", [(), (3,)])
def test_an_explanation_comes_back_as_it_was(tmp_path: Path, colours: tuple[int, ...]) -> None:
    for _ in range(2):  # the second time over the first
        save_explanation(tmp_path, explanation(colours))
    assert_same(load_explanation(tmp_path), explanation(colours))
    assert sorted(written(tmp_path)) == ["arrays.npz", "evidence.json"]


@pytest.mark.parametrize("part", ["photo_maps", "close_up", "representations", "pair_maps"])
def test_every_part_can_be_missing_alone(tmp_path: Path, part: str) -> None:
    one = replace(explanation(), **{part: None})
    save_explanation(tmp_path, one)
    assert_same(load_explanation(tmp_path), one)


NOTHING = NetworkConvolutions({}, {}, {})
NEW = ("pair_maps", "representations/indices", "representations/products")
MISSING: dict[str, dict[str, Any]] = {
    "a convolutional network": {"heads": None},
    "a transformer with a convolution": {"responses": {}, "layers": {}},
    "a network without convolutions": {
        "inside": {"untrained": NOTHING, "trained": NOTHING},
        "channels": {},
        "layers": {},
        "responses": {},
    },
    "images that are not corrupted": {"layers": {}},
    "no confused look-alikes": {"contrast": None},
}


@pytest.mark.parametrize("case", MISSING)
def test_a_close_up_of_less_comes_back_too(tmp_path: Path, case: str) -> None:
    one = replace(explanation(), close_up=replace(close_up(), **MISSING[case]))
    save_explanation(tmp_path, one)
    assert_same(load_explanation(tmp_path), one)


def test_a_variant_that_is_no_focus_variant_keeps_maps_alone(tmp_path: Path) -> None:
    save_explanation(tmp_path, replace(explanation(), close_up=None, photo_maps=None, pair_maps=None, recipe=""))
    assert sorted(read_arrays(tmp_path / "arrays.npz")) == [
        "indices",
        "maps/Grad-CAM",
        "maps/HiResCAM",
        "maps/first attention",
        "representations/indices",
        "representations/products",
    ]


def test_evidence_from_before_there_were_more_fields_is_read(tmp_path: Path) -> None:
    """Fields that it lacks are None, in a folder as it was written then."""
    save_explanation(tmp_path, explanation())
    content, arrays = read_evidence(tmp_path, KIND)
    for name in ("layers", "pairs"):
        del content[name]
    for row in content["seeds"]:
        del row["attribution"], row["attention_distance"]
    for method in content["seeds"][0]["localisation"]["methods"].values():
        del method["images"]
    write_evidence(tmp_path, KIND, content, {name: one for name, one in arrays.items() if name not in NEW})
    found, expected = load_explanation(tmp_path), explanation()
    assert found.representations is found.pair_maps is None
    assert [(one.attribution, one.attention_distance) for one in found.seeds] == [(None, None)] * 3
    assert found.seeds[0].localisation is not None
    assert found.seeds[0].localisation.methods["CAM"].images is None
    assert_same(found.maps, expected.maps)


def test_evidence_in_the_repository_is_read(root: Path) -> None:
    folders = sorted((root / "results").glob("*/*/*/explanation"))
    assert folders
    for folder in folders:
        assert load_explanation(folder).seeds


def test_numbers_become_half_where_that_suffices_and_single_where_it_does_not(tmp_path: Path) -> None:
    drawn = np.random.default_rng(2).normal(0, 3, (N, 7, 7)).astype(np.float32)
    maps = {"Grad-CAM": drawn, "HiResCAM": 1e5 * drawn}
    save_explanation(tmp_path, replace(explanation(), maps=maps, close_up=replace(close_up(), heads=1e5 * drawn[None])))
    found = load_explanation(tmp_path)
    assert_same(found.maps, {"Grad-CAM": drawn.astype(np.float16), "HiResCAM": 1e5 * drawn})
    assert found.close_up is not None
    assert_same(found.close_up.heads, 1e5 * drawn[None])


def test_explanations_are_loaded_by_name(tmp_path: Path) -> None:
    plain = replace(explanation(), close_up=None)
    for name, one in {"b": explanation(), "a": plain}.items():
        (tmp_path / name).mkdir()
        save_explanation(tmp_path / name, one)
    (tmp_path / "left-over.json").touch()
    assert_same(load_explanations(tmp_path), {"a": plain, "b": explanation()})
    assert load_explanations(tmp_path / "nowhere") == {}


def test_the_same_explanation_has_the_same_bytes(tmp_path: Path) -> None:
    save_explanation(tmp_path, explanation())
    first = written(tmp_path)
    save_explanation(tmp_path, load_explanation(tmp_path))
    assert written(tmp_path) == first


@pytest.mark.parametrize("case", DAMAGES)
def test_a_damaged_explanation_is_refused_in_one_line(tmp_path: Path, case: str) -> None:
    save_explanation(tmp_path, explanation())
    assert_refused(load_explanation, tmp_path, case)


def test_names_of_layers_that_begin_alike_are_kept_apart(tmp_path: Path) -> None:
    names = ("conv", "conv.1", "conv.10")
    makers = {"filters": halves, "features": steps, "journey": steps}
    parts = {part: {name: make(2, 3, k) for k, name in enumerate(names, 1)} for part, make in makers.items()}
    both = {"untrained": inside(0, features=False), "trained": NetworkConvolutions(**parts)}
    one = replace(explanation(), close_up=replace(close_up(), inside=both))
    save_explanation(tmp_path, one)
    assert_same(load_explanation(tmp_path), one)


def test_each_map_has_steps_of_its_own() -> None:
    maps = np.array([[[0.5, -1.0], [0.0, 1.0]], [[100.0, 0.0], [50.0, 0.3]], [[0.0, 0.0], [0.0, 0.0]]], np.float32)
    assert quantise_maps(maps).tolist() == [[[64, -127], [0, 127]], [[127, 0], [64, 0]], [[0, 0], [0, 0]]]
    assert quantise_maps(maps).dtype == np.int8


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_steps_are_as_near_as_they_can_be(scale: float) -> None:
    maps = scale * np.random.default_rng(0).normal(0, 1, (5, 6, 7))
    largest = np.abs(maps).max(axis=(1, 2), keepdims=True)
    assert (np.abs(quantise_maps(maps) / 127 * largest - maps) <= largest / 254 * (1 + 1e-6)).all()


def test_the_close_up_of_a_large_network_stays_far_below_a_megabyte(tmp_path: Path) -> None:
    """Of VGG16 on 32 x 32 pixels in RGB: 13 convolutions, of which the first has 64 channels and the last 512."""
    rng = np.random.default_rng(0)
    sides = {f"features.{k}": side for k, side in enumerate((32, 32, 16, 16, 8, 8, 8, 4, 4, 4, 2, 2, 2))}
    first, *_, last = sides

    def noise(*shape: int) -> NDArray[np.float32]:
        return rng.normal(0, 1, shape).astype(np.float32)  # packs worse than what a network makes

    def look(*, features: bool) -> NetworkConvolutions:
        return NetworkConvolutions(
            {first: noise(64, 3, 3, 3), last: noise(64, 1, 3, 3)},
            {name: quantise_maps(noise(64, sides[name], sides[name])) for name in (first, last)} if features else {},
            {name: quantise_maps(noise(5, side, side)) for name, side in sides.items()},
        )

    outputs = {name: quantise_maps(noise(2, side, side)) for name, side in sides.items()}
    outputs |= {"dense 1": quantise_maps(noise(1, 512)), "dense 2": quantise_maps(noise(1, 10))}
    close = CloseUp(
        None,
        {"untrained": look(features=False), "trained": look(features=True)},
        dict.fromkeys(sides, (512, 512)),
        {kind: LayerOutputs(pixels(32, 32, 3), dict(outputs)) for kind in ("as it is", "rotate", "zigzag", "noise")},
        PairContrast(
            pixels(6, 32, 32, 3),
            *np.zeros((3, 6), np.int64),
            {kind: noise(6, 2, 2) for kind in ("label", "other", "contrast")},
        ),
        {
            name: FilterExamples(np.arange(6), np.zeros((6, 5), np.int64), pixels(6, 32, 32, 3))
            for name in list(sides)[:5:2]
        },
    )
    save_explanation(tmp_path, Explanation({}, "HiResCAM", "", np.arange(2), {}, None, close))
    size = (tmp_path / "arrays.npz").stat().st_size
    assert 100_000 < size < 500_000, f"{size} bytes"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"depth": [{"layer": "conv1"}]}, "seeds.0.depth.0.probe_accuracy: missing key"),
        ({"filters": {"count": "many"}}, "seeds.0.filters.count"),
        ({"likeness": None}, "seeds.0.likeness: unknown key"),
    ],
)
def test_findings_of_seeds_with_other_fields_are_refused_in_one_line(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    save_explanation(tmp_path, explanation())
    content, arrays = read_evidence(tmp_path, KIND)
    content["seeds"][0] |= change
    write_evidence(tmp_path, KIND, content, arrays)
    with pytest.raises(InputError) as refused:
        load_explanation(tmp_path)
    assert str(refused.value).startswith(f"{tmp_path / 'evidence.json'}: ")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
