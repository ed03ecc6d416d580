"""`explanations/<study>/<variant>/`: what is known of one variant's maps, and what pictures of them are drawn from."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter, ValidationError

from lookalike.artifacts.evaluations import Interval
from lookalike.artifacts.evidence import CONTENT, Arrays, in_half, named, read_evidence, under, write_evidence
from lookalike.artifacts.models import first_fault
from lookalike.errors import InputError

KIND = "explanation"
STATES = ("untrained", "trained")
CONTRASTED = ("images", "actual", "labels", "others")

Half = NDArray[np.float16] | NDArray[np.float32]  # single precision where half has no numbers as large
Findings = Mapping[str, Any]
ByName = Mapping[str, Half]
InSteps = Mapping[str, NDArray[np.int8]]


@dataclass(frozen=True, eq=False)
class Inside:
    """The convolutions of a network, by name, and what they make of the first image shown.

    Attributes:
        filters: of the first and the last convolution, those of the first 64 channels: (O, I, h, w) where the input has
            one or three channels I, else their mean over the input channels (O, 1, h, w).
        features: of the same channels (O, h, w), see `in_steps`; of the trained network alone.
        journey: of every convolution the few maps (O, h, w) that vary most, the largest deviation first, in steps.
    """

    filters: ByName
    features: InSteps
    journey: InSteps


@dataclass(frozen=True, eq=False)
class Layers:
    """What every layer makes of one image as it is, or corrupted in one way.

    Attributes:
        image: uint8 (H, W) or (H, W, 3).
        outputs: of each layer the few channels (O, h, w) that vary most for the image as it is, or numbers (1, D), see
            `in_steps`.
    """

    image: NDArray[np.uint8]
    outputs: InSteps


@dataclass(frozen=True, eq=False)
class Contrast:
    """Why one class and not another that looks alike, for n images of either class; those taken for the other first.

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
class Response:
    """What F filters of one convolution respond to.

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
    """What is drawn of a focus variant alone.

    Attributes:
        heads: (blocks, heads + 1, h, w), the attention that patches of the first image receive, by head and, behind
            them, in the mean; None without attention.
        inside: by state of the network, see `STATES`; without content where there are no convolutions.
        channels: of each convolution how many output channels it has; of the first and last input channels as well.
        layers: by what was done to the image; empty where that is not looked at.
        responses: by name of the convolution.
    """

    heads: Half | None
    inside: Mapping[str, Inside]
    channels: Mapping[str, tuple[int, int]]
    layers: Mapping[str, Layers]
    contrast: Contrast | None
    responses: Mapping[str, Response]


@dataclass(frozen=True)
class Trained:
    """A mean over filters before and after training."""

    untrained: float
    trained: float


@dataclass(frozen=True)
class FirstFilters:
    """The filters of the first convolution.

    Attributes:
        count: number of filters.
        spectral_entropy, selectivity: in [0, 1], see `explain.selectivity`; means over filters.
    """

    count: int
    spectral_entropy: Trained
    selectivity: Trained


@dataclass(frozen=True)
class MapSimilarity:
    """How alike the maps of one method are by Spearman's correlation; None where there is no such pair of images.

    Attributes:
        class_contrast, group_contrast: see `explain.similarity.Kinship`; in [-2, 2].
        photographs: the class contrast between photographs and test images; None without photographs.
        over_raw_pixels, over_untrained: the class contrast of the maps minus that of the control.
    """

    class_contrast: Interval | None
    group_contrast: Interval | None
    photographs: Interval | None
    over_raw_pixels: Interval | None
    over_untrained: Interval | None


@dataclass(frozen=True)
class Localised:
    """How well the maps of one method lie on the object, see `explain.localisation`; means over images.

    Attributes:
        hits: share of images whose map has its maximum on the object, in [0, 1].
        iou: intersection over union of the object and what lies above the threshold, in [0, 1].
        hits_over_centre, iou_over_centre: the same minus that of a Gaussian in the centre; None for this control.
        images: number of images, the first of those of `Localisation`; None means all of those.
    """

    hits: Interval
    iou: Interval
    hits_over_centre: Interval | None
    iou_over_centre: Interval | None
    images: int | None = None


@dataclass(frozen=True)
class Localisation:
    """Where the maps of the predicted class lie.

    Attributes:
        images: number of images with a usable mask of the object; `skipped` others have none.
        threshold: share of a map's maximum above which a pixel counts as marked.
        methods: by method, and "centre", the control: those that apply to the model on their own grids, and the
            attributions that apply to every model on their common grid.
    """

    images: int
    skipped: int
    threshold: float
    methods: Mapping[str, Localised]


@dataclass(frozen=True)
class LayerReadout:
    """What can be read from the activations of one convolution, see `explain.depth`.

    Attributes:
        layer: conv1, conv2, ... in the order in which they are run.
        probe_accuracy: of a linear probe of the class, on the half of the images that it was not fitted to.
        class_selectivity: mean over channels, in [0, 1].
        orientation_decoded: accuracy of a linear probe of the orientation of gratings; chance is 1/8.
        colour_decoded: the same of the hue of coloured patches; None of a network for grey images.
    """

    layer: str
    probe_accuracy: Interval
    class_selectivity: float
    orientation_decoded: float
    colour_decoded: float | None


@dataclass(frozen=True)
class SeedFindings:
    """What is measured of every finished seed, on the test images that are explained, which all seeds share.

    Attributes:
        seed: as in the model's description.
        deviations: by state ("untrained", "trained", "epoch 3") and convolution ("conv1", ...) the standard deviation
            of what enters ReLU; None without ReLU behind convolutions.
        filters: None without convolutions.
        similarity: by attention method; None unless it is a transformer.
        localisation: None unless it is a focus variant; also if no mask is usable, or OpenCV was missing for colour.
        depth: one row per convolution; None unless it is a convolutional focus variant.
        attribution: by method that applies to every model, and "centre", the control: gain of faithfulness on a common
            grid of 7 x 7 cells, see `explain.attributions`; None means that it was not measured.
        attention_distance: by block and head, in pixels, see `explain.distances`; None without attention.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")  # nested classes inherit it

    seed: int
    deviations: Mapping[str, Mapping[str, float]] | None
    filters: FirstFilters | None
    similarity: Mapping[str, MapSimilarity] | None
    localisation: Localisation | None
    depth: tuple[LayerReadout, ...] | None
    attribution: Mapping[str, Interval] | None = None
    attention_distance: tuple[tuple[float, ...], ...] | None = None


