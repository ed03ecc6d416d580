"""Charts about explanation maps: how faithful they are, whether they depend on the model, and how similar they are."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lookalike.reporting.figures.style import (
    DARK,
    LIGHT,
    MIDDLE,
    NEAR,
    RIGHT,
    WRONG,
    Look,
    Looks,
    dodged_whiskers,
    legend_above,
    name_columns,
    name_rows,
    named_handles,
    series_looks,
    style,
    subplots,
    zero_line,
)

Alike = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""One variant: key of `MEASURES` -> method -> key of `SOURCES` -> a `ClassSimilarity` as JSON."""

COLUMNS = 2  # of panels, one a variant

# What knows nothing of the model, by its name among the methods.
CONTROLS: dict[str, Look] = {
    "random": {"color": LIGHT, "linewidth": 1, "linestyle": ":"},
    "centre": {"color": MIDDLE, "linewidth": 1, "linestyle": "--"},
}
PAIRS: dict[str, Look] = {
    "within_class": {"label": "of one class", "color": RIGHT, "marker": "o"},
    "look_alikes": {"label": "of look-alikes", "color": NEAR, "marker": "s", "markeredgecolor": DARK, "ecolor": MIDDLE},
    "between_groups": {"label": "of different groups", "color": WRONG, "marker": "^"},
}
SOURCES: dict[str, Look] = {
    "maps": {"label": "the model", "color": DARK, "marker": "o"},
    "untrained": {"label": "the same model untrained", "color": MIDDLE, "marker": "s", "markerfacecolor": "white"},
    "raw_pixels": {"label": "raw pixels", "color": LIGHT, "marker": "D", "markerfacecolor": "white"},
}
MEASURES = {
    "spearman": "rank correlation",
    "ssim": "structural similarity",
    "top_k_overlap": "overlap of the top fifth",
}


@style()
def faithfulness_figure(variants: Mapping[str, Mapping[str, Any]], *, looks: Looks) -> Figure:
    """How faithful each method's maps are: one row per method or control, in it one dot per variant.

    `variants`: variant -> a `Faithfulness` as JSON.
    """
    methods = {name: found["methods"] for name, found in variants.items()}
    rows = [*dict.fromkeys(row for own in methods.values() for row in own if row not in CONTROLS), *CONTROLS]
    figure, axes = subplots(0.1 * (len(variants) + 1.6) * len(rows) + 1.1)
    gains = ([own[row]["gain"] if row in own else None for row in rows] for own in methods.values())
    dodged_whiskers(axes, (looks[name] for name in methods), gains)
    name_rows(axes, [row_name(row, methods.values()) for row in rows])
    zero_line(axes)
    axes.set_xlabel("gain: area under the insertion curve minus that under the deletion curve")
    legend_above(figure, axes)
    return figure


def row_name(row: str, methods: Iterable[Mapping[str, Mapping[str, Any]]]) -> str:
    """A method or control, with its share of blank maps for the variant that has most of them."""
    blank = max(of_variant[row]["blank"] for of_variant in methods if row in of_variant)
    return f"{f'control: {row}' if row in CONTROLS else row}{f' (up to {100 * blank:.3g}% blank)' if blank else ''}"


def variant_panels(heights: Mapping[str, float], **shared: Any) -> tuple[Figure, list[Axes]]:
    """A figure with a panel per variant, two per row, of at least `heights` (inches); `shared` is for `subplots`."""
    wanted, columns = list(heights.values()), min(COLUMNS, len(heights))
    rows = [max(wanted[k : k + columns]) for k in range(0, len(wanted), columns)]
    figure, grid = subplots(sum(rows) + 1, len(rows), columns, squeeze=False, height_ratios=rows, **shared)
    for axes, name in zip(grid.flat, heights, strict=False):
        axes.set_title(name)
    for axes in grid.flat[len(heights) :]:
        axes.set_axis_off()
    return figure, list(grid.flat[: len(heights)])


@style()
def deletion_curves_figure(found: Mapping[str, Mapping[str, Any]], *, looks: Looks) -> Figure:
    """The deletion and insertion curves of each variant's most faithful method and of the controls, by baseline.

    `found`: variant -> a `Faithfulness` as JSON.
    """
    baselines = list(next(iter(next(iter(found.values()))["methods"].values()))["baselines"])
    figure, grid = subplots(2.2 * len(baselines) + 1.4, len(baselines), 2, sharex=True, sharey=True, squeeze=False)
    for panels, baseline in zip(grid, baselines, strict=True):
        for axes, kind in zip(panels, ("deletion", "insertion"), strict=True):
            for name, of_variant in found.items():
                draw_deletion(axes, of_variant, (baseline, f"{kind}_curve"), looks[name])
            axes.set_title(f"{kind}, baseline {baseline}")
    grid[0, 0].set_xlim(0, 1)
    grid[0, 0].set_ylim(0, 1)
    figure.supxlabel("share of the pixels deleted or inserted, the most important first")
    figure.supylabel("mean probability of the predicted class")
    legend_above(figure, grid[0, 0], columns=2)
    return figure


