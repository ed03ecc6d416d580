"""Robustness: means, intervals and differences by hand from drawn evidence, without any model."""

import json
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lookalike.artifacts.evaluations import Corrupted
from lookalike.data.corruptions import CORRUPTIONS, SEVERITIES, SHIFT_PIXELS, SHIFTS
from lookalike.evaluation.robustness import study_robustness
from lookalike.evaluation.statistics import resample

IMAGES = 20
NAMES = ("one", "two")
CONDITIONS = (("", 0), *((kind, severity) for kind in CORRUPTIONS for severity in SEVERITIES))


def drawn(seed: int, seeds: int, share: float) -> Corrupted:
    """So many seeds, right on this share of the images."""
    rng = np.random.default_rng(seed)
    errors = np.sort(rng.random((len(CONDITIONS), 3)), axis=1)[:, [1, 0, 2]]  # value, low and high
    return Corrupted(CONDITIONS, rng.random((seeds, len(CONDITIONS), IMAGES)) < share, errors)


CORRUPTED = dict(zip(NAMES, (drawn(0, 2, 0.8), drawn(1, 1, 0.6)), strict=True))


def estimate(values: NDArray[np.floating]) -> Any:
    """Mean of a number per image, and the quantiles of its resamples, one by one."""
    means = [np.repeat(values, counts.astype(int)).mean() for counts in resample(IMAGES)]
    low, high = np.quantile(means, [0.025, 0.975])
    return pytest.approx({"value": values.mean(), "low": low, "high": high}, abs=1e-6)


def right(name: str, *conditions: tuple[str, int]) -> NDArray[np.floating]:
    """Share of right answers to each image, mean over seeds and conditions."""
    rows = [CONDITIONS.index(condition) for condition in conditions]
    return np.array([CORRUPTED[name].right[:, rows, k].mean() for k in range(IMAGES)])


def test_figures_are_means_over_seeds_with_intervals_over_images() -> None:
    found = study_robustness(CORRUPTED, [NAMES])
    assert json.loads(json.dumps(found, allow_nan=False))
    assert found["images"] == IMAGES
    assert found["strengths"].keys() == CORRUPTIONS.keys()
    assert list(found["variants"]) == list(NAMES)
    for name in NAMES:
        variant = found["variants"][name]
        for kind, severity in [("", 0), ("rotate", 2), ("gaussian noise", 5)]:
            reported = variant["kinds"][kind][severity - 1] if kind else variant["clean"]
            assert reported["accuracy"] == estimate(right(name, (kind, severity)))
            errors = CORRUPTED[name].ece[CONDITIONS.index((kind, severity))].tolist()
            assert reported["ece"] == dict(zip(("value", "low", "high"), errors, strict=True))
        assert variant["overall"] == estimate(right(name, *CONDITIONS[1:]))
        assert list(variant["kinds"]) == list(CORRUPTIONS)
        accuracies = [one["accuracy"]["value"] for kind in variant["kinds"].values() for one in kind]
        assert len(accuracies) == len(CORRUPTIONS) * len(SEVERITIES)
        assert variant["overall"]["value"] == pytest.approx(np.mean(accuracies))


def test_differences_are_paired_by_image() -> None:
    (pair,) = study_robustness(CORRUPTED, [NAMES])["pairs"]
    assert (pair["first"], pair["second"]) == NAMES
    assert pair["overall"] == estimate(right("one", *CONDITIONS[1:]) - right("two", *CONDITIONS[1:]))
    assert pair["overall"]["value"] > 0.1
    assert list(pair["kinds"]) == list(CORRUPTIONS)
    for kind in ("zigzag", "rotate"):
        severities = [(kind, severity) for severity in SEVERITIES]
        assert pair["kinds"][kind] == estimate(right("one", *severities) - right("two", *severities))


def test_conditions_are_found_by_name_and_not_by_place() -> None:
    backwards = {
        name: replace(one, conditions=one.conditions[::-1], right=one.right[:, ::-1], ece=one.ece[::-1])
        for name, one in CORRUPTED.items()
    }
    assert study_robustness(backwards, [NAMES]) == study_robustness(CORRUPTED, [NAMES])


def test_shifts_are_part_of_no_figure() -> None:
    shifts, more = tuple((kind, pixels) for kind in SHIFTS for pixels in SHIFT_PIXELS), dict[str, Corrupted]()
    for name, one in CORRUPTED.items():
        seeds = len(one.right)
        right = np.concatenate([one.right, np.zeros((seeds, len(shifts), IMAGES), bool)], axis=1)
        more[name] = Corrupted(CONDITIONS + shifts, right, np.concatenate([one.ece, np.ones((len(shifts), 3))]))
    assert study_robustness(more, [NAMES]) == study_robustness(CORRUPTED, [NAMES])


def test_a_variant_has_nothing_over_itself() -> None:
    (pair,) = study_robustness(CORRUPTED, [("one", "one")])["pairs"]
    assert pair["overall"] == {"value": 0.0, "low": 0.0, "high": 0.0}
    assert all(difference == pair["overall"] for difference in pair["kinds"].values())


def test_two_runs_give_the_same_and_variants_do_not_depend_on_each_other() -> None:
    first, second = (study_robustness(CORRUPTED, [NAMES]) for _ in range(2))
    assert first == second
    alone = study_robustness({"two": CORRUPTED["two"]}, [])
    assert alone["pairs"] == []
    assert alone["variants"] == {"two": first["variants"]["two"]}


def test_without_variants_nothing_is_known() -> None:
    assert study_robustness({}, []) == {}


def test_the_strengths_are_those_of_the_corruptions() -> None:
    strengths = study_robustness(CORRUPTED, [])["strengths"]
    assert strengths == {kind: asdict(corruption)["strengths"] for kind, corruption in CORRUPTIONS.items()}
    assert all(len(each) == len(SEVERITIES) for each in strengths.values())
