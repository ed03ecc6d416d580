"""Figures of clusters in feature space: maps, tables of clusters, and how well clusters agree with labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from lookalike.artifacts.embeddings import Embedding
from lookalike.evaluation.metrics import Floats, Ints
from lookalike.reporting.figures.parts import note_parts, quarters
from lookalike.reporting.figures.style import (
    BELOW,
    BLACK,
    DARK,
    DPI,
    MARKERS,
    MIDDLE,
    NARROW,
    PALETTE,
    SMALL,
    Look,
    dodged_whiskers,
    heat_map,
    legend_above,
    name_columns,
    name_rows,
    percent_ticks,
    series_looks,
    style,
    subplots,
)

Clusterings = Mapping[str, Mapping[str, Any]]  # "clusterings" of what `embed` found, as JSON

CLUSTERINGS: dict[str, Look] = {
    "mixture": {"label": "mixture, size chosen by BIC", "color": DARK, "marker": "o"},
    "mixture_by_class": {"label": "mixture, one component per class", "color": PALETTE[0], "marker": "s"},
    "k_means": {"label": "k-means, one cluster per class", "color": PALETTE[2], "marker": "D"},
    "mixture_on_tsne": {
        "label": "mixture on the t-SNE map (control)",
        "color": MIDDLE,
        "marker": "X",
        "markerfacecolor": "white",
    },
}
SCORES = {"ari": "ARI", "ami": "AMI", "hungarian_accuracy": "Hungarian accuracy"}
PARTITIONS = {"labels": "classes", "groups": "groups of look-alikes"}

NAME, LETTER, LINE = 7.5, 0.019, 0.042  # points, and what one takes of a map's width and height
DARKEST, LIGHTEST = -0.65, 0.5  # tones of a colour, see `shade`, that are told from black and from white


@dataclass(frozen=True)
class ProjectedImages:
    """N images of a test set as points: (N, 2) by `pca` and by `tsne`, with their labels (N,) and clusters (N,)."""

    pca: Floats
    tsne: Floats
    labels: Ints
    clusters: Ints


@dataclass(frozen=True)
class Classes:
    """The names of C classes, the group (C,) of look-alikes that each is in, and the groups' names."""

    names: Sequence[str]
    group_of: Ints
    group_names: Sequence[str]


def embedding_figures(embedding: Embedding, labels: Ints, classes: Classes) -> dict[str, Figure]:
    """What is drawn of a variant's features: name of the file -> figure; in the table look-alikes stand together.

    `labels` (N,) are those of all test images.
    """
    found, order = embedding.found, np.argsort(classes.group_of, kind="stable")
    pca, tsne = (values.astype(np.float64) for values in (embedding.components[:, :2], embedding.tsne))
    points = ProjectedImages(pca, tsne, labels[embedding.indices], embedding.clusters["mixture"])
    title = f"mixture: {found['chosen']['components']} components, {found['chosen']['covariance']}"
    table = np.array(found["clusterings"]["mixture"]["table"])
    return {
        "map": embedding_figure(points, classes, title),
        "clusters": cluster_table_figure(table[:, order], [classes.names[k] for k in order], title),
        "sweep": sweep_figure(found["sweep"], found["chosen"]),
    }


def main_scores(found: Mapping[str, Any]) -> dict[str, float]:
    """The main scores of an embedding: how trustworthy its map is, and how well Gaussians agree with classes."""
    by_class = found["clusterings"]["mixture_by_class"]["labels"]
    scores = {name: by_class[name]["value"] for name in ("ari", "ami", "hungarian_accuracy")}
    return {"trustworthiness": found["trustworthiness"], **scores}


