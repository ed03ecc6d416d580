"""The published data sets: which files each consists of, and how those become arrays."""

import contextlib
import gzip
import io
import math
import pickle
import tarfile
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.data.download import RemoteFile, UnobtainableError, fetch_file, provenance_of
from lookalike.data.source_images import SourceImages
from lookalike.errors import InputError

Bytes = NDArray[np.uint8]
Loaded = tuple[tuple[Bytes, Bytes, Bytes, Bytes], list[dict[str, str]]]  # arrays, and the files they are from

_rebuild = np.empty(0).__reduce__()[0]  # numpy's own, whose module is named differently by its versions
_ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): _rebuild,
    ("numpy._core.multiarray", "_reconstruct"): _rebuild,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


@dataclass(frozen=True)
class Source:
    """A publisher's files, what is known about them, and the function that makes arrays of them.

    `load(files, cache, mirror)` returns train images, train labels, test images, test labels and the files' provenance.
    """

    files: tuple[RemoteFile, ...]
    load: Callable[[Sequence[RemoteFile], Path, str | None], Loaded]
    class_names: tuple[str, ...]
    about: dict[str, str]


def load_official(name: str, cache: Path, *, mirror: str | None = None) -> SourceImages:
    """Load the published data set `name`; downloads go to `cache/<name>`, `mirror` holds a folder of that name.

    Raises InputError if `name` is unknown or a file cannot be had or read.
    """
    if name not in SOURCES:
        raise InputError(f"{name}: no such published data set; known: {', '.join(SOURCES)}")
    return load_source_files(SOURCES[name], cache / name, mirror and f"{mirror.rstrip('/')}/{name}")


def load_source_files(source: Source, cache: Path, mirror: str | None) -> SourceImages:
    """Load `source`; `cache` and `mirror` (a folder or base URL) hold its files themselves."""
    arrays, files = source.load(source.files, cache, mirror)
    return SourceImages(*arrays, {"source": "official", **source.about, "files": files})


def read_idx(path: Path) -> Bytes:
    """Read a gzipped idx file of bytes: uint8 of the shape in its header. Raises InputError if it is not one."""
    try:
        raw = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path.name}: not a complete gzip file ({error}); delete it and fetch it again") from error
    start = 4 + 4 * raw[3] if raw[:3] == b"\0\0\x08" and len(raw) > 3 else 0
    if not 0 < start <= len(raw):
        raise InputError(f"{path.name}: not an idx file of bytes (it starts with {raw[:4].hex()}); fetch it again")
    shape = [int(n) for n in np.frombuffer(raw[4:start], dtype=">u4")]
    if len(raw) - start != math.prod(shape):
        raise InputError(f"{path.name}: {len(raw) - start} bytes of data for the shape {shape}; fetch it again")
    return np.frombuffer(raw, np.uint8, offset=start).reshape(shape).copy()


