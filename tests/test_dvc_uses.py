"""What people do with DVC and git around the pipeline, in a project that is a subfolder of a larger repository."""

import os
import re
import shutil
import sys
import time
from pathlib import Path

import pytest
import yaml
from checkout import ROOT, Checkout, copy_of

from lookalike.artifacts.photos import load_photos

pytestmark = pytest.mark.pipeline

SHARPEN = "photos.recipes.naive.sharpen"
NAMES = ("0001.jpg", "0002.jpg", "0003.jpg")  # of photographs that git does not track


@pytest.fixture(scope="module")
def project(ran: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """The project with a person's own photographs in the folder `ml/lookalike` of a repository; run and committed."""
    whole = tmp_path_factory.mktemp("uses") / "whole"
    copy = copy_of(ran, whole / "ml" / "lookalike")
    shutil.rmtree(copy.folder / ".git")
    copy.run("git", "init", "-q", str(whole))
    for name in NAMES:
        shutil.copy(copy.folder / "downloads" / "drawn" / name, copy.folder / "photographs")
    (copy.folder / "photographs" / "labels.csv").write_text(f"file,label\n{NAMES[0]},Sneaker\n{NAMES[1]},Trouser\n")
    copy.edit({"profiles.demo.photos": {"source": "own"}})
    copy.run("dvc", "remote", "add", "--default", "shelf", str(whole.parent / "remote"))
    copy.repro("photos")
    copy.run("dvc", "push", "-q", "photos")
    copy.commit("The project in a larger repository")
    return copy


@pytest.fixture(scope="module")
def experiments(project: Checkout) -> Checkout:
    """The project after an experiment in a copy, and one in the queue that is run as the how-to says."""
    project.run("dvc", "exp", "run", "--temp", "--name", "in-copy", "-S", f"{SHARPEN}=True", "photos")
    project.run("dvc", "exp", "run", "--queue", "--name", "queued", "-S", "photos.collector=Dress", "photos")
    (project.folder / ".venv").symlink_to(sys.prefix)
    (command,) = re.findall(r"^PATH=.* dvc queue start.*$", (ROOT / "docs/howto/tools.md").read_text(), re.MULTILINE)
    away = f"PATH={os.defpath}"  # nothing is activated
    project.run("env", away, "bash", "-c", command)
    until = time.monotonic() + 300
    while re.search("Queued|Running", project.run("dvc", "queue", "status")) and time.monotonic() < until:
        time.sleep(1)
    (project.folder / ".venv").unlink()
    return project


def test_experiments_in_copies_and_in_the_queue_are_kept(experiments: Checkout) -> None:
    assert {"[in-copy]", "[queued]"} <= {*experiments.run("dvc", "exp", "list").split()}
    assert "Success" in experiments.run("dvc", "queue", "status")


@pytest.mark.parametrize(("name", "changed"), [("in-copy", "sharpen"), ("queued", "collector")])
def test_an_experiment_in_a_copy_has_the_photographs_that_git_ignores(
    experiments: Checkout, name: str, changed: str
) -> None:
    """It is applied as it was recorded: with the photographs of the project, so that nothing is to be run again."""
    before = (experiments.folder / "photographs").stat()
    experiments.run("dvc", "exp", "apply", name)
    assert changed in experiments.run("git", "diff", "-U0", "--", "params.yaml")
    assert experiments.run("dvc", "status", "photos").strip() == "Data and pipelines are up to date."
    assert [one["name"] for one in load_photos(experiments.folder / "photos").about] == [*NAMES]
    assert (experiments.folder / "photographs").stat().st_mtime == before.st_mtime
    experiments.run("git", "checkout", "-q", "--", ".")
    experiments.run("dvc", "checkout", "-q", "photos")


def test_an_experiment_becomes_a_branch(experiments: Checkout) -> None:
    experiments.run("dvc", "exp", "branch", "in-copy", "sharper")
    params = yaml.safe_load(experiments.run("git", "show", "sharper:./params.yaml"))
    assert params["photos"]["recipes"]["naive"]["sharpen"] is True


@pytest.mark.parametrize("kind", ["clone", "worktree"])
def test_a_second_folder_pulls_what_there_is(project: Checkout, tmp_path: Path, kind: str) -> None:
    whole = project.folder.parents[1]
    how = ["clone", "-q", str(whole)] if kind == "clone" else ["worktree", "add", "-q", "-b", "side"]
    project.run("git", *how, str(tmp_path / "second"))
    second = Checkout(tmp_path / "second" / "ml" / "lookalike")
    shutil.copytree(project.folder / "photographs", second.folder / "photographs", dirs_exist_ok=True)
    second.run("dvc", "pull", "-q", "photos")
    assert second.repro("photos") == {"check"}
    second.edit({SHARPEN: True})
    assert "photos" in second.repro("photos")
    assert second.run("git", "status", "--porcelain").split() == [
        "M",
        "ml/lookalike/dvc.lock",
        "M",
        "ml/lookalike/params.yaml",
    ]


@pytest.mark.parametrize("kind", ["hardlink", "symlink"])
def test_a_stage_replaces_outputs_that_are_links_into_the_cache(project: Checkout, kind: str) -> None:
    """Which are read-only, and what the cache has must stay as it was."""
    project.run("dvc", "config", "--local", "cache.type", kind)
    project.run("dvc", "checkout", "-q", "--relink", "photos")
    linked = project.folder / "photos" / "images.npy"
    before = linked.read_bytes()
    assert linked.is_symlink() if kind == "symlink" else linked.stat().st_nlink > 1
    project.edit({SHARPEN: True})
    assert project.repro("--no-run-cache", "--single-item", "photos") == {"photos"}
    assert linked.read_bytes() != before
    project.run("git", "checkout", "-q", "--", ".")
    project.run("dvc", "checkout", "-q", "photos")
    assert linked.read_bytes() == before
