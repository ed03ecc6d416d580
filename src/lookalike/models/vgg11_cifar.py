"""VGG11 as the CIFAR-10 study changed it: two max-pools, not five, and global average pooling before the dense layers.

After configuration A of Simonyan & Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition"
(ICLR 2015). Pooling with kernel 3 and stride 2 brings 32x32 to 15x15 and 7x7; 2.8 G multiply-accumulates an image.
Initialised as torch does by default, which the source report used: that the plain network does not train depends on it.
"""

from torch import Tensor, nn

from lookalike.models.layers import Dropout, conv3x3, he_init_

STAGES = ((64, 128, 256, 256), (512, 512, 512, 512))  # channels of the convolutions before each max-pool
DENSE = (1000, 512)


class VGG11Cifar(nn.Module):
    """See the module; `features` ends with the 512 activations of the second dense layer.

    Args:
        input_shape: channels, height and width of an image; height and width at least 7.
        num_classes: number of logits.
        batch_norm: whether each convolution is followed by batch normalisation.
        dropout: probability of a zero after each max-pool.
        he: whether weights are drawn as `he_init_` does, in place of torch's default.
        max_channels: the most planes or activations that a layer may have; none: as many as the architecture says.
    """

    def __init__(
        self,
        *,
        input_shape: tuple[int, int, int],
        num_classes: int,
        batch_norm: bool = False,
        dropout: float = 0.0,
        he: bool = False,
        max_channels: int | None = None,
    ) -> None:
        super().__init__()
        inputs, height, width = input_shape
        if min(height, width) < 7:
            raise ValueError(f"images must be at least 7 pixels high and wide, got {height}x{width}")
        layers: list[nn.Module] = []
        for stage in STAGES:  # (N, C, H, W) -> (N, stage[-1], (H-1)//2, (W-1)//2)
            for wanted in stage:
                outputs = min(wanted, max_channels or wanted)
                layers += conv3x3(inputs, outputs, batch_norm=batch_norm)
                inputs = outputs
            layers += [nn.MaxPool2d(3, stride=2), Dropout(dropout)]
        self.planes = nn.Sequential(*layers)
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
        return [layer for layer in self.planes if isinstance(layer, nn.ReLU)][-1]

    @property
    def pooled(self) -> nn.Module:
        """What ends in the planes that are averaged: (N, 512, 7, 7) of images of 32x32."""
        return self.planes

    def features(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, 512)."""
        return self.dense(self.planes(images))

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> logits (N, num_classes)."""
        return self.head(self.features(images))
