"""A study's look-alikes: the figures of its parts, rankings cut for the file alone, images seen in training."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lookalike.artifacts.test_sets import TestSet, load_test_set, save_test_set
from lookalike.errors import InputError
from lookalike.evaluation import look_alikes
from lookalike.evaluation.cases import first_of_each_class, pick_cases
from lookalike.evaluation.groups import group_confusion, look_alike_figures
from lookalike.evaluation.look_alikes import CASES, RANKED, ComparedPair, study_look_alikes
from lookalike.evaluation.pairs import Side, as_json, compare_pair
from lookalike.evaluation.statistics import resample

GROUP_OF = np.array([0, 1, 0, 2, 1, 0, 3, 3, 0, 4])
COUNT = 120
LABELS = np.random.default_rng(1).integers(0, 10, COUNT)
PAIRS = [("cnn", "vit"), ("vit", "late")]
SEEN = [0, 7, 8, 63]  # test images that stand in the training set too
NEAR = [30, 71]  # those that stand there a little changed
Study = tuple[dict[str, Any], list[ComparedPair]]


def side(seed: int, seeds: int, lean: float) -> Side:
    """A model that leans to the labels, so that two of them often agree."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1, (seeds, COUNT, 10)).astype(np.float32)
    logits[:, np.arange(COUNT), LABELS] += lean
    return Side(logits, rng.uniform(0.5, 2.5, seeds))


SIDES = {"cnn": side(2, 3, 3), "vit": side(3, 1, 3), "late": side(4, 2, 1)}


@pytest.fixture(scope="module")
def data() -> TestSet:
    """120 test images of which a quarter are shown, and six were seen in training."""
    return TestSet(
        name="drawn",
        class_names=tuple("abcdefghij"),
        labels=LABELS,
        shown=first_of_each_class(LABELS, 3),
        images=np.zeros((30, 8, 8), np.uint8),
        repeated=np.array(SEEN),
        near=np.array(NEAR),
        digest="d" * 64,
        provenance={},
    )


@pytest.fixture(scope="module")
def study(data: TestSet) -> Study:
    return study_look_alikes(SIDES, data, GROUP_OF, PAIRS)


def test_findings_become_json(study: Study) -> None:
    found, _ = study
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert set(found) == {"variants", "confusions", "pairs", "duplicates"}


def test_figures_and_confusions_are_those_of_each_variant(study: Study) -> None:
    found, _ = study
    assert list(found["variants"]) == list(found["confusions"]) == list(SIDES)
    for name, one in SIDES.items():
        assert found["variants"][name] == asdict(look_alike_figures(one.logits, LABELS, GROUP_OF, resample(COUNT)))
        expected = group_confusion(one.logits[0].argmax(axis=1), LABELS, GROUP_OF)  # of the first seed
        assert found["confusions"][name] == expected.tolist()
    severities = {figures["severity"]["value"] for figures in found["variants"].values()}
    assert len(severities) == len(SIDES)


def test_pairs_are_compared_in_their_order_and_their_ranking_is_cut(study: Study) -> None:
    found, _ = study
    assert [(row["first"], row["second"]) for row in found["pairs"]] == PAIRS
    for row, (first, second) in zip(found["pairs"], PAIRS, strict=True):
        expected = as_json(compare_pair(SIDES[first], SIDES[second], LABELS, GROUP_OF, resample(COUNT)))
        ranking = expected.pop("ranking")
        assert {name: row[name] for name in expected} == expected
        assert row["ranking"] == {name: values[:RANKED] for name, values in ranking.items()}
    assert found["pairs"][0]["same_prediction"] > RANKED > found["pairs"][1]["same_prediction"]
    assert [len(row["ranking"]["indices"]) for row in found["pairs"]] == [RANKED, found["pairs"][1]["same_prediction"]]


def test_cases_are_those_of_the_first_seeds_among_the_images_shown(study: Study, data: TestSet) -> None:
    found, _ = study
    for row in found["pairs"]:
        first, second = (SIDES[row[place]].logits[0] for place in ("first", "second"))
        assert row["cases"] == [asdict(case) for case in pick_cases(first, second, LABELS, CASES, among=data.shown)]
        assert {case["index"] for case in row["cases"]} <= set(data.shown.tolist())
        assert {tuple(case) for case in row["cases"]} == {("rule", "index", "divergence")}
    assert found["pairs"][0]["cases"] != found["pairs"][1]["cases"]


