"""The outputs of one variant for photographs, and for test images changed as failed preparations change them."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.evaluations import Evaluation, PhotoOutputs
from lookalike.artifacts.evidence import in_half
from lookalike.artifacts.photos import PhotoSet
from lookalike.data.failed_preparations import GARMENTS, STRENGTHS, WAYS, imitate_failure
from lookalike.evaluation.distance import NEIGHBOURS, REFERENCES, TESTED, knn_distance
from lookalike.evaluation.inference import Reader, readers_of
from lookalike.runtime import Runtime


def photo_outputs(
    folder: Path,
    evaluation: Evaluation,
    features: tuple[NDArray[np.floating], NDArray[np.floating]],
    dataset: Dataset,
    photos: PhotoSet,
    runtime: Runtime,
    *,
    focus: bool,
) -> PhotoOutputs:
    """The outputs of the models in `folder` for the photographs.

    Args:
        evaluation: of these models on `dataset`.
        features: (N, D) and (M, D), of the test and the validation images by the first seed.
        focus: whether photographs with steps left out and changed test images are shown as well.
    """
    readers = readers_of(folder, dataset, runtime, evaluation.seeds)
    first, reference = readers[0], features[1][:REFERENCES]
    outputs = {recipe: first.read(images, keep_features=True) for recipe, images in photos.recipes.items()}
    others = {
        recipe: [reader.read(images).logits for reader in readers[1:]] for recipe, images in photos.recipes.items()
    }
    nearest = min(NEIGHBOURS, len(reference))  # a variant of few images validates on fewer
    intact = evaluation.test_logits[0, :GARMENTS].argmax(axis=1)
    garments = dataset.test_images[:GARMENTS]
    return PhotoOutputs(
        logits={recipe: in_half(np.stack([one.logits, *others[recipe]])) for recipe, one in outputs.items()},
        ablations={way: first.read(images).logits.argmax(axis=1) for way, images in photos.ablations.items()}
        if focus
        else {},
        distances={recipe: knn_distance(one.features, reference, nearest) for recipe, one in outputs.items()},
        test_distances=knn_distance(features[0][:TESTED], reference, nearest),
        garments={way: predict_corrupted(first, garments, way, intact) for way in WAYS} if focus else {},
    )


def predict_corrupted(
    reader: Reader, images: NDArray[np.uint8], way: str, intact: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Predicted classes (strengths, N) of images changed more and more; `intact` (N,) are those of strength 0."""
    logits = (reader.read(imitate_failure(images, way, strength)).logits for strength in STRENGTHS[1:])
    return np.stack([intact, *(some.argmax(axis=1) for some in logits)])
