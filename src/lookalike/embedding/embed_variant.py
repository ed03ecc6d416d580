"""Clusters in the feature space of a trained model, and whether they are classes or look-alike groups.

Mixtures are fitted to principal components: t-SNE tears and spreads clusters, so that one fitted to its map says more
about the map than about the model. That is done once all the same, as a control named so.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.embeddings import Embedding, SeedAgreement
from lookalike.embedding.agreement import (
    adjusted_rand,
    centred_estimate,
    contingency,
    resampled_tables,
    score_agreement,
)
from lookalike.embedding.mixture import MixtureFit, fit_mixture, fit_mixtures, k_means, lowest_bic
from lookalike.embedding.neighbours import neighbour_preservation, neighbour_ranks, trustworthiness
from lookalike.embedding.projection import pca, tsne
from lookalike.evaluation.metrics import Floats, Ints
from lookalike.evaluation.statistics import Estimate, resample
from lookalike.threads import one_thread

NEIGHBOURS = 15
SHARES = 10
POINTS_PER_COMPONENT = 5


@dataclass(frozen=True)
class Settings:
    """How to embed.

    Attributes:
        components: sizes of the mixtures to choose from, of which those above N / 5 are left out; the number of classes
            is always among them.
        covariances: their shapes, see `mixture.MixtureFit`.
        starts: runs of every mixture and of k-means, of which the best counts.
        perplexity: of t-SNE.
        mixture_dims, tsne_dims: principal components that clusters are sought in, and that t-SNE maps.
    """

    components: tuple[int, ...]
    covariances: tuple[str, ...]
    starts: int
    perplexity: float
    mixture_dims: int
    tsne_dims: int


def embed(
    features: NDArray[np.floating],
    indices: NDArray[np.int64],
    labels: Ints,
    group_of: Ints,
    settings: Settings,
    seed: int,
) -> Embedding | None:
    """Map and cluster the features of one model; None if they vary in fewer than two directions, as of a dead network.

    Args:
        features: (N, D) in any precision; N at least the number of classes.
        indices: (N,), which test images these are.
        labels: (N,).
        group_of: (C,), see `evaluation.groups`.
        seed: 0 to 2**32 - 1.

    Returns:
        An embedding with four clusterings: "mixture", the Gaussian mixture with the lowest BIC; "mixture_by_class", the
        one with the lowest BIC of those with one Gaussian a class; "k_means", with as many clusters as classes; and
        "mixture_on_tsne", a control fitted to the map. Its `found` holds, ready for JSON:
        images: N.
        explained: shares of the variance along the first components, and of the `mixture_dims` components together that
            the mixtures see.
        neighbours: k of the two measures of the map, which compare it with the features themselves.
        trustworthiness, neighbour_preservation: see `neighbours`.
        sweep: a row for each mixture fitted to principal components, see `mixture.MixtureFit`.
        chosen, chosen_by_class: components and covariance of "mixture" and of "mixture_by_class".
        clusterings: for each of the four its agreement with labels and with groups (see `score_agreement`) and
            its contingency table (K, C).
    """
    import sklearn.manifold  # noqa: F401 - only libraries that are loaded already can be limited

    with one_thread():
        projection = pca(features, max(settings.tsne_dims, settings.mixture_dims), seed)
        if len(projection.explained) < 2:
            return None
        points = projection.coordinates[:, : settings.mixture_dims]
        coordinates = tsne(projection.coordinates[:, : settings.tsne_dims], settings.perplexity, seed)
        fits = mixtures_of_all_sizes(points, len(group_of), settings, seed)
        chosen, by_class = lowest_bic(fits), lowest_bic([fit for fit in fits if fit.components == len(group_of)])
        control = fit_mixture(coordinates, len(group_of), "full", starts=settings.starts, seed=seed)
        clusters = {
            "mixture": chosen.assignments,
            "mixture_by_class": by_class.assignments,
            "k_means": k_means(points, len(group_of), starts=settings.starts, seed=seed),
            "mixture_on_tsne": control.assignments,
        }
        found = {
            "images": len(labels),
            "explained": explained_variance(projection.explained, points.shape[1]),
            **map_quality(features, coordinates),
            "sweep": [{name: value for name, value in vars(fit).items() if name != "assignments"} for fit in fits],
            "chosen": shape_of(chosen),
            "chosen_by_class": shape_of(by_class),
            "clusterings": clusterings(clusters, labels, group_of),
        }
    return Embedding(found, indices, projection.coordinates[:, : max(2, settings.mixture_dims)], coordinates, clusters)


def agreement_of_seeds(
    found: Iterable[tuple[int, NDArray[np.floating]]], labels: Ints, classes: int, settings: Settings, start: int
) -> tuple[SeedAgreement, ...]:
    """How well those clusters of every seed's features agree with the classes that need no map, as in `embed`.

    Args:
        found: each seed and its features (N, D), in any precision.
        labels: (N,).
        classes: number of them.
        start: of the clusterings, 0 to 2**32 - 1; `embed` calls it `seed`.
    """
    rows = []
    for seed, features in found:
        with one_thread():
            clusters = clusters_without_map(features, classes, settings, start)
        scores = (None if one is None else asdict(rand_index(one, labels)) for one in clusters)
        rows.append(SeedAgreement(seed, *scores))
    return tuple(rows)


def clusters_without_map(
    features: NDArray[np.floating], classes: int, settings: Settings, start: int
) -> tuple[Ints, Ints] | tuple[None, None]:
    """The clusterings "k_means" and "mixture_by_class" of `embed`, each (N,); None if the features do not vary."""
    projection = pca(features, max(settings.tsne_dims, settings.mixture_dims), start)
    if len(projection.explained) < 2:
        return None, None
    points = projection.coordinates[:, : settings.mixture_dims]
    fits = fit_mixtures(points, [classes], settings.covariances, starts=settings.starts, seed=start)
    return k_means(points, classes, starts=settings.starts, seed=start), lowest_bic(fits).assignments


def rand_index(clusters: Ints, labels: Ints) -> Estimate:
    """The adjusted Rand index of clusters (N,) and labels (N,), as `agreement.score_agreement` has it."""
    tables = resampled_tables(clusters, labels, resample(len(labels)))
    return centred_estimate(adjusted_rand, contingency(clusters, labels, int(labels.max()) + 1), tables)


def mixtures_of_all_sizes(points: Floats, classes: int, settings: Settings, seed: int) -> list[MixtureFit]:
    """Mixtures of `points` (N, d) in the sizes of `settings` that are not too large for N, and with one a class."""
    small = {number for number in settings.components if POINTS_PER_COMPONENT * number <= len(points)}
    return fit_mixtures(points, sorted(small | {classes}), settings.covariances, starts=settings.starts, seed=seed)


def explained_variance(shares: Floats, mixture_dims: int) -> dict[str, Any]:
    """The first shares of the variance, and the sum over the components that mixtures see."""
    first = shares[:SHARES].tolist()
    return {"shares": first, "mixture_dims": mixture_dims, "cumulative": float(shares[:mixture_dims].sum())}


def map_quality(features: NDArray[np.floating], coordinates: Floats) -> dict[str, Any]:
    """How well the map (N, 2) keeps the neighbours that images have among the features (N, D)."""
    k = min(NEIGHBOURS, (len(features) - 1) // 2)
    ranks = neighbour_ranks(features.astype(np.float32), coordinates, k)
    kept = neighbour_preservation(ranks, resample(len(features)))
    return {"neighbours": k, "trustworthiness": trustworthiness(ranks), "neighbour_preservation": asdict(kept)}


def clusterings(clusters: dict[str, NDArray[np.int64]], labels: Ints, group_of: Ints) -> dict[str, Any]:
    """Agreement of each clustering with labels and groups, and its table."""
    weights = resample(len(labels))
    return {
        name: {
            "labels": asdict(score_agreement(found, labels, weights)),
            "groups": asdict(score_agreement(found, group_of[labels], weights)),
            "table": contingency(found, labels, len(group_of)).tolist(),
        }
        for name, found in clusters.items()
    }


def shape_of(fit: MixtureFit) -> dict[str, Any]:
    return {"components": fit.components, "covariance": fit.covariance}
