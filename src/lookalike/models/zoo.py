"""Base classes of the zoo: networks of timm and torchvision with the attributes of `base.Model`.

Each family has a module of its own, `zoo_*.py`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from torch import Tensor, nn

from lookalike.models.attention import Attention
from lookalike.models.base import GlobalPooling, Partitioned, Transformer, require_choice

if TYPE_CHECKING:
    from timm.models.vision_transformer import VisionTransformer

Shape = tuple[int, int, int]


class ZooModel(Partitioned):
    """A network of a library, whose last linear layer is the head.

    Args:
        input_shape: channels, height and width of an image; both sides are equal.
        num_classes: number of logits.
        network: a member of the family, by its name in the library; None means `MEMBER`.
        size: `tiny` means `TINY` and `small` means `SMALL` instead of `network`; None means `network`.
        weights: a file of published weights to begin with; None means random ones. A head for another number of classes
            begins at zero, see `zero_init_`.
        dimensions: further arguments of the library's constructor, see `ZooTransformer`.

    Attributes:
        MODULE: timm's module with all members of the family.
        MEMBER, SMALL, TINY: the network that represents the family, one for two cores, and one for the demonstration.
        HEAD: the name of the last linear layer of `net`.
        net: the library's network.

    Raises:
        ValueError: no such size or network, or it is of another family.
    """

    MODULE: ClassVar[str]
    MEMBER: ClassVar[str]
    SMALL: ClassVar[str]
    TINY: ClassVar[str]
    HEAD: ClassVar[str]
    net: Any

    def __init__(
        self,
        *,
        input_shape: Shape,
        num_classes: int,
        network: str | None = None,
        size: str | None = None,
        weights: str | None = None,
        dimensions: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__()
        name = self.sized(size) if size else network or self.MEMBER
        self.net = self.create(name, input_shape, num_classes, weights, dimensions or {})
        self.head = getattr(self.net, self.HEAD)
        setattr(self.net, self.HEAD, nn.Identity())  # so that the network returns what its head reads

    @property
    def parts(self) -> tuple[str, ...]:
        """The network's own, see `part_names`, and the head."""
        return (*(f"net.{name}" for name in part_names(self.net)), "head")

    @classmethod
    def sized(cls, size: str) -> str:
        """The member of the family of that size."""
        members = {"tiny": cls.TINY, "small": cls.SMALL}
        require_choice("size", size, members)
        return members[size]

    @classmethod
    def create(
        cls, network: str, input_shape: Shape, num_classes: int, weights: str | None, dimensions: Mapping[str, int]
    ) -> nn.Module:
        """The library's network, with its classifier."""
        import timm

        cls.check_member(network)
        options: dict[str, Any] = {"in_chans": input_shape[0], **dimensions}
        if weights is None:
            return timm.create_model(network, num_classes=num_classes, **options)
        # With as many classes as published: for others timm would pass over every weight that the file lacks.
        overlay = {"file": weights, "custom_load": weights.endswith(".npz")}
        net: Any = timm.create_model(network, pretrained=True, pretrained_cfg_overlay=overlay, **options)
        if num_classes != net.num_classes:
            net.reset_classifier(num_classes)
            zero_init_(net.get_classifier())
        return net

    @classmethod
    def check_member(cls, network: str) -> None:
        """Refuse a network that is not in the family."""
        import timm

        if not timm.is_model(network):
            near = timm.list_models(f"{network.split('_')[0]}*", module=cls.MODULE)[:5]
            raise ValueError(f"timm has no network {network!r}" + (f"; similar: {', '.join(near)}" if near else ""))
        if not timm.models.is_model_in_modules(network, [cls.MODULE]):
            raise ValueError(f"{network} is not in timm's {cls.MODULE}, as {cls.MEMBER} is")

    @staticmethod
    def published(network: str) -> Any:
        """timm's record of the published weights of a network; ValueError if there are none."""
        import timm

        config = timm.get_pretrained_cfg(network)
        if config is None or not config.hf_hub_id:
            raise ValueError(f"timm knows no weights of {network!r}")
        return config

    @classmethod
    def fetch_weights(cls, network: str) -> Path:
        """The publisher's file of weights, from the hub's cache on this machine or over the network."""
        import huggingface_hub

        config = cls.published(network)
        repository, _, revision = config.hf_hub_id.partition("@")
        file = config.hf_hub_filename or "model.safetensors"
        return Path(huggingface_hub.hf_hub_download(repository, file, revision=revision or None))

    @classmethod
    def preprocessing(cls, network: str) -> dict[str, Any]:
        """How images are prepared for published weights: size, crop, interpolation; mean and std of each channel."""
        config = cls.published(network)
        view = {"size": config.input_size[-1], "crop": config.crop_pct, "interpolation": config.interpolation}
        return view | {"mean": list(config.mean), "std": list(config.std)}

    def features(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, D)."""
        return self.net.forward_head(self.net.forward_features(images), pre_logits=True)


class Averaging(ZooModel, GlobalPooling):
    """A convolutional family whose head reads the means of the last feature maps."""

    @property
    def pooled(self) -> nn.Module:
        return self.spatial


class OpenAttention(Attention):
    """timm's attention with the same weights, which can also return its map. It ignores masks.

    Raises:
        ValueError: the weights are not those of queries, keys, values and the projection.
    """

    def __init__(self, theirs: Any) -> None:
        if {name.partition(".")[0] for name in theirs.state_dict()} != {"qkv", "proj"}:
            raise ValueError("the attention of this network is not its family's")
        super().__init__(theirs.qkv.in_features, theirs.num_heads, theirs.head_dim)
        self.qkv, self.projection = theirs.qkv, theirs.proj

    def forward(self, tokens: Tensor, **masks: Any) -> Tensor:
        return super().forward(tokens)


class ZooTransformer(ZooModel, Transformer):
    """A family of ViTs with patches of the image or of the feature maps of a convolutional stem.

    Args:
        patch_size, embed_dim, depth, num_heads: see `vit.ViT`; None means the network's own. Published weights are
            resampled to other patches.
        others: see `ZooModel`.

    Raises:
        ValueError: images cannot be cut into such patches, the head reads other tokens than one class token, or the
            attention is not the plain one.
    """

    HEAD = "head"
    net: "VisionTransformer"

    def __init__(
        self,
        *,
        input_shape: Shape,
        patch_size: int | None = None,
        embed_dim: int | None = None,
        depth: int | None = None,
        num_heads: int | None = None,
        **others: Any,
    ) -> None:
        wanted = {"patch_size": patch_size, "embed_dim": embed_dim, "depth": depth, "num_heads": num_heads}
        dimensions = {"img_size": input_shape[1]} | {name: value for name, value in wanted.items() if value is not None}
        try:
            super().__init__(input_shape=input_shape, dimensions=dimensions, **others)
        except AssertionError as error:
            raise ValueError(str(error) or "it cannot be built for such images") from error
        height, width, side = *input_shape[1:], self.net.patch_embed.feat_ratio()
        if height != width or height % side:
            raise ValueError(f"it takes square images whose side is a multiple of {side}, not of {height}x{width}")
        if self.net.global_pool != "token" or self.net.num_prefix_tokens != 1:
            raise ValueError("the head of this network does not read a class token alone")
        for block in self.net.blocks:
            block.attn = OpenAttention(getattr(block, "attn", nn.Identity()))
        self.grid = self.net.patch_embed.grid_size

    @property
    def blocks(self) -> nn.Sequential:  # type: ignore[override]  # nobody assigns it
        return self.net.blocks

    @property
    def spatial(self) -> nn.Module:
        """The input of the last attention: the last layer whose patches reach the logits, through the class token."""
        return self.blocks[-1].get_submodule("norm1")

    def embed(self, images: Tensor) -> Tensor:
        """Tokens before the first block, the class token first: (N, C, H, W) -> (N, 1 + L, D)."""
        return self.net.norm_pre(self.net._pos_embed(self.net.patch_embed(images)))


def zero_init_(layer: nn.Module) -> None:
    """Set all weights and biases to zero, as BiT and big_vision do for a new head on published weights.

    The first step then changes the head alone, and no gradients of a random head disturb the features.
    """
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)


def part_names(net: nn.Module) -> list[str]:
    """The parts with weights, from the input to the output; each block of a sequence is a part of its own."""
    names: list[str] = []
    for name, child in net.named_children():
        split = name == "blocks" and isinstance(child, nn.Sequential)
        names += [f"{name}.{k}" for k, _ in child.named_children()] if split else [name]
    return [name for name in names if any(True for _ in net.get_submodule(name).parameters())]
