"""`embeddings/<study>/<variant>/`: the features of test images, projected and clustered."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.evaluations import Interval
from lookalike.artifacts.evidence import in_half, read_evidence, with_prefix, without_prefix, write_evidence

KIND = "embedding"


@dataclass(frozen=True)
class SeedAgreement:
    """How well the clusters of one seed's features agree with the classes: adjusted Rand indices, at most 1.

    Attributes:
        seed: as in the model's description.
        k_means: with as many clusters as classes.
        mixture_by_class: of the mixture with the lowest BIC of those with one Gaussian per class.
        Both are None if the features vary in fewer than two directions.
    """

    seed: int
    k_means: Interval | None
    mixture_by_class: Interval | None


@dataclass(frozen=True, eq=False)
class Embedding:
    """The evidence of the features of one variant's first seed, for N test images.

    Attributes:
        found: the figures, see `embedding.embed_variant.embed`.
        indices: int64 (N,), the test images: the first few of each class.
        components: float16 (N, d), principal components of the features, those that mixtures are fitted to.
        tsne: float32 (N, 2).
        clusters: by method: the cluster (N,) of each image.
        agreements: of every finished seed, in the order of training.
    """

    found: Mapping[str, Any]
    indices: NDArray[np.int64]
    components: NDArray[np.floating]
    tsne: NDArray[np.floating]
    clusters: Mapping[str, NDArray[np.int64]]
    agreements: tuple[SeedAgreement, ...] = ()


def save_embedding(folder: Path, embedding: Embedding | None) -> None:
    """Write the evidence into an existing folder, see `evidence.write_evidence`.

    None means that the features do not vary.
    """
    if embedding is None:
        write_evidence(folder, KIND, {"found": None}, {})
        return
    clusters = {name: found.astype(np.uint16) for name, found in embedding.clusters.items()}
    arrays = {
        "indices": embedding.indices,
        "components": in_half(embedding.components),
        "tsne": embedding.tsne.astype(np.float32),
    }
    content = {"found": embedding.found, "agreements": [asdict(one) for one in embedding.agreements]}
    write_evidence(folder, KIND, content, arrays | with_prefix("clusters", clusters))


def load_embedding(folder: Path) -> Embedding | None:
    """Read what `save_embedding` wrote; None if the features do not vary.

    Raises:
        InputError: the files are missing, damaged, edited or of another version.
    """
    content, arrays = read_evidence(folder, KIND)
    if content["found"] is None:
        return None
    clusters = {name: found.astype(np.int64) for name, found in without_prefix("clusters", arrays).items()}
    return Embedding(
        found=content["found"],
        indices=arrays["indices"],
        components=arrays["components"],
        tsne=arrays["tsne"],
        clusters=clusters,
        agreements=tuple(SeedAgreement(**one) for one in content["agreements"]),
    )


def load_embeddings(study: Path) -> dict[str, Embedding]:
    """The evidence of all variants in `embeddings/<study>` whose features vary, by name."""
    folders = (folder for folder in sorted(study.glob("*")) if folder.is_dir())
    return {folder.name: found for folder in folders if (found := load_embedding(folder)) is not None}
