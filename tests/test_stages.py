"""What the stages import, against what dvc.yaml says that they depend on; and who may import what.

Every stage runs for real, in a process of its own, on a hundred drawn images.
"""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
import yaml
from checkout import WrittenOut

from lookalike.artifacts.fingerprint import is_neutral
from lookalike.models.registry import MODELS
from lookalike.params import load_params
from lookalike.results.add import copy_evidence

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "lookalike"
STAGES = (
    *("check", "fetch", "photos", "train", "evaluate", "test_set", "explain", "embed"),
    *("compare", "costs", "primer", "publish", "report", "published"),
)
DATA_FILES = [path for path in SOURCE.rglob("*.*") if path.suffix not in {".py", ".pyc"}]
FILES_OF_STAGES = ("dvc.yaml", "stages/dvc.yaml")  # the second has `published` alone
DEFINED = [yaml.safe_load((ROOT / file).read_text(encoding="utf-8")) for file in FILES_OF_STAGES]
PIPELINE: dict[str, Any] = DEFINED[0]["stages"] | DEFINED[1]["stages"]
PARAMS: dict[str, Any] = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
PLAIN = {
    "lenet5",
    "lenet5_modern",
    "mnist_net",
    "four_layer_net",
    "residual_net",
    "simple_cnn",
    "vgg",
    "filter_net",
    "lenet1",
    "mnist_mlp",
}
PLAIN |= {"zoo_efficientnet", "zoo_googlenet", "zoo_hybrid", "zoo_mobilenet", "zoo_vit"}  # these run as others do
WATCHED = {"torch", "torchvision", "timm", "mlflow", "sklearn", "matplotlib", "pandas"}
ALLOWED = {
    "check": set(),
    "fetch": set(),
    "fetch@mnist": {"sklearn", "pandas"},  # the digits come with the one, which brings the other
    "photos": {"matplotlib"},  # for the colours of the heat maps on contact sheets
    "train": {"torch"},
    "train@zoo-resnet": {"torch", "torchvision", "timm"},
    "evaluate": {"torch", "sklearn", "pandas"},  # the second brings the third
    "evaluate@zoo": {"torch", "torchvision", "timm", "sklearn", "pandas"},
    "compare": {"matplotlib", "pandas"},
    "test_set": set(),
    "explain@zoo": {"torch", "torchvision", "timm"},
    "explain": {"torch"},
    "embed": {"torch", "sklearn", "pandas"},  # the second brings the third
    "costs": {"torch", "torchvision", "timm"},
    "primer": {"torch", "matplotlib"},
    "publish": {"mlflow", "pandas"},  # the one brings the other
    "report": {"matplotlib", "pandas"},
    "published": {"matplotlib", "pandas"},
}
RUN_AND_TELL = """
import atexit, json, os, runpy, sys
from pathlib import Path
del sys.argv[0]
atexit.register(lambda: Path(os.environ["LOADED"]).write_text(json.dumps(sorted(sys.modules))))
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def tiny(params: dict[str, Any]) -> dict[str, Any]:
    """The same with a hundred images, ten photographs, one epoch, and one variant of most architectures."""
    first = {variant["model"]: name for name, variant in reversed(params["variants"].items())}
    first = {model: name for model, name in first.items() if model not in PLAIN}
    variants = {name: variant for name, variant in params["variants"].items() if name in first.values()}
    shallow = {"depth": 2, "num_heads": 2}
    for name in (first["fashion_vit"], first["fashion_transfg"]):
        variants[name] = variants[name] | {"model_args": variants[name]["model_args"] | shallow}
    wanted = {variant["study"] for variant in variants.values()}
    studies = {name: study for name, study in params["studies"].items() if name in wanted}
    budgets = {variant["budget"] for variant in params["variants"].values()}
    budget = {"seeds": 1, "precision": "float32", "max_epochs": 1, "max_images": 20}
    profile = {
        "demonstration": True,
        "data": {"source": "embedded", "train_images": 100, "test_images": 100},
        "photos": {"source": "embedded", "count": 10},
        "train": dict.fromkeys(budgets, budget)
        | dict.fromkeys(("vgg", "vgg-controls", "alexnet", "residual"), budget | {"max_channels": 8})
        | dict.fromkeys(("zoo", "zoo-seeds", "zoo-lite0"), budget | {"pretrained": False, "size": "tiny"}),
        "evaluate": {"corrupted_per_class": 2},
        "explain": {"variants": "focus", "images_per_class": 2, "scored": 2, "heads_scored": 1},
        "embed": {"variants": "focus", "images_per_class": 6},
        "compare_with": "nothing",
    }
    return params | {
        "profile": "demo",
        "profiles": {"demo": profile},
        "variants": variants,
        "studies": {name: without_absent(name, study, variants) for name, study in studies.items()},
    }


def without_absent(name: str, study: dict[str, Any], variants: dict[str, Any]) -> dict[str, Any]:
    """The study, with only pairs and focus variants that are there; without any, its first is one."""
    pairs = [pair for pair in study["pairs"] if variants.keys() >= {*pair}]
    focus, views = ([one for one in study.get(key, ()) if one in variants] for key in ("focus", "ten_views"))
    first = next(one for one, variant in variants.items() if variant["study"] == name)
    return study | {"pairs": pairs, "focus": focus or [first], "ten_views": views}


class Pipeline:
    """The stages on tiny data in a folder; each runs once, when it is first asked for, after those before it."""

    def __init__(self, folder: Path) -> None:
        params = tiny(PARAMS)
        (folder / "params.yaml").write_text(yaml.dump(params, Dumper=WrittenOut, sort_keys=False), encoding="utf-8")
        self.folder = folder
        self.keys = {stage: list(params[PLURAL[stage]]) if stage in PLURAL else [""] for stage in STAGES}
        self.loaded: dict[str, dict[str, set[str]]] = {}

    def modules(self, stage: str) -> dict[str, set[str]]:
        """The modules that the stage had imported at its end, by data set, variant or study."""
        if stage not in self.loaded:
            for earlier in STAGES[: STAGES.index(stage)]:
                self.modules(earlier)
            self.loaded[stage] = {key: self.run(stage, key) for key in self.keys[stage]}
        return self.loaded[stage]

    def run(self, stage: str, key: str) -> set[str]:
        """Run one stage and read what it had imported."""
        listed = self.folder / "loaded.json"
        if stage == "published":
            self.keep_a_run()
        away = {"LOOKALIKE_MIRROR", "MLFLOW_TRACKING_URI"}
        environment = {name: value for name, value in os.environ.items() if name not in away} | {
            "PYTHONPATH": str(ROOT / "src"),
            "DVC_ROOT": str(self.folder),
            "LOADED": str(listed),
            "OMP_NUM_THREADS": "1",
        }
        command = [sys.executable, "-c", RUN_AND_TELL, str(ROOT / "stages" / f"{stage}.py"), *([key] if key else [])]
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return set(json.loads(listed.read_text()))

    def keep_a_run(self) -> None:
        """Keep the evidence of a variant in `results/`."""
        params = load_params(self.folder / "params.yaml")
        name = next(iter(params.variants_of("fashion")))
        (self.folder / "results").mkdir()
        copy_evidence(params, name, self.folder, "unknown", self.folder / "results")


PLURAL = {"fetch": "datasets", "train": "variants"} | dict.fromkeys(
    ("evaluate", "test_set", "explain", "embed", "compare"), "studies"
)


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    return Pipeline(tmp_path_factory.mktemp("stages"))


def definition(stage: str) -> dict[str, Any]:
    """A stage in dvc.yaml, what it does for each item if it has several."""
    found: dict[str, Any] = PIPELINE[stage]
    return found.get("do", found)


def source_deps(stage: str, key: str) -> set[str]:
    """The deps of `stage` for one item that lie in src/."""
    item = {"key": key, "costs.study": PARAMS["costs"]["study"]} | (
        {f"item.{k}": v for k, v in PARAMS[PLURAL[stage]][key].items()} if stage in PLURAL else {}
    )
    deps = [re.sub(r"\$\{([^}]*)\}", lambda name: str(item[name[1]]), dep) for dep in definition(stage)["deps"]]
    return {dep for dep in deps if dep.startswith("src/")}


def file_of(module: str) -> Path:
    """The file of a module of this package."""
    path = ROOT / "src" / Path(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def has_code(path: Path) -> bool:
    """Whether there is more in a file than a docstring."""
    return any(not isinstance(node, ast.Expr) for node in ast.parse(path.read_text(encoding="utf-8")).body)


def project_files(modules: set[str], *, decisive: bool) -> set[str]:
    """The files of this package among `modules`, relative to the root; without the neutral ones if `decisive`."""
    names = {name for name in modules if name.split(".")[0] == "lookalike" and not (decisive and is_neutral(name))}
    return {str(file_of(name).relative_to(ROOT)) for name in names if not decisive or has_code(file_of(name))}


def read_files(files: set[str]) -> set[str]:
    """The files of this package that are no modules and that one of `files` names, so that it may read them."""
    texts = [(ROOT / file).read_text(encoding="utf-8") for file in files]
    return {str(path.relative_to(ROOT)) for path in DATA_FILES if any(f'"{path.name}"' in text for text in texts)}


def covers(dep: str, file: str) -> bool:
    return file == dep or file.startswith(dep + "/")


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_every_module_that_it_loads(pipeline: Pipeline, stage: str) -> None:
    for key, modules in pipeline.modules(stage).items():
        deps = source_deps(stage, key)
        files = project_files(modules, decisive=True)
        files |= read_files(files)
        assert {file for file in files if not any(covers(dep, file) for dep in deps)} == set(), f"not in {stage}'s deps"


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_no_module_that_it_never_loads(pipeline: Pipeline, stage: str) -> None:
    runs = pipeline.modules(stage)
    files = {file for modules in runs.values() for file in project_files(modules, decisive=False)}
    files |= read_files(files)
    deps = {dep for key in runs for dep in source_deps(stage, key)}
    assert {dep for dep in deps if not any(covers(dep, file) for file in files)} == set()


def test_files_beside_the_modules_are_known_to_those_who_read_them() -> None:
    assert read_files({"src/lookalike/data/labelled_clothing.py"}) == {"src/lookalike/data/clothing.csv"}
    assert read_files({"src/lookalike/photographs/recipes.py"}) == set()


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_files_that_exist_and_on_its_script(stage: str) -> None:
    keys = list(PARAMS[PLURAL[stage]]) if stage in PLURAL else [""]
    deps = {dep for key in keys for dep in source_deps(stage, key)}
    assert {dep for dep in deps if not (ROOT / dep).exists()} == set()
    assert f"stages/{stage}.py" in definition(stage)["deps"]


@pytest.mark.parametrize("stage", ["fetch", "photos", "train"])
def test_costly_stages_depend_on_no_folder_of_which_they_load_but_a_part(pipeline: Pipeline, stage: str) -> None:
    for key, modules in pipeline.modules(stage).items():
        folders = [ROOT / dep for dep in source_deps(stage, key) if not Path(dep).suffix]
        inside = {str(path.relative_to(ROOT)) for folder in folders for path in folder.glob("*.py") if has_code(path)}
        assert inside <= project_files(modules, decisive=True)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_loads_the_heavy_packages_that_it_needs_and_no_other(pipeline: Pipeline, stage: str) -> None:
    for key, modules in pipeline.modules(stage).items():
        assert modules & WATCHED == ALLOWED.get(f"{stage}@{key}", ALLOWED[stage]), f"{stage} {key}"


def test_what_python_compiles_is_no_dependency() -> None:
    """Whole folders are deps of some stages: tests and commands leave compiled files there."""
    assert "__pycache__/" in (ROOT / ".dvcignore").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_script_is_short(stage: str) -> None:
    assert len((ROOT / "stages" / f"{stage}.py").read_text(encoding="utf-8").splitlines()) <= 60


def test_there_are_stages_for_these_scripts_and_no_others() -> None:
    assert {path.stem for path in (ROOT / "stages").glob("*.py")} == {*STAGES} == PIPELINE.keys()
    assert sum(len(PARAMS[PLURAL[stage]]) if stage in PLURAL else 1 for stage in STAGES) < 110


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_starts_the_same_python(stage: str) -> None:
    assert definition(stage)["cmd"] == f"${{python}} stages/{stage}.py"
    (python,) = (value["python"] for value in DEFINED[0]["vars"] if "python" in value)
    assert python.endswith(" PYTHONPATH=src python")


# Who may import what.

Import = tuple[str, bool]  # the module, and whether it is imported when the importing module is


def imports(nodes: Sequence[ast.stmt], at_import: bool = True) -> Iterator[Import]:
    """Every import below `nodes`; one that is only there for type checkers is none."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((alias.name, at_import) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module}.{alias.name}", at_import) for alias in node.names)
        elif not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            inside = at_import and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            for field in ("body", "orelse", "finalbody", "handlers"):
                yield from imports(getattr(node, field, []), inside)


