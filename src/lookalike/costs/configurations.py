"""The configurations of VGG, side by side at the input of the CIFAR-10 study.

Simonyan & Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition" (ICLR 2015), tables 1 and 2,
with the two max-pools and three dense layers of the study (see `models.vgg`). Nothing is trained or timed.
"""

from torch import nn

from lookalike.artifacts.costs import ConfigurationSize
from lookalike.costs.measure import Shape, size_of
from lookalike.models.vgg import CONFIGURATIONS, VGG

INPUT_SHAPE: Shape = (3, 32, 32)
CLASSES = 10


def vgg_configurations() -> list[ConfigurationSize]:
    """The counts for every configuration, without batch normalisation, in the order of the paper's table."""
    rows = []
    for name in CONFIGURATIONS:
        model = VGG(input_shape=INPUT_SHAPE, num_classes=CLASSES, configuration=name)
        layers = sum(isinstance(layer, nn.Conv2d | nn.Linear) for layer in model.modules())
        size = size_of(model, INPUT_SHAPE)
        rows.append(ConfigurationSize(name, layers, size.parameters, size.macs))
    return rows
