"""The pictures of better and worse photographs, and the accuracies that the advice rests on."""

import io
from pathlib import Path

import numpy as np
import pytest
from checkout import ROOT
from PIL import Image

from lookalike.errors import InputError
from lookalike.params import load_params
from lookalike.photographs.accuracy import BEST
from lookalike.photographs.advice import advice_picture, draw_advice
from lookalike.reporting.photo_accuracy import PHOTO_MODEL, advice_webp, read_accuracies

TABLE = ROOT / "reports/published/photographs.csv"


def test_the_stored_picture_is_what_is_drawn() -> None:
    photos = load_params(ROOT / "params.yaml").photos
    assert photos
    drawn, stored = (
        np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), np.int64)
        for content in (advice_picture(draw_advice(), photos.recipes[BEST]), advice_webp())
    )
    assert np.abs(drawn - stored).max() <= 8  # another machine's WebP may differ a little


def test_the_advice_is_what_was_measured() -> None:
    """The words of the page and of the card about it stand as long as these hold."""
    accuracies = read_accuracies(TABLE)
    photo_model, *study = accuracies.models
    assert (photo_model, study) == (PHOTO_MODEL, ["fashion-cnn", "fashion-vit"])
    known = {(row.model, row.of, row.value): row for row in accuracies.rows}
    for name in study:
        assert known[name, "background", "plain"].low > known[name, "background", "cluttered"].high
        assert known[name, "items", "single"].low > known[name, "items", "pair"].high
        assert known[name, "items", "pair"].high < 0.1
    for of, (first, second) in {"background": ("plain", "cluttered"), "items": ("single", "pair")}.items():
        assert known[PHOTO_MODEL, of, first].low < known[PHOTO_MODEL, of, second].high
        assert known[PHOTO_MODEL, of, second].low < known[PHOTO_MODEL, of, first].high


def test_models_stand_side_by_side() -> None:
    rows = read_accuracies(TABLE).compared("class")
    assert [row.value for row in rows][:2] == ["T-shirt/top", "Trouser"]
    assert all(one and one.photographs == row.photographs for row in rows for one in row.by_model)


def test_a_table_that_is_missing_or_damaged_is_refused_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\A\S+: cannot be read; `git checkout [^\n]+` restores it\Z"):
        read_accuracies(tmp_path / "photographs.csv")
    text = TABLE.read_text(encoding="utf-8").replace("0.793924", "most")
    (tmp_path / "photographs.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"\A\S+: row 0.accuracy: [^\n]+\Z"):
        read_accuracies(tmp_path / "photographs.csv")
