"""Invented evidence of each kind that holds everything that its kind can hold, and a comparison to the type."""

from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.embeddings import Embedding, SeedAgreement
from lookalike.artifacts.evaluations import (
    AugmentedExamples,
    Corrupted,
    Cues,
    Evaluation,
    Half,
    Outside,
    PhotoOutputs,
    Readouts,
    Suspects,
    Validation,
    round_confidence,
)
from lookalike.artifacts.evidence import in_half
from lookalike.artifacts.explanations import (
    CloseUp,
    Explanation,
    FilterExamples,
    LayerOutputs,
    NetworkConvolutions,
    PairContrast,
    PairMaps,
    Representations,
)
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

S, N, C, M, P = 3, 9, 4, 13, 5  # seeds, test images, classes, validation images, photographs; N, M not multiples of 8
F = 19  # training images that are predicted again
TESTED = 30  # images of the test set, of which N are shown
CONDITIONS = (("", 0), ("fog", 1), ("fog", 5), ("shift left", 8))
ESTIMATE = {"value": 0.1 + 0.2, "low": 0.25, "high": 0.5}
EXPLAINED = (  # the figures of an explanation
    *("images", "faithfulness", "heads", "sanity", "similarity", "mass", "activity", "drift", "tuning"),
    *("convolutions", "contrast", "responses"),
)
EMBEDDED = (  # the figures of an embedding
    *("images", "explained", "neighbours", "trustworthiness", "neighbour_preservation"),
    *("sweep", "chosen", "chosen_by_class", "clusterings"),
)


def halves(*shape: int) -> NDArray[np.float16]:
    """Numbers as evidence keeps them, others for each shape."""
    return np.random.default_rng(shape).normal(0, 3, shape).astype(np.float16)


def pixels(*shape: int) -> NDArray[np.uint8]:
    """Images, others for each shape."""
    return np.random.default_rng(shape).integers(0, 256, shape, dtype=np.uint8)


def steps(*shape: int) -> NDArray[np.int8]:
    """Maps in steps of their largest absolute value, others for each shape."""
    return np.random.default_rng(shape).integers(-127, 128, shape, dtype=np.int8)


def integers(*values: int) -> NDArray[np.int64]:
    return np.array(values, np.int64)


def inside(shift: int, *, features: bool = True) -> NetworkConvolutions:
    """Of a network of three convolutions; `features` are kept of the trained one alone."""
    return NetworkConvolutions(
        filters={"features.0": halves(6, 1, 5, 5 + shift), "layers.1.conv": halves(7, 1, 3, 3 + shift)},
        features={"features.0": steps(6, 12, 12 + shift), "layers.1.conv": steps(7, 4, 4 + shift)} if features else {},
        journey={name: steps(k, 4, 4 + shift) for k, name in ((5, "features.0"), (4, "mid"), (3, "layers.1.conv"))},
    )


def close_up(colours: tuple[int, ...] = ()) -> CloseUp:
    """Of grey images, or of RGB ones with `colours` (3,)."""
    kinds = ("as it is", "gaussian noise")
    outputs = {"convolution 1": steps(2, 12, 12), "dense 1": steps(1, 10)}
    contrast = PairContrast(
        images=pixels(4, 12, 12, *colours),
        actual=integers(1, 2, 1, 2),
        labels=integers(1, 1, 2, 2),
        others=integers(2, 2, 1, 1),
        maps={name: halves(4, 6, k) for k, name in enumerate(("label", "other", "contrast"), start=4)},
    )
    return CloseUp(
        heads=halves(2, 4, 3, 3),
        inside={"untrained": inside(1, features=False), "trained": inside(0)},
        channels={"features.0": (6, 1), "mid": (8, 6), "layers.1.conv": (7, 8)},
        layers={kind: LayerOutputs(pixels(12, 12 + k, *colours), dict(outputs)) for k, kind in enumerate(kinds)},
        contrast=contrast,
        responses={
            name: FilterExamples(
                integers(*range(k, k + 2)), integers(3, 1, 4, 1, 5, 9).reshape(2, 3), pixels(2, 12, k, *colours)
            )
            for k, name in ((1, "features.0"), (3, "layers.1.conv"))
        },
    )


