"""What the models look at, and how far the maps that say so can be trusted."""

from collections.abc import Mapping

from lookalike.reporting.chapters.explanations_controls import sanity, similarity
from lookalike.reporting.chapters.explanations_maps import gains, maps_of_photographs, of_variant, same_images
from lookalike.reporting.chapters.found import Found, main
from lookalike.reporting.chapters.sentences import NOTHING, above_chance, against, listed, subjects
from lookalike.reporting.document import (
    Block,
    Column,
    Illustration,
    Json,
    Prose,
    Section,
    Words,
    amounts,
    percent,
    section,
    tabulate,
    text,
)
from lookalike.reporting.figures import explanations as drawings

CURVES = (
    Column("variant", "variant", text),
    Column("method", "method", text),
    Column("baseline", "baseline", text),
    Column("curve", "kind", text),
    Column("share of the pixels, %", "fraction", percent),
    Column("probability of the predicted class, %", "probability", percent),
)
CONTROLS = ("random", "centre")
TENTH = 1  # the second point of the curves: the first share of the pixels that is taken away
INTRO = (
    "A map is shown only with its score. Gain: pixels are taken away, or given, in the order in which the map holds "
    "them important; the area under the curve of the predicted class's probability as they are given, minus that as "
    "they are taken away, mean over two baselines (zero, and the blurred image). Two controls know nothing of the "
    "model: random maps, and a Gaussian spot in the middle. Maps are of each variant's first seed and for the class "
    "that it predicts. Intervals are 95 % bootstrap intervals over test images."
)


def explanations(found: Found) -> Section | None:
    """Maps of the focus variants with their scores, and what maps have in common; None of nothing."""
    anchor, title = f"{found.study}-explanations", "What the models look at"
    if not found.figures.explanations:
        return None
    explained = above_chance(found, found.figures.explanations)
    if not explained:
        return section(anchor, title, finding=NOTHING)
    faithful = main(faithfulness(found, explained))
    close = {name: explained[name] for name in found.focus if name in explained}
    closely = pictures(found, explained, close) if close else []
    finding = faithful.words.finding if faithful else ""
    return section(anchor, title, Prose(INTRO), faithful, *closely, finding=finding)


def pictures(found: Found, explained: Mapping[str, Json], close: Mapping[str, Json]) -> list[Block | None]:
    """What is shown of the focus variants."""
    each = (of_variant(found, name, one) for name, one in close.items())
    together = (same_images(found, explained), maps_of_photographs(found, close))
    return [curves(found, close), *each, *together, sanity(found, close), similarity(found, close)]


def faithfulness(found: Found, explained: Mapping[str, Json]) -> Illustration | None:
    """How faithful the maps are; the numbers are those of all variants."""
    faithful = {name: explained[name]["faithfulness"] for name in subjects(found, explained)}
    words = Words(
        finding=said_faithfulness({name: one["methods"] for name, one in faithful.items()}),
        how="Further right is more faithful; chance is 0. A method that gains no more than the spot in the middle "
        "explains nothing, however well its maps look.",
        alt="Gain of each explanation method and of two controls, by variant",
    )
    figure = drawings.faithfulness_figure(faithful, looks=found.looks)
    return found.drawn(figure, "faithfulness", words, list(faithful), gains(explained))


def said_faithfulness(by_variant: Mapping[str, Json]) -> str:
    """Which method's maps are the most faithful, and how they compare with a spot in the middle."""
    said = []
    for name, methods in by_variant.items():
        best = most_faithful(methods)
        gain, over, centre = methods[best]["gain"], methods[best]["over_centre"], methods["centre"]["gain"]
        said.append(
            f"{name}'s maps those of {best} are the most faithful: their gain of {amounts(gain)} is {against(over)} "
            f"that of a spot in the middle, {amounts(centre)}"
        )
    return f"Of {'; of '.join(said)}." if said else NOTHING


def most_faithful(methods: Mapping[str, Json]) -> str:
    """The method with the highest gain, of those that explain the model."""
    return max((name for name in methods if name not in CONTROLS), key=lambda name: methods[name]["gain"]["value"])


def curves(found: Found, close: Mapping[str, Json]) -> Illustration | None:
    """Deletion and insertion curves of the focus variants, on the same axes."""
    faithful = {name: one["faithfulness"] for name, one in close.items()}
    words = Words(
        finding=said_curves(faithful),
        how="Deletion: the faster a curve falls, the more faithful are the maps. Insertion: the faster it rises. A "
        "method is better than the controls where its curve leaves theirs on that side.",
        alt="Deletion and insertion curves by variant and baseline, beside those of the controls",
        method="Mean over images, of the most faithful method of each variant.",
    )
    numbers = tabulate("Deletion and insertion", CURVES, points_of(faithful))
    figure = drawings.curves_figure(faithful, looks=found.looks)
    return found.drawn(figure, "deletion", words, list(faithful), numbers)


def said_curves(by_variant: Mapping[str, Json]) -> str:
    """What taking away the most important pixels does to the predicted class's probability."""
    said = []
    for name, one in by_variant.items():
        methods, best = one["methods"], most_faithful(one["methods"])
        baseline = next(iter(methods[best]["baselines"]))
        (whole, left), (_, middle) = (
            (curve[0], curve[TENTH]) for curve in (deletion(methods[key], baseline) for key in (best, "centre"))
        )
        said.append(
            f"from {100 * whole:.0f} % to {100 * left:.0f} % for {name} ({best}; without as many pixels in the middle: "
            f"{100 * middle:.0f} %)"
        )
    fraction = next(iter(by_variant.values()))["fractions"][TENTH]
    return (
        f"Without the {100 * fraction:.0f} % of the pixels that the most faithful maps rank highest, the probability "
        f"of the predicted class goes {listed(said)}."
    )


def deletion(method: Json, baseline: str) -> list[float]:
    """Probabilities as more and more pixels are taken away."""
    curve: list[float] = method["baselines"][baseline]["deletion_curve"]
    return curve


def points_of(by_variant: Mapping[str, Json]) -> list[Json]:
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
