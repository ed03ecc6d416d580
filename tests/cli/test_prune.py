"""`lookalike prune` on a small made-up project: what goes, what stays, and when nothing may go."""

import copy
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from checkout import WrittenOut

from lookalike.cli.app import main
from lookalike.cli.prune import count_bytes, format_bytes

PRINT = "0123456789abcdef"  # a fingerprint
KEPT = (  # files, in folders that entries of params.yaml stand for or that nobody may touch
    "data/fashion_mnist/dataset.json",
    "models/fashion/fashion-cnn/model.json",
    "runs/fashion/fashion-cnn/run.json",
    "runs/fetch/fashion_mnist.json",
    "runs/costs/run.json",
    "comparisons/fashion/metrics.json",
    "evaluations/fashion/old/evidence.json",
    "test_sets/fashion/evidence.json",
    "sprites/fashion/0.webp",
    "explanations/fashion/fashion-cnn/evidence.json",
    "embeddings/fashion/fashion-cnn/evidence.json",
    "reports/demo/index.html",
    "reports/paper/index.html",
    f"checkpoints/fashion-vit-{PRINT}/seed-0.pt",
    "checkpoints/notes/seed-0.pt",
    "photos/photos.json",
    "photographs/half.part",
    "downloads/mnist/half.gz.part",
    "data/.hidden/file",
    "models/readme.txt",
)
GONE = {  # files in what may go: the path that goes, and why
    "data/old_mnist/dataset.json": ("data/old_mnist", "no data set old_mnist"),
    "models/old/any/model.json": ("models/old", "no study old"),
    "models/fashion/old/model.json": ("models/fashion/old", "no variant old in study fashion"),
    "runs/old/any/run.json": ("runs/old", "no study old"),
    "runs/fashion/old/run.json": ("runs/fashion/old", "no variant old in study fashion"),
    "runs/fetch/old_mnist.json": ("runs/fetch/old_mnist.json", "no data set old_mnist"),
    "evaluations/old/metrics.json": ("evaluations/old", "no study old"),
    "test_sets/old/evidence.json": ("test_sets/old", "no study old"),
    "sprites/old/0.webp": ("sprites/old", "no study old"),
    "explanations/old/any/evidence.json": ("explanations/old", "no study old"),
    "embeddings/old/any/evidence.json": ("embeddings/old", "no study old"),
    "reports/old/index.html.part": ("reports/old", "no profile old"),
    f"checkpoints/old-{PRINT}/seed-0.pt": (f"checkpoints/old-{PRINT}", "no variant old"),
    f"checkpoints/fashion-cnn-{PRINT}/seed-0.pt": (
        f"checkpoints/fashion-cnn-{PRINT}",
        "fashion-cnn is trained; this is of a run with other settings",
    ),
    f"finished/old-{PRINT}/seed-0.pt": (f"finished/old-{PRINT}", "no variant old"),
    "mlflow.db.part": ("mlflow.db.part", "never finished"),
    "photos.part/photos.json.part": ("photos.part", "never finished"),
    "comparisons/fashion/metrics.json.part": ("comparisons/fashion/metrics.json.part", "never finished"),
    f"checkpoints/fashion-vit-{PRINT}/seed-0.pt.part": (
        f"checkpoints/fashion-vit-{PRINT}/seed-0.pt.part",
        "never finished",
    ),
}


@pytest.fixture(autouse=True)
def same_handler() -> Iterator[None]:
    handler = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, handler)


def write(*paths: str) -> None:
    """Files of a thousand bytes."""
    for path in map(Path, paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 1000)
        if path.parts[0] == "checkpoints":
            for made in (path, path.parent):
                os.utime(made, (0, 0))  # older than any model


def files() -> set[str]:
    """All files and links below the current folder but git's own."""
    return {str(path) for path in Path().rglob("*") if path.is_symlink() or path.is_file() if path.parts[0] != ".git"}


def git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, capture_output=True)


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["lookalike", "prune", *arguments])
    main()