FILES = {str(path.relative_to(SOURCE)): ast.parse(path.read_text(encoding="utf-8")) for path in SOURCE.rglob("*.py")}
IMPORTS = {name: list(imports(tree.body)) for name, tree in FILES.items()}


def importers(module: str, folder: str = "") -> set[str]:
    """The files below `folder` that import `module` or something in it, wherever they do."""
    return {
        name
        for name, found in IMPORTS.items()
        if name.startswith(folder) and any(f"{imported}.".startswith(f"{module}.") for imported, _ in found)
    }


def imported_in(folder: str) -> set[str]:
    """Everything that the files below `folder` import, wherever they do."""
    return {name for file, found in IMPORTS.items() if file.startswith(folder) for name, _ in found}


ANALYSIS = ("evaluation", "explain", "embedding")
ABOVE = ("reporting", "tracking", "claims", "studies", "cli")


@pytest.mark.parametrize(
    ("folder", "forbidden"),
    [
        *(("data/", name) for name in ("models", "training", *ANALYSIS, *ABOVE)),
        *(("models/", name) for name in ("data", "artifacts", "training", *ANALYSIS, *ABOVE)),
        *(("training/", name) for name in (*ANALYSIS, *ABOVE)),
        *(("evaluation/", name) for name in ("training", "explain", "embedding", *ABOVE)),
        *(("explain/", name) for name in ("training", "embedding", *ABOVE)),
        *(("embedding/", name) for name in ("data", "models", "training", "explain", *ABOVE)),
        *(("tracking/", name) for name in ("data", "models", "training", *ANALYSIS, "reporting", "claims")),
        *(("reporting/", name) for name in ("training", "tracking", "cli")),
        ("", "__main__"),
    ],
)
def test_packages_import_downwards(folder: str, forbidden: str) -> None:
    assert importers(f"lookalike.{forbidden}", folder) == set()
    assert any(name.startswith(folder) for name in FILES)