@style()
def embedding_figure(points: ProjectedImages, classes: Classes, cluster_title: str) -> Figure:
    """Principal components by class, and the same t-SNE map by class, by group and by cluster.

    The classes of a group are shades of its colour; names and cluster numbers stand at the medians of their points.
    """
    by_class = class_looks(classes)
    by_group = {name: base_look(k) for k, name in enumerate(classes.group_names)}
    by_cluster = {str(k): cluster_look(k) for k in range(int(points.clusters.max()) + 1)}
    figure, panels = subplots(2 * NARROW + 0.4, 2, 2, width=2 * NARROW)
    panels = panels.ravel()
    draw_map(panels[0], points.pca, points.labels, by_class)
    draw_map(panels[1], points.tsne, points.labels, by_class)
    draw_map(panels[2], points.tsne, classes.group_of[points.labels], by_group)
    draw_map(panels[3], points.tsne, points.clusters, by_cluster)
    titles = ("PCA, by class", "t-SNE, by class", "t-SNE, by group", f"t-SNE, by {cluster_title}")
    for axes, title in zip(panels, titles, strict=True):
        axes.set_title(title)
        axes.set_xlabel("t-SNE 1 (no unit)")
        axes.set_ylabel("t-SNE 2 (no unit)")
    panels[0].set_xlabel("principal component 1")
    panels[0].set_ylabel("principal component 2")
    width, height = (round(inches * DPI) for inches in figure.get_size_inches())
    return note_parts(figure, quarters(width, height))


def base_look(group: int) -> Look:
    return {"color": PALETTE[group % len(PALETTE)], "marker": MARKERS[group % len(MARKERS)]}


def class_looks(classes: Classes) -> dict[str, Look]:
    """Each class in a shade of its group's colour, from dark to light; up to nine classes differ in marker as well."""
    group_of = classes.group_of
    drawn: dict[str, Look] = {}
    for k, name in enumerate(classes.names):
        members = np.flatnonzero(group_of == group_of[k]).tolist()
        tone = np.linspace(DARKEST, LIGHTEST, len(members))[members.index(k)] if len(members) > 1 else 0
        colour = shade(base_look(group_of[k])["color"], tone)
        drawn[name] = {"color": colour, "marker": MARKERS[k % len(MARKERS)]}
    return drawn


def cluster_look(cluster: int) -> Look:
    """Colour and marker of a cluster; colours repeat in lighter and then in darker tones."""
    turn, colour = divmod(cluster, len(PALETTE))
    tone = (0, LIGHTEST, DARKEST)[turn % 3]
    return {"color": shade(PALETTE[colour], tone), "marker": MARKERS[cluster % len(MARKERS)]}


def shade(colour: str, tone: float) -> tuple[float, ...]:
    """`colour` mixed with white to a tone of 1, or with black to one of -1."""
    return tuple((1 - abs(tone)) * part + max(tone, 0) for part in to_rgb(colour))


def draw_map(axes: Axes, positions: Floats, numbers: Ints, kinds: Mapping[str, Look]) -> None:
    """Draw points (N, 2), each in the look of its kind in `numbers` (N,), on axes of one scale without ticks."""
    size = float(np.clip(120 / np.sqrt(len(positions)), 1.8, 5))
    for k, look in enumerate(kinds.values()):
        dots: Look = {"linestyle": "none", "markersize": size, "markeredgewidth": 0, "alpha": 0.6, "in_layout": False}
        axes.plot(*positions[numbers == k].T, **dots, **look)
    low, high = positions.min(axis=0), positions.max(axis=0)
    span = 1.12 * float((high - low).max())
    left, bottom = (low + high - span) / 2
    axes.set(xlim=(left, left + span), ylim=(bottom, bottom + span), box_aspect=1, xticks=[], yticks=[])
    filled = np.unique(numbers)
    medians = np.array([np.median(positions[numbers == k], axis=0) for k in filled])
    write_names(axes, [list(kinds)[k] for k in filled], medians, span)


def write_names(axes: Axes, names: Sequence[str], medians: Floats, span: float) -> None:
    """Write each name at its median of (K, 2), or below it with a line to it where another name is in the way."""
    halo = [withStroke(linewidth=2, foreground="white")]
    widths = LETTER * span * np.array([max(len(name), 2) for name in names])
    positions = medians.copy()
    order = np.argsort(-medians[:, 1], kind="stable")
    for rank, k in enumerate(order):
        beside = [j for j in order[:rank] if 2 * abs(positions[j, 0] - positions[k, 0]) < widths[j] + widths[k]]
        while covered := [positions[j, 1] for j in beside if abs(positions[j, 1] - positions[k, 1]) < LINE * span]:
            positions[k, 1] = min(covered) - 1.01 * LINE * span
    axes.vlines(positions[:, 0], positions[:, 1], medians[:, 1], color=BLACK, linewidth=0.7, in_layout=False)
    for name, (x, y) in zip(names, positions, strict=True):
        axes.text(x, y, name, ha="center", va="center", fontsize=NAME, path_effects=halo, in_layout=False)


