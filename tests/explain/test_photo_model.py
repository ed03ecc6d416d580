"""The faithfulness of the maps of the model for photographs, where it is known what the model reads."""

from typing import cast

import numpy as np
import pytest
import torch
from colour_network import ColourNetwork
from torch import Tensor

from lookalike.evaluation.statistics import Estimate
from lookalike.explain.photo_model import ViewClassifier, as_gain, map_faithfulness, one_per_sender
from lookalike.photographs.efficientnet_lite import EfficientNetLite0
from lookalike.photographs.photo_model import Head
from lookalike.photographs.photo_model_maps import METHOD

HEAD = Head(10 * np.eye(3, dtype=np.float32), np.array([1, 0, -1], np.float32))


@pytest.fixture
def network() -> EfficientNetLite0:
    return cast(EfficientNetLite0, ColourNetwork())


@pytest.fixture
def images() -> Tensor:
    """Six grey images (6, 3, 224, 224), each with a bright corner of one colour."""
    images = torch.zeros(6, 3, 224, 224)
    for k in range(6):
        rows, columns = (slice(96) if k % side else slice(128, None) for side in (2, 3))
        images[k, k % 3, rows, columns] = 1
    return images


def test_the_network_and_the_head_are_one_model(network: EfficientNetLite0, images: Tensor) -> None:
    model = ViewClassifier(network, HEAD)
    logits = model(images)
    expected = network(images).numpy() @ HEAD.weight.T + HEAD.bias
    np.testing.assert_allclose(logits.numpy(), expected, atol=1e-6)
    maps = model.class_maps(images)
    assert maps.shape == (6, 3, 7, 7)
    torch.testing.assert_close(maps.mean(dim=(2, 3)) + torch.from_numpy(HEAD.bias), logits)


def test_the_real_network_s_logits_are_the_same_in_another_memory_format(images: Tensor) -> None:
    torch.manual_seed(0)
    network = EfficientNetLite0().eval()
    head = Head(np.full((2, 1280), 0.1, np.float32), np.zeros(2, np.float32))
    with torch.inference_mode():
        logits = ViewClassifier(network, head)(images[:2])
        torch.testing.assert_close(logits[:, 0], 0.1 * network(images[:2]).sum(dim=1))
    assert next(network.parameters()).is_contiguous()


def test_maps_of_what_the_model_reads_are_faithful(network: EfficientNetLite0, images: Tensor) -> None:
    found = map_faithfulness(network, HEAD, images, steps=4)
    assert found.photographs == 6
    assert list(found.gain) == [METHOD, "random", "centre"]
    assert found.over_random.low > 0
    assert found.over_centre.low > 0
    assert found.over_random.value == pytest.approx(found.gain[METHOD].value - found.gain["random"].value)


def test_estimates_are_stored_with_their_intervals() -> None:
    stored = as_gain(Estimate(0.2, 0.1, 0.3))
    assert (stored.value, stored.low, stored.high) == (0.2, 0.1, 0.3)


def test_each_sender_has_one_photograph() -> None:
    senders = np.array([4, 4, 2, 9, 4, 2] * 5)
    chosen = one_per_sender(senders)
    assert senders[chosen].tolist() == [2, 4, 9]
    np.testing.assert_array_equal(chosen, one_per_sender(senders))
