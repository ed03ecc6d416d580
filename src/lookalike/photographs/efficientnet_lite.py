"""The features of EfficientNet-Lite0, written out, with published ImageNet weights.

EfficientNet: Tan & Le (ICML 2019), table 1. The Lite variant has ReLU6 and no squeeze-and-excitation: Liu, "Higher
accuracy on vision models with EfficientNet-Lite", TensorFlow blog, 2020. timm has the same network; importing timm
takes longer than classifying a photograph.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

FEATURES = 1280
SIDE = 224  # pixels of an image
# expansion, kernel size, stride, output channels, blocks
STAGES = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)


class Convolution(nn.Sequential):
    """Convolution and batch norm, with TensorFlow's padding: an odd pixel of it lies right and below."""

    def __init__(self, inputs: int, outputs: int, kernel_size: int, *, stride: int = 1, groups: int = 1) -> None:
        convolution = nn.Conv2d(inputs, outputs, kernel_size, stride=stride, groups=groups, bias=False)
        super().__init__(convolution, nn.BatchNorm2d(outputs, eps=1e-3))
        before = (kernel_size - stride) // 2  # for images whose sides the stride divides
        self.padding = (before, kernel_size - stride - before) * 2

    def forward(self, images: Tensor) -> Tensor:
        return super().forward(F.pad(images, self.padding))


class InvertedResidual(nn.Module):
    """Expansion, depthwise convolution and linear projection: Sandler et al., "MobileNetV2" (CVPR 2018), figure 4."""

    def __init__(self, inputs: int, outputs: int, expansion: int, kernel_size: int, stride: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.expand = Convolution(inputs, hidden, 1) if expansion > 1 else None
        self.depthwise = Convolution(hidden, hidden, kernel_size, stride=stride, groups=hidden)
        self.project = Convolution(hidden, outputs, 1)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, images: Tensor) -> Tensor:
        hidden = images if self.expand is None else F.relu6(self.expand(images))
        projected = self.project(F.relu6(self.depthwise(hidden)))
        return images + projected if self.residual else projected


class EfficientNetLite0(nn.Module):
    """Images (N, 3, 224, 224), normalised from [0, 1] by mean and standard deviation .5, to features (N, 1280)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = Convolution(3, 32, 3, stride=2)
        blocks, channels = [], 32
        for expansion, kernel_size, stride, outputs, count in STAGES:
            for index in range(count):
                blocks.append(InvertedResidual(channels, outputs, expansion, kernel_size, stride if index == 0 else 1))
                channels = outputs
        self.blocks = nn.Sequential(*blocks)
        self.top = Convolution(channels, FEATURES, 1)

    def feature_maps(self, images: Tensor) -> Tensor:
        """The last feature maps (N, 1280, 7, 7), whose means are the features."""
        hidden = self.blocks(F.relu6(self.stem(images)))  # (N, 3, 224, 224) -> (N, 320, 7, 7)
        return F.relu6(self.top(hidden))

    def forward(self, images: Tensor) -> Tensor:
        return self.feature_maps(images).mean(dim=(2, 3))


def with_published_weights(published: Mapping[str, Tensor]) -> EfficientNetLite0:
    """The network with `published` weights, in evaluation mode; their order is the network's, then a head follows.

    Raises:
        ValueError: they do not have the order and shapes of the network's.
    """
    with torch.device("meta"):  # without drawing weights that are replaced at once
        network = EfficientNetLite0()
    names = list(network.state_dict())
    tensors = list(published.values())[: len(names)]
    network.to_empty(device="cpu")
    try:
        network.load_state_dict(dict(zip(names, tensors, strict=True)))
    except (RuntimeError, ValueError) as error:
        raise ValueError("these are not the weights of EfficientNet-Lite0") from error
    return network.eval()
