"""Augmentations: which variants share one, and its settings."""

from dataclasses import replace
from typing import Any

from blocks import figures, marked, rows, shown
from small_study import CNN, DIVERGED, FIGURES

from lookalike.artifacts.folders import write_bytes
from lookalike.params import AugmentationParams
from lookalike.reporting.chapters.augmentations import SharedAugmentation, augmentations_fold
from lookalike.reporting.chapters.study_results import StudyResults

SETTINGS = {"placing": {"turn": 10, "mirror": True}, "crop": 4}


def trained_with(results: StudyResults, *names: str) -> StudyResults:
    """The study with an augmentation of these variants, and its examples drawn for the first."""
    settings = AugmentationParams(**SETTINGS)
    variants = dict(results.params.variants)
    for name in names:
        train = variants[name].train.model_copy(update={"augmentation": settings})
        variants[name] = variants[name].model_copy(update={"train": train})
    return replace(results, params=results.params.model_copy(update={"variants": variants}))


def test_a_finding_counts_variants_and_changes() -> None:
    assert SharedAugmentation(("a",), SETTINGS).finding == (
        "a is trained on images that are changed at random in 2 ways: placing and crop."
    )
    assert SharedAugmentation(("a", "b"), {"crop": 4}).finding == (
        "2 variants are trained on images that are changed at random in 1 way: crop."
    )


def test_variants_with_the_same_augmentation_share_a_figure(results: StudyResults) -> None:
    assert augmentations_fold(results) is None
    changed = trained_with(results, DIVERGED, CNN)
    assert augmentations_fold(changed) is None  # it was not drawn
    write_bytes(results.root / f"{FIGURES}/{DIVERGED}/augmentation.webp", marked("six draws"))
    part: Any = augmentations_fold(changed)
    assert shown(part) == {f"{DIVERGED}-augmentation": "six draws"}
    picture = figures(part)[f"{DIVERGED}-augmentation"]
    assert (picture.variants, picture.stage) == ((DIVERGED, CNN), "compare@fashion")
    assert picture.words.method == f"Trained with it: {DIVERGED}, {CNN}."
    assert rows(picture.numbers[0]) == [
        ["placing", "turn", "10.0"],
        ["placing", "mirror", "True"],
        ["crop", "crop", "4"],
    ]
