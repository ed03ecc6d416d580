"""Invented evidence of claims: a study whose variants are as accurate, sure or stable as a test asks for.

The shares that are asked for are met exactly by the second of three seeds; the first lies a little below, the third a
little above, so that something varies. Each class has one look-alike: classes 0 and 1 look alike, 2 and 3, ...
"""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.embeddings import Embedding, SeedAgreement
from lookalike.artifacts.evaluations import (
    Corrupted,
    Cues,
    Evaluation,
    Interval,
    PhotoOutputs,
    Readouts,
    Validation,
)
from lookalike.artifacts.explanations import Explanation, Representations
from lookalike.artifacts.models import Epoch, Row
from lookalike.artifacts.photos import PhotoSet, Preparation
from lookalike.artifacts.seed_findings import (
    BeforeAndAfter,
    FirstFilters,
    LayerReadout,
    Localisation,
    MapSimilarity,
    MethodLocalisation,
    SeedFindings,
)
from lookalike.artifacts.test_sets import TestSet
from lookalike.claims.claim import Measurement, Region, Test, above
from lookalike.claims.evidence import Evidence, StudyEvidence
from lookalike.data.corruptions import CORRUPTIONS, SEVERITIES, SHIFT_PIXELS, SHIFTS
from lookalike.evaluation.cues import CUES
from lookalike.evaluation.hierarchical import Seeds, SeedSpread, UncertainValue
from lookalike.studies.look_alikes import SHARED_METHODS

CLASSES, SEEDS, IMAGES, HELD_OUT, PHOTOGRAPHED, PLANNED = 10, (0, 1, 2), 10_000, 5_000, 800, 20
LABELS = np.arange(IMAGES) % CLASSES
GROUP_OF = np.arange(CLASSES) // 2
STEP = 0.0005  # from one seed to the next
RECIPE = "report"

Bools = NDArray[np.bool_]
Shares = tuple[float, float, float]  # probability of the true class, of its look-alike, and of a class outside
Findings = Callable[[float], Mapping[str, Any]]  # from a seed's distance to the middle one to fields of SeedFindings


@dataclass(frozen=True)
class Variant:
    """What three seeds of a variant give; None means that this was not measured.

    Attributes:
        right, wrong: probabilities where the prediction is right, and where it is wrong.
        train, valid: accuracy on training and on validation images.
        lost: by corruption or shift, the share of the accuracy that is lost.
        clusters: adjusted Rand indices of k-means and of the mixture by class.
        draw: which images it errs on; None means others than those of every other variant.
        cues: by kind of cue, the share of the accuracy that is lost on images which keep that cue alone.
        probe: share of the choices between two look-alikes that a probe of the features gets right.
        layers: number of the draw of the features' inner products; None means that these are not known.
    """

    accuracy: float = 0.9
    right: Shares = (0.9, 0.05, 0.01)
    wrong: Shares = (0.2, 0.7, 0.01)
    temperature: float = 1.0
    train: float | None = None
    valid: float | None = None
    photographs: float | None = None
    lost: Mapping[str, float] | None = None
    epochs: Sequence[Row] = ()
    findings: Findings | None = None
    clusters: tuple[float, float] | None = None
    draw: int | None = None
    cues: Mapping[str, float] | None = None
    probe: float | None = None
    layers: int | None = None


def evidence(variants: Mapping[str, Variant | float], **changes: Any) -> Evidence:
    """One study with all of them; a number is an accuracy."""
    return Evidence({"all": replace(study(variants), **changes)})


def study(variants: Mapping[str, Variant | float]) -> StudyEvidence:
    """The evidence of these variants."""
    made = {name: one if isinstance(one, Variant) else Variant(one) for name, one in variants.items()}
    return StudyEvidence(
        test_set=images_of(LABELS, np.arange(PHOTOGRAPHED) % CLASSES),
        group_of=GROUP_OF,
        evaluations={name: evaluated(one, rng_of(one, k)) for k, (name, one) in enumerate(made.items())},
        histories={name: one.epochs for name, one in made.items()},
        planned_epochs=dict.fromkeys(made, PLANNED),
        explanations={name: explained(one) for name, one in made.items() if one.findings or one.layers is not None},
        embeddings={name: embedded(*one.clusters) for name, one in made.items() if one.clusters},
    )


