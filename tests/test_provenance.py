"""The origin of a result, asked of real git checkouts."""

import hashlib
import platform
import socket
import subprocess
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import pytest

from lookalike import provenance

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


def test_the_lock_has_a_digest_where_there_is_one(outside: Path) -> None:
    assert provenance.lock_digest() is None
    (outside / "dvc.lock").write_bytes(b"schema: '2.0'\n")
    assert (
        provenance.lock_digest()
        == provenance.lock_digest(outside)
        == hashlib.sha256(b"schema: '2.0'\n").hexdigest()[:16]
    )
