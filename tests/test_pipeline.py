"""The pipeline itself: DVC on a small copy of this very checkout, with its own dvc.yaml and tiny budgets."""

import json
import re
import shutil

import pytest
import yaml
from checkout import VARIANTS, Checkout, copy_of

pytestmark = pytest.mark.pipeline

ANALYSES = {"evaluate@fashion", "explain@fashion", "embed@fashion"}
FASHION = {*(f"train@{name}" for name in VARIANTS)} | ANALYSES
LAST = ANALYSES | {"publish", "report"}
TRAINED = LAST | {"costs"}  # of a study whose models are counted and timed


@pytest.fixture(scope="module")
def checkout(ran: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A copy that has been run once and committed."""
    return copy_of(ran, tmp_path_factory.mktemp("pipeline") / "lookalike")


def test_the_first_run_ran_every_stage(checkout: Checkout) -> None:
    stages = yaml.safe_load((checkout.folder / "dvc.lock").read_text())["stages"]
    assert stages.keys() >= FASHION | LAST | {"fetch@fashion_mnist", "photos"}


def test_a_run_leaves_nothing_behind_but_the_lock(checkout: Checkout) -> None:
    checkout.repro()
    assert checkout.run("git", "status", "--porcelain") == ""


def test_a_second_run_does_nothing(checkout: Checkout) -> None:
    assert checkout.repro() == set()


DRESS_FOR_SHIRT: dict[str, object] = {
    "groups.fashion_mnist.tops": ["T-shirt/top", "Pullover", "Coat", "Dress"],
    "groups.fashion_mnist.dresses": ["Shirt"],
}


@pytest.mark.parametrize(
    ("change", "touched"),
    [
        ({"photos.recipes.naive.sharpen": True}, {"photos"} | LAST),
        ({"photos.absorber": "Dress"}, LAST),
        ({"profiles.demo.explain.scored": 3}, {"explain@fashion", "publish", "report"}),
        ({"embedding.starts": 2}, {"embed@fashion", "publish", "report"}),
        (DRESS_FOR_SHIRT, {"train@fashion-cnn-grouped"} | TRAINED),
        ({"studies.fashion.probes": ["fashion-vit"]}, LAST),
        ({"studies.fashion.title": "Garments"}, {"report"}),
        ({"variants.fashion-vit.train.lr": 2e-3}, {"train@fashion-vit"} | TRAINED),
        ({"profiles.demo.photos.count": 20}, {"photos"} | LAST),
    ],
    ids=["recipe", "absorber", "maps", "mixture", "groups", "probes", "title", "lr", "count"],
)
def test_an_edit_touches_its_own_stages_and_those_behind_them(
    checkout: Checkout, change: dict[str, object], touched: set[str]
) -> None:
    checkout.edit(change)
    assert checkout.repro("--dry", "--force-downstream") == touched
    checkout.run("git", "checkout", "-q", "--", "params.yaml")


def test_an_edit_of_a_recipe_of_groups_and_of_probes_runs_through(checkout: Checkout) -> None:
    checkout.edit({"photos.recipes.naive.sharpen": True, "studies.fashion.probes": [], **DRESS_FOR_SHIRT})
    assert checkout.repro() == {"photos", "train@fashion-cnn-grouped"} | TRAINED
    checkout.run("git", "checkout", "-q", "--", "params.yaml")
    assert checkout.repro("publish") == set(), "the former values are served from the run-cache"
    assert checkout.run("git", "status", "--porcelain", "--", "params.yaml") == ""


def test_an_edit_of_the_wording_trains_nothing(checkout: Checkout) -> None:
    template = checkout.folder / "src/lookalike/reporting/templates/index.html"
    text = template.read_text()
    template.write_text(text + "<!-- A word more. -->\n")
    assert checkout.repro() == {"report"}
    template.write_text(text)


@pytest.mark.parametrize("change", [{"nonsense_key": 1}, {"variants.fashion-cnn.train.nonsense_key": 1}])
def test_a_wrong_key_is_refused_in_one_line(checkout: Checkout, change: dict[str, object]) -> None:
    checkout.edit(change)
    output = checkout.run("dvc", "repro", fails=True)
    assert re.search(r"^error: params.yaml: \S*nonsense_key: unknown key; allowed here: ", output, re.MULTILINE)
    assert "Traceback" not in output
    checkout.run("git", "checkout", "-q", "--", "params.yaml")


def test_metrics_plots_and_dag_are_shown(checkout: Checkout) -> None:
    shown = json.loads(checkout.run("dvc", "metrics", "show", "--json"))
    assert 0 <= shown[""]["data"]["evaluations/fashion/metrics.json"]["data"]["fashion-cnn"]["accuracy"] <= 1
    checkout.run("dvc", "plots", "show", "--out", "plots")
    page = (checkout.folder / "plots" / "index.html").read_text()
    assert "Validation accuracy" in page
    assert "true and predicted class" in page
    shutil.rmtree(checkout.folder / "plots")
    assert "evaluate@fashion" in checkout.run("dvc", "dag")


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
