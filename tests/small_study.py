"""A small study whose artifacts lie on disk as the stages leave them; its models are untrained and its figures made up.

Of three variants the first diverged and the second alone is a probe.
"""

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from descriptions import described
from numpy.typing import NDArray

from lookalike.artifacts.datasets import Dataset, save_dataset
from lookalike.artifacts.evaluations import (
    PLOTTED,
    Evaluation,
    PhotoOutputs,
    Validation,
    save_evaluation,
    save_findings,
    save_metrics,
)
from lookalike.artifacts.findings import save_arrays, save_found
from lookalike.artifacts.folders import replacing_folder, write_bytes, write_json
from lookalike.artifacts.models import Epoch, SeedRecord, Timing, save_model, save_run
from lookalike.artifacts.photos import PhotoSet, Preparation, save_photos
from lookalike.data.corruptions import CORRUPTIONS, SEVERITIES
from lookalike.data.garments import draw_garments
from lookalike.evaluation.absorption import STRENGTHS, WAYS
from lookalike.evaluation.cases import first_of_each_class
from lookalike.evaluation.groups import group_numbers
from lookalike.evaluation.look_alikes import study_look_alikes
from lookalike.evaluation.metrics import softmax
from lookalike.evaluation.pairs import Side
from lookalike.evaluation.photo_study import study_photos
from lookalike.evaluation.photographs import DESCRIBED_BY
from lookalike.evaluation.repair import Answers, ledger
from lookalike.evaluation.robustness import Conditions, ConditionScores, differences, summary
from lookalike.evaluation.scores import describe_seed
from lookalike.evaluation.statistics import Estimate, resample
from lookalike.explain.closely import look_closely
from lookalike.explain.subject import Images, Subject
from lookalike.explain.variant import explain_variant
from lookalike.models.registry import create_model
from lookalike.params import Params, parse_params
from lookalike.primer.page import primer
from lookalike.reporting.embeddings import CLUSTERINGS
from lookalike.runtime import Runtime

Json = dict[str, Any]
Arrays = dict[str, NDArray[Any]]

DIVERGED = "fashion-vit"
CNN, FEW = EVALUATED = ("fashion-cnn", "fashion-cnn-10pct")
PAIR = f"{CNN}--{FEW}"
MACS = {CNN: 3_000_000, FEW: 2_000_000}
TESTED, PHOTOGRAPHED, A_CLASS = 30, 20, 2
LABELS = (7 * np.arange(TESTED) + 3) % 10  # so that the first of each class stand in another order than the classes
CHOSEN = first_of_each_class(LABELS, A_CLASS)
RECIPES = ("fitted", "plain")
SHOWN = "HiResCAM"
MEASURED = {"accuracy": 0.75, "accuracy_low": 0.7, "accuracy_high": 0.8, "nll": 0.5}
COMMIT = "0123456789" * 4
LENGTHS = {DIVERGED: (1, 200), CNN: (4, 9), FEW: (30, 1)}  # epochs and training images
PICTURES = (
    *(f"comparisons/fashion/figures/{name}/{kind}" for name in EVALUATED for kind in ("confusion", "reliability")),
    *(f"comparisons/fashion/figures/{CNN}/{kind}" for kind in ("samples", "top-five")),
    f"comparisons/fashion/pairs/{PAIR}/divergence",
    f"explanations/fashion/figures/{PAIR}/cases",
    *(f"explanations/fashion/figures/{CNN}/{kind}" for kind in ("maps", "contrast", "classes-Grad-CAM")),
    *(f"explanations/fashion/figures/{CNN}/{kind}" for kind in ("filters-first", "features-last")),
    *(f"explanations/fashion/figures/{CNN}/{kind}" for kind in ("layers", "responses")),
    "explanations/fashion/figures/alike",
    *(f"explanations/fashion/figures/photographs-{recipe}" for recipe in RECIPES),
    *(f"embeddings/fashion/figures/{CNN}/{kind}" for kind in ("map", "clusters", "sweep")),
    *(f"primer/{name}" for name in ("channels", "poolings", "activations")),
)  # each holds its own path


