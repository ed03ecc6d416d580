"""`evaluations/<study>/<variant>/`: evidence; `comparisons/<study>/`: figures and findings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.evidence import in_half, named, pack, read_evidence, under, unpack, write_evidence
from lookalike.artifacts.folders import read_json, write_json
from lookalike.artifacts.photos import Preparation

if TYPE_CHECKING:
    pass

KIND, FEATURES = "evaluation", "features.npy"
Half = NDArray[np.float16] | NDArray[np.float32]  # single precision where half has no numbers as large
Condition = tuple[str, int]  # kind and severity of corruption, shift and pixels, or cue and strength; ("", 0) for none
Interval = Mapping[str, float]  # "value", "low" and "high" of a 95 % interval


@dataclass(frozen=True, eq=False)
class Validation:
    """What S seeds say about M validation images.

    Attributes:
        right: bool (S, M), whether the prediction is right.
        confidence: float32 (V, M), highest probability of the first V seeds (at most two) after temperature scaling, in
            (0, 1], for the gates of cascades; its distance from 1 is kept in half precision.
    """

    right: NDArray[np.bool_]
    confidence: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Corrupted:
    """What S seeds say about N corrupted test images, the first of each class, in K conditions.

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
    """What a variant says about N photographs. Distances and corrupted images are of the first seed.

    Attributes:
        logits: recipe -> (S, N, C).
        ablations: recipe and step left out -> classes (N,) that the first seed predicts; empty unless the variant is a
            focus variant.
        distances: recipe -> float64 (N,), how far the photographs lie from validation images, see
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
    """What S seeds prefer on N test images, the first of each class, that keep one cue alone, in K conditions.

    The conditions are images as they are and those of `data.cues.CUES`.

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
    """Whether the penultimate features of S seeds tell the two classes of P look-alike pairs apart, see
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
    """What S seeds say about M images of the data set `name`, which are of none of the C classes.

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
class Augmented:
    """A training image of each of n classes, and D draws of what a training run sees of it.

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
    augmented: Augmented | None = None
    cues: Cues | None = None
    readouts: Readouts | None = None
    outside: Outside | None = None
    suspects: Suspects | None = None


def as_kept(confidence: NDArray[np.floating]) -> NDArray[np.float32]:
    """Confidences as evidence keeps them: their distance from 1 in half precision, which resolves high ones best."""
    kept: NDArray[np.float32] = 1 - (1 - confidence).astype(np.float16).astype(np.float32)
    return kept


def save_evaluation(folder: Path, evaluation: Evaluation) -> None:
    """Write the evidence into an existing folder, see `evidence.write_evidence`."""
    valid, corrupted, photos = evaluation.validation, evaluation.corrupted, evaluation.photos
    train_right = evaluation.train_right
    content: dict[str, Any] = {
        "seeds": list(evaluation.seeds),
        "diverged": evaluation.diverged,
        "views": evaluation.views,
        "valid_images": None if valid is None else valid.right.shape[1],
        "train_images": None if train_right is None else train_right.shape[1],
        "corrupted": None if corrupted is None else described(corrupted),
        "photos": None if photos is None else listed(photos),
        **measured(evaluation),
    }
    arrays: dict[str, NDArray[Any]] = {
        "temperatures": evaluation.temperatures,
        "test_logits": in_half(evaluation.test_logits),
    }
    if valid is not None:
        arrays |= {"valid_right": pack(valid.right), "valid_doubt": (1 - valid.confidence).astype(np.float16)}
    if train_right is not None:
        arrays["train_right"] = pack(train_right)
    if corrupted is not None:
        arrays |= {"corrupted_right": pack(corrupted.right), "corrupted_ece": corrupted.ece}
    if (augmented := evaluation.augmented) is not None:
        arrays |= named("augmented", vars(augmented))
    arrays |= measured_arrays(evaluation) | ({} if photos is None else photo_arrays(photos))
    write_evidence(folder, KIND, content, arrays)


def described(corrupted: Corrupted) -> dict[str, Any]:
    """What `corrupted_right` and `corrupted_ece` are of."""
    return {"images": corrupted.right.shape[2], "conditions": [list(one) for one in corrupted.conditions]}


def measured(evaluation: Evaluation) -> dict[str, Any]:
    """What the arrays of `measured_arrays` are of."""
    content: dict[str, Any] = dict.fromkeys(("cues", "readouts", "outside"))
    if (cues := evaluation.cues) is not None:
        conditions = [list(one) for one in cues.conditions]
        content["cues"] = {"images": cues.usable.shape[1], "conditions": conditions}
    if (read := evaluation.readouts) is not None:
        content["readouts"] = {"images": read.probe.shape[2], "pairs": [list(pair) for pair in read.pairs]}
    if evaluation.outside is not None:
        content["outside"] = {"name": evaluation.outside.name}
    return content


def measured_arrays(evaluation: Evaluation) -> dict[str, NDArray[Any]]:
    """The arrays of cues, readouts, images of another data set and suspects, by name."""
    arrays: dict[str, NDArray[Any]] = {}
    if (cues := evaluation.cues) is not None:
        by_class = np.moveaxis(cues.preferred, 3, 2)  # (S, K, N, C) -> (S, K, C, N): there are more images than classes
        arrays |= named("cues", {"usable": pack(cues.usable), "preferred": pack(by_class)})
    if (read := evaluation.readouts) is not None:
        bits = {"probe": pack(read.probe), "neighbours": pack(read.neighbours)}
        arrays |= named("readouts", bits | {"effective_rank": read.effective_rank})
    if (outside := evaluation.outside) is not None:
        distances = {"distances": outside.distances, "test_distances": outside.test_distances}
        arrays |= named("outside", {"logits": in_half(outside.logits)} | distances)
    if (suspects := evaluation.suspects) is not None:
        arrays |= named("suspects", vars(suspects))
    return arrays


def listed(photos: PhotoOutputs) -> dict[str, list[Any]]:
    """The names by which the arrays of `photo_arrays` are found again."""
    ablations = [[way.recipe, way.without] for way in photos.ablations]
    return {"recipes": [*photos.logits], "ablations": ablations, "garments": [*photos.garments]}


def photo_arrays(photos: PhotoOutputs) -> dict[str, NDArray[Any]]:
    """The arrays by name."""
    arrays: dict[str, NDArray[Any]] = {"photos test_distances": photos.test_distances}
    arrays |= {f"photos logits {recipe}": in_half(logits) for recipe, logits in photos.logits.items()}
    arrays |= {f"photos distances {recipe}": values for recipe, values in photos.distances.items()}
    arrays |= {f"photos ablation {k}": found.astype(np.uint16) for k, found in enumerate(photos.ablations.values())}
    return arrays | {
        f"photos garments {way}": predicted.astype(np.uint16) for way, predicted in photos.garments.items()
    }


def load_evaluation(folder: Path) -> Evaluation:
    """Read what `save_evaluation` wrote.

    Raises:
        InputError: the files are damaged, edited or of another version.
    """
    content, arrays = read_evidence(folder, KIND)
    train_images = content["train_images"]
    return Evaluation(
        seeds=tuple(content["seeds"]),
        diverged=content["diverged"],
        temperatures=arrays["temperatures"],
        test_logits=arrays["test_logits"],
        validation=validation_from(content["valid_images"], arrays),
        train_right=None if train_images is None else unpack(arrays["train_right"], train_images),
        views=content["views"],
        corrupted=corrupted_from(content["corrupted"], arrays),
        photos=photos_from(content["photos"], arrays),
        augmented=Augmented(**found) if (found := under("augmented", arrays)) else None,
        # results kept from before these were measured lack their fields
        cues=cues_from(content.get("cues"), under("cues", arrays)),
        readouts=readouts_from(content.get("readouts"), under("readouts", arrays)),
        outside=Outside(about["name"], **under("outside", arrays)) if (about := content.get("outside")) else None,
        suspects=Suspects(**found) if (found := under("suspects", arrays)) else None,
    )


def validation_from(images: int | None, arrays: Mapping[str, NDArray[Any]]) -> Validation | None:
    """The part of an `Evaluation` that is of so many validation images; None of None."""
    if images is None:
        return None
    return Validation(unpack(arrays["valid_right"], images), 1 - arrays["valid_doubt"].astype(np.float32))


def corrupted_from(about: Mapping[str, Any] | None, arrays: Mapping[str, NDArray[Any]]) -> Corrupted | None:
    """The part of an `Evaluation` that `described` describes; None of None."""
    if about is None:
        return None
    conditions = tuple((kind, severity) for kind, severity in about["conditions"])
    return Corrupted(conditions, unpack(arrays["corrupted_right"], about["images"]), arrays["corrupted_ece"])


def cues_from(about: Mapping[str, Any] | None, arrays: Mapping[str, NDArray[Any]]) -> Cues | None:
    """The part of an `Evaluation` that `measured` describes as cues; None of None."""
    if about is None:
        return None
    conditions = tuple((kind, strength) for kind, strength in about["conditions"])
    by_class = unpack(arrays["preferred"], about["images"])
    return Cues(conditions, unpack(arrays["usable"], about["images"]), np.moveaxis(by_class, 2, 3))


def readouts_from(about: Mapping[str, Any] | None, arrays: Mapping[str, NDArray[Any]]) -> Readouts | None:
    """The part of an `Evaluation` that `measured` describes as readouts; None of None."""
    if about is None:
        return None
    probe, neighbours = (unpack(arrays[name], about["images"]) for name in ("probe", "neighbours"))
    pairs = tuple((first, second) for first, second in about["pairs"])
    return Readouts(pairs, probe, neighbours, arrays["effective_rank"])


def photos_from(names: Mapping[str, Any] | None, arrays: Mapping[str, NDArray[Any]]) -> PhotoOutputs | None:
    """The part of an `Evaluation` whose arrays `listed` lists; None of None."""
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


def save_metrics(folder: Path, summaries: dict[str, Any], details: dict[str, Any]) -> None:
    """Write `metrics.json` (variant -> figures) and `details.json` (seeds, classes, bins)."""
    write_json(folder / "metrics.json", summaries)
    write_json(folder / "details.json", details)


def load_metrics(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Summaries and details, by variant."""
    return read_json(folder / "metrics.json"), read_json(folder / "details.json")


def save_findings(
    folder: Path, look_alikes: dict[str, Any], photos: dict[str, Any], robustness: dict[str, Any]
) -> None:
    """Write what is known of the study's variants together: `look_alikes.json`, `photos.json`, `robustness.json`.

    The folder `pairs`, which DVC expects, is there afterwards even if no pair was drawn.
    """
    (folder / "pairs").mkdir(parents=True, exist_ok=True)
    write_json(folder / "look_alikes.json", look_alikes)
    write_json(folder / "photos.json", photos)
    write_json(folder / "robustness.json", robustness)


def load_findings(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Look-alikes and photographs; of the latter nothing ({}) if the study saw none."""
    return read_json(folder / "look_alikes.json"), read_json(folder / "photos.json")


def load_robustness(folder: Path) -> dict[str, Any]:
    """Accuracy and calibration on corrupted images; nothing ({}) if none were corrupted."""
    found: dict[str, Any] = read_json(folder / "robustness.json")
    return found
