"""`lookalike doctor`: what each check finds on made-up projects and machines, and how the command ends."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from lookalike.artifacts.datasets import Dataset, save_dataset
from lookalike.cli import doctor
from lookalike.cli.app import main
from lookalike.cli.doctor import Finding, guarded
from lookalike.params import DataProfile, load_params

PRINT = "0123456789abcdef"  # a fingerprint


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raw_params: dict[str, Any]) -> Path:
    """A root with the real parameters, the profile `demo` and nothing else; it is the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LOOKALIKE_MIRROR", raising=False)
    text = yaml.safe_dump(raw_params | {"profile": "demo"}, sort_keys=False)
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture(autouse=True)
def same_handler() -> Iterator[None]:
    handler = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, handler)


def states(findings: Iterator[Finding]) -> list[str]:
    return [finding.state for finding in findings]


def only(findings: Iterator[Finding]) -> Finding:
    (finding,) = findings
    return finding


def git(*arguments: str) -> None:
    identity = ("-c", "user.name=n", "-c", "user.email=e", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


# Versions, git and device.


@pytest.fixture
def distribution(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Finding]]:
    """What is found of a made-up distribution: `distribution("numpy>=1", python=">=3.11")`."""

    def check(*required: str, python: str = ">=3.8") -> list[Finding]:
        monkeypatch.setattr(doctor, "metadata", lambda name: {"Requires-Python": python})
        monkeypatch.setattr(doctor, "requires", lambda name: list(required))
        return list(doctor.check_packages())

    return check


def test_what_is_installed_here_is_what_is_required() -> None:
    assert states(doctor.check_packages()) == ["ok", "ok"]


def test_a_package_that_is_missing_or_of_another_version_is_a_fault(distribution: Callable[..., list[Finding]]) -> None:
    python, *faults = distribution("numpy>=1", "numpy<1", "not-there==3", "pytest>1; python_version < '3'")
    assert python.state == "ok"
    assert [fault.state for fault in faults] == ["FAULT", "FAULT"]
    assert faults[0].found == f"numpy<1 is required, {np.__version__} is installed"
    assert faults[1].found == "not-there is not installed"
    assert all("make -B setup" in fault.advice for fault in faults)


def test_packages_of_extras_are_not_required(distribution: Callable[..., list[Finding]]) -> None:
    _, packages = distribution("numpy", 'not-there; extra == "dev"', 'nor-this>=2; extra == "heic"')
    assert (packages.state, packages.found) == ("ok", "all 1 that are required are installed")


def test_a_local_build_is_the_version_that_it_is_a_build_of(
    distribution: Callable[..., list[Finding]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "version", lambda name: "2.15.0+cpu")
    assert [finding.state for finding in distribution("torch==2.15.0")] == ["ok", "ok"]


def test_a_python_that_is_too_old_is_a_fault(distribution: Callable[..., list[Finding]]) -> None:
    python, _ = distribution(python=">=4")
    assert python.state == "FAULT"
    assert python.found.endswith("but >=4 is required")


def test_a_package_that_is_not_installed_itself_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "DISTRIBUTION", "not-there")
    assert str(only(doctor.check_packages())).startswith("FAULT  packages  not-there itself is not installed; `make")


@pytest.fixture
def committed(project: Path) -> Path:
    """A checkout with one commit; it is the current folder."""
    git("init")
    git("add", ".")
    git("commit", "-m", "first")
    return project


def test_the_commit_is_reported(committed: Path) -> None:
    found = only(doctor.check_git())
    assert (found.state, len(found.found)) == ("ok", len("commit 0123456789"))
    (committed / "params.yaml").write_text("profile: demo")
    assert only(doctor.check_git()).found.endswith(" with changes")


def test_a_download_without_git_is_a_fault(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.parent))
    found = only(iter(guarded("git", doctor.check_git)))
    assert found.state == "FAULT"
    assert f"{project} is no git repository" in found.found
    assert "`git init && git add . && git commit -m Start`" in found.found


