"""Activations, filters and feature maps of convolutional networks, before and after training."""

from collections.abc import Mapping, Sequence

from lookalike.reporting.chapters.sentences import NOTHING, finding_variants, listed, only_above_chance, share_text
from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.document import Fold, Illustration, Json, Prose, Section, Table, Words, fold, section
from lookalike.reporting.figures.activity import activation_histograms_figure, activity_by_depth_figure, state_name
from lookalike.reporting.forms import amounts, count, number, shares, significant, text
from lookalike.reporting.tables import Column, tabulate

LAYERS = (
    Column("convolution", "name", text),
    Column("state", "state", text),
    Column("channels", "channels", count),
    Column("mean", "before.mean", significant, extra=True),
    Column("deviation", "before.deviation", significant),
    Column("mean after batch norm", "after.mean", significant, extra=True),
    Column("deviation after batch norm", "after.deviation", significant),
    Column("deviation after as a multiple", "narrowing", amounts),
    Column("dead channels, %", "dead", shares, "low"),
    Column("zeros after ReLU, %", "zeros", shares),
    Column("effective rank after ReLU", "effective_rank", amounts, "high"),
)
TUNING = (
    Column("variant", "variant", text),
    Column("filters", "count", count),
    *(
        Column(f"{title}, {state}", f"{key}.{part}", amounts)
        for title, key in (("spectral entropy", "spectral_entropy"), ("selectivity", "selectivity"))
        for state, part in (("before", "untrained"), ("after", "trained"), ("difference", "difference"))
    ),
    Column("selective, %", "selective", shares, "high"),
)
TUNED = (
    "Of the first convolution. Spectral entropy: 0 for a filter of one frequency, 1 for one of all alike. Selectivity: "
    "1 minus the circular variance over orientations of gratings; selective: more so than 95 % of random filters of "
    "the same shape, so 5 % by chance. Means over filters with 95 % bootstrap intervals; difference: after minus "
    "before training, paired."
)
CHANNELS = (
    Column("channel", "channel", count),
    Column("least", "least", number),
    Column("mean", "mean", number),
    Column("most", "most", number),
)
ENDS = (Column("convolution", "name", text), Column("channels", "channels", count))
RESPONSES = (
    Column("convolution", "layer", text),
    Column("filter", "filter", count),
    Column("highest value, test images", "best", significant),
    Column("in the middle, test images", "middle", significant),
    Column("in the middle, made input", "reached", significant),
)
WHAT = {"filters": "Filters of", "untrained": "Filters before training of", "features": "Feature maps of"}
PICTURES = ("journey", *(f"{what}-{end}" for end in ("first", "last") for what in ("untrained", "filters", "features")))
HOW = {  # how to read the pictures that `compare` drew
    "journey": "A row per convolution, before pooling and ReLU: the five maps that vary most, untrained and trained.",
    "filters": "A tile per filter (64 at most): edges and spots that were not there before training are learned.",
    "untrained": "A tile per filter (64 at most), as the network was initialised.",
    "features": "A tile per channel (64 at most), before pooling and ReLU: bright where the filter responds.",
}


def inside_chapter(study: StudyResults) -> Section | None:
    """Activations, filters and feature maps of the focus variants, and what filters are tuned to; None of nothing."""
    if not study.measurements.explanations:
        return None
    explained = only_above_chance(study, study.measurements.explanations)
    close = (variant_inside(study, name, explained[name]) for name in study.focus if name in explained)
    anchor, title = f"{study.name}-inside", "Inside the networks"
    finding = tuning_sentence({name: explained[name]["tuning"] for name in finding_variants(study, explained)})
    return section(anchor, title, *close, tuning_fold(explained), finding=finding)


def tuning_fold(explained: Mapping[str, Json]) -> Fold | None:
    """The tuning of the filters of first convolutions; None if no variant has such filters."""
    rows = [one["tuning"] | {"variant": name} for name, one in explained.items() if one["tuning"]]
    title = "Tuning of the filters of the first convolution"
    return Fold(title, (tabulate(title, TUNING, rows, TUNED),)) if rows else None


def tuning_sentence(by_variant: Mapping[str, Json | None]) -> str:
    """How many filters of first layers respond to one orientation."""
    if not by_variant:
        return NOTHING
    known = [f"{share_text(one['selective'])} of {name}'s" for name, one in by_variant.items() if one]
    if not known:
        return "No variant of this section has filters of a first convolution whose tuning can be measured."
    return f"After training {listed(known)} first filters respond to one orientation; by chance it would be 5 %."


def variant_inside(study: StudyResults, name: str, one: Json) -> Section:
    """Activations by depth, filters and feature maps of one variant."""
    return section(
        f"{study.name}-{name}-inside",
        f"Inside {name}",
        *(activation_blocks(study, name, one["activity"]) if one["activity"] else []),
        response_illustration(study, name, one),
        fold(
            f"Filters and feature maps of {name}",
            *(inner_picture(study, name, kind, one["convolutions"]) for kind in PICTURES if one["convolutions"]),
        ),
    )


def inner_picture(study: StudyResults, name: str, kind: str, convolutions: Sequence[Json]) -> Illustration | None:
    """A picture that `compare` drew of filters or feature maps; None if there is none."""
    what, _, end = kind.partition("-")
    if what == "journey":
        numbers, finding = tabulate("Convolutions", ENDS, convolutions), journey_sentence(name, convolutions)
        alt = f"Feature maps of one image, a row per convolution of {name}"
    else:
        layer = convolutions[0 if end == "first" else -1]
        numbers, finding = channel_table(what, layer), channels_sentence(what, layer)
        alt = f"{WHAT[what]} {name}'s {end} convolution"
    words = Words(finding, HOW[what], alt, "First seed.")
    return study.stored_chart(f"figures/{name}/{kind}", words, [name], numbers)


