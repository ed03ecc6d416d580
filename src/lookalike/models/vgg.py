"""VGG as the CIFAR-10 study changed it: two max-pools, not five, and global average pooling before the dense layers.

After table 1 of Simonyan & Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition" (ICLR 2015).
The study trained configuration A (VGG11); the others differ in their convolutions alone. Pooling with kernel 3 and
stride 2 brings 32x32 to 15x15 and 7x7; configuration A takes 2.8 G multiply-accumulates per image. Initialised as torch
does by default, which the source report used: whether the plain network trains depends on it.
"""

from torch import Tensor, nn

from lookalike.models.base import GlobalPooling, require_choice, require_side
from lookalike.models.initialisation import he_init_
from lookalike.models.layers import Dropout, LocalResponseNorm, convolution_with_relu

STAGES, DENSE = (64, 128, 256, 512, 512), (1000, 512)  # channels of the convolutions of a stage; units
POOLED = (2, 4)  # stages that end in a max-pool
# Table 1: the kernels of the convolutions of each stage. A-LRN adds local response normalisation to A.
CONFIGURATIONS = {
    "A": ((3,), (3,), (3, 3), (3, 3), (3, 3)),
    "A-LRN": ((3,), (3,), (3, 3), (3, 3), (3, 3)),
    "B": ((3, 3), (3, 3), (3, 3), (3, 3), (3, 3)),
    "C": ((3, 3), (3, 3), (3, 3, 1), (3, 3, 1), (3, 3, 1)),
    "D": ((3, 3), (3, 3), (3, 3, 3), (3, 3, 3), (3, 3, 3)),
    "E": ((3, 3), (3, 3), (3, 3, 3, 3), (3, 3, 3, 3), (3, 3, 3, 3)),
}


class VGG(GlobalPooling):
    """See the module; `features` ends with the 512 activations of the second dense layer.

    Args:
        input_shape: height and width at least 7.
        configuration: the column of table 1, A, A-LRN, B, C, D or E.
        batch_norm: whether each convolution is followed by batch normalisation.
        dropout: probability of a zero after each max-pool.
        he: whether weights are drawn as `he_init_` does; else as torch does.
    """

    POOLED = "convolutions"  # (N, 512, 7, 7) for images of 32x32

    def __init__(
        self,
        *,
        input_shape: tuple[int, int, int],
        num_classes: int,
        configuration: str = "A",
        batch_norm: bool = False,
        dropout: float = 0.0,
        he: bool = False,
        max_channels: int | None = None,
    ) -> None:
        super().__init__()
        inputs = input_shape[0]
        require_side(input_shape, least=7)
        require_choice("configuration", configuration, CONFIGURATIONS)
        layers: list[nn.Module] = []
        for stage, kernels in enumerate(CONFIGURATIONS[configuration]):
            outputs = min(STAGES[stage], max_channels or STAGES[stage])
            for kernel in kernels:
                layers += convolution_with_relu(inputs, outputs, kernel=kernel, batch_norm=batch_norm)
                inputs = outputs
            if configuration == "A-LRN" and stage == 0:
                layers.append(LocalResponseNorm())
            if stage in POOLED:  # (N, C, H, W) -> (N, C, (H-1)//2, (W-1)//2)
                layers += [nn.MaxPool2d(3, stride=2), Dropout(dropout)]
        self.convolutions = nn.Sequential(*layers)
        dense: list[nn.Module] = [nn.AdaptiveAvgPool2d(1), nn.Flatten()]  # (N, 512, 7, 7) -> (N, 512)
        for wanted in DENSE:
            outputs = min(wanted, max_channels or wanted)
            dense += [nn.Linear(inputs, outputs), nn.ReLU()]
            inputs = outputs
        self.dense = nn.Sequential(*dense)
        self.head = nn.Linear(inputs, num_classes)
        if he:
            he_init_(self)

    @property
    def spatial(self) -> nn.Module:
        """The last convolution's output after ReLU: (N, 512, 15, 15) of images of 32x32."""
        return [layer for layer in self.convolutions if isinstance(layer, nn.ReLU)][-1]

    def features(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, 512)."""
        return self.dense(self.convolutions(images))
