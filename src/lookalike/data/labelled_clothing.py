"""The 500 published photographs of clothing that were labelled by eye, and how a table of labels is read."""

import csv
import hashlib
import io
import logging
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lookalike.artifacts.folders import write_bytes
from lookalike.data.download import RemoteFile, UnobtainableError, fetch_file
from lookalike.errors import InputError

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
    rows = read_table(table)
    files = _published_files(rows)
    try:
        paths = [fetch_file(file, cache, mirror=mirror).path for file in files]
    except UnobtainableError as error:
        if mirror:
            _log.warning("%s; taking the publisher's archive", error)
        archive = fetch_file(RemoteFile(ARCHIVE_NAME, (archive_url,), None), cache, mirror=mirror)
        paths = _extract(archive.path, files, cache)
    return [photograph_of(row, path) for row, path in zip(rows, paths, strict=True)]


def is_published(archive: Path, table: Path = TABLE) -> bool:
    """Whether a file is the publisher's archive, however packed: it has all pictures of `table`, unchanged."""
    try:
        _read_members(archive, _published_files(read_table(table)))
    except Exception:  # zipfile raises whatever a damaged archive leads it to
        return False
    return True


def read_table(path: Path) -> list[Row]:
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


def photograph_of(row: Row, path: Path) -> Photograph:
    """The photograph at `path` that a line of a table of labels describes."""
    return Photograph(row["file"], path, row["label"], {key: row.get(key, "") for key in ABOUT_COLUMNS})


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