def refusal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line that the command ends with; it must leave everything as it is."""
    before = files()
    with pytest.raises(SystemExit) as ended:
        call(monkeypatch, *arguments)
    out, err = capsys.readouterr()
    assert (ended.value.code, out, err.count("\n"), files()) == (2, "", 1, before)
    return err.removeprefix("error: ").strip()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raw_params: dict[str, Any]) -> Path:
    """A root with the real parameters and nothing else, outside of any git checkout; it is the current folder."""
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (root / "params.yaml").write_text(yaml.dump(raw_params, Dumper=WrittenOut, sort_keys=False), encoding="utf-8")
    return root


@pytest.mark.usefixtures("project")
def test_a_dry_run_names_what_may_go_with_its_size_and_why_and_removes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(*KEPT, *GONE)
    before = files()
    call(monkeypatch)
    *lines, total, advice = capsys.readouterr().out.splitlines()
    assert lines == sorted(
        (f"    1 kB  {path}: {reason}" for path, reason in GONE.values()), key=lambda x: Path(x[10:])
    )
    assert total == f"{len(GONE):>5} kB  in all"
    assert advice == "`lookalike prune --yes` removes this, then `dvc gc -w` clears DVC's cache."
    assert files() == before


@pytest.mark.usefixtures("project")
def test_exactly_what_a_dry_run_names_is_removed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(*KEPT, *GONE)
    call(monkeypatch)
    *printed, _ = capsys.readouterr().out.splitlines()
    call(monkeypatch, "--yes")
    assert capsys.readouterr().out.splitlines() == [*printed, "removed; then `dvc gc -w` clears DVC's cache."]
    assert files() == {*KEPT, "params.yaml"}
    call(monkeypatch)
    assert capsys.readouterr().out == "nothing to prune\n"


@pytest.mark.usefixtures("project")
def test_json_has_the_same_orphans_in_bytes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(*KEPT, *GONE)
    call(monkeypatch, "--json")
    printed = json.loads(capsys.readouterr().out)
    assert sorted((one["path"], one["reason"]) for one in printed["orphans"]) == sorted(GONE.values())
    assert {one["bytes"] for one in printed["orphans"]} == {1000}
    assert (printed["stale_stages"], printed["removed"]) == ([], False)
    call(monkeypatch, "--json", "--yes")
    assert json.loads(capsys.readouterr().out) == printed | {"removed": True}
    assert files() == {*KEPT, "params.yaml"}


@pytest.mark.usefixtures("project")
def test_there_may_be_nothing_at_all(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    call(monkeypatch, "--yes")
    assert capsys.readouterr().out == "nothing to prune\n"


def test_what_the_entries_stand_for_moves_with_them(
    project: Path, monkeypatch: pytest.MonkeyPatch, raw_params: dict[str, Any]
) -> None:
    fashion = raw_params["studies"]["fashion"]
    raw_params["studies"]["second"] = fashion | {"data": "of_its_own", "pairs": [], "focus": []}
    for section in ("datasets", "groups"):
        raw_params[section]["of_its_own"] = copy.deepcopy(raw_params[section]["fashion_mnist"])
    raw_params["variants"]["fashion-cnn-photos"] |= {"study": "second", "dataset": "of_its_own"}
    (project / "params.yaml").write_text(yaml.dump(raw_params, Dumper=WrittenOut, sort_keys=False), encoding="utf-8")
    write("models/second/fashion-cnn-photos/model.json", "models/fashion/fashion-cnn-photos/model.json")
    write("models/second/fashion-cnn/model.json", "data/of_its_own/dataset.json")
    call(monkeypatch, "--yes")
    kept = {"models/second/fashion-cnn-photos/model.json", "data/of_its_own/dataset.json"}
    assert files() == kept | {"params.yaml"}


@pytest.mark.usefixtures("project")
def test_what_git_tracks_stays_with_all_that_lies_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    write("reports/old/index.html", "reports/old/untracked.html", "reports/older/index.html", "tracked.part")
    git("init", "-q")
    git("add", "reports/old/index.html", "tracked.part")
    call(monkeypatch, "--yes")
    assert files() == {"params.yaml", "reports/old/index.html", "reports/old/untracked.html", "tracked.part"}


@pytest.mark.usefixtures("project")
def test_a_checkout_that_git_cannot_read_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write("models/old/any/model.json", ".git/HEAD")
    assert refusal(monkeypatch, capsys, "--yes").startswith("git ls-files fails here")


def test_links_are_not_followed(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside = tmp_path / "outside"
    for path in ("old/w", "fashion/old/w", "half.part"):
        (outside / path).parent.mkdir(parents=True, exist_ok=True)
        (outside / path).write_text("precious")
    (project / "models").symlink_to(outside)  # a whole folder elsewhere
    write("runs/fashion/fashion-cnn/run.json", "data/old_mnist/dataset.json")
    Path("runs/fashion/fashion-cnn/linked").symlink_to(outside)
    Path("runs/old").symlink_to(outside)  # may go itself
    Path("data/old_mnist/linked").symlink_to(outside)  # goes with what it lies in
    Path("evaluations").mkdir()
    Path("evaluations/fashion").symlink_to(outside)
    call(monkeypatch, "--yes")
    assert {str(path.relative_to(outside)) for path in outside.rglob("*") if path.is_file()} == {
        "old/w",
        "fashion/old/w",
        "half.part",
    }
    assert files() == {
        "params.yaml",
        "models",
        "runs/fashion/fashion-cnn/run.json",
        "runs/fashion/fashion-cnn/linked",
        "evaluations/fashion",
    }


@pytest.mark.parametrize("content", [None, "profile: [", "profile: demo", "nonsense"])
def test_without_valid_parameters_nobody_knows_what_may_go(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], content: str | None
) -> None:
    write(*GONE)
    (project / "params.yaml").unlink()
    if content is not None:
        (project / "params.yaml").write_text(content)
    assert refusal(monkeypatch, capsys, "--yes").startswith("params.yaml: ")


def note_process(process: int, mode: str) -> None:
    """Write down in DVC's way that a process is at work on some path."""
    holder = {"pid": process, "cmd": "dvc repro"}
    noted = {"write": {"/models": holder}} if mode == "write" else {"read": {"/models": [holder]}}
    Path(".dvc/tmp").mkdir(parents=True)
    Path(".dvc/tmp/rwlock").write_text(json.dumps(noted))


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("mode", ["read", "write"])
def test_while_dvc_is_at_work_nothing_is_removed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], mode: str
) -> None:
    write(*GONE)
    note_process(os.getpid(), mode)
    line = refusal(monkeypatch, capsys, "--yes")
    assert line.startswith(f".dvc/tmp/rwlock: process {os.getpid()} (dvc repro) at work here; ")
    call(monkeypatch)  # a dry run needs not wait
    assert "prune --yes" in capsys.readouterr().out


