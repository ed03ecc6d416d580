"""What goes on inside convolutional networks: activations, filters and feature maps, before and after training."""

from collections.abc import Mapping, Sequence

from lookalike.reporting.chapters.found import Found
from lookalike.reporting.chapters.sentences import NOTHING, above_chance, listed, share, subjects
from lookalike.reporting.document import (
    Column,
    Fold,
    Illustration,
    Json,
    Prose,
    Section,
    Table,
    Words,
    amounts,
    count,
    number,
    section,
    shares,
    significant,
    tabulate,
    text,
)
from lookalike.reporting.figures.activity import activations_figure, depth_figure, state_name

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
WHAT = {
    "filters": "Filters of",
    "untrained": "Filters before training of",
    "features": "Feature maps of",
}
PICTURES = ("journey", *(f"{what}-{end}" for end in ("first", "last") for what in ("untrained", "filters", "features")))
HOW = {  # how to read the pictures that `compare` drew
    "journey": "A row per convolution, before pooling and ReLU: the five maps that vary most, untrained and trained.",
    "filters": "A tile per filter (64 at most): edges and spots that were not there before training are learned.",
    "untrained": "A tile per filter (64 at most), as the network was initialised.",
    "features": "A tile per channel (64 at most), before pooling and ReLU: bright where the filter responds.",
}


def inside(found: Found) -> Section | None:
    """Activations, filters and feature maps of the focus variants, and what filters are tuned to; None of nothing."""
    if not found.figures.explanations:
        return None
    explained = above_chance(found, found.figures.explanations)
    close = (of_variant(found, name, explained[name]) for name in found.focus if name in explained)
    anchor, title = f"{found.study}-inside", "Inside the networks"
    finding = said_tuning({name: explained[name]["tuning"] for name in subjects(found, explained)})
    return section(anchor, title, *close, tuning(explained), finding=finding)


def tuning(explained: Mapping[str, Json]) -> Fold | None:
    """What the filters of first convolutions are tuned to; None if no variant has such filters."""
    rows = [one["tuning"] | {"variant": name} for name, one in explained.items() if one["tuning"]]
    title = "Tuning of the filters of the first convolution"
    return Fold(title, (tabulate(title, TUNING, rows, TUNED),)) if rows else None


def said_tuning(by_variant: Mapping[str, Json | None]) -> str:
    """How many filters of first layers respond to one orientation."""
    if not by_variant:
        return NOTHING
    known = [f"{share(one['selective'])} of {name}'s" for name, one in by_variant.items() if one]
    if not known:
        return "No variant of this section has filters of a first convolution whose tuning can be measured."
    return f"After training {listed(known)} first filters respond to one orientation; by chance it would be 5 %."


def of_variant(found: Found, name: str, one: Json) -> Section:
    """Activations by depth, filters and feature maps of one variant."""
    activity = one["activity"]
    blocks = activations(found, name, activity) if activity else []
    drawn = tuple(shown for kind in PICTURES if (shown := picture(found, name, kind, one)))
    folds = [Fold(f"Filters and feature maps of {name}", drawn)] if drawn else []
    return section(f"{found.study}-{name}-inside", f"Inside {name}", *blocks, responding(found, name, one), *folds)


def picture(found: Found, name: str, kind: str, one: Json) -> Illustration | None:
    """A picture that `compare` drew of filters or feature maps; None if there is none."""
    if not one["convolutions"]:
        return None
    what, _, end = kind.partition("-")
    convolutions = one["convolutions"]
    if what == "journey":
        numbers, finding = tabulate("Convolutions", ENDS, convolutions), said_journey(name, convolutions)
        alt = f"Feature maps of one image, a row per convolution of {name}"
    else:
        numbers = channels(convolutions, kind)
        finding = said_channels(kind, convolutions[0 if end == "first" else -1])
        alt = f"{WHAT[what]} {name}'s {end} convolution"
    words = Words(finding, HOW[what], alt, "First seed.")
    path = found.root / "comparisons" / found.study / "figures" / name / f"{kind}.webp"
    return found.loaded(path, f"{name}-{kind}", words, "compare", [name], numbers)


def said_journey(name: str, convolutions: Sequence[Json]) -> str:
    """Through what the image goes."""
    first, last = (f"{one['channels']} channels in {one['name']}" for one in (convolutions[0], convolutions[-1]))
    return f"One image goes through the convolutions of {name}, from {first} to {last}."


def said_channels(kind: str, layer: Json) -> str:
    """The range of the values that a picture of channels shows."""
    what, rows = kind.partition("-")[0], layer[kind.partition("-")[0]]
    least, most = min(row["least"] for row in rows), max(row["most"] for row in rows)
    return f"{WHAT[what]} {layer['name']} hold values from {number(least)} to {number(most)}."


