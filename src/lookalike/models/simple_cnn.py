"""The simple convolutional network of the CIFAR-10 study, to which one thing at a time is added.

The source report names it and does not describe it. Ours: three 3x3 convolutions of 32, 64 and 128 channels, each with
ReLU and 2x2 max-pooling, then dense 256 and dense 10. Initialised as torch does by default, which the report used.
"""

from torch import nn

from lookalike.models.base import Model, require_side
from lookalike.models.layers import Dropout, convolution_with_relu

CHANNELS = (32, 64, 128)


class SimpleCNN(Model):
    """See the module; `features` ends with the 256 activations that the last layer reads.

    Args:
        input_shape: height and width at least 8.
        batch_norm: whether each convolution is followed by batch normalisation.
        dropout: probability of a zero after each pooling.
    """

    features: nn.Sequential

    def __init__(
        self,
        *,
        input_shape: tuple[int, int, int],
        num_classes: int,
        batch_norm: bool = False,
        dropout: float = 0.0,
        max_channels: int | None = None,
    ) -> None:
        super().__init__()
        inputs, height, width = input_shape
        require_side(input_shape, least=8)
        *stages, dense = (min(wanted, max_channels or wanted) for wanted in (*CHANNELS, 256))
        layers: list[nn.Module] = []
        for outputs in stages:  # (N, C, H, W) -> (N, outputs, H/2, W/2)
            layers += [
                *convolution_with_relu(inputs, outputs, batch_norm=batch_norm),
                nn.MaxPool2d(2),
                Dropout(dropout),
            ]
            inputs = outputs
        flattened = inputs * (height // 8) * (width // 8)
        self.features = nn.Sequential(*layers, nn.Flatten(), nn.Linear(flattened, dense), nn.ReLU())
        self.head = nn.Linear(dense, num_classes)

    @property
    def spatial(self) -> nn.Module:
        """The last convolution's output after ReLU: (N, 128, H/4, W/4)."""
        return [layer for layer in self.features if isinstance(layer, nn.ReLU)][-2]
