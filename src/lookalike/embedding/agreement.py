"""Agreement of clusters with labels, whatever the clusters' numbers.

All scores are computed from contingency tables (..., K, C): points of each of K clusters (rows) and C labels (columns).
A bootstrap over points with their clusters held fixed is then one table a resample.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.evaluation.metrics import Floats, Ints
from lookalike.evaluation.statistics import Estimate, percentile_estimate

MUTUAL_INFORMATION_DRAWS = 200  # what is expected by chance takes a millisecond a table
ROUNDING = 1e-12

Tables = NDArray[np.int64]


@dataclass(frozen=True)
class Agreement:
    """Clusters against labels; `dataclasses.asdict` makes it JSON-able.

    Attributes:
        ari: adjusted Rand index, see `adjusted_rand`.
        ami: adjusted mutual information, see `adjusted_mutual_information`; its interval is from at most
            `MUTUAL_INFORMATION_DRAWS` resamples.
        v_measure: see `v_measure`.
        hungarian_accuracy: see `hungarian_accuracy`.
        purity: see `purity`.
    """

    ari: Estimate
    ami: Estimate
    v_measure: Estimate
    hungarian_accuracy: Estimate
    purity: Estimate


def score_agreement(clusters: Ints, labels: Ints, weights: NDArray[np.float64]) -> Agreement:
    """All scores of `clusters` (N,) against `labels` (N,), with intervals over the resamples `weights` (draws, N)."""
    table = contingency(clusters, labels, int(labels.max()) + 1)
    drawn = resampled_tables(clusters, labels, weights)
    return Agreement(
        ari=centred_estimate(adjusted_rand, table, drawn),
        ami=centred_estimate(adjusted_mutual_information, table, drawn[:MUTUAL_INFORMATION_DRAWS]),
        v_measure=centred_estimate(v_measure, table, drawn),
        hungarian_accuracy=centred_estimate(hungarian_accuracy, table, drawn),
        purity=centred_estimate(purity, table, drawn),
    )


def centred_estimate(score: Callable[[Tables], Floats], table: Tables, drawn: Tables) -> Estimate:
    """The score of `table` (K, C), and how far those of `drawn` (draws, K, C) spread, moved to be centred on it.

    A resample holds some points twice, and a point always agrees with its copy: where clusters have nothing to do with
    labels, the resamples' own quantiles would put the adjusted scores above zero. What a score owes to chance in the
    points themselves stays: `v_measure`, `hungarian_accuracy` and `purity` are higher in fewer points.
    """
    value, scores = float(score(table[None])[0]), score(drawn)
    return percentile_estimate(value, np.minimum(value + scores - scores.mean(), 1))


def contingency(clusters: Ints, labels: Ints, classes: int) -> Tables:
    """Counts (K, C) of points in each cluster and class, with K the highest cluster number + 1 and C = `classes`."""
    cells = clusters.astype(np.int64) * classes + labels
    return np.bincount(cells, minlength=(int(clusters.max()) + 1) * classes).reshape(-1, classes)


def resampled_tables(clusters: Ints, labels: Ints, weights: NDArray[np.float64]) -> Tables:
    """The contingency table of each resample: (draws, K, C)."""
    clusters_of, labels_of = (np.eye(int(x.max()) + 1, dtype=np.float32)[x] for x in (clusters, labels))
    cells = clusters_of[:, :, None] * labels_of[:, None, :]
    drawn = weights @ cells.reshape(len(cells), -1)
    return drawn.reshape(-1, *cells.shape[1:]).astype(np.int64)


def adjusted_rand(tables: Tables) -> Floats:
    """(...,) pairs of points on which both partitions agree, beyond chance: 1 if they are the same, 0 as if by chance.

    Hubert and Arabie, Journal of Classification 2 (1985), equation 5.
    """
    together, in_cluster, in_label, pairs = (
        (counts * (counts - 1) / 2).sum(axis=-1)
        for counts in (all_cells(tables), tables.sum(axis=-1), tables.sum(axis=-2), point_counts(tables)[..., None])
    )
    expected = in_cluster * in_label / pairs
    return ratio_or_one(together - expected, (in_cluster + in_label) / 2 - expected)


def adjusted_mutual_information(tables: Tables) -> Floats:
    """(draws,) mutual information of `tables` (draws, K, C) beyond chance: 1 if they are the same, 0 as if by chance.

    Vinh, Epps and Bailey, JMLR 11 (2010), with the mean of both entropies as its upper limit.
    """
    from sklearn.metrics.cluster import expected_mutual_information

    by_cluster, by_label, joint = entropies(tables)
    filled = (table[table.any(axis=1)][:, table.any(axis=0)] for table in tables)
    expected = np.array([expected_mutual_information(table, int(table.sum())) for table in filled])
    return ratio_or_one(by_cluster + by_label - joint - expected, (by_cluster + by_label) / 2 - expected)


def v_measure(tables: Tables) -> Floats:
    """(...,) harmonic mean of homogeneity and completeness, 0 to 1; not adjusted for chance, it rises with K.

    Rosenberg and Hirschberg (EMNLP 2007), which is mutual information over the mean of both entropies.
    """
    by_cluster, by_label, joint = entropies(tables)
    return np.clip(ratio_or_one(by_cluster + by_label - joint, (by_cluster + by_label) / 2), 0, 1)  # against rounding


def hungarian_accuracy(tables: Tables) -> Floats:
    """(draws,) share of points in `tables` (draws, K, C) whose cluster is matched with their label.

    Clusters and labels are matched one to one for the most points (Kuhn, Naval Research Logistics 2, 1955); the points
    of a cluster or label left over count as wrong, so that K above C costs.
    """
    from scipy.optimize import linear_sum_assignment

    matched = [table[linear_sum_assignment(table, maximize=True)].sum() for table in tables]
    return np.array(matched) / point_counts(tables)


def purity(tables: Tables) -> Floats:
    """(...,) share of points that bear the most frequent label of their cluster; it rises with K, to 1 at K = N."""
    return tables.max(axis=-1).sum(axis=-1) / point_counts(tables)


def entropies(tables: Tables) -> tuple[Floats, Floats, Floats]:
    """Entropy (...,) of clusters, of labels, and of both together, in nats."""
    from scipy.special import entr

    margins = (tables.sum(axis=-1), tables.sum(axis=-2), all_cells(tables))
    by_cluster, by_label, joint = (entr(counts / point_counts(tables)[..., None]).sum(axis=-1) for counts in margins)
    return by_cluster, by_label, joint


def ratio_or_one(numerator: Floats, denominator: Floats) -> Floats:
    """The quotient; 1 where there is no room above chance, as both partitions are then one cluster (or all single)."""
    return np.divide(numerator, denominator, out=np.ones_like(numerator), where=denominator > ROUNDING)


def all_cells(tables: Tables) -> Tables:
    return tables.reshape(*tables.shape[:-2], -1)


def point_counts(tables: Tables) -> Tables:
    return tables.sum(axis=(-2, -1))
