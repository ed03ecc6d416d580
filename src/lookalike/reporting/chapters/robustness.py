"""Accuracy, calibration and features on corrupted images."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Literal

from lookalike.data.corruptions import OTHER, SEVERITIES
from lookalike.reporting.chapters.sentences import (
    NOTHING,
    finding_variants,
    listed,
    listed_by_variant,
    only_above_chance,
    share_text,
)
from lookalike.reporting.chapters.study_results import StudyResults, on_first_page
from lookalike.reporting.document import Illustration, Json, Section, Table, Words, fold, section
from lookalike.reporting.figures.robustness import corruptions_figure, drift_figure, overall_figure, severity_figure
from lookalike.reporting.forms import amounts, points, shares, significant, text
from lookalike.reporting.tables import Column, labels, named_rows, tabulate

OVERALL = (
    Column("variant", "variant", text),
    Column("accuracy on clean images, %", "clean.accuracy", shares, "high"),
    Column("over all corruptions, %", "overall", shares, "high"),
    Column("ECE on clean images, %", "clean.ece", shares, "low"),
)
PAIRS = (*labels("first", "second"), Column("first minus second, points", "overall", points, "high"))
KINDS = (
    *labels("variant", "kind"),
    *(Column(f"accuracy at {k + 1}, %", f"{k}.accuracy", shares, "high") for k in range(len(SEVERITIES))),
    *(Column(f"ECE at {k + 1}, %", f"{k}.ece", shares, "low", extra=True) for k in range(len(SEVERITIES))),
)
STRENGTHS = (Column("kind", "kind", text), *(Column(f"severity {k}", f"{k}", significant) for k in SEVERITIES))
DRIFT = (*labels("kind", "layer"), Column("cosine", "cosine", amounts, "high"))
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


def robustness_chapter(study: StudyResults) -> Section | None:
    """Accuracy and calibration by kind and severity; None of a study without corrupted images."""
    known = study.measurements.robustness
    if not known:
        return None
    variants = only_above_chance(study, known["variants"])
    focus = {name: variants[name] for name in study.focus if name in variants}
    finding = kept_accuracy_sentence({name: variants[name] for name in finding_variants(study, variants)})
    return section(
        f"{study.name}-robustness",
        "Corrupted images",
        corruption_examples(study),
        on_first_page(overall_illustration(study, variants, finding)) if variants else None,
        *(severity_illustration(study, focus, measure) for measure in MEASURES if focus),
        *(part for name in focus for part in layer_illustrations(study, name)),
        fold("Every variant by kind and severity", kind_table(variants)) if variants else None,
        finding=finding,
    )


def kept_accuracy_sentence(variants: Mapping[str, Json]) -> str:
    """The share of its accuracy that each variant keeps over all corruptions, and the kind with the largest loss."""
    if not variants:
        return NOTHING
    kept = {
        name: f"{100 * one['overall']['value'] / one['clean']['accuracy']['value']:.0f} %"
        for name, one in variants.items()
    }
    kinds: dict[str, list[float]] = {}
    for one in variants.values():
        for kind, severities in one["kinds"].items():
            kinds.setdefault(kind, []).append(fmean(each["accuracy"]["value"] for each in severities))
    worst = min(kinds, key=lambda kind: fmean(kinds[kind]))
    return (
        f"The share of the clean accuracy that is kept over all corruptions is {listed_by_variant(kept)}; the largest "
        f"loss is under {worst}."
    )


def overall_illustration(study: StudyResults, variants: Mapping[str, Json], finding: str) -> Illustration | None:
    words = Words(
        finding,
        "Each row has the accuracy on the clean test images and that over all kinds and severities of corruption: the "
        "closer both are, the more robust is the variant. Bars: 95 % intervals over images.",
        "Accuracy of every variant on clean and on corrupted images",
        f"{study.measurements.robustness['images']:,} test images, the same for every variant. {METHOD}",
    )
    pairs = [row for row in study.measurements.robustness["pairs"] if {row["first"], row["second"]} <= variants.keys()]
    numbers = [tabulate("Accuracy on corrupted images", OVERALL, named_rows(variants))]
    if pairs:
        numbers += [tabulate("Differences on corrupted images", PAIRS, pairs, "Paired over the same images.")]
    return study.drawn_figure(overall_figure(variants), "corrupted", words, variants, *numbers)


def corruption_examples(study: StudyResults) -> Illustration | None:
    """One image under every corruption."""
    strengths = study.measurements.robustness["strengths"]
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
    return study.drawn_figure(corruptions_figure(study.test_set.images[0]), "corruptions", words, [], table)


def severity_illustration(study: StudyResults, focus: Mapping[str, Json], measure: Measure) -> Illustration | None:
    """Accuracy or calibration error of the focus variants, kind by kind."""
    title, _ = MEASURES[measure]
    words = Words(
        worst_corruption_sentence(focus, measure),
        f"{title} by severity, one panel per kind; severity 0 is the clean image. Bars: 95 % intervals over images.",
        f"{title} by severity for every corruption",
    )
    picture = severity_figure(focus, measure, looks=study.looks)
    return study.drawn_figure(picture, f"corrupted-{measure}", words, focus, kind_table(focus))


def worst_corruption_sentence(variants: Mapping[str, Json], measure: Measure) -> str:
    """Under which corruption each variant's accuracy is lowest, or its calibration error highest."""
    title, side = MEASURES[measure]
    sign = 1 if measure == "accuracy" else -1
    parts = []
    for name, variant in variants.items():
        found = {(kind, k): one[measure] for kind, row in variant["kinds"].items() for k, one in enumerate(row, 1)}
        kind, severity = min(found, key=lambda at: sign * found[at]["value"])
        parts.append(f"{share_text(found[kind, severity])} for {name} ({kind}, severity {severity})")
    return f"{title} is {side} at {listed(parts)}."


