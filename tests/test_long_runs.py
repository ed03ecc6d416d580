"""The training runs that take days: their order, what is finished, and how far they are."""

from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from checkout import Checkout, copy_of
from descriptions import described

from lookalike import long_runs
from lookalike.artifacts.folders import write_json
from lookalike.artifacts.models import Epoch, SeedRecord, save_history, save_model
from lookalike.errors import InputError
from lookalike.long_runs import Progress, duration, is_finished, progress, select_profile, sorted_by_budget, train_all
from lookalike.params import load_params, parse_params
from lookalike.training.settings import effective_settings

NAME = "fashion-cnn"
FOLDER = f"{NAME}-0123456789abcdef"


@pytest.fixture
def project(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the real parameters and nothing else."""
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_bytes((root / "params.yaml").read_bytes())
    return tmp_path


def finish(name: str, seeds: int, digest: str | None = None) -> None:
    """What a finished variant leaves that is asked for here."""
    params = load_params()
    model, run = (Path(kind) / params.variants[name].study / name for kind in ("models", "runs"))
    save_model(model, described(seeds=tuple(SeedRecord(seed, 1, None) for seed in range(seeds))), {}, [])
    write_json(run / "run.json", {"settings": digest or effective_settings(params, name).digest})


def write_epochs(seed: int, epochs: int) -> None:
    Path("checkpoints", FOLDER).mkdir(parents=True, exist_ok=True)
    rows = [Epoch(seed, epoch, 0.1, 1.0, 0.5, 1.0, 0.5) for epoch in range(epochs)]
    save_history(Path("checkpoints", FOLDER, f"seed-{seed}.csv"), rows)


def test_another_profile_changes_one_word_of_the_file(project: Path, root: Path) -> None:
    select_profile("cpu")
    before, after = (root / "params.yaml").read_text().splitlines(), Path("params.yaml").read_text().splitlines()
    assert [(a, b) for a, b in zip(before, after, strict=True) if a != b] == [
        ("profile: demo  # one of the profiles below", "profile: cpu  # one of the profiles below")
    ]


@pytest.mark.parametrize(
    ("profile", "names", "said"),
    [("cpus", [], "profiles: no 'cpus'; allowed: demo, paper, cpu"), ("cpu", ["vgg"], "variants: no 'vgg'; allowed: ")],
)
def test_what_is_not_there_is_named(project: Path, profile: str, names: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        train_all(profile, names)


def test_the_order_is_that_of_the_budgets(raw_params: dict[str, Any]) -> None:
    names = sorted_by_budget(parse_params(raw_params | {"profile": "cpu"}))
    wanted = ["fashion-cnn", "fashion-vit", "cnn-plain", "vgg11-plain", "vgg11-bn", "four-layer-relu", "lenet5"]
    wanted += ["fashion-cnn-1pct", "vgg11-bn-lr2", "alexnet", "residual-20", "fashion-transfg", "zoo-resnet"]
    assert sorted(wanted, key=names.index) == wanted
    assert set(names) == set(raw_params["variants"])


def test_a_variant_is_finished_with_all_seeds_of_its_settings(project: Path) -> None:
    params = load_params()
    assert not is_finished(params, NAME)
    finish(NAME, seeds=1)
    assert not is_finished(params, NAME), "the demonstration has two seeds"
    finish(NAME, seeds=2, digest="of other settings")
    assert not is_finished(params, NAME)
    finish(NAME, seeds=3)
    assert is_finished(params, NAME)


def test_progress_is_that_of_the_last_seed(project: Path) -> None:
    assert progress(NAME) is None
    write_epochs(0, 3)
    assert progress(NAME) == Progress(0, 3)
    write_epochs(1, 1)
    assert progress(NAME) == Progress(1, 1)
    assert progress("fashion") is None, "a name that another one begins with"


class Process:
    """A process that has trained two epochs more each time that it is asked whether it lives."""

    pid = 2**22 + 1  # none that the system gives

    def __init__(self, *_: object, **__: object) -> None:
        self.returncode: int | None = None
        self.epochs = 0

    def poll(self) -> int | None:
        self.epochs += 2
        if self.epochs > 4:
            self.returncode = 0
            finish(NAME, seeds=2)
        else:
            write_epochs(*divmod(self.epochs, 3))
        return self.returncode

    def wait(self) -> int | None:
        return self.returncode


def test_a_line_says_how_far_a_variant_is(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter(range(0, 10_000, 60))
    monkeypatch.setattr(long_runs.subprocess, "Popen", Process)
    monkeypatch.setattr(long_runs.time, "sleep", lambda _: None)
    monkeypatch.setattr(long_runs.time, "monotonic", lambda: next(clock))
    assert train_all("demo", [NAME])
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == f"{NAME}: seed 1 of 2, 2 of 3 epochs, 2 min left"
    assert lines[1].startswith(f"{NAME}: seed 2 of 2, 1 of 3 epochs, ")
    assert lines[-1].startswith(f"{NAME}: finished in ")
    assert train_all("demo", [NAME])
    assert capsys.readouterr().out == f"{NAME}: finished\n"


def test_a_variant_that_fails_is_said_and_the_next_one_follows(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [long_runs.sys.executable, "-c", "print('out of memory'); raise SystemExit(3)"]
    popen = long_runs.subprocess.Popen
    monkeypatch.setattr(long_runs, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(long_runs.subprocess, "Popen", lambda _, **options: popen(command, **options))
    assert not train_all("demo", [NAME, "fashion-vit"])
    said = capsys.readouterr().out
    assert f"{NAME}: FAILED, see checkpoints/{NAME}.log" in said
    assert "fashion-vit: FAILED" in said
    assert Path("checkpoints", f"{NAME}.log").read_text() == "out of memory\n"


def test_a_run_that_is_stopped_leaves_no_process_behind(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DVC starts the training process through a shell, and neither passes a signal on."""
    note = project / "process"
    command = ["sh", "-c", f"sh -c 'echo $$ > {note}; exec sleep 60' & wait"]
    popen = long_runs.subprocess.Popen
    monkeypatch.setattr(long_runs.subprocess, "Popen", lambda _, **options: popen(command, **options))

    def stop(_: float) -> None:
        if note.exists() and note.read_text().strip():
            raise KeyboardInterrupt

    monkeypatch.setattr(long_runs.time, "sleep", stop)
    with pytest.raises(KeyboardInterrupt):
        train_all("demo", [NAME])
    inner = psutil.Process(int(note.read_text())) if psutil.pid_exists(int(note.read_text())) else None
    assert inner is None or inner.wait(5) is None


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 s"), (99, "99 s"), (100, "2 min"), (3600, "60 min"), (12_345, "3.4 h")]
)
def test_durations(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.pipeline
def test_a_comment_trains_nothing_and_a_setting_trains_its_variant(ran: Checkout, tmp_path: Path) -> None:
    checkout = copy_of(ran, tmp_path / "lookalike")
    command = ("lookalike", "train", "--profile", "demo", NAME)
    source = checkout.folder / "src/lookalike/training/loop.py"
    source.write_text(source.read_text() + "# A comment.\n")
    assert checkout.run(*command).strip() == f"{NAME}: finished"
    checkout.edit({f"variants.{NAME}.train.lr": 3e-3})
    assert f"{NAME}: finished in " in checkout.run(*command)
    history = (checkout.folder / "models/fashion" / NAME / "history.csv").read_text()
    assert ",0.003," in history
    assert yaml.safe_load((checkout.folder / "params.yaml").read_text())["profile"] == "demo"