def test_what_is_drawn_has_the_whole_ranking_of_the_first_seeds(study: Study) -> None:
    found, drawn = study
    assert [(pair.first, pair.second) for pair in drawn] == PAIRS
    for pair, row in zip(drawn, found["pairs"], strict=True):
        first, second = (SIDES[name].logits[0] for name in (pair.first, pair.second))
        assert pair.agreed
        alike = np.flatnonzero(first.argmax(axis=1) == second.argmax(axis=1))
        assert sorted(pair.ranking.indices.tolist()) == alike.tolist()
        assert len(pair.ranking.divergence) == len(pair.ranking.divergence_calibrated) == row["same_prediction"]
        assert (np.diff(pair.ranking.divergence) <= 0).all()


def test_fewer_cases_and_shorter_lists_on_demand(monkeypatch: pytest.MonkeyPatch, data: TestSet) -> None:
    monkeypatch.setattr(look_alikes, "CASES", 1)
    monkeypatch.setattr(look_alikes, "RANKED", 3)
    everything = replace(data, shown=np.arange(COUNT))
    found, (pair,) = study_look_alikes(SIDES, everything, GROUP_OF, PAIRS[:1])
    rules = [case["rule"] for case in found["pairs"][0]["cases"]]
    assert len(rules) == len(set(rules)) == 4
    assert found["pairs"][0]["ranking"]["indices"] == pair.ranking.indices[:3].tolist()


def test_two_models_that_never_agree_have_nothing_to_rank(data: TestSet) -> None:
    right, wrong = (np.eye(10, dtype=np.float32)[(LABELS + step) % 10][None] for step in (0, 1))
    sides = {name: Side(logits, np.ones(1)) for name, logits in (("right", right), ("wrong", wrong))}
    found, (pair,) = study_look_alikes(sides, data, GROUP_OF, [("right", "wrong")])
    assert not pair.agreed
    assert found["pairs"][0]["ranking"]["indices"] == []
    assert [case["rule"] for case in found["pairs"][0]["cases"]] == ["first right, second wrong"] * CASES


def test_images_seen_in_training_are_found_and_counted_out(study: Study) -> None:
    found = study[0]["duplicates"]
    assert (found["images"], found["near"]) == (SEEN, NEAR)
    for name, one in SIDES.items():
        right = [[guess == label for guess, label in zip(seed, LABELS, strict=True)] for seed in one.predicted]
        unseen = [[hit for i, hit in enumerate(seed) if i not in SEEN + NEAR] for seed in right]
        shares = {"with": np.mean(right), "without": np.mean(unseen)}
        assert found["accuracy"][name] == pytest.approx(shares, rel=1e-12)
        assert shares["with"] != shares["without"]


def test_without_images_seen_in_training_nothing_changes(data: TestSet) -> None:
    none = np.zeros(0, np.int64)
    found = study_look_alikes(SIDES, replace(data, repeated=none, near=none), GROUP_OF, [])[0]["duplicates"]
    assert found["images"] == found["near"] == []
    assert all(shares["with"] == shares["without"] for shares in found["accuracy"].values())


@pytest.mark.parametrize("copied", [0, 50, COUNT])
def test_when_all_images_were_seen_in_training_none_remain(data: TestSet, copied: int) -> None:
    seen = replace(data, repeated=np.arange(copied), near=np.arange(copied, COUNT))
    found = study_look_alikes(SIDES, seen, GROUP_OF, [])[0]
    assert (len(found["duplicates"]["images"]), len(found["duplicates"]["near"])) == (copied, COUNT - copied)
    for name, one in SIDES.items():
        accuracy = pytest.approx((one.predicted == LABELS).mean())
        assert found["duplicates"]["accuracy"][name] == {"with": accuracy, "without": None}
    json.dumps(found, allow_nan=False)


def test_a_reloaded_test_set_gives_the_same_figures(study: Study, data: TestSet, tmp_path: Path) -> None:
    save_test_set(tmp_path, data)
    assert study_look_alikes(SIDES, load_test_set(tmp_path), GROUP_OF, PAIRS)[0] == study[0]


def test_without_pairs_nothing_is_compared(study: Study, data: TestSet) -> None:
    found, drawn = study_look_alikes(SIDES, data, GROUP_OF, [])
    assert drawn == found["pairs"] == []
    assert found == study[0] | {"pairs": []}


def test_without_variants_there_is_nothing_to_study(data: TestSet) -> None:
    with pytest.raises(InputError, match="diverged"):
        study_look_alikes({}, data, GROUP_OF, [])
