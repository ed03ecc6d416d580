"""Photographs of a few pixels, and folders and archives of them."""

import io
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

DAMAGED = b"no picture after all"


def picture(seed: int, size: tuple[int, int] = (40, 32)) -> Image.Image:
    """An RGB picture of noise over one colour; `size` is (width, height)."""
    rng = np.random.default_rng(seed)
    noise = rng.integers(0, 60, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(noise + rng.integers(0, 190, 3, dtype=np.uint8))


def jpeg(seed: int, size: tuple[int, int] = (40, 32)) -> bytes:
    """That picture as the content of a file."""
    out = io.BytesIO()
    picture(seed, size).save(out, "JPEG")
    return out.getvalue()


def jpegs(names: Iterable[str]) -> dict[str, bytes]:
    """A picture under each name."""
    return {name: jpeg(seed) for seed, name in enumerate(names)}


def write_files(folder: Path, contents: Mapping[str, bytes]) -> Path:
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def write_zip(path: Path, contents: Mapping[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return path


def write_tgz(path: Path, contents: Mapping[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path
