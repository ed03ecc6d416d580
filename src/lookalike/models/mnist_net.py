"""A plain modern network for digits, with which LeNet-5 is compared.

That of PyTorch's MNIST example (github.com/pytorch/examples) without its dropout: two 3x3 convolutions of 32 and 64
channels without padding, each with ReLU, 2x2 max-pooling, dense 128 with ReLU and dense 10. Initialised as torch does.
"""

from torch import nn

from lookalike.models.base import Model, require_side


class MnistNet(Model):
    """See the module; `features` ends with the 128 activations that the last layer reads.

    Args:
        input_shape: height and width at least 6.
    """

    SPATIAL = "features.3"  # the second convolution after ReLU: (N, 64, H-4, W-4)
    features: nn.Sequential

    def __init__(self, *, input_shape: tuple[int, int, int], num_classes: int) -> None:
        super().__init__()
        channels, height, width = input_shape
        require_side(input_shape, least=6)
        self.features = nn.Sequential(
            nn.Conv2d(channels, 32, 3),  # (N, C, H, W) -> (N, 32, H-2, W-2)
            nn.ReLU(),
            nn.Conv2d(32, 64, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),  # (N, 64, h, w) -> (N, 64*h*w)
            nn.Linear(64 * ((height - 4) // 2) * ((width - 4) // 2), 128),
            nn.ReLU(),
        )
        self.head = nn.Linear(128, num_classes)
