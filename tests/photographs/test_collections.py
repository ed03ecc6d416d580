"""Photographs with labels: the published ones from cache, mirror or archive, and a person's own."""

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

from lookalike.artifacts.pictures import SYSTEM_NAMES, read_picture
from lookalike.data.download import UnobtainableError
from lookalike.data.official import FASHION_CLASSES
from lookalike.errors import InputError
from lookalike.photographs import collections as wardrobe
from lookalike.photographs.collections import ABOUT_COLUMNS, TABLE, Photograph, own_photographs, published_photographs

ROOT = Path(__file__).resolve().parents[2]
NOWHERE = "http://127.0.0.1:9/master.zip"  # the discard port: nobody listens
NAMES = ("shirt/a.jpg", "shoes/b.jpg", "hat/c.jpg")  # one in each folder of the archive
PICTURES = {name: bytes(f"the picture {name}", "ascii") * 50 for name in NAMES}
FOLDERS = dict(zip(NAMES, ("train", "validation", "test"), strict=True))
CLASSES = ("Shirt", "Sneaker")

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
    once = functools.partial(wardrobe.fetch_file, retries=1, backoff=0)
    monkeypatch.setattr(wardrobe, "fetch_file", once)

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
    write_archive(tmp_path / "mirror" / wardrobe.ARCHIVE_NAME, PICTURES)
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
    write_archive(tmp_path / "cache" / wardrobe.ARCHIVE_NAME, contents)
    with pytest.raises(UnobtainableError, match=rf"small\.zip: {complaint}.*delete it.*LOOKALIKE_MIRROR"):
        load(None)
    assert NAMES[1] not in files_in(tmp_path / "cache/photos")


