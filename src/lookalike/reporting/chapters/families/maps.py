"""The figures on why two families decide as they do: how faithful their maps are, and what tells look-alikes apart."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.evaluations import Interval
from lookalike.artifacts.explanations import Explanation, PairMaps
from lookalike.artifacts.seed_findings import MethodLocalisation
from lookalike.evaluation.hierarchical import mean_over_seeds
from lookalike.evaluation.statistics import Estimate
from lookalike.families.influence import bounded
from lookalike.reporting.chapters.families.parts import ChapterPart, FamilyComparison
from lookalike.reporting.document import Table, Words
from lookalike.reporting.figures.families_images import contrast_maps_figure
from lookalike.reporting.figures.families_inside import Gains, gains_figure, methods_of
from lookalike.reporting.forms import amounts, number, text
from lookalike.reporting.tables import Column, labels, tabulate

NORMAL = 1.959964  # standard errors from the middle of a 95 % interval to its end
CONTROL = "centre"
CELLS = 14  # to a side of a contrast map, at least
HITS, IOU = "pointing game: share of\nmaxima on the object", "IoU of map\nand object"


def attribution_part(compared: FamilyComparison) -> ChapterPart | None:
    """How faithful the maps of both families are by the same methods; None unless both were measured."""
    gains = {name: scored for name, one in compared.explanations.items() if (scored := gains_of(one))}
    if len(gains) < 2:
        return None
    located = {
        label: found
        for label, kind in ((HITS, "hits"), (IOU, "iou"))
        if (found := {name: of for name in gains if (of := located_of(compared.explanations[name], kind, gains[name]))})
    }
    return ChapterPart(
        name="attribution",
        claims=("L10",),
        words=Words(
            finding=family_gain_sentence(gains, compared),
            how="First panel: further right is more faithful; 'centre' is a map that knows nothing but the middle. "
            "Further panels, where objects have an outline: whether a map's maximum lies on the object, and "
            "intersection over union.",
            alt="Gain of faithfulness of each method on a common grid, for both families",
            method="Gain: area under the insertion curve minus that under the deletion curve. All maps are averaged on "
            "the same 7×7 grid, so that no family gains by finer maps. Means over seeds.",
        ),
        figure=gains_figure(gains, located, looks=compared.looks(list(gains))),
        variants=list(gains),
        numbers=tuple(
            family_gain_table(label, found) for label, found in (("Gain of faithfulness", gains), *located.items())
        ),
    )


def gains_of(explanation: Explanation) -> dict[str, Estimate]:
    """The gain of each method that was scored for every seed, the control last."""
    by_seed = [seed.attribution or {} for seed in explanation.seeds]
    methods = [method for method in (by_seed[0] if by_seed else ()) if all(method in one for one in by_seed)]
    ordered = sorted(methods, key=lambda method: method == CONTROL)
    images = explanation.attributed or 0
    return {method: seed_mean([one[method] for one in by_seed], images) for method in ordered}


def located_of(explanation: Explanation, kind: str, wanted: Iterable[str]) -> dict[str, Estimate]:
    """How well the maps of each of some methods lie on the object, mean over seeds; empty if it was not measured."""
    seeds = [seed.localisation for seed in explanation.seeds if seed.localisation is not None]
    by_seed: list[Mapping[str, MethodLocalisation]] = [one.methods for one in seeds]
    methods = [method for method in wanted if by_seed and all(method in one for one in by_seed)]
    images = seeds[0].images if seeds else 0
    return {
        method: bounded(seed_mean([getattr(one[method], kind) for one in by_seed], images), 0, 1) for method in methods
    }


def seed_mean(intervals: Sequence[Interval], images: int) -> Estimate:
    """The mean over seeds of a figure that each has on the same images, with its 95 % interval.

    Its variance over images is the mean of the seeds', for the same images are hard for all of them; that over seeds is
    added from three seeds on.
    """
    variance = fmean([((one["high"] - one["low"]) / (2 * NORMAL)) ** 2 for one in intervals])
    return mean_over_seeds([[one["value"] for one in intervals]], [None], variance, images).estimate()


def family_gain_sentence(gains: Gains, compared: FamilyComparison) -> str:
    """For which method both families differ most."""
    ours, theirs = (gains[name] for name in compared.both)
    shared = [method for method in ours if method in theirs and method != CONTROL]
    one, other = compared.families
    if not shared:
        return f"No method was applied to both the {one} and the {other}."
    method = max(shared, key=lambda each: abs(ours[each].value - theirs[each].value))
    more = sum(ours[each].value > theirs[each].value for each in shared)
    values = (f"{found[method].value:.2f}".replace("-", "−") for found in (ours, theirs))
    return (
        f"On a common grid the {one}'s maps are more faithful than the {other}'s by {more} of {len(shared)} methods; "
        f"most apart are those of {method} ({one} {next(values)}, {other} {next(values)})."
    )


def family_gain_table(label: str, found: Gains) -> Table:
    """A row for each method, a column for each variant."""
    columns = [
        Column("method", "method", text),
        *(Column(name, str(k), amounts, "high") for k, name in enumerate(found)),
    ]
    rows = [
        {"method": method} | {str(k): one.get(method) for k, one in enumerate(found.values())}
        for method in methods_of(found)
    ]
    heading = " ".join(label.split())
    return tabulate(f"Like-for-like explanations: {heading}", columns, rows)


def contrast_map_part(compared: FamilyComparison) -> ChapterPart | None:
    """The pixels that distinguish look-alikes; None unless both families have maps of the same pairs."""
    known = [in_cells(one.pair_maps) for one in compared.explanations.values() if one.pair_maps is not None]
    if len(known) < 2 or known[0].pairs != known[1].pairs or not known[0].pairs:
        return None
    names = compared.study.test_set.class_names
    pairs = [(names[first], names[second]) for first, second in known[0].pairs]
    agreement = [list(row) for row in correlations(known[0], known[1])]
    overall = [float(np.nanmean(row)) if np.isfinite(row).any() else float("nan") for row in agreement]
    return ChapterPart(
        name="contrast-maps",
        claims=(),
        words=Words(
            finding=map_agreement_sentence(overall),
            how="Each row is a pair of look-alikes: the mean image of each class, and next to it the map of either "
            "family. Green pixels speak for the class named at the left, purple pixels for the other class.",
            alt="Maps of the pixels that speak for each class of a pair of look-alikes, for both families",
            method="Integrated gradients (Sundararajan et al., ICML 2017) of the logit of the class minus that of the "
            "other, mean over test images of the class, over seeds and over 2×2 pixels or more.",
        ),
        figure=contrast_maps_figure(
            pairs,
            class_means(compared, known[0].pairs),
            {compared.family(name): one.maps for name, one in zip(compared.explanations, known, strict=True)},
        ),
        variants=list(compared.both),
        numbers=(agreement_table(pairs, agreement),),
    )


def in_cells(found: PairMaps) -> PairMaps:
    """Means over square cells of maps (P, 2, H, W), at least 14 to a side; single pixels say little by themselves."""
    *pairs, height, width = found.maps.shape
    cell = min(height, width) // CELLS
    if cell < 2 or height % cell or width % cell:
        return found
    cells = found.maps.astype(np.float32).reshape(*pairs, height // cell, cell, width // cell, cell)
    return replace(found, maps=cells.mean(axis=(3, 5)))


def correlations(first: PairMaps, second: PairMaps) -> NDArray[np.float64]:
    """Pearson's correlation of both families' maps of each class of each pair, (P, 2); NaN of a blank one."""
    sides = [one.maps.reshape(*one.maps.shape[:2], -1).astype(np.float64) for one in (first, second)]
    gaps = [side - side.mean(axis=2, keepdims=True) for side in sides]
    lengths = [np.sqrt((gap**2).sum(axis=2)) for gap in gaps]
    with np.errstate(invalid="ignore", divide="ignore"):
        found: NDArray[np.float64] = (gaps[0] * gaps[1]).sum(axis=2) / (lengths[0] * lengths[1])
    return found


def map_agreement_sentence(by_pair: Sequence[float]) -> str:
    """How alike both families' maps are."""
    known = [one for one in by_pair if np.isfinite(one)]
    if not known:
        return "The maps of both families are blank."
    low, middle, high = (f"{one:.2f}".replace("-", "−") for one in (min(known), fmean(known), max(known)))
    count = f"{len(known)} pair{'s' if len(known) > 1 else ''} of look-alikes"
    return f"Over {count} the maps of both families correlate with {middle} in the mean ({low} to {high})."


def agreement_table(pairs: Sequence[tuple[str, str]], agreement: Sequence[Sequence[float]]) -> Table:
    columns = (*labels("class", "against"), Column("correlation of both families' maps", "correlation", number))
    rows = [
        {"class": own, "against": other, "correlation": value if np.isfinite(value) else None}
        for pair, values in zip(pairs, agreement, strict=True)
        for own, other, value in zip(pair, pair[::-1], values, strict=True)
    ]
    return tabulate("How alike both families' maps are", columns, rows)


def class_means(compared: FamilyComparison, pairs: Sequence[tuple[int, int]]) -> NDArray[np.uint8]:
    """The mean of the test images of each class that are kept: (P, 2, H, W[, 3])."""
    test_set = compared.study.test_set
    labels = test_set.labels[test_set.shown]
    means = {
        label: test_set.images[labels == label].mean(axis=0) if (labels == label).any() else 0 * test_set.images[0]
        for label in {label for pair in pairs for label in pair}
    }
    return np.stack([[means[label] for label in pair] for pair in pairs]).round().astype(np.uint8)
