"""A name for a training that is the same if and only if all that decides its result is the same."""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import torch

# Modules that refuse bad input, route or record: they cannot change a result.
NEUTRAL = {
    "lookalike.artifacts.fingerprint",
    "lookalike.artifacts.folders",
    "lookalike.command",
    "lookalike.errors",
    "lookalike.models.registry",
    "lookalike.params",
    "lookalike.provenance",
    "lookalike.references",
    "lookalike.recorder",
}


def fingerprint(**decisive: Any) -> str:
    """SHA-256 (16 hex digits) over JSON-able settings, torch's version and the loaded modules of this package.

    The modules in `NEUTRAL` do not count.
    """
    sha = hashlib.sha256(json.dumps(decisive, sort_keys=True).encode())
    sha.update(str(torch.__version__).encode())
    for source in loaded_sources():
        sha.update(source.read_bytes())
    return sha.hexdigest()[:16]


def loaded_sources() -> list[Path]:
    """The files of the modules of this package that are imported now, sorted by module name."""
    modules = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "lookalike"}
    names = sorted(name for name in modules if name not in NEUTRAL)
    return [Path(file) for name in names if (file := modules[name].__file__)]
