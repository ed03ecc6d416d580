"""Clusters in the space of the models' features."""

from collections.abc import Mapping

import numpy as np

from lookalike.artifacts.embeddings import load_embedding
from lookalike.reporting.address import explorer_address
from lookalike.reporting.chapters.found import Found
from lookalike.reporting.chapters.sentences import NOTHING, above_chance, share, subjects
from lookalike.reporting.document import (
    Beside,
    Column,
    Illustration,
    Json,
    Prose,
    Section,
    Table,
    Words,
    amounts,
    count,
    number,
    section,
    shares,
    tabulate,
    text,
)
from lookalike.reporting.figures import embeddings as drawings

AGREEMENT = (
    Column("variant", "variant", text),
    Column("images", "images", count, extra=True),
    Column("trustworthiness", "trustworthiness", number, "high"),
    Column("neighbours kept", "neighbour_preservation", amounts, "high", extra=True),
    Column("mixture", "mixture", text),
    Column("clustering", "clustering", text),
    Column("ARI", "labels.ari", amounts, "high"),
    Column("AMI", "labels.ami", amounts, "high"),
    Column("V-measure", "labels.v_measure", amounts, "high", extra=True),
    Column("Hungarian accuracy, %", "labels.hungarian_accuracy", shares, "high"),
    Column("ARI with groups", "groups.ari", amounts, "high"),
    Column("AMI with groups", "groups.ami", amounts, "high"),
)
CENTRES = (
    Column("class", "class", text),
    Column("images", "images", count),
    *(Column(f"{title}, mean", key, number) for key, title in (("pca_x", "PCA 1"), ("pca_y", "PCA 2"))),
    *(Column(f"{title}, mean", key, number) for key, title in (("tsne_x", "t-SNE 1"), ("tsne_y", "t-SNE 2"))),
    Column("t-SNE, spread", "spread", number),
)
SWEEP = (
    Column("components", "components", count),
    Column("covariance", "covariance", text),
    Column("BIC", "bic", count, "low"),
)
SCORES = (
    "Penultimate features of test images, first seed. Trustworthiness and neighbours kept: of the t-SNE map against "
    "the features. The mixture is the one with the lowest BIC among all sizes and shapes; mixture-by-class has one "
    "component per class; mixture-on-tsne is a control. 95 % bootstrap intervals over images, clusters held fixed; "
    "V-measure and Hungarian accuracy lie above zero by chance alone, ARI and AMI do not."
)


def embeddings(found: Found) -> Section | None:
    """How well clusters agree with classes and groups, and the maps of the focus variants; None of nothing."""
    if not found.figures.embeddings:
        return None
    embedded = above_chance(found, found.figures.embeddings)
    shown = agreement(found, embedded) if embedded else None
    closely = (of_variant(found, name, embedded[name]) for name in found.focus if name in embedded)
    finding = shown.words.finding if shown else NOTHING
    return section(f"{found.study}-embeddings", "Clusters in feature space", shown, *closely, finding=finding)


def agreement(found: Found, embedded: Mapping[str, Json]) -> Illustration | None:
    """How well clusters agree with classes and groups."""
    rows = [
        one
        | row
        | {"variant": name, "clustering": kind.replace("_", "-")}
        | {"mixture": f"{one['chosen']['components']} {one['chosen']['covariance']}"}
        for name, one in embedded.items()
        for kind, row in one["clusterings"].items()
    ]
    clusterings = {name: one["clusterings"] for name, one in embedded.items()}
    words = Words(
        finding=said_agreement({name: clusterings[name] for name in subjects(found, clusterings)}),
        how="Further right, clusters agree better with the classes (above) or with the groups of look-alikes (below); "
        "ARI and AMI are 0 by chance. The mixture on the t-SNE map is a control: t-SNE makes islands.",
        alt="Forest plot of cluster scores against classes and groups, by variant and clustering",
        method="Penultimate features of test images, first seed; 95 % intervals over images, clusters held fixed.",
    )
    numbers = tabulate("Embeddings and clusters", AGREEMENT, rows, SCORES)
    return found.drawn(drawings.agreement_figure(clusterings), "agreement", words, list(embedded), numbers)


def said_agreement(by_variant: Mapping[str, Json]) -> str:
    """How well clusters of some variants' features agree with the classes."""
    said = []
    for name, one in by_variant.items():
        mixture, means = (amounts(one[kind]["labels"]["ari"]) for kind in ("mixture_by_class", "k_means"))
        said.append(f"of {name}'s features by an adjusted Rand index of {mixture}, k-means by {means}")
    return f"A Gaussian mixture agrees with the classes in the PCA space {'; '.join(said)}." if said else NOTHING


