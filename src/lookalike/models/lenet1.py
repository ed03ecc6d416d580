"""LeNet-1, the network of 4 and 12 feature maps that LeNet-5 enlarges to 6 and 16.

LeCun et al., "Handwritten digit recognition with a back-propagation network" (NIPS 1989, printed 1990), section 4,
called LeNet-1 in LeCun et al. (Proceedings of the IEEE 86, 1998). Images are 28x28. A 5x5 convolution makes 4 feature
maps, trained subsampling halves their sides, a 5x5 convolution makes 12, subsampling halves their sides, and one dense
layer has a unit per class: 2,578 free parameters for ten classes. Activations and initial weights are those of LeNet-5
(`lenet5`). In the papers a digit fills 16x16 pixels of the image; here images are what the data set gives.
"""

from torch import nn

from lookalike.models.base import Model, require_side
from lookalike.models.initialisation import lecun_init_
from lookalike.models.layers import ScaledTanh, SparseConv2d, Subsampling, pad_to

SIDE = 28  # pixels, of a padded image
# The feature maps of the first stage that each of the twelve feature maps of the second convolution sees: 20 pairs.
CONNECTIONS = (
    *((0,), (0, 1), (0, 1), (1,), (0, 1), (0, 1)),
    *((2,), (2, 3), (2, 3), (3,), (2, 3), (2, 3)),
)


class LeNet1(Model):
    """See the module; `features` are the 12 x 4 x 4 activations that the dense layer reads.

    Args:
        input_shape: height and width at most 28. Smaller images are padded.
    """

    SPATIAL = "features.6"  # the second convolution after its activation: (N, 12, 8, 8)
    features: nn.Sequential

    def __init__(self, *, input_shape: tuple[int, int, int], num_classes: int) -> None:
        super().__init__()
        channels, height, width = input_shape
        require_side(input_shape, most=SIDE)
        self.features = nn.Sequential(
            pad_to(SIDE, height, width),  # (N, C, H, W) -> (N, C, 28, 28)
            nn.Conv2d(channels, 4, 5),  # (N, 4, 24, 24)
            ScaledTanh(),
            Subsampling(4),  # (N, 4, 12, 12)
            ScaledTanh(),
            SparseConv2d(4, CONNECTIONS, 5),  # (N, 12, 8, 8)
            ScaledTanh(),
            Subsampling(12),  # (N, 12, 4, 4)
            ScaledTanh(),
            nn.Flatten(),  # (N, 192)
        )
        self.head = nn.Linear(12 * 4 * 4, num_classes)
        lecun_init_(self)
