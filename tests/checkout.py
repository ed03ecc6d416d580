"""A small copy of this very checkout, a git and DVC repository of its own, in which tests run DVC itself."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[1]
COPIED = (
    *("dvc.yaml", "params.yaml", ".gitignore", ".dvcignore", "stages", "src", "reports", "released"),
    "photographs/README.md",
)
VARIANTS = ("fashion-cnn", "fashion-vit", "fashion-cnn-grouped")
TINY: dict[str, object] = {
    "profiles.demo.data.train_images": 200,
    "profiles.demo.data.test_images": 100,
    "profiles.demo.photos.count": 10,
    "profiles.demo.train.fashion-cnn": {"seeds": 2, "precision": "float32", "max_epochs": 2, "max_images": 100},
    "profiles.demo.train.fashion-vit": {"seeds": 1, "precision": "float32", "max_epochs": 1, "max_images": 20},
    "profiles.demo.train.grouped": {"seeds": 2, "precision": "float32", "max_epochs": 1, "max_images": 20},
    "profiles.demo.evaluate": {"corrupted_per_class": 2},
    "profiles.demo.explain": {"variants": "focus", "images_per_class": 2, "scored": 4, "heads_scored": 1},
    "profiles.demo.embed": {"variants": "focus", "images_per_class": 6},
    "studies.fashion.corrupt": False,  # which takes seconds; tests/test_stages.py does
    "variants.fashion-vit.model_args": {"train_positions": False, "depth": 2, "num_heads": 2, "embed_dim": 16},
}


class WrittenOut(yaml.SafeDumper):
    """Writes every value out, without aliases, which params.yaml may not have."""

    def ignore_aliases(self, data: object) -> bool:
        return True


class Checkout:
    """A small git and DVC repository with the project's pipeline."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        binaries = str(Path(sys.executable).parent)
        self.environment = os.environ | {
            "PATH": binaries + os.pathsep + os.environ["PATH"],
            "OMP_NUM_THREADS": "1",
            "GIT_AUTHOR_NAME": "t",
            "GIT_AUTHOR_EMAIL": "t@example.org",
            "GIT_COMMITTER_NAME": "t",
            "GIT_COMMITTER_EMAIL": "t@example.org",
        }
        self.environment.pop("MLFLOW_TRACKING_URI", None)
        self.environment.pop("LOOKALIKE_MIRROR", None)

    def run(self, *command: str, fails: bool = False) -> str:
        """The command's output, stdout and stderr; it must succeed, or fail where that is expected."""
        with tempfile.TemporaryFile("w+") as printed:  # a pipe would wait for processes that the command leaves behind
            done = subprocess.run(
                command,
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                timeout=900,
            )
            printed.seek(0)
            output = printed.read()
        assert (done.returncode != 0) == fails, f"{shlex.join(command)}\n{output}"
        return output

    def repro(self, *arguments: str) -> set[str]:
        """Run `dvc repro`; the stages that ran."""
        return stages_in(self.run("dvc", "repro", *arguments))

    def commit(self, message: str) -> None:
        """Commit everything that is not ignored."""
        self.run("git", "add", "-A")
        self.run("git", "commit", "-q", "-m", message)

    def edit(self, change: dict[str, object]) -> None:
        """Set dotted keys of params.yaml."""
        file = self.folder / "params.yaml"
        params = yaml.safe_load(file.read_text(encoding="utf-8"))
        set_keys(params, change)
        file.write_text(yaml.dump(params, Dumper=WrittenOut, sort_keys=False), encoding="utf-8")

    def keep(self, names: tuple[str, ...]) -> None:
        """Leave these variants alone in params.yaml, with their data sets, groups and studies, and what studies say of
        them."""
        with self.params() as params:
            for name in params["variants"].keys() - {*names}:
                del params["variants"][name]
            for kind, section in (("dataset", "datasets"), ("study", "studies")):
                used = {variant[kind] for variant in params["variants"].values()}
                for name in params[section].keys() - used:
                    del params[section][name]
            for name in params["groups"].keys() - params["datasets"].keys():
                del params["groups"][name]
            params["costs"]["study"] = next(iter(params["studies"]))
            for study in params["studies"].values():
                study["outside"] = study["outside"] if study["outside"] in params["datasets"] else study["data"]
                study["pairs"] = [pair for pair in study["pairs"] if {*pair} <= {*names}]
                for key in {"focus", "ten_views"} & study.keys():
                    study[key] = [name for name in study[key] if name in names]

    @contextmanager
    def params(self) -> Iterator[Any]:
        """The content of params.yaml, to be changed; its comments and style stay, as in an editor."""
        editor, file = YAML(), self.folder / "params.yaml"
        editor.width = 1000  # no line is broken
        content = editor.load(file)
        yield content
        editor.dump(content, file)


def set_keys(params: Any, change: dict[str, object]) -> None:
    """Set dotted keys."""
    for path, value in change.items():
        *parents, last = path.split(".")
        node = params
        for parent in parents:
            node = node[parent]
        node[last] = value


def stages_in(output: str) -> set[str]:
    """The stages that DVC says it ran."""
    return set(re.findall(r"^Running stage '(.*)'", output, re.MULTILINE))


def copy_project(folder: Path, *more: str) -> Checkout:
    """A copy with few variants and tiny budgets, and with the files and folders `more`; committed, and not run yet."""
    for name in (*COPIED, *more):
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "demo", "*.egg-info"))
        else:
            shutil.copy(source, target)
    (folder / "results").mkdir()
    (folder / "results" / "README.md").write_text("No runs: to render some takes longer than all else.\n")
    copy = Checkout(folder)
    copy.keep(VARIANTS)
    with copy.params() as params:
        set_keys(params, TINY)
    copy.run("git", "init", "-q")
    copy.run("dvc", "init", "-q")
    for name in ("config", "plots.html"):
        shutil.copy(ROOT / ".dvc" / name, folder / ".dvc")
    shutil.copytree(ROOT / ".dvc/plots", folder / ".dvc/plots")
    copy.commit("start")
    return copy


def copy_of(checkout: Checkout, folder: Path) -> Checkout:
    """The same as it is now, in the folder `folder`, which is not there yet."""
    return Checkout(shutil.copytree(checkout.folder, folder, symlinks=True))