@dataclass(frozen=True, eq=False)
class Representations:
    """What the layers of S seeds make of n test images, see `explain.representations`.

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
    """Which pixels tell look-alikes apart, see `explain.pair_maps`; mean over seeds.

    Attributes:
        pairs: P pairs of classes.
        maps: (P, 2, H, W), of images of the first and of the second class: what speaks for this class, not the other.
    """

    pairs: tuple[tuple[int, int], ...]
    maps: Half


@dataclass(frozen=True, eq=False)
class Explanation:
    """The evidence of the maps of one variant's first seed, for N test images and P photographs.

    Attributes:
        found: the figures, see `explain.variant.Explained.found`, and "contrast" and "responses" of a focus variant.
        shown: the method by which cases and photographs are explained.
        recipe: by which the photographs were prepared; "" without photographs.
        indices: int64 (N,), the test images: the first few of each class.
        maps: by method: (N, h, w), of the predicted class; by methods of which one image a class is drawn, of the first
            C images alone.
        photo_maps: (P, h, w) by the method that is shown, see `in_steps`; None without photographs.
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
        "close_up": None if close is None else {"channels": {name: list(of) for name, of in close.channels.items()}},
        "seeds": [asdict(one) for one in explanation.seeds],
        "attributed": explanation.attributed,
        "layers": None if layers is None else list(layers.layers),
        "pairs": None if pairs is None else [list(pair) for pair in pairs.pairs],
    }
    arrays: dict[str, NDArray[Any]] = {"indices": explanation.indices, **halves("maps", explanation.maps)}
    if explanation.photo_maps is not None:
        arrays["photo_maps"] = explanation.photo_maps
    if layers is not None:
        arrays |= {"representations/indices": layers.indices, "representations/products": layers.products}
    if pairs is not None:
        arrays["pair_maps"] = in_half(pairs.maps)
    write_evidence(folder, KIND, content, arrays | ({} if close is None else named("close_up", close_up_arrays(close))))


def close_up_arrays(close: CloseUp) -> dict[str, NDArray[Any]]:
    """The arrays of a focus variant by name."""
    arrays: dict[str, NDArray[Any]] = {} if close.heads is None else {"heads": in_half(close.heads)}
    for state, inside in close.inside.items():
        arrays |= halves(f"{state}/filters", inside.filters)
        arrays |= named(f"{state}/features", inside.features) | named(f"{state}/journey", inside.journey)
    for kind, layers in close.layers.items():
        arrays |= {f"layers/{kind}/image": layers.image, **named(f"layers/{kind}/outputs", layers.outputs)}
    if (contrast := close.contrast) is not None:
        arrays |= {f"contrast/{name}": getattr(contrast, name) for name in CONTRASTED}
        arrays |= halves("contrast/maps", contrast.maps)
    for name, one in close.responses.items():
        arrays |= named(f"responses/{name}", vars(one))
    return arrays


