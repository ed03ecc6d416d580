"""A data set on disk: nothing is lost on the way, and its digest names its arrays."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from lookalike.artifacts.datasets import ARRAYS, Dataset, load_dataset, save_dataset
from lookalike.artifacts.folders import read_json


@pytest.mark.parametrize("name", ["dataset", "colour_dataset"])
def test_a_data_set_comes_back_as_it_was(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    data = replace(request.getfixturevalue(name), mean=(0.1 + 0.2,) * 3, provenance={"about": "é", "n": [1]})
    save_dataset(tmp_path / "data", data)
    back = load_dataset(tmp_path / "data")
    for field in fields(Dataset):
        given, got = getattr(data, field.name), getattr(back, field.name)
        assert type(given) is type(got)
        np.testing.assert_array_equal(given, got)
        assert field.name not in ARRAYS or given.dtype == got.dtype
    assert back.digest == data.digest == read_json(tmp_path / "data" / "dataset.json")["digest"]


def test_the_same_data_set_is_the_same_bytes(dataset: Dataset, tmp_path: Path) -> None:
    for name in ("a", "b"):
        save_dataset(tmp_path / name, dataset)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_input_shape_has_the_channels_first(dataset: Dataset, colour_dataset: Dataset) -> None:
    assert dataset.input_shape == (1, 16, 16)
    assert colour_dataset.input_shape == (3, 16, 16)


@pytest.mark.parametrize("name", ARRAYS)
def test_the_digest_changes_with_any_array(dataset: Dataset, name: str) -> None:
    array = getattr(dataset, name)
    changed = array.copy()
    changed.flat[-1] ^= 1
    wider, flat = array.astype(np.int64 if array.dtype == np.uint8 else np.uint64), array.reshape(1, *array.shape)
    digests = {replace(dataset, **{name: other}).digest for other in (array, changed, wider, flat)}
    assert len(digests) == 4


def test_the_digest_does_not_depend_on_memory_layout(dataset: Dataset) -> None:
    assert replace(dataset, train_images=np.asfortranarray(dataset.train_images)).digest == dataset.digest
