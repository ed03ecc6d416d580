"""Weights to begin with: where they are, and what is trained of them."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from torch import nn

from lookalike.errors import InputError
from lookalike.models.registry import find_model
from lookalike.models.zoo import Weights, ZooModel
from lookalike.params import Budget, Variant

SUFFIXES = (".safetensors", ".pth", ".npz")


def weights_for(variant: Variant, budget: Budget, mirror: str | None, cache: Path) -> Weights:
    """What a training of `variant` begins with: the file that it names, else the mirror's, else what is published.

    Args:
        mirror: a folder or base URL that may have `weights/<network>.safetensors`, or with another of `SUFFIXES`.
        cache: the folder in which downloads are kept.

    Raises:
        InputError: the file that it names is not there, or the disk cannot take the mirror's.
    """
    if not (variant.train.pretrained and budget.pretrained):
        return False
    if variant.train.weights is not None:
        if not Path(variant.train.weights).is_file():
            raise InputError(f"train.weights: {variant.train.weights}: no such file")
        return variant.train.weights
    return (mirror and mirrored(network_of(variant), mirror, cache)) or True


def mirrored(network: str, mirror: str, cache: Path) -> str | None:
    """The mirror's file of weights, fetched into `cache` if the mirror is no folder; None if it has none."""
    from lookalike.data.download import RemoteFile, UnobtainableError, fetch_file  # which few trainings need

    for suffix in SUFFIXES:
        file = RemoteFile(f"weights/{network}{suffix}", (), None, is_whole=Path.is_file)  # whoever reads it checks more
        with suppress(UnobtainableError):
            return str(fetch_file(file, cache, mirror=mirror).path)
    return None


def origin(weights: Weights) -> str | None:
    """What a training began with, as its description tells it: None: fresh weights."""
    if isinstance(weights, str):
        return f"sha256 {hashlib.sha256(Path(weights).read_bytes()).hexdigest()}"
    return "published" if weights else None


def family_of(variant: Variant) -> type[ZooModel]:
    """The family of a variant that may begin with published weights; others do not come here (see `references`)."""
    family = find_model(variant.model)
    assert isinstance(family, type)
    assert issubclass(family, ZooModel)
    return family


def network_of(variant: Variant) -> str:
    """The network whose published weights a variant may begin with, by its library's name."""
    return variant.model_args.get("network") or family_of(variant).MEMBER


def preprocessing(variant: Variant) -> dict[str, Any]:
    """How images are prepared for the published weights, see `models.zoo`."""
    network = network_of(variant)
    with reading_weights(network):
        return family_of(variant).preprocessing(network)


@contextmanager
def reading_weights(network: str) -> Iterator[None]:
    """Within the block whatever keeps weights from being read becomes an InputError that says how to provide them."""
    try:
        yield
    except Exception as error:  # timm, its hub, torchvision and safetensors raise what they like
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"the published weights of {network} cannot be had ({reason:.200}); name a file of them as train.weights, "
            f"put it into the mirror as weights/{network}.safetensors, or train from scratch (pretrained: false)"
        ) from error


def train_head_alone(model: nn.Module) -> None:
    """A linear probe: all but the last layer stays as it is."""
    model.requires_grad_(requires_grad=False)
    model.head.requires_grad_()  # type: ignore[union-attr, operator]  # every registered model has one