@dataclass(frozen=True)
class SmallStudy:
    """All that the stages found.

    Attributes:
        logits: by evaluated variant, (2, TESTED, 10).
        photo_outputs: by evaluated variant, of the PHOTOGRAPHED photographs.
        details: of the evaluated variants.
        explained, embedded: figures, and arrays, of the probe.
    """

    dataset: Dataset
    photos: PhotoSet
    logits: Arrays
    photo_outputs: dict[str, PhotoOutputs]
    details: Json
    look_alikes: Json
    on_photos: Json
    on_spoiled: Json
    explained: Json
    maps: Arrays
    embedded: Json
    points: Arrays


def small_params(raw: Json) -> Params:
    """The real parameters with three of their variants, that which diverged first."""
    study, profile = raw["studies"]["fashion"], raw["profiles"]["demo"]
    profile["explain"] |= {"images_a_class": A_CLASS}
    return parse_params(
        raw
        | {
            "variants": {name: raw["variants"][name] for name in (DIVERGED, *EVALUATED)},
            "studies": {"fashion": study | {"pairs": [EVALUATED], "probes": [CNN]}},
            "costs": {"study": "fashion"},
            "profile": "demo",
        }
    )


def make_study(tiny: Dataset, params: Params) -> SmallStudy:
    """Evaluate what two variants that lean to the truth might say, explain the first, and make up its embedding."""
    names, rng = params.datasets["fashion_mnist"].classes, np.random.default_rng(3)
    group_of = group_numbers(params.groups_of("fashion_mnist"), names)
    dataset = replace(
        tiny,
        name="fashion_mnist",
        class_names=names,
        train_images=draw_garments(len(tiny.train_labels), seed=1)[0],
        test_images=draw_garments(TESTED, seed=2)[0],
        test_labels=LABELS.astype(np.uint8),
    )
    photos = make_photos(names)

    def leaning(labels: NDArray[Any], seeds: int) -> NDArray[np.float32]:
        drawn = rng.normal(0, 1, (seeds, len(labels), 10)).astype(np.float32)
        drawn[:, np.arange(len(labels)), labels] += 1.5
        return drawn.astype(np.float16).astype(np.float32)  # as evidence keeps them

    logits = {name: leaning(LABELS, 2) for name in EVALUATED}
    outputs = {name: photo_outputs(rng, leaning, photos, probed=name == CNN) for name in EVALUATED}
    sides = {name: Side(each, np.array([1.5, 0.5])) for name, each in logits.items()}
    look_alikes, _ = study_look_alikes(sides, dataset, group_of, [EVALUATED])
    answers = {name: [said(one, MACS[name]) for one in each] for name, each in logits.items()}
    look_alikes["repairs"] = ledger(answers, LABELS, [EVALUATED])
    on_photos = study_photos(outputs, sides, photos, dataset, group_of, [EVALUATED], params.photos.absorber)
    on_photos["chosen"] |= {"recipe": "fitted"}
    explained, maps = explain(dataset, photos, group_of)
    embedded, points = embed(rng)
    return SmallStudy(
        dataset=dataset,
        photos=photos,
        logits=logits,
        photo_outputs=outputs,
        details={
            name: {"seeds": [{}, {}], "first_seed": describe_seed(each[0], dataset.test_labels, 1.5, names)}
            for name, each in logits.items()
        },
        look_alikes=look_alikes,
        on_photos=on_photos,
        on_spoiled=spoil(rng),
        explained=explained,
        maps=maps,
        embedded=embedded,
        points=points,
    )


def said(logits: NDArray[np.floating], macs: int) -> Answers:
    """What a seed says about test images, which serve as validation images as well."""
    right, confidence = logits.argmax(axis=1) == LABELS, softmax(logits).max(axis=1)
    return Answers(softmax(logits), right, confidence, macs)


