"""What is found about the families of architectures in one study: plain values that `dataclasses.asdict` makes JSON.

Unless said otherwise an estimate is a mean over seeds with its 95 % interval. Of variants with at least three seeds the
interval is over seeds and images, of others over images alone. A difference is the first compared variant minus the
second, None below three seeds of either. A pair is one of two classes that look alike, by name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from lookalike.evaluation.statistics import Estimate
from lookalike.families.calibration import SelectivePrediction
from lookalike.families.crossings import Crossing, NoCrossing
from lookalike.families.family import Family
from lookalike.families.label_errors import Cleaned
from lookalike.families.learning_curves import FittedCurve
from lookalike.families.outside import Detection
from lookalike.families.separability import Asymmetry

ClassPair = tuple[str, str]
Estimates = tuple[Estimate | None, ...]
Matrix = tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True)
class Contrasted:
    """A quantity of pairs of seeds of one variant (`within`), of two (`between`), and between minus within."""

    within: Estimate
    between: Estimate
    difference: Estimate


@dataclass(frozen=True)
class ErrorConsistency:
    """Kappa of every pair of models: each seed of each variant is one, named in `variants`; None where undefined."""

    variants: tuple[str, ...]
    matrix: Matrix


@dataclass(frozen=True)
class OfPair:
    """The error consistency on the images of a pair."""

    pair: ClassPair
    consistency: Contrasted | None


@dataclass(frozen=True)
class OfSize:
    """The error consistency of two variants that were trained on as many images."""

    curve: str
    train_images: int
    variants: tuple[str, str]
    consistency: Contrasted | None


@dataclass(frozen=True)
class Complementary:
    """Whether the compared variants err on different images.

    Attributes:
        consistency: kappa; lower between than within means that the families err on different images.
        averaging: what averaging the probabilities of two models gains over their mean accuracy.
    """

    consistency: Contrasted | None
    averaging: Contrasted | None
    by_pair: tuple[OfPair, ...]
    by_size: tuple[OfSize, ...]


@dataclass(frozen=True)
class Separated:
    """How well a variant tells a pair apart.

    Attributes:
        auroc: of the difference of both logits, see `separability.auroc_with_influences`.
        d_prime: of the same, see `separability.d_prime`; None where no logit varies.
        auroc_by_seed, d_prime_by_seed: of each seed.
        probe, neighbours: share of the pair's images that a readout of the features gets right; None if not measured.
    """

    auroc: Estimate
    auroc_by_seed: tuple[float, ...]
    d_prime: Estimate | None
    d_prime_by_seed: tuple[float | None, ...]
    asymmetry: Asymmetry
    probe: Estimate | None
    neighbours: Estimate | None


@dataclass(frozen=True)
class Separability:
    """A pair of classes, by variant, and the differences of the compared variants."""

    pair: ClassPair
    variants: Mapping[str, Separated]
    auroc_difference: Estimate | None
    d_prime_difference: Estimate | None
    probe_difference: Estimate | None
    neighbours_difference: Estimate | None


@dataclass(frozen=True)
class PairCues:
    """The two-alternative accuracy of a pair in each condition, see `cues.two_alternative`."""

    pair: ClassPair
    accuracy: Estimates


@dataclass(frozen=True)
class CueUse:
    """The accuracy of a variant on images that keep some cues.

    Attributes:
        conditions: kind of image and strength; ("", 0) means images as they are.
        accuracy: in each condition, on the images that it was made of.
        kept: in each condition, that accuracy over the one on the same images as they are.
        difference: of `kept`, of the compared variants; empty for other variants than the first one compared.
    """

    conditions: tuple[tuple[str, int], ...]
    accuracy: Estimates
    kept: Estimates
    pairs: tuple[PairCues, ...]
    difference: Estimates


@dataclass(frozen=True)
class VariantErrors:
    """The errors of a variant in the order of its seeds."""

    variant: str
    train_images: int
    errors: tuple[float, ...]


@dataclass(frozen=True)
class LearningCurves:
    """How the errors of two families fall with the number of training images."""

    points: tuple[tuple[VariantErrors, ...], tuple[VariantErrors, ...]]
    first: FittedCurve | None
    second: FittedCurve | None
    crossing: Crossing | NoCrossing | None


@dataclass(frozen=True)
class LayersAlike:
    """Linear CKA within a variant.

    Attributes:
        layers: names of L layers.
        between_layers: (L, L), of one seed, mean over seeds.
        between_seeds: (L,), of a layer in two seeds, mean over pairs; None of a single seed.
    """

    layers: tuple[str, ...]
    between_layers: Matrix
    between_seeds: tuple[float | None, ...]


@dataclass(frozen=True)
class Representation:
    """Linear CKA of features of the same images.

    Attributes:
        last_layers: (V, V) of the last layers of the variants in `variants`, mean over pairs of different runs.
        compared: (L, L') of the layers of the compared variants.
        contrast: of their last layers within and between; the intervals are over seeds alone.
    """

    variants: Mapping[str, LayersAlike]
    last_layers: Matrix
    compared: Matrix | None
    contrast: Contrasted | None


@dataclass(frozen=True)
class LabelErrors:
    """Test images whose label may be wrong, by confident learning, see `label_errors`.

    Attributes:
        judges: the variants whose mean probability (over seeds, then variants) judges.
        candidates: indices of the images, the least credible label first.
        joint: counts of images by label (row) and by the class that they are counted as.
        variants: accuracies with and without the candidates.
    """

    judges: tuple[str, ...]
    candidates: tuple[int, ...]
    joint: tuple[tuple[int, ...], ...]
    variants: Mapping[str, Cleaned]


@dataclass(frozen=True)
class GroupSelective:
    """Selective prediction on the images of a group; `area_difference` is of the compared variants, else None."""

    classes: tuple[str, ...]
    selective: SelectivePrediction
    area_difference: Estimate | None


@dataclass(frozen=True)
class Calibration:
    """Trust in probabilities; `calibrated_error` is that after each seed's temperature, intervals over images alone."""

    error: Estimate
    calibrated_error: Estimate
    groups: tuple[GroupSelective, ...]


@dataclass(frozen=True)
class OutsideDetection:
    """Detection of images of another data set by each score; `differences` of AUROC, of the compared variants."""

    name: str
    scores: Mapping[str, Detection]
    differences: Mapping[str, Estimate | None]


@dataclass(frozen=True)
class FamilyFindings:
    """All findings of a study; what was not measured is None or empty.

    Attributes:
        families, seeds: of each variant with a seed that did not diverge: its family, and how many such seeds.
        compared: the two focus variants of different families; None where there are none.
        effective_rank: of penultimate features, by variant, for each seed (Roy & Vetterli, EUSIPCO 2007).
        learning: by name of the curve.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # nested classes inherit it

    families: Mapping[str, Family]
    seeds: Mapping[str, int]
    compared: tuple[str, str] | None
    consistency: ErrorConsistency
    complementary: Complementary | None
    separability: tuple[Separability, ...]
    effective_rank: Mapping[str, tuple[float, ...]]
    cues: Mapping[str, CueUse]
    learning: Mapping[str, LearningCurves]
    representations: Representation | None
    label_errors: LabelErrors | None
    calibration: Mapping[str, Calibration]
    outside: Mapping[str, OutsideDetection]
