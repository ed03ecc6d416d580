"""Published data sets: parsing, both layouts of CIFAR-10, and the real files where a mirror has them."""

import gzip
import hashlib
import os
import pickle
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from served import serving

from lookalike.data.download import RemoteFile, fetch_file
from lookalike.data.official import SOURCES, Source, load_official, load_source_files, read_cifar_batch, read_idx
from lookalike.errors import InputError

BATCHES = ["cifar-10-batches-py/data_batch_1", "cifar-10-batches-py/data_batch_2", "cifar-10-batches-py/test_batch"]


def idx(content: npt.ArrayLike) -> bytes:
    array = np.asarray(content, np.uint8)
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


def write_idx_files(folder: Path) -> Source:
    """Four images of 2x3 to train on and one to test on, with the source that describes the files."""
    images = np.arange(24).reshape(4, 2, 3)
    contents: list[npt.ArrayLike] = [images, [3, 1, 0, 2], images[:1] + 100, [7]]
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for file, content in zip(SOURCES["mnist"].files, contents, strict=True):
        packed = gzip.compress(idx(content))
        (folder / file.name).write_bytes(packed)
        files.append(RemoteFile(file.name, (), hashlib.md5(packed).hexdigest()))
    return replace(SOURCES["mnist"], files=tuple(files))


def cifar_pickle(seed: int, count: int) -> bytes:
    data = np.random.default_rng(seed).integers(0, 256, (count, 3072), dtype=np.uint8)
    return pickle.dumps({b"data": data, b"labels": [seed] * count}, protocol=4)


def write_cifar(folder: Path) -> Source:
    """Two training batches of 3 and 2 images, a test batch of 1, and the archive of them."""
    (folder / "cifar-10-batches-py").mkdir(parents=True)
    for seed, (name, count) in enumerate(zip(BATCHES, (3, 2, 1), strict=True)):
        (folder / name).write_bytes(cifar_pickle(seed, count))
    with tarfile.open(folder / "cifar-10-python.tar.gz", "w:gz") as tar:
        tar.add(folder / "cifar-10-batches-py", "cifar-10-batches-py")
    names = ["cifar-10-python.tar.gz", *BATCHES]
    md5s = [hashlib.md5((folder / name).read_bytes()).hexdigest() for name in names]
    return replace(SOURCES["cifar10"], files=tuple(map(RemoteFile, names, [()] * 4, md5s)))


def test_read_idx_gives_the_shape_in_the_header(tmp_path: Path) -> None:
    (tmp_path / "x.gz").write_bytes(gzip.compress(idx(np.arange(24).reshape(4, 2, 3))))
    array = read_idx(tmp_path / "x.gz")
    assert array.dtype == np.uint8
    assert array.flags.writeable
    np.testing.assert_array_equal(array, np.arange(24).reshape(4, 2, 3))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (gzip.compress(idx(range(9))[:-1]), "8 bytes of data for the shape"),
        (gzip.compress(idx(range(9)) + b"x"), "10 bytes of data for the shape"),
        (gzip.compress(idx(range(9))[:6]), "not an idx file"),
        (gzip.compress(b"\0\0\x0d\x01" + idx(range(9))[4:]), "not an idx file"),
        (gzip.compress(b""), "not an idx file"),
        (gzip.compress(idx(range(9)))[:-9], "not a complete gzip file"),
        (b"<html>", "not a complete gzip file"),
    ],
    ids=["truncated", "too long", "half a header", "wrong magic", "empty", "truncated gzip", "not gzip"],
)
def test_read_idx_refuses_by_name(tmp_path: Path, content: bytes, complaint: str) -> None:
    (tmp_path / "x.gz").write_bytes(content)
    with pytest.raises(InputError, match=f"x.gz: .*{complaint}"):
        read_idx(tmp_path / "x.gz")


def test_an_idx_data_set_becomes_arrays_and_provenance(tmp_path: Path) -> None:
    source = write_idx_files(tmp_path / "mirror")
    data = load_source_files(source, tmp_path / "cache", str(tmp_path / "mirror"))
    assert data.train_images.shape == (4, 2, 3)
    assert data.train_labels.tolist() == [3, 1, 0, 2]
    assert data.test_images.tolist() == [[[100, 101, 102], [103, 104, 105]]]
    assert data.test_labels.tolist() == [7]
    assert data.provenance["source"] == "official"
    assert {"licence", "homepage", "citation"} <= set(data.provenance)
    assert data.provenance["files"][0] == {"name": source.files[0].name, "md5": source.files[0].md5, "origin": "mirror"}
    assert str(tmp_path) not in str(data.provenance)
    assert not (tmp_path / "cache").exists()  # a mirror's files are used where they lie


def test_a_mirror_may_have_packed_the_content_anew(tmp_path: Path) -> None:
    source = write_idx_files(tmp_path)
    labels = tmp_path / source.files[1].name
    content = gzip.decompress(labels.read_bytes())
    file = replace(source.files[1], md5="0" * 32, content_md5=hashlib.md5(content).hexdigest())
    labels.write_bytes(gzip.compress(content, compresslevel=1))
    assert fetch_file(file, tmp_path / "cache", mirror=str(tmp_path)).path == labels
    labels.write_bytes(labels.read_bytes()[:-9])
    with pytest.raises(InputError, match="repair the mirror"):
        fetch_file(file, tmp_path / "cache", mirror=str(tmp_path))


