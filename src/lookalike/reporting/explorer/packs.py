"""The predictions, maps and t-SNE positions of one variant, packed small for the explorer."""

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.embeddings import load_embedding
from lookalike.artifacts.explanations import Explanation, PairContrast, load_explanation, quantise_maps
from lookalike.artifacts.test_sets import TestSet
from lookalike.evaluation.metrics import softmax
from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.document import Json
from lookalike.reporting.forms import significant

SURE = 8  # steps per halving of the probability of all other classes
CONTROLS = {"random": "random maps", "centre": "a spot in the middle"}


@dataclass(frozen=True)
class SelectableImages:
    """The images of one study that can be chosen.

    Attributes:
        tests: int64 (T,), test images in ascending order.
        photographs: int64 (P,), of the study's photographs; empty if its models saw none.
        recipe: the one that was chosen for the photographs; "" without any.
    """

    tests: NDArray[np.int64]
    photographs: NDArray[np.int64]
    recipe: str


def pack_variant(study: StudyResults, name: str, held: SelectableImages) -> Json:
    """The predictions, maps and t-SNE positions of a variant's first seed; None where there are none."""
    evaluation = study.evaluation(name)
    photos = evaluation.photos if len(held.photographs) else None
    explained = name in study.measurements.explanations
    explanation = load_explanation(study.root / "explanations" / study.name / name) if explained else None
    return {
        "tests": pack_predictions(evaluation.test_logits[0][held.tests]),
        "photographs": photos
        and {recipe: pack_predictions(logits[0][held.photographs]) for recipe, logits in photos.logits.items()},
        "maps": explanation and pack_maps(explanation, name, held),
        "contrast": explanation and pack_contrasts(explanation, study.test_set),
        "tsne": pack_tsne(study, name),
    }


def pack_file(key: str, content: Json) -> bytes:
    return f"lookalikePack({json.dumps(key)},{json.dumps(content, separators=(',', ':'), allow_nan=False)});\n".encode()


def pack_predictions(logits: NDArray[np.floating]) -> Json:
    """What is said of n images by their logits (n, C).

    Returns:
        `said`: the predicted class of each.
        `tenths`: the probabilities of the other classes in tenths of a percent; in the predicted class's place what it
            has more than those leave of 1000, which is about 0 and packs well.
        `sure`: how small the probability of all other classes is: its negative binary logarithm in `SURE` steps, at
            most 255.
    """
    shares, said = softmax(logits.astype(np.float64)), logits.argmax(axis=1)
    tenths, predicted = np.round(1000 * shares), (np.arange(len(said)), said)
    tenths[predicted] = tenths.sum(axis=1) - 1000
    shares[predicted] = 0
    sure = -SURE * np.log2(np.maximum(shares.sum(axis=1), 2.0**-40))
    return {
        "said": packed(said, "u2"),
        "tenths": packed(tenths, "i2"),
        "sure": packed(np.round(sure.clip(0, 255)), "u1"),
    }


def pack_maps(evidence: Explanation, name: str, held: SelectableImages) -> Json:
    """The maps of the predicted class by method, each with a sentence about its score."""
    scores = evidence.found["faithfulness"]["methods"]
    return {
        "images": evidence.indices.tolist(),
        "shown": evidence.shown,
        "methods": {
            method: pack_rasters(values.astype(np.float32)) | {"gain": gain_sentence(name, method, scores)}
            for method, values in evidence.maps.items()
        },
        "photographs": None
        if evidence.photo_maps is None or not len(held.photographs)
        else pack_rasters(evidence.photo_maps[held.photographs].astype(np.float32)) | {"recipe": evidence.recipe},
    }


def pack_rasters(values: NDArray[np.floating]) -> Json:
    """Maps (n, h, w), each quantised in steps of 1/127 of its own largest absolute value."""
    count, rows, columns = values.shape
    return {"count": count, "rows": rows, "columns": columns, "values": packed(quantise_maps(values), "i1")}


def gain_sentence(variant: str, method: str, scores: Mapping[str, Any]) -> str:
    """How well the maps of a method explain a variant next to the controls; "" if it was not scored."""
    if method not in scores:
        return ""
    gain = scores[method]["gain"]
    random, centre = (comparison_phrase(gain, scores[control]["gain"]) for control in CONTROLS)
    value, low, high = (significant(gain[part]) for part in ("value", "low", "high"))
    controls = ", ".join(f"{said} {significant(scores[name]['gain']['value'])}" for name, said in CONTROLS.items())
    return (
        f"Maps of this kind explain {variant} {random} random maps and {centre} a spot in the middle. "
        f"Gain {value} ({low} to {high}); {controls}."
    )


def comparison_phrase(gain: Mapping[str, float], control: Mapping[str, float]) -> str:
    """The words that compare a gain with that of a control, by their intervals."""
    if gain["low"] > control["high"]:
        return "better than"
    return "less well than" if gain["high"] < control["low"] else "not clearly better than"


def pack_contrasts(evidence: Explanation, test_set: TestSet) -> Json:
    """Contrast maps (one class minus another): of single test images, and means over both classes of each pair."""
    single, pairs = evidence.close_up and evidence.close_up.contrast, evidence.pair_maps
    return {
        "images": single and pack_contrast_maps(single, test_set),
        "pairs": pairs
        and {
            "pairs": [list(pair) for pair in pairs.pairs],
            **pack_rasters(pairs.maps.reshape(-1, *pairs.maps.shape[2:])),
        },
    }


def pack_contrast_maps(single: PairContrast, test_set: TestSet) -> Json:
    """Contrast maps with the index of their test image, the first of several with the same pixels."""
    index = {image.tobytes(): k for image, k in zip(test_set.images[::-1], test_set.shown.tolist()[::-1], strict=True)}
    return {
        "images": [index.get(image.tobytes(), -1) for image in single.images],
        "labels": single.labels.tolist(),
        "others": single.others.tolist(),
        **pack_rasters(single.maps["contrast"].astype(np.float32)),
    }


def pack_tsne(study: StudyResults, name: str) -> Json | None:
    """The positions (n, 2) of test images on the t-SNE map, in hundredths of its unit; None without a map."""
    if name not in study.measurements.embeddings:
        return None
    embedding = load_embedding(study.root / "embeddings" / study.name / name)
    assert embedding is not None  # by contract: something was found
    positions = np.round(100 * embedding.tsne.astype(np.float64)).clip(-32768, 32767)
    return {"images": packed(embedding.indices, "u4"), "positions": packed(positions, "i2")}


def packed(array: NDArray[Any], kind: str) -> Json:
    """An array as numbers of a kind ("u1", "i2", ...), little-endian, deflated, in base64."""
    content = zlib.compress(np.ascontiguousarray(array.astype(f"<{kind}")).tobytes(), 9)
    return {"kind": kind, "deflated": base64.b64encode(content).decode()}
