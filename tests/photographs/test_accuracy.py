"""Figures on photographs against plain loops over seeds and images, and for photographs that show no class."""

import json
from dataclasses import asdict

import numpy as np
import pytest
import scipy.stats
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.metrics import confusion_matrix
from statsmodels.stats.proportion import proportion_confint

from lookalike.evaluation.statistics import FEW, Estimate, resample, resample_clusters
from lookalike.photographs.accuracy import (
    PhotographFigures,
    SubsetAccuracy,
    best_recipe,
    best_scored,
    photograph_figures,
)

CLASSES = ("Coat", "Dress", "Bag", "Shirt")
GROUP_OF = np.array([0, 1, 2, 0])
COUNT = 240
WEIGHTS = resample(COUNT, draws=40)
RNG = np.random.default_rng(12)
LABELS = RNG.choice([-1, 0, 1, 3], COUNT)  # no bags, as among the published photographs
ATTRIBUTES = {
    "half": list(RNG.choice(["choose", "score"], COUNT)),
    "doubtful": list(RNG.choice(["yes", "no", ""], COUNT)),
    "background": list(RNG.choice(["plain", "textured"], COUNT)),
    "items": ["several" if label < 0 else "single" for label in LABELS],  # "several" only where there is no class
    "view": list(RNG.choice(["", "top"], COUNT)),
    "worn": ["no"] * COUNT,
    "note": [str(k) for k in range(COUNT)],  # says nothing that is counted
}
LOGITS = RNG.normal(0, 1, (3, COUNT, 4)).astype(np.float32)
LOGITS[:, np.arange(COUNT), LABELS] += 0.8
NOBODY = SubsetAccuracy(0, None)


@pytest.fixture(scope="module")
def figures() -> PhotographFigures:
    return photograph_figures(LOGITS, LABELS, ATTRIBUTES, CLASSES, GROUP_OF, WEIGHTS)


def share(values: NDArray[np.generic], where: list[int]) -> Estimate:
    """The same of what holds or does not: of few images, or where it always or never holds, with Wilson's interval."""
    exact = float(values[:, where].mean())
    if len(where) >= FEW and 0 < exact < 1:
        return looped(values, where)
    interval = proportion_confint(exact * len(where), len(where), method="wilson")
    return Estimate(*(pytest.approx(x, abs=1e-9) for x in (exact, *interval)))


def looped(values: NDArray[np.generic], where: list[int]) -> Estimate:
    """The mean over seeds and the images `where` of `values` (S, N), with its interval over WEIGHTS."""
    means = []
    for row in WEIGHTS:
        drawn = [i for i in where for _ in range(int(row[i]))]
        if drawn:
            means.append(np.mean([values[s][i] for s in range(len(values)) for i in drawn]))
    exact = np.mean([values[s][i] for s in range(len(values)) for i in where])
    return Estimate(*(pytest.approx(x, rel=1e-4, abs=1e-7) for x in (exact, *np.quantile(means, [0.025, 0.975]))))


def looped_part(where: list[int]) -> SubsetAccuracy:
    return SubsetAccuracy(len(where), share(LOGITS.argmax(axis=2) == LABELS, where)) if where else NOBODY


def labelled_with(name: str, value: str) -> list[int]:
    return [i for i in range(COUNT) if LABELS[i] >= 0 and ATTRIBUTES[name][i] == value]


LABELLED = labelled_with("worn", "no")


def test_only_photographs_of_a_class_count(figures: PhotographFigures) -> None:
    assert FEW < len(LABELLED) < COUNT
    assert figures.all == looped_part(LABELLED)


def test_doubtful_photographs_are_left_out_and_unknown_ones_are_not(figures: PhotographFigures) -> None:
    sure = sorted([*labelled_with("doubtful", "no"), *labelled_with("doubtful", "")])
    assert figures.without_doubtful == looped_part(sure)
    assert 0 < figures.without_doubtful.images < figures.all.images


