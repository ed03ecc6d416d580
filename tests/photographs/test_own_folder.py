"""A person's own photographs: what a table of labels names, and what else lies in the folder."""

import os
from pathlib import Path

import pytest

from lookalike.artifacts.pictures import SYSTEM_NAMES
from lookalike.data.labelled_clothing import ABOUT_COLUMNS
from lookalike.errors import InputError
from lookalike.photographs.own_folder import own_photographs

ROOT = Path(__file__).resolve().parents[2]
CLASSES = ("Shirt", "Sneaker")


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