def kind_table(variants: Mapping[str, Json]) -> Table:
    """A row per variant and kind, severities side by side."""
    rows = [
        {"variant": name, "kind": kind, **{str(k): one for k, one in enumerate(conditions)}}
        for name, variant in variants.items()
        for kind, conditions in variant["kinds"].items()
    ]
    return tabulate("By kind and severity", KINDS, rows)


def layer_illustrations(study: StudyResults, name: str) -> list[Illustration | None]:
    """One image through all layers of a variant, and how far each layer's output moves; nothing if not computed."""
    drift = study.measurements.explanations.get(name, {}).get("drift")
    if not drift:
        return []
    rows = [{"kind": kind, **row} for kind, layers in drift["kinds"].items() for row in layers]
    table = tabulate(f"Layers of {name}", DRIFT, rows)
    layers = Words(
        layer_similarity_sentence(name, drift["kinds"]),
        "Each row is a layer; side by side are the clean image and its corruptions. Of feature maps the two that vary "
        "most for the clean image are shown, of dense layers all numbers.",
        f"Outputs of {name}'s layers for one image, clean and corrupted",
        f"One test image at severity {drift['severity']}, first seed.",
    )
    cosines = Words(
        last_layer_sentence(name, drift["kinds"]),
        "1: the output for the corrupted image has the direction of that for the clean one. Another image: the cosine "
        "between outputs for two unrelated images, the level at which no similarity is left.",
        f"Cosine between outputs for clean and corrupted images, by layer of {name}",
        f"First seed, severity {drift['severity']}, mean over {drift['images']} test images with 95 % bootstrap "
        "intervals.",
    )
    return [
        study.stored_chart(f"figures/{name}/layers", layers, [name], table),
        study.drawn_figure(drift_figure(drift["kinds"]), f"{name}-drift", cosines, [name], table),
    ]


def layer_similarity_sentence(name: str, kinds: Mapping[str, Sequence[Json]]) -> str:
    """How the similarity of clean and corrupted images changes from the first to the last layer."""
    layers = [rows for kind, rows in kinds.items() if kind != OTHER]
    first, last = (fmean(rows[at]["cosine"]["value"] for rows in layers) for at in (0, -1))
    return (
        f"From the first to the last layer of {name} the mean cosine between outputs for clean and corrupted images "
        f"goes from {first:.2f} to {last:.2f}."
    )


def last_layer_sentence(name: str, kinds: Mapping[str, Sequence[Json]]) -> str:
    """The corruption with the lowest cosine in the last layer, and the cosine of unrelated images."""
    ends = {kind: rows[-1]["cosine"] for kind, rows in kinds.items()}
    other = ends.pop(OTHER)
    least = min(ends, key=lambda kind: ends[kind]["value"])
    return (
        f"In the last layer of {name} the cosine with the output for the clean image is lowest under {least}: "
        f"{amounts(ends[least])}, against {amounts(other)} for another image."
    )
