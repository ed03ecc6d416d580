"""Evidence is read back as it was written or refused in one line; a folder is renewed only for other inputs."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lookalike.artifacts.evidence import (
    ARRAYS,
    CONTENT,
    INPUTS,
    VERSION,
    in_half,
    is_current,
    keep_only,
    pack_bits,
    read_evidence,
    replaced_unless_current,
    unpack_bits,
    with_prefix,
    without_prefix,
    write_evidence,
)
from lookalike.artifacts.folders import read_json, write_json
from lookalike.errors import InputError

DATA: dict[str, Any] = {"seeds": [0, 7], "views": None, "name": "Größe L", "share": 0.1 + 0.2}
VALUES: dict[str, NDArray[Any]] = {
    "logits": np.random.default_rng(0).normal(0, 3, (2, 30, 10)).astype(np.float16),
    "none of them": np.zeros((0, 3, 4), np.float32),
    "bits": np.arange(5, dtype=np.uint8),
}
INPUT = {"code": "c0", "model": "m0"}
Damage = Callable[[Path], object]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with evidence."""
    folder = tmp_path / "variant"
    folder.mkdir()
    write_evidence(folder, "invented", DATA, VALUES)
    return folder


def test_evidence_comes_back_as_it_was_written(folder: Path) -> None:
    content, arrays = read_evidence(folder, "invented")
    assert content == DATA
    assert arrays.keys() == VALUES.keys()
    for name, values in VALUES.items():
        assert (arrays[name].dtype, arrays[name].shape) == (values.dtype, values.shape)
        np.testing.assert_array_equal(arrays[name], values)
    assert sorted(path.name for path in folder.iterdir()) == [ARRAYS, CONTENT]


def test_the_same_evidence_has_the_same_bytes(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    write_evidence(folder, "invented", DATA, VALUES)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def truncated(name: str, share: float) -> Damage:
    def damage(folder: Path) -> None:
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole[: int(share * len(whole))])

    return damage


def edited(**changes: Any) -> Damage:
    """Other top-level values in the JSON file."""
    return lambda folder: write_json(folder / CONTENT, read_json(folder / CONTENT) | changes)


def with_arrays(**changes: NDArray[Any]) -> Damage:
    return lambda folder: np.savez_compressed(folder / ARRAYS, **VALUES | changes)  # type: ignore[arg-type]


def npy(folder: Path) -> None:
    """One array where a file of several is expected."""
    stream = io.BytesIO()
    np.save(stream, VALUES["logits"])
    (folder / ARRAYS).write_bytes(stream.getvalue())


def one_value_changed() -> NDArray[Any]:
    values = VALUES["logits"].copy()
    values[1, 2, 3] += 1
    return values


DAMAGES: dict[str, tuple[str, Damage]] = {  # the file that the message names ("" means the folder), and what is done
    "arrays missing": (ARRAYS, lambda folder: (folder / ARRAYS).unlink()),
    "content missing": (CONTENT, lambda folder: (folder / CONTENT).unlink()),
    **{f"arrays cut at {share}": (ARRAYS, truncated(ARRAYS, share)) for share in (0, 0.01, 0.3, 0.6, 0.9, 0.999)},
    **{f"content cut at {share}": (CONTENT, truncated(CONTENT, share)) for share in (0, 0.3, 0.9)},
    "arrays are text": (ARRAYS, lambda folder: (folder / ARRAYS).write_text("version https://git-lfs")),
    "arrays are objects": (ARRAYS, with_arrays(bits=np.array([{}, None], dtype=object))),
    "one array alone": (ARRAYS, npy),
    "content is not UTF-8": (CONTENT, lambda folder: (folder / CONTENT).write_bytes(b'{"a": "\xff"}')),
    "content is a list": (CONTENT, lambda folder: write_json(folder / CONTENT, [1])),
    "no version": (CONTENT, lambda folder: write_json(folder / CONTENT, {})),
    "later version": (CONTENT, edited(version=VERSION + 1)),
    "other kind": (CONTENT, edited(kind="costs")),
    "content edited": ("", edited(content=DATA | {"share": 0.5})),
    "content left out": ("", edited(content=None)),
    "digest edited": ("", edited(digest="0" * 64)),
    "value edited": ("", with_arrays(logits=one_value_changed())),
    "type edited": ("", with_arrays(bits=VALUES["bits"].astype(np.int8))),
    "shape edited": ("", with_arrays(bits=VALUES["bits"][None])),
    "array added": ("", with_arrays(more=np.zeros(3))),
    "other arrays": ("", lambda folder: np.savez_compressed(folder / ARRAYS, other=np.zeros(3))),
}