def test_a_download_within_another_checkout_is_reported(committed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (committed / "download").mkdir()
    monkeypatch.chdir(committed / "download")
    found = only(doctor.check_git())
    assert (found.state, found.subject) == ("note", "git")
    assert found.found.startswith(f"no commit of {committed} holds this project")


def test_a_shallow_clone_is_reported(committed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git("commit", "--allow-empty", "-m", "second")
    git("clone", f"file://{committed}", "whole")
    git("clone", "--depth", "1", f"file://{committed}", "shallow")
    monkeypatch.chdir(committed / "whole")
    assert states(doctor.check_git()) == ["ok"]
    monkeypatch.chdir(committed / "shallow")
    commit, shallow = doctor.check_git()
    assert (commit.state, shallow.state) == ("ok", "note")
    assert "`dvc exp run --temp`" in shallow.found
    assert "`git fetch --unshallow`" in shallow.advice


def test_torch_and_torchvision_of_other_versions_are_a_fault(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "torchvision.py").write_text("raise RuntimeError('operator torchvision::nms does not exist')")
    monkeypatch.syspath_prepend(str(project))
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        monkeypatch.delitem(sys.modules, name)
    found = only(doctor.check_device())
    assert found.state == "FAULT"
    assert "do not load together (operator torchvision::nms does not exist)" in found.found


def test_without_cuda_cores_and_threads_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    pair, device = doctor.check_device()
    assert pair.state == "ok"
    assert torch.__version__ in pair.found
    assert f"cores, {torch.get_num_threads()} threads; no CUDA device" in device.found


@pytest.mark.parametrize(("has", "state", "said"), [(True, "ok", "; bfloat16"), (False, "note", "; no bfloat16")])
def test_a_processor_without_bfloat16_is_said(
    has: bool, state: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: has)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    _, device = doctor.check_device()
    assert device.state == state
    assert device.found.endswith(f"no CUDA device{said} instructions")


def test_with_cuda_its_name_and_memory_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = SimpleNamespace(total_memory=80 * 2**30)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "Abacus")
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: memory)
    assert list(doctor.check_device())[1].found == "CUDA: Abacus, 80.0 GiB"


# Parameters and data.


def test_the_profile_is_reported() -> None:
    assert only(doctor.check_params()) == Finding("ok", "params", "params.yaml is valid; its profile is demo")


def test_parameters_that_are_not_valid_are_a_fault(project: Path) -> None:
    (project / "params.yaml").write_text("profile: demo\nnonsense: 1\n")
    (found,) = guarded("params", doctor.check_params)
    assert found.state == "FAULT"
    assert found.found.startswith("params.yaml: ")


@pytest.fixture
def stored(dataset: Dataset) -> Callable[[str], None]:
    """Save a data set of 96 and 20 images that is said to be of some source."""

    def save(source: str) -> None:
        save_dataset(Path("data/fashion_mnist"), replace(dataset, provenance={"source": source}))

    return save


EMBEDDED = DataProfile(source="embedded", train_images=100, test_images=100)


def test_data_of_the_active_profile_are_counted(stored: Callable[[str], None]) -> None:
    stored("embedded")
    found = only(doctor.check_dataset("fashion_mnist", EMBEDDED))
    assert found == Finding("ok", "data", "data/fashion_mnist: 96 training and 20 test images, embedded")


@pytest.mark.parametrize(
    ("source", "profile", "wanted"),
    [
        ("official", EMBEDDED, "embedded, at most 100 and 100"),
        ("embedded", DataProfile(source="official"), "official"),
        ("embedded", DataProfile(source="embedded", train_images=100, test_images=100), None),
        ("official", DataProfile(source="official", train_images=100), None),
    ],
)
def test_data_of_another_source_are_noted(
    stored: Callable[[str], None], source: str, profile: DataProfile, wanted: str | None
) -> None:
    stored(source)
    found = only(doctor.check_dataset("fashion_mnist", profile))
    assert found.state == ("note" if wanted else "ok")
    assert found.advice == (f"the active profile wants {wanted}: `dvc repro` replaces them" if wanted else "")


def test_more_images_than_the_active_profile_takes_are_noted(dataset: Dataset) -> None:
    many = np.concatenate([dataset.test_images] * 6)
    save_dataset(Path("data/fashion_mnist"), replace(dataset, test_images=many, provenance={"source": "embedded"}))
    assert only(doctor.check_dataset("fashion_mnist", EMBEDDED)).state == "note"


def test_data_that_are_not_there_are_noted() -> None:
    found = only(doctor.check_dataset("mnist", EMBEDDED))
    assert found == Finding("note", "data", "data/mnist is not there", "`dvc repro` makes it")


