"""Data sets that need no download: scikit-learn's real handwritten digits, and what this project draws.

They replace the published sets in the demonstration profile: same shapes (photographs: 96x96) and same classes, but far
easier or harder. Results on them say nothing about the published sets.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lookalike.data.source_images import SourceImages
from lookalike.errors import InputError

Images = NDArray[np.uint8]
DRAWING_SEED = 13
DIGITS = 1797
CLOTHES = 240  # that are drawn at most: a photograph takes 10 ms, and models many times that


def load_embedded(name: str, *, train_images: int, test_images: int) -> SourceImages:
    """The stand-in for the data set `name`, with that many images (at most, where the source holds fewer).

    Raises:
        InputError: there is no stand-in of that name.
    """
    makers: dict[str, Callable[[int, int], SourceImages]] = {
        "mnist": digits,
        "fashion_mnist": drawn_garments,
        "cifar10": drawn_objects,
        "clothing": drawn_clothes,
        "clothing_500": drawn_clothes,
    }
    if name not in makers:
        raise InputError(f"no embedded data set is called {name!r}; known: {', '.join(makers)}")
    return makers[name](train_images, test_images)


def digits(train_images: int, test_images: int) -> SourceImages:
    """scikit-learn's 8x8 digits (Alpaydin & Kaynak, UCI 1998), enlarged to 28x28, in a fixed shuffled order.

    The set holds 1,797; if more are asked for, both parts shrink in proportion.
    """
    from PIL import Image
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(DRAWING_SEED).permutation(DIGITS)
    grey = (images.reshape(-1, 8, 8)[order] * (255 / 16)).round().astype(np.uint8)
    large = np.stack([np.asarray(Image.fromarray(image).resize((28, 28), Image.Resampling.BICUBIC)) for image in grey])
    cut, end = part_ends(train_images, test_images, DIGITS)
    origin = "UCI Optical Recognition of Handwritten Digits (CC BY 4.0), as shipped with scikit-learn, enlarged"
    return split_at(large[:end], labels[order].astype(np.uint8)[:end], cut, origin, "CC BY 4.0")


def drawn_garments(train_images: int, test_images: int) -> SourceImages:
    """Garments drawn by this project in the ten classes of Fashion-MNIST."""
    from lookalike.drawn.garments import draw_garments

    drawn = draw_garments(train_images + test_images, seed=DRAWING_SEED)
    return split_at(*drawn, train_images, "garments drawn by this project")


def drawn_objects(train_images: int, test_images: int) -> SourceImages:
    """Coloured objects drawn by this project in the ten classes of CIFAR-10."""
    from lookalike.drawn.objects import draw_objects

    drawn = draw_objects(train_images + test_images, seed=DRAWING_SEED)
    return split_at(*drawn, train_images, "coloured objects drawn by this project")


def drawn_clothes(train_images: int, test_images: int) -> SourceImages:
    """Photographs of clothes, 96x96, drawn by this project in the ten classes of the clothing data set.

    The set holds 240; if more are asked for, both parts shrink in proportion.
    """
    from lookalike.drawn.clothes import draw_clothes

    cut, end = part_ends(train_images, test_images, CLOTHES)
    return split_at(*draw_clothes(end, seed=DRAWING_SEED), cut, "photographs of clothes drawn by this project")


def part_ends(train_images: int, test_images: int, most: int) -> tuple[int, int]:
    """Where the training and the test images end if there are at most so many in all."""
    share = min(1.0, most / (train_images + test_images))
    return int(train_images * share), int((train_images + test_images) * share)


def split_at(
    images: Images, labels: Images, cut: int, about: str, licence: str = "that of this project"
) -> SourceImages:
    """The first `cut` images train, the rest tests."""
    provenance = {"source": "embedded", "about": about, "licence": licence}
    return SourceImages(images[:cut], labels[:cut], images[cut:], labels[cut:], provenance)
