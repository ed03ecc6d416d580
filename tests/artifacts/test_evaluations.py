"""Evidence of a variant's evaluation, metrics, findings and the tables that DVC plots."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from invented_evidence import C, N, assert_same, augmented, everything, logits, photo_outputs

from lookalike.artifacts.comparisons import (
    load_findings,
    load_metrics,
    load_robustness,
    save_findings,
    save_metrics,
)
from lookalike.artifacts.evaluations import (
    Evaluation,
    load_evaluation,
    load_evaluations,
    load_features,
    save_evaluation,
    save_features,
)
from lookalike.artifacts.evidence import read_evidence, write_evidence
from lookalike.errors import InputError

PARTS = (
    *("validation", "train_right", "views", "corrupted", "photos", "augmented"),
    *("cues", "readouts", "outside", "suspects"),
)


def plain() -> Evaluation:
    """An evaluation without optional parts."""
    return Evaluation((4,), 0, np.array([1.25]), logits(1, N, C))


def without_seeds() -> Evaluation:
    """The evaluation of a variant whose two seeds diverged."""
    return Evaluation((), 2, np.zeros(0), np.zeros((0, N, C), np.float16))


def unfocused() -> Evaluation:
    """The evaluation of a variant that is no focus variant: without ablations and corrupted garments."""
    return replace(everything(), photos=replace(photo_outputs(), ablations={}, garments={}))


@pytest.mark.parametrize("make", [everything, unfocused, plain, without_seeds])
def test_an_evaluation_comes_back_as_it_was(tmp_path: Path, make: Callable[[], Evaluation]) -> None:
    for _ in range(2):  # the second time over the first
        save_evaluation(tmp_path, make())
    assert_same(load_evaluation(tmp_path), make())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["arrays.npz", "evidence.json"]


@pytest.mark.parametrize("part", PARTS)
def test_every_part_can_be_missing_alone(tmp_path: Path, part: str) -> None:
    evaluation = replace(everything(), **{part: None})
    save_evaluation(tmp_path, evaluation)
    assert_same(load_evaluation(tmp_path), evaluation)


def test_evidence_from_before_cues_were_measured_is_read(tmp_path: Path) -> None:
    old = replace(everything(), cues=None, readouts=None, outside=None, suspects=None)
    save_evaluation(tmp_path, old)
    content, arrays = read_evidence(tmp_path, "evaluation")
    for name in ("cues", "readouts", "outside"):
        assert content.pop(name) is None
    write_evidence(tmp_path, "evaluation", content, arrays)
    assert_same(load_evaluation(tmp_path), old)


def test_bits_of_cues_are_kept_by_class(tmp_path: Path) -> None:
    save_evaluation(tmp_path, everything())
    _, arrays = read_evidence(tmp_path, "evaluation")
    kept, cues = arrays["cues/preferred"], everything().cues
    assert cues is not None
    assert (kept.shape, kept.dtype) == ((3, 4, C, 2), np.uint8), "nine images take two bytes"
    for image in range(N):
        bits = kept[..., image // 8] >> (7 - image % 8) & 1
        np.testing.assert_array_equal(bits.astype(bool), cues.preferred[:, :, image])


def test_examples_of_an_augmentation_may_have_colours(tmp_path: Path) -> None:
    evaluation = replace(plain(), augmented=augmented((3,)))
    save_evaluation(tmp_path, evaluation)
    assert_same(load_evaluation(tmp_path), evaluation)


def test_logits_too_large_for_half_precision_stay_in_single(tmp_path: Path) -> None:
    large = np.array([[[1e6, -70000, 0.1]]], np.float32)
    photos = replace(photo_outputs(), logits={"fitted": large, "plain": large / 100})
    save_evaluation(tmp_path, Evaluation((0,), 0, np.ones(1), large, photos=photos))
    back = load_evaluation(tmp_path)
    assert_same(back.test_logits, large)
    assert back.photos is not None
    assert_same(back.photos.logits, {"fitted": large, "plain": (large / 100).astype(np.float16)})


def test_single_precision_becomes_half_where_that_suffices(tmp_path: Path) -> None:
    drawn = np.random.default_rng(2).normal(0, 10, (1, N, C)).astype(np.float32)
    save_evaluation(tmp_path, replace(plain(), test_logits=drawn))
    assert_same(load_evaluation(tmp_path).test_logits, drawn.astype(np.float16))


def test_evaluations_are_loaded_by_name_in_the_order_asked_for(tmp_path: Path) -> None:
    for name, evaluation in {"a": everything(), "b": plain(), "c": without_seeds()}.items():
        (tmp_path / name).mkdir()
        save_evaluation(tmp_path / name, evaluation)
    assert_same(load_evaluations(tmp_path, ["c", "a"]), {"c": without_seeds(), "a": everything()})
    with pytest.raises(InputError, match=r"d/evidence\.json: no such file$"):
        load_evaluations(tmp_path, ["a", "d"])


def test_evidence_of_another_kind_is_refused(tmp_path: Path) -> None:
    write_evidence(tmp_path, "costs", {}, {})
    with pytest.raises(InputError, match="kind 'costs', expected 'evaluation'"):
        load_evaluation(tmp_path)


@pytest.mark.parametrize(("largest", "dtype"), [(10, np.float16), (1e6, np.float32)])
def test_features_lie_beside_the_evidence(tmp_path: Path, largest: float, dtype: type) -> None:
    save_evaluation(tmp_path, plain())
    features = np.random.default_rng(3).uniform(0, largest, (N, 6)).astype(np.float32)
    save_features(tmp_path, features)
    assert_same(load_features(tmp_path), features.astype(dtype))
    assert_same(load_evaluation(tmp_path), plain())


def test_features_of_no_seed_are_empty(tmp_path: Path) -> None:
    save_features(tmp_path, np.zeros((0, 0), np.float16))
    assert load_features(tmp_path).shape == (0, 0)


def test_metrics_come_back_by_variant(tmp_path: Path) -> None:
    summaries, details = {"a": {"accuracy": 0.1 + 0.2, "seeds": 1}}, {"a": {"seeds": [{"seed": 0}]}}
    save_metrics(tmp_path, summaries, details)
    assert load_metrics(tmp_path) == (summaries, details)
    with pytest.raises(ValueError, match="not JSON compliant"):
        save_metrics(tmp_path, {"a": {"nll": math.nan}}, details)


def test_findings_come_back_as_they_were(tmp_path: Path) -> None:
    look_alikes = {"variants": {"é": {"severity": None, "mistakes": 0.1 + 0.2}}, "pairs": [{"images": [1, 2]}]}
    photos = {"provenance": {"licence": "their owner's"}, "labelled": 0}
    robustness = {"images": 3, "pairs": []}
    for _ in range(2):  # the second time over the first
        save_findings(tmp_path / "new" / "fashion", look_alikes, photos, robustness)
    assert load_findings(tmp_path / "new" / "fashion") == (look_alikes, photos)
    assert load_robustness(tmp_path / "new" / "fashion") == robustness
    written = {path.name for path in (tmp_path / "new" / "fashion").iterdir()}
    files = {"look_alikes.json", "photos.json", "robustness.json"}
    assert written == files | {"pairs"}, "DVC expects the folder even if empty"


@pytest.mark.parametrize("broken", [0, 1, 2])
def test_findings_without_a_number_are_refused(tmp_path: Path, broken: int) -> None:
    findings = [{"a": 1.0}, {"b": 2.0}, {"d": 3.0}]
    findings[broken]["c"] = math.nan
    with pytest.raises(ValueError, match="not JSON compliant"):
        save_findings(tmp_path, *findings)
