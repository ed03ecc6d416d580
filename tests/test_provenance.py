"""The origin of a result, asked of real git checkouts."""

import os
import platform
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

from lookalike import provenance
from lookalike.errors import InputError

PARAMETERS = "profile: demo\nbudgets:\n  vgg: {seeds: 1}\n"
IDENTITY = ("-c", "user.name=n", "-c", "user.email=e", "-c", "commit.gpgsign=false", "-c", "init.defaultBranch=main")


def git(*arguments: str) -> str:
    return subprocess.run(["git", *IDENTITY, *arguments], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder in no checkout."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def checkout(outside: Path) -> Path:
    """A working folder that is a checkout with one commit."""
    git("init")
    for name in ("code.py", "dvc.lock", "params.yaml", "deep/params.yaml", "results/cifar/record.json"):
        (outside / name).parent.mkdir(parents=True, exist_ok=True)
        (outside / name).write_text(PARAMETERS if name.endswith("params.yaml") else "old")
    git("add", ".")
    git("commit", "-m", "first")
    return outside


def test_a_clean_checkout_is_its_commit(checkout: Path) -> None:
    assert provenance.commit() == {"commit": git("rev-parse", "HEAD"), "dirty": False}


@pytest.mark.parametrize(
    ("name", "dirty"),
    [
        ("code.py", True),
        ("deep/params.yaml", True),
        ("dvc.lock", False),
        ("results/cifar/record.json", False),
        ("params.yaml", True),
        ("untracked.txt", False),
    ],
)
@pytest.mark.parametrize("staged", [False, True])
def test_edits_count_but_for_the_lock(checkout: Path, name: str, dirty: bool, staged: bool) -> None:
    (checkout / name).write_text("new")
    if staged and name != "untracked.txt":
        git("add", name)
    assert provenance.commit() == {"commit": git("rev-parse", "HEAD"), "dirty": dirty}


@pytest.mark.parametrize(
    ("edited", "dirty"),
    [
        ("profile: cpu  # one of those below\nbudgets:\n  vgg: {seeds: 1}\n", False),
        ("# A comment.\nprofile: demo\nbudgets: {vgg: {seeds: 1}}\n", False),
        ("profile: demo\nbudgets:\n  vgg: {seeds: 2}\n", True),
        ("profile: demo\nbudgets:\n  vgg: {seeds: 1}\n  zoo: {seeds: 1}\n", True),
        ("profile: demo\n", True),
        ("nothing: [\n", True),
        ("", True),
    ],
    ids=["profile", "layout", "value", "new key", "lost key", "not yaml", "empty"],
)
def test_parameters_count_but_for_the_profile(checkout: Path, edited: str, dirty: bool) -> None:
    (checkout / "params.yaml").write_text(edited)
    assert provenance.commit()["dirty"] is dirty


def test_parameters_of_a_project_in_a_subfolder_are_its_own(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(checkout / "deep")
    assert provenance.commit()["dirty"] is False
    Path("params.yaml").write_text("other: 1")
    assert provenance.commit()["dirty"] is True


def test_a_removed_file_counts(checkout: Path) -> None:
    (checkout / "code.py").unlink()
    assert provenance.commit()["dirty"] is True


def test_outside_git_the_commit_is_unknown(outside: Path) -> None:
    assert provenance.commit() == {"commit": "unknown", "dirty": True}


def test_a_download_within_another_checkout_has_no_commit(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not that of the other project, which may even be clean."""
    download = checkout / "downloads" / "lookalike"
    download.mkdir(parents=True)
    (download / "params.yaml").write_text(PARAMETERS)
    monkeypatch.chdir(download)
    assert provenance.commit() == {"commit": "unknown", "dirty": True}
    git("add", ".")
    git("commit", "-m", "Take it into the other project")
    assert provenance.commit() == {"commit": git("rev-parse", "HEAD"), "dirty": False}


def test_what_git_cannot_compare_is_not_clean(checkout: Path) -> None:
    (checkout / ".git" / "index").write_bytes(b"damaged")
    assert provenance.commit() == {"commit": git("rev-parse", "HEAD"), "dirty": True}


def test_a_folder_without_a_repository_is_refused_with_what_to_do(
    outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match=f"^{outside} is no git repository, which DVC needs; clone .*`git init && git"):
        provenance.require_repository()
    git("init")
    provenance.require_repository()
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match=r"^git is not installed"):
        provenance.require_repository()


def test_the_repository_of_another_user_is_refused_with_what_to_do(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")  # git's own way to test this
    monkeypatch.setenv("HOME", str(checkout))  # where no exception is made
    with pytest.raises(InputError) as refused:
        provenance.require_repository()
    assert "belongs to another user" in str(refused.value)
    assert f"`git config --global --add safe.directory {checkout}`" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_check_before_the_pipeline_asks_for_a_repository_and_writes_nothing(
    outside: Path, root: Path, raw_params: dict[str, Any]
) -> None:
    (outside / "params.yaml").write_text(yaml.safe_dump(raw_params))
    command = [sys.executable, str(root / "stages" / "check.py")]
    away = {name: value for name, value in os.environ.items() if name != "DVC_STAGE"} | {"PYTHONPATH": f"{root}/src"}
    refused = subprocess.run(command, capture_output=True, text=True, env=away)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert refused.stderr.startswith(f"error: {outside} is no git repository")
    assert [path.name for path in outside.iterdir()] == ["params.yaml"]
    git("init")
    assert subprocess.run(command, env=away).returncode == 0
    assert (outside / "checked").exists()


def test_without_git_the_commit_is_unknown(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert provenance.commit() == {"commit": "unknown", "dirty": True}


def test_the_host_can_be_given_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOOKALIKE_HOST", raising=False)
    assert provenance.host() == socket.gethostname()
    monkeypatch.setenv("LOOKALIKE_HOST", "a quiet machine")
    assert provenance.host() == "a quiet machine"


def test_versions_are_those_installed() -> None:
    found = provenance.versions()
    assert found == {"python": platform.python_version()} | {name: version(name) for name in provenance.PACKAGES}
    assert "torch" in found


def test_now_is_utc_to_the_second() -> None:
    now = datetime.fromisoformat(provenance.now())
    assert now.utcoffset() == timedelta(0)
    assert now.microsecond == 0
    assert abs(datetime.now(UTC) - now) < timedelta(seconds=30)
