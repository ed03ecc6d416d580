"""Means over pairs of images are those of plain loops; maps with known answers."""

import json
from dataclasses import asdict
from itertools import product

import numpy as np
import pytest
import scipy.stats

from lookalike.evaluation.metrics import Floats, Ints
from lookalike.evaluation.statistics import resample
from lookalike.explain.class_similarity import (
    ClassSimilarity,
    Pairing,
    class_similarity,
    mistakes,
    over_control,
    permutation_p,
    resampled_class_similarity,
)
from lookalike.explain.similarity import spearman, without_mean

GROUP_OF = np.array([0, 0, 1, 1, 2])
LABELS = np.arange(40) % 5
PAIRING = Pairing(GROUP_OF, LABELS)
WEIGHTS = resample(40, draws=60)


def drawn_maps(labels: Ints, own: float, group: float, seed: int = 0) -> Floats:
    """Maps (N, 5, 5) of noise, with a pattern of the class and one of its group of the given strengths."""
    rng = np.random.default_rng(seed)
    patterns = own * rng.normal(size=(5, 5, 5)) + group * rng.normal(size=(3, 5, 5))[GROUP_OF]
    return patterns[labels] + rng.normal(size=(len(labels), 5, 5))


def class_similarity_of(maps: Floats, pairing: Pairing = PAIRING) -> ClassSimilarity:
    rows = without_mean(maps)
    return class_similarity(spearman(rows, rows), pairing, resample(len(maps), draws=200))


# kinds of pairs


def kind(label: int, other: int) -> str:
    if label == other:
        return "within_class"
    return "look_alikes" if GROUP_OF[label] == GROUP_OF[other] else "between_groups"


def means_by_loop(similarity: Floats, rows: Ints, pairing: Pairing) -> dict[str, float]:
    """Contrasts and means of the images `rows`, which may repeat, one pair after the other."""
    seen: dict[str, list[float]] = {}
    columns = rows if pairing.others is None else range(len(pairing.others))
    for i, j in product(rows, columns):
        if pairing.others is not None or i != j:
            seen.setdefault(kind(pairing.labels[i], pairing.columns[j]), []).append(similarity[i, j])
    means = {name: float(np.mean(values)) for name, values in seen.items()}
    means["class_contrast"] = means["within_class"] - means["between_groups"]
    means["group_contrast"] = means["look_alikes"] - means["between_groups"]
    return means


@pytest.mark.parametrize("others", [None, np.arange(13) % 5])
def test_figures_are_those_of_a_loop_over_pairs_and_resamples(others: Ints | None) -> None:
    pairing = Pairing(GROUP_OF, LABELS, others)
    rows = without_mean(drawn_maps(LABELS, 1, 0.5))
    similarity = spearman(rows, rows if others is None else rows[:13])
    figures = resampled_class_similarity(similarity, pairing, WEIGHTS[:5])
    drawn = [np.repeat(np.arange(40), row.astype(int)) for row in WEIGHTS[:5]]
    expected = [means_by_loop(similarity, images, pairing) for images in (np.arange(40), *drawn)]
    for name, figure in figures.items():
        np.testing.assert_allclose(figure, [means[name] for means in expected], rtol=1e-12, err_msg=name)


def test_estimates_are_the_quantiles_of_the_figures() -> None:
    rows = without_mean(drawn_maps(LABELS, 1, 0.5))
    similarity = spearman(rows, rows)
    figures = resampled_class_similarity(similarity, PAIRING, WEIGHTS)
    found = asdict(class_similarity(similarity, PAIRING, WEIGHTS))
    for name, figure in figures.items():
        low, high = np.quantile(figure[1:], [0.025, 0.975])
        assert found[name] == {"value": figure[0], "low": low, "high": high}


def test_patterns_of_class_and_group_are_found() -> None:
    found = class_similarity_of(drawn_maps(LABELS, 1, 1))
    assert found.within_class is not None
    assert found.look_alikes is not None
    assert found.between_groups is not None
    assert found.within_class.low > found.look_alikes.high
    assert found.look_alikes.low > found.between_groups.high
    assert found.class_p == found.group_p == 0.001


def test_maps_of_noise_show_neither_class_nor_group() -> None:
    found = class_similarity_of(drawn_maps(LABELS, 0, 0))
    for contrast, p in ((found.class_contrast, found.class_p), (found.group_contrast, found.group_p)):
        assert contrast is not None
        assert p is not None
        assert contrast.low < 0 < contrast.high
        assert p > 0.05


