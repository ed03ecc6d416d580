"""A person's own folder of photographs, with their labels in `labels.csv`."""

import os
from collections.abc import Sequence
from pathlib import Path

from lookalike.artifacts.pictures import list_files, replace_unwritable
from lookalike.data.labelled_clothing import Photograph, Row, photograph_of, read_table
from lookalike.errors import RejectedError
from lookalike.photographs.labels import FileNames

LABELS = "labels.csv"
NO_PICTURES = (LABELS, "README.md")


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
    rows = read_table(folder / LABELS)
    unlisted = _unlisted(folder, rows)
    names = FileNames(folder.name, [name for name, reason in unlisted if not reason])
    photographs, rejected, taken, meant = list[Photograph](), list[tuple[str, str]](), set[Path](), dict[str, str]()

    def take(row: Row) -> None:
        path, label = _locate(folder, row["file"], taken, names), row["label"]
        if label and label not in classes:
            raise RejectedError(f"its label {label!r} is none of {', '.join(classes)}")
        photographs.append(photograph_of(row | {"file": path.relative_to(folder).as_posix()}, path))

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
