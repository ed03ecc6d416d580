"""Images of another data set, whose classes the study lacks, in the format of the study's images."""

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.image_files import Images, Pixels, take_images

LIMIT = 1000  # test images of another data set that models are shown, at most


@dataclass(frozen=True, eq=False)
class OutsideImages:
    """Images uint8 (M, H, W) or (M, H, W, 3) of the data set `name`, in the format of another."""

    name: str
    images: Images


def outside_images(name: str, images: Pixels, dataset: Dataset) -> OutsideImages:
    """The first `LIMIT` images of the data set `name` in the size and the colours of `dataset`.

    Colour becomes grey as ITU-R 601 luma, and grey becomes three equal channels. Sizes change bilinearly; where an
    image shrinks, each pixel averages over what it covers.
    """
    height, width = dataset.test_images.shape[1:3]
    mode = "L" if dataset.test_images.ndim == 3 else "RGB"
    pictures = (Image.fromarray(one).convert(mode) for one in images[:LIMIT])
    size, bilinear = (width, height), Image.Resampling.BILINEAR
    return OutsideImages(name, np.stack([np.asarray(one.resize(size, bilinear)) for one in pictures]))


def only_outside(dataset: Dataset) -> Dataset:
    """What `outside_images` needs of a data set: its first test images; a single training image shows the format."""
    return replace(
        dataset,
        train_images=take_images(dataset.train_images, slice(1)),
        train_labels=dataset.train_labels[:1],
        test_images=take_images(dataset.test_images, slice(LIMIT)),
        test_labels=dataset.test_labels[:LIMIT],
        train_indices=dataset.train_indices[:0],
        valid_indices=dataset.valid_indices[:0],
    )
