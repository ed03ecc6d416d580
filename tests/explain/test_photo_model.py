"""The faithfulness of the maps of the model for photographs, where it is known what the model reads."""

from typing import cast

import numpy as np
import pytest
import torch
from colour_network import ColourNetwork
from PIL import Image

from lookalike.evaluation.statistics import Estimate
from lookalike.explain.photo_model import (
    PhotoClassifier,
    as_gain,
    map_faithfulness,
    one_per_sender,
    to_image,
    to_photograph,
)
from lookalike.photographs.efficientnet_lite import EfficientNetLite0
from lookalike.photographs.photo_model import Head, view_features
from lookalike.photographs.photo_model_maps import METHOD, evidence_maps

HEAD = Head(10 * np.eye(3, dtype=np.float32), np.array([0.2, 0, -0.2], np.float32))
SIZES = [(64, 48), (48, 64), (56, 56), (72, 48), (48, 80), (60, 48)]  # width and height


@pytest.fixture
def network() -> EfficientNetLite0:
    return cast(EfficientNetLite0, ColourNetwork())


@pytest.fixture
def photographs() -> list[Image.Image]:
    """Six grey photographs of several shapes, each with a bright spot of one colour in a corner."""
    found = []
    for k, (width, height) in enumerate(SIZES):
        pixels = np.full((height, width, 3), 128, np.uint8)
        rows, columns = (
            slice(side // 4) if k % way else slice(-side // 4, None) for side, way in ((height, 2), (width, 3))
        )
        pixels[rows, columns, k % 3] = 255
        found.append(Image.fromarray(pixels))
    return found


def test_a_photograph_comes_back_as_it_was() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    pixels[:2, 0] = [[0, 128, 255], [255, 127, 0]]
    image = to_image(Image.fromarray(pixels))
    assert image.shape == (3, 30, 40)
    assert (float(image.min()), float(image.max())) == (-1, 1)
    np.testing.assert_array_equal(to_photograph(image), pixels)
    np.testing.assert_array_equal(to_photograph(torch.zeros(3, 2, 2)), np.full((2, 2, 3), 128))


def test_whole_photographs_are_classified_and_explained_as_they_are_for_the_user(
    network: EfficientNetLite0, photographs: list[Image.Image]
) -> None:
    model = PhotoClassifier(network, HEAD)
    for photograph in photographs:
        seen = view_features(network, photograph)
        features = seen.features.mean(axis=0, keepdims=True)
        logits = model(to_image(photograph)[None])
        np.testing.assert_allclose(logits.softmax(dim=1).numpy(), HEAD.probabilities(features), rtol=1e-5)
        predicted, shown = model.explained(photograph)
        assert predicted.item() == logits.argmax()
        expected = evidence_maps(HEAD, seen.maps, photograph.size)[predicted.item()]
        np.testing.assert_array_equal(shown[0], expected)


def test_the_real_network_s_logits_are_the_same_in_another_memory_format(photographs: list[Image.Image]) -> None:
    torch.manual_seed(0)
    network = EfficientNetLite0().eval()
    head = Head(np.full((2, 1280), 0.1, np.float32), np.zeros(2, np.float32))
    with torch.inference_mode():
        logits = PhotoClassifier(network, head)(to_image(photographs[0])[None])
    expected = 0.1 * view_features(network, photographs[0]).features.mean(axis=0).sum()
    assert logits[0].numpy() == pytest.approx(expected, rel=1e-4)
    assert next(network.parameters()).is_contiguous()


def test_maps_of_what_the_model_reads_are_faithful(network: EfficientNetLite0, photographs: list[Image.Image]) -> None:
    found = map_faithfulness(network, HEAD, iter(photographs), steps=4)
    assert found.photographs == 6
    assert list(found.gain) == [METHOD, "random", "centre"]
    assert found.over_random.low > 0
    assert found.over_centre.low > 0
    assert found.over_random.value == pytest.approx(found.gain[METHOD].value - found.gain["random"].value)
    assert found == map_faithfulness(network, HEAD, photographs, steps=4)


def test_estimates_are_stored_with_their_intervals() -> None:
    stored = as_gain(Estimate(0.2, 0.1, 0.3))
    assert (stored.value, stored.low, stored.high) == (0.2, 0.1, 0.3)


def test_each_sender_has_one_photograph() -> None:
    senders = np.array([4, 4, 2, 9, 4, 2] * 5)
    chosen = one_per_sender(senders)
    assert senders[chosen].tolist() == [2, 4, 9]
    np.testing.assert_array_equal(chosen, one_per_sender(senders))
