"""The model for photographs: a linear head on the features of EfficientNet-Lite0, fitted to labelled photographs.

It sees a photograph in colour and whole, unlike the study's models, which see 28 x 28 grey pixels of a cut-out garment.
`released/photographs/` holds the head and how accurate such heads were on photographs of other senders.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from lookalike.artifacts.folders import replacing_folder, write_bytes, write_json
from lookalike.artifacts.photo_model import ABOUT, FOLDER, WEIGHTS, About, load_about
from lookalike.errors import InputError

if TYPE_CHECKING:
    from lookalike.photographs.efficientnet_lite import EfficientNetLite0

SIDE, SHORTER = 224, 256  # pixels: the network's images are the centre of a photograph whose shorter edge is 256
NEIGHBOURS = 10
USUAL = 0.95  # share of the labelled photographs that are as near to those of other senders as "like them" asks

Floats = NDArray[np.float32]
Number = TypeVar("Number", np.float32, np.float64)


@dataclass(frozen=True)
class Head:
    """A linear layer: weight (C, 1280) and bias (C,)."""

    weight: Floats
    bias: Floats

    def probabilities(self, features: Floats) -> NDArray[np.float64]:
        """Those (N, C) of features (N, 1280)."""
        from lookalike.evaluation.metrics import softmax

        return softmax(features @ self.weight.T + self.bias)


@dataclass(frozen=True)
class PhotoModel:
    """The head, the features (M, 1280) of the photographs that it was fitted to, and what is known of it."""

    head: Head
    references: Floats
    about: About

    def distances(self, features: Floats) -> NDArray[np.float64]:
        """How far features (N, 1280) lie from those of the labelled photographs, see `knn_distance`."""
        from lookalike.evaluation.distance import knn_distance

        return knn_distance(features, self.references, NEIGHBOURS)


@dataclass(frozen=True)
class ViewFeatures:
    """Feature maps (4, 1280, 7, 7) of the views of a photograph, and the features (4, 1280), which are their means."""

    maps: Floats
    features: Floats


def views(photograph: Image.Image) -> Iterator[Floats]:
    """Four images (3, 224, 224): the centre as it is and with a margin that makes it square, each also mirrored."""
    edge = max(photograph.size)
    mean = np.asarray(photograph.resize((1, 1)))[0, 0]
    square = ImageOps.pad(photograph, (edge, edge), color=tuple(int(value) for value in mean))
    for picture in (photograph, square):
        image = central_square(picture)
        yield image
        yield image[:, :, ::-1]


def central_square(picture: Image.Image) -> Floats:
    """The centre (3, 224, 224) of a picture whose shorter edge is scaled to 256 pixels; values in -1..1."""
    size = scaled_size(picture.size)
    scaled = picture.resize(size, Image.Resampling.BICUBIC)
    left, top = (first_pixel(edge) for edge in size)
    pixels = np.asarray(scaled.crop((left, top, left + SIDE, top + SIDE)), np.float32)
    return np.asarray((pixels.transpose(2, 0, 1) / 255 - 0.5) / 0.5, np.float32)


def scaled_size(size: tuple[int, int]) -> tuple[int, int]:
    """The width and height in pixels of a picture of this size, once its shorter edge is scaled to 256."""
    scale = SHORTER / min(size)
    width, height = (max(SHORTER, int(edge * scale)) for edge in size)
    return width, height


def first_pixel(edge: int) -> int:
    """Where the middle 224 pixels of an edge begin."""
    return round((edge - SIDE) / 2)


@cache
def backbone() -> "EfficientNetLite0":
    """EfficientNet-Lite0 with the published weights of the package, loaded once.

    Raises:
        InputError: the package is missing or damaged.
    """
    import torch

    from lookalike.photographs.efficientnet_lite import with_published_weights
    from lookalike.photographs.lite0_package import package_file

    return with_published_weights(torch.load(package_file(), map_location="cpu", weights_only=True))


def view_features(network: "EfficientNetLite0", photograph: Image.Image) -> ViewFeatures:
    """The features of the views of a photograph, with the maps that they are the means of."""
    import torch

    images = torch.from_numpy(np.stack(list(views(photograph))))
    with torch.inference_mode():
        maps = network.feature_maps(images)
        return ViewFeatures(maps.numpy(), maps.mean(dim=(2, 3)).numpy())


def save_photo_model(folder: Path, model: PhotoModel) -> None:
    """Write `model.json` and `head.safetensors`; the references in half precision."""
    from safetensors.numpy import save

    arrays = {"weight": model.head.weight, "bias": model.head.bias}
    with replacing_folder(folder) as part:
        write_bytes(part / WEIGHTS, save(arrays | {"references": model.references.astype(np.float16)}))
        write_json(part / ABOUT, asdict(model.about))


def load_photo_model(folder: Path = FOLDER) -> PhotoModel:
    """Read what `save_photo_model` wrote.

    Raises:
        InputError: a file is missing or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    about = load_about(folder)
    try:
        arrays = load_file(folder / WEIGHTS)
        head = Head(arrays["weight"], arrays["bias"])
        return PhotoModel(head, arrays["references"].astype(np.float32), about)
    except (SafetensorError, FileNotFoundError, KeyError) as error:
        raise InputError(f"{folder / WEIGHTS}: missing or damaged; `git checkout {folder}` restores it") from error


def by_class_name(values: NDArray[Number], classes: Sequence[str], class_names: Sequence[str]) -> NDArray[Number]:
    """What is known of the head's `classes` (K, ...) in the order of `class_names`: (C, ...), 0 for the other ones."""
    ordered = np.zeros((len(class_names), *values.shape[1:]), values.dtype)
    ordered[[class_names.index(name) for name in classes]] = values
    return ordered
