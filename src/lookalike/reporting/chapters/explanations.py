"""Explanation maps, and how far they can be trusted."""

from collections.abc import Iterator, Mapping

from lookalike.reporting.chapters.explanations_controls import sanity_section, similarity_section
from lookalike.reporting.chapters.explanations_maps import gain_table, maps_of_photographs, same_images, variant_maps
from lookalike.reporting.chapters.sentences import NOTHING, comparison_text, finding_variants, listed, only_above_chance
from lookalike.reporting.chapters.study_results import StudyResults, on_first_page
from lookalike.reporting.document import Block, Illustration, Json, Prose, Section, Words, section
from lookalike.reporting.figures import explanations as drawings
from lookalike.reporting.forms import amounts, percent, text
from lookalike.reporting.tables import Column, labels, tabulate

CURVES = (
    *labels("variant", "method", "baseline"),
    Column("curve", "kind", text),
    Column("share of the pixels, %", "fraction", percent),
    Column("probability of the predicted class, %", "probability", percent),
)
CONTROLS = ("random", "centre")
TENTH = 1  # the second point of the curves: the first share of the pixels that is taken away
INTRO = (
    "A map is shown only with its score. Pixels are removed, or added, in the order of their importance in the map. "
    "The gain is the area under the curve of the predicted class's probability as pixels are added, minus the area as "
    "they are removed, mean over two baselines (zero, and the blurred image). Two controls do not depend on the model: "
    "random maps, and a Gaussian spot in the middle. Maps are of each variant's first seed and for the class that it "
    "predicts. Intervals are 95 % bootstrap intervals over test images."
)


def explanations_chapter(study: StudyResults) -> Section | None:
    """Maps of the focus variants with their scores, and what maps have in common; None if none was computed."""
    anchor, title = f"{study.name}-explanations", "What the models look at"
    if not study.measurements.explanations:
        return None
    explained = only_above_chance(study, study.measurements.explanations)
    if not explained:
        return section(anchor, title, finding=NOTHING)
    faithful = on_first_page(faithfulness_illustration(study, explained))
    close = {name: explained[name] for name in study.focus if name in explained}
    finding = faithful.words.finding if faithful else ""
    return section(anchor, title, Prose(INTRO), faithful, *focus_blocks(study, explained, close), finding=finding)


def focus_blocks(
    study: StudyResults, explained: Mapping[str, Json], close: Mapping[str, Json]
) -> Iterator[Block | None]:
    """Maps of the focus variants and their controls; nothing without focus variants."""
    if close:
        yield curves_illustration(study, close)
        yield from (variant_maps(study, name, one) for name, one in close.items())
        yield same_images(study, explained)
        yield maps_of_photographs(study, close)
        yield sanity_section(study, close)
        yield similarity_section(study, close)


def faithfulness_illustration(study: StudyResults, explained: Mapping[str, Json]) -> Illustration | None:
    """How faithful the maps are; the numbers are those of all variants."""
    faithful = {name: explained[name]["faithfulness"] for name in finding_variants(study, explained)}
    words = Words(
        finding=faithfulness_sentence({name: one["methods"] for name, one in faithful.items()}),
        how="Further right is more faithful; chance is 0. A method that gains no more than the spot in the middle "
        "explains nothing, however good its maps look.",
        alt="Gain of each explanation method and of two controls, by variant",
    )
    figure = drawings.faithfulness_figure(faithful, looks=study.looks)
    return study.drawn_figure(figure, "faithfulness", words, faithful, gain_table(explained))


def faithfulness_sentence(by_variant: Mapping[str, Json]) -> str:
    """The method whose maps are the most faithful, compared with a spot in the middle, by variant."""
    parts = []
    for name, methods in by_variant.items():
        best, centre = most_faithful(methods), amounts(methods["centre"]["gain"])
        gain, comparison = amounts(methods[best]["gain"]), comparison_text(methods[best]["over_centre"])
        parts.append(
            f"{name}'s maps those of {best} are the most faithful: their gain of {gain} is {comparison} that of a spot "
            f"in the middle, {centre}"
        )
    return f"Of {'; of '.join(parts)}." if parts else NOTHING


def most_faithful(methods: Mapping[str, Json]) -> str:
    """The method with the highest gain, of those that explain the model."""
    return max((name for name in methods if name not in CONTROLS), key=lambda name: methods[name]["gain"]["value"])


def curves_illustration(study: StudyResults, close: Mapping[str, Json]) -> Illustration | None:
    """Deletion and insertion curves of the focus variants, on the same axes."""
    faithful = {name: one["faithfulness"] for name, one in close.items()}
    words = Words(
        finding=deletion_sentence(faithful),
        how="Deletion: the faster a curve falls, the more faithful are the maps. Insertion: the faster it rises. A "
        "method is better than the controls where its curve leaves theirs on that side.",
        alt="Deletion and insertion curves by variant and baseline, next to those of the controls",
        method="Mean over images, of the most faithful method of each variant.",
    )
    numbers = tabulate("Deletion and insertion", CURVES, curve_rows(faithful))
    figure = drawings.deletion_curves_figure(faithful, looks=study.looks)
    return study.drawn_figure(figure, "deletion", words, faithful, numbers)


def deletion_sentence(by_variant: Mapping[str, Json]) -> str:
    """The predicted class's probability without the most important pixels, by variant."""
    parts = []
    for name, one in by_variant.items():
        methods, best = one["methods"], most_faithful(one["methods"])
        baseline = next(iter(methods[best]["baselines"]))
        curve, centre = (methods[key]["baselines"][baseline]["deletion_curve"] for key in (best, "centre"))
        parts.append(
            f"from {100 * curve[0]:.0f} % to {100 * curve[TENTH]:.0f} % for {name} ({best}; without as many pixels in "
            f"the middle: {100 * centre[TENTH]:.0f} %)"
        )
    fraction = next(iter(by_variant.values()))["fractions"][TENTH]
    return (
        f"Without the {100 * fraction:.0f} % of the pixels that the most faithful maps rank highest, the probability "
        f"of the predicted class goes {listed(parts)}."
    )


def curve_rows(by_variant: Mapping[str, Json]) -> list[Json]:
    """The points of the curves that are drawn."""
    return [
        {"variant": name, "method": method, "baseline": baseline, "kind": kind}
        | {"fraction": fraction, "probability": probability}
        for name, faithfulness in by_variant.items()
        for method in (most_faithful(faithfulness["methods"]), *CONTROLS)
        for baseline, areas in faithfulness["methods"][method]["baselines"].items()
        for kind in ("deletion", "insertion")
        for fraction, probability in zip(faithfulness["fractions"], areas[f"{kind}_curve"], strict=True)
    ]
