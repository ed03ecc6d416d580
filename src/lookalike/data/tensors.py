"""Small image sets as tensors that live on the device: uint8 there, normalised batch by batch.

The whole of Fashion-MNIST takes 55 MB this way and a batch is one gather, so no loader and no worker is needed.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lookalike.runtime import Runtime

Augment = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class ImageTensors:
    """Images with labels on one device.

    Attributes:
        images: uint8 (N, C, H, W).
        labels: int64 (N,).
        mean, std: float32 (C, 1, 1), in units of [0, 1] pixels; a batch is (images / 255 - mean) / std.
    """

    images: Tensor
    labels: Tensor
    mean: Tensor
    std: Tensor
    memory_format: torch.memory_format

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, indices: Tensor | slice, augment: Augment | None = None) -> tuple[Tensor, Tensor]:
        """Normalised float32 images (B, C, H, W) and labels (B,); `augment` sees both, the images in [0, 1]."""
        images = self.images[indices].to(dtype=torch.float32, memory_format=self.memory_format).div_(255)
        labels = self.labels[indices]
        if augment is not None:
            images = augment(images, labels)
        return images.sub_(self.mean).div_(self.std), labels


def place_images(
    images: NDArray[np.uint8],
    labels: NDArray[np.integer],
    *,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    runtime: Runtime,
) -> ImageTensors:
    """Put arrays (N, H, W) or (N, H, W, C) with labels (N,) on the device of `runtime`."""
    planes = images[:, None] if images.ndim == 3 else images.transpose(0, 3, 1, 2)  # -> (N, C, H, W)
    return ImageTensors(
        images=torch.from_numpy(np.ascontiguousarray(planes)).to(runtime.device),
        labels=torch.from_numpy(labels.astype(np.int64)).to(runtime.device),
        mean=torch.tensor(mean, device=runtime.device).view(-1, 1, 1),
        std=torch.tensor(std, device=runtime.device).view(-1, 1, 1),
        memory_format=runtime.memory_format,
    )
