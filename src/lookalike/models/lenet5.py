"""LeNet-5 as its paper describes it; `lenet5_modern` is what is usually built today.

LeCun, Bottou, Bengio & Haffner, "Gradient-based learning applied to document recognition" (Proceedings of the IEEE 86,
1998), section II.B and appendix A. Images are padded to 32x32. C1 has 6 feature maps, S2 halves their sides, C3 has 16,
S4 halves their sides, C5 has 120 units, F6 84, then one unit per class. Subsampling is trained, C3 does not see all
feature maps of S2, activations are a scaled tanh, and an output is the squared distance from a fixed code.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lookalike.models.base import Model, require_choice, require_side
from lookalike.models.initialisation import lecun_init_
from lookalike.models.layers import Permutation, ScaledTanh, SparseConv2d, Subsampling, pad_to

SIDE = 32  # pixels, of a padded image
# Table I: the feature maps of S2 that each of the sixteen feature maps of C3 sees.
CONNECTIONS = (
    *((0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5)),
    *((0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5)),
    *((0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5), (0, 1, 2, 3, 4, 5)),
)
ACTIVATIONS: dict[str, type[nn.Module]] = {"tanh": ScaledTanh, "sigmoid": nn.Sigmoid}


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


class LeNet5(Model):
    """See the module; `features` ends with the 84 activations of F6.

    Args:
        input_shape: height and width at most 32.
        activation: `tanh` (scaled) or `sigmoid`.
        codes: whether outputs are distances from codes; else a dense layer.
        permutation: seed of an order in which the pixels are put before anything else, so that a position in a feature
            map is no position in the image; None leaves them where they are.
    """

    SPATIAL = "features.6"  # C3 after its activation: (N, 16, 10, 10)
    features: nn.Sequential

    def __init__(
        self,
        *,
        input_shape: tuple[int, int, int],
        num_classes: int,
        activation: str = "tanh",
        codes: bool = True,
        permutation: int | None = None,
    ) -> None:
        super().__init__()
        channels, height, width = input_shape
        require_side(input_shape, most=SIDE)
        require_choice("activation", activation, ACTIVATIONS)
        make_activation = ACTIVATIONS[activation]
        pad = pad_to(SIDE, height, width)  # (N, C, H, W) -> (N, C, 32, 32)
        self.features = nn.Sequential(
            pad if permutation is None else nn.Sequential(Permutation(height, width, permutation), pad),
            nn.Conv2d(channels, 6, 5),  # C1: (N, 6, 28, 28)
            make_activation(),
            Subsampling(6),  # S2: (N, 6, 14, 14)
            make_activation(),
            SparseConv2d(6, CONNECTIONS, 5),  # C3: (N, 16, 10, 10)
            make_activation(),
            Subsampling(16),  # S4: (N, 16, 5, 5)
            make_activation(),
            nn.Flatten(),
            nn.Linear(16 * 5 * 5, 120),  # C5, which sees each feature map of S4 whole
            make_activation(),
            nn.Linear(120, 84),  # F6
            make_activation(),
        )
        self.head = Codes(84, num_classes) if codes else nn.Linear(84, num_classes)
        lecun_init_(self)