def read_cifar_batch(raw: bytes, name: str) -> tuple[Bytes, Bytes]:
    """Unpickle a CIFAR-10 batch: RGB images uint8 (N, 32, 32, 3), labels uint8 (N,).

    Raises InputError, naming the file `name`, for anything else; nothing in the pickle is run but numpy's own code.
    """
    try:
        batch = _ArrayUnpickler(io.BytesIO(raw), encoding="bytes").load()
        images = np.asarray(batch[b"data"], np.uint8).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        return np.ascontiguousarray(images), np.asarray(batch[b"labels"], np.uint8)
    except (pickle.UnpicklingError, EOFError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{name}: not a CIFAR-10 batch ({error}); delete it and fetch it again") from error


class _ArrayUnpickler(pickle.Unpickler):
    """Builds arrays and plain containers only: a pickle from the network must not name a function to call."""

    def find_class(self, module: str, name: str, /) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is refused")
        return _ALLOWED[module, name]


def load_idx(files: Sequence[RemoteFile], cache: Path, mirror: str | None) -> Loaded:
    """Load train images, train labels, test images and test labels, an idx file each."""
    paths, provenance = _fetch_all(files, cache, mirror)
    train_images, train_labels, test_images, test_labels = map(read_idx, paths)
    return (train_images, train_labels, test_images, test_labels), provenance


def load_cifar(files: Sequence[RemoteFile], cache: Path, mirror: str | None) -> Loaded:
    """Load the archive, or the batches in it (train, ..., train, test) where the cache or the mirror has those.

    `files` is the archive and then the batches, named as in the archive.
    """
    archive, *batches = files
    names = [batch.name for batch in batches]
    paths, provenance = _fetch_cifar(archive, batches, cache, mirror)
    pickles = _read_batches(paths[0], names) if len(paths) == 1 else (path.read_bytes() for path in paths)
    *train, (test_images, test_labels) = map(read_cifar_batch, pickles, names)
    train_images, train_labels = (np.concatenate(parts) for parts in zip(*train, strict=True))
    return (train_images, train_labels, test_images, test_labels), provenance


def _fetch_cifar(
    archive: RemoteFile, batches: Sequence[RemoteFile], cache: Path, mirror: str | None
) -> tuple[list[Path], list[dict[str, str]]]:
    if not (cache / archive.name).is_file():
        with contextlib.suppress(UnobtainableError):  # batches have no address of their own: only a mirror gives them
            return _fetch_all(batches, cache, mirror)
    return _fetch_all([archive], cache, mirror)


def _fetch_all(files: Iterable[RemoteFile], cache: Path, mirror: str | None) -> tuple[list[Path], list[dict[str, str]]]:
    fetched = [(file, fetch_file(file, cache, mirror=mirror)) for file in files]
    return [got.path for _, got in fetched], [provenance_of(file, got) for file, got in fetched]


def _read_batches(archive: Path, names: Sequence[str]) -> list[bytes]:
    """The contents of the named members, in memory: nothing of the archive is written anywhere."""
    contents = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.name in names and (stream := tar.extractfile(member)):
                contents[member.name] = stream.read()
    if missing := set(names) - set(contents):
        raise InputError(f"{archive.name}: lacks {', '.join(sorted(missing))}; delete it and fetch it again")
    return [contents[name] for name in names]


MNIST_URLS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "http://yann.lecun.com/exdb/mnist/",  # the publisher's own, which is often down
)
MNIST_MD5 = {  # of the file, and of what it unpacks to
    "train-images-idx3-ubyte.gz": ("f68b3c2dcbeaaa9fbdd348bbdeb94873", "6bbc9ace898e44ae57da46a324031adb"),
    "train-labels-idx1-ubyte.gz": ("d53e105ee54ea40749a09fcbcd1e9432", "a25bea736e30d166cdddb491f175f624"),
    "t10k-images-idx3-ubyte.gz": ("9fb629c4189551a2d022fa330f9573f3", "2646ac647ad5339dbf082846283269ea"),
    "t10k-labels-idx1-ubyte.gz": ("ec29112dd5afa0611ce80d1b7f02629c", "27ae3e4e09519cfbb04c329615203637"),
}
FASHION_URLS = (
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
)
FASHION_MD5 = {
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
}
FASHION_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
CIFAR_URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
CIFAR_BATCH_MD5 = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}
CIFAR_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

SOURCES = {
    "mnist": Source(
        files=tuple(
            RemoteFile(name, tuple(url + name for url in MNIST_URLS), md5, content_md5=content_md5)
            for name, (md5, content_md5) in MNIST_MD5.items()
        ),
        load=load_idx,
        class_names=tuple("0123456789"),
        about={
            "licence": "CC BY-SA 3.0",
            "homepage": "http://yann.lecun.com/exdb/mnist/",
            "citation": "LeCun et al., Gradient-based learning applied to document recognition, Proc. IEEE, 1998",
        },
    ),
    "fashion_mnist": Source(
        files=tuple(
            RemoteFile(name, tuple(url + name for url in FASHION_URLS), md5) for name, md5 in FASHION_MD5.items()
        ),
        load=load_idx,
        class_names=FASHION_CLASSES,
        about={
            "licence": "MIT, Zalando SE",
            "homepage": "https://github.com/zalandoresearch/fashion-mnist",
            "citation": "Xiao, Rasul, Vollgraf: Fashion-MNIST, arXiv:1708.07747, 2017",
        },
    ),
    "cifar10": Source(
        files=(
            RemoteFile("cifar-10-python.tar.gz", (CIFAR_URL,), "c58f30108f718f92721af3b95e74349a", 170498071),
            *(RemoteFile(f"cifar-10-batches-py/{name}", (), md5) for name, md5 in CIFAR_BATCH_MD5.items()),
        ),
        load=load_cifar,
        class_names=CIFAR_CLASSES,
        about={
            "licence": "none stated by the publisher",
            "homepage": "https://www.cs.toronto.edu/~kriz/cifar.html",
            "citation": "Krizhevsky: Learning multiple layers of features from tiny images, 2009",
        },
    ),
}
