"""The contrastive loss against the sum over pairs that the paper writes, and where it is zero."""

import pytest
import torch
from torch import Tensor, nn

from lookalike.models.fashion_cnn import FashionCNN
from lookalike.runtime import Runtime
from lookalike.training.contrast import contrastive_loss
from lookalike.training.loop import Learner
from lookalike.training.optimisation import Optimisation, Optimiser


def over_pairs(features: Tensor, labels: Tensor, margin: float) -> Tensor:
    """The loss pair by pair."""
    total, similarity = torch.tensor(0.0), nn.CosineSimilarity(dim=0)
    for one, its in zip(features, labels, strict=True):
        for other, label in zip(features, labels, strict=True):
            cosine = similarity(one, other)
            total = total + (1 - cosine if its == label else torch.relu(cosine - margin))
    return total / len(labels) ** 2


@pytest.mark.parametrize("margin", [-0.5, 0.0, 0.4])
def test_it_is_the_mean_over_ordered_pairs(margin: float) -> None:
    features, labels = torch.randn(9, 5), torch.tensor([0, 0, 1, 2, 2, 2, 3, 1, 0])
    torch.testing.assert_close(contrastive_loss(features, labels, margin), over_pairs(features, labels, margin))


def test_classes_that_are_one_direction_each_and_far_apart_cost_nothing() -> None:
    labels = torch.arange(6) % 3
    features = torch.eye(3)[labels] * torch.arange(1.0, 7.0)[:, None]  # lengths do not matter
    assert contrastive_loss(features, labels, 0.4).item() == pytest.approx(0, abs=1e-6)


def test_one_direction_for_all_costs_what_exceeds_the_margin() -> None:
    features, labels = torch.ones(4, 3), torch.arange(4)
    assert contrastive_loss(features, labels, 0.4).item() == pytest.approx(0.6 * 12 / 16)


def test_a_step_with_it_draws_a_class_together_and_reports_the_cross_entropy_alone(runtime: Runtime) -> None:
    images, labels = torch.rand(8, 1, 16, 16), torch.arange(8) % 2
    outcomes = []
    for margin in (None, 0.4):
        torch.manual_seed(0)
        model = FashionCNN(input_shape=(1, 16, 16), num_classes=2, dropout=0.0)
        optimiser = Optimiser(model, Optimisation("adam", lr=1e-2))
        learner = Learner(model, optimiser, runtime, contrastive_margin=margin)
        totals = [learner.step(images, labels) for _ in range(20)]
        with torch.no_grad():
            outcomes.append((totals[0], contrastive_loss(model.features(images), labels, 0.4).item()))
    (plain, without), (reported, with_it) = outcomes
    assert torch.equal(plain, reported)
    assert with_it < without
