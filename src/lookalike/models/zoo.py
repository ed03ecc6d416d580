"""Families of image models, by the names that timm and torchvision give them.

ResNet (He et al., CVPR 2016), GoogLeNet (Szegedy et al., CVPR 2015), MobileNetV3 (Howard et al., ICCV 2019),
EfficientNet (Tan & Le, ICML 2019), ViT and its hybrid with a residual stem (Dosovitskiy et al., ICLR 2021). The
networks are the libraries' own; here they get what every model of this project has.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from lookalike.models.layers import Attention, Dropout

GOOGLENET = "googlenet"  # which timm does not have
SPATIAL = {  # of each family, by its class: the layer whose output is the last to have places
    "ResNet": "layer4",
    "GoogLeNet": "inception5b",
    "MobileNetV3": "blocks",
    "EfficientNet": "bn2",
}
AVERAGED = {"ResNet", "GoogLeNet", "EfficientNet"}  # whose planes are averaged, and then read by one linear layer
SMALL = {  # by family: what stands for its members where they are to be small
    "resnet": "test_resnet",
    "mobilenetv3": "mobilenetv3_small_050",
    "efficientnet": "test_efficientnet",
    "vit_small_patch16": "test_vit",
    "vit_small_r26": "vit_tiny_r_s16_p8_224",
}
Weights = str | bool  # a file, or whether those that were published are to be fetched


class OpenAttention(Attention):
    """timm's attention with its very weights, and with its map to be had; masks, which no image needs, are passed over.

    timm's own goes through a fused kernel, which keeps no map.
    """

    def __init__(self, theirs: nn.Module) -> None:
        super().__init__(theirs.qkv.in_features, theirs.num_heads, theirs.head_dim)  # type: ignore[union-attr, arg-type]
        self.qkv, self.projection = theirs.qkv, theirs.proj  # type: ignore[assignment]

    def forward(self, tokens: Tensor, **masks: Any) -> Tensor:
        """(N, L, D) -> (N, L, D)."""
        return super().forward(tokens)


class ZooModel(nn.Module):
    """A network of a library's without its last linear layer, which is the head.

    Attributes:
        parts: the names that its parts have in the state_dict, from the input to the output.
    """

    def __init__(self, net: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.net, self.head = net, head
        self.parts = (*(f"net.{name}" for name in part_names(net)), "head")

    def features(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, D)."""
        if not hasattr(self.net, "forward_features"):  # GoogLeNet
            return self.net(images)
        found: Tensor = self.net.forward_head(self.net.forward_features(images), pre_logits=True)  # type: ignore[operator]
        return found

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> logits (N, num_classes)."""
        return self.head(self.features(images))


class Convolutional(ZooModel):
    """One of the convolutional families."""

    @property
    def spatial(self) -> nn.Module:
        """The last layer whose output has places."""
        return self.net.get_submodule(SPATIAL[type(self.net).__name__])


class Averaging(Convolutional):
    """One that reads the means of its last planes with a linear layer alone."""

    @property
    def pooled(self) -> nn.Module:
        """The layer that puts these planes out."""
        return self.spatial


class Transformer(ZooModel):
    """A ViT, or a hybrid, whose patches are places of a convolutional stem."""

    def __init__(self, net: nn.Module, head: nn.Module) -> None:
        for block in net.blocks:  # type: ignore[union-attr]
            block.attn = OpenAttention(block.attn)  # type: ignore[union-attr, arg-type]
        super().__init__(net, head)
        self.grid: tuple[int, int] = net.patch_embed.grid_size  # type: ignore[union-attr, assignment]  # rows, columns

    @property
    def class_token(self) -> Tensor:
        """The first token."""
        return self.net.cls_token  # type: ignore[return-value]

    @property
    def blocks(self) -> nn.Module:
        """All of them, one after the other."""
        return self.net.blocks  # type: ignore[return-value]

    @property
    def spatial(self) -> nn.Module:
        """The last layer through whose places the class token still reaches the logits: before the last attention."""
        return self.net.blocks[-1].norm1  # type: ignore[index, return-value, union-attr]

    def embed(self, images: Tensor) -> Tensor:
        """Tokens before the first block, the class token first: (N, C, H, W) -> (N, 1 + L, D)."""
        return self.net.norm_pre(self.net._pos_embed(self.net.patch_embed(images)))  # type: ignore[operator]


def zoo(
    *,
    input_shape: tuple[int, int, int],
    num_classes: int,
    network: str,
    small: bool = False,
    weights: Weights = False,
) -> ZooModel:
    """A network with a head for `num_classes`.

    Args:
        input_shape: channels, height and width of an image; both sides are equal.
        network: a name of timm's, of one of the families above, or `googlenet`.
        small: whether a small network of its family stands for it, where there is one; see `SMALL`.
        weights: those to begin with: False: fresh ones. A head for other than the published number of classes is fresh
            anyway.

    Raises:
        ValueError: no such network, or of another family.
    """
    if small:
        network = next((name for family, name in SMALL.items() if network.startswith(family)), network)
    net = (
        googlenet(input_shape, num_classes, weights)
        if network == GOOGLENET
        else of_timm(network, input_shape, num_classes, weights)
    )
    family = type(net).__name__
    if hasattr(net, "patch_embed") and hasattr(net, "cls_token"):
        return Transformer(net, without_head(net))
    if family not in SPATIAL:
        raise ValueError(f"network {network} is a {family}; known are {', '.join(SPATIAL)} and transformers")
    return (Averaging if family in AVERAGED else Convolutional)(net, without_head(net))


def of_timm(network: str, input_shape: tuple[int, int, int], num_classes: int, weights: Weights) -> nn.Module:
    """A network of timm's, with its classifier."""
    import timm

    if not timm.is_model(network):
        near = timm.list_models(f"{network.split('_')[0]}*")[:5]
        raise ValueError(f"timm has no network {network!r}" + (f"; similar: {', '.join(near)}" if near else ""))
    sized = timm.models.is_model_in_modules(network, ["vision_transformer", "vision_transformer_hybrid"])
    size: dict[str, Any] = {"img_size": input_shape[1]} if sized else {}
    found: dict[str, Any] = {"pretrained_cfg_overlay": {"file": weights}} if isinstance(weights, str) else {}
    return timm.create_model(
        network, num_classes=num_classes, in_chans=input_shape[0], pretrained=bool(weights), **size, **found
    )