def seed_findings() -> tuple[SeedFindings, ...]:
    """Of three seeds: as much as there can be, maps of which some have no pairs and no control, and nothing."""
    similar = MapSimilarity(ESTIMATE, ESTIMATE, ESTIMATE, ESTIMATE, ESTIMATE)
    return (
        SeedFindings(
            seed=0,
            deviations={"untrained": {"conv1": 1.0, "conv2": 0.1 + 0.2}, "trained": {"conv1": 1.5, "conv2": 2.5}},
            filters=FirstFilters(6, BeforeAndAfter(0.9, 0.1 + 0.2), BeforeAndAfter(0.1, 0.3)),
            similarity={"last attention": similar, "embedded patches": replace(similar, group_contrast=None)},
            localisation=Localisation(
                images=8,
                skipped=1,
                threshold=0.2,
                methods={
                    "CAM": MethodLocalisation(ESTIMATE, ESTIMATE, ESTIMATE, ESTIMATE, 5),
                    "centre": MethodLocalisation(ESTIMATE, ESTIMATE, None, None),
                },
            ),
            depth=(LayerReadout("conv1", ESTIMATE, 0.1, 0.2, 0.3), LayerReadout("conv2", ESTIMATE, 0.4, 0.5, None)),
            attribution={"occlusion": ESTIMATE, "centre": ESTIMATE},
            attention_distance=((3.5, 0.1 + 0.2), (10.0, 12.5)),
        ),
        *(SeedFindings(seed, None, None, None, None, None) for seed in (7, 8)),
    )


def explanation(colours: tuple[int, ...] = ()) -> Explanation:
    """Of a focus variant."""
    return Explanation(
        found=dict.fromkeys(EXPLAINED) | {"images": N, "faithfulness": {"methods": {"CAM": {"gain": 0.1 + 0.2}}}},
        shown="HiResCAM",
        recipe="fitted",
        indices=integers(*range(N, 0, -1)),
        maps={"Grad-CAM": halves(N, 7, 7), "HiResCAM": halves(N, 6, 7), "first attention": halves(N, 3, 3)},
        photo_maps=steps(P, 6, 7),
        close_up=close_up(colours),
        seeds=seed_findings(),
        representations=Representations(integers(4, 2, 5), ("conv1", "features"), halves(2, 2, 3)),
        pair_maps=PairMaps(((0, 2), (1, 3)), halves(2, 2, 5, 6)),
    )


def embedding() -> Embedding:
    rng = np.random.default_rng(5)
    return Embedding(
        found=dict.fromkeys(EMBEDDED) | {"images": N, "trustworthiness": 0.1 + 0.2, "chosen": {"components": 3}},
        indices=integers(*range(N)),
        components=halves(N, 6),
        tsne=rng.normal(0, 30, (N, 2)).astype(np.float32),
        clusters={name: rng.integers(0, 300, N) for name in ("mixture", "k_means", "mixture_on_tsne")},
        agreements=(SeedAgreement(0, ESTIMATE, ESTIMATE), SeedAgreement(7, None, None)),
    )


def photo_set() -> PhotoSet:
    """Photographs by two whole recipes; two of them fit none of the classes."""
    return PhotoSet(
        preparations=(Preparation("fitted", ""), Preparation("plain", "")),
        images=pixels(2, P, 28, 28),
        labels=integers(-1, 0, 3, -1, 2),
        class_names=("T-shirt/top", "ä", "c", "d"),
        about=[{"name": f"photo {k}", "half": "choose", "view": ""} for k in range(P)],
        provenance={"citation": "drawn for a test", "licence": None},
    )


