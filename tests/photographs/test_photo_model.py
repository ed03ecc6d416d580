"""The model for photographs: its network, its views, its head, how it is measured, and what is released."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from checkout import ROOT
from PIL import Image
from safetensors.numpy import load_file
from sklearn.model_selection import GroupKFold
from timm.data import create_transform, resolve_data_config

from lookalike.artifacts.photo_model import Gain
from lookalike.errors import InputError
from lookalike.photographs import fit_photo_model as fitting
from lookalike.photographs.efficientnet_lite import EfficientNetLite0, with_published_weights
from lookalike.photographs.photo_model import (
    PhotoModel,
    backbone,
    by_class_name,
    first_pixel,
    load_photo_model,
    save_photo_model,
    scaled_size,
    view_features,
    views,
)

NETWORK = "tf_efficientnet_lite0"
CLASSES = ("Bag", "Coat", "Dress", "Shirt")  # of which the photographs below show three


def photograph(width: int, height: int) -> Image.Image:
    """A picture with smooth colours."""
    rows, columns = np.mgrid[0:height, 0:width]
    channels = (rows * 255 // height, columns * 255 // width, (rows + columns) % 256)
    return Image.fromarray(np.stack(channels, axis=2).astype(np.uint8))


def test_the_network_is_timm_s() -> None:
    torch.manual_seed(0)
    theirs = timm.create_model(NETWORK).eval()
    ours = with_published_weights(theirs.state_dict())
    images = torch.randn(2, 3, 224, 224)
    with torch.inference_mode():
        expected = theirs.forward_head(theirs.forward_features(images), pre_logits=True)
        assert expected.std() > 0
        torch.testing.assert_close(ours(images), expected)
        maps = ours.feature_maps(images)
        assert maps.shape == (2, 1280, 7, 7)
        assert torch.equal(maps.mean(dim=(2, 3)), ours(images))


def test_weights_of_another_network_are_refused() -> None:
    published = {f"{k}": value for k, value in enumerate(EfficientNetLite0().state_dict().values())}
    with pytest.raises(ValueError, match="not the weights of EfficientNet-Lite0"):
        with_published_weights(dict(list(published.items())[:-9]))
    with pytest.raises(ValueError, match="not the weights of EfficientNet-Lite0"):
        with_published_weights(published | {"0": torch.zeros(3)})


@pytest.mark.parametrize("size", [(400, 533), (533, 400), (30, 90), (256, 256)])
def test_the_first_view_is_timm_s_preparation(size: tuple[int, int]) -> None:
    prepare = create_transform(**resolve_data_config({}, model=timm.create_model(NETWORK)))
    picture = photograph(*size)
    first, mirrored, padded, other = views(picture)
    np.testing.assert_allclose(first, prepare(picture).numpy(), atol=1e-6)
    np.testing.assert_array_equal(mirrored, first[:, :, ::-1])
    np.testing.assert_array_equal(other, padded[:, :, ::-1])


def test_the_shorter_edge_is_scaled_and_the_middle_is_taken() -> None:
    assert scaled_size((300, 400)) == (256, 341)
    assert scaled_size((64, 32)) == (512, 256)
    assert (first_pixel(256), first_pixel(341)) == (16, 58)


@pytest.fixture(scope="module")
def data() -> fitting.LabelledFeatures:
    """Three classes that a direction in features tells apart, by senders of three photographs each."""
    rng = np.random.default_rng(5)
    labels = np.tile(CLASSES[1:], 30)
    centres = rng.normal(size=(3, 1, 1280))[np.tile(range(3), 30)]
    features = 0.3 * centres + rng.normal(size=(90, 4, 1280))
    ground = np.array(["plain", "", "plain"] * 30)
    senders = np.repeat(np.arange(30), 3)
    noise = rng.normal(size=features.shape).astype(np.float32)  # a mask that takes the garment away
    drawn = fitting.Drawings(100 * rng.normal(size=(6, 1280)).astype(np.float32), np.tile(CLASSES[1:], 2))
    return fitting.LabelledFeatures(features.astype(np.float32), labels, senders, {"background": ground}, noise, drawn)


@pytest.fixture(scope="module")
def model(data: fitting.LabelledFeatures) -> Iterator[PhotoModel]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting, "SPLITS", 2)
        patch.setattr(fitting, "FOLDS", 3)
        patch.setattr(fitting, "PENALTIES", (0.001, 0.01))
        yield fitting.fit_photo_model(data, "0" * 64, CLASSES)


def test_the_head_is_scikit_learn_s_pipeline_as_one_layer(data: fitting.LabelledFeatures, model: PhotoModel) -> None:
    averaged = data.features.mean(axis=1)
    pipeline = fitting.classifier(model.about.c).fit(averaged, data.labels)
    assert model.about.classes == CLASSES[1:]
    np.testing.assert_allclose(model.head.probabilities(averaged), pipeline.predict_proba(averaged), atol=1e-4)


def test_the_space_of_the_photographs_loses_nothing(data: fitting.LabelledFeatures) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    averaged = data.features.mean(axis=1)
    plain = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000, tol=1e-6))
    ours = fitting.classifier(0.01).set_params(logisticregression__tol=1e-6)
    expected = plain.fit(averaged[:60], data.labels[:60]).predict_proba(averaged[60:])
    np.testing.assert_allclose(
        ours.fit(averaged[:60], data.labels[:60]).predict_proba(averaged[60:]), expected, atol=1e-3
    )


def test_nobody_s_photographs_are_answered_by_a_head_that_was_fitted_to_them(
    data: fitting.LabelledFeatures, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Labels that only the sender determines cannot be predicted."""
    rng = np.random.default_rng(1)
    senders = np.repeat(np.arange(30), 3)
    own = rng.normal(size=(30, 1280))[senders] * 5  # the same for all photographs of a sender
    labels = np.array(CLASSES[1:])[rng.integers(0, 3, 30)][senders]
    features = np.repeat(own[:, None], 4, axis=1).astype(np.float32)
    monkeypatch.setattr(fitting, "PENALTIES", (0.01,))
    given = fitting.LabelledFeatures(
        features, labels, senders, {}, features, fitting.Drawings(features[:0, 0], labels[:0])
    )
    right = fitting.cross_validate(features[:, 0], given, "test")
    assert right.shape == (fitting.SPLITS, 90)
    assert right.mean() < 0.6
    shuffled = GroupKFold(3).split(features, groups=np.arange(90))  # what leaking would look like
    fit, score = next(iter(shuffled))
    leaking = fitting.classifier(0.01).fit(features[fit, 0], labels[fit]).predict(features[score, 0])
    assert (leaking == labels[score]).mean() > 0.9


