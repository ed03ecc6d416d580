"""Pictures in `comparisons/<study>/`."""

from collections.abc import Mapping
from pathlib import Path

from lookalike.artifacts.folders import write_bytes


def save_figures(folder: Path, pictures: Mapping[str, bytes]) -> None:
    """Write one WebP file per name, which may be a path of several parts without suffix."""
    for name, picture in pictures.items():
        write_bytes(folder / f"{name}.webp", picture)
