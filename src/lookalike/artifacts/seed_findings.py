"""What is measured of the explanations of every finished seed; a part of the evidence in `explanations`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict

from lookalike.artifacts.evaluations import Interval


@dataclass(frozen=True)
class BeforeAndAfter:
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
    spectral_entropy: BeforeAndAfter
    selectivity: BeforeAndAfter


@dataclass(frozen=True)
class MapSimilarity:
    """Similarity of the maps of one method by Spearman's correlation; None where there is no such pair of images.

    Attributes:
        class_contrast, group_contrast: see `explain.class_similarity.ClassSimilarity`; in [-2, 2].
        photographs: the class contrast between photographs and test images; None without photographs.
        over_raw_pixels, over_untrained: the class contrast of the maps minus that of the control.
    """

    class_contrast: Interval | None
    group_contrast: Interval | None
    photographs: Interval | None
    over_raw_pixels: Interval | None
    over_untrained: Interval | None


@dataclass(frozen=True)
class MethodLocalisation:
    """How well the maps of one method match the object, see `explain.localisation`; means over images.

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
    """How well the maps of the predicted class match the object.

    Attributes:
        images: number of images with a usable mask of the object; `skipped` others have none.
        threshold: share of a map's maximum above which a pixel counts as marked.
        methods: by method, and "centre", the control: those that apply to the model on their own grids, and the
            attributions that apply to every model on their common grid.
    """

    images: int
    skipped: int
    threshold: float
    methods: Mapping[str, MethodLocalisation]


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