def evidence_of(study: SmallStudy, name: str) -> Evaluation:
    """The evidence of an evaluated variant."""
    logits = study.logits[name]
    right, confidence = logits.argmax(axis=2) == LABELS, np.stack([softmax(one).max(axis=1) for one in logits])
    valid = Validation(right, confidence.astype(np.float32))
    return Evaluation((0, 1), 0, np.array([1.5, 0.5]), logits, valid, photos=study.photo_outputs[name])


def make_photos(class_names: tuple[str, ...]) -> PhotoSet:
    """Twenty photographs by two recipes, one of them with a step left out as well; two fit none of the classes."""
    ways = (Preparation("fitted", ""), Preparation("fitted", "crop"), Preparation("plain", ""))
    about = dict.fromkeys(DESCRIBED_BY, "some") | {"doubtful": "no"}
    return PhotoSet(
        preparations=ways,
        images=np.random.default_rng(4).integers(0, 256, (3, PHOTOGRAPHED, 28, 28), dtype=np.uint8),
        labels=np.arange(PHOTOGRAPHED) % 11 - 1,
        class_names=class_names,
        about=[about | {"name": f"photo {k}", "half": ("choose", "score")[k % 2]} for k in range(PHOTOGRAPHED)],
        provenance={"citation": "drawn for a test"},
    )


def photo_outputs(rng: np.random.Generator, leaning: Any, photos: PhotoSet, *, probed: bool) -> PhotoOutputs:
    """What a variant might make of the photographs."""
    return PhotoOutputs(
        logits={recipe: leaning(photos.labels, 2) for recipe in photos.recipes},
        ablations={way: leaning(photos.labels, 1)[0] for way in photos.ablations} if probed else {},
        distances={recipe: rng.uniform(0, 1, PHOTOGRAPHED) for recipe in photos.recipes},
        test_distances=rng.uniform(0, 1, TESTED),
        garments={way: rng.integers(0, 10, (len(STRENGTHS), TESTED)) for way in WAYS} if probed else {},
    )


def spoil(rng: np.random.Generator) -> Json:
    """What might be found of the evaluated variants on spoiled images."""
    weights = resample(TESTED)

    def conditions() -> Conditions:
        keys = [("", 0), *((kind, severity) for kind in CORRUPTIONS for severity in SEVERITIES)]
        return {key: ConditionScores(rng.integers(0, 3, TESTED) / 2, Estimate(0.2, 0.1, 0.3)) for key in keys}

    said = {name: conditions() for name in EVALUATED}
    return {
        "images": TESTED,
        "strengths": {kind: corruption.strengths for kind, corruption in CORRUPTIONS.items()},
        "variants": {name: summary(one, weights) for name, one in said.items()},
        "pairs": [{"first": CNN, "second": FEW} | differences(said[CNN], said[FEW], weights)],
    }


def explain(dataset: Dataset, photos: PhotoSet, group_of: NDArray[np.int64]) -> tuple[Json, Arrays]:
    """What is found of the maps of an untrained network, and the maps."""
    torch.manual_seed(0)
    models = [create_model("fashion_cnn", {}, input_shape=(1, 28, 28), num_classes=10).eval() for _ in range(2)]
    images = Images(dataset.test_images[CHOSEN], LABELS[CHOSEN], LABELS[CHOSEN])
    shown = Images(photos.recipes["fitted"], photos.labels, np.arange(PHOTOGRAPHED) % 10)
    subject = Subject(*models, dataset, Runtime(torch.device("cpu")), images)
    explained = explain_variant(subject, shown, group_of, scored=2, heads_scored=1, spoil=True)
    scores = explained.found["faithfulness"]["methods"]
    contrast = {"images": 7, "scores": {"label": scores[SHOWN]}}
    responses = [response.described() for response in look_closely(subject, group_of, 4, probe=True).responses]
    found = explained.found | {"shown": SHOWN, "contrast": contrast, "responses": responses}
    maps = {"indices": CHOSEN, **explained.maps, f"photographs {SHOWN}": explained.photo_maps[SHOWN]}
    return {CNN: found}, maps


