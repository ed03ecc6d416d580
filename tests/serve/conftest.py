"""The released models, and photographs: published ones where a mirror has them, else drawn ones."""

import os
from pathlib import Path

import pytest
from PIL import Image

from lookalike.drawn.photographs import draw_snapshots
from lookalike.params import load_params
from lookalike.serve.classifier import Classifier

ROOT = Path(__file__).parents[2]
SHOES = "photos/shoes/1ece3817-f6ca-46a2-b514-f2d3de572399.jpg"  # a pair of sneakers from the side


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        return Classifier.load(load_params())


@pytest.fixture
def at_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """The released models are named from the root of the project."""
    monkeypatch.chdir(ROOT)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photograph of one garment or a pair."""
    path = tmp_path / "photo.jpg"
    if (mirror := os.environ.get("LOOKALIKE_MIRROR")) and (Path(mirror) / SHOES).is_file():
        path.symlink_to(Path(mirror) / SHOES)
    else:
        Image.fromarray(draw_snapshots(1, seed=4)[0].image).save(path, quality=92)
    return path
