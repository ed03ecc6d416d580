"""What goes on inside convolutional networks: activations, filters and feature maps, before and after training."""

from collections.abc import Mapping

from lookalike.reporting.activity import activations_figure, depth_figure, state_name
from lookalike.reporting.chapters.found import Found, Words
from lookalike.reporting.document import (
    Block,
    Column,
    Fold,
    Illustration,
    Json,
    Prose,
    Section,
    Table,
    amounts,
    count,
    number,
    section,
    shares,
    significant,
    tabulate,
    text,
)

LAYERS = (
    Column("convolution", "name", text),
    Column("state", "state", text),
    Column("channels", "channels", count),
    Column("mean", "before.mean", significant),
    Column("deviation", "before.deviation", significant),
    Column("mean after batch norm", "after.mean", significant),
    Column("deviation after batch norm", "after.deviation", significant),
    Column("deviation after as a multiple", "narrowing", amounts),
    Column("dead channels, %", "dead", shares),
    Column("zeros after ReLU, %", "zeros", shares),
    Column("effective rank after ReLU", "effective_rank", amounts),
)
TUNING = (
    Column("variant", "variant", text),
    Column("filters", "count", count),
    *(
        Column(f"{title}, {state}", f"{key}.{part}", amounts)
        for title, key in (("spectral entropy", "spectral_entropy"), ("selectivity", "selectivity"))
        for state, part in (("before", "untrained"), ("after", "trained"), ("difference", "difference"))
    ),
    Column("selective, %", "selective", shares),
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

RESPONSES = (
    Column("convolution", "layer", text),
    Column("filter", "filter", count),
    Column("highest value, test images", "best", significant),
    Column("in the middle, test images", "middle", significant),
    Column("in the middle, made input", "reached", significant),
)
RESPOND: Words = (
    "What filters of {variant} (first seed) respond to: of the first, third and fifth convolution, as far as there "
    "are, those filters whose best test image stands out most. At the left an input that was made, from noise, to "
    "excite the unit in the middle of the filter's map, at a norm that images have; at the right, of the test images "
    "that the report shows, those with the highest value anywhere in the map. Edges and blobs, textures, parts? The "
    "made input shows what excites the unit, not what it is for.",
    "Inputs made to excite filters of {variant}, and the test images that excite them most",
)
TOLD = {
    "filters": "Filters of",
    "untrained": "Filters before training of",
    "features": "Feature maps of",
}

# What `compare` drew of a variant: file -> caption and alt text.
PICTURES: dict[str, Words] = {
    "journey": (
        "One image through every convolution of {variant} (first seed), before pooling and ReLU: of each layer the "
        "five maps that vary most, before and after training.",
        "Feature maps of one image, a row a convolution of {variant}, before and after training",
    ),
    "untrained-first": (
        "Filters of the first convolution of {variant} before training.",
        "Filters of {variant}'s first convolution before training",
    ),
    "filters-first": ("Filters of the first convolution of {variant}.", "Filters of {variant}'s first convolution"),
    "features-first": (
        "What the first convolution of {variant} makes of one image: before pooling and ReLU.",
        "Feature maps of {variant}'s first convolution",
    ),
    "untrained-last": (
        "Filters of the last convolution of {variant} before training (at most 64 are shown).",
        "Filters of {variant}'s last convolution before training",
    ),
    "filters-last": (
        "Filters of the last convolution of {variant} (at most 64 are shown).",
        "Filters of {variant}'s last convolution",
    ),
    "features-last": (
        "What the last convolution of {variant} makes of one image: before pooling and ReLU (at most 64 are shown).",
        "Feature maps of {variant}'s last convolution",
    ),
}


def inside(found: Found) -> Section | None:
    """Numbers of every variant that was explained, pictures of the probes; None of nothing."""
    explained = found.figures.explanations
    if not explained:
        return None
    rows = [one["tuning"] | {"variant": name} for name, one in explained.items() if one["tuning"]]
    table = tabulate("What the filters of the first convolution are tuned to", TUNING, rows, TUNED)
    close = (of_variant(found, name, explained[name]) for name in found.probes if name in explained)
    return section(f"{found.study}-inside", "Inside the networks", table, *close)


def of_variant(found: Found, name: str, one: Json) -> Section:
    """Activations by depth, filters and feature maps of one variant."""
    activity = one["activity"]
    blocks: list[Block | None] = list(activations(found, name, activity)) if activity else []
    folder = found.root / "comparisons" / found.study / "figures" / name
    drawn = []
    for kind, words in PICTURES.items():
        if kind != "journey" and not one["convolutions"]:
            continue
        caption, alt = (part.format(variant=name) for part in words)
        told = [channels(one["convolutions"], kind)] if kind != "journey" else [layers(name, activity or {})]
        picture = found.loaded(folder / f"{kind}.png", f"{name}-{kind}", (caption, alt), "compare", [name], *told)
        drawn += [picture] if picture else []
    folds = [Fold(f"Filters and feature maps of {name}", tuple(drawn))] if drawn else []
    return section(f"{found.study}-{name}-inside", f"Inside {name}", *blocks, responding(found, name, one), *folds)


def responding(found: Found, name: str, one: Json) -> Illustration | None:
    """What filters respond to; None of a transformer."""
    rows = [{"layer": layer["layer"], **row} for layer in one["responses"] for row in layer["filters"]]
    table = tabulate(f"Filters of {name}: values before the activation", RESPONSES, rows)
    path = found.root / "comparisons" / found.study / "figures" / name / "responses.png"
    caption, alt = (part.format(variant=name) for part in RESPOND)
    return found.loaded(path, f"{name}-responses", (caption, alt), "compare", [name], table)


def activations(found: Found, name: str, activity: Mapping[str, Json]) -> list[Prose | Illustration | None]:
    """What images set going in one variant."""
    images = activity["trained"]["images"]
    table, states = layers(name, activity), " and ".join(map(state_name, activity))
    ridges = found.drawn(
        activations_figure(activity),
        f"{name}-activations",
        (
            f"Activations of every convolution of {name} (first seed) for {images} test images, {states}, each "
            "distribution as high as the others; below, the first and the last convolution in detail, "
            "on a logarithmic scale. Batch normalisation takes the statistics of these images, as in training. The "
            "outermost .1 % at either end are not drawn.",
            f"Distributions of activations by convolution of {name}, before and after batch normalisation and training",
        ),
        [name],
        table,
    )
    depth = found.drawn(
        depth_figure(activity),
        f"{name}-depth",
        (
            f"What becomes of the activations of {name} with depth, with 95 % intervals over images: their deviation, "
            "the share that ReLU sets to zero, and in how many directions the channels of an image vary (effective "
            "rank).",
            f"Deviation, share of zeros and effective rank by convolution of {name}, before and after training",
        ),
        [name],
        table,
    )
    said = [Prose(narrowed(name, activity["trained"]["narrowing"]))] if activity["trained"]["narrowing"] else []
    return [*said, ridges, depth]


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
    return tabulate(f"{TOLD[what]} {layer['name']}", CHANNELS, rows, note)