def test_the_mirror_root_holds_a_folder_for_each_data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write_idx_files(tmp_path / "mirror" / "mnist")
    monkeypatch.setitem(SOURCES, "mnist", source)
    with serving(tmp_path / "mirror") as address:
        data = load_official("mnist", tmp_path / "cache", mirror=f"{address}/")
    assert {file["origin"] for file in data.provenance["files"]} == {"mirror"}
    assert {path.name for path in (tmp_path / "cache" / "mnist").iterdir()} == {file.name for file in source.files}
    assert load_official("mnist", tmp_path / "cache").test_labels.tolist() == [7]


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(InputError, match=r"imagenet: .*mnist, fashion_mnist, cifar10"):
        load_official("imagenet", Path("cache"))


@pytest.mark.parametrize("layout", ["batches", "archive"])
def test_cifar_is_read_from_batches_and_from_the_archive(tmp_path: Path, layout: str) -> None:
    source = write_cifar(tmp_path / "mirror")
    unwanted = ["cifar-10-python.tar.gz"] if layout == "batches" else BATCHES
    for name in unwanted:
        (tmp_path / "mirror" / name).unlink()
    data = load_source_files(source, tmp_path / "cache", str(tmp_path / "mirror"))
    assert data.train_images.shape == (5, 32, 32, 3)
    assert data.train_images.dtype == data.train_labels.dtype == np.uint8
    assert data.train_labels.tolist() == [0, 0, 0, 1, 1]
    assert data.test_labels.tolist() == [2]
    assert [file["name"] for file in data.provenance["files"]] == (
        BATCHES if layout == "batches" else [source.files[0].name]
    )


def test_cifar_pixels_are_stored_by_channel(tmp_path: Path) -> None:
    data = np.random.default_rng(0).integers(0, 256, (2, 3072), dtype=np.uint8)
    images, _ = read_cifar_batch(pickle.dumps({b"data": data, b"labels": [0, 1]}, protocol=4), "batch")
    assert images[1, 5, 7].tolist() == [data[1, c * 1024 + 5 * 32 + 7] for c in range(3)]


def test_a_cached_archive_is_used_before_the_mirror(tmp_path: Path) -> None:
    source = write_cifar(tmp_path / "cache")
    for name in BATCHES:
        (tmp_path / "cache" / name).unlink()
    data = load_source_files(source, tmp_path / "cache", "http://127.0.0.1:9")
    assert data.provenance["files"][0]["origin"] == "cache"


def test_an_archive_without_a_batch_is_refused(tmp_path: Path) -> None:
    source = write_cifar(tmp_path)
    extra = RemoteFile("cifar-10-batches-py/data_batch_9", (), "0" * 32)
    with pytest.raises(InputError, match=r"cifar-10-python.tar.gz: lacks cifar-10-batches-py/data_batch_9"):
        load_source_files(replace(source, files=(*source.files, extra)), tmp_path / "cache", str(tmp_path))


class Attack:
    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.trace),)


def test_a_malicious_pickle_is_refused_and_not_run(tmp_path: Path) -> None:
    raw = pickle.dumps({b"data": Attack(tmp_path / "trace"), b"labels": []})
    with pytest.raises(InputError, match=r"data_batch_1: .*mkdir, which is refused"):
        read_cifar_batch(raw, "data_batch_1")
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize("raw", [b"", b"\x80\x04N.", cifar_pickle(0, 1)[:-50], pickle.dumps({b"data": 1})])
def test_something_else_than_a_batch_is_refused_by_name(raw: bytes) -> None:
    with pytest.raises(InputError, match="test_batch: not a CIFAR-10 batch"):
        read_cifar_batch(raw, "test_batch")


@pytest.mark.real_data
@pytest.mark.skipif("LOOKALIKE_MIRROR" not in os.environ, reason="LOOKALIKE_MIRROR is not set")
@pytest.mark.parametrize(
    ("name", "train_shape", "first_train", "first_test"),
    [
        ("mnist", (60000, 28, 28), [5, 0, 4, 1, 9], [7, 2, 1, 0, 4]),
        ("fashion_mnist", (60000, 28, 28), [9, 0, 0, 3, 0], [9, 2, 1, 1, 6]),
        ("cifar10", (50000, 32, 32, 3), [6, 9, 9, 4, 1], [3, 8, 8, 0, 6]),
    ],
)
def test_real_data(
    tmp_path: Path, name: str, train_shape: tuple[int, ...], first_train: list[int], first_test: list[int]
) -> None:
    data = load_official(name, tmp_path, mirror=os.environ["LOOKALIKE_MIRROR"])
    assert data.train_images.shape == train_shape
    assert data.test_images.shape == (10000, *train_shape[1:])
    assert data.train_labels[:5].tolist() == first_train
    assert data.test_labels[:5].tolist() == first_test
    mnist = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert np.bincount(data.test_labels).tolist() == (mnist if name == "mnist" else [1000] * 10)
    assert len(SOURCES[name].class_names) == np.unique(data.train_labels).size == 10