def package(name: str) -> str:
    """The package, or the module beside the packages, in which a file or a module of `lookalike` lies."""
    return name.removeprefix("lookalike.").replace("/", ".").removesuffix(".py").split(".")[0]


def test_packages_form_no_cycle() -> None:
    """Imports for type checkers count, too: who reads one package should not have to read its users."""
    needs: dict[str, set[str]] = {}
    for file, tree in FILES.items():
        nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
        below = {package(name) for name, _ in imports(nodes) if name.startswith("lookalike.")}
        needs.setdefault(package(file), set()).update(below - {package(file)})
    assert {"data", "photographs", "evaluation"} < {
        *TopologicalSorter(needs).static_order()
    }  # CycleError names a cycle


@pytest.mark.parametrize(
    ("folder", "allowed"),
    [
        ("artifacts/", ("lookalike.artifacts.", "lookalike.errors.")),
        (
            "claims/",
            (
                *("lookalike.claims.", "lookalike.artifacts.", "lookalike.errors.", "lookalike.params."),
                *("lookalike.evaluation.", "lookalike.families.", "lookalike.data.corruptions."),
                "lookalike.training.settings.",
            ),
        ),
        (
            "reporting/report.py",
            ("lookalike.reporting.address.", "lookalike.reporting.document.", "lookalike.reporting.forms."),
        ),  # a new chapter needs no template
    ],
)
def test_these_import_little_of_this_package(folder: str, allowed: tuple[str, ...]) -> None:
    of_this_package = {name for name in imported_in(folder) if "lookalike" in name}
    assert of_this_package
    assert {name for name in of_this_package if not name.startswith(allowed)} == set()


