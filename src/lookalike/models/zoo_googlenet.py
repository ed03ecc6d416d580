"""GoogLeNet (Szegedy et al., CVPR 2015), torchvision's, with batch normalisation and without auxiliary classifiers."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from lookalike.models.layers import Dropout
from lookalike.models.zoo import Averaging, Shape, zero_init_

if TYPE_CHECKING:
    from torchvision.models import GoogLeNet


class ZooGoogLeNet(Averaging):
    """See `ZooModel`.

    Images arrive normalised with ImageNet's means and deviations; the network rescales them to the range that its
    published weights were trained with. A grey image becomes three equal channels.
    """

    MEMBER = SMALL = TINY = "googlenet"
    HEAD, SPATIAL = "fc", "net.inception5b"

    @classmethod
    def create(
        cls, network: str, input_shape: Shape, num_classes: int, weights: str | None, dimensions: Mapping[str, int]
    ) -> nn.Module:
        """torchvision's, with its classifier and this project's dropout."""
        from torchvision.models import googlenet

        if network != cls.MEMBER:
            raise ValueError(f"torchvision has one network of this family, {cls.MEMBER}, and not {network!r}")
        if input_shape[0] not in (1, 3):
            raise ValueError(f"{network} takes images of 1 or 3 channels, not {input_shape[0]}")
        net = googlenet(
            num_classes=num_classes, aux_logits=False, transform_input=True, init_weights=True, **dimensions
        )
        net.dropout = Dropout(net.dropout.p)
        if weights is not None:
            load_published(net, read_weights(weights))
        return net

    @classmethod
    def fetch_weights(cls, network: str) -> Path:
        """The publisher's file of weights, from torch's cache on this machine or over the network."""
        from torch.hub import download_url_to_file, get_dir
        from torchvision.models import GoogLeNet_Weights

        url = GoogLeNet_Weights.IMAGENET1K_V1.url
        file = Path(get_dir()) / "checkpoints" / url.rpartition("/")[2]
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            download_url_to_file(url, str(file), hash_prefix=file.stem.rpartition("-")[2])
        return file

    @classmethod
    def preprocessing(cls, network: str) -> dict[str, Any]:
        """See `ZooModel`."""
        from torchvision.models import GoogLeNet_Weights

        theirs = GoogLeNet_Weights.IMAGENET1K_V1.transforms()
        size, whole = theirs.crop_size[0], theirs.resize_size[0]
        return {
            "size": size,
            "crop": size / whole,
            "interpolation": theirs.interpolation.value,
            "mean": theirs.mean,
            "std": theirs.std,
        }

    def features(self, images: Tensor) -> Tensor:
        """(N, 1 or 3, H, W) -> (N, 1024)."""
        return self.net(images.expand(-1, 3, -1, -1))


def read_weights(path: str) -> Mapping[str, Tensor]:
    """A file of tensors: safetensors, or what torch.save writes."""
    if path.endswith(".safetensors"):
        from safetensors.torch import load_file

        return load_file(path)
    state: Mapping[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return state


def load_published(net: "GoogLeNet", state: Mapping[str, Tensor]) -> None:
    """Copy all weights; a head for another number of classes begins at zero, see `zero_init_`.

    Raises:
        ValueError: some are absent, or of another shape.
    """
    mine = net.state_dict()
    kept = {name: value for name, value in state.items() if name in mine and value.shape == mine[name].shape}
    absent = mine.keys() - kept.keys()
    if rest := absent - {"fc.weight", "fc.bias"}:
        raise ValueError(f"the weights lack {min(rest)}, or have it in another shape")
    net.load_state_dict(kept, strict=False)
    if absent:
        zero_init_(net.fc)
