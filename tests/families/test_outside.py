"""Detection of images of no class, against scikit-learn and the bootstrap."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import roc_auc_score, roc_curve

from lookalike.families.jackknife import Floats, image_draws
from lookalike.families.outside import SCORES, detection, false_positive_rate, from_logits, outside_scores, threshold
from lookalike.families.separability import Scores

RNG = np.random.default_rng(0)
TEST = (RNG.normal(size=(3, 410, 5)) + 4 * np.eye(5)[RNG.integers(0, 5, 410)]).astype(np.float16)
OUTSIDE = (1.5 * RNG.normal(size=(3, 300, 5))).astype(np.float16)
NEAR, FAR = RNG.random(200), 0.4 + RNG.random(300)


def test_scores_are_those_of_the_papers() -> None:
    found, exact = from_logits(TEST), TEST.astype(float)
    assert tuple(found) == SCORES[:3]
    np.testing.assert_array_equal(found["maximum logit"], exact.max(axis=2))
    np.testing.assert_allclose(found["energy"], np.log(np.exp(exact).sum(axis=2)))
    np.testing.assert_allclose(found["maximum probability"], softmax(exact, axis=2).max(axis=2))


def test_the_nearest_neighbours_are_of_one_seed_and_near_is_inside() -> None:
    found = outside_scores(TEST, OUTSIDE, NEAR, FAR)
    assert tuple(found) == SCORES
    np.testing.assert_array_equal(found["nearest neighbours"].first, -NEAR[None])
    assert detection(found["nearest neighbours"]).auroc.value > 0.5


@pytest.mark.parametrize("score", SCORES)
def test_detection_is_that_of_scikit_learn(score: str) -> None:
    scores = outside_scores(TEST, OUTSIDE, NEAR, FAR)[score]
    found, aurocs, rates = detection(scores), [], []
    for test, outside in zip(scores.first, scores.second, strict=True):
        truth = np.repeat([1, 0], [len(test), len(outside)])
        both = np.concatenate([test, outside])
        false, true, _ = roc_curve(truth, both, drop_intermediate=False)
        aurocs.append(roc_auc_score(truth, both))
        rates.append(false[true >= 0.95].min())
    assert found.auroc.value == pytest.approx(np.mean(aurocs))
    assert found.fpr95.value == pytest.approx(np.mean(rates))
    assert found.auroc.low < found.auroc.value < found.auroc.high
    assert found.fpr95.low < found.fpr95.value < found.fpr95.high


def slow_rate(test: Floats, outside: Floats) -> float:
    """The false-positive rate from its definition, by trying every threshold."""
    allowed = [at for at in test if np.mean(test >= at) >= 0.95]
    return float(np.mean(outside >= max(allowed)))


def test_the_interval_of_the_rate_is_that_of_the_bootstrap() -> None:
    scores = outside_scores(TEST[:1], OUTSIDE[:1], NEAR, FAR)["energy"]
    test, outside = scores.first[0], scores.second[0]
    drawn = [slow_rate(RNG.choice(test, len(test)), RNG.choice(outside, len(outside))) for _ in range(400)]
    found = false_positive_rate(test[None], outside[None])
    assert (found.high - found.low) / (2 * 1.96) == pytest.approx(np.std(drawn), rel=0.2)


@pytest.mark.parametrize("images", [1, 19, 20, 21, 410])
def test_the_threshold_is_the_highest_that_95_percent_reach(images: int) -> None:
    scores = RNG.normal(size=images).round(1)
    weights = image_draws(images)[:20]
    expected = [max(at for at in scores if w[scores >= at].sum() >= 0.95 * images - 1e-9) for w in weights]
    np.testing.assert_array_equal(threshold(scores, weights), expected)


def test_images_of_both_kinds_are_needed() -> None:
    with pytest.raises(ValueError, match="needs positives and negatives"):
        detection(Scores(np.zeros((1, 0)), np.zeros((1, 3))))
