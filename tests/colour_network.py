"""A network whose features are known, in place of the photograph model's."""

from torch import Tensor, nn


class ColourNetwork(nn.Module):
    """Its three feature maps are the colours, plus a constant, at 7 x 7 spatial positions."""

    def __init__(self, added: float = 0.0) -> None:
        super().__init__()
        self.added = added

    def feature_maps(self, images: Tensor) -> Tensor:
        return nn.functional.avg_pool2d(images + self.added, 32)

    def forward(self, images: Tensor) -> Tensor:
        return self.feature_maps(images).mean(dim=(2, 3))