def test_intervals_hold_the_contrast_of_many_images() -> None:
    """The same patterns, 40 images at a time, against 1000 images."""
    many = drawn_maps(np.arange(1000) % 5, 0.5, 0.5)
    rows = without_mean(many)
    truth = resampled_class_similarity(
        spearman(rows, rows), Pairing(GROUP_OF, np.arange(1000) % 5), resample(1000, draws=1)
    )
    held = 0
    for start in range(0, 1000, 40):
        contrast = class_similarity_of(many[start : start + 40]).class_contrast
        assert contrast is not None
        held += contrast.low <= truth["class_contrast"][0] <= contrast.high
    assert 20 <= held <= 25


def test_groups_of_one_class_have_no_look_alikes() -> None:
    found = class_similarity_of(drawn_maps(LABELS, 1, 1), Pairing(np.arange(5), LABELS))
    assert found.look_alikes is found.group_contrast is found.group_p is found.grouping_p is None
    assert found.class_p == 0.001


def test_class_similarity_becomes_json_and_repeats() -> None:
    found = [asdict(class_similarity_of(drawn_maps(LABELS, 1, 1))) for _ in range(2)]
    assert json.loads(json.dumps(found[0], allow_nan=False)) == found[1]


# p-values


def test_p_values_are_those_of_a_loop_over_the_same_deals() -> None:
    rows = without_mean(drawn_maps(LABELS, 0.2, 0.2))
    similarity = spearman(rows, rows)
    rng = np.random.default_rng(4)
    labelled = [Pairing(GROUP_OF, rng.permutation(LABELS)) for _ in range(999)]
    grouped = [Pairing(rng.permutation(GROUP_OF), LABELS) for _ in range(999)]
    found, *deals = (
        resampled_class_similarity(similarity, each, WEIGHTS[:0]) for each in (PAIRING, *labelled, *grouped)
    )

    def p(name: str, dealt: list[dict[str, Floats]]) -> float:
        return (1 + sum(each[name][0] >= found[name][0] - 1e-9 for each in dealt)) / 1000

    expected = {"class_p": p("class_contrast", deals[:999]), "group_p": p("group_contrast", deals[:999])}
    expected["grouping_p"] = p("group_contrast", deals[999:])
    assert permutation_p(similarity, PAIRING, seed=4) == pytest.approx(expected)
    assert min(expected.values()) > 0.001


def test_p_values_are_uniform_where_labels_mean_nothing() -> None:
    found = []
    for seed in range(60):
        rows = without_mean(drawn_maps(LABELS[:20], 0, 0, seed))
        found.append(permutation_p(spearman(rows, rows), Pairing(GROUP_OF, LABELS[:20]), seed))
    for name in ("class_p", "group_p"):
        assert scipy.stats.kstest([p[name] for p in found], "uniform").pvalue > 0.01


def test_only_dealing_out_classes_tells_groups_from_classes_that_happen_to_be_alike() -> None:
    """Classes with patterns of their own and groups that mean nothing: images dealt out anew find groups too often."""
    found = []
    for seed in range(40):
        rows = without_mean(drawn_maps(LABELS, 1, 0, seed))
        found.append(permutation_p(spearman(rows, rows), PAIRING, seed))
    assert np.mean([p["group_p"] <= 0.05 for p in found]) > 0.2
    assert np.mean([p["grouping_p"] <= 0.05 for p in found]) <= 0.125


def test_deals_without_look_alikes_are_left_out() -> None:
    """Three of the five classes have images: of the three ways in which two of them share a group, one is the best."""
    labels = np.repeat([0, 1, 4], 10)
    rows = without_mean(drawn_maps(labels, 1, 3))
    found = permutation_p(spearman(rows, rows), Pairing(GROUP_OF, labels))
    assert found["grouping_p"] == pytest.approx(1 / 3, abs=0.06)  # three standard errors


# a control


def test_the_excess_over_a_control_is_paired() -> None:
    clear, faint = (without_mean(drawn_maps(LABELS, own, 0.3)) for own in (1, 0.3))
    ours, theirs = (resampled_class_similarity(spearman(rows, rows), PAIRING, WEIGHTS) for rows in (clear, faint))
    found = over_control(ours, theirs)
    assert found.class_contrast is not None
    assert found.class_contrast.value == pytest.approx(ours["class_contrast"][0] - theirs["class_contrast"][0])
    low, high = np.quantile((ours["class_contrast"] - theirs["class_contrast"])[1:], [0.025, 0.975])
    assert (found.class_contrast.low, found.class_contrast.high) == pytest.approx((low, high))
    assert low > 0
    assert asdict(over_control(ours, ours))["class_contrast"] == {"value": 0, "low": 0, "high": 0}


# mistakes


