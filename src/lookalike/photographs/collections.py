"""Photographs of clothing with labels made by eye: 500 published ones, and those in a person's own folder."""

import csv
import hashlib
import io
import logging
import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lookalike.artifacts.folders import write_bytes
from lookalike.artifacts.pictures import list_files, replace_unwritable
from lookalike.data.download import RemoteFile, UnobtainableError, fetch_file
from lookalike.errors import InputError, RejectedError
from lookalike.photographs.labels import FileNames

Row = dict[str, str]  # a line of a table of labels

TABLE = Path(__file__).with_name("clothing.csv")
ARCHIVE_URL = "https://github.com/alexeygrigorev/clothing-dataset-small/archive/refs/heads/master.zip"
ARCHIVE_NAME = "photos/clothing-dataset-small.zip"
ARCHIVE_FOLDERS = tuple(f"clothing-dataset-small-master/{split}/" for split in ("train", "validation", "test"))
ABOUT = {
    "licence": "CC0 1.0",
    "homepage": "https://github.com/alexeygrigorev/clothing-dataset-small",
    "citation": "Grigorev: Clothing dataset (subset), 2020; the labels were made by eye for this study",
}
ABOUT_COLUMNS = ("worn", "background", "items", "doubtful", "view", "subtype", "note", "sender")
LABELS = "labels.csv"
NO_PICTURES = (LABELS, "README.md")  # of a person's own folder

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Photograph:
    """A picture file with its label and attributes.

    `name` is its path in the table of labels ("t-shirt/0738....jpg"); `label` is a class name, or "" where no class
    fits or none was given; `about` has the keys `ABOUT_COLUMNS`, "" where unknown.
    """

    name: str
    path: Path
    label: str
    about: dict[str, str]


def published_photographs(
    cache: Path, mirror: str | None, *, table: Path = TABLE, archive_url: str = ARCHIVE_URL
) -> list[Photograph]:
    """The published photographs, in the order of `table`, each of them the very file that was labelled.

    They lie in `<cache>/photos`, or in `<mirror>/photos`; `mirror` is a folder or a base URL. If one is in neither, all
    are taken from the publisher's archive.

    Raises:
        InputError: the mirror has a different picture under a name, or the disk cannot take one.
        UnobtainableError: the pictures cannot be downloaded. A subclass of InputError.
    """
    rows = _read_table(table)
    files = _published_files(rows)
    try:
        paths = [fetch_file(file, cache, mirror=mirror).path for file in files]
    except UnobtainableError as error:
        if mirror:
            _log.warning("%s; taking the publisher's archive", error)
        archive = fetch_file(RemoteFile(ARCHIVE_NAME, (archive_url,), None), cache, mirror=mirror)
        paths = _extract(archive.path, files, cache)
    return [_photograph(row, path) for row, path in zip(rows, paths, strict=True)]


def is_published(archive: Path, table: Path = TABLE) -> bool:
    """Whether a file is the publisher's archive, however packed: it has all pictures of `table`, unchanged."""
    try:
        _read_members(archive, _published_files(_read_table(table)))
    except Exception:  # zipfile raises whatever a damaged archive leads it to
        return False
    return True


def own_photographs(folder: Path, classes: Sequence[str]) -> tuple[list[Photograph], list[tuple[str, str]]]:
    """The photographs in `folder`: those that its labels.csv lists, then all other pictures, without a label.

    An entry that cannot be read is rejected alone; hidden and system entries are ignored.

    labels.csv has the columns `file` (a path inside the folder) and `fashion_mnist_label` or `label` (one of `classes`,
    or nothing), and may have those of `ABOUT_COLUMNS`. A path that is spelt otherwise is taken if it fits one picture
    (`FileNames.fitting`). A picture that a refused line may mean is refused as well, instead of counted as of no class.

    Returns:
        The photographs, their pictures not read yet, and name and reason for each that is not used.

    Raises:
        InputError: labels.csv is missing, cannot be read or lacks a column.
    """
    rows = _read_table(folder / LABELS)
    unlisted = _unlisted(folder, rows)
    names = FileNames(folder.name, [name for name, reason in unlisted if not reason])
    photographs, rejected, taken, meant = list[Photograph](), list[tuple[str, str]](), set[Path](), dict[str, str]()

    def take(row: Row) -> None:
        path, label = _locate(folder, row["file"], taken, names), row["label"]
        if label and label not in classes:
            raise RejectedError(f"its label {label!r} is none of {', '.join(classes)}")
        photographs.append(_photograph(row | {"file": path.relative_to(folder).as_posix()}, path))

    for row in rows:
        try:
            take(row)
        except RejectedError as error:
            rejected.append((row["file"], str(error)))
            if _real(folder / row["file"]) not in taken:
                meant |= dict.fromkeys(names.meant(row["file"]), row["file"])
    spelt_otherwise = {name for name, _ in unlisted if _real(folder / name) in taken}
    for name, reason in unlisted:
        if name in spelt_otherwise:
            continue
        try:
            if reason or name in meant:
                advice = "may mean it, and is refused; correct the line"
                raise RejectedError(reason or f"the line for {meant[name]} in {LABELS} {advice}")
            take({"file": name, "label": ""})
        except RejectedError as error:
            rejected.append((replace_unwritable(name), str(error)))
    return photographs, rejected


