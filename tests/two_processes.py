"""Training runs that one process and several do alike; as a script, it does them under torchrun.

torchrun --standalone --nproc-per-node 2 two_processes.py results.pt
"""

import os
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tiny_photographs import jpegs, write_files
from torch import Tensor, nn

from lookalike.artifacts.image_files import ImageFiles, View, take_images
from lookalike.data.augmentation import AffineJitter, Augmentation, ShoePairs, ToneJitter
from lookalike.data.tensors import ImageStream, LabelledImages, place_images
from lookalike.models.registry import create_model
from lookalike.runtime import Runtime, seeded
from lookalike.training.distributed import add_up, joined, leads, own_part, synchronised, whole_batch
from lookalike.training.loop import Schedule, train
from lookalike.training.optimisation import Optimisation
from lookalike.training.pretrained import train_head_alone

BATCH = 16
SGD = Optimisation("sgd", lr=0.02)
EVERYTHING = Augmentation(
    pairs=ShoePairs((5, 7), 0.5),
    placing=AffineJitter(turn=20, scale=(0.8, 1.1), shear=0.1, shift=0.1, mirror=True),
    bend=0.05,
    crop=2,
    tones=ToneJitter(gamma=(0.7, 1.5), gain=(0.6, 1.1), lift=0.3, noise=0.1),
)


@dataclass(frozen=True)
class Case:
    """A model, and what differs from an epoch of plain SGD with 73 images, of which the last batch has 9."""

    model: str
    arguments: dict[str, Any] = field(default_factory=dict)
    images: int = 73
    optimisation: Optimisation = SGD
    precision: torch.dtype = torch.float32
    head_alone: bool = False
    from_files: bool = False
    schedule: dict[str, Any] = field(default_factory=dict)


NORMALISED = {"batch_norm": True}
CASES = {
    "dropout and augmentation": Case("fashion_cnn", schedule={"augmentation": EVERYTHING}),
    "adam": Case("fashion_cnn", optimisation=Optimisation("adam", lr=1e-3)),
    "batch norm": Case("vgg", NORMALISED | {"max_channels": 16, "dropout": 0.2}),
    "timm's batch norm": Case("zoo_efficientnet", {"size": "tiny"}),
    "contrastive loss": Case("simple_cnn", NORMALISED, schedule={"contrastive_margin": 0.4}),
    "a last batch of one": Case("simple_cnn", {"dropout": 0.2}, images=65),
    "a last batch of one, with batch norm": Case("residual_net", {"depth": 8, "max_channels": 8}, images=65),
    "the head alone": Case("simple_cnn", NORMALISED, head_alone=True),
    "files": Case("simple_cnn", images=30, from_files=True),
    "bfloat16": Case("simple_cnn", NORMALISED, precision=torch.bfloat16),
    "own statistics": Case("simple_cnn", NORMALISED, schedule={"sync_batch_norm": False}),
}


def images(case: Case, runtime: Runtime, folder: Path) -> list[LabelledImages]:
    """Images to train on and fifty to validate on: noise, or photographs in files."""
    count = case.images + 50
    labels = (np.arange(count) % 10).astype(np.uint8)
    if case.from_files:
        names = np.array([f"{k}.jpg" for k in range(count)])
        write_files(folder, jpegs(names.tolist()))
        pixels: Any = ImageFiles(folder, names, names, View(32))
    else:
        pixels = np.random.default_rng(0).integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
    how: dict[str, Any] = {"mean": (0.5,) * 3, "std": (0.25,) * 3, "runtime": runtime}
    parts = (np.arange(case.images), np.arange(case.images, count))
    return [place_images(take_images(pixels, part), labels[part], **how) for part in parts]


def trained(case: Case) -> dict[str, Any]:
    """Weights and history after an epoch, and the numbers of images that this process read from files."""
    runtime = Runtime(torch.device("cpu"), precision=case.precision)
    with tempfile.TemporaryDirectory() as folder, seeded(0, "init"):
        own, valid = images(case, runtime, Path(folder))
        model = runtime.place(create_model(case.model, case.arguments, input_shape=(3, 32, 32), num_classes=10))
        if case.head_alone:
            train_head_alone(model)
        outcome = train(model, own, valid, Schedule(1, BATCH, 0, case.optimisation, **case.schedule), runtime)
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    read = [len(batch) for batch in own.order] if isinstance(own, ImageStream) else []
    return {"weights": weights, "history": vars(outcome.history[0]), "read": read}


def normalised() -> dict[str, Tensor]:
    """A batch of seven images after batch normalisation, the gradients, and the running statistics."""
    with seeded(0, "init"):
        layer, maps, factors = nn.BatchNorm2d(5), 3 * torch.randn(7, 5, 6, 6) + 20, torch.randn(7, 5, 6, 6)
        nn.init.normal_(layer.weight)
    part = own_part(7)
    rows = slice(part.start, part.stop)
    maps = maps[rows].requires_grad_()
    with synchronised(part):
        out = layer(maps)
    (out * factors[rows]).sum().backward()
    assert maps.grad is not None
    found = {"out": whole_batch(out, part), "gradient": whole_batch(maps.grad, part)}
    found |= {name: add_up(p.grad.clone()) for name, p in layer.named_parameters() if p.grad is not None}
    return {name: tensor.detach() for name, tensor in found.items()} | dict(layer.named_buffers())


def main(results: str) -> None:
    """Do all runs and write their results."""
    torch.set_num_threads(1)
    with joined(os.environ):
        found = {name: trained(case) for name, case in CASES.items()} | {"normalised": normalised()}
        if leads():
            torch.save(found, results)


if __name__ == "__main__":
    main(sys.argv[1])
