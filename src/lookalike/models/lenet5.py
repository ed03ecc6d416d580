"""LeNet-5 as its paper describes it; `lenet5_modern` is what is usually built today.

LeCun, Bottou, Bengio & Haffner, "Gradient-based learning applied to document recognition" (Proceedings of the IEEE 86,
1998), section II.B and appendix A. Images are padded to 32x32. C1 has 6 planes, S2 halves them, C3 has 16, S4 halves
them, C5 has 120 numbers, F6 84, then one unit a class. Subsampling has weights of its own, C3 does not see all planes
of S2, activations are a scaled tanh, and an output is the squared distance from a fixed code.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SIDE = 32  # of a padded image
# Table I: the planes of S2 that each of the sixteen planes of C3 sees.
CONNECTED = (
    *((0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5)),
    *((0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5)),
    *((0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5), (0, 1, 2, 3, 4, 5)),
)


class ScaledTanh(nn.Module):
    """1.7159 tanh(2 x / 3): -1 and 1 are reached at -1 and 1, where it bends most (appendix A)."""

    def forward(self, x: Tensor) -> Tensor:
        """Any shape."""
        return 1.7159 * torch.tanh(2 / 3 * x)


ACTIVATIONS: dict[str, type[nn.Module]] = {"tanh": ScaledTanh, "sigmoid": nn.Sigmoid}


class Subsampling(nn.Module):
    """The sum of each 2x2 block times a coefficient, plus a bias; one of each a plane, and both are trained.

    Args:
        channels: number of planes.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, planes: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, H/2, W/2)."""
        sums = 4 * F.avg_pool2d(planes, 2)
        return sums * self.weight[:, None, None] + self.bias[:, None, None]


class SparseConv2d(nn.Conv2d):
    """A 5x5 convolution whose planes see only those of `CONNECTED`; the weights between all others stay zero.

    They are stored, and counted, as if they were there: 2,416 and not the paper's 1,516.
    """

    mask: Tensor

    def __init__(self) -> None:
        super().__init__(6, len(CONNECTED), 5)
        mask = torch.zeros(len(CONNECTED), 6, 1, 1)
        for plane, seen in enumerate(CONNECTED):
            mask[plane, list(seen)] = 1
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, planes: Tensor) -> Tensor:
        """(N, 6, H, W) -> (N, 16, H-4, W-4)."""
        return F.conv2d(planes, self.weight * self.mask, self.bias)


class Codes(nn.Module):
    """Minus the squared distance from a code of -1 and 1 for each class: under softmax the density of Gaussians.

    The paper draws the digits as codes of 7x12 and says that codes drawn at random would do; these are.

    Args:
        inputs: length of a code.
        num_classes: number of codes.
    """

    codes: Tensor

    def __init__(self, inputs: int, num_classes: int) -> None:
        super().__init__()
        self.register_buffer("codes", torch.randint(0, 2, (num_classes, inputs)) * 2.0 - 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, D) -> (N, num_classes)."""
        return 2 * F.linear(x, self.codes) - x.square().sum(1, keepdim=True) - self.codes.square().sum(1)


class LeNet5(nn.Module):
    """See the module; `features` ends with the 84 activations of F6.

    Args:
        input_shape: channels, height and width of an image; height and width at most 32.
        num_classes: number of logits.
        activation: `tanh` (scaled) or `sigmoid`.
        codes: whether outputs are distances from codes; else a dense layer.
    """

    def __init__(
        self,
        *,
        input_shape: tuple[int, int, int],
        num_classes: int,
        activation: str = "tanh",
        codes: bool = True,
    ) -> None:
        super().__init__()
        channels, height, width = input_shape
        if max(height, width) > SIDE:
            raise ValueError(f"images must be at most {SIDE} pixels high and wide, got {height}x{width}")
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}, got {activation}")
        bend = ACTIVATIONS[activation]
        self.features = nn.Sequential(
            padding(height, width),  # (N, C, H, W) -> (N, C, 32, 32)
            nn.Conv2d(channels, 6, 5),  # C1: (N, 6, 28, 28)
            bend(),
            Subsampling(6),  # S2: (N, 6, 14, 14)
            bend(),
            SparseConv2d(),  # C3: (N, 16, 10, 10)
            bend(),
            Subsampling(16),  # S4: (N, 16, 5, 5)
            bend(),
            nn.Flatten(),
            nn.Linear(16 * 5 * 5, 120),  # C5, which sees each plane of S4 whole
            bend(),
            nn.Linear(120, 84),  # F6
            bend(),
        )
        self.head = Codes(84, num_classes) if codes else nn.Linear(84, num_classes)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Appendix A: uniform between -2.4 and 2.4 over the number of connections into a unit, biases too."""
        for layer in self.modules():
            if isinstance(layer, Subsampling | nn.Conv2d | nn.Linear):
                limit = 2.4 / fan_in(layer)
                for parameter in layer.parameters():
                    nn.init.uniform_(parameter, -limit, limit)

    @property
    def spatial(self) -> nn.Module:
        """C3 after its activation: (N, 16, 10, 10)."""
        return self.features[6]

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> logits (N, num_classes)."""
        return self.head(self.features(images))


def padding(height: int, width: int) -> nn.Module:
    """What brings an image to 32x32 with what lies at its edge around it: the background."""
    above, left = (SIDE - height) // 2, (SIDE - width) // 2
    return nn.ReplicationPad2d((left, SIDE - width - left, above, SIDE - height - above))


def fan_in(layer: Subsampling | nn.Conv2d | nn.Linear) -> float:
    """Connections into a unit; of a sparse convolution the mean over its planes."""
    if isinstance(layer, Subsampling):
        return 4
    if isinstance(layer, SparseConv2d):
        return 25 * sum(map(len, CONNECTED)) / len(CONNECTED)
    return layer.weight[0].numel()