def in_steps(maps: NDArray[np.floating]) -> NDArray[np.int8]:
    """Maps (O, ...) for drawing: each in steps of a 127th of its own largest absolute value; 0 for no numbers."""
    maps = np.nan_to_num(maps, posinf=0, neginf=0)
    largest = np.abs(maps).max(axis=tuple(range(1, maps.ndim)), keepdims=True)
    return np.round(127 * maps / np.maximum(largest, np.finfo(np.float32).tiny)).astype(np.int8)


def halves(prefix: str, arrays: ByName) -> dict[str, NDArray[Any]]:
    """Arrays in half precision under a prefix."""
    return named(prefix, {name: in_half(values) for name, values in arrays.items()})


def load_explanation(folder: Path) -> Explanation:
    """Read what `save_explanation` wrote.

    Raises:
        InputError: the files are missing, damaged, edited or of another version.
    """
    content, arrays = read_evidence(folder, KIND)
    close = content["close_up"]
    return Explanation(
        found=content["found"],
        shown=content["shown"],
        recipe=content["recipe"],
        indices=arrays["indices"],
        maps=under("maps", arrays),
        photo_maps=arrays.get("photo_maps"),
        close_up=None if close is None else close_up_from(close["channels"], under("close_up", arrays)),
        seeds=seeds_from(content["seeds"], folder / CONTENT),
        representations=representations_from(content.get("layers"), arrays),
        pair_maps=pair_maps_from(content.get("pairs"), arrays),
        attributed=content.get("attributed"),
    )


def representations_from(layers: list[str] | None, arrays: Arrays) -> Representations | None:
    """What the names of layers and two arrays say; None of evidence from before there were any."""
    if layers is None:
        return None
    kept = under("representations", arrays)
    return Representations(kept["indices"], tuple(layers), kept["products"])


def pair_maps_from(pairs: list[list[int]] | None, arrays: Arrays) -> PairMaps | None:
    """What pairs of classes and an array say; None of evidence from before there were any."""
    return None if pairs is None else PairMaps(tuple((pair[0], pair[1]) for pair in pairs), arrays["pair_maps"])


def seeds_from(rows: Any, path: Path) -> tuple[SeedFindings, ...]:
    """The findings of every seed from JSON.

    Raises:
        InputError: one line that names the file `path` and the first key that is missing, unknown or of another type.
    """
    try:
        return adapter().validate_python(rows)
    except ValidationError as error:
        raise InputError(f"{path}: seeds.{first_fault(error)}") from error


@cache
def adapter() -> TypeAdapter[tuple[SeedFindings, ...]]:
    """The validator of findings, built once, when the first ones are read."""
    return TypeAdapter(tuple[SeedFindings, ...])


def close_up_from(channels: Mapping[str, list[int]], arrays: Arrays) -> CloseUp:
    """What `close_up_arrays` took apart."""
    contrast = under("contrast", arrays)
    return CloseUp(
        heads=arrays.get("heads"),
        inside={
            state: Inside(*(under(f"{state}/{part}", arrays) for part in ("filters", "features", "journey")))
            for state in STATES
        },
        channels={name: (of[0], of[1]) for name, of in channels.items()},
        layers={
            kind: Layers(part["image"], under("outputs", part)) for kind, part in parts(under("layers", arrays)).items()
        },
        contrast=Contrast(**{name: contrast[name] for name in CONTRASTED}, maps=under("maps", contrast))
        if contrast
        else None,
        responses={name: Response(**part) for name, part in parts(under("responses", arrays)).items()},
    )


def parts(arrays: Arrays) -> dict[str, dict[str, NDArray[Any]]]:
    """Arrays by the first part of their names."""
    return {first: under(first, arrays) for first in dict.fromkeys(name.split("/")[0] for name in arrays)}


def load_explanations(study: Path) -> dict[str, Explanation]:
    """The evidence of all variants in `explanations/<study>` that were explained, by name."""
    return {folder.name: load_explanation(folder) for folder in sorted(study.glob("*")) if folder.is_dir()}