def embed(rng: np.random.Generator) -> tuple[Json, Arrays]:
    """What might be found of the features of one image a class, and where these lie."""
    score = {"value": 0.321, "low": 0.2, "high": 0.4}
    scores = dict.fromkeys(("ari", "ami", "v_measure", "hungarian_accuracy"), score)
    found = {
        "images": 10,
        "trustworthiness": 0.987,
        "neighbour_preservation": score,
        "sweep": [{"components": k, "covariance": "tied", "bic": 1000.0 * k} for k in (2, 3)],
        "chosen": {"components": 3, "covariance": "tied"},
        "clusterings": {
            name: {"labels": scores, "groups": scores, "table": rng.integers(0, 9, (3, 10)).tolist()}
            for name in CLUSTERINGS
        },
    }
    indices = first_of_each_class(LABELS, 2)[5:15]  # the last five of one image, and the first five of another
    return {CNN: found}, {"indices": indices, "tsne": rng.normal(0, 30, (10, 2)), "pca": rng.normal(0, 2, (10, 2))}


def write_study(root: Path, study: SmallStudy) -> None:
    """Write it all."""
    comparison = root / "comparisons/fashion"
    for name, (epochs, images) in LENGTHS.items():
        write_training(root, name, epochs, images)
    for name in EVALUATED:
        with replacing_folder(root / "evaluations/fashion" / name) as part:
            save_evaluation(part, evidence_of(study, name))
    summaries: Json = {DIVERGED: {"seeds": 0, "diverged": 1}}
    summaries |= {name: MEASURED | {"seeds": 2, "diverged": 0} for name in EVALUATED}
    save_metrics(comparison, summaries, {DIVERGED: {"seeds": []}, **study.details})
    save_findings(comparison, study.look_alikes, study.on_photos, study.on_spoiled)
    save_found(root / "explanations/fashion", study.explained, {})
    save_arrays(root / "explanations/fashion/arrays" / CNN, study.maps)
    save_found(root / "embeddings/fashion", study.embedded, {})
    save_arrays(root / "embeddings/fashion/arrays" / CNN, study.points)
    for path in PICTURES:
        write_bytes(root / f"{path}.png", path.encode())
    samples = {f"samples/{recipe}": f"steps of {recipe}".encode() for recipe in RECIPES}
    save_photos(root / "photos", study.photos, [("no.jpg", "no garment")], samples)
    save_dataset(root / "data/fashion_mnist", study.dataset)
    about = {"digest": "d1", "provenance": {"about": "drawn garments", "licence": "MIT"}}
    write_json(root / "data/fashion_mnist/dataset.json", about)
    write_json(root / "primer/found.json", worked_out())
    write_json(root / "published.json", {"tracking": "local store", "runs": {CNN: {"0": "feedbeef", "1": "cafe"}}})


@cache
def worked_out() -> Json:
    """The primer's numbers, which take seconds."""
    return primer()


def write_training(root: Path, name: str, epochs: int, train_images: int) -> None:
    """What is left of a variant's training; a history of two epochs and seeds."""
    description = described(train_images=train_images, seeds=(SeedRecord(0, epochs, None),))
    steps = [(seed, epoch) for seed in range(2) for epoch in range(2)]
    history = [Epoch(*step, 0.1, *[0.1 * (k + 2 * sum(step)) for k in range(len(PLOTTED))]) for step in steps]
    save_model(root / "models/fashion" / name, description, {}, history)
    about = {
        "variant": name,
        "fingerprint": f"mark of {name}",
        "commit": COMMIT,
        "dirty": name == DIVERGED,
        "finished": "2026-01-02T03:04:05+00:00",
        "host": "here",
        "device": {"name": "a CPU", "precision": "float32", "threads": 2},
    }
    save_run(root / "runs/fashion" / name, about, [Timing(0, 0, 3.0, 2.0)])
