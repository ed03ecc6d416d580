"""`embeddings/<study>/<variant>/`: where the features of test images lie, and what they cluster into."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.evidence import in_half, named, read_evidence, under, write_evidence

KIND = "embedding"


@dataclass(frozen=True, eq=False)
class Embedding:
    """The evidence of the features of one variant's first seed, for N test images.

    Attributes:
        found: the figures, see `embedding.study.embed`.
        indices: int64 (N,), the test images: the first few of each class.
        components: float16 (N, d), principal components of the features, those that mixtures are fitted to.
        tsne: float32 (N, 2).
        clusters: by method: the cluster (N,) of each image.
    """

    found: Mapping[str, Any]
    indices: NDArray[np.int64]
    components: NDArray[np.floating]
    tsne: NDArray[np.floating]
    clusters: Mapping[str, NDArray[np.int64]]


def save_embedding(folder: Path, embedding: Embedding | None) -> None:
    """Write the evidence into an existing folder, see `evidence.write_evidence`; None: the features do not vary."""
    if embedding is None:
        write_evidence(folder, KIND, {"found": None}, {})
        return
    clusters = {name: found.astype(np.uint16) for name, found in embedding.clusters.items()}
    arrays = {
        "indices": embedding.indices,
        "components": in_half(embedding.components),
        "tsne": embedding.tsne.astype(np.float32),
    }
    write_evidence(folder, KIND, {"found": embedding.found}, arrays | named("clusters", clusters))


def load_embedding(folder: Path) -> Embedding | None:
    """Read what `save_embedding` wrote; None if the features do not vary.

    Raises:
        InputError: the files are missing, damaged, edited or of another version.
    """
    content, arrays = read_evidence(folder, KIND)
    if content["found"] is None:
        return None
    clusters = {name: found.astype(np.int64) for name, found in under("clusters", arrays).items()}
    return Embedding(content["found"], arrays["indices"], arrays["components"], arrays["tsne"], clusters)


def load_embeddings(study: Path) -> dict[str, Embedding]:
    """The evidence of all variants in `embeddings/<study>` whose features vary, by name."""
    folders = (folder for folder in sorted(study.glob("*")) if folder.is_dir())
    return {folder.name: found for folder in folders if (found := load_embedding(folder)) is not None}
