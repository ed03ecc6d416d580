"""The report's chapters on explanations and on embeddings: from what these stages wrote."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lookalike.reporting import embeddings, explanations
from lookalike.reporting.report import Chapter, Illustration
from lookalike.reporting.style import to_png

Json = dict[str, Any]

# What the stages drew of a variant: file -> (caption, alt text).
EXPLAINED = {
    "maps": (
        "The first test image of each class with the maps of {variant} (first seed) for the class that it predicts, on "
        "their own coarse grid, by every method. Gain: how far a method's maps know what the model goes by (area under "
        "the insertion curve minus that under the deletion curve), beside that of random maps and of a Gaussian in the "
        "middle: a map that gains no more than these explains nothing, however well it looks.",
        "A test image of each class beside the explanation maps of {variant}, a column a method",
    ),
    "contrast": (
        "Why one look-alike and not the other: images of the two classes that {variant} confuses most often, those "
        "taken for the other class first. Orange speaks for, purple against. Gains: in a duel of the two classes.",
        "Images of two look-alike classes with maps for either class and of their difference, by {variant}",
    ),
    "heads": (
        "Attention that each patch of one image receives in {variant}, by block and head, and in the mean over heads; "
        "below each its gain, over {heads_scored} images (that of the controls: over all that are scored). No head is "
        "an explanation by itself.",
        "Attention maps of {variant}, a row a block and a column a head",
    ),
    "filters-first": ("Filters of the first convolution of {variant}.", "Filters of {variant}'s first convolution"),
    "features-first": (
        "What the first convolution of {variant} makes of one image: before pooling and ReLU.",
        "Feature maps of {variant}'s first convolution",
    ),
    "filters-last": ("Filters of the last convolution of {variant}.", "Filters of {variant}'s last convolution"),
    "features-last": (
        "What the last convolution of {variant} makes of one image: before pooling and ReLU.",
        "Feature maps of {variant}'s last convolution",
    ),
}
EMBEDDED = {
    "map": (
        "Penultimate features of test images by {variant} (first seed). First the two main principal components by "
        "class; then one t-SNE map by class, by group of look-alikes, and by cluster of the Gaussian mixture, which "
        "was fitted to principal components and not to this map. Distances between islands mean nothing.",
        "Four scatter plots of {variant}'s features: PCA by class, t-SNE by class, by group and by cluster",
    ),
    "clusters": (
        "Test images by cluster of the mixture with the lowest BIC (rows) and class (columns), {variant}. A row with "
        "one dark cell is a cluster that is a class.",
        "Table of clusters against classes for {variant}",
    ),
    "sweep": (
        "How the mixture was chosen, {variant}: BIC by number of components and shape of the covariance. A ring at the "
        "end of the range means that more components would have been taken: classes are no Gaussians.",
        "BIC of Gaussian mixtures by components and covariance for {variant}",
    ),
}


def explanation_chapter(study: str, found: Json, probes: Sequence[str], root: Path) -> Chapter:
    """Tables and figures of what the stage `explain` found; `probes` are the variants that are shown closely."""
    folder = root / "explanations" / study / "figures"
    faithful = {name: one["faithfulness"] for name, one in found.items()}
    close = {name: found[name] for name in probes if name in found}
    pictures: dict[str, Illustration] = {}
    if found:
        pictures["faithfulness"] = Illustration(
            f"{study}-faithfulness",
            to_png(explanations.faithfulness_figure(faithful)),
            "How faithful maps are, with 95 % intervals over test images: the area under the insertion curve minus "
            "that under the deletion curve, mean over two baselines (zero and blur). Chance is 0; a Gaussian in the "
            "middle, which knows no model, is the harder control.",
            "Forest plot of the gain of each explanation method and of two controls, by variant",
        )
    if close:
        pictures |= drawn_together(study, close)
    for name, one in close.items():
        curves = Illustration(
            f"{name}-curves",
            to_png(explanations.curves_figure(one["faithfulness"])),
            f"How the probability that {name} gives to its prediction falls as the most important pixels go, and rises "
            "as they come: the mean over images, by method and for the two controls.",
            f"Deletion and insertion curves of {name}, by method and baseline",
        )
        heads_scored = one["heads"] and one["heads"]["images"]
        pictures |= drawn_of(name, folder / name, EXPLAINED, heads_scored=heads_scored) | {curves.name: curves}
    for path in sorted(folder.glob("photographs-*.png")):
        recipe = path.stem.partition("-")[2]
        pictures["photographs"] = Illustration(
            f"{study}-explained-photographs",
            path.read_bytes(),
            f"A photograph of each class (recipe {recipe}) with the map of each variant for the class that it "
            f"predicts.",
            "Photographs beside the explanation maps of each variant",
        )
    return Chapter(found, pictures)


def drawn_together(study: str, found: Mapping[str, Json]) -> dict[str, Illustration]:
    """The charts of the variants that are shown closely."""
    similarities = {name: one["similarity"] for name, one in found.items()}
    drawings = {
        "sanity": (
            explanations.sanity_figure({name: one["sanity"] for name, one in found.items()}),
            "How far maps depend on what was learned: layer by layer, from the output down, trained weights give way "
            "to those from before the training; drawn is the rank correlation with the original maps (95 % intervals "
            "over images). What stays at 1 until its own layer is reached does not see those above it.",
            "Rank correlation of maps with the original ones as layers are randomised, by method",
        ),
        "similarity": (
            explanations.similarity_figure(similarities),
            "How alike the maps of two images are, on their own grid and without the mean map: two of one class, of "
            "look-alike classes, and of different groups (95 % intervals over images); beside the same for raw pixels "
            "averaged over the patches and for the maps of the model before its training.",
            "Mean similarity of maps within a class, between look-alikes and between groups, by method and control",
        ),
        "class-contrast": (
            explanations.class_contrast_figure(similarities),
            "By how much maps of one class are more alike than those of different groups, beside the same for raw "
            "pixels and for the model before its training. Maps that exceed neither say that similar images are "
            "similar.",
            "Within-class minus between-group similarity of maps, of raw pixels and of the untrained model's maps",
        ),
    }
    return {
        name: Illustration(f"{study}-{name}", to_png(figure), caption, alt)
        for name, (figure, caption, alt) in drawings.items()
    }


def embedding_chapter(study: str, found: Json, probes: Sequence[str], root: Path) -> Chapter:
    """Tables and figures of what the stage `embed` found."""
    pictures: dict[str, Illustration] = {}
    if found:
        agreement = embeddings.agreement_figure({name: one["clusterings"] for name, one in found.items()})
        pictures["agreement"] = Illustration(
            f"{study}-agreement",
            to_png(agreement),
            "How well clusters of the features agree with the classes and with the groups of look-alikes (95 % "
            "intervals over images, clusters held fixed). The mixture on the t-SNE map is a control: t-SNE makes "
            "islands.",
            "Forest plot of cluster scores against classes and groups, by variant and clustering",
        )
    for name in (name for name in probes if name in found):
        pictures |= drawn_of(name, root / "embeddings" / study / "figures" / name, EMBEDDED)
    return Chapter(found, pictures)


def drawn_of(
    variant: str, folder: Path, known: Mapping[str, tuple[str, str]], **told: int | None
) -> dict[str, Illustration]:
    """The pictures of `known` that a stage drew of a variant, by `<variant>-<file>`; `told`: what captions tell."""
    pictures = {}
    for kind, texts in known.items():
        path, (caption, alt) = folder / f"{kind}.png", (text.format(variant=variant, **told) for text in texts)
        if path.exists():
            name = f"{variant}-{kind}"
            pictures[name] = Illustration(name, path.read_bytes(), caption, alt)
    return pictures
