"""The configurations of VGG, against hand counts and against torch's counter."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from lookalike.costs.configurations import vgg_configurations
from lookalike.models.vgg import CONFIGURATIONS, VGG

# Channels and kernel of every convolution, in the order of table 1; first those at 32x32 pixels, then those at 15x15.
A = ((64, 3), (128, 3), (256, 3), (256, 3)), ((512, 3),) * 4
B = ((64, 3), (64, 3), (128, 3), (128, 3), (256, 3), (256, 3)), ((512, 3),) * 4
C = (*B[0], (256, 1)), ((512, 3), (512, 3), (512, 1)) * 2
D = (*B[0], (256, 3)), ((512, 3),) * 6
E = (*B[0], (256, 3), (256, 3)), ((512, 3),) * 8
BY_HAND = {"A": A, "A-LRN": A, "B": B, "C": C, "D": D, "E": E}


@pytest.mark.parametrize("name", BY_HAND)
def test_counts_are_those_by_hand(name: str) -> None:
    inputs = 3
    layers, parameters, macs = 3, 512 * 1000 + 1000 + 1000 * 512 + 512 + 512 * 10 + 10, 512 * 1000 * 2 + 512 * 10
    for stage, positions in zip(BY_HAND[name], (32**2, 15**2), strict=True):
        for outputs, kernel in stage:
            weights = kernel**2 * inputs * outputs
            layers, parameters, macs = layers + 1, parameters + weights + outputs, macs + weights * positions
            inputs = outputs
    (row,) = [row for row in vgg_configurations() if row.name == name]
    assert (row.layers, row.parameters, row.macs) == (layers, parameters, macs)


def test_configurations_have_11_to_19_layers_in_the_order_of_the_table() -> None:
    rows = vgg_configurations()
    assert [row.name for row in rows] == list(CONFIGURATIONS) == list(BY_HAND)
    assert [row.layers for row in rows] == [
        11,
        11,
        13,
        16,
        16,
        19,
    ]  # the paper's numbers: it has three dense layers too


def test_products_are_those_of_torch() -> None:
    model = VGG(input_shape=(3, 32, 32), num_classes=10, configuration="C")
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        model.eval().to("meta")(torch.empty(1, 3, 32, 32, device="meta"))
    assert counter.get_total_flops() // 2 == {row.name: row for row in vgg_configurations()}["C"].macs
