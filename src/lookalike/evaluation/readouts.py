"""How well the penultimate features separate look-alike classes, and in how many directions they vary."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr

from lookalike.artifacts.evaluations import Readouts
from lookalike.evaluation.distance import unit_rows
from lookalike.evaluation.metrics import Bools, Floats, Ints
from lookalike.threads import one_thread

NEIGHBOURS = 10  # that vote on an image's class
NOISE = 1e-12  # share of the largest eigenvalue: smaller ones are rounding
Features = NDArray[np.floating]
Pair = tuple[int, int]


@dataclass(frozen=True, eq=False)
class LabelledFeatures:
    """Features (N, D) of images with labels (N,)."""

    features: Features
    labels: Ints

    def of(self, pair: Pair) -> tuple[Features, Bools]:
        """The features of the images of two classes, and whether each is of the second class."""
        ours = np.isin(self.labels, pair)
        return self.features[ours], self.labels[ours] == pair[1]


def read_out_seed(valid: LabelledFeatures, test: LabelledFeatures, pairs: tuple[Pair, ...]) -> Readouts:
    """The readouts of one seed: S is 1; `valid` and `test` have its features of M validation and N test images."""
    probe, nearest = (read_out(classify, valid, test, pairs)[None] for classify in (linear_probe, neighbours))
    return Readouts(pairs, probe, nearest, np.array([effective_rank(test.features)]))


def join_seeds(seeds: Sequence[Readouts]) -> Readouts:
    """The readouts of several seeds of a variant, one after the other."""
    names = ("probe", "neighbours", "effective_rank")
    return Readouts(seeds[0].pairs, *(np.concatenate([getattr(one, name) for one in seeds]) for name in names))


def read_out(
    classify: Callable[[Features, Bools, Features], Bools],
    valid: LabelledFeatures,
    test: LabelledFeatures,
    pairs: Sequence[Pair],
) -> Bools:
    """Whether `classify`, fitted to the validation images of each pair, names the right one of its two classes: (P, N).

    False for images of other classes. Where one class of a pair has no validation images, the other is named for all;
    where neither has, the first.

    Args:
        classify: `linear_probe` or `neighbours`.
        valid, test: of M and of N images.
    """
    right = np.zeros((len(pairs), len(test.labels)), bool)
    with one_thread():
        for row, pair in zip(right, pairs, strict=True):
            (fitted, second), (asked, truth) = valid.of(pair), test.of(pair)
            both = second.any() and not second.all()
            named = classify(fitted, second, asked) if both else np.full(len(asked), second.any())
            row[np.isin(test.labels, pair)] = named == truth
    return right


def linear_probe(features: Features, second: Bools, asked: Features) -> Bools:
    """Whether scikit-learn's logistic regression finds the second of two classes the more probable: (n,).

    Features are standardised by the mean and the deviation of those that the probe is fitted to. The loss is the summed
    log loss plus half the squared length of the weights (C = 1); the intercept is free, and the solver is L-BFGS.

    Args:
        features, second: (m, D), (m,): what the probe is fitted to, of both classes.
        asked: (n, D).
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    probe = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, max_iter=1000))
    return np.asarray(probe.fit(features, second).predict(asked))


def neighbours(features: Features, second: Bools, asked: Features) -> Bools:
    """Whether most of the `NEIGHBOURS` nearest features are of the second class: (n,); the nearest decides a tie.

    Distances are Euclidean, of features scaled to length one, as in `distance.knn_distance`. The arguments are those of
    `linear_probe`.
    """
    theirs, k = unit_rows(features), min(NEIGHBOURS, len(features))
    distances = (theirs**2).sum(axis=1) / 2 - unit_rows(asked) @ theirs.T  # ordered as |a - b|^2 is
    votes = np.where(second, 1, -1)
    balance = votes[np.argpartition(distances, k - 1, axis=1)[:, :k]].sum(axis=1)
    return np.where(balance == 0, votes[distances.argmin(axis=1)], balance) > 0


def effective_rank(features: Features) -> float:
    """The exponential of the entropy of the singular values of features (N, D), which are made to sum to one.

    Roy & Vetterli, "The effective rank" (EUSIPCO 2007), definition 1: 1 to min(N, D); 0 if all features are zero.
    """
    rows = features.astype(np.float64)
    squares = np.linalg.eigvalsh(rows.T @ rows if rows.shape[0] > rows.shape[1] else rows @ rows.T)
    values: Floats = np.sqrt(np.where(squares > NOISE * squares.max(initial=0), squares, 0))
    return float(np.exp(entr(values / values.sum()).sum())) if values.any() else 0.0
