"""Curves of known exponents, with and without noise, against SciPy and closed forms."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import curve_fit, minimize
from scipy.stats import linregress

from lookalike.families.learning_curves import (
    PowerLaw,
    RunErrors,
    fit_curve,
    fit_power_law,
    fit_power_laws,
    jackknife_exponent,
    laws_at_floors,
    resampled_means,
)

SIZES = np.array([480.0, 1440, 4800, 14400, 48000])


def points(curve: PowerLaw, sizes: NDArray[np.float64], runs: int, noise: float, seed: int = 0) -> RunErrors:
    """Runs whose errors lie about a curve by factors."""
    rng = np.random.default_rng(seed)
    every = np.repeat(sizes, runs)
    return RunErrors(every, curve.at(every) * np.exp(rng.normal(0, noise, len(every))))


def test_a_power_law_without_noise_is_found() -> None:
    found = fit_power_law(SIZES[:4], PowerLaw(2, 0.4).at(SIZES[:4]))
    assert found is not None
    assert (found.scale, found.exponent, found.floor) == pytest.approx((2, 0.4, 0))
    with_five = fit_power_law(SIZES, PowerLaw(2, 0.4).at(SIZES))
    assert with_five is not None
    np.testing.assert_allclose(with_five.at(SIZES), PowerLaw(2, 0.4).at(SIZES), rtol=1e-4)


def test_a_floor_is_found_from_five_sizes_on() -> None:
    found = fit_power_law(SIZES, PowerLaw(2, 0.4, 0.05).at(SIZES))
    assert found is not None
    assert (found.scale, found.exponent, found.floor) == pytest.approx((2, 0.4, 0.05), rel=1e-3)
    without = fit_power_law(SIZES[1:], PowerLaw(2, 0.4, 0.05).at(SIZES[1:]))
    assert without is not None
    assert without.floor == 0


def test_fits_are_those_of_scipy() -> None:
    noisy = points(PowerLaw(3, 0.35), SIZES[:4], 3, 0.1)
    found, line = fit_power_law(noisy.tried, noisy.means), linregress(np.log(noisy.tried), np.log(noisy.means))
    assert found is not None
    assert (math.log(found.scale), -found.exponent) == pytest.approx((line.intercept, line.slope))
    with_noise = points(PowerLaw(3, 0.5, 0.06), SIZES, 3, 0.02)
    curve = fit_power_law(with_noise.tried, with_noise.means)
    expected, _ = curve_fit(
        lambda n, a, b, c: np.log(np.exp(a) * n**-b + c),
        with_noise.tried,
        np.log(with_noise.means),
        p0=(1, 0.4, 0.03),
        bounds=([-np.inf, 0, 0], [np.inf, np.inf, with_noise.means.min()]),
    )
    assert curve is not None
    assert (math.log(curve.scale), curve.exponent, curve.floor) == pytest.approx(tuple(expected), rel=1e-3)


def test_a_floor_that_does_not_help_is_none() -> None:
    bent = PowerLaw(2, 0.4).at(SIZES) * np.array([0.8, 1, 1.1, 1, 0.8])  # falls faster and faster
    found = fit_power_law(SIZES, bent)
    assert found is not None
    assert found.floor == 0
    assert -found.exponent == pytest.approx(linregress(np.log(SIZES), np.log(bent)).slope)


def test_power_laws_with_a_given_floor_minimise_the_log_errors() -> None:
    noisy = points(PowerLaw(3, 0.5, 0.06), SIZES, 1, 0.05).means
    scale, exponent, misfit = laws_at_floors(SIZES, noisy, np.array(0.05))

    def squares(parameters: tuple[float, float]) -> float:
        return float(
            ((np.log(PowerLaw(np.exp(parameters[0]), parameters[1], 0.05).at(SIZES)) - np.log(noisy)) ** 2).sum()
        )

    found = minimize(squares, (1, 0.4), method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-14})
    assert (math.log(scale), exponent) == pytest.approx(tuple(found.x), rel=1e-4)
    assert misfit == pytest.approx(found.fun)


def test_curves_that_cannot_be_fitted_are_left_out() -> None:
    means = np.stack([PowerLaw(2, 0.4).at(SIZES[:3]), np.array([0.5, 0.1, 0])])
    assert [one.exponent for one in fit_power_laws(SIZES[:3], means)] == pytest.approx([0.4])


@pytest.mark.parametrize("means", [[0.5], [0.5, 0.0]])
def test_without_two_errors_there_is_no_curve(means: list[float]) -> None:
    assert fit_power_law(SIZES[: len(means)], np.array(means)) is None
    assert fit_curve(RunErrors(SIZES[: len(means)], np.array(means))) is None


def test_runs_are_grouped_by_size() -> None:
    found = RunErrors(np.array([9.0, 3, 9]), np.array([0.1, 0.4, 0.3]))
    assert found.tried.tolist() == [3, 9]
    assert found.means.tolist() == pytest.approx([0.4, 0.2])


def test_the_jackknife_of_two_sizes_is_in_closed_form() -> None:
    noisy = points(PowerLaw(2, 0.4), SIZES[[0, 4]], 4, 0.02)
    found, distance = jackknife_exponent(noisy, 0.4), math.log(SIZES[4] / SIZES[0])
    variances = [np.var(np.log(group), ddof=1) / 4 / distance**2 for group in noisy.groups]  # logs are nearly linear
    assert found is not None
    assert found.error == pytest.approx(math.sqrt(sum(variances)), rel=0.02)
    assert found.freedom == pytest.approx(sum(variances) ** 2 / sum(one**2 / 3 for one in variances), rel=0.1)


def test_one_run_of_each_size_says_nothing_of_chance() -> None:
    found = fit_curve(points(PowerLaw(2, 0.4), SIZES, 1, 0.02))
    assert found is not None
    assert found.resampled is None
    assert found.jackknifed is None


def test_resamples_vary_as_means_of_runs_do() -> None:
    noisy = points(PowerLaw(2, 0.4), SIZES, 3, 0.1)
    varied = resampled_means(RunErrors(np.append(noisy.sizes, 1e5), np.append(noisy.errors, 0.01)))
    errors = [group.std(ddof=1) / math.sqrt(3) for group in noisy.groups]
    np.testing.assert_allclose(varied[:, :5].std(axis=0), errors, rtol=0.25)
    relative = np.mean([(group / group.mean()).var(ddof=1) for group in noisy.groups]) ** 0.5
    assert varied[:, 5].std() == pytest.approx(0.01 * relative, rel=0.25)  # one run borrows the spread of the others


def test_intervals_hold_the_exponent_about_as_often_as_they_say() -> None:
    jackknife, resampled, runs = 0, 0, 100
    for seed in range(runs):
        found = fit_curve(points(PowerLaw(2, 0.4), SIZES[:4], 3, 0.1, seed))
        assert found is not None
        assert found.jackknifed is not None
        assert found.resampled is not None
        jackknife += found.jackknifed.low <= 0.4 <= found.jackknifed.high
        resampled += found.resampled.low <= 0.4 <= found.resampled.high
    assert jackknife / runs >= 0.9
    assert resampled / runs >= 0.82
