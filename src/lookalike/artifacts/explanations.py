"""`explanations/<study>/<variant>/`: what was measured of one variant's maps, and the arrays of their pictures."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.evaluations import Half, as_tuples
from lookalike.artifacts.evidence import (
    CONTENT,
    Arrays,
    in_half,
    read_evidence,
    with_prefix,
    without_prefix,
    write_evidence,
)
from lookalike.artifacts.seed_findings import SeedFindings
from lookalike.artifacts.typed_json import typed

KIND = "explanation"
STATES = ("untrained", "trained")
CONTRASTED = ("images", "actual", "labels", "others")

Findings = Mapping[str, Any]
ByName = Mapping[str, Half]
InSteps = Mapping[str, NDArray[np.int8]]


@dataclass(frozen=True, eq=False)
class NetworkConvolutions:
    """The filters of a network's convolutions, by name, and their feature maps for the first image shown.

    Attributes:
        filters: of the first and the last convolution, those of the first 64 channels: (O, I, h, w) where the input has
            one or three channels I, else their mean over the input channels (O, 1, h, w).
        features: of the same channels (O, h, w), see `quantise_maps`; of the trained network alone.
        journey: of every convolution the few maps (O, h, w) that vary most, the largest deviation first, in steps.
    """

    filters: ByName
    features: InSteps
    journey: InSteps


@dataclass(frozen=True, eq=False)
class LayerOutputs:
    """The outputs of every layer for one image as it is, or corrupted in one way.

    Attributes:
        image: uint8 (H, W) or (H, W, 3).
        outputs: of each layer the few channels (O, h, w) that vary most for the image as it is, or numbers (1, D), see
            `quantise_maps`.
    """

    image: NDArray[np.uint8]
    outputs: InSteps


@dataclass(frozen=True, eq=False)
class PairContrast:
    """Maps of why the model prefers one class over its look-alike, for n images of both; confused images come first.

    Attributes:
        images: uint8 (n, H, W) or (n, H, W, 3).
        actual: int64 (n,), their classes.
        labels, others: int64 (n,), of the two classes the one that the model finds more probable, and the other.
        maps: (n, h, w) toward the "label", toward the "other", and of their difference, "contrast".
    """

    images: NDArray[np.uint8]
    actual: NDArray[np.int64]
    labels: NDArray[np.int64]
    others: NDArray[np.int64]
    maps: ByName


@dataclass(frozen=True, eq=False)
class FilterExamples:
    """Inputs that excite F filters of one convolution most.

    Attributes:
        filters: int64 (F,), their numbers.
        images: int64 (F, B), indices of the test images that excite each most, of those that are shown.
        inputs: uint8 (F, H, W) or (F, H, W, 3), what was made to excite each, from its lowest value to its highest.
    """

    filters: NDArray[np.int64]
    images: NDArray[np.int64]
    inputs: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class CloseUp:
    """What is drawn for focus variants only.

    Attributes:
        heads: (blocks, heads + 1, h, w), the attention that patches of the first image receive, by head and, behind
            them, in the mean; None without attention.
        inside: by state of the network, see `STATES`; without content where there are no convolutions.
        channels: of each convolution how many output channels it has; of the first and last input channels as well.
        layers: by what was done to the image; empty where that is not looked at.
        responses: by name of the convolution.
    """

    heads: Half | None
    inside: Mapping[str, NetworkConvolutions]
    channels: Mapping[str, tuple[int, int]]
    layers: Mapping[str, LayerOutputs]
    contrast: PairContrast | None
    responses: Mapping[str, FilterExamples]


@dataclass(frozen=True, eq=False)
class Representations:
    """Similarity of n test images in the layers of S seeds, see `explain.representations`.

    Attributes:
        indices: int64 (n,), the test images.
        layers: names of the L layers, from the input on; the last is "features".
        products: float16 (S, L, n (n - 1) / 2), inner products of the images' centred features, above the diagonal, row
            by row, divided by their root mean square.
    """

    indices: NDArray[np.int64]
    layers: tuple[str, ...]
    products: NDArray[np.float16]


@dataclass(frozen=True, eq=False)
class PairMaps:
    """The pixels that distinguish look-alikes, see `explain.pair_maps`; mean over seeds.

    Attributes:
        pairs: P pairs of classes.
        maps: (P, 2, H, W), of images of the first and of the second class: evidence for this class over the other.
    """

    pairs: tuple[tuple[int, int], ...]
    maps: Half


@dataclass(frozen=True, eq=False)
class Explanation:
    """The evidence of the maps of one variant's first seed, for N test images and P photographs.

    Attributes:
        found: the figures, see `explain.explain_variant.VariantFindings.found`, and "contrast" and "responses" of a
            focus variant.
        shown: the method by which cases and photographs are explained.
        recipe: by which the photographs were prepared; "" without photographs.
        indices: int64 (N,), the test images: the first few of each class.
        maps: by method: (N, h, w), of the predicted class; by methods of which one image a class is drawn, of the first
            C images alone.
        photo_maps: (P, h, w) by the method that is shown, see `quantise_maps`; None without photographs.
        close_up: None unless the variant is a focus variant.
        seeds: of every finished seed, in the order of training.
        representations: None means that they were not kept.
        pair_maps: None unless the variant is a focus variant with look-alikes.
        attributed: how many images the attributions of `seeds` are of; None means that there are none.
    """

    found: Findings
    shown: str
    recipe: str
    indices: NDArray[np.int64]
    maps: ByName
    photo_maps: NDArray[np.int8] | None
    close_up: CloseUp | None
    seeds: tuple[SeedFindings, ...] = ()
    representations: Representations | None = None
    pair_maps: PairMaps | None = None
    attributed: int | None = None


def save_explanation(folder: Path, explanation: Explanation) -> None:
    """Write the evidence into an existing folder, see `evidence.write_evidence`."""
    close, layers, pairs = explanation.close_up, explanation.representations, explanation.pair_maps
    content = {
        "found": explanation.found,
        "shown": explanation.shown,
        "recipe": explanation.recipe,
        "close_up": None if close is None else {"channels": dict(close.channels)},
        "seeds": [asdict(one) for one in explanation.seeds],
        "attributed": explanation.attributed,
        "layers": None if layers is None else layers.layers,
        "pairs": None if pairs is None else pairs.pairs,
    }
    arrays: dict[str, NDArray[Any]] = {"indices": explanation.indices, **halves("maps", explanation.maps)}
    if explanation.photo_maps is not None:
        arrays["photo_maps"] = explanation.photo_maps
    if layers is not None:
        arrays |= {"representations/indices": layers.indices, "representations/products": layers.products}
    if pairs is not None:
        arrays["pair_maps"] = in_half(pairs.maps)
    write_evidence(
        folder, KIND, content, arrays | ({} if close is None else with_prefix("close_up", close_up_arrays(close)))
    )


def close_up_arrays(close: CloseUp) -> dict[str, NDArray[Any]]:
    """The arrays of a focus variant by name."""
    arrays: dict[str, NDArray[Any]] = {} if close.heads is None else {"heads": in_half(close.heads)}
    for state, inside in close.inside.items():
        arrays |= halves(f"{state}/filters", inside.filters)
        arrays |= with_prefix(f"{state}/features", inside.features) | with_prefix(f"{state}/journey", inside.journey)
    for kind, layers in close.layers.items():
        arrays |= {f"layers/{kind}/image": layers.image, **with_prefix(f"layers/{kind}/outputs", layers.outputs)}
    if (contrast := close.contrast) is not None:
        arrays |= {f"contrast/{name}": getattr(contrast, name) for name in CONTRASTED}
        arrays |= halves("contrast/maps", contrast.maps)
    for name, one in close.responses.items():
        arrays |= with_prefix(f"responses/{name}", vars(one))
    return arrays


def quantise_maps(maps: NDArray[np.floating]) -> NDArray[np.int8]:
    """Maps (O, ...) for drawing: each in steps of a 127th of its own largest absolute value; 0 for no numbers."""
    maps = np.nan_to_num(maps, posinf=0, neginf=0)
    largest = np.abs(maps).max(axis=tuple(range(1, maps.ndim)), keepdims=True)
    return np.round(127 * maps / np.maximum(largest, np.finfo(np.float32).tiny)).astype(np.int8)


def halves(prefix: str, arrays: ByName) -> dict[str, NDArray[Any]]:
    """Arrays in half precision under a prefix."""
    return with_prefix(prefix, {name: in_half(values) for name, values in arrays.items()})


def load_explanation(folder: Path) -> Explanation:
    """Read what `save_explanation` wrote.

    Raises:
        InputError: the files are missing, damaged, edited or of another version.
    """
    content, arrays = read_evidence(folder, KIND)
    close, of_layers = content["close_up"], without_prefix("representations", arrays)
    layers, pairs = content.get("layers"), content.get("pairs")  # results kept from before these lack them
    return Explanation(
        found=content["found"],
        shown=content["shown"],
        recipe=content["recipe"],
        indices=arrays["indices"],
        maps=without_prefix("maps", arrays),
        photo_maps=arrays.get("photo_maps"),
        close_up=None if close is None else close_up_from(close["channels"], without_prefix("close_up", arrays)),
        seeds=typed(content["seeds"], tuple[SeedFindings, ...], f"{folder / CONTENT}: seeds."),
        representations=None if layers is None else Representations(layers=tuple(layers), **of_layers),
        pair_maps=None if pairs is None else PairMaps(as_tuples(pairs), arrays["pair_maps"]),
        attributed=content.get("attributed"),
    )


def close_up_from(channels: Mapping[str, list[int]], arrays: Arrays) -> CloseUp:
    """The close-up from its channels and the arrays of `close_up_arrays`."""
    contrast = without_prefix("contrast", arrays)
    return CloseUp(
        heads=arrays.get("heads"),
        inside={
            state: NetworkConvolutions(
                *(without_prefix(f"{state}/{part}", arrays) for part in ("filters", "features", "journey"))
            )
            for state in STATES
        },
        channels={name: (of[0], of[1]) for name, of in channels.items()},
        layers={
            kind: LayerOutputs(part["image"], without_prefix("outputs", part))
            for kind, part in parts(without_prefix("layers", arrays)).items()
        },
        contrast=PairContrast(**{name: contrast[name] for name in CONTRASTED}, maps=without_prefix("maps", contrast))
        if contrast
        else None,
        responses={name: FilterExamples(**part) for name, part in parts(without_prefix("responses", arrays)).items()},
    )


def parts(arrays: Arrays) -> dict[str, dict[str, NDArray[Any]]]:
    """Arrays by the first part of their names."""
    return {first: without_prefix(first, arrays) for first in dict.fromkeys(name.split("/")[0] for name in arrays)}


def load_explanations(study: Path) -> dict[str, Explanation]:
    """The evidence of all variants in `explanations/<study>` that were explained, by name."""
    return {folder.name: load_explanation(folder) for folder in sorted(study.glob("*")) if folder.is_dir()}