@pytest.mark.parametrize("damage", ["dataset.json", "train_images.npy", "test_images.npy"])
@pytest.mark.parametrize("content", [None, b"", b"[]"])
def test_damaged_data_are_a_fault(stored: Callable[[str], None], damage: str, content: bytes | None) -> None:
    stored("embedded")
    path = Path("data/fashion_mnist") / damage
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    found = only(doctor.check_dataset("fashion_mnist", EMBEDDED))
    assert (found.state, found.advice) == ("FAULT", "`dvc repro` makes it anew")


# Mirror and disk.


def test_without_a_mirror_all_is_well() -> None:
    assert only(doctor.check_mirror(None)).state == "ok"
    assert only(doctor.check_mirror("")).state == "ok"


def test_the_content_of_a_mirror_is_reported(project: Path) -> None:
    mirror = project / "mirror"
    assert str(only(doctor.check_mirror(str(mirror)))) == (
        f"note   mirror    LOOKALIKE_MIRROR: {mirror} is no folder; name one, or unset it"
    )
    mirror.mkdir()
    assert only(doctor.check_mirror(str(mirror))).state == "note"
    for name in ("photos", "mnist", "other"):
        (mirror / name).mkdir()
    assert only(doctor.check_mirror(str(mirror))) == Finding(
        "ok", "mirror", f"LOOKALIKE_MIRROR: {mirror} has mnist, photos"
    )


def test_an_address_is_shown_without_its_password_and_not_asked() -> None:
    found = only(doctor.check_mirror("https://user:secret@example.invalid:81/sets"))
    assert (found.state, found.found) == (
        "ok",
        "LOOKALIKE_MIRROR is https://example.invalid:81/sets (it was not asked)",
    )


@pytest.mark.parametrize(("free", "state"), [(0.9e9, "FAULT"), (1e9, "note"), (4.9e9, "note"), (5e9, "ok")])
def test_a_full_disk_is_a_fault(project: Path, monkeypatch: pytest.MonkeyPatch, free: float, state: str) -> None:
    (project / ".dvc/cache/files").mkdir(parents=True)
    (project / ".dvc/cache/files/a").write_bytes(b"x" * 2500)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    found = only(doctor.check_disk())
    assert found.state == state
    assert found.found.endswith("free; .dvc/cache takes 2.5 kB")
    assert bool(found.advice) == (state != "ok")


# Locks and training runs.


def note_processes(*processes: int) -> None:
    """Write down in DVC's way that processes are at work on some path."""
    Path(".dvc/tmp").mkdir(parents=True, exist_ok=True)
    readers = [{"pid": process, "cmd": "dvc repro"} for process in processes]
    Path(".dvc/tmp/rwlock").write_text(json.dumps({"write": {}, "read": {"/models": readers}}))


def test_without_locks_nobody_is_at_work() -> None:
    assert only(doctor.check_locks()) == Finding("ok", "locks", "nobody is at work here")


