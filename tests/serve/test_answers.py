"""What the released models answer on the page: the same as `lookalike try`, and what a mended mask changes."""

import base64
import html
import io
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from local_page import as_png, question
from PIL import Image

from lookalike.cli.app import main
from lookalike.drawn.garments import draw_garments
from lookalike.errors import RejectedError
from lookalike.serve.classifier import Classifier
from lookalike.serve.question import GARMENT, Question

pytestmark = pytest.mark.usefixtures("at_root")


def answer(classifier: Classifier, picture: bytes, **more: object) -> str:
    return classifier.answer(Question.model_validate_json(json.dumps(question(picture, **more))))


def sentence(answered: str) -> str:
    (found,) = re.findall('<p class="answer">(.*?)</p>', answered)
    return html.unescape(found).replace("\u00a0", " ")


def image(answered: str, kind: str) -> Image.Image:
    (found,) = re.findall(rf'data-{kind}="data:image/png;base64,(.*?)"', answered)
    return Image.open(io.BytesIO(base64.b64decode(found)))


def mended(mask: Image.Image, garment: np.ndarray, *, cut: bool = False) -> dict[str, object]:
    pixels = base64.b64encode(np.where(garment, GARMENT, 0).astype(np.uint8).tobytes()).decode()
    return {"width": mask.width, "height": mask.height, "pixels": pixels, "cut": cut}


def test_it_is_what_try_answers(classifier: Classifier, photo: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr(sys, "argv", ["lookalike", "try", str(photo), "--json"])
    main()
    (expected,) = json.loads(capsys.readouterr().out)["pictures"]
    answered = answer(classifier, photo.read_bytes())
    assert sentence(answered) == expected["sentence"]
    shares = re.findall(r"<td>([\d.]+)\s%</td>", answered)
    probabilities = [share for row in expected["rows"] for share in row["probabilities"].values()]
    assert shares == [f"{100 * share:.1f}" for share in probabilities]
    assert answered.count('class="colours"') == 6  # two maps of each model
    assert "map of the photograph model over" in answered
    assert "(green) against " in answered


def test_a_mended_mask_changes_what_the_studys_models_see(classifier: Classifier, photo: Path) -> None:
    before = answer(classifier, photo.read_bytes())
    mask = image(before, "mask")
    assert mask.size == image(before, "picture").size
    left = np.asarray(mask) > 0
    left[:, mask.width // 2 :] = False
    after = answer(classifier, photo.read_bytes(), mask=mended(mask, left))
    np.testing.assert_array_equal(np.asarray(image(after, "mask")) > 0, left)
    whole, *others = sentence(before).split("; ")
    assert sentence(after).split("; ")[0] == whole  # the photograph model sees the whole photo all the same
    assert re.findall('base64,[^"]*"', before) != re.findall('base64,[^"]*"', after)
    assert others


def test_without_a_garment_there_is_a_mask_to_be_mended(classifier: Classifier) -> None:
    wall = as_png(Image.new("RGB", (80, 60), (200, 60, 60)))
    answered = answer(classifier, wall)
    assert "no garment found" in answered
    mask = image(answered, "mask")
    garment = np.zeros((mask.height, mask.width), bool)
    garment[10:50, 20:60] = True
    assert "Recipe fitted" in answer(classifier, wall, mask=mended(mask, garment))
    with pytest.raises(RejectedError, match="no garment found"):
        answer(classifier, wall, mask=mended(mask, np.zeros_like(garment)))


def test_a_picture_like_the_data_sets_has_no_mask(classifier: Classifier) -> None:
    answered = answer(classifier, as_png(Image.fromarray(draw_garments(1, seed=3)[0][0])))
    assert "28 x 28\u00a0pixels on a dark ground" in answered
    assert "the photograph model" not in answered
    assert "data-mask" not in answered
