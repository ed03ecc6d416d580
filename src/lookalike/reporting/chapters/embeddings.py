"""What the features of the models cluster into."""

import numpy as np

from lookalike.artifacts.embeddings import load_embedding
from lookalike.reporting import embeddings as drawings
from lookalike.reporting.chapters.found import Found, Words
from lookalike.reporting.document import (
    Beside,
    Column,
    Illustration,
    Json,
    Section,
    Table,
    amounts,
    count,
    number,
    section,
    shares,
    tabulate,
    text,
)

AGREEMENT = (
    Column("variant", "variant", text),
    Column("images", "images", count),
    Column("trustworthiness", "trustworthiness", number),
    Column("neighbours kept", "neighbour_preservation", amounts),
    Column("mixture", "mixture", text),
    Column("clustering", "clustering", text),
    Column("ARI", "labels.ari", amounts),
    Column("AMI", "labels.ami", amounts),
    Column("V-measure", "labels.v_measure", amounts),
    Column("Hungarian accuracy, %", "labels.hungarian_accuracy", shares),
    Column("ARI with groups", "groups.ari", amounts),
    Column("AMI with groups", "groups.ami", amounts),
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
    Column("BIC", "bic", count),
)
MAP: Words = (
    "Penultimate features of test images by {variant} (first seed). First the two main principal components by class; "
    "then one t-SNE map by class, by group of look-alikes, and by cluster of the Gaussian mixture, which was fitted to "
    "principal components and not to this map. Distances between islands mean nothing.",
    "Four scatter plots of {variant}'s features: PCA by class, t-SNE by class, by group and by cluster",
)
CLUSTERS: Words = (
    "Test images by cluster of the mixture with the lowest BIC (rows) and class (columns), {variant}. A row with one "
    "dark cell is a cluster that is a class.",
    "Table of clusters against classes for {variant}",
)
BIC: Words = (
    "How the mixture was chosen, {variant}: BIC by number of components and shape of the covariance. A ring at the end "
    "of the range means that more components would have been taken: classes are no Gaussians.",
    "BIC of Gaussian mixtures by components and covariance for {variant}",
)


def embeddings(found: Found) -> Section | None:
    """How well clusters agree with classes and groups, and the maps of the probed variants; None of nothing."""
    embedded = found.figures.embeddings
    if not embedded:
        return None
    rows = [
        one
        | row
        | {"variant": name, "clustering": kind.replace("_", "-")}
        | {"mixture": f"{one['chosen']['components']} {one['chosen']['covariance']}"}
        for name, one in embedded.items()
        for kind, row in one["clusterings"].items()
    ]
    note = (
        "Penultimate features of test images, first seed. Trustworthiness and neighbours kept: of the t-SNE map "
        "against the features. The mixture is the one with the lowest BIC among all sizes and shapes; "
        "mixture-by-class has one component a class; mixture-on-tsne is a control. 95 % bootstrap intervals over "
        "images, clusters held fixed; V-measure and Hungarian accuracy lie above zero by chance alone, ARI and AMI "
        "do not."
    )
    agreement = found.drawn(
        drawings.agreement_figure({name: one["clusterings"] for name, one in embedded.items()}),
        "agreement",
        (
            "How well clusters of the features agree with the classes and with the groups of look-alikes (95 % "
            "intervals over images, clusters held fixed). The mixture on the t-SNE map is a control: t-SNE makes "
            "islands.",
            "Forest plot of cluster scores against classes and groups, by variant and clustering",
        ),
        list(embedded),
        tabulate("Embeddings and clusters", AGREEMENT, rows, note),
    )
    closely = (of_variant(found, name, embedded[name]) for name in found.probes if name in embedded)
    return section(f"{found.study}-embeddings", "What the features cluster into", agreement, *closely)


def of_variant(found: Found, name: str, one: Json) -> Section | None:
    """The maps and the mixture of one variant; None if nothing was drawn."""
    folder = found.root / "comparisons" / found.study / "figures" / name

    def picture(kind: str, words: Words, *numbers: Table) -> Illustration | None:
        caption, alt = (part.format(variant=name) for part in words)
        return found.loaded(folder / f"{kind}.png", f"{name}-{kind}", (caption, alt), "compare", [name], *numbers)

    mixture = [
        picture("clusters", CLUSTERS, clusters(one["clusterings"]["mixture"]["table"], found.class_names)),
        picture("sweep", BIC, tabulate("Mixtures", SWEEP, one["sweep"])),
    ]
    shown = tuple(drawn for drawn in mixture if drawn)
    whole = picture("map", MAP, centres(found, name))
    if not (whole or shown):
        return None
    return section(f"{found.study}-{name}-features", f"Features of {name}", whole, Beside(shown) if shown else None)


def clusters(table: list[list[int]], class_names: list[str]) -> Table:
    """Test images by cluster and class."""
    columns = (
        Column("cluster", "cluster", count),
        *(Column(name, str(k), count) for k, name in enumerate(class_names)),
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
