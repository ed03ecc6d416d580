"""Pack code, settings and data of variants into one zip file; elsewhere its `run.py` trains and evaluates them."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from tqdm import tqdm

from lookalike import provenance
from lookalike.artifacts.datasets import save_dataset
from lookalike.artifacts.fingerprint import sha_256
from lookalike.artifacts.folders import write_bytes, write_json, write_text
from lookalike.artifacts.photos import SHOWN, save_photos
from lookalike.bundle.layout import BUNDLE, DATA, PARAMETERS, PROVENANCE, SHEETS, write_zip
from lookalike.bundle.sheets import to_sheets
from lookalike.data.outside import only_outside
from lookalike.data.sources import build_dataset
from lookalike.errors import InputError
from lookalike.params import Params, load_params, with_profile
from lookalike.training.pretrained import checksum, named_weights_file
from lookalike.training.settings import effective_settings

CODE = ("src/lookalike", "stages")
RUN = """\
\"\"\"Train, evaluate, explain and embed the variants of this bundle: python run.py

Run it again after a kill, and it goes on from the last finished epoch.
\"\"\"

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
os.chdir(ROOT)
sys.path.insert(0, str(ROOT / "src"))
sys.path.append(str(ROOT / "libraries"))  # the last: what is installed comes first

from lookalike.bundle.run import main

main()
"""
README = """\
A bundle of the project Lookalike: {variants}.

Needs Python 3.11 or newer with torch 2.11 or newer, torchvision, timm and scikit-learn; no network.

    python run.py

A killed run goes on from its last finished epoch when the command is given again. After each variant the evidence so
far is in evidence-1.zip, evidence-2.zip and so on, at most 16 MB each. Take all of them back to the project:

    lookalike results add evidence-*.zip
