"""Images as batches on the device: uint8 there, normalised batch by batch.

Small sets live on the device whole: Fashion-MNIST takes 55 MB this way and a batch is one gather, so no loader and no
worker is needed. Photographs stay in their files, and torch's loader decodes them beside the training.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.image_files import ImageFiles, Pixels, View, channels_first, take_images
from lookalike.artifacts.models import Preprocessing
from lookalike.errors import InputError
from lookalike.runtime import Runtime

Augment = Callable[[Tensor, Tensor], Tensor]
WORKERS = 4  # processes that decode, where there are as many cores


@dataclass(frozen=True)
class LabelledImages:
    """Images with labels, as batches on one device.

    Attributes:
        labels: int64 (N,).
        mean, std: float32 (C, 1, 1), in units of [0, 1] pixels; a batch is (images / 255 - mean) / std.
        size: height and width.
    """

    labels: Tensor
    mean: Tensor
    std: Tensor
    memory_format: torch.memory_format
    size: tuple[int, int]

    def __len__(self) -> int:
        return len(self.labels)

    def pixels(self, indices: Tensor | slice) -> Tensor:
        """The images themselves: uint8 (B, C, H, W) on the device."""
        raise NotImplementedError

    def batch(self, indices: Tensor | slice, augment: Augment | None = None) -> tuple[Tensor, Tensor]:
        """Normalised float32 images (B, C, H, W) and labels (B,); `augment` sees both, the images in [0, 1]."""
        return self.finish(self.pixels(indices), self.labels[indices], augment)

    def batches(self, order: Sequence[Tensor], augment: Augment | None = None) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches of these indices, one after the other."""
        return (self.batch(indices, augment) for indices in order)

    def finish(self, pixels: Tensor, labels: Tensor, augment: Augment | None) -> tuple[Tensor, Tensor]:
        """The batch as float32, augmented and normalised, and its labels."""
        images = pixels.to(dtype=torch.float32, memory_format=self.memory_format).div_(255)
        if augment is not None:
            images = augment(images, labels)
        return images.sub_(self.mean).div_(self.std), labels


@dataclass(frozen=True)
class ImageTensors(LabelledImages):
    """All of them on the device: uint8 (N, C, H, W)."""

    images: Tensor

    def pixels(self, indices: Tensor | slice) -> Tensor:
        return self.images[indices]


@dataclass(frozen=True)
class ImageStream(LabelledImages):
    """Images that stay in their files: what is in memory are the batches at work and the few that come next."""

    files: ImageFiles
    order: list[list[int]] = field(default_factory=list)  # what the loader reads, batch by batch

    @cached_property
    def loader(self) -> Iterable[NDArray[np.uint8] | InputError]:
        """Reads the batches of `order`; its processes stay for the next epoch, since they take a second to begin.

        They send arrays, which go through a pipe. Tensors would go through /dev/shm: where that is small, as the 64 MB
        of a container are, torch hangs or ends.
        """
        from torch.utils.data import DataLoader

        return DataLoader(
            self.files,  # type: ignore[arg-type]  # has what it needs, a length and items
            batch_sampler=self.order,
            num_workers=min(WORKERS, os.cpu_count() or 1),
            persistent_workers=True,
            collate_fn=collate,
        )

    def pixels(self, indices: Tensor | slice) -> Tensor:
        which = indices if isinstance(indices, slice) else indices.cpu().numpy()
        return self.on_device(torch.from_numpy(self.files[which]))

    def on_device(self, images: Tensor) -> Tensor:
        """(B, H, W, C) -> (B, C, H, W). A GPU copies from pinned memory, while it still computes the batch before."""
        device = self.labels.device
        images = images.pin_memory() if device.type == "cuda" else images
        return images.permute(0, 3, 1, 2).to(device, non_blocking=True)

    def batches(self, order: Sequence[Tensor], augment: Augment | None = None) -> Iterator[tuple[Tensor, Tensor]]:
        """See `LabelledImages`; other processes decode the next ones meanwhile. One iteration at a time."""
        self.order[:] = [indices.tolist() for indices in order]
        for indices, images in zip(order, self.loader, strict=True):
            if isinstance(images, InputError):
                raise images
            yield self.finish(self.on_device(torch.from_numpy(images)), self.labels[indices], augment)


def collate(images: Sequence[NDArray[np.uint8]] | InputError) -> NDArray[np.uint8] | InputError:
    """Images (H, W, C) as one array (B, H, W, C); an error is passed on."""
    return images if isinstance(images, InputError) else np.stack(images)


def preprocessed(dataset: Dataset, how: Preprocessing | None) -> Dataset:
    """The data set as published weights need it: cut, scaled and normalised.

    None leaves it as it is. Images that are no files are of their final size already, and are normalised alone.
    """
    if how is None:
        return dataset
    ours = replace(dataset, mean=how.mean, std=how.std)
    if not isinstance(dataset.train_images, ImageFiles) or not isinstance(dataset.test_images, ImageFiles):
        return ours
    view = View(dataset.input_shape[1], how.crop, how.interpolation)
    return replace(ours, train_images=dataset.train_images.seen(view), test_images=dataset.test_images.seen(view))


def place_images(
    images: Pixels,
    labels: NDArray[np.integer],
    *,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    runtime: Runtime,
) -> LabelledImages:
    """Put arrays (N, H, W) or (N, H, W, C) with labels (N,) on the device of `runtime`; of files the labels alone."""
    about: dict[str, Any] = {
        "labels": torch.from_numpy(labels.astype(np.int64)).to(runtime.device),
        "mean": torch.tensor(mean, device=runtime.device).view(-1, 1, 1),
        "std": torch.tensor(std, device=runtime.device).view(-1, 1, 1),
        "memory_format": runtime.memory_format,
        "size": (images.shape[1], images.shape[2]),
    }
    if isinstance(images, ImageFiles):
        return ImageStream(files=images, **about)
    channels = torch.from_numpy(np.ascontiguousarray(channels_first(images)))
    return ImageTensors(images=channels.to(runtime.device), **about)


def from_training_set(dataset: Dataset, indices: NDArray[np.int64], runtime: Runtime) -> LabelledImages:
    """Some images of the training set, which holds the validation images as well, on the device of `runtime`."""
    images, labels = take_images(dataset.train_images, indices), dataset.train_labels[indices]
    return place_images(images, labels, mean=dataset.mean, std=dataset.std, runtime=runtime)