def test_the_measured_accuracies_are_those_of_the_splits(data: fitting.LabelledFeatures, model: PhotoModel) -> None:
    measured = model.about.measured
    assert (measured.all.photographs, measured.senders, measured.folds) == (90, 30, 3)
    assert measured.all.low <= measured.all.accuracy <= measured.all.high
    assert measured.all.accuracy == pytest.approx(np.mean(measured.by_split))
    assert measured.all.accuracy > 0.8
    ablation = {one.views: one for one in measured.ablation}
    assert [*ablation] == [*fitting.VIEWS, fitting.MASKED, fitting.DRAWN]
    assert ablation[fitting.ALL].by_split == measured.by_split
    assert ablation[fitting.ALL].difference == Gain(0, 0, 0)
    assert ablation[fitting.MASKED].difference.high < -0.2
    for one in ablation.values():
        assert one.difference.value == pytest.approx(one.accuracy - measured.all.accuracy)
        assert one.difference.low <= one.difference.value <= one.difference.high
    shares = [one.accuracy * one.photographs for one in measured.classes.values()]
    assert sum(shares) / 90 == pytest.approx(measured.all.accuracy)
    parts = [*measured.classes.values(), *measured.attributes["background"].values()]
    assert all(one.low < one.accuracy <= one.high + 1e-9 for one in parts)
    assert {name: one.photographs for name, one in measured.attributes["background"].items()} == {"plain": 60}


