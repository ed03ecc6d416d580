"""The evidence of a small study of two families: four variants, three seeds, 400 images of four classes."""

from dataclasses import replace

import numpy as np

from lookalike.artifacts.evaluations import Cues, Evaluation, Outside, Readouts
from lookalike.artifacts.explanations import Explanation, Representations
from lookalike.evaluation.cases import first_of_each_class
from lookalike.families.measured import MeasuredStudy

NAMES = ("cnn", "cnn-tenth", "vit", "vit-tenth")
MODELS = {"cnn": "fashion_cnn", "cnn-tenth": "fashion_cnn", "vit": "fashion_vit", "vit-tenth": "fashion_vit"}
TRAIN_IMAGES = {"cnn": 1000, "cnn-tenth": 100, "vit": 1000, "vit-tenth": 100}
CLASSES, GROUP_OF = ("Pullover", "Coat", "Sandal", "Sneaker", "Bag"), np.array([0, 0, 1, 1, 2])
IMAGES, SHOWN, LAYERS = 400, 24, ("stem", "features")
LABELS = np.random.default_rng(0).integers(0, 4, IMAGES)  # none is a bag
HARD = {family: np.random.default_rng(k).normal(size=(IMAGES, 5)) for k, family in enumerate(("cnn", "vit"))}
CONDITIONS = (("", 0), ("silhouette", 1), ("edges", 2))
PAIRS = ((0, 1), (2, 3))


def logits_of(name: str, seeds: int = 3) -> "np.ndarray[tuple[int, ...], np.dtype[np.float16]]":
    """Logits (S, N, C) that favour the label, less so of few training images."""
    rng = np.random.default_rng(NAMES.index(name) + 10)
    strength = 2.5 if TRAIN_IMAGES[name] == 1000 else 1.5
    noise = HARD[name[:3]] + 0.5 * rng.normal(size=(seeds, IMAGES, 5))
    return (noise + strength * np.eye(5)[LABELS]).astype(np.float16)


def evaluation(name: str, seeds: int = 3) -> Evaluation:
    """All evidence of one variant."""
    rng, logits = np.random.default_rng(NAMES.index(name) + 20), logits_of(name, seeds)
    few = first_of_each_class(LABELS, 20)
    own = np.take_along_axis(logits, LABELS[None, :, None], axis=2)
    preferred = np.repeat((own > logits)[:, None, few], len(CONDITIONS), axis=1)
    preferred[:, 1] &= rng.random((seeds, len(few), 5)) < 0.9  # less is kept
    of_pair = np.stack([np.isin(LABELS, pair) for pair in PAIRS])
    return Evaluation(
        seeds=tuple(range(seeds)),
        diverged=0,
        temperatures=np.full(seeds, 1.5),
        test_logits=logits,
        cues=Cues(CONDITIONS, np.ones((len(CONDITIONS), len(few)), bool), preferred),
        readouts=Readouts(
            PAIRS,
            (rng.random((seeds, 2, IMAGES)) < 0.9) & of_pair,
            (rng.random((seeds, 2, IMAGES)) < 0.8) & of_pair,
            rng.random(seeds),
        ),
        outside=Outside("digits", rng.normal(size=(seeds, 150, 5)).astype(np.float16), rng.random(150), rng.random(90)),
    )


def explanation(name: str) -> Explanation:
    """The representations of one variant: products of features that follow the image and the seed."""
    rng, first = np.random.default_rng(NAMES.index(name)), np.random.default_rng(99).normal(size=(SHOWN, 6))
    features = [[first + width * rng.normal(size=(SHOWN, 6)) for width in (0.3, 0.6)] for _ in range(3)]
    products = [[(one @ one.T)[np.triu_indices(SHOWN, 1)] for one in seed] for seed in features]
    return Explanation(
        found={},
        shown="",
        recipe="",
        indices=np.arange(SHOWN),
        maps={},
        photo_maps=None,
        close_up=None,
        representations=Representations(np.arange(SHOWN), LAYERS, np.array(products, np.float16)),
    )


def study(seeds: int = 3) -> MeasuredStudy:
    """All of it."""
    return MeasuredStudy(
        evaluations={name: evaluation(name, seeds) for name in NAMES},
        explanations={name: explanation(name) for name in NAMES},
        models=MODELS,
        train_images=TRAIN_IMAGES,
        labels=LABELS,
        class_names=CLASSES,
        group_of=GROUP_OF,
        focus=("cnn", "vit"),
        curves={"equal epochs": (("cnn", "cnn-tenth"), ("vit", "vit-tenth"))},
    )


def without_evidence(full: MeasuredStudy) -> MeasuredStudy:
    """The same with logits alone."""
    bare = {
        name: replace(one, cues=None, readouts=None, outside=None, suspects=None)
        for name, one in full.evaluations.items()
    }
    return replace(full, evaluations=bare, explanations={}, curves={})
