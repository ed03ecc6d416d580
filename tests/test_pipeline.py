"""The pipeline itself: DVC on a small copy of this very checkout, with its own dvc.yaml and tiny budgets."""

import csv
import json
import re
from collections.abc import Iterator

import pytest
import yaml
from checkout import ROOT, VARIANTS, Checkout, copy_of, stages_in

pytestmark = pytest.mark.pipeline

ANALYSES = {"evaluate@fashion", "compare@fashion", "explain@fashion", "embed@fashion"}
PREPARED = {"photos", "test_set@fashion"}  # where photographs are prepared in another way
FASHION = {*(f"train@{name}" for name in VARIANTS)} | ANALYSES
BEHIND = {"compare@fashion", "publish", "report"}  # whatever has changed of the evidence
LAST = ANALYSES | BEHIND
TRAINED = LAST | {"costs"}  # of a study whose models are counted and timed


@pytest.fixture(scope="module")
def checkout(ran: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A copy that has been run once and committed."""
    return copy_of(ran, tmp_path_factory.mktemp("pipeline") / "lookalike")


@pytest.fixture(autouse=True)
def original_parameters(checkout: Checkout) -> Iterator[None]:
    """After each test params.yaml is as it was, so that a test that fails misleads no other."""
    yield
    checkout.run("git", "checkout", "-q", "--", "params.yaml")


def test_the_first_run_ran_every_stage(checkout: Checkout) -> None:
    stages = yaml.safe_load((checkout.folder / "dvc.lock").read_text())["stages"]
    assert stages.keys() >= FASHION | LAST | {"check", "fetch@fashion_mnist"} | PREPARED


def test_a_run_leaves_nothing_behind_but_the_lock(checkout: Checkout) -> None:
    checkout.repro()
    assert checkout.run("git", "status", "--porcelain") == ""


def test_a_second_run_does_nothing(checkout: Checkout) -> None:
    assert checkout.repro() == set()


GROUPED = "variants.fashion-cnn-grouped"
DRESS_FOR_SHIRT = {
    "tops": ["T-shirt/top", "Pullover", "Coat", "Dress"],
    "bottoms": ["Trouser"],
    "dresses": ["Shirt"],
    "shoes": ["Sandal", "Sneaker", "Ankle boot"],
    "bags": ["Bag"],
}


@pytest.mark.parametrize(
    ("change", "touched"),
    [
        ({"photos.recipes.naive.sharpen": True}, {"check"} | PREPARED | LAST),
        ({"photos.collector": "Dress"}, {"check"} | PREPARED | LAST),
        ({"profiles.demo.explain.scored": 3}, {"check", "explain@fashion"} | BEHIND),
        ({"embedding.starts": 2}, {"check", "embed@fashion"} | BEHIND),
        ({"groups.fashion_mnist": DRESS_FOR_SHIRT}, {"check"} | LAST),
        ({"studies.fashion.focus": ["fashion-vit"]}, {"check"} | LAST),
        ({"studies.fashion.title": "Garments"}, {"check", "report"}),
        ({"variants.fashion-vit.train.lr": 2e-3}, {"train@fashion-vit"} | TRAINED),
        ({f"{GROUPED}.train.smoothing.groups": DRESS_FOR_SHIRT}, {f"train@{GROUPED[9:]}"} | TRAINED),
        ({"profiles.demo.photos.count": 20}, {"check"} | PREPARED | LAST),
    ],
    ids=["recipe", "collector", "maps", "mixture", "groups", "focus", "title", "lr", "smoothing", "count"],
)
def test_an_edit_touches_its_own_stages_and_those_behind_them(
    checkout: Checkout, change: dict[str, object], touched: set[str]
) -> None:
    """`check` runs, and its output stays the same: what depends on it alone does not run."""
    checkout.edit(change)
    checkout.run("dvc", "repro", "check")
    dry = checkout.repro("--dry", "--force-downstream")
    assert dry == touched - {"check"}
    checkout.run("git", "checkout", "-q", "--", "dvc.lock")


def test_edits_run_through_and_are_undone_without_training(checkout: Checkout) -> None:
    before = (checkout.folder / "dvc.lock").read_text()
    times = checkout.folder / "runs/fashion/fashion-cnn-grouped/times.csv"
    taken = times.read_text()
    groups = {"groups.fashion_mnist": DRESS_FOR_SHIRT, f"{GROUPED}.train.smoothing.groups": DRESS_FOR_SHIRT}
    checkout.edit({"photos.recipes.naive.sharpen": True, "studies.fashion.focus": [], **groups})
    assert checkout.repro() == {"check", "train@fashion-cnn-grouped"} | PREPARED | TRAINED
    assert times.read_text() != taken
    checkout.run("git", "checkout", "-q", "--", "params.yaml")
    checkout.repro("publish")
    assert times.read_text() == taken, "the finished run of the former settings is taken"
    after = (checkout.folder / "dvc.lock").read_text()
    for stage, path in REPRODUCED:
        assert digest(after, stage, path) == digest(before, stage, path)
    assert checkout.run("git", "status", "--porcelain", "--", "params.yaml") == ""


@pytest.fixture(scope="module")
def override(checkout: Checkout) -> tuple[set[str], list[str]]:
    """Of the experiment `slow`: the stages that ran, and the lines of params.yaml that it changed."""
    before = (checkout.folder / "params.yaml").read_text().splitlines()
    output = checkout.run("dvc", "exp", "run", "--name", "slow", "-S", "variants.fashion-cnn.train.lr=3e-4")
    after = (checkout.folder / "params.yaml").read_text().splitlines()
    checkout.run("git", "checkout", "-q", "--", "params.yaml", "dvc.lock")
    checkout.run("dvc", "checkout", "-q", "--force")
    return stages_in(output), [
        line.split("#")[0].strip() for line, old in zip(after, before, strict=True) if line != old
    ]


def test_an_override_trains_its_variant_and_no_other(override: tuple[set[str], list[str]]) -> None:
    stages, lines = override
    assert stages == {"train@fashion-cnn"} | TRAINED
    assert lines == ["lr: 0.0003"]


@pytest.mark.usefixtures("override")
def test_experiments_are_a_table_of_few_columns(checkout: Checkout) -> None:
    """The experiment trains a focus variant, so that its metrics are columns as well."""
    commands = checkout.run("make", "--no-print-directory", "-C", str(ROOT), "-n", "experiments").strip().splitlines()
    shown = checkout.run("bash", "-c", commands[-1].replace(".venv/bin/dvc", "dvc") + " --csv")
    (header, *rows) = csv.reader(shown[shown.index("Experiment") :].splitlines())
    assert len(header) <= 12
    assert {"variants.fashion-cnn.train.lr"} <= {*header}
    assert any("slow" in cell for row in rows for cell in row)


def test_an_edit_of_the_wording_trains_nothing(checkout: Checkout) -> None:
    template = checkout.folder / "src/lookalike/reporting/templates/page.html"
    text = template.read_text()
    template.write_text(text + "<!-- A word more. -->\n")
    assert checkout.repro() == {"report"}
    template.write_text(text)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"nonsense_key": 1}, r"nonsense_key: unknown key; allowed here: "),
        ({"variants.fashion-cnn.train.nonsense_key": 1}, r"variants\.fashion-cnn\.train\.nonsense_key: unknown key; "),
        ({"variants.fashion-cnn.train.lr": -1}, r"variants\.fashion-cnn\.train\.lr: "),
        ({"profile": "dmeo"}, r"profile: no 'dmeo'; allowed: demo, "),
        ({"studies.fashion.data": "mnits"}, r"studies\.fashion\.data: no 'mnits'; allowed: "),
        ({"profiles.demo.train.fashion-cnn.seeds": 0}, r"profiles\.demo\.train\.fashion-cnn\.seeds: "),
        ({"photos.recipes.naive.sharpen": 3}, r"photos\.recipes\.naive\.sharpen: "),
        ({"groups.fashion_mnist.bags": []}, r"groups\.fashion_mnist"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_refused_file_is_said_in_one_line_and_loses_nothing(
    checkout: Checkout, change: dict[str, object], said: str
) -> None:
    before = written(checkout)
    checkout.edit(change)
    output = checkout.run("dvc", "repro", fails=True)
    assert re.search(rf"^error: params.yaml: {said}", output, re.MULTILINE), output
    assert "Traceback" not in output
    assert written(checkout) == before


@pytest.mark.parametrize(
    ("section", "name", "bad", "targets"),
    [
        ("variants", "fashion-cnn", "$(touch pwned)", []),
        ("variants", "fashion-cnn", "it's; touch pwned", []),
        ("variants", "fashion-cnn", "$(touch pwned)", ["--single-item", "train@$(touch pwned)"]),
        ("datasets", "fashion_mnist", "..", []),
        ("datasets", "fashion_mnist", "..", ["--single-item", "fetch@.."]),
        ("studies", "fashion", "..", ["--single-item", "evaluate@.."]),
    ],
)
def test_a_name_that_is_no_name_runs_and_removes_nothing(
    checkout: Checkout, section: str, name: str, bad: str, targets: list[str]
) -> None:
    before = written(checkout)
    with checkout.params() as params:
        params[section][bad] = params[section].pop(name)
    checkout.run("dvc", "repro", *targets, fails=True)
    assert written(checkout) == before
    assert not list(checkout.folder.rglob("pwned"))


def written(checkout: Checkout) -> dict[str, int]:
    """When each file of the checkout was written last, apart from DVC's own notes, logs and the parameters."""
    folders = ("data", "models", "photos", "test_sets", "evaluations", "comparisons", "explanations", "embeddings")
    folders = (*folders, "reports", "runs", "src", "stages")
    files = (path for folder in folders for path in (checkout.folder / folder).rglob("*"))
    return {str(path): path.stat().st_mtime_ns for path in files if path.is_file() and "__pycache__" not in path.parts}


def test_figures_of_focus_variants_are_metrics(checkout: Checkout) -> None:
    shown = json.loads(checkout.run("dvc", "metrics", "show", "--json"))[""]["data"]
    for name in ("fashion-cnn", "fashion-vit"):
        metrics = shown[f"focus/fashion/{name}.json"]["data"]
        assert 0 <= metrics["accuracy"] <= 1 - metrics["confused_within"] <= 1


def test_the_pipeline_is_drawn_small(checkout: Checkout) -> None:
    drawn = checkout.run("dvc", "dag", "--mermaid", "--collapse-foreach-matrix")
    assert "evaluate" in drawn
    assert max(map(len, drawn.splitlines())) < 80


def test_running_twice_gives_the_same_bytes(checkout: Checkout) -> None:
    before = (checkout.folder / "dvc.lock").read_text()
    checkout.repro("--force", "--no-run-cache", "--single-item", "train@fashion-cnn")
    after = (checkout.folder / "dvc.lock").read_text()
    models, runs = "models/fashion/fashion-cnn", "runs/fashion/fashion-cnn"
    assert digest(after, "train@fashion-cnn", models) == digest(before, "train@fashion-cnn", models)
    assert digest(after, "train@fashion-cnn", runs) != digest(before, "train@fashion-cnn", runs), "it did run again"


REPRODUCED = (
    ("train@fashion-cnn-grouped", "models/fashion/fashion-cnn-grouped"),
    ("compare@fashion", "comparisons/fashion/metrics.json"),
    ("explain@fashion", "explanations/fashion"),
    ("embed@fashion", "embeddings/fashion"),
    ("test_set@fashion", "test_sets/fashion"),
)


def digest(lock: str, stage: str, path: str) -> str:
    """The hash that `dvc.lock` holds for an output."""
    (found,) = [out for out in yaml.safe_load(lock)["stages"][stage]["outs"] if out["path"] == path]
    return found["md5"]
