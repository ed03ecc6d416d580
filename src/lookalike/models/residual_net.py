"""The residual networks for small images, and the plain networks of the same depth that they are compared with.

He, Zhang, Ren & Sun, "Deep Residual Learning for Image Recognition" (CVPR 2016), section 4.2: a 3x3 convolution, three
stages of n blocks with 16, 32 and 64 channels, global average pooling, one linear layer: 6 n + 2 layers with weights.
Shortcuts have none (option A), so that a residual network and its plain counterpart differ only in the sums.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from lookalike.models.base import GlobalPooling
from lookalike.models.initialisation import he_init_

CHANNELS = (16, 32, 64)  # of the three stages


class ResidualNet(GlobalPooling):
    """See the module; `features` are the means of the last stage's feature maps. Initialised as `he_init_` does.

    Args:
        depth: layers with weights: 8, 14, 20, ..., 6 n + 2.
        residual: whether the input of each block is added to its output; if not, this is the plain network.
    """

    SPATIAL = POOLED = "body"  # ends in the last block after ReLU: (N, 64, H/4, W/4)

    def __init__(
        self,
        *,
        input_shape: tuple[int, int, int],
        num_classes: int,
        depth: int = 20,
        residual: bool = True,
        max_channels: int | None = None,
    ) -> None:
        super().__init__()
        if depth < 8 or (depth - 2) % 6:
            raise ValueError(f"depth must be 6 n + 2, such as 20 or 56, got {depth}")
        inputs = min(CHANNELS[0], max_channels or CHANNELS[0])
        layers = [*normalised_convolution(input_shape[0], inputs), nn.ReLU()]
        for stage, wanted in enumerate(CHANNELS):  # (N, C, H, W) -> (N, wanted, H/2, W/2), from the second on
            outputs = min(wanted, max_channels or wanted)
            for number in range((depth - 2) // 6):
                stride = 2 if stage > 0 and number == 0 else 1
                layers.append(ResidualBlock(inputs, outputs, stride=stride, residual=residual))
                inputs = outputs
        self.body = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(inputs, num_classes)
        he_init_(self)

    def features(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, 64)."""
        return self.pool(self.body(images)).flatten(1)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions, to whose output the block's input is added before the last ReLU, if `residual`.

    Args:
        inputs, outputs: channels before and after; not fewer after.
        stride: of the first convolution.
    """

    def __init__(self, inputs: int, outputs: int, *, stride: int, residual: bool) -> None:
        super().__init__()
        self.stride, self.new, self.residual = stride, outputs - inputs, residual
        first, second = normalised_convolution(inputs, outputs, stride=stride), normalised_convolution(outputs, outputs)
        self.convolutions = nn.Sequential(*first, nn.ReLU(), *second)
        self.relu = nn.ReLU()

    def forward(self, maps: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H/stride, W/stride)."""
        residual = self.convolutions(maps)
        return self.relu(residual + self.shortcut(maps) if self.residual else residual)

    def shortcut(self, maps: Tensor) -> Tensor:
        """Option A: every second row and column if the convolution skips them too, and zeros for the new channels."""
        return F.pad(maps[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.new))


def normalised_convolution(inputs: int, outputs: int, *, stride: int = 1) -> list[nn.Module]:
    """A 3x3 convolution and batch normalisation, whose shift replaces the convolution's bias."""
    return [nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False), nn.BatchNorm2d(outputs)]
