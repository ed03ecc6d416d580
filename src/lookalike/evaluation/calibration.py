"""The calibration error with its interval, and the temperature that calibrates."""

import numpy as np
from numpy.typing import NDArray

from lookalike.evaluation.metrics import ECE_BINS, Floats, Ints, confidence_bins, negative_log_likelihood, softmax
from lookalike.evaluation.statistics import Estimate

COLDEST, HOTTEST = 0.01, 100.0
NEAR = 1.001  # a search that a bound stops ends within this factor of it


def fit_temperature(logits: NDArray[np.floating], labels: Ints) -> float:
    """The T > 0 that minimises the negative log-likelihood of softmax(logits / T).

    Guo et al., "On Calibration of Modern Neural Networks" (ICML 2017), section 4.2. To be fitted on validation images;
    it changes no prediction. The likelihood has one optimum, searched in [.01, 100].

    Args:
        logits: (N, C).
        labels: (N,).
    """
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda log_t: negative_log_likelihood(logits / np.exp(log_t), labels),
        bounds=(np.log(COLDEST), np.log(HOTTEST)),
        method="bounded",
        options={"xatol": 1e-5},
    )
    return float(np.exp(found.x))


def at_bound(temperature: float) -> bool:
    """Whether `fit_temperature` ended at a bound of its search: the optimum lies there or beyond."""
    return not NEAR * COLDEST < temperature < HOTTEST / NEAR


def calibration_error(logits: NDArray[np.floating], labels: Ints, weights: Floats) -> Estimate:
    """Expected calibration error in [0, 1] with its 95 % interval over images, mean over seeds.

    The error of a sample is too large on average, since noise moves every bin away from zero, and that of a resample
    is so twice. The percentile interval therefore lies too high; this one is `reflected`. Its lower end is 0 if the
    value is not above the 97.5 % quantile of what noise alone gives, the resampled deviations of each bin from its own
    gap (as the consistency bars of Broecker & Smith, Weather and Forecasting 22, 2007): where the true error is 0, the
    reflection alone misses it in up to half of all samples.

    Args:
        logits: (S, N, C).
        labels: (N,).
        weights: (draws, N), see `statistics.resample`.
    """
    gaps = np.stack([gaps_by_bin(softmax(each), labels) for each in logits])  # (S, N, bins)
    return error_estimate(gaps.sum(axis=1), weights @ gaps, len(labels))


def error_estimate(sums: Floats, drawn: Floats, images: int) -> Estimate:
    """The calibration error with the interval that `calibration_error` explains.

    Args:
        sums: (S, bins), the sums of `gaps_by_bin` over so many images.
        drawn: (S, draws, bins), the same in each resample.
    """
    value, resampled, noise = (mean_error(part, images) for part in (sums, drawn, drawn - sums[:, None]))
    found = reflected(float(value), resampled)
    return Estimate(found.value, 0.0, found.high) if value <= np.quantile(noise, 0.975) else found


def gaps_by_bin(probabilities: Floats, labels: Ints) -> Floats:
    """Right (0 or 1) minus confidence of each image, in the column of its confidence's bin: (N, C) -> (N, bins).

    A column's sum is the bin's count times its accuracy minus confidence, see `metrics.Reliability`.
    """
    images, confidence = np.arange(len(labels)), probabilities.max(axis=1)
    gaps = np.zeros((len(labels), ECE_BINS))
    gaps[images, confidence_bins(confidence)] = (probabilities.argmax(axis=1) == labels) - confidence
    return gaps


def mean_error(sums: Floats, images: int) -> Floats:
    """The calibration error from the bins' sums of `gaps_by_bin` over so many images: (S, ..., bins) -> (...)."""
    return np.abs(sums).sum(axis=-1).mean(axis=0) / images


def reflected(value: float, drawn: Floats) -> Estimate:
    """`value` with its basic bootstrap interval (95 %): the quantiles of `drawn` (draws,), mirrored at it, in [0, 1].

    Davison & Hinkley, "Bootstrap Methods and their Application" (1997), eq. 5.6. The interval need not hold the value.
    """
    low, high = np.clip(2 * value - np.quantile(drawn, [0.975, 0.025]), 0, 1)
    return Estimate(value, float(low), float(high))
