"""DVC's command line with a faster `dvc.lock`."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from checkout import ROOT
from dvc.utils.serialize import parse_yaml
from scheduling.conftest import DIAMOND, DVC, ENVIRONMENT, Stage, call

from lookalike.artifacts.dvc_lock import read_lock, rewrite_lock, write_lock

Make = Callable[[dict[str, Stage]], Path]
LONG = "x" * 120  # which DVC breaks into two lines
STAGES = DIAMOND | {
    "odd": {
        "cmd": f"echo {LONG} > odd.txt",
        "deps": ["top.txt"],
        "params": ["of.every", "nothing"],
        "outs": ["odd.txt"],
    }
}
PARAMS = {
    "of": {"every": [1, 2.5, True, None, "null", "yes", "é", LONG, {"a": "", "b": "1e3"}, 1e-05, "1e-05"]},
    "nothing": None,
}


@pytest.fixture
def both(project: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The same project, run by DVC and by DVC with the faster file."""
    folder = project(STAGES)
    (folder / "params.yaml").write_text(yaml.safe_dump(PARAMS, allow_unicode=True))
    plain = Path(shutil.copytree(folder, tmp_path / "plain"))
    call(plain, *DVC, "repro", "-q")
    monkeypatch.setitem(ENVIRONMENT, "PYTHONPATH", str(ROOT / "src"))
    for name in ("top", "left", "right", "bottom", "odd"):
        call(folder, sys.executable, "-m", "lookalike.scheduling.dvc_command", "repro", "-q", "--single-item", name)
    return plain / "dvc.lock", folder / "dvc.lock"


def test_the_file_says_the_same(both: tuple[Path, Path]) -> None:
    plain, fast = both
    assert read_lock(fast) == read_lock(plain) == parse_yaml(plain.read_text(encoding="utf-8"), "dvc.lock")


def test_in_the_end_it_has_the_same_bytes(both: tuple[Path, Path]) -> None:
    plain, fast = both
    write_lock(plain, {"schema": "2.0", "stages": dict(sorted(read_lock(plain)["stages"].items()))})
    write_lock(fast, {"schema": "2.0", "stages": dict(sorted(read_lock(fast)["stages"].items()))})
    before = fast.read_bytes()
    for file in both:
        rewrite_lock(file)
    assert fast.read_bytes() == plain.read_bytes() != before
    call(plain.parent, *DVC, "repro", "-q", "--force", "odd")
    assert plain.read_bytes() == fast.read_bytes(), "as DVC itself writes it"


def test_a_missing_file_stays_missing(tmp_path: Path) -> None:
    assert read_lock(tmp_path / "dvc.lock") == {}
    rewrite_lock(tmp_path / "dvc.lock")
    assert not (tmp_path / "dvc.lock").exists()


def test_the_status_is_dvcs(project: Make) -> None:
    folder = project({"top": {"cmd": "exit 4"}})
    with pytest.raises(AssertionError, match="exited with 4"):
        call(folder, sys.executable, "-m", "lookalike.scheduling.dvc_command", "repro", "top")