def rng_of(variant: Variant, number: int) -> np.random.Generator:
    """What decides which images a variant errs on, the one with this number in its study."""
    return np.random.default_rng(number if variant.draw is None else 1000 + variant.draw)


def images_of(labels: NDArray[np.int64], photographed: NDArray[np.int64], senders: Sequence[str] = ()) -> TestSet:
    """Test images and photographs of these classes; photographs without senders are sent by one person each."""
    about = [{"name": f"{k}", "half": "score"} for k in range(len(photographed))]
    about = [row | {"sender": sender} for row, sender in zip(about, senders or [""] * len(about), strict=True)]
    nothing, names = np.zeros(0, np.int64), tuple(map(str, range(CLASSES)))
    pictures = np.zeros((1, len(photographed), 1, 1), np.uint8)
    photos = PhotoSet((Preparation(RECIPE, ""),), pictures, photographed, names, about, {})
    return TestSet("drawn", names, labels, nothing, np.zeros((0, 1, 1), np.uint8), nothing, nothing, "", {}, photos)


def steps(share: float) -> list[float]:
    """What the seeds give where the middle one gives `share`."""
    return [share + STEP * (seed - 1) for seed in SEEDS]


def right(share: float, images: int, rng: np.random.Generator) -> Bools:
    """Which predictions (S, N) are right: nearly the same in all seeds, so that few kinds of images are resampled."""
    order = rng.permutation(images)
    return np.stack([order < round(images * one) for one in steps(share)])


def evaluation(logits: NDArray[np.floating], **parts: Any) -> Evaluation:
    """That of logits (S, N, C), without temperature."""
    seeds = len(logits)
    return Evaluation(
        **{"seeds": (*range(seeds),), "diverged": 0, "temperatures": np.ones(seeds)} | parts, test_logits=logits
    )


def evaluated(variant: Variant, rng: np.random.Generator) -> Evaluation:
    """What the seeds of a variant predict."""
    same = deepcopy(rng)  # a probe errs on the images that the model errs on
    found = right(variant.accuracy, IMAGES, rng)
    shares = np.where(found[..., None], variant.right, variant.wrong)
    slopes = 1 + np.array([-0.01, 0, 0.01])[:, None, None]
    parts: dict[str, Any] = {"temperatures": np.full(len(SEEDS), variant.temperature)}
    if variant.train is not None and variant.valid is not None:
        held_out = right(variant.valid, HELD_OUT, rng)
        parts["train_right"] = right(variant.train, HELD_OUT, rng)
        parts["validation"] = Validation(held_out, np.ones((2, HELD_OUT), np.float32))
    if variant.photographs is not None:
        at = right(variant.photographs, PHOTOGRAPHED, rng)
        logits = spread_out(np.where(at[..., None], variant.right, variant.wrong), LABELS[:PHOTOGRAPHED])
        parts["photos"] = PhotoOutputs({RECIPE: logits}, {}, {}, np.zeros(0), {})
    if variant.lost is not None:
        parts["corrupted"] = corrupted(variant, rng)
    if variant.cues is not None:
        parts["cues"] = kept_cues(variant, rng)
    if variant.probe is not None:
        parts["readouts"] = readouts(variant.probe, same)
    return evaluation((slopes * spread_out(shares, LABELS)).astype(np.float32), **parts)


