"""One 5x5 convolution against two 3x3 convolutions of the same receptive field, in an otherwise equal network.

For the claim that several small filters do better than one large filter: Simonyan & Zisserman, "Very Deep Convolutional
Networks for Large-Scale Image Recognition" (ICLR 2015), sections 2.3 and 4.1: with one 5x5 convolution in place of two
3x3, the top-1 error of their configuration B rose by 7 points. Ours has two stages that end in 32 and 64 channels, each
followed by 2x2 max-pooling, then dense 128 with ReLU and the head. The first convolution of a pair has 32 channels, so
that all pairs together have 70 % of the weights of the 5x5 convolutions (37,728 and 53,600 for colour images); between
equal numbers of channels it would be 18/25. Initialised as torch does by default.
"""

from torch import nn

from lookalike.models.base import Model, require_choice, require_side
from lookalike.models.layers import convolution_with_relu

DENSE = 128
STAGES = {  # kernel and channels of the convolutions of each stage; ReLU follows each
    "5x5": (((5, 32),), ((5, 64),)),
    "3x3-3x3": (((3, 32), (3, 32)), ((3, 32), (3, 64))),
}


class FilterNet(Model):
    """See the module; `features` ends with the 128 activations that the last layer reads.

    Args:
        input_shape: height and width at least 4.
        kernels: the convolutions of a stage, `5x5` or `3x3-3x3`.
    """

    features: nn.Sequential

    def __init__(
        self,
        *,
        input_shape: tuple[int, int, int],
        num_classes: int,
        kernels: str = "5x5",
        max_channels: int | None = None,
    ) -> None:
        super().__init__()
        inputs, height, width = input_shape
        require_side(input_shape, least=4)
        require_choice("kernels", kernels, STAGES)
        layers: list[nn.Module] = []
        for stage in STAGES[kernels]:  # (N, C, H, W) -> (N, outputs, H/2, W/2)
            for kernel, wanted in stage:
                outputs = min(wanted, max_channels or wanted)
                layers += convolution_with_relu(inputs, outputs, kernel=kernel)
                inputs = outputs
            layers.append(nn.MaxPool2d(2))
        flattened, dense = inputs * (height // 4) * (width // 4), min(DENSE, max_channels or DENSE)
        self.features = nn.Sequential(*layers, nn.Flatten(), nn.Linear(flattened, dense), nn.ReLU())
        self.head = nn.Linear(dense, num_classes)

    @property
    def spatial(self) -> nn.Module:
        """The last convolution's output after ReLU: (N, 64, H/2, W/2)."""
        return [layer for layer in self.features if isinstance(layer, nn.ReLU)][-2]
