"""Folders and files that are whole or not there."""

import errno
import math
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lookalike.artifacts.folders import (
    YOUNG,
    describe_disk_fault,
    hold,
    naming_file,
    read_json,
    replacing_folder,
    temporary_path,
    write_json,
    write_text,
)


def test_a_new_folder_replaces_the_old_one_whole(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "out"
    for name in ("old.txt", "new.txt"):
        with replacing_folder(folder) as part:
            (part / name).write_text(name)
            assert not (folder / name).exists()
    assert [path.name for path in folder.iterdir()] == ["new.txt"]
    assert [path.name for path in folder.parent.iterdir()] == ["out"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_the_old_folder_stays_when_the_block_fails(tmp_path: Path, error: type[BaseException]) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old.txt").write_text("old")

    def fail() -> None:
        with replacing_folder(tmp_path / "out") as part:
            (part / "old.txt").write_text("new")
            raise error

    with pytest.raises(error):
        fail()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out" / "old.txt").read_text() == "old"


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def left_over(folder: Path, seconds: float) -> Path:
    """What a killed process left of `folder` so many seconds ago."""
    part = temporary_path(folder)
    part.mkdir()
    (part / "half.txt").write_text("half")
    os.utime(part, (time.time() - seconds,) * 2)
    return part


def test_parts_that_killed_processes_left_behind_are_swept_away(tmp_path: Path) -> None:
    left_over(tmp_path / "out", YOUNG + 1)
    young, other = left_over(tmp_path / "out", YOUNG - 10), left_over(tmp_path / "outer", YOUNG + 1)
    held = left_over(tmp_path / "out", YOUNG + 1)
    with hold(held), replacing_folder(tmp_path / "out"):
        pass
    assert names_in(tmp_path) == {"out", young.name, other.name, held.name}
    with pytest.raises(BlockingIOError), hold(held), hold(held):
        pass


def test_what_a_living_process_writes_is_never_swept_away(tmp_path: Path) -> None:
    with replacing_folder(tmp_path / "out") as mine:
        os.utime(mine, (0, 0))
        with replacing_folder(tmp_path / "out") as theirs:
            (theirs / "theirs").touch()
        assert names_in(tmp_path / "out") == {"theirs"}
        (mine / "mine").touch()
    assert names_in(tmp_path / "out") == {"mine"}
    assert names_in(tmp_path) == {"out"}


def test_the_old_folder_stays_if_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def refuse(path: Path, target: Path) -> Path:
        if target == tmp_path / "out" and (path / "new").exists():
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(target))
        return rename(path, target)

    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old").touch()
    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OSError, match="busy"), replacing_folder(tmp_path / "out") as part:
        (part / "new").touch()
    assert (names_in(tmp_path), names_in(tmp_path / "out")) == ({"out"}, {"old"})


def test_two_processes_may_write_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second writes between the first one's writing and its renaming."""
    replace = Path.replace

    def after_another(path: Path, target: Path) -> Path:
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", replace)
            write_text(tmp_path / "file.txt", "theirs")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", after_another)
    write_text(tmp_path / "file.txt", "mine")
    assert (tmp_path / "file.txt").read_text() == "mine"
    assert names_in(tmp_path) == {"file.txt"}


def test_a_long_name_has_a_part_that_the_disk_can_name(tmp_path: Path) -> None:
    name = "\N{GRINNING FACE}" * 62 + ".txt"  # 252 bytes
    write_text(tmp_path / name, "text")
    assert names_in(tmp_path) == {name}


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(path: Path, content: bytes) -> None:
        with path.open("wb") as stream:
            stream.write(content[:1])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # `write` does not know the name

    write_text(tmp_path / "file.txt", "old")
    monkeypatch.setattr(Path, "write_bytes", fill)
    with pytest.raises(OSError, match="No space left") as caught:
        write_text(tmp_path / "file.txt", "new")
    assert str(describe_disk_fault(caught.value)).startswith(f"{tmp_path}/file.txt: No space left on device (disk /")
    assert (names_in(tmp_path), (tmp_path / "file.txt").read_text()) == ({"file.txt"}, "old")


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "`lookalike prune`"),
        (errno.EDQUOT, "`lookalike prune`"),
        (errno.EFBIG, "`ulimit -f`"),
        (errno.EROFS, "writable"),
        (errno.EACCES, "permissions"),
        (errno.EPERM, "permissions"),
        (errno.EIO, "failing"),
    ],
)
def test_what_a_disk_refuses_is_one_line_that_says_what_to_do(tmp_path: Path, number: int, advice: str) -> None:
    fault = describe_disk_fault(
        OSError(number, os.strerror(number), str(temporary_path(tmp_path / "out") / "file.txt"))
    )
    assert fault is not None
    assert fault.startswith(f"{tmp_path}/out/file.txt: {os.strerror(number)} (disk /")
    assert advice in fault
    assert "\n" not in fault


def test_the_line_names_the_target_of_a_copy(tmp_path: Path) -> None:
    copied = OSError(errno.ENOSPC, "No space left on device", "source", None, str(tmp_path / "target"))
    assert str(describe_disk_fault(copied)).startswith(f"{tmp_path}/target: ")
    assert str(describe_disk_fault(OSError(errno.ENOSPC, "No space left on device"))).startswith("a file: No space")


@pytest.mark.parametrize("error", [FileNotFoundError(errno.ENOENT, "no"), OSError("words alone"), TimeoutError()])
def test_other_errors_are_no_faults_of_a_disk(error: OSError) -> None:
    assert describe_disk_fault(error) is None


def test_the_words_of_numpy_are_a_full_disk(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    with (
        full.open("wb", buffering=0) as stream,
        pytest.raises(OSError, match="No space left") as caught,
        naming_file(tmp_path / "a.npy"),
    ):
        np.save(stream, np.zeros(10**6))
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(tmp_path / "a.npy"))
    with pytest.raises(OSError, match="No space left") as caught, naming_file(tmp_path / "a.npy"):
        raise OSError("1000000 requested and 512 written")  # what `np.save` says if its first bytes found space
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(tmp_path / "a.npy"))


@pytest.mark.parametrize("arguments", [(), ("words alone",), (errno.ENOENT, "no", "its own")])
def test_all_else_stays_as_it_is(arguments: tuple[Any, ...]) -> None:
    error = OSError(*arguments)
    said = str(error)
    with pytest.raises(type(error)) as caught, naming_file(Path("other")):
        raise error
    assert (caught.value, str(caught.value)) == (error, said)


def test_a_file_is_replaced_and_no_part_remains(tmp_path: Path) -> None:
    for text in ("old", "é"):
        write_text(tmp_path / "deep" / "file.txt", text)
    assert (tmp_path / "deep" / "file.txt").read_text(encoding="utf-8") == "é"
    assert len(list((tmp_path / "deep").iterdir())) == 1


def test_json_comes_back_and_refuses_what_others_cannot_read(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"é": [1, 0.1 + 0.2, None]})
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"loss": math.nan})
    assert read_json(tmp_path / "a.json") == {"é": [1, 0.1 + 0.2, None]}