def test_heads_are_fitted_to_drawings_only_where_these_are_given(
    data: fitting.LabelledFeatures, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drawings that show every class under another name."""
    monkeypatch.setattr(fitting, "PENALTIES", (0.01,))
    averaged = data.features.mean(axis=1)
    misleading = fitting.Drawings(np.tile(averaged, (20, 1)), np.tile(np.roll(data.labels, 1), 20))
    plain, misled = (fitting.cross_validate(averaged, data, "test", drawn) for drawn in (None, misleading))
    assert plain.mean() > 0.8
    assert misled.mean() < 0.2


def test_distances_leave_out_the_sender(data: fitting.LabelledFeatures) -> None:
    averaged = data.features.mean(axis=1)
    copies = np.concatenate([averaged] + [averaged[:1]] * 20)
    senders = np.r_[data.senders, np.zeros(20, int)]
    assert fitting.distances_to_others(copies, senders)[0] > 0.1
    assert fitting.distances_to_others(copies, np.arange(len(copies)))[0] < 0.01


def test_a_class_that_the_head_does_not_have_gets_nothing() -> None:
    known = np.array([[1, 2], [3, 4]], np.float32)
    found = by_class_name(known, ("Dress", "Coat"), CLASSES)
    np.testing.assert_array_equal(found, np.array([[0, 0], [3, 4], [1, 2], [0, 0]], np.float32))
    assert found.dtype == np.float32


def test_what_is_saved_is_read_again(model: PhotoModel, tmp_path: Path) -> None:
    save_photo_model(tmp_path / "released", model)
    again = load_photo_model(tmp_path / "released")
    assert again.about == model.about
    assert again.about.faithfulness is None  # not measured by the fit
    np.testing.assert_array_equal(again.head.weight, model.head.weight)
    np.testing.assert_allclose(again.references, model.references, atol=2e-3)
    (tmp_path / "released" / "head.safetensors").write_bytes(b"damaged")
    with pytest.raises(InputError, match=r"\A[^\n]*head.safetensors: missing or damaged; [^\n]*\Z"):
        load_photo_model(tmp_path / "released")
    (tmp_path / "released" / "model.json").write_text("{}")
    with pytest.raises(InputError, match=r"\A[^\n]*model.json: [^\n]*missing key\Z"):
        load_photo_model(tmp_path / "released")


def test_the_real_network_has_features_of_a_photograph() -> None:
    found = view_features(backbone(), photograph(300, 200))
    features = found.features
    assert features.shape == (4, 1280)
    assert found.maps.shape == (4, 1280, 7, 7)
    assert load_photo_model(ROOT / "released/photographs").distances(features.mean(axis=0, keepdims=True)).shape == (1,)


def test_the_released_head_is_small_and_its_card_has_its_numbers() -> None:
    folder = ROOT / "released" / "photographs"
    weights = [*folder.glob("*.safetensors"), *(ROOT / "results").glob("fashion/fashion-[cv]*/*/weights/seed-0.*")]
    assert len(weights) == 3
    assert sum(path.stat().st_size for path in weights) < 5_000_000
    assert load_file(folder / "head.safetensors")["weight"].dtype == np.float32
    model = json.loads((folder / "model.json").read_text())
    about, faithfulness = model["measured"], model["faithfulness"]
    card = (ROOT / "docs/cards/photograph-model.md").read_text(encoding="utf-8")
    rows = [tuple(row.split(" | ")) for row in re.findall(r"^\| (.*) \|$", card, re.MULTILINE)]

    def said(one: dict[str, float]) -> tuple[str, str]:
        return f"{100 * one['accuracy']:.1f} %", f"{100 * one['low']:.1f} % to {100 * one['high']:.1f} %"

    accuracy, interval = said(about["all"])
    assert {("accuracy", accuracy), ("95 % interval", interval)} <= {*rows}
    words = {"view": "view of a shoe"}
    attributes = {
        f"{words.get(of, of)}: {value}": one
        for of, parts in about["attributes"].items()
        for value, one in parts.items()
    }
    for name, one in (about["classes"] | attributes).items():
        assert (name, str(one["photographs"]), *said(one)) in rows
    for one in about["ablation"]:
        by_split = ", ".join(f"{100 * share:.1f} %" for share in one["by_split"])
        points = (f"{100 * one['difference'][key]:z.1f}".replace("-", "−") for key in ("value", "low", "high"))
        difference = "–" if one["views"] == fitting.ALL else "{} ({} to {})".format(*points)
        assert (one["views"], f"{100 * one['accuracy']:.1f} %", by_split, difference) in rows
    assert f"{faithfulness['photographs']} photographs, one per sender" in card
    named = {"CAM": "CAM", "random": "random maps", "centre": "Gaussian in the centre"}
    gains = {words: faithfulness["gain"][name] for name, words in named.items()} | {
        "CAM minus random maps": faithfulness["over_random"],
        "CAM minus Gaussian": faithfulness["over_centre"],
    }
    for name, one in gains.items():
        value, low, high = (f"{one[key]:z.2f}".replace("-", "−") for key in ("value", "low", "high"))
        assert (name, value, f"{low} to {high}") in rows
