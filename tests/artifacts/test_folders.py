"""Folders and files that are whole or not there."""

import math
from pathlib import Path

import pytest

from lookalike.artifacts.folders import read_json, replacing_folder, write_json, write_text


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


def test_a_part_that_a_kill_left_behind_is_swept_away(tmp_path: Path) -> None:
    (tmp_path / "out.part").mkdir()
    (tmp_path / "out.part" / "half.txt").write_text("half")
    with replacing_folder(tmp_path / "out"):
        pass
    assert list((tmp_path / "out").iterdir()) == []


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
