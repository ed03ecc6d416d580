"""Photographs per second in training a network of the zoo, compared with timm's own recipe, in turns in one process.

    python benchmarks/photographs.py --model zoo_mobilenet --threads 2

Both read the same JPEG files (drawn on the spot, 320x240), cut the same square out of each, and train the same network
with AdamW, in batches of 32, channels-last. timm's side is what its train.py does without augmentation: its data set,
its loader, its network as it is, its optimiser.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import timm
import torch
import torch.nn.functional as F
from PIL import Image
from timm.data import create_dataset, create_loader
from timm.optim import create_optimizer_v2
from tqdm import trange

from lookalike import runtime
from lookalike.artifacts.image_files import ImageFiles, View
from lookalike.data.tensors import WORKERS, place_images
from lookalike.drawn.photographs import draw_snapshots
from lookalike.models.registry import PUBLISHED, create_model, find_model
from lookalike.training.loop import Learner, training_mode
from lookalike.training.optimisation import Optimisation, Optimiser

FAMILIES = [name for name in PUBLISHED if name != "zoo_googlenet"]  # which is not timm's
CLASSES, RATE, DECAY = 10, 1e-4, 0.05
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=FAMILIES, default="zoo_mobilenet")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--photographs", type=int, default=960)
    parser.add_argument("--blocks", type=int, default=4)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    target = runtime.start()
    with tempfile.TemporaryDirectory() as folder:
        write_photographs(Path(folder), asked.photographs)
        sides = {"ours": ours(asked, Path(folder), target), "timm": theirs(asked, folder, target)}
        rates: dict[str, list[float]] = {name: [] for name in sides}
        for block in trange(asked.blocks + 1, unit="block", disable=None):
            for name, epoch in sides.items():
                rate = asked.photographs / seconds(epoch, target)
                rates[name] += [rate] if block else []  # the first warms up
    print(f"{runtime.describe_device(target)}; {asked.model} at {asked.size} pixels, batches of {asked.batch_size}")
    for name, found in rates.items():
        print(f"{name}: {statistics.median(found):.1f} images/s ({min(found):.1f} to {max(found):.1f})")
    ratios = [mine / other for mine, other in zip(*rates.values(), strict=True)]
    print(f"ours / timm: {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})")


def write_photographs(folder: Path, count: int) -> None:
    """Drawn photographs, a folder a class."""
    for k, shot in enumerate(draw_snapshots(count, seed=0)):
        path = folder / str(shot.label) / f"{k:04}.jpg"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(shot.image).save(path, quality=90)


def ours(asked: argparse.Namespace, folder: Path, target: runtime.Runtime) -> Callable[[], None]:
    """An epoch of this project's loop."""
    names = np.array(sorted(path.relative_to(folder).as_posix() for path in folder.glob("*/*.jpg")))
    labels = np.array([int(name.partition("/")[0]) for name in names])
    files = ImageFiles(folder, names, names, View(asked.size))
    images = place_images(files, labels, mean=MEAN, std=DEVIATION, runtime=target)
    with runtime.seeded(0, "init"):
        shape = (3, asked.size, asked.size)
        model = target.place(create_model(asked.model, input_shape=shape, num_classes=CLASSES))
    training_mode(model)
    learner = Learner(model, Optimiser(model, Optimisation("torch_adam", lr=RATE, weight_decay=DECAY)), target)

    def epoch() -> None:
        order = torch.randperm(len(images)).split(asked.batch_size)
        for batch in images.batches(order):
            learner.step(*batch)

    return epoch


def theirs(asked: argparse.Namespace, folder: str, target: runtime.Runtime) -> Callable[[], None]:
    """An epoch of timm's recipe."""
    network: str = find_model(asked.model).MEMBER  # type: ignore[attr-defined]
    transformer = {"img_size": asked.size} if "vit" in network else {}
    model = target.place(timm.create_model(network, num_classes=CLASSES, **transformer)).train()
    optimizer = create_optimizer_v2(model, opt="adamw", lr=RATE, weight_decay=DECAY)
    loader = create_loader(
        create_dataset("", root=folder),
        input_size=(3, asked.size, asked.size),
        batch_size=asked.batch_size,
        is_training=True,
        no_aug=True,
        interpolation="bicubic",
        mean=MEAN,
        std=DEVIATION,
        num_workers=min(WORKERS, torch.get_num_threads()),
        use_prefetcher=target.device.type == "cuda",
        device=target.device,
    )
    batches = endless(loader)

    def epoch() -> None:
        for images, labels in islice(batches, len(loader)):
            inputs = images.to(target.device, memory_format=target.memory_format)
            with target.autocast():
                loss = F.cross_entropy(model(inputs), labels.to(target.device))
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()

    return epoch


def endless(loader: "torch.utils.data.DataLoader[tuple[torch.Tensor, torch.Tensor]]") -> Iterator[list[torch.Tensor]]:
    """Batches of one epoch after another."""
    for _ in cycle([None]):
        yield from loader


def seconds(work: Callable[[], None], target: runtime.Runtime) -> float:
    """How long a round takes."""
    synchronise = torch.cuda.synchronize if target.device.type == "cuda" else (lambda: None)
    synchronise()
    started = time.perf_counter()
    work()
    synchronise()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
