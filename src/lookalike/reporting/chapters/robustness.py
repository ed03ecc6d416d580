"""Accuracy, calibration and features on corrupted images."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Literal

from lookalike.data.corruptions import OTHER, SEVERITIES
from lookalike.reporting.chapters.found import Found, main
from lookalike.reporting.chapters.sentences import NOTHING, above_chance, listed, share, subjects
from lookalike.reporting.document import (
    Column,
    Fold,
    Illustration,
    Json,
    Section,
    Table,
    Words,
    amounts,
    named,
    points,
    section,
    shares,
    significant,
    tabulate,
    text,
)
from lookalike.reporting.figures.robustness import corruptions_figure, drift_figure, overall_figure, severity_figure

OVERALL = (
    Column("variant", "variant", text),
    Column("accuracy on clean images, %", "clean.accuracy", shares, "high"),
    Column("over all corruptions, %", "overall", shares, "high"),
    Column("ECE on clean images, %", "clean.ece", shares, "low"),
)
PAIRS = (
    Column("first", "first", text),
    Column("second", "second", text),
    Column("first minus second, points", "overall", points, "high"),
)
KINDS = (
    Column("variant", "variant", text),
    Column("kind", "kind", text),
    *(Column(f"accuracy at {k + 1}, %", f"{k}.accuracy", shares, "high") for k in range(len(SEVERITIES))),
    *(Column(f"ECE at {k + 1}, %", f"{k}.ece", shares, "low", extra=True) for k in range(len(SEVERITIES))),
)
STRENGTHS = (Column("kind", "kind", text), *(Column(f"severity {k}", f"{k}", significant) for k in SEVERITIES))
DRIFT = (
    Column("kind", "kind", text),
    Column("layer", "layer", text),
    Column("cosine", "cosine", amounts, "high"),
)
Measure = Literal["accuracy", "ece"]
MEASURES: dict[Measure, tuple[str, str]] = {
    "accuracy": ("Accuracy", "lowest"),
    "ece": ("Expected calibration error (ECE)", "highest"),
}
METHOD = (
    "Accuracies and ECEs are means over seeds, with 95 % bootstrap intervals over images: percentile intervals of "
    "accuracies, basic ones of ECEs. How strong a severity is was set by hand, for each kind by itself: a kind can be "
    "compared between variants, kinds not with each other."
)


def robustness(found: Found) -> Section | None:
    """Accuracy and calibration by kind and severity; None of a study without corrupted images."""
    known = found.figures.robustness
    if not known:
        return None
    variants = above_chance(found, known["variants"])
    focus = {name: variants[name] for name in found.focus if name in variants}
    finding = kept({name: variants[name] for name in subjects(found, variants)})
    return section(
        f"{found.study}-robustness",
        "Corrupted images",
        examples(found),
        main(overall(found, variants, finding)) if variants else None,
        *(by_severity(found, focus, measure) for measure in MEASURES if focus),
        *(part for name in focus for part in layer_by_layer(found, name)),
        Fold("Every variant by kind and severity", (by_kind(variants),)) if variants else None,
        finding=finding,
    )


def kept(variants: Mapping[str, Json]) -> str:
    """The share of its accuracy that each variant keeps over all corruptions, and the kind with the largest loss."""
    if not variants:
        return NOTHING
    shares_kept = [
        f"{100 * one['overall']['value'] / one['clean']['accuracy']['value']:.0f} % for {name}"
        for name, one in variants.items()
    ]
    kinds = next(iter(variants.values()))["kinds"]
    worst = min(kinds, key=lambda kind: fmean(mean_accuracy(one["kinds"][kind]) for one in variants.values()))
    return (
        f"The share of the clean accuracy that is kept over all corruptions is {listed(shares_kept)}; the largest loss "
        f"is under {worst}."
    )


def mean_accuracy(severities: Sequence[Json]) -> float:
    """The mean over the severities of one kind."""
    return fmean(one["accuracy"]["value"] for one in severities)


def overall(found: Found, variants: Mapping[str, Json], finding: str) -> Illustration | None:
    """Accuracy on clean images and over all corruptions."""
    words = Words(
        finding,
        "Each row has the accuracy on the clean test images and that over all kinds and severities of corruption: the "
        "closer both are, the more robust is the variant. Bars: 95 % intervals over images.",
        "Accuracy of every variant on clean and on corrupted images",
        f"{found.figures.robustness['images']:,} test images, the same for every variant. {METHOD}",
    )
    pairs = [row for row in found.figures.robustness["pairs"] if {row["first"], row["second"]} <= variants.keys()]
    numbers = [tabulate("Accuracy on corrupted images", OVERALL, named(variants))]
    if pairs:
        numbers += [tabulate("Differences on corrupted images", PAIRS, pairs, "Paired over the same images.")]
    return found.drawn(overall_figure(variants), "corrupted", words, list(variants), *numbers)


def examples(found: Found) -> Illustration | None:
    """One image in every way that images are corrupted."""
    strengths = found.figures.robustness["strengths"]
    rows = [
        {"kind": kind, **{str(k): value for k, value in zip(SEVERITIES, values, strict=True)}}
        for kind, values in strengths.items()
    ]
    table = tabulate("Strengths", STRENGTHS, rows, "What a number means for a kind: see `data/corruptions.py`.")
    words = Words(
        f"Test images are corrupted in {len(strengths)} ways, each in {len(SEVERITIES)} severities.",
        "One row per kind of corruption, one column per severity, all of the same test image.",
        "A test image under every corruption, from mild to severe",
    )
    return found.drawn(corruptions_figure(found.test_set.images[0]), "corruptions", words, [], table)


def by_severity(found: Found, focus: Mapping[str, Json], measure: Measure) -> Illustration | None:
    """Accuracy or calibration error of the focus variants, kind by kind."""
    title, _ = MEASURES[measure]
    words = Words(
        worst(focus, measure),
        f"{title} by severity, one panel per kind; severity 0 is the clean image. Bars: 95 % intervals over images.",
        f"{title} by severity for every corruption",
    )
    picture = severity_figure(focus, measure, looks=found.looks)
    return found.drawn(picture, f"corrupted-{measure}", words, list(focus), by_kind(focus))


def worst(variants: Mapping[str, Json], measure: Measure) -> str:
    """Under which corruption each variant's accuracy is lowest, or its calibration error highest."""
    title, side = MEASURES[measure]
    sign = 1 if measure == "accuracy" else -1
    parts = []
    for name, variant in variants.items():
        found = {(kind, k): one[measure] for kind, row in variant["kinds"].items() for k, one in enumerate(row, 1)}
        kind, severity = min(found, key=lambda at: sign * found[at]["value"])
        parts.append(f"{share(found[kind, severity])} for {name} ({kind}, severity {severity})")
    return f"{title} is {side} at {listed(parts)}."


