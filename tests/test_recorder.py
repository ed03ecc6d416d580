"""Progress on disk while a run goes on, a follower for long runs only, and what is recorded at the end."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import effective

from lookalike.artifacts.folders import read_json
from lookalike.artifacts.models import Epoch, Timing, read_rows
from lookalike.params import Variant
from lookalike.recorder import LONG_SECONDS, Recorder
from lookalike.training.loop import Outcome
from lookalike.training.settings import EffectiveSettings


def outcome(epochs: int, seconds: float, seed: int = 0) -> Outcome:
    rows = [Epoch(seed, epoch, 0.1, 1.0, 0.5, 1.0, 0.5) for epoch in range(epochs)]
    return Outcome(rows, [Timing(seed, epoch, seconds, 1.0) for epoch in range(epochs)])


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands of the processes that would have been started (git's aside)."""
    commands: list[list[str]] = []
    monkeypatch.setattr(subprocess, "Popen", lambda command, **_: commands.append(command) or "process")
    return commands


@pytest.fixture
def settings(make_variant: Callable[..., Variant]) -> EffectiveSettings:
    return effective(make_variant(epochs=10))


@pytest.fixture
def recorder(tmp_path: Path, settings: EffectiveSettings) -> Recorder:
    return Recorder("fashion-cnn", settings, "0123", tmp_path / "checkpoints")


def test_the_history_of_each_seed_grows(recorder: Recorder, started: list[list[str]]) -> None:
    for seed, epochs in [(0, 1), (0, 2), (1, 1)]:
        recorder.after_epoch(outcome(epochs, 0.1, seed))
    assert [len(read_rows(recorder.folder / f"seed-{seed}.csv")) for seed in (0, 1)] == [2, 1]
    assert started == []


@pytest.mark.parametrize(("factor", "follows"), [(0.99, 0), (1.01, 1)])
def test_only_a_long_training_is_followed_and_once(
    recorder: Recorder, started: list[list[str]], factor: float, follows: int
) -> None:
    for epochs in (1, 2, 3):
        recorder.after_epoch(outcome(epochs, LONG_SECONDS / 10 * factor))
    assert [command[1:] for command in started] == [
        ["-m", "lookalike.tracking", "follow", str(recorder.folder)]
    ] * follows
    if follows:
        assert read_json(recorder.folder / "run.json")["fingerprint"] == "0123"


def test_what_is_recorded_at_the_end(
    recorder: Recorder, settings: EffectiveSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOKALIKE_HOST", "elsewhere")
    about = Recorder("fashion-cnn", settings, "0123", recorder.folder).finish({"device": "cpu"}, None)
    assert about["host"] == "elsewhere"
    assert about["device"] == {"device": "cpu"}
    assert about["peak_memory_bytes"] is None
    assert about["started"] <= about["finished"]
    assert {"study", "variant", "fingerprint", "commit", "dirty"} <= set(about)
    assert about["settings"] == settings.digest
    assert set(about["libraries"]) == {"torch", "torchvision", "timm"}
