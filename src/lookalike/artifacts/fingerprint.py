"""A short name for a training run that is the same if and only if all that decides its result is the same."""

import hashlib
import json
import sys
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
