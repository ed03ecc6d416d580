"""The small convolutional network of the fashion study.

A Keras `Sequential` in the source report: three 3x3 convolutions (valid, same, valid) of 32, 64 and 64 channels, each
with ReLU and dropout, max-pooling after the first two, then dense 32 and dense 10; 88,874 parameters at 28x28.
"""

from torch import nn

from lookalike.models.base import Model, require_side
from lookalike.models.initialisation import keras_init_
from lookalike.models.layers import Dropout


class FashionCNN(Model):
    """See the module; `features` ends with the 32 activations that the last layer reads.

    ReLU comes after dropout and pooling, where there is a quarter of the work: a dropout mask is never negative and
    a maximum commutes with a monotone function, so conv -> ReLU -> dropout -> pool gives the same values and gradients.

    Args:
        input_shape: values in [0, 1]; height and width at least 14.
        dropout: probability of a zero after each convolution.
    """

    SPATIAL = "features.10"  # the third convolution after ReLU: (N, 64, h, w)
    features: nn.Sequential

    def __init__(self, *, input_shape: tuple[int, int, int], num_classes: int, dropout: float = 0.2) -> None:
        super().__init__()
        channels, height, width = input_shape
        require_side(input_shape, least=14)
        self.features = nn.Sequential(
            nn.Conv2d(channels, 32, 3),  # (N, C, H, W) -> (N, 32, H-2, W-2)
            Dropout(dropout),
            nn.MaxPool2d(2),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, padding=1),
            Dropout(dropout),
            nn.MaxPool2d(2),
            nn.ReLU(),
            nn.Conv2d(64, 64, 3),
            Dropout(dropout),
            nn.ReLU(),
            nn.Flatten(),  # (N, 64, h, w) -> (N, 64*h*w)
            nn.Linear(64 * conv_output(height) * conv_output(width), 32),
            nn.ReLU(),
        )
        self.head = nn.Linear(32, num_classes)
        keras_init_(self)


def conv_output(size: int) -> int:
    """Height or width after the three convolutions and two pools: 28 -> 4."""
    return (size - 2) // 2 // 2 - 2
