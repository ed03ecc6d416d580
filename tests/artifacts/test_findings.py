"""What a stage found comes back; its arrays lie under names that are files' anywhere, all of them or none."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lookalike.artifacts.findings import load_found, save_arrays, save_found

FOUND: dict[str, Any] = {"é": {"heads": None, "gain": 0.1 + 0.2, "curve": [1, 0.5]}, "b": {}}
SCORES = {"é": {"Grad-CAM": {"gain": 0.25}}}


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("indices", "indices.npy"),
        ("Grad-CAM", "Grad-CAM.npy"),
        ("first attention output", "first-attention-output.npy"),
        ("t-SNE, perplexity 30", "t-SNE-perplexity-30.npy"),
        ("patches.0/../x_y", "patches-0-x-y.npy"),
    ],
)
def test_names_become_files_without_anything_but_letters_digits_and_hyphens(
    tmp_path: Path, name: str, file: str
) -> None:
    save_arrays(tmp_path / "a", {name: np.zeros(1)})
    assert [path.name for path in (tmp_path / "a").iterdir()] == [file]


def test_arrays_come_back_as_they_were_and_replace_the_old_ones(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    arrays: dict[str, NDArray[Any]] = {
        "indices": np.arange(3),
        "maps": rng.normal(0, 1e4, (3, 2, 2)).astype(np.float32),
    }
    folder = tmp_path / "arrays" / "a"
    save_arrays(folder, arrays | {"gone": np.zeros(1)})
    save_arrays(folder, arrays)
    assert sorted(path.name for path in folder.iterdir()) == ["indices.npy", "maps.npy"]
    for name, values in arrays.items():
        back = np.load(folder / f"{name}.npy")
        assert back.dtype == values.dtype
        np.testing.assert_array_equal(back, values)


def test_a_failed_write_leaves_the_former_arrays(tmp_path: Path) -> None:
    class Unreadable:
        def __array__(self, *_: Any, **__: Any) -> Any:
            raise OSError("gone")

    save_arrays(tmp_path / "a", {"old": np.ones(2)})
    broken: dict[str, Any] = {"old": np.zeros(2), "new": Unreadable()}
    with pytest.raises(OSError, match="gone"):
        save_arrays(tmp_path / "a", broken)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["old.npy"]
    assert np.load(tmp_path / "a" / "old.npy").tolist() == [1, 1]


def test_figures_come_back_by_variant(tmp_path: Path) -> None:
    save_found(tmp_path / "new" / "fashion", {"gone": {}}, {"gone": {}})
    save_found(tmp_path / "new" / "fashion", FOUND, SCORES)
    assert load_found(tmp_path / "new" / "fashion") == FOUND
    assert {path.name for path in (tmp_path / "new" / "fashion").glob("*.*")} == {"found.json", "metrics.json"}


@pytest.mark.parametrize("broken", [0, 1])
def test_figures_that_are_no_numbers_are_refused(tmp_path: Path, broken: int) -> None:
    save_found(tmp_path, FOUND, SCORES)
    former = (tmp_path / ("found.json", "metrics.json")[broken]).read_bytes()
    parts: list[dict[str, Any]] = [FOUND, SCORES]
    parts[broken] = {"a": {"gain": math.nan}}
    with pytest.raises(ValueError, match="not JSON compliant"):
        save_found(tmp_path, *parts)
    assert (tmp_path / ("found.json", "metrics.json")[broken]).read_bytes() == former
    assert len(list(tmp_path.glob("*.*"))) == 2


def test_the_folders_that_dvc_expects_are_there_even_if_nothing_was_found(tmp_path: Path) -> None:
    save_found(tmp_path / "study", {}, {})
    assert sorted(path.name for path in (tmp_path / "study").iterdir() if path.is_dir()) == ["arrays", "figures"]
    assert load_found(tmp_path / "study") == {}
