"""How the models hold up when images are spoiled."""

from collections.abc import Mapping
from typing import Literal

from lookalike.data.corruptions import SEVERITIES
from lookalike.reporting.chapters.found import Found, Words
from lookalike.reporting.document import (
    Column,
    Fold,
    Illustration,
    Json,
    Prose,
    Section,
    Table,
    amounts,
    named,
    points,
    section,
    shares,
    significant,
    tabulate,
    text,
)
from lookalike.reporting.robustness import corruptions_figure, drift_figure, overall_figure, severity_figure

OVERALL = (
    Column("variant", "variant", text),
    Column("accuracy as they are, %", "clean.accuracy", shares),
    Column("over all corruptions, %", "overall", shares),
    Column("ECE as they are, %", "clean.ece", shares),
)
PAIRS = (
    Column("first", "first", text),
    Column("second", "second", text),
    Column("first minus second, points", "overall", points),
)
KINDS = (
    Column("variant", "variant", text),
    Column("kind", "kind", text),
    *(Column(f"accuracy at {k + 1}, %", f"{k}.accuracy", shares) for k in range(len(SEVERITIES))),
    *(Column(f"ECE at {k + 1}, %", f"{k}.ece", shares) for k in range(len(SEVERITIES))),
)
Measure = Literal["accuracy", "ece"]
MEASURES: dict[Measure, str] = {"accuracy": "Accuracy", "ece": "Expected calibration error"}
OVERALL_WORDS: Words = (
    "Accuracy on test images as they are and over all kinds and severities of spoiled ones, with 95 % intervals over "
    "images.",
    "Accuracy of every variant on clean and on spoiled images",
)
LAYERS_WORDS: Words = (
    "One test image, as it is and spoiled in four ways at severity {severity}, through every layer of {variant} (first "
    "seed): of feature maps those two that vary most for the image as it is; of dense layers all numbers, row by row.",
    "Outputs of {variant}'s layers for one image, clean and spoiled",
)
DRIFT = (
    Column("kind", "kind", text),
    Column("layer", "layer", text),
    Column("cosine", "cosine", amounts),
)


def robustness(found: Found) -> Section | None:
    """Accuracy and calibration by kind and severity; None of a study that spoils no images."""
    known = found.figures.robustness
    if not known:
        return None
    variants = known["variants"]
    said = Prose(
        f"{known['images']:,} test images, the same for every variant, spoiled in thirteen ways and five severities. "
        "Accuracies and expected calibration errors (ECE) are means over seeds, with 95 % bootstrap intervals over "
        "images: percentile intervals of accuracies, basic ones of ECEs. How strong a severity is was set by hand, for "
        "each kind by itself: a kind can be compared between variants, kinds not with each other."
    )
    overall = tabulate("Accuracy on spoiled images", OVERALL, named(variants))
    pairs = tabulate("Differences on spoiled images", PAIRS, known["pairs"], "Paired over the same images.")
    return section(
        f"{found.study}-robustness",
        "Spoiled images",
        said,
        examples(found),
        found.drawn(overall_figure(variants), "spoiled", OVERALL_WORDS, list(variants), overall),
        pairs if known["pairs"] else None,
        *(by_severity(found, measure) for measure in MEASURES),
        Fold("Every variant by kind and severity", (by_kind(variants),)),
        *(part for name in found.probes for part in moved(found, name)),
    )


def examples(found: Found) -> Illustration | None:
    """One image in every way that images are spoiled."""
    strengths = found.figures.robustness["strengths"]
    columns = (Column("kind", "kind", text), *(Column(f"severity {k}", f"{k}", significant) for k in SEVERITIES))
    rows = [
        {"kind": kind, **{str(k): value for k, value in zip(SEVERITIES, values, strict=True)}}
        for kind, values in strengths.items()
    ]
    table = tabulate("Strengths", columns, rows, "What a number means for a kind: see `data/corruptions.py`.")
    words = (
        "One test image in all the ways in which images are corrupted.",
        "A test image under thirteen corruptions, from mild to severe",
    )
    return found.drawn(corruptions_figure(found.test_set.images[0]), "corruptions", words, [], table)


def by_severity(found: Found, measure: Measure) -> Illustration | None:
    """Accuracy or calibration error of the probes, kind by kind."""
    variants = found.figures.robustness["variants"]
    probes = {name: variants[name] for name in found.probes if name in variants}
    if not probes:
        return None
    words = (
        f"{MEASURES[measure]} of {' and '.join(probes)} when images are spoiled, a panel a kind; bars: 95 % intervals "
        "over images.",
        f"{MEASURES[measure]} by severity for thirteen corruptions",
    )
    return found.drawn(severity_figure(probes, measure), f"spoiled-{measure}", words, list(probes), by_kind(probes))


def by_kind(variants: Mapping[str, Json]) -> Table:
    """A row a variant and kind, severities side by side."""
    rows = [
        {"variant": name, "kind": kind, **{str(k): one for k, one in enumerate(conditions)}}
        for name, variant in variants.items()
        for kind, conditions in variant["kinds"].items()
    ]
    return tabulate("By kind and severity", KINDS, rows)


def moved(found: Found, name: str) -> list[Illustration | None]:
    """One image through all layers of a variant, and how far each layer's output moves; nothing if not looked at."""
    drift = found.figures.explanations.get(name, {}).get("drift")
    if not drift:
        return []
    rows = [{"kind": kind, **row} for kind, layers in drift["kinds"].items() for row in layers]
    words = (
        f"How far the outputs of {name}'s layers (first seed) move when an image is spoiled at severity "
        f"{drift['severity']}: cosine with the output for the image as it is, mean over {drift['images']} test images "
        "with 95 % bootstrap intervals; 1: in the same direction. Another image: the cosine with the output for an "
        "image that has nothing to do with it, below which a spoiled one is no more alike than any.",
        f"Cosine between outputs for clean and spoiled images, by layer of {name}",
    )
    table = tabulate(f"Layers of {name}", DRIFT, rows)
    path = found.root / "comparisons" / found.study / "figures" / name / "layers.png"
    layers = tuple(part.format(variant=name, severity=drift["severity"]) for part in LAYERS_WORDS)
    return [
        found.loaded(path, f"{name}-layers", (layers[0], layers[1]), "compare", [name], table),
        found.drawn(drift_figure(drift["kinds"]), f"{name}-drift", words, [name], table),
    ]