def _read_table(path: Path) -> list[Row]:
    """The lines of a table of labels, with at least the keys `file` and `label`."""
    try:
        text = path.read_bytes().decode("utf-8-sig")  # spreadsheets put a mark before the first column's name
        lines = [[value.strip() for value in line] for line in csv.reader(io.StringIO(text, newline=""), strict=True)]
        header = lines[0] if lines else []
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _table_error(path, getattr(error, "strerror", None) or str(error)) from error
    labels = next((name for name in ("fashion_mnist_label", "label") if name in header), None)
    if "\0" in text or "file" not in header or labels is None:
        raise _table_error(path, f"its first line is {','.join(header)!r:.80}")
    rows = [dict.fromkeys(header, "") | dict(zip(header, line, strict=False)) for line in lines[1:] if any(line)]
    return [row | {"label": row[labels]} for row in rows]


def _published_files(rows: Sequence[Row]) -> list[RemoteFile]:
    return [RemoteFile(f"photos/{row['file']}", (), row["md5"]) for row in rows]


def _table_error(path: Path, reason: str) -> InputError:
    return InputError(
        f"{path}: {reason}; needed is a table in UTF-8, separated by commas, whose first line names the columns "
        "`file` and `fashion_mnist_label` or `label`"
    )


def _photograph(row: Row, path: Path) -> Photograph:
    return Photograph(row["file"], path, row["label"], {key: row.get(key, "") for key in ABOUT_COLUMNS})


def _unlisted(folder: Path, rows: Sequence[Row]) -> list[tuple[str, str]]:
    """The files in `folder` that `rows` do not name, and why each cannot be a picture, "" if it can (`list_files`)."""
    listed = {os.path.realpath(folder / name) for name in (*NO_PICTURES, *(row["file"] for row in rows))}
    return [(name, reason) for name, reason in list_files(folder) if os.path.realpath(folder / name) not in listed]


def _locate(folder: Path, name: str, taken: set[Path], names: FileNames) -> Path:
    """The path of the picture `name` without detours, whose real path is added to those `taken`.

    If there is none, that of the one among `names` that it fits.
    """
    if name != replace_unwritable(name):
        raise RejectedError("its name is not UTF-8; rename it")
    if not _is_file(folder / name):
        name = names.find(name) or name
    real = _real(folder / name)
    if not real.is_relative_to(_real(folder)):
        raise RejectedError("lies outside the folder")
    if not _is_file(real):
        near = names.near(name)
        raise RejectedError(f"no such file; the nearest name is {near[0]}" if near else "no such file")
    if real in taken:
        raise RejectedError("listed twice; the first line counts")
    taken.add(real)
    return folder / os.path.normpath(name)


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that no file can have
        return False


def _extract(archive: Path, files: Sequence[RemoteFile], cache: Path) -> list[Path]:
    """Write the pictures that are wanted to `cache`; nothing else of the archive is unpacked."""
    try:
        contents = _read_members(archive, files)
    except Exception as error:  # zipfile raises whatever a damaged archive leads it to
        advice = "delete it to have it fetched again, or set LOOKALIKE_MIRROR to a folder or base URL with the pictures"
        raise UnobtainableError(f"{archive}: {error}; {advice}") from error
    paths = [cache / file.name for file in files]
    try:
        for path, content in zip(paths, contents, strict=True):
            write_bytes(path, content)
    except OSError as error:
        advice = "free some space or mend the folder and run again"
        raise InputError(f"{error.filename or cache}: {error.strerror}; {advice}") from error
    return paths


def _read_members(archive: Path, files: Sequence[RemoteFile]) -> list[bytes]:
    """The contents of `files`, each with the right md5."""
    with zipfile.ZipFile(archive) as opened:
        wanted = [name for name in opened.namelist() if name.startswith(ARCHIVE_FOLDERS)]
        members = {"photos/" + name.split("/", 2)[2]: name for name in wanted}
        if missing := [file.name for file in files if file.name not in members]:
            raise zipfile.BadZipFile(f"lacks {len(missing)} of {len(files)} pictures, such as {missing[0]}")
        contents = [opened.read(members[file.name]) for file in files]
    for file, content in zip(files, contents, strict=True):
        if (md5 := hashlib.md5(content).hexdigest()) != file.md5:
            raise zipfile.BadZipFile(f"md5 of {members[file.name]} is {md5}, expected {file.md5}")
    return contents