"""


@dataclass(frozen=True)
class DataLocations:
    """Where data come from: the folder of downloads, and the folder or address tried first (None means none)."""

    downloads: Path
    mirror: str | None


def write_bundle(names: Sequence[str], profile: str | None, target: Path, mirror: str | None) -> bool:
    """Write the bundle of the variants `names` to `target`; run from the root of the project.

    Args:
        profile: the profile with the data and budgets; None means the one that `params.yaml` names.
        mirror: folder or address tried before the publishers of data; None means none.

    Returns:
        Whether the code and settings are those of a commit. If not, `lookalike results add` refuses the evidence.

    Raises:
        InputError: no such variant or profile, one given twice, no room for `target`, or data that cannot be had.
    """
    params, text = chosen_parameters(profile)
    for name in names:
        params.require("variants", name)
        if list(names).count(name) > 1:
            raise InputError(f"{name} is given twice; each variant may be given once")
    for needed in CODE:
        if not Path(needed).is_dir():
            raise InputError(f"{needed}: not found; run from the root of the project")
    if target.is_dir() or not target.parent.is_dir():
        raise InputError(f"{target}: not a file that can be written; name a new file in a folder that exists")
    origin = provenance.commit()
    with TemporaryDirectory(prefix=".bundle-", dir=target.parent) as temporary:
        folder = Path(temporary)
        write_code(folder, text, names)
        write_libraries(folder / "libraries")
        settings = {name: effective_settings(params, name).digest for name in names}
        digest = sha_256(text.encode())
        write_json(folder / PROVENANCE, {**origin, "profile": params.profile, "params": digest, "settings": settings})
        write_data(folder, params, names, DataLocations(Path("downloads"), mirror))
        write_zip(target, ((path.relative_to(folder).as_posix(), path) for path in sorted(folder.rglob("*"))))
    return not origin["dirty"]


def chosen_parameters(profile: str | None) -> tuple[Params, str]:
    """The parameters with `profile` as the active one, and their text with no other change.

    Raises:
        InputError: no such profile.
    """
    params, text = load_params(), Path(PARAMETERS).read_text(encoding="utf-8")
    if profile is None or profile == params.profile:
        return params, text
    params.require("profiles", profile)
    return params.model_copy(update={"profile": profile}), with_profile(text, profile)


def write_code(folder: Path, text: str, names: Sequence[str]) -> None:
    """Write the package, the stages, `params.yaml`, `run.py` and `README.txt`."""
    for name in CODE:
        shutil.copytree(name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.part"))
    write_text(folder / PARAMETERS, text)
    write_text(folder / "run.py", RUN)
    write_text(folder / "README.txt", README.format(variants=", ".join(names)))


def write_libraries(folder: Path) -> None:
    """Write what machines with torch, timm and scikit-learn alone lack: a YAML parser and the stand-in for pydantic."""
    spec = find_spec("ruamel.yaml")
    assert spec is not None  # `load_params` has used it
    assert spec.origin is not None
    for source in Path(spec.origin).parent.glob("*.py"):
        write_bytes(folder / "ruamel" / "yaml" / source.name, source.read_bytes())
    write_bytes(folder / "pydantic.py", Path(__file__).with_name("stand_in.py").read_bytes())
    write_text(folder / "pydantic_core.py", "from pydantic import ErrorDetails, PydanticCustomError\n")


def write_data(folder: Path, params: Params, names: Sequence[str], locations: DataLocations) -> None:
    """Write the data sets, photographs and weights that the variants need, and `bundle.json`, which lists them."""
    arrays: dict[str, Any] = {}
    own = dict.fromkeys(params.variants[name].dataset for name in names)
    others = dict.fromkeys(params.studies[params.variants[name].study].outside for name in names)
    for dataset in own | others:
        write_dataset(folder, dataset, params, locations, whole=dataset in own)
        arrays |= sheets_for(folder, dataset)
    if any(params.photographed(params.variants[name].study) for name in names):
        write_photos(folder / "photos", params, locations)
    for name in names:
        weights = effective_settings(params, name).train.weights
        if weights and weights.file and not Path(weights.file).is_absolute():
            write_bytes(folder / weights.file, named_weights_file(weights.file, Path()).read_bytes())
    write_json(folder / BUNDLE, {"variants": list(names), "arrays": arrays})


def write_dataset(folder: Path, name: str, params: Params, locations: DataLocations, *, whole: bool) -> None:
    """Write a data set as the stage `fetch` does, or else its test images alone, which another study's models see."""
    dataset, _ = build_dataset(name, params.datasets[name], params.active.data, locations.downloads, locations.mirror)
    if any(files.in_place for files in dataset.files.values()):
        raise InputError(f"datasets.{name}: your own photographs stay where they are; a bundle cannot hold them")
    save_dataset(folder / DATA / name, dataset if whole else only_outside(dataset))


def sheets_for(folder: Path, dataset: str) -> dict[str, Any]:
    """Replace the arrays of images by sheets (see `bundle.sheets`); returns shape and SHA-256 of each, by its path."""
    arrays = {}
    for path in sorted((folder / DATA / dataset).glob("*_images.npy")):
        images, name = np.load(path), path.relative_to(folder).as_posix()
        arrays[name] = {"shape": list(images.shape), "sha256": checksum(path)}
        for k, sheet in enumerate(tqdm(to_sheets(images), desc=f"pack {path.stem}", unit="sheet", disable=None)):
            write_bytes(folder / SHEETS / name / f"{k:04d}.webp", sheet)
        path.unlink()
    return arrays


def write_photos(folder: Path, params: Params, locations: DataLocations) -> None:
    """Write the prepared photographs as the stage `photos` does; nothing if the profile has none."""
    from lookalike.photographs.preparation import all_preparations, find_photographs, photo_set, prepare_photographs

    if params.photos is None or params.active.photos is None:
        return
    recipes, classes = all_preparations(params.photos.recipes), params.datasets[params.photos.dataset].classes
    found, refused, origin = find_photographs(params.active.photos, classes, locations.downloads, locations.mirror)
    photographs, prepared, unprepared = prepare_photographs(found, recipes, lambda steps: b"")
    save_photos(folder, photo_set(photographs, prepared, recipes, classes, origin), refused + unprepared, {})
    for path in folder.iterdir():
        if path.name not in SHOWN:
            path.unlink()