def googlenet(input_shape: tuple[int, int, int], num_classes: int, weights: Weights) -> nn.Module:
    """torchvision's, without the auxiliary classifiers and with this project's dropout.

    Its input is normalised by ImageNet's colours and brought to what its published weights were trained with.
    """
    from torchvision.models import GoogLeNet_Weights
    from torchvision.models import googlenet as build

    if input_shape[0] != 3:
        raise ValueError(f"{GOOGLENET} takes images of 3 channels, not {input_shape[0]}")
    net = build(num_classes=num_classes, aux_logits=False, transform_input=True, init_weights=True)
    net.dropout = Dropout(net.dropout.p)
    if weights:
        published = GoogLeNet_Weights.IMAGENET1K_V1
        state = published.get_state_dict(progress=True) if weights is True else read_weights(str(weights))
        mine = net.state_dict()
        kept = {name: value for name, value in state.items() if name in mine and value.shape == mine[name].shape}
        absent = mine.keys() - kept.keys() - {"fc.weight", "fc.bias"}
        if absent:
            raise ValueError(f"the weights lack {sorted(absent)[0]}, or have it in another shape")
        net.load_state_dict(kept, strict=False)
    return net


def read_weights(path: str) -> Mapping[str, Tensor]:
    """A file of tensors: safetensors, or what torch.save writes."""
    if path.endswith(".safetensors"):
        from safetensors.torch import load_file

        return load_file(path)
    state: Mapping[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return state


def without_head(net: nn.Module) -> nn.Module:
    """The last linear layer, in whose place the network passes on what that reads."""
    name = next(name for name in ("fc", "classifier", "head") if isinstance(getattr(net, name, None), nn.Linear))
    head: nn.Module = getattr(net, name)
    setattr(net, name, nn.Identity())
    return head


def part_names(net: nn.Module) -> list[str]:
    """The parts with weights, from the input to the output; of a row of blocks each by itself."""
    found = []
    for name, child in net.named_children():
        inner = (
            [f"{name}.{k}" for k in range(len(child))]
            if isinstance(child, nn.Sequential) and name == "blocks"
            else [name]
        )
        found += [part for part in inner if any(True for _ in net.get_submodule(part).parameters())]
    return found


def preprocessing(network: str) -> dict[str, Any]:
    """How images are prepared for the published weights: size, crop and interpolation; mean and std of each channel."""
    if network == GOOGLENET:
        from torchvision.models import GoogLeNet_Weights

        ours = GoogLeNet_Weights.IMAGENET1K_V1.transforms()
        size, crop = ours.crop_size[0], ours.crop_size[0] / ours.resize_size[0]
        return {
            "size": size,
            "crop": crop,
            "interpolation": ours.interpolation.value,
            "mean": ours.mean,
            "std": ours.std,
        }
    import timm

    config = timm.get_pretrained_cfg(network)
    if config is None:
        raise ValueError(f"timm knows no weights of {network!r}")
    return {
        "size": config.input_size[-1],
        "crop": config.crop_pct,
        "interpolation": config.interpolation,
        "mean": list(config.mean),
        "std": list(config.std),
    }
