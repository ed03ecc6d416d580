"""Base classes of the architectures, and checks of their arguments."""

import abc
from collections.abc import Callable, Iterable
from typing import ClassVar

from torch import Tensor, nn


class Model(nn.Module, abc.ABC):
    """A network whose last layer, the head, reads the features of an image.

    Every architecture is constructed with `input_shape` (channels, height and width of an image), `num_classes` (number
    of logits) and arguments of its own, all by name. `max_channels` is the most channels or activations of a layer, and
    None means as many as the architecture says.

    Attributes:
        SPATIAL: name of the layer `spatial`, unless an architecture overrides the property.
        features: from images (N, C, H, W) to what the head reads, (N, D); a method or a module.
        head: from there to logits (N, num_classes).
    """

    SPATIAL: ClassVar[str]
    features: Callable[[Tensor], Tensor]
    head: nn.Module

    @property
    def spatial(self) -> nn.Module:
        """The last layer whose output has spatial positions: (N, K, h, w), or the tokens of a transformer."""
        return self.get_submodule(self.SPATIAL)

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> logits (N, num_classes)."""
        return self.head(self.features(images))


class GlobalPooling(Model):
    """A model that averages feature maps over all spatial positions before its dense layers, so that CAM applies."""

    POOLED: ClassVar[str]

    @property
    def pooled(self) -> nn.Module:
        """The layer whose feature maps (N, K, h, w) are averaged."""
        return self.get_submodule(self.POOLED)


class Partitioned(Model):
    """A deep model, which is randomised part by part, not layer by layer."""

    @property
    @abc.abstractmethod
    def parts(self) -> tuple[str, ...]:
        """The names of parts in the state_dict, from the input to the output; what has no name here comes before."""


class Transformer(Partitioned):
    """A model that reads an image as tokens, one per patch of a grid, and processes them in attention blocks.

    Attributes:
        grid: of the patches: rows, columns.
        blocks: all of them, one after the other.
        has_class_token: whether the first token is a class token; else all tokens are patches.
    """

    grid: tuple[int, int]
    blocks: nn.Sequential
    has_class_token: ClassVar[bool] = True

    @abc.abstractmethod
    def embed(self, images: Tensor) -> Tensor:
        """Tokens before the first block: (N, C, H, W) -> (N, L, D)."""

    @property
    def parts(self) -> tuple[str, ...]:
        """Each block, and the head."""
        return (*(f"blocks.{number}" for number in range(len(self.blocks))), "head")


def require_side(input_shape: tuple[int, int, int], *, least: int = 1, most: int | None = None) -> None:
    """Raise a ValueError unless height and width of an image lie between `least` and `most` pixels."""
    _, height, width = input_shape
    if min(height, width) < least:
        raise ValueError(f"images must be at least {least} pixels high and wide, got {height}x{width}")
    if most is not None and max(height, width) > most:
        raise ValueError(f"images must be at most {most} pixels high and wide, got {height}x{width}")


def require_choice(argument: str, value: str, choices: Iterable[str]) -> None:
    """Raise a ValueError unless the `value` of an argument is one of `choices`."""
    if value not in choices:
        raise ValueError(f"{argument} must be one of {', '.join(choices)}, got {value}")
