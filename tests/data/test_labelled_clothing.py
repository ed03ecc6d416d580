"""The published photographs with labels, from cache, mirror or archive."""

import csv
import errno
import functools
import hashlib
import io
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from served import Quiet, serving

from lookalike.artifacts.pictures import read_picture
from lookalike.data import labelled_clothing
from lookalike.data.download import UnobtainableError
from lookalike.data.labelled_clothing import ABOUT_COLUMNS, TABLE, Photograph, published_photographs
from lookalike.data.official import FASHION_CLASSES
from lookalike.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
NOWHERE = "http://127.0.0.1:9/master.zip"  # the discard port: nobody listens
NAMES = ("shirt/a.jpg", "shoes/b.jpg", "hat/c.jpg")  # one in each folder of the archive
PICTURES = {name: bytes(f"the picture {name}", "ascii") * 50 for name in NAMES}
FOLDERS = dict(zip(NAMES, ("train", "validation", "test"), strict=True))

Loader = Callable[..., list[Photograph]]


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[str]]]:
    """The address under which `tmp_path` is served, and the paths that have been asked for."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    asked: list[str] = []
    send = Quiet.send_head
    monkeypatch.setattr(Quiet, "send_head", lambda self: asked.append(self.path) or send(self))
    with serving(tmp_path) as address:
        yield address, asked


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table of three photographs, the last without a label."""
    rows = [
        f"{name},{label},worn {name},{hashlib.md5(PICTURES[name]).hexdigest()}"
        for name, label in zip(NAMES, ("Shirt", "Sneaker", ""), strict=True)
    ]
    (tmp_path / "table.csv").write_text("\n".join(["file,fashion_mnist_label,worn,md5", *rows]))
    return tmp_path / "table.csv"


@pytest.fixture
def load(tmp_path: Path, table: Path, monkeypatch: pytest.MonkeyPatch) -> Loader:
    """`load(mirror, archive_url)` with a cache below `tmp_path` and no pauses between attempts."""
    once = functools.partial(labelled_clothing.fetch_file, retries=1, backoff=0)
    monkeypatch.setattr(labelled_clothing, "fetch_file", once)

    def load(mirror: str | None, archive_url: str = NOWHERE) -> list[Photograph]:
        return published_photographs(tmp_path / "cache", mirror, table=table, archive_url=archive_url)

    return load


def write_pictures(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(PICTURES[name])
    return folder


def write_archive(path: Path, contents: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("clothing-dataset-small-master/README.md", "read me")
        archive.writestr("clothing-dataset-small-master/train/../../../evil.jpg", "slip")
        for name, content in contents.items():
            archive.writestr(f"clothing-dataset-small-master/{FOLDERS[name]}/{name}", content)
    return path


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def assert_published(photographs: list[Photograph]) -> None:
    assert [photograph.name for photograph in photographs] == list(NAMES)
    assert [photograph.label for photograph in photographs] == ["Shirt", "Sneaker", ""]
    assert {photograph.name: photograph.path.read_bytes() for photograph in photographs} == PICTURES
    about = dict.fromkeys(ABOUT_COLUMNS, "") | {"worn": "worn shirt/a.jpg"}
    assert photographs[0].about == about


def test_a_mirror_folder_is_used_where_it_lies(tmp_path: Path, load: Loader) -> None:
    write_pictures(tmp_path / "mirror/photos", *NAMES)
    photographs = load(str(tmp_path / "mirror"))
    assert_published(photographs)
    assert photographs[0].path == tmp_path / "mirror/photos/shirt/a.jpg"
    assert not (tmp_path / "cache").exists()


def test_a_mirror_address_fills_the_cache_once(tmp_path: Path, load: Loader, web: tuple[str, list[str]]) -> None:
    write_pictures(tmp_path / "mirror/photos", *NAMES)
    address, asked = web
    assert_published(load(f"{address}/mirror/"))
    assert asked == [f"/mirror/photos/{name}" for name in NAMES]
    assert files_in(tmp_path / "cache") == {f"photos/{name}" for name in NAMES}
    assert_published(load(f"{address}/mirror/"))
    assert_published(load(None))
    assert len(asked) == len(NAMES)


def test_without_a_mirror_the_archive_gives_what_is_wanted(
    tmp_path: Path, load: Loader, web: tuple[str, list[str]]
) -> None:
    write_archive(tmp_path / "master.zip", PICTURES)
    address, asked = web
    assert_published(load(None, f"{address}/master.zip"))
    assert asked == ["/master.zip"]
    assert files_in(tmp_path / "cache/photos") == {*NAMES, "clothing-dataset-small.zip"}
    assert not list(tmp_path.rglob("evil.jpg"))
    (tmp_path / "cache/photos/hat/c.jpg").write_bytes(b"damaged")
    assert_published(load(None))  # mended from the archive in the cache
    assert asked == ["/master.zip"]


@pytest.mark.parametrize("kind", ["folder", "address"])
def test_what_the_mirror_lacks_comes_from_the_archive(
    tmp_path: Path, load: Loader, web: tuple[str, list[str]], kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    write_pictures(tmp_path / "mirror/photos", *NAMES[:2])
    write_archive(tmp_path / "master.zip", PICTURES)
    address, _ = web
    mirror = {"folder": str(tmp_path / "mirror"), "address": f"{address}/mirror"}[kind]
    assert_published(load(mirror, f"{address}/master.zip"))
    assert NAMES[2] in caplog.text


def test_the_mirror_may_have_the_archive(tmp_path: Path, load: Loader) -> None:
    (tmp_path / "mirror/photos").mkdir(parents=True)
    write_archive(tmp_path / "mirror" / labelled_clothing.ARCHIVE_NAME, PICTURES)
    assert_published(load(str(tmp_path / "mirror")))


@pytest.mark.parametrize("kind", ["folder", "address"])
def test_a_mirror_with_another_picture_is_not_papered_over(
    tmp_path: Path, load: Loader, web: tuple[str, list[str]], kind: str
) -> None:
    write_pictures(tmp_path / "mirror/photos", *NAMES)
    write_archive(tmp_path / "master.zip", PICTURES)
    (tmp_path / "mirror/photos" / NAMES[1]).write_bytes(b"another picture")
    mirror = {"folder": str(tmp_path / "mirror"), "address": f"{web[0]}/mirror"}[kind]
    with pytest.raises(InputError, match=rf"photos/{NAMES[1]}: md5 is .*repair the mirror") as caught:
        load(mirror, f"{web[0]}/master.zip")
    assert not isinstance(caught.value, UnobtainableError)


@pytest.mark.parametrize("mirror", [None, "absent"])
def test_no_network_is_one_line_that_says_what_to_do(load: Loader, mirror: str | None) -> None:
    with pytest.raises(UnobtainableError, match=r"127\.0\.0\.1:9.*LOOKALIKE_MIRROR") as caught:
        load(mirror)
    assert "\n" not in str(caught.value)


def test_something_else_than_an_archive_is_not_kept(tmp_path: Path, load: Loader, web: tuple[str, list[str]]) -> None:
    write_archive(tmp_path / "whole.zip", PICTURES)
    for content in (b"<html>sign in</html>", (tmp_path / "whole.zip").read_bytes()[:-30]):
        (tmp_path / "master.zip").write_bytes(content)
        with pytest.raises(UnobtainableError, match=r"master\.zip: not the whole file"):
            load(None, f"{web[0]}/master.zip")
        assert files_in(tmp_path / "cache") == set()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "lacks 1 of 3 pictures, such as photos/shoes/b.jpg"),
        (b"another", "md5 of .*validation/shoes/b.jpg is .*, expected"),
    ],
)
def test_an_archive_that_has_changed_is_refused(
    tmp_path: Path, load: Loader, content: bytes | None, complaint: str
) -> None:
    contents = {name: PICTURES[name] for name in NAMES if name != NAMES[1]} | ({NAMES[1]: content} if content else {})
    (tmp_path / "cache/photos").mkdir(parents=True)
    write_archive(tmp_path / "cache" / labelled_clothing.ARCHIVE_NAME, contents)
    with pytest.raises(UnobtainableError, match=rf"small\.zip: {complaint}.*delete it.*LOOKALIKE_MIRROR"):
        load(None)
    assert NAMES[1] not in files_in(tmp_path / "cache/photos")


