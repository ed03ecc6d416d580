"""The pipeline itself: DVC on a small copy of this very checkout, with its own dvc.yaml and tiny budgets."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.pipeline

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("dvc.yaml", "params.yaml", ".gitignore", ".dvcignore", "stages", "src", "reports", "photographs/README.md")
VARIANTS = ("fashion-cnn", "fashion-vit", "fashion-cnn-grouped")
ANALYSES = {"evaluate@fashion", "explain@fashion", "embed@fashion"}
FASHION = {*(f"train@{name}" for name in VARIANTS)} | ANALYSES
LAST = ANALYSES | {"publish", "report"}


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
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
        )
        assert (done.returncode != 0) == fails, done.stdout
        return done.stdout

    def repro(self, *arguments: str) -> set[str]:
        """Run `dvc repro`; the stages that ran."""
        return stages_in(self.run("dvc", "repro", *arguments))

    def commit(self, message: str) -> None:
        """Commit everything that is not ignored."""
        self.run("git", "add", "-A")
        self.run("git", "commit", "-q", "-m", message)

    def edit(self, change: dict[str, object]) -> None:
        """Set dotted keys of params.yaml."""
        params = yaml.safe_load((self.folder / "params.yaml").read_text())
        for path, value in change.items():
            *parents, last = path.split(".")
            node = params
            for parent in parents:
                node = node[parent]
            node[last] = value
        (self.folder / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))

    def keep(self, names: tuple[str, ...]) -> None:
        """Leave these variants alone in params.yaml, with the pairs and probes among them."""
        params = yaml.safe_load((self.folder / "params.yaml").read_text())
        params["variants"] = {name: params["variants"][name] for name in names}
        for study in params["studies"].values():
            study["pairs"] = [pair for pair in study["pairs"] if {*pair} <= {*names}]
            study["probes"] = [name for name in study["probes"] if name in names]
        (self.folder / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))


def stages_in(output: str) -> set[str]:
    """The stages that DVC says it ran."""
    return set(re.findall(r"^Running stage '(.*)'", output, re.MULTILINE))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A copy that has been run once and committed."""
    folder = tmp_path_factory.mktemp("pipeline") / "lookalike"
    folder.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "demo", "*.egg-info"))
        else:
            (folder / name).parent.mkdir(exist_ok=True)
            shutil.copy(source, folder / name)
    copy = Checkout(folder)
    copy.keep(VARIANTS)
    copy.edit(
        {
            "profiles.demo.data": {"source": "embedded", "train_images": 200, "test_images": 100},
            "profiles.demo.photos.count": 10,
            "profiles.demo.train.light": {"seeds": 2, "max_epochs": 2, "max_images": 100},
            "profiles.demo.train.heavy": {"seeds": 1, "max_epochs": 1, "max_images": 20},
            "profiles.demo.explain": {"variants": "probes", "images_a_class": 2, "scored": 4, "heads_scored": 1},
            "profiles.demo.embed": {"variants": "probes", "images_a_class": 6},
        }
    )
    copy.run("git", "init", "-q")
    copy.run("dvc", "init", "-q")
    copy.commit("start")
    assert copy.repro() >= FASHION | LAST | {"fetch@fashion_mnist", "photos"}
    copy.commit("first run")
    return copy


def test_a_run_leaves_nothing_behind_but_the_lock(checkout: Checkout) -> None:
    checkout.repro()
    assert checkout.run("git", "status", "--porcelain") == ""


def test_a_second_run_does_nothing(checkout: Checkout) -> None:
    assert checkout.repro() == set()


def test_an_edit_of_one_variant_runs_its_own_stages(checkout: Checkout) -> None:
    checkout.edit({"variants.fashion-cnn.train.lr": 7e-4})
    assert checkout.repro() == {"train@fashion-cnn"} | LAST
    changed = checkout.run("dvc", "metrics", "diff")
    assert "fashion-cnn.nll" in changed
    assert "fashion-vit.nll" not in changed
    checkout.run("git", "checkout", "-q", "--", "params.yaml")
    assert not checkout.repro() & (FASHION | {"fetch@fashion_mnist", "photos"}), (
        "the former values are served from the run-cache"
    )
    assert checkout.run("git", "status", "--porcelain", "--", "params.yaml") == ""


DRESS_FOR_SHIRT: dict[str, object] = {
    "groups.fashion_mnist.tops": ["T-shirt/top", "Pullover", "Coat", "Dress"],
    "groups.fashion_mnist.dresses": ["Shirt"],
}


@pytest.mark.parametrize(
    ("change", "touched"),
    [
        ({"photos.recipes.naive.sharpen": True}, {"photos"} | LAST),
        ({"photos.absorber": "Dress"}, LAST),
        ({"profiles.demo.explain.scored": 3}, {"explain@fashion", "report"}),
        ({"embedding.starts": 2}, {"embed@fashion", "report"}),
        (DRESS_FOR_SHIRT, {"train@fashion-cnn-grouped"} | LAST),
        ({"studies.fashion.probes": ["fashion-vit"]}, LAST),
        ({"variants.fashion-vit.train.lr": 2e-3}, {"train@fashion-vit"} | LAST),
        ({"profiles.demo.photos.count": 20}, {"photos"} | LAST),
    ],
    ids=["recipe", "absorber", "maps", "mixture", "groups", "probes", "lr", "count"],
)
def test_an_edit_touches_its_own_stages_and_those_behind_them(
    checkout: Checkout, change: dict[str, object], touched: set[str]
) -> None:
    checkout.edit(change)
    assert checkout.repro("--dry", "--force-downstream") == touched
    checkout.run("git", "checkout", "-q", "--", "params.yaml")


