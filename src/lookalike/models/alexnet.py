"""AlexNet, at the size of its paper and for images of 32x32.

Krizhevsky, Sutskever & Hinton, "ImageNet classification with deep convolutional neural networks" (NIPS 2012). Five
convolutions, the second, fourth and fifth in two groups, since each of two GPUs held half of the channels; overlapping
max-pooling (3x3, stride 2) after the first, second and fifth; local response normalisation after the first two; two
dense layers of 4096 with dropout.

The paper has no network for small images. Here images of less than 64 pixels get a first convolution of 5x5 with stride
1 in place of 11x11 with stride 4, so that 32x32 becomes 15x15, 7x7 and 3x3. On CIFAR-10 its loss stayed flat for
hundreds of steps with the paper's initial weights, and fell at once with `he`. Biases of 1 keep the loss flat at the
paper's own size too: BVLC's AlexNet for Caffe begins with .1.
"""

from torch import Tensor, nn

from lookalike.models.base import Model, require_side
from lookalike.models.initialisation import he_init_
from lookalike.models.layers import Dropout, LocalResponseNorm

SMALL = 64  # pixels; images below get the small stem
CHANNELS, DENSE = (96, 256, 384, 384, 256), 4096  # of the five convolutions, and of each dense layer


class AlexNet(Model):
    """See the module; `features` ends with the 4096 activations of the second dense layer.

    Weights begin as in the paper (section 5): Gaussian with a deviation of .01; biases are 1 in the second, fourth and
    fifth convolution and in the dense hidden layers, so that ReLUs begin with inputs above zero, and 0 elsewhere.

    Args:
        input_shape: height and width at least 15, from 64 on at least 67.
        normalise: whether local responses are normalised.
        dropout: probability of a zero before each of the two dense hidden layers.
        he: whether weights are drawn as `he_init_` does; else as in the paper.
    """

    def __init__(
        self,
        *,
        input_shape: tuple[int, int, int],
        num_classes: int,
        normalise: bool = True,
        dropout: float = 0.5,
        he: bool = False,
        max_channels: int | None = None,
    ) -> None:
        super().__init__()
        channels, height, width = input_shape
        small = min(height, width) < SMALL
        require_side(input_shape, least=15 if small else 67)
        one, two, three, four, five = (min(wanted, max_channels or wanted) for wanted in CHANNELS)
        dense = DENSE * three // CHANNELS[2]  # reduced as the third and fourth are, which are the widest
        kernel, stride = (5, 1) if small else (11, 4)
        norms = [LocalResponseNorm() for _ in range(2 * normalise)]
        self.convolutions = nn.Sequential(
            *(nn.Conv2d(channels, one, kernel, stride, padding=2), nn.ReLU(), *norms[:1], nn.MaxPool2d(3, stride=2)),
            *(nn.Conv2d(one, two, 5, padding=2, groups=2), nn.ReLU(), *norms[1:], nn.MaxPool2d(3, stride=2)),
            *(nn.Conv2d(two, three, 3, padding=1), nn.ReLU()),
            *(nn.Conv2d(three, four, 3, padding=1, groups=2), nn.ReLU()),
            *(nn.Conv2d(four, five, 3, padding=1, groups=2), nn.ReLU(), nn.MaxPool2d(3, stride=2)),
        )
        side = [pooled_size((size + 4 - kernel) // stride + 1) for size in (height, width)]
        self.dense = nn.Sequential(
            nn.Flatten(),  # (N, 256, h, w) -> (N, 256*h*w)
            *(Dropout(dropout), nn.Linear(five * side[0] * side[1], dense), nn.ReLU()),
            *(Dropout(dropout), nn.Linear(dense, dense), nn.ReLU()),
        )
        self.head = nn.Linear(dense, num_classes)
        if he:
            he_init_(self)
        else:
            self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights and biases as the paper does."""
        layers = [layer for layer in self.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
        for number, layer in enumerate(layers):
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.constant_(layer.bias, 0 if number in (0, 2, 7) else 1)  # type: ignore[arg-type]

    @property
    def spatial(self) -> nn.Module:
        """The fifth convolution's output after ReLU: (N, 256, 13, 13) of 224x224, (N, 256, 7, 7) of 32x32."""
        return self.convolutions[-2]

    def features(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, 4096)."""
        return self.dense(self.convolutions(images))


def pooled_size(size: int) -> int:
    """Height or width after the three overlapping poolings: 55 -> 6, 32 -> 3."""
    for _ in range(3):
        size = (size - 3) // 2 + 1
    return size
