"""A report's folder is that of the last report and of no other."""

from pathlib import Path

import pytest

from lookalike.artifacts.reports import save_report


def save(folder: Path, mark: str, figures: dict[str, bytes]) -> None:
    save_report(
        folder,
        html=f"<p>{mark}",
        markdown=f"# {mark}",
        leaderboard=f"a,{mark}\n",
        claims=f"F1,{mark}\n",
        figures=figures,
    )


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    folder = tmp_path / "reports" / "demo"
    save(folder, "old", {"gone": b"1", "stays": b"2"})
    (folder / "notes.txt").write_text("by hand")
    save(folder, "né", {"stays": b"\x89PNG\r\n"})
    assert files(folder) == {
        "index.html": "<p>né".encode(),
        "report.md": "# né".encode(),
        "leaderboard.csv": "a,né\n".encode(),
        "claims.csv": "F1,né\n".encode(),
        "figures/stays.png": b"\x89PNG\r\n",
    }
    assert [path.name for path in folder.parent.iterdir()] == ["demo"]


def test_a_report_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    save(tmp_path / "demo", "old", {})
    with pytest.raises(FileNotFoundError):
        save(tmp_path / "demo", "new", {"no/such/folder": b""})
    left = files(tmp_path / "demo")
    assert (left["index.html"], left["claims.csv"]) == (b"<p>old", b"F1,old\n")
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]