def test_the_halves(figures: PhotographFigures) -> None:
    assert figures.halves == {half: looped_part(labelled_with("half", half)) for half in ("choose", "score")}
    assert sum(part.images for part in figures.halves.values()) == figures.all.images


def test_every_class_is_listed(figures: PhotographFigures) -> None:
    assert all(figures.classes[name].images < FEW for name in CLASSES)
    expected = {name: looped_part([i for i in LABELLED if LABELS[i] == k]) for k, name in enumerate(CLASSES)}
    assert figures.classes == expected
    assert list(figures.classes) == list(CLASSES)
    assert figures.classes["Bag"] == NOBODY


@pytest.mark.parametrize("name", ["background", "items", "view", "worn"])
def test_every_value_that_occurs_is_listed(figures: PhotographFigures, name: str) -> None:
    values = sorted(set(ATTRIBUTES[name]))
    assert list(figures.attributes[name]) == values
    assert figures.attributes[name] == {value: looped_part(labelled_with(name, value)) for value in values}


def test_a_value_of_no_labelled_photograph_is_unknown(figures: PhotographFigures) -> None:
    assert figures.attributes["items"]["several"] == NOBODY
    assert list(figures.attributes) == ["background", "items", "view", "worn"]


def test_group_accuracy_and_where_predictions_go(figures: PhotographFigures) -> None:
    predicted = LOGITS.argmax(axis=2)
    in_group = np.array([[GROUP_OF[p] == GROUP_OF[y] for p, y in zip(seed, LABELS, strict=True)] for seed in predicted])
    assert figures.group_accuracy == share(in_group, LABELLED)
    assert figures.predicted == {name: share(predicted == k, LABELLED) for k, name in enumerate(CLASSES)}
    assert sum(share.value for share in figures.predicted.values()) == pytest.approx(1)
    assert figures.predicted["Bag"].value > 0


def test_confidence_is_the_highest_probability(figures: PhotographFigures) -> None:
    confidence = softmax(LOGITS.astype(float), axis=2).max(axis=2)
    assert figures.confidence == looped(confidence, LABELLED)
    few = np.where(np.arange(COUNT) < LABELLED[30], LABELS, -1)
    found = photograph_figures(LOGITS, few, ATTRIBUTES, CLASSES, GROUP_OF, WEIGHTS).confidence
    of_image = confidence.mean(axis=0)[LABELLED[:30]]
    low, high = scipy.stats.t.interval(0.95, 29, of_image.mean(), scipy.stats.sem(of_image))
    assert found == Estimate(*(pytest.approx(x, rel=1e-5) for x in (of_image.mean(), low, high)))


def test_photographs_of_one_sender_tell_less() -> None:
    """Where a sender's photographs are alike, ten of each are worth little more than one."""
    alike, senders = np.arange(COUNT) // 10, np.arange(COUNT) // 10
    logits = np.where((alike % 2)[:, None] == 0, np.eye(4)[np.maximum(LABELS, 0)], np.eye(4)[2])[None]
    plain, clustered = (
        photograph_figures(logits, LABELS, ATTRIBUTES, CLASSES, GROUP_OF, weights)
        for weights in (resample(COUNT), resample_clusters(senders))
    )
    for name in ("all", "without_doubtful"):
        ours, theirs = (getattr(one, name).accuracy for one in (clustered, plain))
        assert ours.value == theirs.value
        assert ours.high - ours.low > 2 * (theirs.high - theirs.low)
    assert clustered.classes["Dress"].accuracy.low < plain.classes["Dress"].accuracy.low


def test_the_confusion_is_that_of_the_first_seed(figures: PhotographFigures) -> None:
    predicted = LOGITS[0].argmax(axis=1)[LABELLED]
    expected = confusion_matrix(LABELS[LABELLED], predicted, labels=range(4))
    assert figures.confusion == expected.tolist()


