"""A report's folder is that of the last report and of no other."""

from pathlib import Path

import pytest

from lookalike.artifacts.reports import save_report


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    folder = tmp_path / "reports" / "demo"
    save_report(folder, {"index.html": "<p>old"}, {"figures/gone.webp": b"1", "figures/stays.webp": b"2"})
    (folder / "notes.txt").write_text("by hand")
    save_report(folder, {"index.html": "<p>né"}, {"figures/stays.webp": b"RIFF\r\n"})
    assert files(folder) == {"index.html": "<p>né".encode(), "figures/stays.webp": b"RIFF\r\n"}
    assert [path.name for path in folder.parent.iterdir()] == ["demo"]


def test_a_report_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    save_report(tmp_path / "demo", {"index.html": "<p>old"}, {})
    with pytest.raises(OSError, match=r"index\.html"):
        save_report(tmp_path / "demo", {"index.html": "<p>new"}, {"index.html/figure.webp": b""})
    assert files(tmp_path / "demo") == {"index.html": b"<p>old"}
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]
