"""Mixtures on points drawn from known Gaussians, and their counts and criteria against scikit-learn's own."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture

from lookalike.embedding import mixture
from lookalike.embedding.mixture import (
    MixtureFit,
    affordable,
    fit_mixture,
    fit_mixtures,
    k_means,
    lowest_bic,
    parameters_of,
)

COVARIANCES = ("full", "tied", "diag", "spherical")
CLUSTER = np.arange(240) % 4
CENTRES = np.array([[0, 0, 0], [20, 0, 0], [0, 20, 0], [0, 0, 20]])
ROUND = CENTRES[CLUSTER] + np.random.default_rng(0).normal(size=(240, 3))
FIT = MixtureFit(5, "full", 9, -1.5, 20.0, True, 0.9, CLUSTER)


@pytest.mark.parametrize("covariance", COVARIANCES)
@pytest.mark.parametrize(("components", "dims"), [(1, 2), (3, 5)])
def test_parameters_are_as_many_as_scikit_learn_counts(covariance: str, components: int, dims: int) -> None:
    points = np.random.default_rng(0).normal(size=(60, dims))
    theirs = GaussianMixture(components, covariance_type=covariance, random_state=0).fit(points)
    assert parameters_of(components, covariance, dims) == theirs._n_parameters()


@pytest.mark.parametrize("covariance", COVARIANCES)
def test_a_fit_finds_clusters_that_are_plain(covariance: str) -> None:
    found = fit_mixture(ROUND, 4, covariance, starts=2, seed=0)
    assert adjusted_rand_score(CLUSTER, found.assignments) == 1
    assert found.certainty == pytest.approx(1, abs=1e-6)
    assert found.converged
    assert found.bic == pytest.approx(found.parameters * np.log(240) - 2 * 240 * found.log_likelihood)


def test_the_criterion_finds_number_and_shape() -> None:
    fits = fit_mixtures(ROUND, [2, 3, 4, 6], COVARIANCES, starts=3, seed=0)
    assert [(fit.components, fit.covariance) for fit in fits] == [(k, c) for k in (2, 3, 4, 6) for c in COVARIANCES]
    best = lowest_bic(fits)
    assert (best.components, best.covariance) == (4, "spherical")


def test_the_criterion_finds_a_stretched_shape() -> None:
    stretched = ROUND @ np.array([[1, 0.9, 0], [0, 0.3, 0], [0, 0, 1]])
    assert lowest_bic(fit_mixtures(stretched, [4], COVARIANCES, starts=2, seed=0)).covariance == "tied"


def test_a_fit_repeats_with_its_seed_and_does_not_depend_on_the_scale() -> None:
    noise = np.random.default_rng(4).normal(size=(150, 4))
    fits = [fit_mixture(points, 5, "full", starts=2, seed=7) for points in (noise, noise, noise / 1024)]
    np.testing.assert_array_equal(fits[0].assignments, fits[1].assignments)
    np.testing.assert_array_equal(fits[0].assignments, fits[2].assignments)
    assert fits[0].bic == fits[1].bic
    assert fits[0].certainty == pytest.approx(fits[2].certainty, rel=1e-6)


def test_a_fit_that_is_not_done_says_so_instead_of_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mixture, "MAX_ITERATIONS", 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = fit_mixture(np.random.default_rng(4).normal(size=(150, 4)), 5, "full", starts=1, seed=0)
    assert not found.converged


@pytest.mark.parametrize(
    ("count", "dims", "expected"),
    [
        (231, 20, ["full", "tied", "diag", "spherical"]),  # "full" has 2309 parameters, for 4620 values
        (230, 20, ["tied", "diag", "spherical"]),
        (41, 20, ["diag", "spherical"]),
    ],
)
def test_shapes_with_too_many_parameters_are_left_out(count: int, dims: int, expected: list[str]) -> None:
    assert affordable(10, COVARIANCES, count, dims) == expected


def test_one_shape_is_left_however_few_the_points() -> None:
    assert affordable(10, COVARIANCES, 12, 11) == ["spherical"]
    assert affordable(10, ["full", "tied"], 12, 11) == ["tied"]


def test_a_fit_that_did_not_converge_is_chosen_only_among_its_like() -> None:
    better, best = replace(FIT, bic=10.0), replace(FIT, bic=5.0, converged=False)
    assert lowest_bic([FIT, best, better]) is better
    assert lowest_bic([replace(FIT, converged=False), best]) is best


def test_k_means_finds_clusters_that_are_plain_and_repeats() -> None:
    found = k_means(ROUND, 4, starts=3, seed=0)
    assert adjusted_rand_score(CLUSTER, found) == 1
    np.testing.assert_array_equal(found, k_means(ROUND, 4, starts=3, seed=0))
