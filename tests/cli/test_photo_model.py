"""Fitting the model for photographs, with a network that sees colours alone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from colour_network import ColourNetwork
from PIL import Image

from lookalike.cli import photo_model as command
from lookalike.data.labelled_clothing import Photograph
from lookalike.drawn.photographs import draw_snapshots
from lookalike.photographs import fit_photo_model as fitting
from lookalike.photographs.photo_model import load_photo_model

CLASSES = ("Bag", "Coat", "Dress", "Shirt")  # no photograph shows a bag
DRAWN = draw_snapshots(8, seed=1)


@pytest.fixture
def labelled(tmp_path: Path) -> list[Photograph]:
    """A red coat, a green dress and a blue shirt by each of twelve senders, and a picture without a class."""
    rng, found = np.random.default_rng(0), []
    for k, name in enumerate([*np.repeat(CLASSES[1:], 12), ""]):
        pixels = rng.integers(0, 90, (48, 64, 3), np.uint8)
        pixels[10:30, 5 + k % 5 : 40, k // 12 % 3] += 150
        Image.fromarray(pixels).save(tmp_path / f"{k}.png")
        about = dict.fromkeys(command.ATTRIBUTES, "plain") | {"sender": str(k % 12)}
        found.append(Photograph(f"{k}.png", tmp_path / f"{k}.png", str(name), about))
    return found


def test_the_model_is_written_with_the_scores_of_its_maps(
    labelled: list[Photograph], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "backbone", ColourNetwork)
    monkeypatch.setattr(command, "published_photographs", lambda cache, mirror: labelled)
    monkeypatch.setattr(command, "drawings", lambda: [replace(one, label=k % 4) for k, one in enumerate(DRAWN)])
    for name, value in {"SPLITS": 1, "FOLDS": 2, "PENALTIES": (1.0,)}.items():
        monkeypatch.setattr(fitting, name, value)
    folder = tmp_path / "released"
    model = command.fit_released(folder, CLASSES, tmp_path, None)
    assert model.about.classes == CLASSES[1:]
    assert model.about.measured.all.photographs == 36
    assert model.about.faithfulness
    assert model.about.faithfulness.photographs == 12  # one of each sender
    assert model.about.faithfulness.over_random.value > 0
    assert load_photo_model(folder).about == model.about
