"""What the options of `lookalike run` ask for."""

from collections.abc import Callable
from pathlib import Path

import pytest
from scheduling.conftest import DIAMOND, Stage

from lookalike.cli import run as cli
from lookalike.errors import InputError

Make = Callable[[dict[str, Stage]], Path]


@pytest.fixture(autouse=True)
def no_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    """The small projects have no params.yaml of this project."""
    monkeypatch.setattr(cli, "load_params", lambda: None)


@pytest.mark.parametrize(
    ("jobs", "scheduler", "slurm", "said"),
    [
        (2, "tcp://head:8786", None, "--jobs and --scheduler exclude each other"),
        (2, None, Path("slurm.yaml"), "--jobs and --slurm exclude each other"),
        (None, "tcp://head:8786", Path("slurm.yaml"), "--scheduler and --slurm exclude each other"),
    ],
)
def test_there_is_one_place_to_run(jobs: int | None, scheduler: str | None, slurm: Path | None, said: str) -> None:
    with pytest.raises(InputError, match=said):
        cli.run_request((), jobs, scheduler, slurm, dry=False)


def test_dry_lists_and_runs_nothing(project: Make, capsys: pytest.CaptureFixture[str]) -> None:
    folder = project(DIAMOND)
    assert cli.run_request(("left",), None, None, None, dry=True)
    assert capsys.readouterr().out == "top: is stale\nleft: is stale\n"
    assert not [*folder.glob("*.txt")]


def test_without_options_stages_run_on_this_machine(project: Make) -> None:
    folder = project(DIAMOND)
    assert cli.run_request((), None, None, None, dry=False)
    assert (folder / "bottom.txt").exists()


def test_a_file_for_slurm_is_read_first(project: Make) -> None:
    project(DIAMOND)
    with pytest.raises(InputError, match=r"slurm\.yaml: cannot be read"):
        cli.run_request((), None, None, Path("slurm.yaml"), dry=False)