def draw_deletion(axes: Axes, found: Mapping[str, Any], curve: tuple[str, str], look: Look) -> None:
    """Draw one curve (baseline and kind) of a variant's most faithful method, and thinner those of the controls."""
    methods, (baseline, kind) = found["methods"], curve
    best = max((name for name in methods if name not in CONTROLS), key=lambda name: methods[name]["gain"]["value"])
    drawn: dict[str, Look] = {best: {"linewidth": 1.5, "color": look["color"], "marker": look["marker"]}}
    for name, own in (drawn | CONTROLS).items():
        values = methods[name]["baselines"][baseline][kind]
        whole: Look = {"markersize": 3, "label": f"{look['label']}: {name}"} | own
        axes.plot(found["fractions"], values, **whole)


@style()
def sanity_figure(variants: Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]]) -> Figure:
    """How like the map of the trained model each method's map stays as layers are randomised, one panel per variant.

    `variants`: variant -> method -> its steps, a `Step` as JSON each, from the output down.
    """
    series = series_looks(dict.fromkeys(method for methods in variants.values() for method in methods))
    figure, panels = variant_panels(dict.fromkeys(variants, 2.6), sharey=True)
    for axes, methods in zip(panels, variants.values(), strict=True):
        units = [step["unit"] for step in next(iter(methods.values()))]
        correlations = ([step["correlation"] for step in steps] for steps in methods.values())
        own = (series[method] for method in methods)
        dodged_whiskers(axes, own, correlations, up=True, linestyle="-", linewidth=0.8)
        axes.axhline(0, color=MIDDLE, linewidth=1, zorder=1)
        name_columns(axes, units, rotation=40, fontsize=7)
    figure.supylabel("rank correlation with the map of the trained model")
    reading = "a map that does not fall shows the image, not the model"
    figure.supxlabel(f"last layer randomised, after all at its left; {reading}")
    handles = named_handles(panels)  # not every method explains every variant
    figure.legend(handles.values(), handles, loc="outside upper center", ncols=4, frameon=False)
    return figure


@style()
def similarity_figure(variants: Mapping[str, Alike]) -> Figure:
    """How alike the maps of two images are, one panel per variant and measure, one row per method or control.

    Raw pixels are those of the first method's grid, which all methods of a model share.
    """
    rows = {name: {measure: with_controls(found[measure]) for measure in MEASURES} for name, found in variants.items()}
    figure, panels = measure_panels({variant: list(found["spearman"]) for variant, found in rows.items()})
    for (variant, measure), axes in panels.items():
        kinships = rows[variant][measure].values()
        dodged_whiskers(axes, PAIRS.values(), ([kinship[pair] for kinship in kinships] for pair in PAIRS))
    figure.supxlabel("mean similarity of the maps of two images")
    legend_above(figure, axes)
    return figure


def with_controls(methods: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The `ClassSimilarity` of each method's maps, of the raw pixels, and of the maps for the untrained model."""
    rows = {name: method["maps"] for name, method in methods.items()}
    rows["raw pixels"] = next(iter(methods.values()))["raw_pixels"]
    return rows | {f"untrained: {name}": method["untrained"] for name, method in methods.items()}


@style()
def class_contrast_figure(variants: Mapping[str, Alike]) -> Figure:
    """How much more alike the maps of one class are than those of two groups, beside the same of each control.

    One panel per variant and measure, one row per method.
    """
    figure, panels = measure_panels({variant: list(found["spearman"]) for variant, found in variants.items()})
    for (variant, measure), axes in panels.items():
        methods = variants[variant][measure].values()
        contrasts = ([method[source]["class_contrast"] for method in methods] for source in SOURCES)
        dodged_whiskers(axes, SOURCES.values(), contrasts)
    figure.supxlabel("mean similarity within a class minus that between groups")
    legend_above(figure, axes)
    return figure


def measure_panels(rows: Mapping[str, Sequence[str]]) -> tuple[Figure, dict[tuple[str, str], Axes]]:
    """A figure with a panel for each variant and measure, with named rows and a line at 0."""
    heights = [0.28 * len(names) + 0.5 for names in rows.values()]
    shared: Look = {"sharex": "col", "sharey": "row", "squeeze": False}
    figure, grid = subplots(sum(heights) + 0.9, len(rows), len(MEASURES), height_ratios=heights, **shared)
    panels = {(variant, measure): grid[k, m] for k, variant in enumerate(rows) for m, measure in enumerate(MEASURES)}
    for (variant, measure), axes in panels.items():
        name_rows(axes, rows[variant])
        zero_line(axes)
        axes.set_title(f"{variant}\n{MEASURES[measure]}")
    return figure, panels
