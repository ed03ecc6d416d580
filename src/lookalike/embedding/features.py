"""Penultimate features of the seeds that the evaluation keeps no features of."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.evidence import in_half
from lookalike.evaluation.inference import readers_of
from lookalike.runtime import Runtime


def features_of(
    folder: Path, seeds: Iterable[int], dataset: Dataset, indices: NDArray[np.int64], runtime: Runtime
) -> Iterator[tuple[int, NDArray[np.floating]]]:
    """Each of the seeds in the model folder `folder` with its features (N, D) of the test images `indices` (N,).

    They are as precise as those that an evaluation leaves. One model is in memory at a time.
    """
    for seed in seeds:
        (reader,) = readers_of(folder, dataset, runtime, [seed])
        yield seed, in_half(reader.read(reader.dataset.test_images[indices], keep_features=True).features)
