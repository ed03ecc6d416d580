"""Clusters in the space of the models' features."""

from collections.abc import Mapping

import numpy as np

from lookalike.artifacts.embeddings import load_embedding
from lookalike.reporting.address import explorer_address
from lookalike.reporting.chapters.sentences import NOTHING, finding_variants, only_above_chance, share_text
from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.document import Illustration, Json, Prose, Section, Table, Words, beside, section
from lookalike.reporting.figures import embeddings as drawings
from lookalike.reporting.forms import amounts, count, number, shares, text
from lookalike.reporting.tables import Column, labels, tabulate

AGREEMENT = (
    Column("variant", "variant", text),
    Column("images", "images", count, extra=True),
    Column("trustworthiness", "trustworthiness", number, "high"),
    Column("neighbours kept", "neighbour_preservation", amounts, "high", extra=True),
    *labels("mixture", "clustering"),
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
    Column("PCA 1, mean", "pca_x", number),
    Column("PCA 2, mean", "pca_y", number),
    Column("t-SNE 1, mean", "tsne_x", number),
    Column("t-SNE 2, mean", "tsne_y", number),
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


def embeddings_chapter(study: StudyResults) -> Section | None:
    """How well clusters agree with classes and groups, and the maps of the focus variants; None of nothing."""
    if not study.measurements.embeddings:
        return None
    embedded = only_above_chance(study, study.measurements.embeddings)
    shown = agreement_illustration(study, embedded) if embedded else None
    closely = (variant_features(study, name, embedded[name]) for name in study.focus if name in embedded)
    finding = shown.words.finding if shown else NOTHING
    return section(f"{study.name}-embeddings", "Clusters in feature space", shown, *closely, finding=finding)


def agreement_illustration(study: StudyResults, embedded: Mapping[str, Json]) -> Illustration | None:
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
        finding=agreement_sentence({name: clusterings[name] for name in finding_variants(study, clusterings)}),
        how="Further right, clusters agree better with the classes (above) or with the groups of look-alikes (below); "
        "ARI and AMI are 0 by chance. The mixture on the t-SNE map is a control: t-SNE makes islands.",
        alt="Forest plot of cluster scores against classes and groups, by variant and clustering",
        method="Penultimate features of test images, first seed; 95 % intervals over images, clusters held fixed.",
    )
    numbers = tabulate("Embeddings and clusters", AGREEMENT, rows, SCORES)
    return study.drawn_figure(drawings.agreement_figure(clusterings), "agreement", words, embedded, numbers)


def agreement_sentence(by_variant: Mapping[str, Json]) -> str:
    """The agreement of clusters of some variants' features with the classes."""
    parts = []
    for name, one in by_variant.items():
        mixture, means = (amounts(one[kind]["labels"]["ari"]) for kind in ("mixture_by_class", "k_means"))
        parts.append(f"of {name}'s features by an adjusted Rand index of {mixture}, k-means by {means}")
    return f"A Gaussian mixture agrees with the classes in the PCA space {'; '.join(parts)}." if parts else NOTHING


def variant_features(study: StudyResults, name: str, one: Json) -> Section | None:
    """The maps and the mixture of one variant; None if nothing was drawn."""

    def picture(kind: str, words: Words, numbers: Table) -> Illustration | None:
        return study.stored_chart(f"figures/{name}/{kind}", words, [name], numbers)

    table = cluster_table(one["clusterings"]["mixture"]["table"], study.class_names)
    mixture = beside(
        picture("clusters", cluster_words(name, one, len(study.class_names)), table),
        picture("sweep", sweep_words(name, one), tabulate("Mixtures", SWEEP, one["sweep"])),
    )
    whole = picture("map", feature_map_words(name, one), centre_table(study, name))
    if not (whole or mixture):
        return None
    link = Prose(f"[The explorer]({explorer_address(study.name, name)}) has this map with an image for each point.")
    return section(f"{study.name}-{name}-features", f"Features of {name}", whole, link if whole else None, mixture)


def feature_map_words(name: str, one: Json) -> Words:
    return Words(
        finding=f"The t-SNE map of {name}'s features keeps {share_text(one['neighbour_preservation'])} of an image's "
        f"neighbours; its trustworthiness is {number(one['trustworthiness'])}.",
        how="Classes that lie in each other are alike to the model. Distances between islands mean nothing.",
        alt=f"Four scatter plots of {name}'s features: PCA by class, t-SNE by class, by group and by cluster",
        method="First seed. First the two main principal components by class; then one t-SNE map by class, by group of "
        "look-alikes, and by cluster of the Gaussian mixture, which was fitted to principal components and not to this "
        "map.",
    )


def cluster_words(name: str, one: Json, classes: int) -> Words:
    right = one["clusterings"]["mixture"]["labels"]["hungarian_accuracy"]
    return Words(
        finding=f"The mixture with the lowest BIC has {one['chosen']['components']} clusters for {classes} classes; if "
        f"each cluster stands for one class at most, {share_text(right)} of the images are in that of their class.",
        how="Rows are clusters, columns classes. A row with one dark cell is a cluster that is a class.",
        alt=f"Table of clusters against classes for {name}",
    )


def sweep_words(name: str, one: Json) -> Words:
    chosen, tried = one["chosen"], max(row["components"] for row in one["sweep"])
    more = ", the most that were tried" if chosen["components"] == tried else f" of at most {tried} that were tried"
    return Words(
        finding=f"BIC is lowest for {chosen['components']} components{more}, with {chosen['covariance']} covariance.",
        how="Lower is better. A ring at the end of the range means that more components would have been taken: classes "
        "are no Gaussians.",
        alt=f"BIC of Gaussian mixtures by components and covariance for {name}",
    )


def cluster_table(table: list[list[int]], class_names: list[str]) -> Table:
    columns = (
        Column("cluster", "cluster", count),
        *(Column(name, str(k), count, extra=k >= 8) for k, name in enumerate(class_names)),
    )
    rows = [{"cluster": k, **{str(n): images for n, images in enumerate(row)}} for k, row in enumerate(table)]
    return tabulate("Images by cluster and class", columns, rows)


def centre_table(study: StudyResults, name: str) -> Table:
    """The centre of each class on the maps; the points themselves are in the evidence."""
    folder = study.folder("embeddings", name)
    embedding = load_embedding(folder)
    assert embedding is not None  # by contract: the variant was embedded
    axes = ("pca_x", "pca_y", "tsne_x", "tsne_y")
    maps = np.hstack([embedding.components[:, :2], embedding.tsne]).astype(float)
    labels, rows = study.labels[embedding.indices], []
    for k, class_name in enumerate(study.class_names):
        if (points := maps[labels == k]).size:
            centre = dict(zip(axes, points.mean(0).tolist(), strict=True))
            spread = float(np.sqrt(points[:, 2:].var(0).sum()))
            rows.append({"class": class_name, "images": len(points), **centre, "spread": spread})
    note = f"Spread: root of the summed variances. Every point: {folder.relative_to(study.root)}/."
    return tabulate("Centres of the classes", CENTRES, rows, note)
