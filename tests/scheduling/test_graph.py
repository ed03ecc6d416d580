"""The stages that a run needs, as DVC knows them."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scheduling.conftest import DIAMOND, DVC, call

from lookalike.errors import InputError
from lookalike.scheduling.graph import Stage, describe_stage, read_stages, to_run
from lookalike.scheduling.times import describe_stale

Make = Callable[[dict[str, dict[str, object]]], Path]


def names(stages: list[Stage]) -> list[str]:
    return [stage.name for stage in stages]


def test_each_stage_comes_after_those_that_it_needs(project: Make) -> None:
    project(DIAMOND)
    stages = read_stages()
    assert {stage.name: stage.needs for stage in stages} == {
        "top": (),
        "left": ("top",),
        "right": ("top",),
        "bottom": ("left", "right"),
    }
    assert names(stages)[0] == "top"
    assert names(stages)[-1] == "bottom"
    assert all(stage.stale for stage in stages)


@pytest.mark.parametrize(
    ("target", "read"),
    [("left", ["top", "left"]), ("left.txt", ["top", "left"]), ("each", ["each@a", "each@b"])],
)
def test_a_target_is_a_stage_an_output_or_a_group(project: Make, target: str, read: list[str]) -> None:
    project(
        DIAMOND
        | {"each": {"foreach": ["a", "b"], "do": {"cmd": "echo ${item} > ${item}.txt", "outs": ["${item}.txt"]}}}
    )
    assert names(read_stages([target])) == read


def test_an_unknown_target_is_refused(project: Make) -> None:
    project(DIAMOND)
    with pytest.raises(InputError, match="'nothing'"):
        read_stages(["nothing"])


def test_a_pipeline_that_dvc_refuses_is_refused_in_one_line(project: Make) -> None:
    project({"top": {"cmd": "echo ${nothing} > top.txt"}})
    with pytest.raises(InputError, match="nothing") as refused:
        read_stages()
    assert "\n" not in str(refused.value)


def test_outside_of_a_project_it_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="not inside of a DVC repository"):
        read_stages()


def test_an_edit_makes_a_stage_stale_and_those_behind_it_run_too(project: Make) -> None:
    folder = project(DIAMOND)
    call(folder, *DVC, "repro", "-q")
    assert to_run(read_stages()) == []
    assert describe_stale() == ["Everything is up to date."]
    (folder / "dvc.yaml").write_text((folder / "dvc.yaml").read_text().replace("echo left", "echo LEFT"))
    assert names(to_run(read_stages())) == ["left", "bottom"]
    assert describe_stale() == ["left: is stale", "bottom: comes after a stale stage"]


def dvc_stage(**meta: Any) -> Any:
    return SimpleNamespace(addressing="top", meta=meta, outs=[], changed=lambda: True)


def test_resources_come_from_meta() -> None:
    stage = describe_stage(dvc_stage(gpu=1, memory=2.5, note="of ours"), iter(()))
    assert stage.resources == {"gpu": 1, "memory": 2.5}


@pytest.mark.parametrize("amount", [0, -1, "1", True, float("inf"), float("nan"), None, [1]])
def test_resources_are_positive_numbers(amount: object) -> None:
    with pytest.raises(InputError, match=r"stage top: meta\.gpu must be a positive number"):
        describe_stage(dvc_stage(gpu=amount), iter(()))
