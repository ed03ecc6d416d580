"""Two models on the same images: accuracies, errors, and probabilities where both predict the same.

Accuracies are those of all seeds; what regards single images is that of each model's first seed.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.evaluation.groups import probability_shares
from lookalike.evaluation.hierarchical import SeedSpread, hierarchical, mean_of, on_the_second_side
from lookalike.evaluation.metrics import Bools, Floats, Ints, softmax
from lookalike.evaluation.statistics import (
    FEW,
    Estimate,
    clusters_of,
    exact_mcnemar,
    mean_where,
    ratio_estimate,
    resampled_sums,
    share_difference,
)


@dataclass(frozen=True)
class Side:
    """One of the two models.

    Attributes:
        logits: (S, N, C), of S seeds.
        temperatures: (S,), fitted for each seed.
        spread: of the accuracy from seed to seed, which counts if there are fewer than three; None if not known.
    """

    logits: NDArray[np.floating]
    temperatures: NDArray[np.floating]
    spread: SeedSpread | None = None

    @property
    def predicted(self) -> NDArray[np.int64]:
        """Predicted classes (S, N)."""
        return self.logits.argmax(axis=2)

    @property
    def probabilities(self) -> Floats:
        """Probabilities of the first seed: (N, C)."""
        return softmax(self.logits[0])

    @property
    def calibrated(self) -> Floats:
        """Probabilities of the first seed after its temperature: (N, C)."""
        return softmax(self.logits[0] / self.temperatures[0])


@dataclass(frozen=True)
class Differences:
    """First minus second model, mean over `images` images; None if there are too few, see `statistics.mean_where`.

    Attributes:
        true, look_alikes, outside: difference of the probability given to the true class, to its look-alikes and to the
            other groups.
        confidence: difference of the highest probability.
    """

    images: int
    true: Estimate | None
    look_alikes: Estimate | None
    outside: Estimate | None
    confidence: Estimate | None


@dataclass(frozen=True)
class Ranking:
    """The images with the same prediction, most divergent first: index and both divergences, each (M,)."""

    indices: NDArray[np.int64]
    divergence: Floats
    divergence_calibrated: Floats


@dataclass(frozen=True)
class Comparison:
    """Two models on the same images; probabilities are those before the temperature unless called calibrated.

    Attributes:
        only_first_right, only_second_right: images that one of the first seeds gets right and the other does not.
        mcnemar_p: p-value of these two counts, see `statistics.exact_mcnemar`.
        accuracy_difference: first minus second, means over seeds; its interval is over seeds and images.
        error_consistency: kappa, see `error_consistency`.
        same_prediction: number of images for which both first seeds predict the same class.
        divergence, divergence_calibrated: mean Jensen-Shannon divergence over these images, in bits, before and after
            each model's temperature.
        both_right, both_wrong: differences over these images, by whether the prediction is right.
        both_right_with_look_alikes: the same over images that both get right and whose class has look-alikes.
        calibrated: both_wrong and both_right_with_look_alikes after each model's temperature: what is left of a
            difference when neither model is surer than it is right.
        confidence_gap: mean absolute difference of the confidences over the images that both get right.
        ranking: the images with the same prediction, by their divergence before the temperature.
    """

    only_first_right: int
    only_second_right: int
    mcnemar_p: float
    accuracy_difference: Estimate
    error_consistency: Estimate | None
    same_prediction: int
    divergence: Estimate | None
    divergence_calibrated: Estimate | None
    both_right: Differences
    both_right_with_look_alikes: Differences
    both_wrong: Differences
    calibrated: dict[str, Differences]
    confidence_gap: Estimate | None
    ranking: Ranking


def compare_pair(first: Side, second: Side, labels: Ints, group_of: Ints, weights: NDArray[np.float64]) -> Comparison:
    """The comparison of two models on the same N images.

    Args:
        labels: (N,).
        group_of: (C,), see `groups`.
        weights: (draws, N), see `statistics.resample` and `resample_clusters`.
    """
    first_right, second_right = first.predicted == labels, second.predicted == labels
    one, two = first_right[0], second_right[0]
    same = first.predicted[0] == second.predicted[0]
    only_first, only_second = int((one & ~two).sum()), int((two & ~one).sum())
    plain = jensen_shannon(first.probabilities, second.probabilities)
    calibrated = jensen_shannon(first.calibrated, second.calibrated)
    gaps = probability_gaps(first.probabilities, second.probabilities, labels, group_of)
    calibrated_gaps = probability_gaps(first.calibrated, second.calibrated, labels, group_of)
    has_look_alikes = (np.bincount(group_of)[group_of] > 1)[labels]
    where = {"both_wrong": same & ~one, "both_right_with_look_alikes": one & two & has_look_alikes}
    ranked = most_divergent(plain, same)
    return Comparison(
        only_first_right=only_first,
        only_second_right=only_second,
        mcnemar_p=exact_mcnemar(only_first, only_second),
        accuracy_difference=accuracy_difference(first_right, second_right, (first.spread, second.spread), weights),
        error_consistency=error_consistency(one, two, weights),
        same_prediction=int(same.sum()),
        divergence=mean_where(plain, same, weights),
        divergence_calibrated=mean_where(calibrated, same, weights),
        both_right=mean_gaps(gaps, one & two, weights),
        both_right_with_look_alikes=mean_gaps(gaps, where["both_right_with_look_alikes"], weights),
        both_wrong=mean_gaps(gaps, where["both_wrong"], weights),
        calibrated={name: mean_gaps(calibrated_gaps, images, weights) for name, images in where.items()},
        confidence_gap=mean_where(np.abs(gaps["confidence"]), one & two, weights),
        ranking=Ranking(ranked, plain[ranked], calibrated[ranked]),
    )


def accuracy_difference(
    first: Bools, second: Bools, spreads: Sequence[SeedSpread | None], weights: NDArray[np.float64]
) -> Estimate:
    """The accuracy of the first model minus that of the second, with an interval over seeds and images.

    Args:
        first, second: right predictions (S, N).
        spreads: of `Side`.
        weights: (draws, N), which tell what images belong together; of few images and of equal answers alone they give
            the interval, see `statistics.share_difference`.
    """
    if len(first[0]) < FEW or (first.mean(axis=0) == second.mean(axis=0)).all():
        return share_difference(first.mean(axis=0), second.mean(axis=0), weights)
    terms = [mean_of(first), on_the_second_side(mean_of(second))]
    found = hierarchical(terms, spreads, clusters=clusters_of(weights))
    assert found is not None  # there are images
    return found.estimate()


def as_json(comparison: Comparison) -> dict[str, Any]:
    """The comparison as dictionaries, lists and numbers."""
    ranking = {name: values.tolist() for name, values in asdict(comparison.ranking).items()}
    return asdict(comparison) | {"ranking": ranking}


def jensen_shannon(p: Floats, q: Floats) -> Floats:
    """Divergence (N,) of the distributions in the rows of `p` and `q` (N, C): 0 (equal) to 1 bit (disjoint).

    Lin, "Divergence measures based on the Shannon entropy", IEEE Trans. Information Theory 37 (1991), section IV,
    with equal weights; the divergence, not the distance that is its square root.
    """
    from scipy.special import rel_entr

    middle = (p + q) / 2
    nats = (rel_entr(p, middle) + rel_entr(q, middle)).sum(axis=1) / 2
    return np.clip(nats / np.log(2), 0, 1)  # rounding leads out of the range


def error_consistency(first_right: Bools, second_right: Bools, weights: NDArray[np.float64]) -> Estimate | None:
    """Kappa of two models' errors: 1 if they err on the same images, 0 as if by chance, below 0 if on others.

    Geirhos et al., "Beyond accuracy" (NeurIPS 2020), section 2. None where chance alone agrees on every image: both
    always right, or both always wrong; such resamples are left out.

    Args:
        first_right, second_right: (N,).
        weights: (draws, N), see `statistics.resample`.
    """
    facts = (first_right, second_right, first_right == second_right)
    shares = (np.mean(fact, keepdims=True) for fact in facts)
    images = resampled_sums(np.ones(len(first_right)), weights)
    drawn = (resampled_sums(fact, weights) / images for fact in facts)
    (excess,), (room,) = beyond_chance(*shares)
    return ratio_estimate(float(excess), float(room), *beyond_chance(*drawn))


def beyond_chance(first: Floats, second: Floats, agreement: Floats) -> tuple[Floats, Floats]:
    """Numerator and denominator of kappa from two accuracies and the share of images both right or both wrong."""
    expected = first * second + (1 - first) * (1 - second)
    return agreement - expected, 1 - expected


def probability_gaps(first: Floats, second: Floats, labels: Ints, group_of: Ints) -> dict[str, Floats]:
    """First minus second model, for each image (N,), in the quantities of `Differences`; from probabilities (N, C)."""
    ours, theirs = (probability_shares(side, labels, group_of) for side in (first, second))
    gaps = {name: ours[name] - theirs[name] for name in ours}
    return gaps | {"confidence": first.max(axis=1) - second.max(axis=1)}


def mean_gaps(gaps: dict[str, Floats], where: Bools, weights: NDArray[np.float64]) -> Differences:
    """Means of `gaps` over the images `where` (N,)."""
    return Differences(int(where.sum()), **{name: mean_where(gap, where, weights) for name, gap in gaps.items()})


def most_divergent(divergence: Floats, where: Bools) -> NDArray[np.int64]:
    """Indices of the images `where` (N,), the most divergent first; of equally divergent ones the lower index."""
    indices = np.flatnonzero(where)
    return indices[np.argsort(-divergence[indices], kind="stable")]
