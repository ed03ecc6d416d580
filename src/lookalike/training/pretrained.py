"""Published weights that a run starts from: their file, the preparation of images for them, and what is trained."""

import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import shorten

from lookalike.artifacts.models import Preprocessing, PublishedWeights
from lookalike.errors import InputError
from lookalike.models.base import Model
from lookalike.models.registry import find_family
from lookalike.training.settings import EffectiveSettings

SUFFIXES = (".safetensors", ".pth", ".npz")
BEFORE_ZIP = bytes.fromhex("80028a0a6cfc9c46f9206aa85019")  # how torch.save's files began before they were zip archives
ADVICE = "unset LOOKALIKE_MIRROR to look elsewhere"


@dataclass(frozen=True)
class StartingWeights:
    """A file of published weights of `network`, and its SHA-256 (64 hex digits)."""

    network: str
    file: Path
    sha256: str

    def described(self) -> PublishedWeights:
        """The weights in `model.json`, which does not name their file."""
        return PublishedWeights(self.network, self.sha256)


def starting_weights(settings: EffectiveSettings, mirror: str | None, root: Path) -> StartingWeights | None:
    """The weights that a run with `settings` starts from; None means random ones.

    They come from the file in the settings, else from the mirror if there is one, else from the publisher.

    Args:
        mirror: a folder or base URL with `weights/<network>.safetensors`, or another of `SUFFIXES`.
        root: the project's folder, to which paths in the settings are relative; it also holds downloads from a mirror.

    Raises:
        InputError: they cannot be obtained, are no weights, or have another checksum than in the settings.
    """
    if not settings.train.pretrained:
        return None
    network, wanted = network_of(settings), settings.train.weights
    name, expected = (wanted.file, wanted.sha256) if wanted else (None, None)
    if name is not None:
        file = named_weights_file(name, root)
    elif mirror:
        file = mirrored_weights_file(network, mirror, root / "downloads" / "mirror", expected)
    else:
        file = published_weights_file(settings)
    require_weights(file, str(file))
    sha256 = checksum(file)
    if expected not in (None, sha256):
        raise InputError(f"{file}: its SHA-256 is {sha256}, but train.weights.sha256 is {expected}")
    return StartingWeights(network, file, sha256)


def named_weights_file(name: str, root: Path) -> Path:
    """The file named in the settings; relative paths are relative to `root`.

    Raises:
        InputError: there is no such file.
    """
    file = root / name
    if not file.is_file():
        advice = "; `lookalike weights` writes it" if file.name == "tf_efficientnet_lite0.safetensors" else ""
        raise InputError(f"train.weights.file: {name}: no such file{advice}")
    return file


def mirrored_weights_file(network: str, mirror: str, cache: Path, expected: str | None) -> Path:
    """The mirror's file of weights.

    A file in a folder is used in place. A URL is requested in every run and its answer replaces the file in `cache`, so
    that changed weights start another run, with another checksum and fingerprint. A file in `cache` is used without a
    request only if it has the `expected` SHA-256.

    Raises:
        InputError: the mirror has none or does not answer. Weights from elsewhere could differ.
    """
    if mirror.startswith(("http://", "https://")):
        return downloaded_weights_file(network, mirror, cache, expected)
    files = [Path(mirror) / "weights" / f"{network}{suffix}" for suffix in SUFFIXES]
    for file in files:
        if file.is_file():
            return file
    raise InputError(f"the mirror gives no weights of {network} ({files[0]}: no such file); {ADVICE}")


def downloaded_weights_file(network: str, mirror: str, cache: Path, expected: str | None) -> Path:
    """The file of weights from a mirror's address, see `mirrored_weights_file`."""
    from lookalike.data.download import RemoteFile, UnobtainableError, fetch_file, without_password  # for few runs

    shown = without_password(mirror).rstrip("/")
    failures = []
    for suffix in SUFFIXES:
        kept = cache / f"{network}{suffix}"
        if expected is not None and kept.is_file() and checksum(kept) == expected:
            return kept
        cache.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=cache) as fresh:
            remote = RemoteFile(f"weights/{network}{suffix}", (), None, is_whole=Path.is_file)
            try:
                path = fetch_file(remote, Path(fresh), mirror=mirror, retries=0).path
            except UnobtainableError as error:
                failures.append(str(error).partition(": set LOOKALIKE_MIRROR")[0])
                continue
            require_weights(path, f"{shown}/{remote.name}")
            return path.replace(kept)
    raise InputError(f"the mirror gives no weights of {network} ({failures[0]}); {ADVICE}")


def published_weights_file(settings: EffectiveSettings) -> Path:
    """The publisher's file of weights; a file of another kind is removed from the publisher's cache.

    Raises:
        InputError: it cannot be had.
    """
    network = network_of(settings)
    with reading_weights(network):
        file = find_family(settings.model).fetch_weights(network)
        if not is_weights(file):
            file.resolve().unlink()  # the hub's cache links to it
            file.unlink(missing_ok=True)
            raise ValueError(f"{file} was no file of weights and is removed")
    return file


def require_weights(file: Path, shown: str) -> None:
    """Raise an InputError unless `file` holds weights and not, say, a login page; `shown` says where it is from."""
    if not is_weights(file):
        raise InputError(f"{shown}: no file of weights (safetensors, or as torch or NumPy write them)")


def is_weights(file: Path) -> bool:
    """Whether a file starts like weights: safetensors, torch's zip archive or older format, or NumPy's .npz."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="np"):
            return True
    except SafetensorError:
        with file.open("rb") as stream:
            return stream.read(len(BEFORE_ZIP)) == BEFORE_ZIP or zipfile.is_zipfile(file)


def checksum(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def network_of(settings: EffectiveSettings) -> str:
    """The library's name of the network whose published weights a run may start from.

    Raises:
        InputError: no such size.
    """
    family, size = find_family(settings.model), settings.model_args.get("size")
    try:
        return family.sized(size) if size else settings.model_args.get("network") or family.MEMBER
    except ValueError as error:
        raise InputError(f"model {settings.model}: {error}") from error


def preprocessing(settings: EffectiveSettings) -> Preprocessing:
    """How images are prepared for the published weights, see `models.zoo`."""
    network = network_of(settings)
    with reading_weights(network):
        how = find_family(settings.model).preprocessing(network)
    return Preprocessing(**how | {name: tuple(how[name]) for name in ("mean", "std")})


@contextmanager
def reading_weights(network: str) -> Iterator[None]:
    """Turn any exception within the block into an InputError that says how to provide weights."""
    try:
        yield
    except Exception as error:  # timm, its hub, torchvision and safetensors raise many types
        reason = shorten(str(error) or type(error).__name__, 300, placeholder="...")
        raise InputError(
            f"the published weights of {network} cannot be had ({reason}); name a file of them as "
            f"train.weights.file, put it into the mirror as weights/{network}.safetensors, or train from scratch "
            "(pretrained: false)"
        ) from error


def train_head_alone(model: Model) -> None:
    """Freeze all layers but the head, as for a linear probe."""
    model.requires_grad_(requires_grad=False)
    model.head.requires_grad_()