def test_a_damaged_archive_is_used_or_refused(tmp_path: Path, load: Loader) -> None:
    (tmp_path / "cache/photos").mkdir(parents=True)
    archive = write_archive(tmp_path / "cache" / wardrobe.ARCHIVE_NAME, PICTURES)
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
    write_archive(tmp_path / "mirror" / wardrobe.ARCHIVE_NAME, PICTURES)

    def refuse(path: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(wardrobe, "write_bytes", refuse)
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


def write_folder(folder: Path, table: str | bytes, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"not looked at")
    folder.mkdir(exist_ok=True)
    (folder / "labels.csv").write_bytes(table.encode() if isinstance(table, str) else table)
    return folder


def refused(folder: Path, table: str, *names: str) -> list[tuple[str, str]]:
    return own_photographs(write_folder(folder, table, *names), CLASSES)[1]


def test_own_photographs_are_those_listed_and_then_the_others(tmp_path: Path) -> None:
    table = "label,file,note,mine\nShirt,b.jpg,striped,x\n,hats/c.png\n\n,,,\n"
    others = ("a.JPG", "d/e.heic", "f.gif", "notes.txt", ".hidden.jpg", ".cache/g.jpg")
    photographs, rejected = own_photographs(write_folder(tmp_path, table, "b.jpg", "hats/c.png", *others), CLASSES)
    assert [(name, reason.split(";")[0]) for name, reason in rejected] == [("notes.txt", "no picture by its name")]
    assert [(photograph.name, photograph.label) for photograph in photographs] == [
        ("b.jpg", "Shirt"),
        ("hats/c.png", ""),
        ("a.JPG", ""),
        ("d/e.heic", ""),
        ("f.gif", ""),  # to be refused, by name, when it is read
    ]
    assert all(photograph.path == tmp_path / photograph.name for photograph in photographs)
    assert photographs[0].about == dict.fromkeys(ABOUT_COLUMNS, "") | {"note": "striped"}
    assert set(photographs[1].about) == set(photographs[2].about) == set(ABOUT_COLUMNS)


@pytest.mark.parametrize(
    "table",
    [
        "file,label\na.jpg,Shirt",
        "file,fashion_mnist_label\r\na.jpg,Shirt\r\n",
        "\ufefffile,label\na.jpg,Shirt\n",
        'label,fashion_mnist_label,file\nmine,Shirt,"a.jpg"\n',
        " file , label \n a.jpg , Shirt \n",
    ],
    ids=["plain", "Windows", "byte order mark", "both labels", "spaces"],
)
def test_tables_as_people_write_them(tmp_path: Path, table: str) -> None:
    photographs, rejected = own_photographs(write_folder(tmp_path, table, "a.jpg"), CLASSES)
    assert [(photograph.name, photograph.label) for photograph in photographs] == [("a.jpg", "Shirt")]
    assert rejected == []


def test_a_folder_without_pictures_gives_none(tmp_path: Path) -> None:
    assert own_photographs(write_folder(tmp_path, "file,label\n"), CLASSES) == ([], [])


def test_entries_that_cannot_be_read_cost_no_other(tmp_path: Path) -> None:
    write_folder(tmp_path, "file,label\na.jpg,Shirt\npipe.jpg,Shirt\nlisted.txt,Shirt\n", "a.jpg", "listed.txt")
    write_folder(tmp_path, (tmp_path / "labels.csv").read_bytes(), "README.md", "__MACOSX/a.jpg", "@eaDir/a.jpg")
    write_folder(tmp_path, (tmp_path / "labels.csv").read_bytes(), os.fsdecode(b"caf\xe9.jpg"), "x" * 246 + ".jpg")
    for name in ("pipe.jpg", "another pipe.jpg"):
        os.mkfifo(tmp_path / name)
    for name, target in {"here": ".", "circle.jpg": "circle.jpg", "nowhere.jpg": "gone.jpg"}.items():
        (tmp_path / name).symlink_to(target)
    photographs, rejected = own_photographs(tmp_path, CLASSES)
    assert [one.name for one in photographs] == ["a.jpg", "listed.txt", "x" * 246 + ".jpg"]
    assert {name: reason.split(";")[0].split(",")[0] for name, reason in rejected} == {
        "another pipe.jpg": "no file",
        "caf?.jpg": "its name is not UTF-8",
        "circle.jpg": "cannot be read: Too many levels of symbolic links",
        "here": "a link to a folder",
        "nowhere.jpg": "a link that leads nowhere",
        "pipe.jpg": "no such file",
    }


def test_what_is_passed_over_does_not_count_for_dvc_either(tmp_path: Path) -> None:
    """DVC hashes `photographs/` before the stage runs, and ends at a name that is not UTF-8."""
    from dvc.ignore import DvcIgnoreFilter
    from dvc_objects.fs.local import LocalFileSystem

    folder = tmp_path / "photographs"
    names = (
        *("__MACOSX", "@eaDir", "#recycle", "$RECYCLE.BIN", "System Volume Information", "lost+found", ".DS_Store"),
        *("Thumbs.db", "ehthumbs.db", "desktop.ini"),
    )
    assert {name.lower() for name in names} == {*SYSTEM_NAMES, ".ds_store"}
    kept = ("a.jpg", "caf\u00e9.jpg", "\U0001f462 b.jpg", "#1.jpg", "labels.csv")
    passed = (*names, os.fsdecode(b"caf\xe9.jpg"))
    write_folder(folder, "", *(f"{place}/{name}" for place in (".", "sub") for name in (*kept, *passed)))
    write_folder(folder, "", *(f"{name}-folder/{name}/a.jpg" for name in passed))
    (tmp_path / ".dvcignore").write_bytes((ROOT / ".dvcignore").read_bytes())
    found = DvcIgnoreFilter(LocalFileSystem(), str(tmp_path)).find(LocalFileSystem(), str(folder))
    assert {Path(path).relative_to(folder).as_posix() for path in found} == {*kept, *(f"sub/{name}" for name in kept)}


def test_a_label_that_is_no_class_is_rejected_and_names_the_classes(tmp_path: Path) -> None:
    rejected = refused(tmp_path, "file,label\na.jpg,Hat\n", "a.jpg")
    assert rejected == [("a.jpg", "its label 'Hat' is none of Shirt, Sneaker")]
    assert own_photographs(tmp_path, CLASSES)[0] == []  # nor is it taken as a picture that is not listed


def test_a_file_that_does_not_exist_is_rejected(tmp_path: Path) -> None:
    names = ["absent.jpg", "x" * 300, "labels.csv/a.jpg", "sub"]
    (tmp_path / "sub").mkdir()
    rejected = refused(tmp_path, "file,label\n" + "".join(f"{name},Shirt\n" for name in [*names, ""]))
    assert rejected == [(name, "no such file") for name in [*names, ""]]


OTHERWISE = {  # what a table says, and what the file is called
    "caf\u00e9.png": "cafe\u0301.png",  # composed and not: what other systems and macOS make of an accent
    "cafe\u0301.png": "caf\u00e9.png",
    "winter\\coat.png": "winter/coat.png",
    "a.png": " a.png",
    "sub /b.png": "sub/ b.png",
    "mine/c.png": "c.png",  # the folder's own name in front
    "mine\\sub\\c.png": "sub/c.png",
    "shoe": "shoe.jpg",
    "sub/photo.v2": "sub/photo.v2.webp",
    "IMG_1.jpg": "IMG_1.JPG",
    "Boot.png": "boot.PNG",
}


@pytest.mark.parametrize(("listed", "file"), OTHERWISE.items())
def test_a_line_that_spells_a_name_otherwise_labels_the_picture_that_it_fits(
    tmp_path: Path, listed: str, file: str
) -> None:
    folder = write_folder(tmp_path / "mine", f'file,label\n"{listed}",Shirt\n', file, "other.gif")
    photographs, rejected = own_photographs(folder, CLASSES)
    assert rejected == []
    assert [(one.name, one.label) for one in photographs] == [(file, "Shirt"), ("other.gif", "")]


@pytest.mark.parametrize(
    ("listed", "files", "complaint"),
    [
        ("shoe", ("shoe.jpg", "shoe.png"), "no such file, but several of such a name: shoe.jpg, shoe.png; write one"),
        ("A.jpg", ("a.JPG", "a.jpg"), "no such file, but several of such a name: a.JPG, a.jpg; write one of these"),
        ("shoos.jpg", ("shoes.jpg",), "no such file; the nearest name is shoes.jpg"),
        ("coat.jpg", ("winter/coat.jpg",), "no such file; the nearest name is winter/coat.jpg"),
        ("C:\\me\\coat.jpg", ("winter/coat.jpg",), "no such file; the nearest name is winter/coat.jpg"),
        ("/home/me/coat.jpg", ("coat.jpg",), "lies outside the folder"),
        ("../coat.jpg", ("coat.jpg",), "lies outside the folder"),
    ],
)
def test_a_picture_that_a_refused_line_may_mean_does_not_count_as_one_of_no_class(
    tmp_path: Path, listed: str, files: tuple[str, ...], complaint: str
) -> None:
    folder = write_folder(tmp_path / "mine", f'file,label\n"{listed}",Shirt\n', *files, "unlike.gif")
    photographs, ((line, reason), *others) = own_photographs(folder, CLASSES)
    assert [one.name for one in photographs] == ["unlike.gif"]
    assert line == listed
    assert reason.startswith(complaint)
    meant = f"the line for {listed} in labels.csv may mean it, and is refused; correct the line"
    assert others == [(file, meant) for file in files]


def test_a_line_with_a_bad_label_costs_its_own_picture_alone(tmp_path: Path) -> None:
    names = ("a.jpg", "sub/a.jpg", "a.png", "B.JPG")
    folder = write_folder(tmp_path, "file,label\na.jpg,Hat\nb.jpg,Hat\n", *names)
    photographs, rejected = own_photographs(folder, CLASSES)
    assert [name for name, _ in rejected] == ["a.jpg", "b.jpg"]
    assert [one.name for one in photographs] == ["a.png", "sub/a.jpg"]


def test_a_name_as_it_is_comes_before_another_spelling(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, "file,label\na.jpg,Shirt\nA.JPG,Sneaker\n", "a.jpg", "A.JPG", "a")
    photographs, rejected = own_photographs(folder, CLASSES)
    assert [(one.name, one.label) for one in photographs] == [("a.jpg", "Shirt"), ("A.JPG", "Sneaker"), ("a", "")]
    assert rejected == []


def test_a_picture_under_two_spellings_counts_once(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, "file,label\nA.jpg,Shirt\na,Sneaker\n", "a.JPG")
    photographs, rejected = own_photographs(folder, CLASSES)
    assert [(one.name, one.label) for one in photographs] == [("a.JPG", "Shirt")]
    assert rejected == [("a", "listed twice; the first line counts")]


def test_a_path_that_leaves_the_folder_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(b"")
    folder = write_folder(tmp_path / "mine", "", "a.jpg")
    (folder / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    (folder / "unlisted.jpg").symlink_to(tmp_path / "secret.jpg")
    names = ["../secret.jpg", str(tmp_path / "secret.jpg"), "link.jpg"]
    rejected = refused(folder, "file,label\n" + "".join(f"{name},Shirt\n" for name in names))
    assert [name for name, _ in rejected][:3] == names
    assert {reason for _, reason in rejected} == {"lies outside the folder"}
    assert [photograph.name for photograph in own_photographs(folder, CLASSES)[0]] == ["a.jpg"]


def test_a_picture_listed_twice_counts_once(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, "file,label\na.jpg,Shirt\nsub/../a.jpg,Sneaker\n./a.jpg,Shirt\n", "a.jpg", "sub/.b")
    photographs, rejected = own_photographs(folder, CLASSES)
    assert [(photograph.name, photograph.label) for photograph in photographs] == [("a.jpg", "Shirt")]
    assert rejected == [(name, "listed twice; the first line counts") for name in ("sub/../a.jpg", "./a.jpg")]


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ("", "its first line is ''"),
        ("name,label\na.jpg,Shirt\n", "its first line is 'name,label'"),
        ("file,class\na.jpg,Shirt\n", "its first line is 'file,class'"),
        ("file;label\na.jpg;Shirt\n", "its first line is 'file;label'"),
        ('file,label\n"a.jpg,Shirt\n', "unexpected end of data"),
        ("file,label\nhemdgröße.jpg,Shirt\n".encode("latin-1"), "can't decode"),
        ("file,label\na.jpg,Shirt\n".encode("utf-16"), "can't decode"),
        ("file,label\na.jpg,Shirt\n".encode("utf-16-le"), "its first line is"),
        (f"file,label\na.jpg,{'x' * 200_000}\n", "field larger than field limit"),
    ],
    ids=["empty", "no file", "no label", "semicolons", "open quote", "Latin-1", "UTF-16", "no mark", "huge field"],
)
def test_a_table_that_cannot_be_used_is_one_line(tmp_path: Path, table: str | bytes, complaint: str) -> None:
    with pytest.raises(InputError) as caught:
        own_photographs(write_folder(tmp_path, table), CLASSES)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'labels.csv'}: ")
    assert all(part in message for part in (complaint, "UTF-8", "`file`", "`fashion_mnist_label` or `label`"))
    assert "\n" not in message


def test_a_folder_without_a_table_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"labels.csv: No such file or directory; needed is .*`file`"):
        own_photographs(tmp_path, CLASSES)
    (tmp_path / "labels.csv").mkdir()
    with pytest.raises(InputError, match=r"labels.csv: Is a directory"):
        own_photographs(tmp_path, CLASSES)
