"""Charts of how families of architectures tell look-alikes apart: error consistency, separability and cues."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import groupby, pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from numpy.typing import NDArray

from lookalike.artifacts.evaluations import Condition
from lookalike.evaluation.statistics import Estimate
from lookalike.families.family import Family
from lookalike.families.findings import ClassPair, CueUse, ErrorConsistency, OfSize, Separability
from lookalike.reporting.figures.maps import as_tile
from lookalike.reporting.figures.style import (
    BELOW,
    DARK,
    FAMILIES,
    MIDDLE,
    NARROW,
    SMALL,
    WIDTH,
    Estimated,
    Look,
    Looks,
    dodged_whiskers,
    legend_above,
    name_rows,
    percent_ticks,
    style,
    subplots,
    whiskers,
)

MOST = 24  # letters of a class's name in a figure
ALONE = 5.0  # inches: the width of a heat map alone
TILE = 56  # pixels of an image beside the chart of cues


def estimated(found: Estimate | None) -> Estimated:
    return None if found is None else asdict(found)


def short(name: str) -> str:
    """A class's name, cut off where it is too long for a figure."""
    return name if len(name) <= MOST else f"{name[: MOST - 1]}…"


def pair_name(pair: ClassPair) -> str:
    return " – ".join(map(short, pair))


@style()
def consistency_figure(
    consistency: ErrorConsistency, families: Mapping[str, Family], by_size: Sequence[OfSize]
) -> Figure:
    """The error consistency of all models and, if it is known, by the number of training images."""
    known = [one for one in by_size if one.consistency is not None]
    variants = len(set(consistency.variants))
    figure, ((heat, *rest),) = subplots(
        max(3.8, 0.13 * variants + 1.5),
        1,
        2 if known else 1,
        width_ratios=[1.5, 1] if known else None,
        squeeze=False,
        width=WIDTH if known else ALONE,
    )
    draw_consistency(heat, consistency, families)
    for axes in rest:
        draw_by_size(axes, known)
    return figure


def draw_consistency(axes: Axes, consistency: ErrorConsistency, families: Mapping[str, Family]) -> None:
    """A heat map of all models; thin lines separate variants, thick ones families."""
    order = family_order(consistency.variants, families)
    names = [consistency.variants[k] for k in order]
    values = np.array(consistency.matrix, float)[np.ix_(order, order)]
    np.fill_diagonal(values, np.nan)
    picture = axes.imshow(values, cmap="cividis", aspect="auto", interpolation="none")
    axes.set_facecolor("#dddddd")
    axes.grid(visible=False)
    variants, ends = runs_of(names)
    for end in ends[:-1]:
        draw_cross(axes, end, 0.5)
    axes.set_yticks(middles(ends), variants, fontsize=SMALL)
    mark_families(axes, names, families)
    axes.set_xlabel("the same models, in the same order")
    axes.figure.colorbar(picture, ax=axes, label="error consistency κ", **BELOW)


def family_order(names: Sequence[str], families: Mapping[str, Family]) -> list[int]:
    """The indices of variants such that each family is together."""
    return [k for family in FAMILIES for k, name in enumerate(names) if families[name] == family]


def mark_families(axes: Axes, names: Sequence[str], families: Mapping[str, Family]) -> None:
    """Thick lines between the families of a heat map's rows and columns, and their names below it."""
    kinds, ends = runs_of([families[name] for name in names])
    for end in ends[:-1]:
        draw_cross(axes, end, 2.5)
    axes.set_xticks(middles(ends), kinds)
    axes.tick_params(length=0)


def middles(ends: Sequence[int]) -> list[float]:
    """The middle of each run, from the ends of all runs."""
    return [(low + high - 1) / 2 for low, high in pairwise([0, *ends])]


def runs_of(names: Sequence[str]) -> tuple[list[str], list[int]]:
    """The names of runs of equal names, and where each run ends."""
    runs = [(name, len(list(run))) for name, run in groupby(names)]
    return [name for name, _ in runs], np.cumsum([length for _, length in runs]).tolist()


def draw_cross(axes: Axes, end: int, width: float) -> None:
    """A white line in both directions before the model with the number `end`."""
    for line in (axes.axhline, axes.axvline):
        line(end - 0.5, color="white", linewidth=width)


