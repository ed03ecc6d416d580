"""The fingerprint of a training run: another if anything that decides its result is another, else the same."""

import sys
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pytest

from lookalike import params, provenance, runtime
from lookalike.artifacts import fingerprint as module
from lookalike.artifacts.fingerprint import fingerprint, is_neutral, loaded_sources


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