def test_without_labels_nothing_is_known() -> None:
    figures = photograph_figures(LOGITS, np.full(COUNT, -1), ATTRIBUTES, CLASSES, GROUP_OF, WEIGHTS)
    assert figures.all == figures.without_doubtful == NOBODY
    assert figures.group_accuracy is figures.confidence is None
    parts = [figures.halves, figures.classes, *figures.attributes.values()]
    assert all(part == NOBODY for named in parts for part in named.values())
    assert set(figures.predicted.values()) == {None}
    assert figures.confusion == [[0] * 4] * 4


def test_one_photograph_of_one_seed() -> None:
    one = {name: values[:1] for name, values in ATTRIBUTES.items()} | {"half": ["score"], "doubtful": ["yes"]}
    logits = np.array([[[0.0, 1.0, 0.0, 0.0]]])
    figures = photograph_figures(logits, np.array([1]), one, CLASSES, GROUP_OF, resample(1, draws=5))
    right = SubsetAccuracy(1, Estimate(1, pytest.approx(0.2065, abs=1e-4), pytest.approx(1)))
    assert figures.all == figures.halves["score"] == figures.classes["Dress"] == right
    assert figures.without_doubtful == figures.halves["choose"] == NOBODY
    assert figures.predicted["Bag"] == Estimate(0, pytest.approx(0), pytest.approx(0.7935, abs=1e-4))
    assert figures.confidence is None


def test_figures_become_json(figures: PhotographFigures) -> None:
    written = json.loads(json.dumps(asdict(figures), allow_nan=False))
    assert written == asdict(figures)
    assert written["attributes"]["items"]["several"] == {"images": 0, "accuracy": None}
    assert written["all"]["accuracy"]["low"] == figures.all.accuracy.low


def test_the_best_pair_is_chosen_and_of_equal_ones_the_first() -> None:
    scores = {("cnn", "plain"): 0.4, ("vit", "cut"): 0.6, ("cnn", "cut"): 0.6, ("vit", "plain"): 0.1}
    assert best_scored(scores) == ("vit", "cut")
    assert best_scored(dict(reversed(scores.items()))) == ("cnn", "cut")
    with pytest.raises(ValueError, match="empty"):
        best_scored({})


def right_where(where: NDArray[np.bool_], share: float) -> NDArray[np.float32]:
    """Logits (2, N, C) of two seeds that are right on the first `share` of the photographs `where`, and else wrong."""
    right = np.flatnonzero(where)[: round(share * where.sum())]
    logits = np.eye(4, dtype=np.float32)[(LABELS + 1) % 4]
    logits[right] = np.eye(4)[LABELS[right]]
    return np.stack([logits, logits])


def test_the_best_recipe_is_chosen_on_the_labelled_photographs_of_one_half() -> None:
    chosen, scored = ((np.array(ATTRIBUTES["half"]) == half) & (LABELS >= 0) for half in ("choose", "score"))
    logits = {
        "cnn": {"plain": right_where(chosen, 0.5), "cut": right_where(scored, 1.0)},
        "vit": {"plain": right_where(chosen, 0.4), "cut": right_where(chosen, 0.6)},
    }
    assert best_recipe(logits, LABELS, ATTRIBUTES["half"]) == "cut"
    assert best_recipe({"vit": logits["vit"]}, LABELS, ATTRIBUTES["half"]) == "cut"
    assert best_recipe({"cnn": logits["cnn"]}, LABELS, ATTRIBUTES["half"]) == "plain"


def test_the_best_recipe_counts_every_seed() -> None:
    chosen = (np.array(ATTRIBUTES["half"]) == "choose") & (LABELS >= 0)
    first, none = right_where(chosen, 1.0)[0], right_where(chosen, 0.0)[0]
    logits = {"cnn": {"plain": right_where(chosen, 0.6), "cut": np.stack([first, none])}}
    assert best_recipe(logits, LABELS, ATTRIBUTES["half"]) == "plain"
    swapped = {"cnn": {"plain": right_where(chosen, 0.4), "cut": np.stack([none, first])}}
    assert best_recipe(swapped, LABELS, ATTRIBUTES["half"]) == "cut"
