"""`evaluations/<study>/<variant>/`: the outputs of one variant's models, and what was measured with them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.evidence import (
    in_half,
    pack_bits,
    read_evidence,
    unpack_bits,
    with_prefix,
    without_prefix,
    write_evidence,
)
from lookalike.artifacts.photos import Preparation

KIND, FEATURES = "evaluation", "features.npy"
Half = NDArray[np.float16] | NDArray[np.float32]  # single precision where half has no numbers as large
Condition = tuple[str, int]  # kind and severity of corruption, shift and pixels, or cue and strength; ("", 0) for none
Interval = Mapping[str, float]  # "value", "low" and "high" of a 95 % interval


@dataclass(frozen=True, eq=False)
class Validation:
    """Correctness and confidence of S seeds on M validation images.

    Attributes:
        right: bool (S, M), whether the prediction is right.
        confidence: float32 (V, M), highest probability of the first V seeds (at most two) after temperature scaling, in
            (0, 1], for the gates of cascades; its distance from 1 is stored in half precision.
    """

    right: NDArray[np.bool_]
    confidence: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Corrupted:
    """Correctness and calibration of S seeds on N corrupted test images, the first of each class, in K conditions.

    The conditions are `data.corruptions.CORRUPTIONS` in all severities and, of images that are small enough, `SHIFTS`.

    Attributes:
        right: bool (S, K, N), whether the prediction is right.
        ece: float64 (K, 3), expected calibration error in [0, 1], mean over seeds: value, low and high.
    """

    conditions: tuple[Condition, ...]
    right: NDArray[np.bool_]
    ece: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PhotoOutputs:
    """Outputs of a variant for N photographs. Distances and corrupted images are of the first seed.

    Attributes:
        logits: recipe -> (S, N, C).
        ablations: recipe and step left out -> classes (N,) that the first seed predicts; empty unless the variant is a
            focus variant.
        distances: recipe -> float64 (N,), distance of the photographs from validation images, see
            `evaluation.distance.knn_distance`.
        test_distances: float64 (T,), the same of test images.
        garments: way -> predicted classes (strengths, images) of corrupted test images; empty as `ablations`.
    """

    logits: dict[str, Half]
    ablations: dict[Preparation, NDArray[np.int64]]
    distances: dict[str, NDArray[np.float64]]
    test_distances: NDArray[np.float64]
    garments: dict[str, NDArray[np.int64]]


@dataclass(frozen=True, eq=False)
class Cues:
    """Classes that S seeds prefer on N test images, the first of each class, reduced to one cue, in K conditions.

    The conditions are images as they are and those of `evaluation.cues.CUES`.

    Attributes:
        usable: bool (K, N), False where a condition could not be made of an image.
        preferred: bool (S, K, N, C), whether the logit of the image's own class is above that of each class; False at
            its own class. An image is predicted right where all others are True.
    """

    conditions: tuple[Condition, ...]
    usable: NDArray[np.bool_]
    preferred: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Readouts:
    """How well the penultimate features of S seeds separate the two classes of P look-alike pairs, see
    `evaluation.readouts`.

    Attributes:
        pairs: all pairs of classes within a group of look-alikes.
        probe, neighbours: bool (S, P, N), whether a linear probe and the nearest neighbours, both fitted to the
            variant's validation images of the two classes, name the right one for a test image; False for images of
            other classes.
        effective_rank: float64 (S,), of the features of the test images.
    """

    pairs: tuple[tuple[int, int], ...]
    probe: NDArray[np.bool_]
    neighbours: NDArray[np.bool_]
    effective_rank: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Outside:
    """Outputs of S seeds for M images of the data set `name`, which are of none of the C classes.

    Attributes:
        logits: (S, M, C).
        distances, test_distances: float64 (M,) and (T,), how far these images and the first test images lie from
            validation images in the features of the first seed, see `evaluation.distance.knn_distance`.
    """

    name: str
    logits: Half
    distances: NDArray[np.float64]
    test_distances: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Suspects:
    """The k test images whose labels a variant finds least credible, the least credible first.

    Attributes:
        indices: int64 (k,).
        images: uint8 (k, H, W) or (k, H, W, 3), small.
    """

    indices: NDArray[np.int64]
    images: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class AugmentedExamples:
    """A training image of each of n classes, and D augmented versions of it.

    Attributes:
        images: uint8 (n, H, W) or (n, H, W, 3).
        labels: int64 (n,).
        draws: uint8 (D, n, H, W[, 3]).
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    draws: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The evidence of one variant on N test images of C classes.

    Attributes:
        seeds: the S seeds that did not diverge; `diverged` others did.
        temperatures: float64 (S,), fitted on validation images.
        test_logits: float16 (S, N, C), or float32 where half precision has no numbers as large.
        validation: None if every seed diverged.
        train_right: bool (S, F), whether the prediction for a training image is right, in evaluation mode and without
            augmentation: the first F (at most 5,000) of those that the variant was trained on. None if every seed
            diverged.
        views: test accuracy from one view, from ten, and their difference; None if ten views were not asked for.
        corrupted: None if no images were corrupted.
        photos: None if the variant was shown no photographs.
        augmented: None unless the variant was trained with augmentation.
        cues: None if no images were corrupted.
        readouts: None if every seed diverged.
        outside: None if the study names no other data set.
        suspects: None unless the variant is a focus variant.
    """

    seeds: tuple[int, ...]
    diverged: int
    temperatures: NDArray[np.float64]
    test_logits: Half
    validation: Validation | None = None
    train_right: NDArray[np.bool_] | None = None
    views: Mapping[str, Interval] | None = None
    corrupted: Corrupted | None = None
    photos: PhotoOutputs | None = None
    augmented: AugmentedExamples | None = None
    cues: Cues | None = None
    readouts: Readouts | None = None
    outside: Outside | None = None
    suspects: Suspects | None = None


def round_confidence(confidence: NDArray[np.floating]) -> NDArray[np.float32]:
    """Confidences as evidence stores them: their distance from 1 in half precision, which resolves high ones best."""
    kept: NDArray[np.float32] = 1 - (1 - confidence).astype(np.float16).astype(np.float32)
    return kept


def save_evaluation(folder: Path, evaluation: Evaluation) -> None:
    """Write the evidence into an existing folder, see `evidence.write_evidence`."""
    content: dict[str, Any] = {"seeds": evaluation.seeds, "diverged": evaluation.diverged, "views": evaluation.views}
    content |= dict.fromkeys(
        ("valid_images", "train_images", "corrupted", "photos", "cues", "readouts", "outside")  # None: no such arrays
    )
    arrays: dict[str, NDArray[Any]] = {
        "temperatures": evaluation.temperatures,
        "test_logits": in_half(evaluation.test_logits),
    }
    if (valid := evaluation.validation) is not None:
        content["valid_images"] = valid.right.shape[1]
        arrays |= {"valid_right": pack_bits(valid.right), "valid_doubt": (1 - valid.confidence).astype(np.float16)}
    if (train_right := evaluation.train_right) is not None:
        content["train_images"] = train_right.shape[1]
        arrays["train_right"] = pack_bits(train_right)
    if (corrupted := evaluation.corrupted) is not None:
        content["corrupted"] = {"images": corrupted.right.shape[2], "conditions": corrupted.conditions}
        arrays |= {"corrupted_right": pack_bits(corrupted.right), "corrupted_ece": corrupted.ece}
    if (augmented := evaluation.augmented) is not None:
        arrays |= with_prefix("augmented", vars(augmented))
    if (cues := evaluation.cues) is not None:
        content["cues"] = {"images": cues.usable.shape[1], "conditions": cues.conditions}
        by_class = np.moveaxis(cues.preferred, 3, 2)  # (S, K, N, C) -> (S, K, C, N): there are more images than classes
        arrays |= with_prefix("cues", {"usable": pack_bits(cues.usable), "preferred": pack_bits(by_class)})
    if (read := evaluation.readouts) is not None:
        content["readouts"] = {"images": read.probe.shape[2], "pairs": read.pairs}
        bits = {"probe": pack_bits(read.probe), "neighbours": pack_bits(read.neighbours)}
        arrays |= with_prefix("readouts", bits | {"effective_rank": read.effective_rank})
    if (outside := evaluation.outside) is not None:
        content["outside"] = {"name": outside.name}
        distances = {"distances": outside.distances, "test_distances": outside.test_distances}
        arrays |= with_prefix("outside", {"logits": in_half(outside.logits)} | distances)
    if (suspects := evaluation.suspects) is not None:
        arrays |= with_prefix("suspects", vars(suspects))
    if (photos := evaluation.photos) is not None:
        content["photos"] = {
            "recipes": [*photos.logits],
            "ablations": [(way.recipe, way.without) for way in photos.ablations],
            "garments": [*photos.garments],
        }
        arrays |= photo_arrays(photos)
    write_evidence(folder, KIND, content, arrays)


def photo_arrays(photos: PhotoOutputs) -> dict[str, NDArray[Any]]:
    """The arrays of the outputs for photographs, by name."""
    classes = {f"ablation {k}": predicted for k, predicted in enumerate(photos.ablations.values())}
    classes |= {f"garments {way}": predicted for way, predicted in photos.garments.items()}
    arrays: dict[str, NDArray[Any]] = {"test_distances": photos.test_distances}
    arrays |= {f"logits {recipe}": in_half(logits) for recipe, logits in photos.logits.items()}
    arrays |= {f"distances {recipe}": values for recipe, values in photos.distances.items()}
    arrays |= {name: predicted.astype(np.uint16) for name, predicted in classes.items()}
    return {f"photos {name}": values for name, values in arrays.items()}


def load_evaluation(folder: Path) -> Evaluation:
    """Read what `save_evaluation` wrote.

    Raises:
        InputError: the files are damaged, edited or of another version.
    """
    content, arrays = read_evidence(folder, KIND)
    valid_images, train_images, corrupted = (content[name] for name in ("valid_images", "train_images", "corrupted"))
    # results kept from before these were measured lack their fields
    cues, readouts, outside = (content.get(name) for name in ("cues", "readouts", "outside"))
    return Evaluation(
        seeds=tuple(content["seeds"]),
        diverged=content["diverged"],
        temperatures=arrays["temperatures"],
        test_logits=arrays["test_logits"],
        validation=None
        if valid_images is None
        else Validation(unpack_bits(arrays["valid_right"], valid_images), 1 - arrays["valid_doubt"].astype(np.float32)),
        train_right=None if train_images is None else unpack_bits(arrays["train_right"], train_images),
        views=content["views"],
        corrupted=corrupted
        and Corrupted(
            as_tuples(corrupted["conditions"]),
            unpack_bits(arrays["corrupted_right"], corrupted["images"]),
            arrays["corrupted_ece"],
        ),
        photos=photo_outputs_from(content["photos"], arrays),
        augmented=AugmentedExamples(**found) if (found := without_prefix("augmented", arrays)) else None,
        cues=cues and cues_from(cues, without_prefix("cues", arrays)),
        readouts=readouts and readouts_from(readouts, without_prefix("readouts", arrays)),
        outside=outside and Outside(outside["name"], **without_prefix("outside", arrays)),
        suspects=Suspects(**found) if (found := without_prefix("suspects", arrays)) else None,
    )


def as_tuples(rows: Iterable[Iterable[Any]]) -> Any:
    """Lists from JSON as a tuple of tuples."""
    return tuple(map(tuple, rows))


def cues_from(about: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Cues:
    """The cues from their part of the content and of the arrays."""
    usable, by_class = (unpack_bits(arrays[name], about["images"]) for name in ("usable", "preferred"))
    return Cues(as_tuples(about["conditions"]), usable, np.moveaxis(by_class, 2, 3))


def readouts_from(about: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Readouts:
    """The readouts from their part of the content and of the arrays."""
    probe, neighbours = (unpack_bits(arrays[name], about["images"]) for name in ("probe", "neighbours"))
    return Readouts(as_tuples(about["pairs"]), probe, neighbours, arrays["effective_rank"])


def photo_outputs_from(names: Mapping[str, Any] | None, arrays: Mapping[str, NDArray[Any]]) -> PhotoOutputs | None:
    """The outputs for photographs from the names of recipes, ablations and ways; None if there are no names."""
    if names is None:
        return None
    ways = [Preparation(*way) for way in names["ablations"]]
    return PhotoOutputs(
        logits={recipe: arrays[f"photos logits {recipe}"] for recipe in names["recipes"]},
        ablations={way: arrays[f"photos ablation {k}"].astype(np.int64) for k, way in enumerate(ways)},
        distances={recipe: arrays[f"photos distances {recipe}"] for recipe in names["recipes"]},
        test_distances=arrays["photos test_distances"],
        garments={way: arrays[f"photos garments {way}"].astype(np.int64) for way in names["garments"]},
    )


def load_evaluations(study: Path, variants: Iterable[str]) -> dict[str, Evaluation]:
    """The evidence of these variants, by name; `study` is `evaluations/<study>`."""
    return {name: load_evaluation(study / name) for name in variants}


def save_features(folder: Path, features: NDArray[np.floating]) -> None:
    """Write the penultimate features (N, D) of the test images by the first seed into an existing folder.

    They lie beside the evidence, for `embed`; they are too large to be part of it.
    """
    np.save(folder / FEATURES, in_half(features))


def load_features(folder: Path) -> Half:
    """Read what `save_features` wrote."""
    features: Half = np.load(folder / FEATURES)
    return features
