"""A study of two families with invented evidence of every kind that findings about families come from.

Images are drawn; logits hold a difficulty that all models share, one that a family shares, and noise of each seed.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from descriptions import described
from numpy.typing import NDArray

from lookalike.artifacts.evaluations import Cues, Evaluation, Outside, Readouts, save_evaluation
from lookalike.artifacts.explanations import Explanation, PairMaps, Representations, save_explanation
from lookalike.artifacts.folders import replacing_folder
from lookalike.artifacts.models import Description, SeedRecord
from lookalike.artifacts.seed_findings import Localisation, MethodLocalisation, SeedFindings
from lookalike.artifacts.test_sets import TestSet, save_test_set
from lookalike.drawn.garments import draw_garments
from lookalike.evaluation.cases import first_of_each_class
from lookalike.evaluation.cues import CUES
from lookalike.evaluation.groups import group_numbers
from lookalike.evaluation.suspects import find_suspects
from lookalike.params import Params, parse_params

Json = dict[str, Any]

CNN, VIT, POSITIONS = "fashion-cnn", "fashion-vit", "fashion-vit-pos"
BOTH = (CNN, VIT)
SIZES = {"1pct-10epochs": 480, "3pct-10epochs": 1440, "10pct-10epochs": 4800, "30pct": 14400}
ALL_IMAGES = 48_000
TESTED, A_CLASS, SEEDS = 300, 2, 3
CONDITIONS = (("", 0), *CUES)
LAYERS = {"fashion_cnn": ("conv1", "conv2", "dense", "features"), "fashion_vit": ("block 1", "block 2", "features")}
METHODS = ("gradient x input", "integrated gradients", "SmoothGrad", "occlusion", "centre")


@dataclass(frozen=True)
class TwoFamilies:
    """All evidence of the study, by variant."""

    params: Params
    test_set: TestSet
    models: dict[str, Description]
    evaluations: dict[str, Evaluation]
    explanations: dict[str, Explanation]


def two_families(raw: Json) -> TwoFamilies:
    """The study; `raw` are the real parameters, of which some variants are kept."""
    fewer = [f"{name}-{end}" for end in SIZES for name in BOTH]
    study = raw["studies"]["fashion"] | {"pairs": [BOTH, (VIT, POSITIONS)], "focus": BOTH}
    names = (*BOTH, POSITIONS, *fewer)
    params = parse_params(
        raw
        | {"variants": {name: raw["variants"][name] for name in names}, "studies": {"fashion": study}}
        | {"costs": {"study": "fashion"}, "profile": "demo"}
    )
    images, labels = draw_garments(TESTED, seed=2)
    true, labels = labels, np.where(np.arange(TESTED) % 20 == 7, (labels + 1) % 10, labels)  # of some, the wrong one
    shown = first_of_each_class(labels, A_CLASS)
    classes = params.datasets["fashion_mnist"].classes
    test_set = TestSet(
        name="fashion_mnist",
        class_names=classes,
        labels=labels.astype(np.int64),
        shown=shown,
        images=images[shown],
        repeated=np.zeros(0, np.int64),
        near=np.zeros(0, np.int64),
        digest="d1",
        provenance={},
    )
    models = {name: described(**trained(name, params)) for name in names}
    groups = group_numbers(params.groups["fashion_mnist"], classes)
    pairs = [(i, j) for i in range(10) for j in range(i + 1, 10) if groups[i] == groups[j]]
    evaluations = evaluate(models, true, test_set, images, pairs)
    return TwoFamilies(params, test_set, models, evaluations, {name: explain(name, models, pairs) for name in BOTH})


def trained(name: str, params: Params) -> Json:
    """How a variant might have been trained."""
    images = next((size for end, size in SIZES.items() if name.endswith(end)), ALL_IMAGES)
    seeds = tuple(SeedRecord(seed, 10, None) for seed in range(SEEDS))
    return {"model": params.variants[name].model, "train_images": images, "seeds": seeds}


def evaluate(
    models: dict[str, Description],
    true: NDArray[np.int64],
    test_set: TestSet,
    images: NDArray[np.uint8],
    pairs: list[tuple[int, int]],
) -> dict[str, Evaluation]:
    """What variants that lean to the true classes might say; the focus variants keep suspects."""
    labels = test_set.labels
    rng = np.random.default_rng(0)
    shared = rng.normal(0, 1, (TESTED, 10))
    of_family = {model: rng.normal(0, 1, (TESTED, 10)) for model in LAYERS}
    found = {}
    for name, model in models.items():
        noise = rng.normal(0, 0.5, (SEEDS, TESTED, 10))
        logits = shared + of_family[model.model] + noise
        skill = {"fashion_cnn": 0.35, "fashion_vit": 0.45}[model.model] * np.log(model.train_images)
        logits[:, np.arange(TESTED), true] += skill - (0.6 if model.model == "fashion_vit" else 0)
        evaluation = Evaluation(
            seeds=tuple(range(SEEDS)),
            diverged=0,
            temperatures=np.ones(SEEDS),
            test_logits=logits.astype(np.float16),
            cues=cues(rng, logits, labels) if name in (*BOTH, POSITIONS) else None,
            readouts=readouts(rng, labels, pairs),
            outside=outside(rng),
        )
        suspects = find_suspects(evaluation, images, labels) if name in BOTH else None
        found[name] = Evaluation(**vars(evaluation) | {"suspects": suspects})
    return found


def cues(rng: np.random.Generator, logits: NDArray[np.float64], labels: NDArray[np.int64]) -> Cues:
    """Preferences on all test images, the weaker the later the condition; of one image no silhouette could be made."""
    ordered = first_of_each_class(labels, TESTED)
    own = labels[ordered]
    preferred = np.empty((SEEDS, len(CONDITIONS), TESTED, 10), bool)
    for k in range(len(CONDITIONS)):
        weak = logits[:, ordered] + rng.normal(0, 0.35 * k, (SEEDS, TESTED, 10))
        preferred[:, k] = weak[:, np.arange(TESTED), own][..., None] > weak
    usable = np.ones((len(CONDITIONS), TESTED), bool)
    usable[1, 5] = False
    return Cues(CONDITIONS, usable, preferred)


def readouts(rng: np.random.Generator, labels: NDArray[np.int64], pairs: list[tuple[int, int]]) -> Readouts:
    """Readouts that are right for most images of each pair."""
    of_pair = np.stack([np.isin(labels, pair) for pair in pairs])
    probe, neighbours = ((rng.random((SEEDS, *of_pair.shape)) < share) & of_pair for share in (0.85, 0.8))
    return Readouts(tuple(pairs), probe, neighbours, rng.uniform(20, 30, SEEDS))


def outside(rng: np.random.Generator) -> Outside:
    """Forty images of no class, which lie farther away."""
    logits = rng.normal(0, 1, (SEEDS, 40, 10)).astype(np.float16)
    return Outside("mnist", logits, rng.normal(1, 0.3, 40), rng.normal(0.5, 0.3, TESTED))


def explain(name: str, models: dict[str, Description], pairs: list[tuple[int, int]]) -> Explanation:
    """What might be found of a variant's maps and features; the other fields are empty."""
    rng, model = np.random.default_rng(len(name)), models[name].model
    common = np.random.default_rng(1).normal(0, 1, (SEEDS, 1, 190))
    products = common + rng.normal(0, 1, (1, len(LAYERS[model]), 190)) + rng.normal(0, 0.4, (SEEDS, 1, 190))
    blobs = np.random.default_rng(2).normal(0, 1, (len(pairs), 2, 28, 28))
    seeds = tuple(
        SeedFindings(
            seed=seed,
            deviations=None,
            filters=None,
            similarity=None,
            localisation=located(rng),
            depth=None,
            attribution={method: interval(rng.uniform(0, 0.3)) for method in METHODS},
            attention_distance=tuple(map(tuple, rng.uniform(3, 14, (2, 4)))) if model == "fashion_vit" else None,
        )
        for seed in range(SEEDS)
    )
    return Explanation(
        found={},
        shown="HiResCAM",
        recipe="",
        indices=np.arange(20),
        maps={},
        photo_maps=None,
        close_up=None,
        seeds=seeds,
        representations=Representations(np.arange(20), LAYERS[model], products.astype(np.float16)),
        pair_maps=PairMaps(tuple(pairs), (blobs + rng.normal(0, 1, blobs.shape)).astype(np.float16)),
        attributed=20,
    )


def located(rng: np.random.Generator) -> Localisation:
    """How well maps of two methods and of the control might lie on the object."""
    methods = {
        method: MethodLocalisation(interval(rng.uniform(0.5, 1)), interval(rng.uniform(0.2, 0.5)), None, None)
        for method in ("occlusion", "SmoothGrad", "centre")
    }
    return Localisation(images=15, skipped=5, threshold=0.2, methods=methods)


def interval(value: float) -> dict[str, float]:
    """A figure with an interval about it."""
    return {"value": value, "low": value - 0.05, "high": value + 0.05}


def write_two_families(root: Path, study: TwoFamilies) -> None:
    """Write the evidence as the stages leave it."""
    with replacing_folder(root / "test_sets/fashion") as part:
        save_test_set(part, study.test_set)
    for name, evaluation in study.evaluations.items():
        with replacing_folder(root / "evaluations/fashion" / name) as part:
            save_evaluation(part, evaluation)
    for name, explanation in study.explanations.items():
        with replacing_folder(root / "explanations/fashion" / name) as part:
            save_explanation(part, explanation)