@pytest.mark.usefixtures("project")
def test_a_process_that_was_killed_hinders_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    write(*KEPT, *GONE)
    note_process(ended.pid, "write")
    call(monkeypatch, "--yes")
    assert files() == {*KEPT, "params.yaml", ".dvc/tmp/rwlock"}


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("content", ["", "{", "[]", '{"write": {"/models": 1}}', '{"write": {"/models": {"pid": 1}}}'])
def test_damaged_notes_of_dvc_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    write(*GONE)
    note_process(1, "write")
    Path(".dvc/tmp/rwlock").write_text(content)
    assert refusal(monkeypatch, capsys, "--yes") == ".dvc/tmp/rwlock: damaged; remove it if no dvc is running"


@pytest.mark.usefixtures("project")
def test_what_cannot_be_removed_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    write("data/old_mnist/dataset.json")
    monkeypatch.setattr(shutil, "rmtree", fail)
    line = refusal(monkeypatch, capsys, "--yes")
    assert line == "data/old_mnist: cannot be removed: Permission denied; run again to remove the rest"


@pytest.mark.usefixtures("project")
def test_entries_of_the_lock_are_reported_and_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stages = (
        "fetch@mnist",
        "fetch@old",
        "train@fashion-cnn",
        "train@fashion",
        "evaluate@fashion",
        "test_set@old",
        "test_set@fashion",
        "embed@old",
        "report",
    )
    text = yaml.safe_dump({"schema": "2.0", "stages": {name: {"cmd": "true"} for name in stages}}, sort_keys=False)
    Path("dvc.lock").write_text(text)
    call(monkeypatch, "--yes")
    first, second = capsys.readouterr().out.splitlines()
    assert first == "nothing to prune"
    assert re.findall(r"\w+@\S+\b", second) == ["fetch@old", "train@fashion", "test_set@old", "embed@old"]
    assert Path("dvc.lock").read_text() == text


def test_of_a_whole_lock_only_the_entries_of_what_is_gone_are_named(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], raw_params: dict[str, Any]
) -> None:
    items = {"fetch": "datasets", "train": "variants"} | dict.fromkeys(("test_set", "evaluate", "compare"), "studies")
    stages = [f"{stage}@{name}" for stage, section in items.items() for name in raw_params[section]]
    text = yaml.safe_dump({"schema": "2.0", "stages": {name: {"cmd": "true"} for name in ("check", *stages)}})
    Path("dvc.lock").write_text(text)
    removed = raw_params["studies"]["fashion"]["pairs"].pop()[1]
    del raw_params["variants"][removed]
    (project / "params.yaml").write_text(yaml.dump(raw_params, Dumper=WrittenOut, sort_keys=False), encoding="utf-8")
    call(monkeypatch)
    assert capsys.readouterr().out.rstrip().endswith(f": train@{removed}")


def test_sizes_are_said_in_three_digits() -> None:
    said = [format_bytes(size) for size in (0, 999, 1000, 12_345, 999_600, 5e9, 2e12)]
    assert said == ["0 B", "999 B", "1 kB", "12.3 kB", "1 MB", "5 GB", "2 TB"]


def test_a_size_is_that_of_all_files_and_of_no_link(tmp_path: Path) -> None:
    (tmp_path / "folder" / "below").mkdir(parents=True)
    (tmp_path / "folder" / "a").write_bytes(b"x" * 10)
    (tmp_path / "folder" / "below" / "b").write_bytes(b"x" * 5)
    assert count_bytes(tmp_path / "folder") == 15
    (tmp_path / "large").write_bytes(b"x" * 100_000)
    (tmp_path / "folder" / "link").symlink_to(tmp_path / "large")
    assert 15 < count_bytes(tmp_path / "folder") < 1000
    assert count_bytes(tmp_path / "gone") == 0