@style()
def cluster_table_figure(table: NDArray[np.integer], class_names: Sequence[str], title: str) -> Figure:
    """Counts (K, C) of images, row a cluster and column a class; shade is the share of the cluster.

    Rows are sorted by the largest class of each, so that clusters which are classes stand along the diagonal.
    """
    counts = np.asarray(table)
    order = np.lexsort((-counts.max(axis=1), counts.argmax(axis=1)))
    counts, totals = counts[order], counts[order].sum(axis=1)
    shares = counts / np.maximum(totals, 1)[:, None]
    figure, axes = subplots(0.26 * len(counts) + 2, width=max(NARROW, 0.3 * len(class_names)))
    image = heat_map(axes, shares, lambda row, column: f"{counts[row, column]:,}", dark=0.6, fontsize=SMALL)
    name_columns(axes, class_names, fontsize=8)
    axes.set_yticks(range(len(counts)), [f"{k} ({n:,})" for k, n in zip(order, totals, strict=True)])
    axes.set_ylabel("cluster (images)")
    axes.set_title(title)
    percent_ticks(figure.colorbar(image, ax=axes, label="share of the cluster", **BELOW).ax.xaxis)
    return figure


@style()
def sweep_figure(rows: Sequence[Mapping[str, Any]], chosen: Mapping[str, Any]) -> Figure:
    """BIC against the number of components, one line per covariance; hollow where the fit did not converge.

    Args:
        rows: mixtures with "components", "covariance", "bic" and "converged".
        chosen: "components" and "covariance" of one of them.
    """
    series = series_looks(dict.fromkeys(row["covariance"] for row in rows))
    figure, axes = subplots(3.2, width=NARROW)
    for covariance, look in series.items():
        fits = [row for row in rows if row["covariance"] == covariance]
        sizes, bics = (np.array([fit[key] for fit in fits]) for key in ("components", "bic"))
        axes.plot(sizes, bics, linewidth=1, markersize=5, **look)
        loose = ~np.array([fit["converged"] for fit in fits])
        hollow = look | {"markerfacecolor": "white", "linestyle": "none", "label": None}
        axes.plot(sizes[loose], bics[loose], markersize=5, **hollow)
    (best,) = (row for row in rows if all(row[key] == chosen[key] for key in chosen))
    ring: Look = {"markersize": 13, "markerfacecolor": "none", "color": BLACK, "linestyle": "none"}
    axes.plot(best["components"], best["bic"], "o", label="chosen", **ring)
    axes.plot([], [], "o", color=BLACK, markerfacecolor="white", linestyle="none", label="did not converge")
    axes.set_xticks(sorted({row["components"] for row in rows}))
    axes.set_xlabel("components of the mixture")
    axes.set_ylabel("BIC (lower is better)")
    legend_above(figure, axes)
    return figure


@style()
def agreement_figure(variants: Mapping[str, Clusterings]) -> Figure:
    """How well each variant's clusters agree with classes and with groups: one row per variant, one panel per score."""
    figure, panels = subplots(0.68 * len(variants) + 2, len(PARTITIONS), len(SCORES), sharex=True, sharey=True)
    for row, (partition, named) in zip(panels, PARTITIONS.items(), strict=True):
        for axes, (score, title) in zip(row, SCORES.items(), strict=True):
            scores = ([own[name][partition][score] for own in variants.values()] for name in CLUSTERINGS)
            dodged_whiskers(axes, CLUSTERINGS.values(), scores)
            name_rows(axes, list(variants))
            axes.set_title(f"{title}\nwith {named}")
    panels[0, 0].set_xlim(-0.03, 1.03)
    figure.supxlabel("agreement: 1 if the partitions are the same; ARI and AMI: 0 if as by chance")
    legend_above(figure, panels[0, 0], columns=2)
    return figure
