"""The temperature: found where it is known, the best there is, and harmless to predictions."""

import numpy as np
import pytest
from numpy.typing import NDArray

from lookalike.evaluation.calibration import COLDEST, HOTTEST, fit_temperature
from lookalike.evaluation.metrics import negative_log_likelihood, reliability, softmax


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
