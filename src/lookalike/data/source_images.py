"""The images of a source as they come, before they are split and normalised."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.datasets import Skipped
from lookalike.artifacts.image_files import Pixels

Labels = NDArray[np.unsignedinteger]


@dataclass(frozen=True)
class SourceImages:
    """Images and labels of a published, drawn or own data set; shapes and types as in `artifacts.datasets.Dataset`.

    `provenance` has source, licence and what else is known, and of downloads "files": name, md5 and origin ("cache",
    "mirror" or the address) of each.
    """

    train_images: Pixels
    train_labels: Labels
    test_images: Pixels
    test_labels: Labels
    provenance: dict[str, Any]
    skipped: Skipped = ()
