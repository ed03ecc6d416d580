"""The weights that a run begins with: where they are, how images are prepared for them, what is trained of them."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from lookalike.errors import InputError
from lookalike.models.registry import find_model
from lookalike.models.zoo import ZooModel
from lookalike.training.settings import EffectiveSettings

SUFFIXES = (".safetensors", ".pth", ".npz")


@dataclass(frozen=True)
class StartingWeights:
    """A file of published weights of `network`, and its SHA-256 (64 hex digits)."""

    network: str
    file: Path
    sha256: str

    def described(self) -> dict[str, str]:
        """What `model.json` says of them."""
        return {"network": self.network, "sha256": self.sha256}


def starting_weights(settings: EffectiveSettings, mirror: str | None, cache: Path) -> StartingWeights | None:
    """The weights that a run with `settings` begins with; None means fresh ones.

    They are those of the file that the settings name, else the mirror's if there is a mirror, else the publisher's.

    Args:
        mirror: a folder or base URL that has `weights/<network>.safetensors`, or with another of `SUFFIXES`.
        cache: the folder in which downloads are kept.

    Raises:
        InputError: they cannot be had, or they have another checksum than the settings say.
    """
    if not settings.train.pretrained:
        return None
    network, wanted = network_of(settings), settings.train.weights
    if wanted is not None and wanted.file is not None:
        file = Path(wanted.file)
        if not file.is_file():
            raise InputError(f"train.weights.file: {file}: no such file")
    elif mirror is not None:
        file = mirrored(network, mirror, cache)
    else:
        with reading_weights(network):
            file = family_of(settings).fetch_weights(network, cache)
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    if wanted is not None and wanted.sha256 not in (None, sha256):
        raise InputError(f"{file}: its SHA-256 is {sha256}, but train.weights.sha256 is {wanted.sha256}")
    return StartingWeights(network, file, sha256)


def mirrored(network: str, mirror: str, cache: Path) -> Path:
    """The mirror's file of weights, fetched into `cache` if the mirror is no folder.

    Raises:
        InputError: the mirror has none or does not answer. Weights from elsewhere could be others.
    """
    from lookalike.data.download import RemoteFile, UnobtainableError, fetch_file  # which few runs need

    failures = []
    for suffix in SUFFIXES:
        file = RemoteFile(f"weights/{network}{suffix}", (), None, is_whole=Path.is_file)  # whoever reads it checks more
        try:
            return fetch_file(file, cache, mirror=mirror).path
        except UnobtainableError as error:
            failures.append(str(error))
    advice = "unset LOOKALIKE_MIRROR to look elsewhere"
    raise InputError(f"the mirror gives no weights of {network} ({failures[0]}); {advice}")


def family_of(settings: EffectiveSettings) -> type[ZooModel]:
    """The family of a model that may begin with published weights; `params.references` refuses all others."""
    family = find_model(settings.model)
    assert isinstance(family, type)
    assert issubclass(family, ZooModel)
    return family


def network_of(settings: EffectiveSettings) -> str:
    """The network whose published weights a run may begin with, by its library's name."""
    return settings.model_args.get("network") or family_of(settings).MEMBER


def preprocessing(settings: EffectiveSettings) -> dict[str, Any]:
    """How images are prepared for the published weights, see `models.zoo`."""
    network = network_of(settings)
    with reading_weights(network):
        return family_of(settings).preprocessing(network)


@contextmanager
def reading_weights(network: str) -> Iterator[None]:
    """Turn whatever keeps weights from being read within the block into an InputError that says how to provide them."""
    try:
        yield
    except Exception as error:  # timm, its hub, torchvision and safetensors raise what they like
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"the published weights of {network} cannot be had ({reason:.200}); name a file of them as "
            f"train.weights.file, put it into the mirror as weights/{network}.safetensors, or train from scratch "
            "(pretrained: false)"
        ) from error


def train_head_alone(model: nn.Module) -> None:
    """Freeze all layers but the last: a linear probe."""
    model.requires_grad_(requires_grad=False)
    model.head.requires_grad_()  # type: ignore[union-attr, operator]  # every registered model has one