def journey_sentence(name: str, convolutions: Sequence[Json]) -> str:
    """The first and the last convolution that the image passes."""
    first, last = (f"{one['channels']} channels in {one['name']}" for one in (convolutions[0], convolutions[-1]))
    return f"One image goes through the convolutions of {name}, from {first} to {last}."


def channels_sentence(what: str, layer: Json) -> str:
    """The range of the values that a picture of channels shows."""
    least, most = min(row["least"] for row in layer[what]), max(row["most"] for row in layer[what])
    return f"{WHAT[what]} {layer['name']} hold values from {number(least)} to {number(most)}."


def response_illustration(study: StudyResults, name: str, one: Json) -> Illustration | None:
    """The inputs to which filters respond most; None of a transformer."""
    rows = [{"layer": layer["layer"], **row} for layer in one["responses"] for row in layer["filters"]]
    words = Words(
        finding=responses_sentence(name, rows),
        how="Edges and spots, textures, or parts? The made input shows what excites the unit, not what it is for.",
        alt=f"Inputs made to excite filters of {name}, and the test images that excite them most",
        method="First seed; of each layer those filters whose best test image stands out most. At the left an input "
        "that was made, from noise, to excite the unit in the middle of the filter's map, at a norm that images have; "
        "at the right, of the test images that the report shows, those with the highest value anywhere in the map.",
    )
    table = tabulate(f"Filters of {name}: values before the activation", RESPONSES, rows)
    return study.stored_chart(f"figures/{name}/responses", words, [name], table)


def responses_sentence(name: str, rows: Sequence[Json]) -> str:
    """How many filters respond more to an input made for them than to any test image."""
    more = sum(row["reached"] > row["best"] for row in rows)
    return f"To an input made for it {more} of {len(rows)} filters of {name} respond more than to any test image shown."


def activation_blocks(
    study: StudyResults, name: str, activity: Mapping[str, Json]
) -> list[Prose | Illustration | None]:
    """How activations are distributed, and what becomes of them with depth."""
    trained, numbers = activity["trained"], layer_table(name, activity)
    ridges = Words(
        finding=deviation_sentence(name, trained["layers"]),
        how="A row per convolution, from the input down, each distribution as high as the others; below, the first and "
        "the last convolution on a logarithmic scale.",
        alt=f"Distributions of activations by convolution of {name}, before and after batch normalisation and training",
        method=f"First seed, {trained['images']} test images, {' and '.join(map(state_name, activity))}. Batch "
        "normalisation takes the statistics of these images, as in training. The outermost 0.1 % at either end are not "
        "drawn.",
    )
    depth = Words(
        finding=zeros_sentence(name, activity),
        how="From the input at the left to the output at the right: deviation, the share that ReLU sets to zero, and "
        "in how many directions the channels of an image vary (effective rank).",
        alt=f"Deviation, share of zeros and effective rank by convolution of {name}, before and after training",
        method="95 % intervals over images.",
    )
    return [
        Prose(narrowing_sentence(name, trained["narrowing"])) if trained["narrowing"] else None,
        study.drawn_figure(activation_histograms_figure(activity), f"{name}-activations", ridges, [name], numbers),
        study.drawn_figure(activity_by_depth_figure(activity), f"{name}-depth", depth, [name], numbers),
    ]


def deviation_sentence(name: str, layers: Sequence[Json]) -> str:
    """The standard deviation of activations at both ends of a trained network."""
    first, last = (
        f"{significant(layer['before']['deviation'])} in {layer['name']}" for layer in (layers[0], layers[-1])
    )
    return f"After training the activations of {name} have a standard deviation of {first} and of {last}."


def zeros_sentence(name: str, activity: Mapping[str, Json]) -> str:
    """The share of activations that ReLU sets to zero at both ends of a network, before and after training."""
    after, before = (activity[state]["layers"] for state in ("trained", "untrained"))
    ends = {
        state: [share_text(of[k]["zeros"]) for k in (0, -1)] for state, of in (("after", after), ("before", before))
    }
    return (
        f"After training ReLU sets {ends['after'][0]} of the activations of {name}'s first convolution to zero and "
        f"{ends['after'][1]} of the last one's; before training {listed(ends['before'])}."
    )


def narrowing_sentence(name: str, narrowing: Json) -> str:
    """The effect of batch normalisation on the deviation of activations."""
    return (
        f"After its training, batch normalisation makes the deviation of {name}'s activations {amounts(narrowing)} "
        "times what it was, in the geometric mean over its convolutions (95 % interval over images): below 1 they "
        "become narrower, above 1 wider."
    )


def layer_table(name: str, activity: Mapping[str, Json]) -> Table:
    """The numbers of every convolution, state by state."""
    rows = [layer | {"state": state_name(state)} for state, found in activity.items() for layer in found["layers"]]
    note = "Intervals: 95 %, over images; of dead channels: Wilson's. Dead: at zero everywhere in every image."
    return tabulate(f"Activations of {name}", LAYERS, rows, note)


def channel_table(what: str, layer: Json) -> Table:
    """Least, mean and most of each channel of a convolution: of its filters, or of its feature maps."""
    rows = [{"channel": k, **row} for k, row in enumerate(layer[what])]
    note = f"The first {len(rows)} of {layer['channels']} channels." if len(rows) < layer["channels"] else ""
    return tabulate(f"{WHAT[what]} {layer['name']}", CHANNELS, rows, note)
