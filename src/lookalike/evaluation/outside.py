"""What one variant says about images of another data set, and how far they lie from those it was trained on."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.evaluations import Outside, PhotoOutputs
from lookalike.artifacts.evidence import in_half
from lookalike.data.outside import OutsideImages
from lookalike.evaluation.distance import NEIGHBOURS, REFERENCES, TESTED, knn_distance
from lookalike.evaluation.inference import Reader
from lookalike.evaluation.metrics import Floats


def outside_answers(
    readers: Sequence[Reader],
    outside: OutsideImages,
    features: tuple[NDArray[np.floating], NDArray[np.floating]],
    photos: PhotoOutputs | None,
) -> Outside:
    """What the models of all seeds say about the images, and how far these lie from validation images.

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
        distances=distance(first.features, features[1]),
        test_distances=distance(features[0][:TESTED], features[1]) if photos is None else photos.test_distances,
    )


def distance(features: NDArray[np.floating], valid_features: NDArray[np.floating]) -> Floats:
    """See `distance.knn_distance`: (N,), by as many neighbours and references as of photographs."""
    reference = valid_features[:REFERENCES]
    return knn_distance(features, reference, min(NEIGHBOURS, len(reference)))
