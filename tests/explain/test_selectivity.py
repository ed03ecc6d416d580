"""Filters whose tuning is known, and the same figures by SciPy and NumPy."""

import numpy as np
import pytest
import scipy.fft
import scipy.stats
import torch

from lookalike.explain.selectivity import FREQUENCY, ORIENTATIONS, chance, selectivity, spectral_entropy, tuning

SOBEL = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
BLOB = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]])


@pytest.mark.parametrize("shape", [(5, 3, 3, 3), (4, 1, 5, 4)])
def test_spectral_entropy_is_that_of_the_power_spectrum(shape: tuple[int, ...]) -> None:
    filters = torch.randn(shape)
    power = (np.abs(scipy.fft.fft2(filters.numpy().astype(float))) ** 2).sum(1).reshape(len(filters), -1)
    expected = scipy.stats.entropy(power, axis=1) / np.log(power.shape[1])
    np.testing.assert_allclose(spectral_entropy(filters), expected, rtol=1e-6)


def test_one_point_has_all_frequencies_and_a_constant_one() -> None:
    point = torch.zeros(1, 1, 3, 3)
    point[..., 1, 1] = 1
    assert spectral_entropy(point).item() == pytest.approx(1)
    assert spectral_entropy(torch.ones(1, 2, 3, 3)).item() == pytest.approx(0, abs=1e-6)


def test_a_filter_of_zeros_has_nothing() -> None:
    nothing = torch.zeros(2, 3, 3, 3)
    assert spectral_entropy(nothing).tolist() == selectivity(nothing).tolist() == [0, 0]


def test_selectivity_is_one_minus_the_circular_variance() -> None:
    filters = torch.randn(6, 3, 3, 3)
    angles = np.arange(ORIENTATIONS) * np.pi / ORIENTATIONS
    for one, found in zip(filters.numpy().astype(float), selectivity(filters), strict=True):
        answers = np.zeros(ORIENTATIONS)
        for k, angle in enumerate(angles):
            total = 0.0
            for plane in one:
                wave = [
                    [np.exp(-1j * FREQUENCY * (x * np.cos(angle) + y * np.sin(angle))) for x in range(3)]
                    for y in range(3)
                ]
                total += abs((plane * np.array(wave)).sum()) ** 2
            answers[k] = np.sqrt(total)
        expected = abs((answers * np.exp(2j * angles)).sum()) / answers.sum()
        assert found.item() == pytest.approx(expected, rel=1e-6)


def test_an_edge_is_selective_in_any_direction_and_a_blob_is_not() -> None:
    edges = torch.stack([SOBEL, SOBEL.T, -SOBEL])[:, None]
    found = selectivity(edges)
    assert found.min() > 0.3
    torch.testing.assert_close(found, found[:1].expand(3))
    assert selectivity(BLOB[None, None]).item() < 0.05
    assert found.min() > chance(1, 3, 3) > 0.05


def test_tuning_compares_filters_with_themselves() -> None:
    random, edges = torch.rand(40, 1, 3, 3) * 2 - 1, SOBEL.expand(40, 1, 3, 3)
    found = tuning(edges, random)
    assert found.count == 40
    assert found.selective.value == 1
    for part in (found.selectivity, found.spectral_entropy):
        assert part.difference.value == pytest.approx(part.trained.value - part.untrained.value)
    assert found.selectivity.difference.low > 0
    assert found.spectral_entropy.difference.high < 0


def test_few_random_filters_are_selective() -> None:
    random = torch.rand(2000, 3, 3, 3, generator=torch.Generator().manual_seed(1)) * 2 - 1
    found = tuning(random, random)
    assert found.selective.value == pytest.approx(0.05, abs=0.02)
    assert found.selectivity.difference.value == 0
