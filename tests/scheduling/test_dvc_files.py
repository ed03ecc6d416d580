"""DVC with faster files: the same content as without."""

import shutil
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import yaml
from checkout import ROOT
from dvc.dependency import param
from dvc.fs import LocalFileSystem
from dvc.utils.serialize import dumps_yaml, parse_yaml
from scheduling.conftest import DIAMOND, DVC, ENVIRONMENT, Stage, call

from lookalike.artifacts.dvc_lock import COPY, read_lock, rewrite_lock, write_lock
from lookalike.scheduling.dvc_files import params_read_once

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


def test_an_unchanged_file_is_not_parsed_again(both: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    _, fast = both
    rewrite_lock(fast)
    content, copy = parse_yaml(fast.read_text(encoding="utf-8"), "dvc.lock"), fast.parent / COPY
    for damaged in ("", "[]", "{}", '{"sha256": "of another text", "content": {}}'):
        text = copy.read_text(encoding="utf-8")
        copy.write_text(damaged)
        assert read_lock(fast) == content
        copy.write_text(text)
    with monkeypatch.context() as patched:
        patched.setattr("ruamel.yaml.YAML.load", None)
        assert read_lock(fast) == content
    assert "up to date" in call(fast.parent, sys.executable, "-m", "lookalike.scheduling.dvc_command", "status")
    fast.write_text(fast.read_text(encoding="utf-8").replace("top", "summit"))
    assert "summit" in read_lock(fast)["stages"]


def test_dvc_reads_what_the_faster_one_wrote(both: tuple[Path, Path]) -> None:
    _, fast = both
    assert fast.read_text(encoding="utf-8").startswith('{"schema"'), "JSON"
    assert "up to date" in call(fast.parent, *DVC, "status")
    call(fast.parent, *DVC, "repro", "-q", "--force", "--single-item", "odd")
    assert read_lock(fast) == read_lock(both[0])


@pytest.mark.parametrize("value", [float("inf"), {1: "a key that is no text"}, date(2026, 1, 2)], ids=str)
def test_what_json_cannot_hold_is_written_as_dvc_does(value: object, tmp_path: Path) -> None:
    path, content = tmp_path / "dvc.lock", {"schema": "2.0", "stages": {"a": {"params": {"b": value}}}}
    write_lock(path, content)
    text = path.read_text(encoding="utf-8")
    assert text == dumps_yaml(content)
    assert read_lock(path) == parse_yaml(text, "dvc.lock") == content


def test_parameters_are_found_as_dvc_finds_them(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(PARAMS | {"by": {5: "five"}}, allow_unicode=True))
    keys = ["of", "of.every", "of.every.1", "of.*", "nothing", "nothing.below", "by.5", "absent", "absent.below"]
    fs = LocalFileSystem()
    for chosen in (keys, *([key] for key in keys), []):
        plain = param.read_param_file(fs, str(path), chosen, flatten=True)
        with params_read_once():
            assert [param.read_param_file(fs, str(path), chosen, flatten=True) for _ in range(2)] == [plain, plain]
    assert plain["by"] == {5: "five"}, "the whole file"


def test_parameters_are_read_once_within_the_block(tmp_path: Path) -> None:
    path, fs = tmp_path / "params.yaml", LocalFileSystem()
    path.write_text("a: 1\nb: 2\n")
    with params_read_once():
        assert param.read_param_file(fs, str(path), ["a"], flatten=True) == {"a": 1}
        path.unlink()
        assert param.read_param_file(fs, str(path), ["b"], flatten=True) == {"b": 2}
    with pytest.raises(FileNotFoundError):
        param.read_param_file(fs, str(path), ["b"], flatten=True)


def test_a_damaged_file_is_refused_by_dvc(both: tuple[Path, Path]) -> None:
    _, fast = both
    fast.write_text('{"schema": "2.0", "stages": {')
    with pytest.raises(AssertionError, match=r"unable to parse|dvc\.lock.* is invalid"):
        call(fast.parent, sys.executable, "-m", "lookalike.scheduling.dvc_command", "repro", "odd")


def test_a_missing_file_stays_missing(tmp_path: Path) -> None:
    assert read_lock(tmp_path / "dvc.lock") == {}
    rewrite_lock(tmp_path / "dvc.lock")
    assert not (tmp_path / "dvc.lock").exists()


def test_the_status_is_dvcs(project: Make) -> None:
    folder = project({"top": {"cmd": "exit 4"}})
    with pytest.raises(AssertionError, match="exited with 4"):
        call(folder, sys.executable, "-m", "lookalike.scheduling.dvc_command", "repro", "top")
