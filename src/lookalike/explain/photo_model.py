"""How faithful the maps of the model for photographs are, see `faithfulness`."""

import copy
from dataclasses import asdict

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lookalike.artifacts.photo_model import Gain, MapFaithfulness
from lookalike.evaluation.statistics import Estimate
from lookalike.explain.faithfulness import CONTROLS, PerturbationTest, faithfulness_scores
from lookalike.photographs.efficientnet_lite import EfficientNetLite0
from lookalike.photographs.photo_model import Head
from lookalike.photographs.photo_model_maps import METHOD

SEED = 13  # of the photographs, of random maps and of the order of equal values
BATCH = 4  # images in one forward pass: what a CPU's cache holds


class ViewClassifier(nn.Module):
    """The network and the head as one: images (N, 3, 224, 224) to logits (N, C)."""

    def __init__(self, network: EfficientNetLite0, head: Head) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).to(memory_format=torch.channels_last)  # on a CPU twice as fast
        self.weight, self.bias = torch.from_numpy(head.weight), torch.from_numpy(head.bias)

    def forward(self, images: Tensor) -> Tensor:
        return self.class_maps(images).mean(dim=(2, 3)) + self.bias

    def class_maps(self, images: Tensor) -> Tensor:
        """The maps (N, C, h, w) of every class, whose means are the logits minus the bias."""
        parts = images.contiguous(memory_format=torch.channels_last).split(BATCH)
        return torch.cat([torch.einsum("ck,nkhw->nchw", self.weight, self.network.feature_maps(one)) for one in parts])


@torch.inference_mode()
def map_faithfulness(network: EfficientNetLite0, head: Head, images: Tensor, steps: int = 10) -> MapFaithfulness:
    """The faithfulness of the maps of the predicted class, of images (N, 3, 224, 224), one of each sender."""
    model = ViewClassifier(network, head).eval()
    maps = model.class_maps(images)
    predicted = (maps.mean(dim=(2, 3)) + model.bias).argmax(dim=1)
    own = maps[torch.arange(len(images)), predicted]
    found = faithfulness_scores(PerturbationTest(model, images, predicted, steps), {METHOD: own}, SEED).methods
    one = found[METHOD]
    assert one.over_random is not None  # only controls are not compared
    assert one.over_centre is not None
    return MapFaithfulness(
        photographs=len(images),
        gain={name: as_gain(found[name].gain) for name in (METHOD, *CONTROLS)},
        over_random=as_gain(one.over_random),
        over_centre=as_gain(one.over_centre),
    )


def as_gain(estimate: Estimate) -> Gain:
    """The estimate as it is stored."""
    return Gain(**asdict(estimate))


def one_per_sender(senders: NDArray[np.int64]) -> NDArray[np.int64]:
    """The index of one photograph of each sender, drawn by a fixed seed: those of one sender resemble each other."""
    rng = np.random.default_rng(SEED)
    return np.array([rng.choice(np.flatnonzero(senders == sender)) for sender in np.unique(senders)])