def a_test_set(colours: tuple[int, ...] = ()) -> TestSet:
    """Of grey images, or of RGB ones with `colours` (3,)."""
    return TestSet(
        name="drawn",
        class_names=("T-shirt/top", "ä", "c", "d"),
        labels=np.random.default_rng(6).integers(0, C, TESTED),
        shown=integers(*range(0, 2 * N, 2)),
        images=pixels(N, 28, 28, *colours),
        repeated=integers(1, 29),
        near=integers(2),
        digest="0" * 64,
        provenance={"source": "drawn", "files": {"a": "md5"}, "licence": None},
        photos=photo_set(),
        refused=(("no.jpg", "no garment"), ("b.txt", "cannot be decoded")),
    )


def written(folder: Path) -> dict[str, bytes]:
    """The files of evidence by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def logits(*shape: int, largest: float = 10) -> Half:
    """Logits as evidence keeps them: of half precision unless `largest` is too large."""
    return in_half(np.random.default_rng(shape).uniform(-largest, largest, shape))


def photo_outputs() -> PhotoOutputs:
    rng = np.random.default_rng(1)
    recipes = ("fitted", "plain")
    return PhotoOutputs(
        logits={recipe: logits(S, P, C, largest=10 + k) for k, recipe in enumerate(recipes)},
        ablations={Preparation("fitted", step): rng.integers(0, C, P) for step in ("crop", "blur")},
        distances={recipe: rng.random(P) for recipe in recipes},
        test_distances=rng.random(N),
        garments={way: rng.integers(0, C, (2, N)) for way in ("background lifted", "blurred")},
    )


def augmented(colours: tuple[int, ...] = ()) -> AugmentedExamples:
    """Three grey training images, or RGB ones with `colours` (3,), and two draws of each."""
    pixels = np.random.default_rng(7).integers(0, 256, (3, 3, 8, 8, *colours), dtype=np.uint8)
    return AugmentedExamples(images=pixels[0], labels=np.array([2, 0, 1]), draws=pixels[1:])


def everything() -> Evaluation:
    """An evaluation with all optional parts."""
    rng = np.random.default_rng(0)
    return Evaluation(
        seeds=(0, 7, 8),
        diverged=1,
        temperatures=rng.random(S),
        test_logits=logits(S, N, C),
        validation=Validation(rng.random((S, M)) < 0.5, round_confidence(rng.random((2, M)))),
        train_right=rng.random((S, F)) < 0.5,
        views={"one": ESTIMATE, "ten": ESTIMATE, "difference": ESTIMATE},
        corrupted=Corrupted(CONDITIONS, rng.random((S, len(CONDITIONS), N)) < 0.5, rng.random((len(CONDITIONS), 3))),
        photos=photo_outputs(),
        augmented=augmented(),
        cues=cues(),
        readouts=Readouts(((0, 2), (1, 3)), rng.random((S, 2, N)) < 0.5, rng.random((S, 2, N)) < 0.5, rng.random(S)),
        outside=Outside("elsewhere", logits(S, 6, C), rng.random(6), rng.random(7)),
        suspects=Suspects(integers(4, 0), pixels(2, 5, 6)),
    )


def cues() -> Cues:
    """By the conditions of corrupted images; of one of them an image could not be made."""
    rng, usable = np.random.default_rng(4), np.ones((len(CONDITIONS), N), bool)
    usable[1, 3] = False
    return Cues(CONDITIONS, usable, rng.random((S, len(CONDITIONS), N, C)) < 0.5)


def assert_same(found: Any, expected: Any) -> None:
    """The same values, types and, of arrays, shapes, through dataclasses, tuples and dictionaries in their order."""
    assert type(found) is type(expected)
    if isinstance(expected, np.ndarray):
        assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
        np.testing.assert_array_equal(found, expected)
    elif is_dataclass(expected):
        for field in fields(expected):
            assert_same(getattr(found, field.name), getattr(expected, field.name))
    elif isinstance(expected, dict):
        assert [*found] == [*expected]
        for name, value in expected.items():
            assert_same(found[name], value)
    elif isinstance(expected, tuple | list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    else:
        assert found == expected
