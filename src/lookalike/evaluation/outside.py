"""Predictions of one variant for images of another data set, and their distance from validation images."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.evaluations import Outside, PhotoOutputs
from lookalike.artifacts.evidence import in_half
from lookalike.data.outside import OutsideImages
from lookalike.evaluation.distance import NEIGHBOURS, REFERENCES, TESTED, knn_distance
from lookalike.evaluation.inference import Reader
from lookalike.evaluation.metrics import Floats


def evaluate_outside(
    readers: Sequence[Reader],
    outside: OutsideImages,
    features: tuple[NDArray[np.floating], NDArray[np.floating]],
    photos: PhotoOutputs | None,
) -> Outside:
    """Logits of all seeds for the images, and the distances of these from validation images.

    Args:
        features: (N, D) and (M, D), of the test and the validation images by the first seed.
        photos: what the first seed says about photographs: it has the distances of the test images. None means that
            they are measured here.
    """
    first = readers[0].read(outside.images, keep_features=True)
    others = [reader.read(outside.images).logits for reader in readers[1:]]
    return Outside(
        name=outside.name,
        logits=in_half(np.stack([first.logits, *others])),
        distances=distance_from_validation(first.features, features[1]),
        test_distances=distance_from_validation(features[0][:TESTED], features[1])
        if photos is None
        else photos.test_distances,
    )


def distance_from_validation(features: NDArray[np.floating], valid_features: NDArray[np.floating]) -> Floats:
    """The distance (N,) from validation images, with as many neighbours and references as for photographs."""
    reference = valid_features[:REFERENCES]
    return knn_distance(features, reference, min(NEIGHBOURS, len(reference)))
