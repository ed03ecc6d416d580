"""One variant at work on photographs, and on test images that were spoiled on purpose."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.photos import PhotoSet, Preparation
from lookalike.evaluation.absorption import SPOILERS, spoiled
from lookalike.evaluation.distance import knn_distance
from lookalike.evaluation.inference import Reader, readers_of
from lookalike.evaluation.variant import Evaluation
from lookalike.runtime import Runtime

REFERENCES = 4000  # validation images that stand for the training distribution: none of them was trained on
NEIGHBOURS = 10  # of a photograph, the farthest of which tells its distance
TESTED = 1000  # test images that are measured against photographs
SPOILED = 400  # test images that are spoiled: a share's interval is then ten points wide at most
STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)  # the first leaves an image as it is


@dataclass(frozen=True)
class PhotoOutputs:
    """What one variant makes of N photographs. Distances and spoiled images are of the first seed.

    Attributes:
        logits: recipe -> float32 (S, N, C).
        ablations: recipe and step -> float32 (N, C), of the first seed; empty if not probed.
        distances: recipe -> (N,), how far the photographs lie from validation images, see `distance.knn_distance`.
        test_distances: (T,), the same of test images.
        spoiled: way -> predicted classes (strengths, `SPOILED`) of spoiled test images; empty if not probed.
    """

    logits: dict[str, NDArray[np.float32]]
    ablations: dict[Preparation, NDArray[np.float32]]
    distances: dict[str, NDArray[np.float64]]
    test_distances: NDArray[np.float64]
    spoiled: dict[str, NDArray[np.int64]]


def photo_outputs(
    folder: Path, evaluation: Evaluation, dataset: Dataset, photos: PhotoSet, runtime: Runtime, *, probed: bool
) -> PhotoOutputs:
    """Run the models in the folder `folder`, whose `evaluation` on `dataset` is known.

    Only a probed variant sees photographs with steps left out, and spoiled images.
    """
    assert evaluation.predictions is not None  # a variant without predictions has no model to run
    assert evaluation.valid_features is not None
    readers = readers_of(folder, dataset, runtime, evaluation.predictions.seeds)
    first, reference = readers[0], evaluation.valid_features[:REFERENCES]
    outputs = {recipe: first.read(images, keep_features=True) for recipe, images in photos.recipes.items()}
    others = {
        recipe: [reader.read(images).logits for reader in readers[1:]] for recipe, images in photos.recipes.items()
    }
    nearest = min(NEIGHBOURS, len(reference))  # a variant of few images validates on fewer
    intact = evaluation.predictions.test_logits[0, :SPOILED].argmax(axis=1)
    spoiled_images = dataset.test_images[:SPOILED]
    return PhotoOutputs(
        logits={recipe: np.stack([one.logits, *others[recipe]]) for recipe, one in outputs.items()},
        ablations={way: first.read(images).logits for way, images in photos.ablations.items()} if probed else {},
        distances={recipe: knn_distance(one.features, reference, nearest) for recipe, one in outputs.items()},
        test_distances=knn_distance(evaluation.predictions.features[:TESTED], reference, nearest),
        spoiled={way: predict_spoiled(first, spoiled_images, way, intact) for way in SPOILERS} if probed else {},
    )


def predict_spoiled(
    reader: Reader, images: NDArray[np.uint8], way: str, intact: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Predicted classes (strengths, N) of images spoiled more and more; those of the `intact` images (N,) are known."""
    logits = (reader.read(spoiled(images, way, strength)).logits for strength in STRENGTHS[1:])
    return np.stack([intact, *(some.argmax(axis=1) for some in logits)])
