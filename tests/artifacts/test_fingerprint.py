"""A fingerprint and digests change if and only if something that decides a result changes."""

import re
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from lookalike import params, provenance, runtime
from lookalike.artifacts import fingerprint as module
from lookalike.artifacts.fingerprint import (
    SHARED,
    code_for,
    fingerprint,
    folder_digest,
    input_digests,
    is_neutral,
    loaded_sources,
)


def test_the_same_settings_have_the_same_name() -> None:
    name = fingerprint(lr=0.1, budget={"seeds": 1, "max": None})
    assert name == fingerprint(budget={"max": None, "seeds": 1}, lr=0.1)
    assert len(name) == 16
    assert int(name, 16) >= 0


@pytest.mark.parametrize("other", [{"lr": 0.2}, {"lr": "0.1"}, {"lr": 0.1, "seeds": None}, {"rate": 0.1}])
def test_other_settings_have_another_name(other: dict[str, object]) -> None:
    assert fingerprint(**other) != fingerprint(lr=0.1)


@pytest.mark.parametrize("library", ["torch", "torchvision", "timm"])
def test_another_version_of_a_library_has_another_name(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint(lr=0.1)
    monkeypatch.setattr(module, "version", lambda name: "9.9" if name == library else version(name))
    assert fingerprint(lr=0.1) != before


def test_a_package_is_neutral_with_all_that_is_in_it_and_nothing_that_only_begins_alike() -> None:
    assert is_neutral("lookalike.params")
    assert is_neutral("lookalike.params.training")
    assert not is_neutral("lookalike.params_of_old")
    assert not is_neutral("lookalike.training.settings"), "the caps of a budget decide results"


def test_modules_that_decide_results_count_and_no_others() -> None:
    sources = loaded_sources()
    assert Path(str(runtime.__file__)) in sources
    assert not {Path(str(module.__file__)) for module in (params, provenance)} & set(sources)
    assert len(sources) == len(set(sources))


def test_another_line_of_code_has_another_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    module = ModuleType("lookalike.models.new")
    module.__file__ = str(tmp_path / "new.py")
    names = {fingerprint()}
    monkeypatch.setitem(sys.modules, module.__name__, module)
    for code in ("a = 1", "a = 2"):
        (tmp_path / "new.py").write_text(code)
        names.add(fingerprint())
    assert len(names) == 3


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """A folder with a stage's script and two folders that it reads, `model` and `data`."""
    (tmp_path / "stage.py").write_text("a = 1")
    for name in ("model", "data"):
        (tmp_path / name / "deep").mkdir(parents=True)
        (tmp_path / name / "deep" / "file.bin").write_bytes(b"one")
    return tmp_path


def digests(
    inputs: Path,
    architecture: str | None = "fashion_cnn",
    names: tuple[str, ...] = ("model", "data"),
    **settings: object,
) -> dict[str, str]:
    """Of the folders of these names; their digests are under the same names."""
    chosen = settings or {"views": True, "seeds": [0, 1]}
    return input_digests(inputs / "stage.py", architecture, {name: inputs / name for name in names}, **chosen)


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    """The names whose digests differ."""
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def test_the_same_inputs_have_the_same_digests(inputs: Path) -> None:
    before = digests(inputs)
    assert before.keys() == {"code", "libraries", "settings", "model", "data"}
    assert {len(digest) for digest in before.values()} == {64}
    assert digests(inputs) == before
    assert digests(inputs, seeds=[0, 1], views=True) == before, "the order of settings does not count"


def test_the_script_is_part_of_the_code(inputs: Path) -> None:
    before = digests(inputs)
    (inputs / "stage.py").write_text("a = 2")
    assert changed(before, digests(inputs)) == {"code"}


def test_every_file_of_a_folder_counts(inputs: Path) -> None:
    before = digests(inputs)
    file = inputs / "model" / "deep" / "file.bin"
    file.write_bytes(b"two")
    assert changed(before, digests(inputs)) == {"model"}
    file.write_bytes(b"one")
    assert digests(inputs) == before
    (inputs / "data" / "more").touch()
    assert changed(before, digests(inputs)) == {"data"}
    (inputs / "data" / "more").unlink()
    file.rename(file.with_name("other.bin"))
    assert changed(before, digests(inputs)) == {"model"}


@pytest.mark.parametrize(
    "settings",
    [
        {"views": False, "seeds": [0, 1]},
        {"views": True, "seeds": [1, 0]},
        {"views": True, "seeds": "[0, 1]"},
        {"views": True, "other": [0, 1]},
        {"views": True, "seeds": [0, 1], "more": None},
        {"views": True},
    ],
)
def test_every_setting_and_its_name_count(inputs: Path, settings: dict[str, Any]) -> None:
    assert changed(digests(inputs), digests(inputs, **settings)) == {"settings"}


def test_the_name_of_a_folder_counts(inputs: Path) -> None:
    before = digests(inputs)
    (inputs / "data").rename(inputs / "photos")
    assert changed(before, digests(inputs, names=("model", "photos"))) == {"data", "photos"}
    assert changed(before, digests(inputs, names=("model",))) == {"data"}


@pytest.mark.parametrize("library", ["torch", "numpy", "scipy", "scikit-learn"])
def test_the_version_of_a_library_counts(inputs: Path, library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = digests(inputs)
    monkeypatch.setattr(module, "version", lambda name: "9.9" if name == library else version(name))
    assert changed(before, digests(inputs)) == {"libraries"}


def test_the_architecture_counts_and_others_do_not(inputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("lenet1", "vit"):
        monkeypatch.delitem(sys.modules, f"lookalike.models.{name}", raising=False)
    before = digests(inputs)
    for name in ("lenet1", "vit"):
        import_module(f"lookalike.models.{name}")
    assert digests(inputs) == before, "whether another architecture is imported does not count"
    assert changed(before, digests(inputs, "vit")) == {"code"}


def test_the_code_of_an_architecture_is_that_and_what_architectures_share() -> None:
    import_module("lookalike.models.lenet1")
    sources = code_for("fashion_cnn")
    package = Path(str(import_module("lookalike.models").__file__)).parent
    assert {path.stem for path in sources if path.parent == package} == {"fashion_cnn", *SHARED}
    assert Path(str(runtime.__file__)) in sources
    assert len(sources) == len(set(sources))


def test_a_stage_that_runs_no_model_depends_on_no_architecture(inputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("lenet1", "vit"):
        monkeypatch.delitem(sys.modules, f"lookalike.models.{name}", raising=False)
    before = digests(inputs, None)
    assert changed(before, digests(inputs)) == {"code"}
    import_module("lookalike.models.lenet1")
    assert digests(inputs, None) == before
    package = Path(str(import_module("lookalike.models").__file__)).parent
    assert not {path for path in code_for(None) if path.parent == package}
    assert {*code_for(None)} < {*code_for("fashion_cnn")}
    (inputs / "stage.py").write_text("a = 2")
    assert changed(before, digests(inputs, None)) == {"code"}


def test_what_architectures_import_of_their_package_is_shared(root: Path) -> None:
    package = root / "src" / "lookalike" / "models"
    imported = {
        name
        for source in package.glob("*.py")
        for name in re.findall(r"^from lookalike\.models\.(\w+) import", source.read_text(encoding="utf-8"), re.M)
    }
    assert imported
    assert imported <= {*SHARED}


def test_other_modules_of_the_package_count(inputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = digests(inputs)
    new = ModuleType("lookalike.evaluation.new")
    new.__file__ = str(inputs / "new.py")
    (inputs / "new.py").write_text("a = 1")
    monkeypatch.setitem(sys.modules, new.__name__, new)
    assert changed(before, digests(inputs)) == {"code"}


def test_a_digest_of_nothing_is_empty(tmp_path: Path) -> None:
    assert folder_digest(tmp_path / "nowhere") == ""
    (tmp_path / "empty").mkdir()
    assert folder_digest(tmp_path / "empty") == ""


def test_a_digest_of_a_file_is_of_its_content(tmp_path: Path) -> None:
    for name, content in {"a": b"one", "b": b"one", "c": b"two", "d": b""}.items():
        (tmp_path / name).write_bytes(content)
    first, second, third, empty = (folder_digest(tmp_path / name) for name in "abcd")
    assert first == second
    assert len({first, third, empty, ""}) == 4


def test_a_single_file_counts_by_its_content(inputs: Path) -> None:
    def of_file() -> dict[str, str]:
        return input_digests(inputs / "stage.py", None, {"features": inputs / "features.npy"})

    missing = of_file()
    assert missing["features"] == ""
    for content in (b"one", b"two"):
        (inputs / "features.npy").write_bytes(content)
        assert changed(missing, of_file()) == {"features"}
    assert of_file()["features"] == folder_digest(inputs / "features.npy")
