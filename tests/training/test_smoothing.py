"""Soft targets: sums, symmetric cases, and what cross-entropy against them means."""

import pytest
import torch
import torch.nn.functional as F

from lookalike.training.smoothing import soft_targets

NAMES = ("shirt", "coat", "bag", "sneaker", "boot", "sandal")
GROUPS = {"tops": ("shirt", "coat"), "bags": ("bag",), "shoes": ("boot", "sneaker", "sandal")}


def test_each_share_goes_where_it_belongs() -> None:
    table = soft_targets(NAMES, GROUPS, look_alikes=0.1, others=0.06)
    assert table.sum(1).tolist() == pytest.approx([1.0] * 6)
    assert table[0].tolist() == pytest.approx([0.84, 0.1, 0.015, 0.015, 0.015, 0.015])
    assert table[3].tolist() == pytest.approx([0.02, 0.02, 0.02, 0.84, 0.05, 0.05])


def test_a_class_without_look_alikes_keeps_their_share() -> None:
    table = soft_targets(NAMES, GROUPS, look_alikes=0.1, others=0.0)
    assert table[2].tolist() == pytest.approx([0, 0, 1, 0, 0, 0])


def test_one_group_for_all_is_ordinary_label_smoothing() -> None:
    table = soft_targets(NAMES, {"all": NAMES}, look_alikes=0.1, others=0.0)
    logits, labels = torch.randn(40, 6), torch.randint(6, (40,))
    # torch gives the class itself a part of the smoothed share, too: 0.12 / 6 each leaves 0.1 to the five others.
    expected = F.cross_entropy(logits, labels, label_smoothing=0.12)
    torch.testing.assert_close(F.cross_entropy(logits, table[labels]), expected)


def test_without_shares_the_targets_are_the_classes() -> None:
    torch.testing.assert_close(soft_targets(NAMES, GROUPS, look_alikes=0.0, others=0.0), torch.eye(6))