def mistakes_by_loop(similarity: Floats, predicted: Ints, images: Ints) -> tuple[float, float, float, float]:
    """Wrong with true, wrong with predicted, right, and right minus wrong, one pair after the other."""
    true, taken, right = [], [], {c: [] for c in range(5)}
    for i, j in product(images, images):
        if i != j and predicted[j] == LABELS[j]:
            if predicted[i] == LABELS[i] == LABELS[j]:
                right[LABELS[i]].append(similarity[i, j])
            elif LABELS[i] == LABELS[j]:
                true.append((LABELS[i], similarity[i, j]))
            if predicted[i] == LABELS[j] != LABELS[i]:
                taken.append(similarity[i, j])
    matched = [(np.mean(right[c]), value) for c, value in true if right[c]]
    levels, values = np.transpose(matched or [(np.nan, np.nan)])
    return np.mean([v for _, v in true]), np.mean(taken), levels.mean(), (levels - values).mean()


@pytest.mark.parametrize("wrong", [[0, 1, 2, 5, 11], [4, 9, 14, 19, 24, 29, 34, 0, 1, 6]])
def test_mistakes_are_those_of_a_loop_over_pairs_and_resamples(wrong: list[int]) -> None:
    """In the second case only one image of class 4 is right: none to compare it with."""
    predicted = LABELS.copy()
    predicted[wrong] = (LABELS[wrong] + 1) % 5
    rows = without_mean(drawn_maps(LABELS, 1, 1))
    similarity = spearman(rows, rows)
    found = asdict(mistakes(similarity, predicted, LABELS, WEIGHTS[:20]))
    drawn = [np.repeat(np.arange(40), row.astype(int)) for row in WEIGHTS[:20]]
    value = mistakes_by_loop(similarity, predicted, np.arange(40))
    low, high = np.nanquantile([mistakes_by_loop(similarity, predicted, images) for images in drawn], [0.025, 0.975], 0)
    assert found.pop("wrong") == len(wrong)
    for k, estimate in enumerate(found.values()):
        assert estimate == pytest.approx({"value": value[k], "low": low[k], "high": high[k]})


def test_a_map_of_the_wrong_class_is_less_like_its_own() -> None:
    predicted = np.where(np.arange(40) < 10, (LABELS + 1) % 5, LABELS)
    rows = without_mean(drawn_maps(predicted, 1, 0))  # the map shows what the image is taken for
    found = mistakes(spearman(rows, rows), predicted, LABELS, WEIGHTS)
    assert found.right_minus_wrong is not None
    assert found.wrong_with_predicted is not None
    assert found.wrong_with_true is not None
    assert found.right_minus_wrong.low > 0
    assert found.wrong_with_predicted.low > found.wrong_with_true.high


def test_mistakes_in_a_class_of_unlike_maps_do_not_look_like_a_difference() -> None:
    """Class 0 has no pattern, and all mistakes; over all pairs the rightly predicted are far more alike."""
    labels = np.arange(200) % 5
    maps = drawn_maps(labels, 1.5, 0)
    maps[labels == 0] = np.random.default_rng(1).normal(size=(40, 5, 5))
    predicted = np.where((labels == 0) & (np.arange(200) < 100), 1, labels)
    rows = without_mean(maps)
    similarity = spearman(rows, rows)
    found = mistakes(similarity, predicted, labels, resample(200, draws=200))
    whole = resampled_class_similarity(similarity, Pairing(GROUP_OF, labels), resample(200, draws=1))["within_class"][0]
    assert found.right is not None
    assert found.right_minus_wrong is not None
    assert whole > found.right.value + 0.2
    assert found.right_minus_wrong.low < 0 < found.right_minus_wrong.high


def test_a_model_that_is_always_right_has_no_mistakes() -> None:
    rows = without_mean(drawn_maps(LABELS, 1, 1))
    found = asdict(mistakes(spearman(rows, rows), LABELS, LABELS, WEIGHTS))
    assert found.pop("wrong") == 0
    assert set(found.values()) == {None}


# photographs


def test_photographs_resemble_the_test_images_of_their_class() -> None:
    classes = np.repeat([0, 2, 4], 6)
    maps = drawn_maps(np.r_[LABELS, classes], 1, 1)
    tests, photographs = without_mean(maps[:40]), without_mean(maps[40:], maps[:40])
    pairing = Pairing(GROUP_OF, classes, LABELS)
    found = class_similarity(spearman(photographs, tests), pairing, resample(18, draws=200))
    assert found.within_class is not None
    assert found.between_groups is not None
    assert found.group_contrast is not None
    assert found.within_class.low > found.between_groups.high
    assert found.group_contrast.low > 0
    assert found.class_p == 0.001
    assert found.grouping_p is not None
    assert found.grouping_p < 0.2  # there are only 15 ways to deal two pairs and a single
