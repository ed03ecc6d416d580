"""The weights that a run begins with: where they are, how images are prepared for them, what is trained of them."""

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
from lookalike.models.layers import Model
from lookalike.models.registry import find_family
from lookalike.training.settings import EffectiveSettings

SUFFIXES = (".safetensors", ".pth", ".npz")
BEFORE_ZIP = bytes.fromhex("80028a0a6cfc9c46f9206aa85019")  # how torch.save's files began before they were zip archives
ELSEWHERE = "unset LOOKALIKE_MIRROR to look elsewhere"


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
    """The weights that a run with `settings` begins with; None means fresh ones.

    They are those of the file that the settings name, else the mirror's if there is a mirror, else the publisher's.

    Args:
        mirror: a folder or base URL that has `weights/<network>.safetensors`, or with another of `SUFFIXES`.
        root: the project's, where paths in the settings begin; downloads from a mirror are kept below it.

    Raises:
        InputError: they cannot be had, are no weights, or have another checksum than the settings say.
    """
    if not settings.train.pretrained:
        return None
    network, wanted = network_of(settings), settings.train.weights
    name, expected = (wanted.file, wanted.sha256) if wanted else (None, None)
    if name is not None:
        file = named(name, root)
    elif mirror:
        file = mirrored(network, mirror, root / "downloads" / "mirror", expected)
    else:
        file = published(settings)
    refuse_other_content(file, str(file))
    sha256 = checksum(file)
    if expected not in (None, sha256):
        raise InputError(f"{file}: its SHA-256 is {sha256}, but train.weights.sha256 is {expected}")
    return StartingWeights(network, file, sha256)


def named(name: str, root: Path) -> Path:
    """The file that the settings name; a relative path begins at `root`.

    Raises:
        InputError: there is no such file.
    """
    file = root / name
    if not file.is_file():
        advice = "; `lookalike weights` writes it" if file.name == "tf_efficientnet_lite0.safetensors" else ""
        raise InputError(f"train.weights.file: {name}: no such file{advice}")
    return file


def mirrored(network: str, mirror: str, cache: Path, expected: str | None) -> Path:
    """The mirror's file of weights.

    In a folder it is used where it lies. An address is asked in every run, and its answer takes the place in `cache` of
    an earlier one: weights that have changed there begin another run, with a checksum and a fingerprint of its own. A
    file in `cache` is used without asking only if it has the `expected` SHA-256.

    Raises:
        InputError: the mirror has none or does not answer. Weights from elsewhere could be others.
    """
    if mirror.startswith(("http://", "https://")):
        return downloaded(network, mirror, cache, expected)
    files = [Path(mirror) / "weights" / f"{network}{suffix}" for suffix in SUFFIXES]
    for file in files:
        if file.is_file():
            return file
    raise InputError(f"the mirror gives no weights of {network} ({files[0]}: no such file); {ELSEWHERE}")


def downloaded(network: str, mirror: str, cache: Path, expected: str | None) -> Path:
    """The file of weights from a mirror's address, see `mirrored`."""
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
            refuse_other_content(path, f"{shown}/{remote.name}")
            return path.replace(kept)
    raise InputError(f"the mirror gives no weights of {network} ({failures[0]}); {ELSEWHERE}")


def published(settings: EffectiveSettings) -> Path:
    """The publisher's file of weights; what is no such file does not stay in the publisher's cache.

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


def refuse_other_content(file: Path, shown: str) -> None:
    """Refuse what is no file of weights, such as a login page; `shown` is where it comes from."""
    if not is_weights(file):
        raise InputError(f"{shown}: no file of weights (safetensors, or as torch or NumPy write them)")


def is_weights(file: Path) -> bool:
    """Whether a file begins as weights do: safetensors, torch's zip archive or older format, or NumPy's .npz."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="np"):
            return True
    except SafetensorError:
        with file.open("rb") as stream:
            return stream.read(len(BEFORE_ZIP)) == BEFORE_ZIP or zipfile.is_zipfile(file)


def checksum(file: Path) -> str:
    """The SHA-256 of a file (64 hex digits)."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def network_of(settings: EffectiveSettings) -> str:
    """The network whose published weights a run may begin with, by its library's name.

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
    """Turn whatever keeps weights from being read within the block into an InputError that says how to provide them."""
    try:
        yield
    except Exception as error:  # timm, its hub, torchvision and safetensors raise what they like
        reason = shorten(str(error) or type(error).__name__, 300, placeholder="...")
        raise InputError(
            f"the published weights of {network} cannot be had ({reason}); name a file of them as "
            f"train.weights.file, put it into the mirror as weights/{network}.safetensors, or train from scratch "
            "(pretrained: false)"
        ) from error


def train_head_alone(model: Model) -> None:
    """Freeze all layers but the last: a linear probe."""
    model.requires_grad_(requires_grad=False)
    model.head.requires_grad_()
