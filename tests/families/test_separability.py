"""How well two classes are separated, against scikit-learn, slow loops and the bootstrap."""

from collections.abc import Callable, Sequence
from dataclasses import astuple

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from lookalike.evaluation.statistics import proportion
from lookalike.families.influence import Influenced, difference_of
from lookalike.families.jackknife import Floats, Ints, image_draws, jackknife_sides
from lookalike.families.separability import (
    Scores,
    asymmetry,
    auroc_interval,
    auroc_with_influences,
    d_prime,
    pair_scores,
)

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 4, 600)
PAIR = (1, 3)


def logits_of(seeds: int, strength: float) -> Floats:
    """Logits that favour the label, by images that are easy or hard for all seeds."""
    noise = RNG.normal(size=(1, len(LABELS), 4)) + RNG.normal(size=(seeds, len(LABELS), 4))
    return (noise + strength * np.eye(4)[LABELS]).round(1)  # rounded, so that some are equal


FIRST, SECOND = logits_of(3, 2), logits_of(4, 1.5)


def test_scores_are_differences_of_logits() -> None:
    found = pair_scores(FIRST.astype(np.float16), LABELS, PAIR)
    exact = FIRST.astype(np.float16).astype(float)
    np.testing.assert_array_equal(found.first, (exact[..., 1] - exact[..., 3])[:, LABELS == 1])
    np.testing.assert_array_equal(found.second, (exact[..., 1] - exact[..., 3])[:, LABELS == 3])


def test_auroc_is_that_of_scikit_learn() -> None:
    scores = pair_scores(FIRST, LABELS, PAIR)
    truth = np.repeat([1, 0], [scores.first.shape[1], scores.second.shape[1]])
    expected = [roc_auc_score(truth, np.concatenate(seed)) for seed in zip(scores.first, scores.second, strict=True)]
    np.testing.assert_allclose(auroc_with_influences(scores).by_seed, expected)


def weighted(logits: Floats, seeds: Ints, weights: Floats, kind: str) -> Floats:
    """The mean over seeds of the AUROC or d' with images that weigh differently, by comparing all pairs of images."""
    first, second = np.flatnonzero(LABELS == 1), np.flatnonzero(LABELS == 3)
    values = []
    for seed in seeds:
        gap = logits[seed, :, 1] - logits[seed, :, 3]
        w, v = weights[:, first], weights[:, second]
        if kind == "auroc":
            wins = np.sign(gap[first][:, None] - gap[second]) / 2 + 0.5
            values.append(np.einsum("di,ij,dj->d", w, wins, v, optimize=True) / w.sum(axis=1) / v.sum(axis=1))
        else:
            means, variances = [], []
            for side, of in ((w, first), (v, second)):
                mean = side @ gap[of] / side.sum(axis=1)
                means.append(mean)
                variances.append(side @ gap[of] ** 2 / side.sum(axis=1) - mean**2)
            values.append((means[0] - means[1]) / np.sqrt((variances[0] + variances[1]) / 2))
    return np.mean(values, axis=0)


@pytest.mark.parametrize(("kind", "function"), [("auroc", auroc_with_influences), ("d_prime", d_prime)])
def test_differences_are_as_uncertain_as_by_jackknife_and_bootstrap(
    kind: str, function: Callable[[Scores], Influenced]
) -> None:
    found = difference_of(*(function(pair_scores(logits, LABELS, PAIR)) for logits in (FIRST, SECOND)))

    def statistic(sides: Sequence[Ints], weights: Floats) -> Floats:
        return weighted(FIRST, sides[0], weights, kind) - weighted(SECOND, sides[1], weights, kind)

    expected = jackknife_sides(statistic, [3, 4], image_draws(len(LABELS)))
    assert found is not None
    assert expected is not None
    assert found.value == pytest.approx(expected.value)
    assert found.image_variance == pytest.approx(expected.image_variance, rel=0.2)
    for side, other in zip(found.sides, expected.sides, strict=True):
        assert side.variance == pytest.approx(other.variance)


def test_d_prime_of_normal_scores_is_their_distance_in_deviations() -> None:
    rng = np.random.default_rng(1)
    found = d_prime(Scores(rng.normal(3, 1, (1, 200_000)), rng.normal(0, 2, (1, 200_000)))).uncertain
    assert found.value == pytest.approx(3 / np.sqrt((1 + 4) / 2), abs=4 * found.error)
    slow = []
    for first, second in zip(*(part.tolist() for part in vars(pair_scores(FIRST, LABELS, PAIR)).values()), strict=True):
        means = [sum(side) / len(side) for side in (first, second)]
        variances = [
            sum((x - m) ** 2 for x in side) / len(side) for side, m in zip((first, second), means, strict=True)
        ]
        slow.append((means[0] - means[1]) / (sum(variances) / 2) ** 0.5)
    np.testing.assert_allclose(d_prime(pair_scores(FIRST, LABELS, PAIR)).by_seed, slow)


def test_without_variation_d_prime_is_not_defined() -> None:
    assert d_prime(Scores(np.ones((3, 4)), np.zeros((3, 5)))).estimate() is None


def test_a_perfect_auroc_is_not_certain() -> None:
    found = auroc_interval(auroc_with_influences(Scores(np.ones((3, 30)), np.zeros((3, 20)))))
    assert found == proportion(20, 20)
    assert auroc_interval(auroc_with_influences(Scores(np.zeros((3, 30)), np.ones((3, 20))))).value == 0


def test_an_auroc_needs_both_classes() -> None:
    with pytest.raises(ValueError, match="needs positives and negatives"):
        auroc_with_influences(Scores(np.ones((1, 0)), np.ones((1, 3))))


def test_asymmetry_counts_both_directions() -> None:
    labels = np.array([0] * 10 + [1] * 10)
    one = np.array([1, 1, 1] + [0] * 7 + [0] + [1] * 9)
    assert asymmetry(one[None], labels, (0, 1)).taken == (3, 1)
    share = proportion(3, 4)
    found = asymmetry(one[None], labels, (0, 1)).value
    assert found is not None
    assert [found.value, found.low, found.high] == pytest.approx([0.5, 2 * share.low - 1, 2 * share.high - 1])
    turned, twice = asymmetry(one[None], labels, (1, 0)).value, asymmetry(np.stack([one, one]), labels, (0, 1)).value
    assert turned is not None
    assert twice is not None
    assert astuple(turned) == pytest.approx((-0.5, -found.high, -found.low))
    assert astuple(twice) == pytest.approx(astuple(found))  # a second seed is no further image
    assert asymmetry(labels[None], labels, (0, 1)).value is None
