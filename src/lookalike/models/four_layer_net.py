"""The network for the convergence speed of ReLU and tanh, after figure 1 of the AlexNet paper.

Krizhevsky, Sutskever & Hinton, "ImageNet classification with deep convolutional neural networks" (NIPS 2012), trained a
"four-layer convolutional network" on CIFAR-10 once with ReLU and once with tanh, without any regularisation, and do not
describe it further. Ours: four 3x3 convolutions of 32, 32, 64 and 64 channels, 2x2 max-pooling after the second and the
fourth, and one dense layer. Initialised as torch does by default, alike for both.
"""

from torch import nn

from lookalike.models.base import Model, require_choice, require_side

CHANNELS = (32, 32, 64, 64)
ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh}


class FourLayerNet(Model):
    """See the module; `features` are the flattened feature maps that the dense layer reads.

    Args:
        input_shape: height and width at least 4.
        activation: what follows each convolution, `relu` or `tanh`.
    """

    features: nn.Sequential

    def __init__(
        self,
        *,
        input_shape: tuple[int, int, int],
        num_classes: int,
        activation: str = "relu",
        max_channels: int | None = None,
    ) -> None:
        super().__init__()
        inputs, height, width = input_shape
        require_side(input_shape, least=4)
        require_choice("activation", activation, ACTIVATIONS)
        layers: list[nn.Module] = []
        for depth, wanted in enumerate(CHANNELS, start=1):
            outputs = min(wanted, max_channels or wanted)
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), ACTIVATIONS[activation]()]
            layers += [nn.MaxPool2d(2)] if depth % 2 == 0 else []  # (N, C, H, W) -> (N, C, H/2, W/2)
            inputs = outputs
        self.features = nn.Sequential(*layers, nn.Flatten())
        self.head = nn.Linear(inputs * (height // 4) * (width // 4), num_classes)

    @property
    def spatial(self) -> nn.Module:
        """The last convolution's output after its activation: (N, 64, H/2, W/2)."""
        return self.features[-3]
