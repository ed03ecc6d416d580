"""The test images whose labels a variant finds least credible: they may be labelled wrongly."""

import numpy as np

from lookalike.artifacts.evaluations import Evaluation, Suspects
from lookalike.artifacts.image_files import Pixels, small_images
from lookalike.evaluation.metrics import Ints, label_margins, softmax

SUSPECTS = 40


def find_suspects(evaluation: Evaluation, images: Pixels, labels: Ints) -> Suspects:
    """The `SUSPECTS` test images with the lowest margin, the lowest first; all if there are fewer.

    The probabilities are the mean over seeds, each after temperature scaling.

    Args:
        images, labels: of all N test images.
    """
    seeds = zip(evaluation.test_logits, evaluation.temperatures, strict=True)
    probabilities = np.mean([softmax(logits.astype(np.float64) / t) for logits, t in seeds], axis=0)
    indices = np.argsort(label_margins(probabilities, labels), kind="stable")[:SUSPECTS]
    return Suspects(indices, small_images(images, indices))
