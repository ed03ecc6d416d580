"""Fingerprints of training runs and stages: equal if and only if all that decides the result is equal."""

import hashlib
import json
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

# The modules and packages that refuse bad input, route or record: they cannot change a result. No stage depends on
# them (tests/test_stages.py), and no fingerprint covers them.
NEUTRAL = (
    "lookalike.artifacts.fingerprint",
    "lookalike.artifacts.folders",
    "lookalike.command",
    "lookalike.errors",
    "lookalike.models.registry",
    "lookalike.params",
    "lookalike.provenance",
    "lookalike.recorder",
)
LIBRARIES = ("torch", "torchvision", "timm")
# Modules of the architectures' package that several of them load.
SHARED = ("__init__", "attention", "base", "initialisation", "layers", "macs", "zoo")


def is_neutral(module: str) -> bool:
    """Whether the module, by its full name, is one of `NEUTRAL` or in one of these packages."""
    return any(module == name or module.startswith(f"{name}.") for name in NEUTRAL)


def fingerprint(**decisive: Any) -> str:
    """SHA-256 (16 hex digits) over JSON-able settings, the versions of `LIBRARIES` and this package's loaded modules.

    Neutral modules do not count.
    """
    sha = hashlib.sha256(json.dumps(decisive, sort_keys=True).encode())
    sha.update(json.dumps({name: version(name) for name in LIBRARIES}).encode())
    for source in loaded_sources():
        sha.update(source.read_bytes())
    return sha.hexdigest()[:16]


def loaded_sources() -> list[Path]:
    """The files of the modules of this package that are imported now, sorted by module name."""
    modules = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "lookalike"}
    names = sorted(name for name in modules if not is_neutral(name))
    return [Path(file) for name in names if (file := modules[name].__file__)]


def input_digests(
    script: Path, architecture: str | None, folders: Mapping[str, Path], **settings: Any
) -> dict[str, str]:
    """Digests of all that decides what a stage computes for one variant, by name; compare `evidence.is_current`.

    Args:
        script: the stage's own file.
        architecture: the module in `lookalike.models` whose code counts; the code of other architectures does not. None
            means that the stage runs no model.
        folders: whatever files the stage reads, by a name for each folder.
        settings: JSON-able.
    """
    sources = [script, *code_for(architecture)]
    versions = {name: version(name) for name in (*LIBRARIES, "numpy", "scipy", "scikit-learn")}
    return {
        "code": sha_256(b"".join(source.read_bytes() for source in sources)),
        "libraries": sha_256(json.dumps(versions).encode()),
        "settings": sha_256(json.dumps(settings, sort_keys=True).encode()),
        **{name: folder_digest(folder) for name, folder in folders.items()},
    }


def code_for(architecture: str | None) -> list[Path]:
    """The loaded modules that are no architecture; and unless it is None the architecture and what all share."""
    package = Path(sys.modules["lookalike"].__path__[0]) / "models"
    others = [source for source in loaded_sources() if source.parent != package]
    if architecture is None:
        return others
    return [*others, *(package / f"{name}.py" for name in (*SHARED, architecture))]


def folder_digest(folder: Path) -> str:
    """SHA-256 over the paths and contents of all files below `folder`, or of a file; "" where there is nothing."""
    files = [folder] if folder.is_file() else sorted(path for path in folder.rglob("*") if path.is_file())
    sha = hashlib.sha256()
    for path in files:
        sha.update(path.relative_to(folder).as_posix().encode())
        with path.open("rb") as stream:
            sha.update(hashlib.file_digest(stream, "sha256").digest())
    return sha.hexdigest() if files else ""


def sha_256(content: bytes) -> str:
    """SHA-256 in hex digits."""
    return hashlib.sha256(content).hexdigest()