def test_an_architecture_imports_nothing_of_this_package_but_what_all_may_share() -> None:
    """So that what its training depends on can be told from the names of the files, without running it."""
    common = ("attention", "base", "initialisation", "layers")
    shared = {f"models/{name}.py" for name in (*common, "macs", "zoo")}
    assert {f"src/lookalike/{file}" for file in shared} < {*definition("train")["deps"]}
    architectures = {f"models/{name}.py" for name in MODELS}
    others = {"models/__init__.py", "models/registry.py"}
    assert {file for file in FILES if file.startswith("models/")} == architectures | shared | others
    for file in architectures | shared:
        allowed = (*common, *(["zoo"] if file.startswith("models/zoo_") else []))
        beginnings = tuple(f"lookalike.models.{name}." for name in allowed)
        assert all(name.startswith(beginnings) for name, _ in IMPORTS[file] if name.startswith("lookalike")), file


def test_claims_need_numbers_alone() -> None:
    others = {name.split(".")[0] for name in imported_in("claims/")} - {"lookalike"}
    assert others - sys.stdlib_module_names == {"numpy"}


def test_only_parameters_the_lock_and_settings_of_jobs_are_read_from_yaml() -> None:
    assert importers("ruamel") == {"artifacts/dvc_lock.py", "params/document.py"}
    assert importers("yaml") == {"provenance.py", "scheduling/settings.py"}


def test_tracking_alone_imports_mlflow_and_only_when_it_is_used() -> None:
    users = importers("mlflow")
    assert users
    assert all(name.startswith("tracking/") for name in users)
    early = {file for file, found in IMPORTS.items() if any(f"{m}.".startswith("mlflow.") and now for m, now in found)}
    assert early == set()


def test_few_modules_know_the_environment() -> None:
    """Reading it is left to the scripts, to what passes it on, and to whoever describes a machine; three libraries get
    defaults."""
    readers, setters = set(), set()
    for name, tree in FILES.items():
        environ = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "environ"]
        calls = [ast.unparse(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)]
        defaults = [call for call in calls if call.startswith("os.environ.setdefault(")]
        setters |= {name} if defaults else set()
        readers |= {name} if len(environ) > len(defaults) or "getenv" in ast.unparse(tree) else set()
    known = {"__main__.py", "command.py", "forking.py", "provenance.py", "runtime.py", "scheduling/attempt.py"}
    known |= {"tracking/__main__.py"}
    assert readers <= known
    assert setters <= {"cli/app.py", "runtime.py", "tracking/store.py"}