def test_a_damaged_archive_is_used_or_refused(tmp_path: Path, load: Loader) -> None:
    (tmp_path / "cache/photos").mkdir(parents=True)
    archive = write_archive(tmp_path / "cache" / labelled_clothing.ARCHIVE_NAME, PICTURES)
    whole, outcomes = archive.read_bytes(), set()
    for k in range(0, len(whole), 3):
        (tmp_path / "cache/photos" / NAMES[0]).unlink(missing_ok=True)
        archive.write_bytes(whole[:k] + bytes([whole[k] ^ 0x55]) + whole[k + 1 :])
        try:
            assert_published(load(None))
            outcomes.add("used")
        except UnobtainableError:
            outcomes.add("refused")
            archive.write_bytes(whole)
    assert outcomes == {"used", "refused"}


def test_a_full_disk_is_an_input_error(tmp_path: Path, load: Loader, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mirror/photos").mkdir(parents=True)
    write_archive(tmp_path / "mirror" / labelled_clothing.ARCHIVE_NAME, PICTURES)

    def refuse(path: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(labelled_clothing, "write_bytes", refuse)
    with pytest.raises(InputError, match=r"cache/photos/shirt/a.jpg: No space left"):
        load(str(tmp_path / "mirror"))


def test_the_table_in_the_package_is_whole() -> None:
    rows = list(csv.DictReader(io.StringIO(TABLE.read_text(encoding="utf-8"))))
    assert len({row["file"] for row in rows}) == len({row["md5"] for row in rows}) == len(rows) == 500
    assert {row["fashion_mnist_label"] for row in rows} == {"", *FASHION_CLASSES} - {"Bag"}
    assert set(ABOUT_COLUMNS) <= set(rows[0])
    assert not [row["file"] for row in rows if ".." in row["file"] or row["file"].startswith("/")]


@pytest.mark.real_data
@pytest.mark.skipif("LOOKALIKE_MIRROR" not in os.environ, reason="LOOKALIKE_MIRROR is not set")
def test_real_data(tmp_path: Path) -> None:
    photographs = published_photographs(tmp_path, os.environ["LOOKALIKE_MIRROR"], archive_url=NOWHERE)
    assert len(photographs) == 500
    assert sum(photograph.label == "" for photograph in photographs) == 94
    for photograph in photographs:
        assert min(read_picture(photograph.path).shape[:2]) == 400
