"""The temperature and the calibration error's interval: against grids, SciPy, plain loops and simulated samples."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from lookalike.evaluation.calibration import (
    COLDEST,
    HOTTEST,
    at_bound,
    calibration_error,
    fit_temperature,
    gaps_by_bin,
    mean_error,
    reflected,
)
from lookalike.evaluation.metrics import negative_log_likelihood, reliability, softmax
from lookalike.evaluation.statistics import resample


def draws(seed: int, count: int = 4000) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Logits, and labels that were drawn from their very probabilities."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1.5, (count, 5))
    labels = (softmax(logits).cumsum(axis=1) < rng.random((count, 1))).sum(axis=1).clip(max=4)
    return logits, labels


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("scale", [0.4, 1.0, 2.5])
def test_a_known_temperature_is_recovered(seed: int, scale: float) -> None:
    logits, labels = draws(seed)
    assert fit_temperature(scale * logits, labels) == pytest.approx(scale, rel=0.08)


@pytest.mark.parametrize("seed", range(3))
def test_no_temperature_of_a_fine_grid_is_better(seed: int) -> None:
    logits, labels = draws(seed, 300)
    found = fit_temperature(3 * logits.astype(np.float32), labels)
    grid = np.geomspace(0.5, 20, 1500)
    likelihoods = [negative_log_likelihood(3 * logits / t, labels) for t in grid]
    assert found == pytest.approx(grid[np.argmin(likelihoods)], rel=0.004)
    assert negative_log_likelihood(3 * logits / found, labels) <= min(likelihoods) + 1e-9


def test_calibration_lowers_the_error_and_changes_no_prediction() -> None:
    logits, labels = draws(11)
    overconfident = 2.5 * logits
    calibrated = overconfident / fit_temperature(overconfident, labels)
    np.testing.assert_array_equal(calibrated.argmax(axis=1), overconfident.argmax(axis=1))
    before, after = (reliability(softmax(x), labels).expected_calibration_error for x in (overconfident, calibrated))
    assert after < 0.03 < 0.1 < before


@pytest.mark.parametrize(("label", "end"), [(0, COLDEST), (1, HOTTEST)])
def test_always_right_or_always_wrong_ends_at_a_bound(label: int, end: float) -> None:
    logits = np.tile([1e-3, 0.0], (8, 1))
    assert fit_temperature(logits, np.full(8, label)) == pytest.approx(end, rel=1e-3)
    assert at_bound(fit_temperature(logits, np.full(8, label)))


@pytest.mark.parametrize(
    ("temperature", "expected"),
    [(0.01, True), (0.0105, False), (1, False), (99, False), (99.999, True), (100, True)],
)
def test_a_bound_is_reached_within_what_the_search_resolves(temperature: float, expected: bool) -> None:
    assert at_bound(temperature) == expected


def test_the_error_of_a_resample_is_that_of_its_images() -> None:
    rng = np.random.default_rng(0)
    probabilities = softmax(3 * rng.normal(size=(60, 4)))
    probabilities[:3] = np.eye(4)[:3]  # a confidence of exactly 1
    probabilities[3] = (0.4, 0.2, 0.2, 0.2)  # on the edge of a bin
    labels, weights = rng.integers(0, 4, 60), resample(60, draws=5)
    found = mean_error((weights @ gaps_by_bin(probabilities, labels))[None], 60)
    for error, counts in zip(found, weights.astype(int), strict=True):
        drawn = np.repeat(np.arange(60), counts)
        assert error == pytest.approx(reliability(probabilities[drawn], labels[drawn]).expected_calibration_error)


def test_a_reflected_interval_is_the_basic_one_of_scipy() -> None:
    values = np.random.default_rng(1).gamma(2, 0.1, 40)
    theirs = stats.bootstrap((values,), np.mean, method="basic", n_resamples=500, rng=np.random.default_rng(2))
    found = reflected(float(values.mean()), theirs.bootstrap_distribution)
    assert (found.low, found.high) == pytest.approx(tuple(theirs.confidence_interval))
    assert found.value == values.mean()


def test_a_reflected_interval_stays_between_0_and_1() -> None:
    for value, drawn, bound in ((0.1, 0.3, 0), (0.9, 0.7, 1)):
        found = reflected(value, np.array([drawn, drawn]))
        assert (found.low, found.high) == (bound, bound)


def test_a_calibration_error_is_the_mean_over_seeds_with_its_reflected_resamples() -> None:
    rng = np.random.default_rng(3)
    logits, labels, weights = rng.normal(0, 2, (2, 60, 4)).astype(np.float32), rng.integers(0, 4, 60), resample(60)
    found = calibration_error(logits, labels, weights)
    seeds = [softmax(each) for each in logits]
    value = np.mean([reliability(each, labels).expected_calibration_error for each in seeds])
    assert found.value == pytest.approx(value)
    drawn = np.mean(
        [
            [reliability(each[which], labels[which]).expected_calibration_error for each in seeds]
            for which in (np.repeat(np.arange(60), counts.astype(int)) for counts in weights)
        ],
        axis=1,
    )
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert (found.low, found.high) == pytest.approx((2 * value - high, 2 * value - low))
    assert found.low > 0.1  # far from calibrated: the case without a lower end of 0


CONFIDENCES = {"narrow": (20.0, 1.0), "wide": (6.0, 0.5), "flat": (1.0, 1.0)}  # parameters of a beta distribution
IMAGES, SAMPLES = 1000, 400


@pytest.mark.parametrize(("error", "least"), [(0, 0.75), (0.01, 0.85), (0.03, 0.88), (0.1, 0.93)])
@pytest.mark.parametrize("kind", ["narrow", "wide"])
def test_intervals_hold_the_true_calibration_error(kind: str, error: float, least: float) -> None:
    assert coverage(kind, error) >= least  # of the wide kind the percentile interval's is 0, .02, .68 and .93


def test_a_calibrated_model_of_any_confidence_may_have_an_error_of_0() -> None:
    assert coverage("flat", 0) >= 0.93  # .4 by reflection alone


def coverage(kind: str, error: float) -> float:
    """The share of samples whose interval holds the true calibration error of a model that is too sure by it."""
    weights, held = resample(IMAGES), 0
    for seed in range(SAMPLES):
        rng = np.random.default_rng(seed)
        confidence = rng.beta(*CONFIDENCES[kind], IMAGES).clip(0.1 + error, 1 - 1e-9)
        wrong = rng.random(IMAGES) >= confidence - error
        others = np.repeat(((1 - confidence) / 9)[:, None], 9, axis=1)
        logits = np.log(np.column_stack([confidence, others]))  # class 0 is predicted
        found = calibration_error(logits[None], wrong.astype(int), weights)
        held += found.low <= error <= found.high
    return held / SAMPLES