def test_an_edit_of_a_recipe_of_groups_and_of_probes_runs_through(checkout: Checkout) -> None:
    checkout.edit({"photos.recipes.naive.sharpen": True, "studies.fashion.probes": [], **DRESS_FOR_SHIRT})
    assert checkout.repro() == {"photos", "train@fashion-cnn-grouped"} | LAST
    checkout.run("git", "checkout", "-q", "--", "params.yaml")
    assert checkout.repro() <= {"report"}, "the former values are served from the run-cache"


def test_an_edit_of_the_wording_trains_nothing(checkout: Checkout) -> None:
    template = checkout.folder / "src/lookalike/reporting/templates/report.md"
    text = template.read_text()
    template.write_text(text + "\nA word more.\n")
    assert checkout.repro() == {"report"}
    template.write_text(text)
    checkout.repro()


@pytest.mark.parametrize("change", [{"nonsense_key": 1}, {"variants.fashion-cnn.train.nonsense_key": 1}])
def test_a_wrong_key_is_refused_in_one_line(checkout: Checkout, change: dict[str, object]) -> None:
    checkout.edit(change)
    output = checkout.run("dvc", "repro", fails=True)
    assert re.search(r"^error: params.yaml: \S*nonsense_key: unknown key; allowed here: ", output, re.MULTILINE)
    assert "Traceback" not in output
    checkout.run("git", "checkout", "-q", "--", "params.yaml")
    checkout.repro()


def test_metrics_plots_and_dag_are_shown(checkout: Checkout) -> None:
    shown = json.loads(checkout.run("dvc", "metrics", "show", "--json"))
    assert 0 <= shown[""]["data"]["evaluations/fashion/metrics.json"]["data"]["fashion-cnn"]["accuracy"] <= 1
    checkout.run("dvc", "plots", "show", "--out", "plots")
    page = (checkout.folder / "plots" / "index.html").read_text()
    assert "Validation accuracy" in page
    assert "true and predicted class" in page
    shutil.rmtree(checkout.folder / "plots")
    assert "evaluate@fashion" in checkout.run("dvc", "dag")


@pytest.mark.parametrize("where", [[], ["--temp"]], ids=["here", "temp"])
def test_an_experiment_lands_in_the_table(checkout: Checkout, where: list[str]) -> None:
    lr = 3e-4 if where else 2e-4
    name = "in-temp" if where else "in-place"
    checkout.run("dvc", "exp", "run", "--name", name, *where, "-S", f"variants.fashion-cnn.train.lr={lr}")
    row = experiment_row(checkout, name)
    assert float(row["variants.fashion-cnn.train.lr"]) == lr
    assert 0 <= float(row["fashion-cnn.accuracy"]) <= 1
    checkout.run("git", "checkout", "-q", "--", ".")
    checkout.run("dvc", "checkout")


def experiment_row(checkout: Checkout, name: str) -> dict[str, str]:
    """The row of an experiment in `dvc exp show`."""
    table = csv.DictReader(checkout.run("dvc", "exp", "show", "--csv").splitlines())
    (row,) = [row for row in table if row["Experiment"].endswith(name)]
    return row


def test_results_travel_through_a_remote(checkout: Checkout, tmp_path: Path) -> None:
    checkout.repro()
    checkout.run("dvc", "remote", "add", "-f", "-d", "shelf", str(tmp_path / "shelf"))
    checkout.run("dvc", "push", "-q")
    checkout.run("git", "clone", "-q", str(checkout.folder), str(tmp_path / "clone"))
    clone = Checkout(tmp_path / "clone")
    shutil.copy(checkout.folder / ".dvc" / "config", clone.folder / ".dvc" / "config")
    clone.run("dvc", "pull", "-q")
    weights = "models/fashion/fashion-cnn/seed-0.safetensors"
    assert (clone.folder / weights).read_bytes() == (checkout.folder / weights).read_bytes()
    checkout.run("git", "checkout", "-q", "--", ".dvc/config")


def test_running_twice_gives_the_same_bytes(checkout: Checkout) -> None:
    before = (checkout.folder / "dvc.lock").read_text()
    checkout.repro("--force", "--no-run-cache", "--single-item", "train@fashion-cnn")
    after = (checkout.folder / "dvc.lock").read_text()
    models, runs = "models/fashion/fashion-cnn", "runs/fashion/fashion-cnn"
    assert digest(after, "train@fashion-cnn", models) == digest(before, "train@fashion-cnn", models)
    assert digest(after, "train@fashion-cnn", runs) != digest(before, "train@fashion-cnn", runs), "it did run again"


def digest(lock: str, stage: str, path: str) -> str:
    """The hash that `dvc.lock` holds for an output."""
    (found,) = [out for out in yaml.safe_load(lock)["stages"][stage]["outs"] if out["path"] == path]
    return found["md5"]