def spread_out(shares: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Logits (S, N, C) from probabilities (S, N, 3), see `Shares`; the other classes have equal parts of the rest."""
    rest = (1 - shares.sum(axis=2, keepdims=True)) / (CLASSES - 3)
    logits = np.repeat(np.log(rest), CLASSES, axis=2)
    for k, classes in enumerate((labels, labels ^ 1, (labels + 2) % CLASSES)):
        np.put_along_axis(
            logits, np.broadcast_to(classes[:, None], (*shares.shape[:2], 1)), np.log(shares[:, :, k : k + 1]), axis=2
        )
    return logits


def corrupted(variant: Variant, rng: np.random.Generator) -> Corrupted:
    """What is lost of half-size samples of the test images, by every severity the same."""
    clean, lost = right(variant.accuracy, HELD_OUT, rng), variant.lost or {}
    severities = dict.fromkeys(CORRUPTIONS, SEVERITIES) | dict.fromkeys(SHIFTS, SHIFT_PIXELS)
    kept = {kind: clean & right(1 - lost.get(kind, 0.0), HELD_OUT, rng) for kind in severities}
    conditions = (("", 0), *((kind, severity) for kind, those in severities.items() for severity in those))
    found = np.stack([kept.get(kind, clean) for kind, _ in conditions], axis=1)
    return Corrupted(conditions, found, np.zeros((len(conditions), 3)))


def kept_cues(variant: Variant, rng: np.random.Generator) -> Cues:
    """What is lost of half-size samples of the test images, by every strength the same."""
    clean, losses = right(variant.accuracy, HELD_OUT, rng), variant.cues or {}
    kept = {kind: clean & right(1 - losses.get(kind, 0.0), HELD_OUT, rng) for kind, _ in CUES}
    found = np.stack([clean, *(kept[kind] for kind, _ in CUES)], axis=1)
    others = LABELS[:HELD_OUT, None] != np.arange(CLASSES)
    return Cues((("", 0), *CUES), np.ones(found.shape[1:], bool), found[..., None] & others)


def readouts(share: float, rng: np.random.Generator) -> Readouts:
    """A probe and neighbours that are right as often for each pair."""
    pairs = tuple((first, first + 1) for first in range(0, CLASSES, 2))
    of_pair = np.stack([np.isin(LABELS, pair) for pair in pairs])
    found = right(share, IMAGES, rng)[:, None] & of_pair
    return Readouts(pairs, found, found, np.ones(len(SEEDS)))


# --- explanations and embeddings --------------------------------------------------------------------------------------


def interval(value: float, half: float = 0.01) -> Interval:
    """A figure with an interval over images."""
    return {"value": value, "low": value - half, "high": value + half}


def explained(variant: Variant) -> Explanation:
    """Of a hundred images."""
    nothing = dict.fromkeys(("deviations", "filters", "similarity", "localisation", "depth"))
    found = [variant.findings(STEP * (seed - 1)) if variant.findings else {} for seed in SEEDS]
    seeds = tuple(SeedFindings(seed, **nothing | one) for seed, one in zip(SEEDS, found, strict=True))  # type: ignore[arg-type]
    alike = None if variant.layers is None else representations(variant.layers)
    return Explanation({}, "", "", np.arange(100), {}, None, None, seeds, representations=alike, attributed=50)


def representations(draw: int) -> Representations:
    """One layer, whose features of a hundred images nearly are those of every other seed and variant of this draw."""
    features = np.random.default_rng(draw).normal(size=(100, 5))
    noise = [np.random.default_rng((draw, seed)).normal(size=(100, 5)) / 20 for seed in SEEDS]
    above = np.triu_indices(100, 1)
    products = [((features + one) @ (features + one).T)[above] for one in noise]
    return Representations(np.arange(100), ("features",), np.stack(products)[:, None].astype(np.float16))


def faithful(gain: float) -> Findings:
    """Maps of every method that are so much more faithful than random ones."""
    return lambda off: {"attribution": dict.fromkeys(SHARED_METHODS, interval(gain + off))}


def embedded(k_means: float, mixture: float) -> Embedding:
    """Of a thousand images."""
    pairs = zip(steps(k_means), steps(mixture), strict=True)
    agreements = tuple(SeedAgreement(seed, *map(interval, pair)) for seed, pair in zip(SEEDS, pairs, strict=True))
    return Embedding({}, np.arange(1000), np.zeros((0, 0)), np.zeros((0, 2)), {}, agreements)


def wide(deviation: float) -> Findings:
    """What enters ReLU has this deviation in every layer after training."""
    return lambda off: {"deviations": {"trained": {"conv1": deviation + off, "conv2": deviation - 2 * off}}}


def filtering(order: float, orientation: float) -> Findings:
    """Training lowers the entropy of the first filters, and makes them selective, by so much."""
    return lambda off: {
        "filters": FirstFilters(8, BeforeAndAfter(0.9, 0.9 - order - off), BeforeAndAfter(0.1, 0.1 + orientation + off))
    }


def alike(methods: Sequence[str], contrast: float, *, over: float | None = None) -> Findings:
    """Maps that are so much more alike within a class; and `over` those of pixels and of the untrained model."""
    beyond = contrast if over is None else over

    def findings(off: float) -> Mapping[str, Any]:
        one = MapSimilarity(*(interval(value + off) for value in (contrast, contrast, contrast, beyond, beyond)))
        return {"similarity": dict.fromkeys(methods, one)}

    return findings


def on_object(hits: float, iou: float) -> Findings:
    """Maps that lie so much better on the object than a Gaussian in the centre."""

    def findings(off: float) -> Mapping[str, Any]:
        over = interval(hits + off), interval(iou + off)
        return {
            "localisation": Localisation(
                90, 10, 0.2, {"Grad-CAM": MethodLocalisation(interval(0.5), interval(0.3), *over)}
            )
        }

    return findings


def deepening(probe: float, selectivity: float, orientation: float, colour: float) -> Findings:
    """Each figure rises by so much from the first convolution to the last."""

    def findings(off: float) -> Mapping[str, Any]:
        last = LayerReadout(
            "conv5", interval(0.4 + probe + off), *(0.4 + rise + off for rise in (selectivity, orientation, colour))
        )
        return {"depth": (LayerReadout("conv1", interval(0.4), 0.4, 0.4, 0.4), last)}

    return findings


# --- histories --------------------------------------------------------------------------------------------------------


def history(seed: int, train: Sequence[float], loss: Sequence[float] = ()) -> list[Row]:
    """A row per epoch, from its training accuracy and validation loss."""
    losses = loss or [1.0] * len(train)
    epochs = zip(train, losses, strict=True)
    return [asdict(Epoch(seed, k, 1e-3, 1.0, accuracy, valid, 0.5)) for k, (accuracy, valid) in enumerate(epochs)]


def ended(error: float) -> list[Row]:
    """Seeds whose training error in the last epoch is near this one."""
    return [row for seed, one in zip(SEEDS, steps(error), strict=True) for row in history(seed, (0.5, 1 - one))]


def bending(size: float) -> list[Row]:
    """Seeds whose validation loss goes up and down by this much."""
    sizes = (size * 1.02 ** (seed - 1) for seed in SEEDS)
    return [
        row
        for seed, up in zip(SEEDS, sizes, strict=True)
        for row in history(seed, [0.5] * 5, (9, 1, 1 + up, 1, 1 + up))
    ]


def reaching(*epochs: int | None) -> list[Row]:
    """Seeds that come to a training error of .25 within their epoch, at .5, .51, ... of it; None: never."""
    rows: list[Row] = []
    for seed, epoch in enumerate(epochs):
        last = 0.75 if epoch is None else 0.7 + 0.05 / (0.5 + 0.01 * seed)
        rows += history(seed, [0.7] * (PLANNED if epoch is None else epoch - 1) + ([] if epoch is None else [last]))
    return rows


# --- tests and what they measure --------------------------------------------------------------------------------------


def uncertain(value: float, low: float, high: float, *, seeds: int = 3, level: float = 0.95) -> UncertainValue:
    """A normally distributed quantity whose interval at `level` is about `value` and as wide as from low to high."""
    from scipy.stats import norm

    error = (high - low) / 2 / norm.ppf((1 + level) / 2)
    return UncertainValue(value, error**2, 10**9, (Seeds(seeds, SeedSpread(0.0, 2), borrowed=seeds < 3),))


def measured(value: float, low: float, high: float, **changes: Any) -> Measurement:
    """The same as what was measured on a hundred images in three runs."""
    return Measurement(uncertain(value, low, high, **changes), (3,), 100)


def asking(found: Measurement | None, region: Region | None = None, **changes: Any) -> Test:
    """A test that measures this."""
    settings: dict[str, Any] = {"key": "", "measure": "a difference", "variants": (), "sentence": "it is {} more"}
    return Test(**settings | {"region": region or above(0.01), "measured": lambda evidence: found} | changes)
