"""The fully connected network that LeNet is compared with.

The 28x28-300-10 network of LeCun, Bottou, Bengio & Haffner, "Gradient-based learning applied to document recognition"
(Proceedings of the IEEE 86, 1998), section III.C: 4.7 % test error on MNIST. Every unit of the hidden layer sees every
pixel, so the network knows nothing of which pixels are neighbours. Activations and initial weights are those of the
paper's appendix A, as in `lenet5`.
"""

from torch import nn

from lookalike.models.base import Model
from lookalike.models.initialisation import lecun_init_
from lookalike.models.layers import Permutation, ScaledTanh

HIDDEN = 300  # units


class MnistMLP(Model):
    """See the module; `features` ends with the 300 activations that the last layer reads.

    Args:
        permutation: seed of an order in which the pixels are read; None leaves them where they are.
    """

    SPATIAL = "features.0"  # the image itself, (N, C, H, W): no layer has spatial positions
    features: nn.Sequential

    def __init__(self, *, input_shape: tuple[int, int, int], num_classes: int, permutation: int | None = None) -> None:
        super().__init__()
        channels, height, width = input_shape
        flatten = nn.Flatten()  # (N, C, H, W) -> (N, C*H*W)
        self.features = nn.Sequential(
            nn.Identity(),  # what `spatial` names: the image before its pixels are reordered
            flatten if permutation is None else nn.Sequential(Permutation(height, width, permutation), flatten),
            nn.Linear(channels * height * width, HIDDEN),
            ScaledTanh(),
        )
        self.head = nn.Linear(HIDDEN, num_classes)
        lecun_init_(self)