@pytest.mark.parametrize("path", [".dvc/tmp/lock", "mlflow.db.lock"])
def test_a_lock_that_is_held_is_distinguished_from_a_file_that_was_left(path: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(" 123\n")
    assert only(doctor.check_locks()).state == "ok"
    with Path(path).open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # as both DVC and MLflow's guard do
        assert str(only(doctor.check_locks())) == (
            f"note   locks     {path} is held by a process at work; wait until it has ended"
        )
    assert only(doctor.check_locks()).state == "ok"
    assert Path(path).read_text() == " 123\n"


def test_looking_at_a_lock_leaves_it_to_others() -> None:
    Path("lock").touch()
    assert not doctor.is_held(Path("lock"))
    with Path("lock").open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_running_processes_are_distinguished_from_ended_ones() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    note_processes(os.getpid(), ended.pid)
    living, dead = doctor.check_locks()
    assert (living.state, dead.state) == ("note", "note")
    assert living.found == f"process {os.getpid()} (dvc repro) is at work here"
    assert dead.found == f"process {ended.pid} (dvc repro) was killed and is still listed in .dvc/tmp/rwlock"


def test_a_damaged_note_of_processes_is_a_fault() -> None:
    note_processes()
    Path(".dvc/tmp/rwlock").write_text("{")
    (found,) = guarded("locks", doctor.check_locks)
    assert found == Finding("FAULT", "locks", ".dvc/tmp/rwlock: damaged; remove it if no dvc is running")


def test_training_runs_that_were_begun_are_recognised_by_what_they_left() -> None:
    for name in (f"fashion-vit-{PRINT}/seed-0.pt", f"fashion-vit-{PRINT}/seed-1.pt", f"old-{PRINT}/seed-0.pt"):
        (Path("checkpoints") / name).parent.mkdir(parents=True, exist_ok=True)
        (Path("checkpoints") / name).touch()
    begun, old = doctor.check_training_runs(load_params())
    assert begun.found == f"fashion-vit is begun and not finished (seed-0, seed-1 in checkpoints/fashion-vit-{PRINT})"
    assert begun.advice == "if it was killed, `dvc repro` goes on from there"
    assert old.found == f"checkpoints/old-{PRINT} is of no use any more"
    assert {finding.advice for finding in doctor.check_training_runs(None)} == {begun.advice}


# What would run.


@pytest.fixture
def fake_dvc(project: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put a program in the place of dvc that says something and ends with some status."""

    def put(out: str = "", err: str = "", status: int = 0) -> None:
        program = project / "python"
        program.write_text(
            f'#!/bin/sh\ntest "$*" = "-m dvc status --json dvc.yaml" || exit 9\n'
            f"cat <<'E'\n{out}\nE\ncat >&2 <<'E'\n{err}\nE\nexit {status}\n"
        )
        program.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(program))

    return put


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        (["photos"], "1 stage: photos"),
        (list("abcdefgh"), "8 stages: a, b, c, d, e, f, g, h"),
        (list("abcdefghij"), "10 stages: a, b, c, d, e, f, g, h and 2 more"),
    ],
)
def test_the_first_stages_that_would_run_are_named(fake_dvc: Callable[..., None], stages: list[str], said: str) -> None:
    fake_dvc(json.dumps({stage: [{"changed deps": {}}] for stage in stages}))
    found = only(doctor.check_pipeline())
    assert (found.state, found.found) == ("note", f"`dvc repro` would run {said}")


def test_a_run_with_nothing_to_do_says_so(fake_dvc: Callable[..., None]) -> None:
    fake_dvc("{}")
    assert only(doctor.check_pipeline()) == Finding("ok", "pipeline", "`dvc repro` would run nothing")


@pytest.mark.parametrize(
    ("err", "said"),
    [
        ("WARNING: much ado\nERROR: dvc.yaml is invalid", "ERROR: dvc.yaml is invalid"),
        (
            "ERROR: unexpected error - .git: not owned\n\nHaving any troubles? Hit us up",
            "ERROR: unexpected error - .git: n",
        ),
        ("'./dvc.lock' is invalid.\n\nCould not find ':', in line 9\n  9", "'./dvc.lock' is invalid."),
        ("", "exit status 3"),
    ],
)
def test_the_reason_in_dvcs_words_is_reported_if_it_fails(fake_dvc: Callable[..., None], err: str, said: str) -> None:
    fake_dvc(err=err, status=3)
    assert str(only(doctor.check_pipeline())).startswith(f"FAULT  pipeline  dvc status: {said}")


def test_the_first_error_of_the_real_dvc_is_reported(project: Path) -> None:
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q"], check=True)
    (project / "dvc.yaml").write_text("stages:\n  check:\n    cmd: ${pyton} check.py\n")
    found = only(doctor.check_pipeline())
    assert found.state == "FAULT"
    assert found.found == (
        "dvc status: ERROR: failed to parse 'stages.check.cmd' in 'dvc.yaml': Could not find 'pyton'"
    )


@pytest.mark.parametrize(
    "err",
    [
        "ERROR: 'w' is busy, it is being blocked by:\n  (PID 1): dvc repro\n\nIf there are no processes with such PIDs",
        "ERROR: Unable to acquire lock. Most likely another DVC process is running",
    ],
)
def test_that_another_dvc_is_at_work_is_no_fault(fake_dvc: Callable[..., None], err: str) -> None:
    fake_dvc(err=err, status=1)
    assert only(doctor.check_pipeline()).state == "note"


def test_a_dvc_that_cannot_be_understood_or_started_is_a_fault(
    fake_dvc: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_dvc("no JSON")
    assert [finding.state for finding in guarded("pipeline", doctor.check_pipeline)] == ["FAULT"]
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    (found,) = guarded("pipeline", doctor.check_pipeline)
    assert found.state == "FAULT"
    assert found.found.startswith("cannot be checked (FileNotFoundError: ")


# The command.


def call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *options: str
) -> tuple[int | str | None, list[str]]:
    """The exit status and the lines on stdout; nothing may be on stderr."""
    monkeypatch.setattr(sys, "argv", ["lookalike", "doctor", *options])
    status: int | str | None = 0
    try:
        main()
    except SystemExit as ended:
        status = ended.code
    out, err = capsys.readouterr()
    assert err == ""
    return status, out.splitlines()


def test_without_a_fault_the_status_is_0(
    fake_dvc: Callable[..., None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake_dvc("{}")
    git("init")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=50e9))
    monkeypatch.setenv("LOOKALIKE_MIRROR", "http://example.invalid/sets")
    status, lines = call(monkeypatch, capsys)
    subjects = ["python", "packages", "git", "torch", "device", "params", *["data"] * 4, "mirror", "disk", "locks"]
    assert [line.split()[1] for line in lines] == [*subjects, "pipeline"]
    assert {line.split()[0] for line in lines} == {"ok", "note"}  # there are no data
    assert "http://example.invalid/sets" in lines[10]
    assert status == 0


def test_with_a_fault_the_status_is_1_and_the_other_checks_go_on(
    project: Path, fake_dvc: Callable[..., None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake_dvc("{}")
    git("init")
    (project / "params.yaml").write_text("profile: [")
    status, lines = call(monkeypatch, capsys)
    assert status == 1
    faults = [line for line in lines if line.startswith("FAULT")]
    assert len(faults) == 1
    assert faults[0].startswith("FAULT  params    params.yaml: cannot be read as YAML: ")
    assert [line.split()[1] for line in lines[-2:]] == ["locks", "pipeline"]


def test_json_has_the_same_findings_and_the_same_status(
    project: Path, fake_dvc: Callable[..., None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake_dvc("{}")
    git("init")
    (project / "params.yaml").write_text("profile: [")
    status, lines = call(monkeypatch, capsys, "--json")
    findings = [Finding(**one) for one in json.loads("\n".join(lines))]
    assert status == 1
    assert [one.subject for one in findings if one.state == "FAULT"] == ["params"]
    printed = call(monkeypatch, capsys)[1]
    assert [(one.state, one.subject) for one in findings] == [tuple(line.split()[:2]) for line in printed]


def test_dvc_is_not_found_at_work_because_it_is_asked(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / ".dvc/tmp").mkdir(parents=True)
    (project / ".dvc/tmp/lock").touch()
    hold = (
        "import fcntl, time; file = open('.dvc/tmp/lock'); fcntl.flock(file, fcntl.LOCK_EX); time.sleep(2); print({})"
    )
    (project / "python").write_text(f'#!/bin/sh\nexec {sys.executable} -c "{hold}"\n')
    (project / "python").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(project / "python"))
    _, lines = call(monkeypatch, capsys)
    assert lines[-2:] == ["ok     locks     nobody is at work here", "ok     pipeline  `dvc repro` would run nothing"]


def test_an_empty_folder_outside_of_any_checkout_is_described_without_a_traceback(project: Path) -> None:
    (project / "params.yaml").unlink()
    command = [sys.executable, "-m", "lookalike", "doctor"]
    away = os.environ | {"GIT_CEILING_DIRECTORIES": str(project.parent)}
    done = subprocess.run(command, cwd=project, env=away, capture_output=True, text=True, timeout=240)
    faults = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("FAULT")]
    assert done.returncode == 1
    assert {"params", "pipeline"} <= {*faults}
    assert "Traceback" not in done.stdout + done.stderr
    assert "FAULT  params    params.yaml: not found; run from the root of the project" in done.stdout
    assert "dvc status: ERROR: you are not inside of a DVC repository" in done.stdout


def test_entries_of_photographs_at_which_dvc_would_stop_are_named_and_dvc_is_not_asked(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = project / "photographs"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"")
    (folder / "around").symlink_to(".")  # which DVC follows no further than one step
    monkeypatch.setattr(
        doctor.subprocess, "run", lambda *_, **__: SimpleNamespace(returncode=0, stdout="{}", stderr="")
    )
    assert states(doctor.check_pipeline()) == ["ok"]
    os.mkfifo(folder / "pipe")
    (folder / "lost.png").symlink_to("nowhere")
    (folder / "loop").symlink_to("loop")
    monkeypatch.setattr(doctor.subprocess, "run", lambda *_, **__: pytest.fail("dvc would wait"))
    found = list(doctor.check_pipeline())
    assert states(iter(found)) == ["FAULT"] * 3
    assert [one.found.split(":")[0] for one in found] == [
        f"photographs/{name}" for name in ("loop", "lost.png", "pipe")
    ]
