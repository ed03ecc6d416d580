"""How faithful the maps of the model for photographs are, see `faithfulness`: pixels of the whole photo are changed."""

import copy
from collections.abc import Iterable
from dataclasses import asdict

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from lookalike.artifacts.photo_model import Gain, MapFaithfulness
from lookalike.evaluation.statistics import Estimate, bootstrap_mean, resample
from lookalike.explain.faithfulness import CONTROLS, PerturbationTest, faithfulness_scores
from lookalike.photographs.efficientnet_lite import EfficientNetLite0
from lookalike.photographs.photo_model import Head, view_features
from lookalike.photographs.photo_model_maps import METHOD, evidence_maps
from lookalike.runtime import derive_seed

SEED = 13  # of the photographs, of random maps and of the order of equal values


class PhotoClassifier(nn.Module):
    """The model for photographs as a network: photographs (N, 3, H, W) with values in -1..1 to logits (N, C)."""

    def __init__(self, network: EfficientNetLite0, head: Head) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).to(memory_format=torch.channels_last)  # on a CPU twice as fast
        self.head = head

    def forward(self, images: Tensor) -> Tensor:
        features = [view_features(self.network, to_photograph(image)).features.mean(axis=0) for image in images]
        return torch.from_numpy(np.stack(features) @ self.head.weight.T + self.head.bias)

    def explained(self, photograph: Image.Image) -> tuple[Tensor, Tensor]:
        """The predicted class (1,) of a photograph, and the map (1, rows, columns) that is shown of it."""
        seen = view_features(self.network, photograph)
        predicted = int((self.head.weight @ seen.features.mean(axis=0) + self.head.bias).argmax())
        shown = evidence_maps(self.head, seen.maps, photograph.size)[predicted]
        return torch.tensor([predicted]), torch.from_numpy(shown)[None]


def to_photograph(image: Tensor) -> Image.Image:
    """The photograph of an image (3, H, W) with values in -1..1, in steps of 1/127.5."""
    pixels = ((image + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return Image.fromarray(pixels.permute(1, 2, 0).numpy())


def to_image(photograph: Image.Image) -> Tensor:
    """The image (3, H, W) of a photograph, see `to_photograph`; 0 is the grey in the middle."""
    return torch.from_numpy(np.array(photograph)).permute(2, 0, 1) / 127.5 - 1


@torch.inference_mode()
def map_faithfulness(
    network: EfficientNetLite0, head: Head, photographs: Iterable[Image.Image], steps: int = 10
) -> MapFaithfulness:
    """The faithfulness of the maps of the predicted class, which are shown of whole photographs, one of each sender.

    Pixels are deleted and inserted in the photograph, before its views are cut. The photographs differ in size, so each
    is tested by itself.
    """
    model, scores = PhotoClassifier(network, head).eval(), []
    for number, photograph in enumerate(photographs):
        label, shown = model.explained(photograph)
        test = PerturbationTest(model, to_image(photograph)[None], label, steps)
        scores.append(faithfulness_scores(test, {METHOD: shown}, derive_seed(SEED, "photograph", number)).methods)
    gains = {name: np.array([one[name].gain.value for one in scores]) for name in (METHOD, *CONTROLS)}
    weights = resample(len(scores))

    def mean(values: NDArray[np.float64]) -> Gain:
        return as_gain(bootstrap_mean(values, weights))

    random, centre = (mean(gains[METHOD] - gains[control]) for control in CONTROLS)
    return MapFaithfulness(len(scores), {name: mean(values) for name, values in gains.items()}, random, centre)


def as_gain(estimate: Estimate) -> Gain:
    """The estimate as it is stored."""
    return Gain(**asdict(estimate))


def one_per_sender(senders: NDArray[np.int64]) -> NDArray[np.int64]:
    """The index of one photograph of each sender, drawn by a fixed seed: those of one sender resemble each other."""
    rng = np.random.default_rng(SEED)
    return np.array([rng.choice(np.flatnonzero(senders == sender)) for sender in np.unique(senders)])
