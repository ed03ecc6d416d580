"""Mean maps of look-alikes, against a loop over images with Captum."""

from dataclasses import replace

import numpy as np
import torch
from captum.attr import IntegratedGradients
from torch import Tensor, nn

from lookalike.artifacts.datasets import Dataset
from lookalike.drawn.garments import draw_garments
from lookalike.explain.attributions import STEPS
from lookalike.explain.pair_maps import pair_maps
from lookalike.explain.subject import Images, Subject
from lookalike.models.registry import create_model
from lookalike.runtime import Runtime, seeded

LABELS = np.array([0, 2, 0, 1, 2, 0])
PAIRS = ((0, 2), (1, 2))


class Difference(nn.Module):
    """The logit of one class minus that of another: (N, 1)."""

    def __init__(self, model: nn.Module, own: int, other: int) -> None:
        super().__init__()
        self.model, self.own, self.other = model, own, other

    def forward(self, images: Tensor) -> Tensor:
        logits = self.model(images)
        return (logits[:, self.own] - logits[:, self.other])[:, None]


def test_maps_are_means_over_the_first_images_of_a_class(dataset: Dataset) -> None:
    with seeded(0, "init"):
        model = create_model("fashion_cnn", {}, input_shape=(1, 28, 28), num_classes=10).eval()
    pixels = draw_garments(len(LABELS), seed=3)[0]
    seen = replace(dataset, mean=(0.3,), std=(0.4,))
    subject = Subject(model, model, seen, Runtime(torch.device("cpu")), Images(pixels, LABELS, LABELS))
    found = pair_maps(subject, PAIRS, 2)
    assert found.shape == (2, 2, 28, 28)
    for row, pair in zip(found, PAIRS, strict=True):
        for one, (own, other) in zip(row, (pair, pair[::-1]), strict=True):
            some = subject.inputs[np.flatnonzero(own == LABELS)[:2]]
            captum = IntegratedGradients(Difference(model, own, other))
            expected = captum.attribute(
                some, subject.empty.expand(1, 1, 28, 28), 0, n_steps=STEPS, method="riemann_middle"
            )
            np.testing.assert_allclose(one, expected.float().sum(1).mean(0).detach(), rtol=1e-3, atol=1e-6)