def of_variant(found: Found, name: str, one: Json) -> Section | None:
    """The maps and the mixture of one variant; None if nothing was drawn."""
    folder = found.root / "comparisons" / found.study / "figures" / name

    def picture(kind: str, words: Words, *numbers: Table) -> Illustration | None:
        return found.loaded(folder / f"{kind}.webp", f"{name}-{kind}", words, "compare", [name], *numbers)

    table = clusters(one["clusterings"]["mixture"]["table"], found.class_names)
    mixture = (
        picture("clusters", words_of_clusters(name, one, len(found.class_names)), table),
        picture("sweep", words_of_sweep(name, one), tabulate("Mixtures", SWEEP, one["sweep"])),
    )
    shown = tuple(drawn for drawn in mixture if drawn)
    whole = picture("map", words_of_map(name, one), centres(found, name))
    if not (whole or shown):
        return None
    link = Prose(f"[The explorer]({explorer_address(found.study, name)}) has this map with an image for each point.")
    return section(
        f"{found.study}-{name}-features",
        f"Features of {name}",
        whole,
        link if whole else None,
        Beside(shown) if shown else None,
    )


def words_of_map(name: str, one: Json) -> Words:
    """What is said of the maps."""
    return Words(
        finding=f"The t-SNE map of {name}'s features keeps {share(one['neighbour_preservation'])} of an image's "
        f"neighbours; its trustworthiness is {number(one['trustworthiness'])}.",
        how="Classes that lie in each other are alike to the model. Distances between islands mean nothing.",
        alt=f"Four scatter plots of {name}'s features: PCA by class, t-SNE by class, by group and by cluster",
        method="First seed. First the two main principal components by class; then one t-SNE map by class, by group of "
        "look-alikes, and by cluster of the Gaussian mixture, which was fitted to principal components and not to this "
        "map.",
    )


def words_of_clusters(name: str, one: Json, classes: int) -> Words:
    """What is said of clusters against classes."""
    right = one["clusterings"]["mixture"]["labels"]["hungarian_accuracy"]
    return Words(
        finding=f"The mixture with the lowest BIC has {one['chosen']['components']} clusters for {classes} classes; if "
        f"each cluster stands for one class at most, {share(right)} of the images are in that of their class.",
        how="Rows are clusters, columns classes. A row with one dark cell is a cluster that is a class.",
        alt=f"Table of clusters against classes for {name}",
    )


def words_of_sweep(name: str, one: Json) -> Words:
    """What is said of how the mixture was chosen."""
    chosen, tried = one["chosen"], max(row["components"] for row in one["sweep"])
    more = ", the most that were tried" if chosen["components"] == tried else f" of at most {tried} that were tried"
    return Words(
        finding=f"BIC is lowest for {chosen['components']} components{more}, with {chosen['covariance']} covariance.",
        how="Lower is better. A ring at the end of the range means that more components would have been taken: classes "
        "are no Gaussians.",
        alt=f"BIC of Gaussian mixtures by components and covariance for {name}",
    )


def clusters(table: list[list[int]], class_names: list[str]) -> Table:
    """Test images by cluster and class."""
    columns = (
        Column("cluster", "cluster", count),
        *(Column(name, str(k), count, extra=k >= 8) for k, name in enumerate(class_names)),
    )
    rows = [{"cluster": k, **{str(n): images for n, images in enumerate(row)}} for k, row in enumerate(table)]
    return tabulate("Images by cluster and class", columns, rows)


def centres(found: Found, name: str) -> Table:
    """Where the classes lie on the maps: the points themselves are in the evidence."""
    folder = found.root / "embeddings" / found.study / name
    embedding = load_embedding(folder)
    assert embedding is not None  # by contract: something was found
    pca, tsne = embedding.components[:, :2].astype(float), embedding.tsne.astype(float)
    labels, rows = found.labels[embedding.indices], []
    for k, class_name in enumerate(found.class_names):
        some = labels == k
        if some.any():
            (pca_x, pca_y), (tsne_x, tsne_y) = pca[some].mean(0).tolist(), tsne[some].mean(0).tolist()
            spread = float(np.sqrt(tsne[some].var(0).sum()))
            where = {"pca_x": pca_x, "pca_y": pca_y, "tsne_x": tsne_x, "tsne_y": tsne_y, "spread": spread}
            rows.append({"class": class_name, "images": int(some.sum()), **where})
    note = f"Spread: root of the summed variances. Every point: {folder.relative_to(found.root)}/."
    return tabulate("Centres of the classes", CENTRES, rows, note)