def by_kind(variants: Mapping[str, Json]) -> Table:
    """A row per variant and kind, severities side by side."""
    rows = [
        {"variant": name, "kind": kind, **{str(k): one for k, one in enumerate(conditions)}}
        for name, variant in variants.items()
        for kind, conditions in variant["kinds"].items()
    ]
    return tabulate("By kind and severity", KINDS, rows)


def layer_by_layer(found: Found, name: str) -> list[Illustration | None]:
    """One image through all layers of a variant, and how far each layer's output moves; nothing if not computed."""
    drift = found.figures.explanations.get(name, {}).get("drift")
    if not drift:
        return []
    rows = [{"kind": kind, **row} for kind, layers in drift["kinds"].items() for row in layers]
    table = tabulate(f"Layers of {name}", DRIFT, rows)
    path = found.root / "comparisons" / found.study / "figures" / name / "layers.webp"
    layers = Words(
        first_to_last(name, drift["kinds"]),
        "Each row is a layer; side by side are the clean image and its corruptions. Of feature maps the two that vary "
        "most for the clean image are shown, of dense layers all numbers.",
        f"Outputs of {name}'s layers for one image, clean and corrupted",
        f"One test image at severity {drift['severity']}, first seed.",
    )
    cosines = Words(
        last_layer(name, drift["kinds"]),
        "1: the output for the corrupted image has the direction of that for the clean one. Another image: the cosine "
        "between outputs for two unrelated images, the level at which no similarity is left.",
        f"Cosine between outputs for clean and corrupted images, by layer of {name}",
        f"First seed, severity {drift['severity']}, mean over {drift['images']} test images with 95 % bootstrap "
        "intervals.",
    )
    return [
        found.loaded(path, f"{name}-layers", layers, "compare", [name], table),
        found.drawn(drift_figure(drift["kinds"]), f"{name}-drift", cosines, [name], table),
    ]


def first_to_last(name: str, kinds: Mapping[str, Sequence[Json]]) -> str:
    """How the similarity of clean and corrupted images changes from the first to the last layer."""
    layers = [rows for kind, rows in kinds.items() if kind != OTHER]
    first, last = (fmean(rows[at]["cosine"]["value"] for rows in layers) for at in (0, -1))
    return (
        f"From the first to the last layer of {name} the mean cosine between outputs for clean and corrupted images "
        f"goes from {first:.2f} to {last:.2f}."
    )


def last_layer(name: str, kinds: Mapping[str, Sequence[Json]]) -> str:
    """The kind that moves the last layer's output furthest, and the level of unrelated images."""
    ends = {kind: rows[-1]["cosine"] for kind, rows in kinds.items()}
    other = ends.pop(OTHER)
    least = min(ends, key=lambda kind: ends[kind]["value"])
    return (
        f"In the last layer of {name} the cosine with the output for the clean image is lowest under {least}: "
        f"{amounts(ends[least])}, against {amounts(other)} for another image."
    )
