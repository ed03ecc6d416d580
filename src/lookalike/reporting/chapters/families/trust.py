"""How far labels and probabilities can be trusted: doubtful test labels, calibration by group, images of no class."""

import numpy as np
from numpy.typing import NDArray

from lookalike.evaluation.metrics import softmax
from lookalike.families.calibration import COVERAGES
from lookalike.families.findings import LabelErrors
from lookalike.reporting.chapters.families.parts import ChapterPart, FamilyComparison
from lookalike.reporting.document import Fold, Table, Words
from lookalike.reporting.figures.families_images import Doubtful, doubtful_figure
from lookalike.reporting.forms import count, fine, number, shares, text
from lookalike.reporting.tables import Column, labels, named_rows, tabulate

MOST = 20  # doubtful labels that are shown
DOUBTFUL = (
    Column("test image", "index", count),
    Column("label", "label", text),
    Column("its probability", "label_share", number),
    Column("judged", "judged", text),
    Column("its probability there", "judged_share", number),
)
CLEANED = (
    Column("variant", "variant", text),
    Column("accuracy on all test images, %", "all_images", shares, "high"),
    Column("without doubtful labels, %", "without", shares, "high"),
)
CALIBRATED = (
    Column("variant", "variant", text),
    Column("classwise calibration error", "error", fine, "low"),
    Column("after temperature", "calibrated_error", fine, "low"),
)
SELECTIVE = (
    *labels("group", "variant"),
    *(
        Column(f"accuracy at {coverage:.0%} coverage, %", str(k), shares, "high")
        for k, coverage in enumerate(COVERAGES)
    ),
    Column("area under the risk-coverage curve", "area", fine, "low"),
    Column("difference of areas, first − second", "difference", fine),
)
OUTSIDE = (
    Column("variant", "variant", text),
    Column("images of", "name", text),
    Column("score", "score", text),
    Column("AUROC", "auroc", fine, "high"),
    Column("false positives at 95 % recall, %", "fpr95", shares, "low"),
    Column("difference of AUROC, first − second", "difference", fine),
)


def doubtful_label_part(compared: FamilyComparison) -> ChapterPart | None:
    """The test images with the least credible labels; None if none was kept."""
    found = compared.findings.label_errors
    if found is None:
        return None
    images = images_of_suspects(compared, found)
    shown = [index for index in found.candidates if index in images][:MOST]
    if not shown:
        return None
    doubtful = judged_labels(compared, found, shown)
    judges = " and ".join(found.judges)
    return ChapterPart(
        name="doubtful-labels",
        claims=(),
        words=Words(
            finding=doubtful_label_sentence(compared, found),
            how=f"The {len(shown)} labels that {judges} find least credible, the worst first: below each image its "
            "label and the class that they find most probable, with the probabilities.",
            alt="Test images whose labels are doubtful, each with its label and the class that the models predict",
            method="Confident learning (Northcutt et al., JAIR 2021): an image is suspected where its probability of "
            "another class reaches the mean probability of that class over the images labelled so. Probabilities are "
            "means over variants and seeds.",
        ),
        figure=doubtful_figure(doubtful, [images[index] for index in shown]),
        variants=list(found.judges),
        numbers=(tabulate("Doubtful test labels", DOUBTFUL, doubtful), cleaned_table(found)),
    )


def images_of_suspects(compared: FamilyComparison, found: LabelErrors) -> dict[int, NDArray[np.uint8]]:
    """The images that any judge kept as suspicious, by index."""
    images: dict[int, NDArray[np.uint8]] = {}
    for name in found.judges:
        if (suspects := compared.study.evaluation(name).suspects) is not None:
            images |= dict(zip(suspects.indices.tolist(), suspects.images, strict=True))
    return images


def judged_labels(compared: FamilyComparison, found: LabelErrors, indices: list[int]) -> list[Doubtful]:
    """The probabilities of some test images by the judges, mean over seeds and then over judges."""
    logits = [compared.study.evaluation(name).test_logits[:, indices].astype(np.float64) for name in found.judges]
    shares = np.mean([np.mean([softmax(seed) for seed in one], axis=0) for one in logits], axis=0)
    names, labels = compared.study.test_set.class_names, compared.study.labels[indices]
    return [
        Doubtful(index, names[label], float(row[label]), names[row.argmax()], float(row.max()))
        for index, label, row in zip(indices, labels, shares, strict=True)
    ]


def doubtful_label_sentence(compared: FamilyComparison, found: LabelErrors) -> str:
    """How many labels are doubtful, and what accuracy is without them."""
    count, images = len(found.candidates), len(compared.study.labels)
    said = [
        f"{compared.family(name)} from {100 * one.all_images.value:.1f} % to {100 * one.without.value:.1f} %"
        for name in compared.both
        if (one := found.variants[name]).all_images is not None and one.without is not None
    ]
    change = f"; without them accuracy changes: {', '.join(said)}" if said else ""
    return f"{count:,} of {images:,} test labels ({100 * count / images:.1f} %) are doubtful{change}."


def cleaned_table(found: LabelErrors) -> Table:
    """The accuracy of all variants with and without the doubtful labels."""
    note = (
        "Images that the judges get wrong are suspected more often, so accuracies without them are too high, those of "
        "the judges most of all."
    )
    return tabulate("Accuracy with and without doubtful labels", CLEANED, named_rows(found.variants), note)


def trust_fold(compared: FamilyComparison) -> Fold:
    """Calibration by variant and by group of look-alikes; detection of images of another data set."""
    note = (
        "Mean over seeds; 0 is best (Kull et al., NeurIPS 2019). Intervals are over images alone and corrected for "
        "noise, which makes every measured error too large; so an interval may lie below its value."
    )
    calibrated = tabulate("Classwise calibration", CALIBRATED, named_rows(compared.findings.calibration), note)
    tables = [calibrated, selective_table(compared)]
    if detected := compared.findings.outside:
        rows = [
            {"variant": variant, "name": one.name, "score": score, "auroc": found.auroc}
            | {"fpr95": found.fpr95, "difference": one.differences.get(score)}
            for variant, one in ((name, detected[name]) for name in compared.shown(detected))
            for score, found in one.scores.items()
        ]
        note = "Whether a score tells test images from images of another data set: AUROC 1 is best, 0.5 is chance."
        tables.append(tabulate("Detection of images of no class", OUTSIDE, rows, note))
    title = "How far probabilities can be trusted: calibration, selective prediction, images of no class"
    return Fold(title, tuple(tables))


def selective_table(compared: FamilyComparison) -> Table:
    """Selective prediction within each group with look-alikes, for the variants that charts show."""
    calibration = compared.findings.calibration
    rows = [
        {"group": ", ".join(group.classes), "variant": name, "area": group.selective.area}
        | {"difference": group.area_difference}
        | {str(k): one for k, one in enumerate(group.selective.accuracies)}
        for name in compared.shown(calibration)
        for group in calibration[name].groups
        if len(group.classes) > 1
    ]
    note = "Accuracy among the images with the highest confidence. The area is the mean risk over coverages; 0 is best."
    return tabulate("Selective prediction by group of look-alikes", SELECTIVE, rows, note)