def draw_by_size(axes: Axes, by_size: Sequence[OfSize]) -> None:
    """The error consistency within and between two families, by the number of training images; lines join a curve."""
    kinds: dict[str, Look] = {
        "within": {"color": DARK, "marker": "s"},
        "between": {"color": MIDDLE, "marker": "o", "markerfacecolor": "white"},
    }
    curves = list(dict.fromkeys(one.curve for one in by_size))
    for line, curve in zip(("-", "--", ":"), curves, strict=False):
        of_curve = [one for one in by_size if one.curve == curve]
        for shift, (kind, look) in zip((0.97, 1.03), kinds.items(), strict=True):
            sizes = [shift * one.train_images for one in of_curve]
            found = [estimated(getattr(one.consistency, kind)) for one in of_curve]
            whiskers(axes, sizes, found, up=True, label=f"{kind}, {curve}", **look | {"linestyle": line})
    axes.set_xscale("log")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("training images")
    axes.set_ylabel("error consistency κ")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False, fontsize=7, handlelength=4)


@style()
def separability_figure(pairs: Sequence[Separability], looks: Looks) -> Figure:
    """How well variants separate each pair of look-alikes: AUROC next to d'."""
    rows = [pair_name(one.pair) for one in pairs]
    figure, (areas, distances) = subplots((0.11 * len(looks) + 0.14) * len(pairs) + 1.2, 1, 2, sharey=True)
    draw_rows(areas, rows, {name: [one.variants[name].auroc for one in pairs] for name in looks}, looks)
    draw_rows(distances, rows, {name: [one.variants[name].d_prime for one in pairs] for name in looks}, looks)
    areas.set_xlabel("AUROC of the logit difference (chance: 0.5)")
    distances.set_xlabel("d′: distance of the two classes' scores\nin standard deviations")
    legend_above(figure, areas, columns=2)
    return figure


def draw_rows(axes: Axes, rows: Sequence[str], values: Mapping[str, Sequence[Estimate | None]], looks: Looks) -> None:
    """Draw named rows with an estimate per variant; `values` holds one per row."""
    dodged_whiskers(axes, looks.values(), (list(map(estimated, values[name])) for name in looks))
    name_rows(axes, rows)


@style()
def cues_figure(strip: Mapping[Condition, NDArray[np.uint8]], uses: Mapping[str, CueUse], looks: Looks) -> Figure:
    """The share of its accuracy that each variant keeps in each condition, one row each, beside an image in it.

    Args:
        strip: condition -> image (H, W[, 3]); conditions without a usable image are left out.
        uses: by variant; of those in `looks`, all with the same conditions.
    """
    conditions = next(iter(uses.values())).conditions
    height, shared = 0.4 * len(conditions), {"sharey": True, "width_ratios": [0.4, 2.1]}
    figure, (images, kept) = subplots(height + 0.2 * len(looks) + 0.6, 1, 2, width=NARROW, **shared)
    draw_strip(images, [strip.get(condition) for condition in conditions])
    dodged_whiskers(kept, looks.values(), (list(map(estimated, uses[name].kept)) for name in looks))
    name_rows(kept, list(map(condition_name, conditions)))
    kept.tick_params(axis="y", labelleft=True)  # which shared axes hide
    for end in runs_of([kind for kind, _ in conditions])[1][:-1]:
        kept.axhline(end - 0.5, color="#999999", linewidth=1)
    kept.set_xlim(left=0)
    percent_ticks(kept.xaxis)
    kept.set_xlabel("accuracy kept,\nof that on the original images")
    legend_above(figure, kept, columns=2)
    return figure


def condition_name(condition: Condition) -> str:
    kind, strength = condition
    patches = f"shuffled {strength}×{strength}"
    return {"": "original", "silhouette": kind, "shuffled": patches}.get(kind, f"{kind} {strength}")


def draw_strip(axes: Axes, images: Sequence[NDArray[np.uint8] | None]) -> None:
    """Draw images below each other at 0, 1, ...; None leaves a gap."""
    for k, image in enumerate(images):
        if image is not None:
            axes.imshow(as_tile(image, TILE), extent=(0, 1, k + 0.45, k - 0.45), aspect="auto", interpolation="none")
    axes.set_xlim(0, 1)
    axes.set_axis_off()