def responding(found: Found, name: str, one: Json) -> Illustration | None:
    """What filters respond to; None of a transformer."""
    rows = [{"layer": layer["layer"], **row} for layer in one["responses"] for row in layer["filters"]]
    words = Words(
        finding=said_responses(name, rows),
        how="Edges and spots, textures, or parts? The made input shows what excites the unit, not what it is for.",
        alt=f"Inputs made to excite filters of {name}, and the test images that excite them most",
        method="First seed; of each layer those filters whose best test image stands out most. At the left an input "
        "that was made, from noise, to excite the unit in the middle of the filter's map, at a norm that images have; "
        "at the right, of the test images that the report shows, those with the highest value anywhere in the map.",
    )
    table = tabulate(f"Filters of {name}: values before the activation", RESPONSES, rows)
    path = found.root / "comparisons" / found.study / "figures" / name / "responses.webp"
    return found.loaded(path, f"{name}-responses", words, "compare", [name], table)


def said_responses(name: str, rows: Sequence[Json]) -> str:
    """How many filters respond more to an input made for them than to any test image."""
    more = sum(row["reached"] > row["best"] for row in rows)
    return f"To an input made for it {more} of {len(rows)} filters of {name} respond more than to any test image shown."


def activations(found: Found, name: str, activity: Mapping[str, Json]) -> list[Prose | Illustration | None]:
    """How activations are distributed, and what becomes of them with depth."""
    trained, numbers = activity["trained"], layers(name, activity)
    ridges = Words(
        finding=said_deviation(name, trained["layers"]),
        how="A row per convolution, from the input down, each distribution as high as the others; below, the first and "
        "the last convolution on a logarithmic scale.",
        alt=f"Distributions of activations by convolution of {name}, before and after batch normalisation and training",
        method=f"First seed, {trained['images']} test images, {' and '.join(map(state_name, activity))}. Batch "
        "normalisation takes the statistics of these images, as in training. The outermost 0.1 % at either end are not "
        "drawn.",
    )
    depth = Words(
        finding=said_zeros(name, activity),
        how="From the input at the left to the output at the right: deviation, the share that ReLU sets to zero, and "
        "in how many directions the channels of an image vary (effective rank).",
        alt=f"Deviation, share of zeros and effective rank by convolution of {name}, before and after training",
        method="95 % intervals over images.",
    )
    said = [Prose(narrowed(name, trained["narrowing"]))] if trained["narrowing"] else []
    return [
        *said,
        found.drawn(activations_figure(activity), f"{name}-activations", ridges, [name], numbers),
        found.drawn(depth_figure(activity), f"{name}-depth", depth, [name], numbers),
    ]


def said_deviation(name: str, layers: Sequence[Json]) -> str:
    """How wide activations are at both ends of a trained network."""
    first, last = (
        f"{significant(layer['before']['deviation'])} in {layer['name']}" for layer in (layers[0], layers[-1])
    )
    return f"After training the activations of {name} have a standard deviation of {first} and of {last}."


def said_zeros(name: str, activity: Mapping[str, Json]) -> str:
    """What share of the activations ReLU sets to zero at both ends, before and after training."""
    after, before = (activity[state]["layers"] for state in ("trained", "untrained"))
    ends = {state: [share(of[k]["zeros"]) for k in (0, -1)] for state, of in (("after", after), ("before", before))}
    return (
        f"After training ReLU sets {ends['after'][0]} of the activations of {name}'s first convolution to zero and "
        f"{ends['after'][1]} of the last one's; before training {listed(ends['before'])}."
    )


def narrowed(name: str, narrowing: Json) -> str:
    """What batch normalisation does to the deviation, in a sentence."""
    return (
        f"After its training, batch normalisation makes the deviation of {name}'s activations {amounts(narrowing)} "
        "times what it was, in the geometric mean over its convolutions (95 % interval over images): below 1 they "
        "become narrower, above 1 wider."
    )


def layers(name: str, activity: Mapping[str, Json]) -> Table:
    """The numbers of every convolution, state by state."""
    rows = [layer | {"state": state_name(state)} for state, found in activity.items() for layer in found["layers"]]
    note = "Intervals: 95 %, over images; of dead channels: Wilson's. Dead: at zero everywhere in every image."
    return tabulate(f"Activations of {name}", LAYERS, rows, note)


def channels(convolutions: list[Json], kind: str) -> Table:
    """Least, mean and most of each channel of the first or last convolution: of its filters, or of what they make."""
    what, _, end = kind.partition("-")
    layer = convolutions[0 if end == "first" else -1]
    rows = [{"channel": k, **row} for k, row in enumerate(layer[what])]
    note = f"The first {len(rows)} of {layer['channels']} channels." if len(rows) < layer["channels"] else ""
    return tabulate(f"{WHAT[what]} {layer['name']}", CHANNELS, rows, note)
