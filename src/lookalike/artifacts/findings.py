"""`explanations/<study>/` and `embeddings/<study>/`: what was found, arrays of each variant, and the main scores."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.folders import read_json, replacing_folder, write_bytes, write_json


def save_arrays(folder: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write one .npy a name, with hyphens for what is neither letter nor digit; the folder appears whole or not."""
    with replacing_folder(folder) as part:
        for name, values in arrays.items():
            np.save(part / f"{re.sub('[^A-Za-z0-9]+', '-', name)}.npy", values)


def save_figures(folder: Path, pictures: Mapping[str, bytes]) -> None:
    """Write one PNG file a name, which may be a path of several parts without suffix."""
    for name, picture in pictures.items():
        write_bytes(folder / f"{name}.png", picture)


def save_found(folder: Path, found: dict[str, Any], scores: dict[str, Any]) -> None:
    """Write `found.json` (variant -> all figures) and `metrics.json` (variant -> the main ones, for `dvc metrics`).

    The folders `arrays` and `figures`, which DVC expects, are there afterwards even if nothing was looked at.
    """
    for name in ("arrays", "figures"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    write_json(folder / "found.json", found)
    write_json(folder / "metrics.json", scores)


def load_found(folder: Path) -> dict[str, Any]:
    """All figures, by variant."""
    found: dict[str, Any] = read_json(folder / "found.json")
    return found
