"""Targets, batches, outputs of layers, and tokens on their grid."""

import pytest
import torch
from torch import Tensor, nn

from lookalike.explain.maps import contrast_target, explain_all, label_target, on_grid, outputs_of
from lookalike.models.vit import ViT

LABELS, OTHERS = torch.tensor([2, 0, 1]), torch.tensor([0, 1, 1])


def test_a_target_toward_a_class_picks_its_logit() -> None:
    logits = torch.rand(3, 4)
    assert torch.equal((logits * label_target(LABELS, 4)).sum(1), logits[range(3), LABELS])


def test_a_contrast_is_the_difference_of_two_logits() -> None:
    logits = torch.rand(3, 4)
    score = (logits * contrast_target(LABELS, OTHERS, 4)).sum(1)
    torch.testing.assert_close(score, logits[range(3), LABELS] - logits[range(3), OTHERS])
    assert score[2] == 0  # of a class with itself


@pytest.mark.parametrize("batch", [1, 3, 7, 20])
def test_batches_are_explained_one_after_the_other(batch: int) -> None:
    sizes = []

    def explain(model: nn.Module, images: Tensor, target: Tensor) -> Tensor:
        sizes.append(len(images))
        return images[:, 0] * target.sum(1)[:, None, None]

    images, target = torch.rand(7, 2, 4, 5), torch.rand(7, 3)
    assert torch.equal(
        explain_all(explain, nn.Identity(), images, target, batch), explain(nn.Identity(), images, target)
    )
    assert max(sizes[:-1]) == min(batch, 7)


def test_outputs_are_kept_within_the_block_only() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    given = torch.rand(4, 2)
    with outputs_of(model[0]) as outputs:
        put_out = model(given)
    model(given)
    assert len(outputs) == 1
    assert torch.equal(outputs[0].relu(), put_out)


@pytest.mark.parametrize("class_token", [False, True])
def test_tokens_lie_on_the_grid_in_rows_without_the_class_token(class_token: bool) -> None:
    model = ViT(input_shape=(1, 8, 12), num_classes=7, patch_size=4, embed_dim=4, depth=1, num_heads=1)
    model.has_class_token = class_token
    values = torch.arange(6.0).expand(5, 6)
    tokens = torch.cat([torch.full((5, 1), 9.0), values], dim=1) if class_token else values
    assert on_grid(model, tokens)[4].tolist() == [[0, 1, 2], [3, 4, 5]]
