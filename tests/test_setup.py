"""`make setup`: which packages are installed, and when an environment is made anew. Nothing is installed here."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from conftest import ROOT

PARTS = re.compile("\n# For .* alone:\n")  # of the lock: what the pipeline needs, the tests, the site


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with what `make setup` reads, and no NVIDIA GPU."""
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    program(tmp_path, "nvidia-smi", "exit 9")
    return tmp_path


def program(project: Path, name: str, text: str) -> None:
    """Put a program before all others on the path."""
    file = project / "bin" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


def make(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = f"{project / 'bin'}{os.pathsep}{os.environ['PATH']}"
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=project, env=os.environ | {"PATH": path}, capture_output=True, text=True)


def environment(project: Path, made_in: str) -> None:
    """An environment that says where it was made."""
    folder = project / ".venv"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to("/bin/true")
    (folder / ".made-in").write_text(f"{made_in}\n")
    (folder / ".installed-cpu").touch()


def names(lines: str) -> set[str]:
    return {re.split(r"[^A-Za-z0-9.-]", line)[0] for line in lines.splitlines() if line}


def test_the_lock_pins_what_runs_before_what_only_tests_need() -> None:
    run, tests, site = PARTS.split((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert names("\n".join(project["dependencies"])) <= names(run)
    asked_for_by_tests = names("\n".join(project["optional-dependencies"]["dev"]))
    assert asked_for_by_tests <= names(tests)
    assert {"playwright", "statsmodels", "captum", "grad-cam"} <= asked_for_by_tests
    asked_for_by_site = names("\n".join(project["optional-dependencies"]["docs"]))
    assert asked_for_by_site <= names(site)
    assert not names(run) & (names(tests) | names(site))
    assert "://" not in run + tests + site


def test_a_gpu_decides_unless_it_is_decided_by_hand(project: Path) -> None:
    assert "for cpu" in make(project, "-n", "setup").stdout
    assert "for cuda" in make(project, "-n", "setup", "TORCH=cuda").stdout
    program(project, "nvidia-smi", "echo 'GPU 0: one'")
    assert "for cuda" in make(project, "-n", "setup").stdout
    assert "for cpu" in make(project, "-n", "setup", "TORCH=cpu").stdout


def test_another_build_is_refused_before_anything_is_made(project: Path) -> None:
    done = make(project, "setup", "TORCH=rocm")
    assert done.returncode != 0
    assert "TORCH is cpu or cuda; it cannot be rocm" in done.stdout
    assert not (project / ".venv").exists()


def test_an_environment_that_runs_stays(project: Path) -> None:
    environment(project, made_in=str((project / ".venv").resolve()))
    assert "Nothing to be done" in make(project, "setup").stdout


@pytest.mark.parametrize("fault", ["moved", "without Python"])
def test_an_environment_that_does_not_run_is_made_anew(project: Path, fault: str) -> None:
    environment(project, made_in="/elsewhere/.venv" if fault == "moved" else str((project / ".venv").resolve()))
    if fault != "moved":
        (project / ".venv/bin/python").unlink()
        (project / ".venv/bin/python").symlink_to("/gone/python3")
    assert "venv --clear .venv" in make(project, "-n", "setup").stdout


def test_the_other_build_takes_an_environment_of_its_own(project: Path) -> None:
    environment(project, made_in=str((project / ".venv").resolve()))
    assert "test -e .venv/.installed-cuda || rm -rf .venv" in make(project, "-n", "setup", "TORCH=cuda").stdout


@pytest.mark.parametrize(
    ("build", "left_out"),
    [("2.15.0+cpu", {"nvidia-cublas", "cuda-toolkit", "triton"}), ("2.15.0", {"cuda-toolkit", "triton"})],
    ids=["for CPUs", "the registry's"],
)
def test_what_torch_does_not_need_without_a_gpu_is_left_out(project: Path, build: str, left_out: set[str]) -> None:
    """The stand-in for Python installs nothing but one build of torch, as `uv` or `pip` would."""
    program(
        project,
        "python3",
        f"""case "$*" in
  *"-m venv"*) mkdir -p .venv/bin .venv/lib/python3/site-packages/torch-{build}.dist-info
    cp bin/python3 .venv/bin/python;;
  *"open("*) shift; exec {shutil.which("python3")} -c "$@";;
  *"-m pip install"*--requirement*) cp .venv/requirements.txt installed.txt;;
  *uv*) exit 1;;
esac""",
    )
    done = make(project, "setup", "TORCH=cpu")
    assert done.returncode == 0, done.stderr
    everything = names(PARTS.split((project / "requirements.lock").read_text(encoding="utf-8"))[0])
    skipped = everything - names((project / "installed.txt").read_text())
    assert left_out <= skipped
    assert all(name.startswith(("nvidia-", "cuda-", "triton")) for name in skipped)
    assert ("nvidia-cublas" in skipped) == ("cpu" in build)
    for part, target in ((1, "tests"), (2, "docs")):
        assert make(project, f".venv/.installed-for-{target}").returncode == 0
        only = PARTS.split((project / "requirements.lock").read_text(encoding="utf-8"))[part]
        assert (project / "installed.txt").read_text().split() == only.split()