@pytest.mark.parametrize("case", DAMAGES)
def test_damaged_evidence_is_refused_in_one_line_that_names_the_file(folder: Path, case: str) -> None:
    name, damage = DAMAGES[case]
    damage(folder)
    with pytest.raises(InputError) as refused:
        read_evidence(folder, "invented")
    assert str(refused.value).startswith(f"{folder / name}: ")
    assert len(str(refused.value).splitlines()) == 1


def test_other_versions_and_kinds_are_named(folder: Path) -> None:
    with pytest.raises(InputError, match="kind 'invented', expected 'evaluation'"):
        read_evidence(folder, "evaluation")
    edited(version=VERSION + 6)(folder)
    with pytest.raises(InputError, match=f"version {VERSION + 6}; this code reads version {VERSION}"):
        read_evidence(folder, "invented")


@pytest.mark.parametrize("mask", [0x01, 0x10, 0xFF])
def test_no_flipped_byte_changes_the_arrays_unnoticed(folder: Path, mask: int) -> None:
    arrays = {"a": np.arange(40.0), "b": np.zeros((2, 3), np.uint8)}  # few bytes, to flip each
    write_evidence(folder, "invented", {}, arrays)
    whole = (folder / ARRAYS).read_bytes()
    refused = 0
    for k in range(len(whole)):
        (folder / ARRAYS).write_bytes(whole[:k] + bytes([whole[k] ^ mask]) + whole[k + 1 :])
        try:
            found = read_evidence(folder, "invented")[1]
        except InputError:
            refused += 1
        else:  # a byte that nothing depends on, such as a date
            assert all((found[name] == values).all() for name, values in arrays.items())
    assert refused > len(whole) / 4


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 17])
def test_bits_come_back_from_bytes(count: int) -> None:
    bits = np.random.default_rng(count).random((2, 3, count)) < 0.5
    packed = pack_bits(bits)
    assert (packed.dtype, packed.shape) == (np.uint8, (2, 3, -(-count // 8)))
    back = unpack_bits(packed, count)
    assert back.dtype == bool
    np.testing.assert_array_equal(back, bits)


@pytest.mark.parametrize("largest", [0.0, 65504.0, -65504.0])
def test_values_that_half_precision_has_are_kept_in_half(largest: float) -> None:
    halved = in_half(np.array([[0.5, largest]], np.float32))
    assert halved.dtype == np.float16
    assert halved.tolist() == [[0.5, largest]]


@pytest.mark.parametrize("largest", [65505.0, -1e6, np.inf, -np.inf])
def test_values_too_large_for_half_precision_are_kept_in_single(largest: float) -> None:
    kept = in_half(np.array([0.5, largest], np.float64))
    assert kept.dtype == np.float32
    assert kept.tolist() == [0.5, largest]


def test_no_values_are_kept_in_half() -> None:
    kept = in_half(np.zeros((0, 5, 3), np.float32))
    assert (kept.dtype, kept.shape) == (np.float16, (0, 5, 3))


def renew(folder: Path, inputs: dict[str, str], text: str) -> bool:
    """Write `text` unless the folder is current; whether it was written."""
    with replaced_unless_current(folder, inputs) as part:
        if part is not None:
            assert part != folder
            (part / "text").write_text(text)
        return part is not None


def test_a_folder_of_the_same_inputs_stays(tmp_path: Path) -> None:
    folder = tmp_path / "study" / "a"
    assert not is_current(folder, INPUT)
    assert renew(folder, INPUT, "first")
    assert is_current(folder, INPUT)
    assert not renew(folder, dict(reversed(INPUT.items())), "second")
    assert (folder / "text").read_text() == "first"
    assert read_json(folder / INPUTS) == INPUT
    assert [path.name for path in folder.parent.iterdir()] == ["a"]


@pytest.mark.parametrize("inputs", [INPUT | {"code": "c1"}, INPUT | {"model": "m1"}, INPUT | {"more": ""}, {}])
def test_a_folder_of_other_inputs_is_replaced(tmp_path: Path, inputs: dict[str, str]) -> None:
    folder = tmp_path / "a"
    renew(folder, INPUT, "first")
    (folder / "left over").touch()
    assert renew(folder, inputs, "second")
    assert (folder / "text").read_text() == "second"
    assert sorted(path.name for path in folder.iterdir()) == [INPUTS, "text"]
    assert not renew(folder, inputs, "third")


def test_a_folder_without_its_inputs_is_replaced(tmp_path: Path) -> None:
    renew(tmp_path / "a", INPUT, "first")
    (tmp_path / "a" / INPUTS).unlink()
    assert renew(tmp_path / "a", INPUT, "second")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_the_former_folder_stays_when_the_block_fails(tmp_path: Path, error: type[BaseException]) -> None:
    renew(tmp_path / "a", INPUT, "first")

    def fail() -> None:
        with replaced_unless_current(tmp_path / "a", {"code": "c1"}) as part:
            assert part is not None
            (part / "text").write_text("half")
            raise error

    with pytest.raises(error):
        fail()
    assert (tmp_path / "a" / "text").read_text() == "first"
    assert is_current(tmp_path / "a", INPUT)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_folders_of_other_names_are_deleted(tmp_path: Path) -> None:
    for name in ("a", "b", "gone", "b.part"):
        renew(tmp_path / name, INPUT, name)
    keep_only(tmp_path, ["a", "b", "not there yet"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]
    assert (tmp_path / "a" / "text").exists()
    keep_only(tmp_path, [])
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("names", [["a"], []])
def test_the_folder_is_there_even_if_nothing_is_kept_in_it(tmp_path: Path, names: list[str]) -> None:
    for _ in range(2):
        keep_only(tmp_path / "new" / "study", names)
        assert [*(tmp_path / "new" / "study").iterdir()] == []


ARRAY = np.arange(3)


def test_named_arrays_are_found_again_under_their_prefix() -> None:
    arrays = {"a": ARRAY, "deep/b": ARRAY + 1, "": ARRAY + 2}
    together = with_prefix("maps", arrays)
    assert list(together) == ["maps/a", "maps/deep/b", "maps/"]
    assert all(found is arrays[name] for name, found in without_prefix("maps", together).items())
    assert list(without_prefix("maps", together)) == list(arrays)
    assert list(without_prefix("maps/deep", together)) == ["b"]


def test_arrays_of_other_prefixes_are_not_found() -> None:
    arrays = dict.fromkeys(("maps", "maps2/a", "photo/maps/a", "maps/a", "MAPS/a"), ARRAY)
    assert list(without_prefix("maps", arrays)) == ["a"]
    assert without_prefix("photos", arrays) == without_prefix("maps", {}) == with_prefix("maps", {}) == {}


def test_the_content_is_readable_json(folder: Path) -> None:
    about = json.loads((folder / CONTENT).read_text(encoding="utf-8"))
    assert about.keys() == {"version", "kind", "digest", "content"}
    assert len(about["digest"]) == 64
