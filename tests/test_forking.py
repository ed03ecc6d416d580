"""The server that runs stages in forks: what a script finds there is what it finds in a Python of its own."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from checkout import ROOT

from lookalike import forking

SCRIPT = """
import atexit, json, os, signal, sys, threading, time
from pathlib import Path

import beside, here  # next to the script, and on PYTHONPATH

def found():
    return {
        "arguments": sys.argv, "folder": os.getcwd(), "variable": os.environ.get("VARIABLE"), "name": __name__,
        "paths": [p for p in sys.path if "site-packages" in p or "lib" in p], "first": sys.path[:2],
        "loaded": sorted({"decimal", "lookalike"} & {*sys.modules}), "read": sys.stdin.read(),
    }

if sys.argv[1] == "wait":
    try:
        Path("pid").write_text(str(os.getpid()))
        time.sleep(60)
    finally:
        Path("closed").touch()
elif sys.argv[1] == "late":
    atexit.register(print, "at exit")
    threading.Thread(target=lambda: (time.sleep(0.2), print("in a thread"))).start()
elif sys.argv[1] == "say":
    sys.exit("said")
elif sys.argv[1] == "raise":
    raise RuntimeError("broken")
elif sys.argv[1] == "die":
    os.kill(os.getpid(), signal.SIGKILL)
else:
    print(json.dumps(found()))
    print("to stderr", file=sys.stderr)
    sys.exit(int(sys.argv[1]))
"""
CLOSING = "import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(143))\n"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the module alone, whose server imports one small module, and a script."""
    root = tmp_path_factory.mktemp("forking")
    code = (ROOT / "src/lookalike/forking.py").read_text(encoding="utf-8")
    code, count = re.subn(r"^PACKAGES = \(.*?^\)", 'PACKAGES = ("decimal", "no_such_module")', code, flags=re.M | re.S)
    assert count == 1
    for path, content in {
        "src/lookalike/forking.py": code,
        "stages/script.py": CLOSING + SCRIPT,
        "stages/beside.py": "",
        "src/here.py": "",
        "src/module.py": "import sys; print(sys.argv[1:], __name__); sys.exit(3)",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def python(root: Path) -> Iterator[str]:
    """The program that asks the server."""
    command = [sys.executable, "src/lookalike/forking.py", "serve", str(os.getpid())]
    process = subprocess.Popen(command, cwd=root)
    program = root / ".venv/forking/python"
    wait_for(program.exists)
    yield str(program)
    process.terminate()
    assert process.wait(10) == 128 + signal.SIGTERM
    assert not program.exists()
    assert not program.with_name("socket").exists()


def wait_for(found: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def start(python: str, root: Path, *arguments: str) -> "subprocess.Popen[str]":
    environment = os.environ | {"PYTHONPATH": "src", "VARIABLE": "value"}
    pipe = subprocess.PIPE
    command = [python, "stages/script.py", *arguments]
    return subprocess.Popen(command, cwd=root, env=environment, text=True, stdin=pipe, stdout=pipe, stderr=pipe)


def test_a_script_finds_what_it_finds_in_a_python_of_its_own(root: Path, python: str) -> None:
    found = {}
    for program in (sys.executable, python):
        process = start(program, root, "3", "an argument")
        out, err = process.communicate("said", timeout=20)
        assert (process.returncode, err) == (3, "to stderr\n")
        found[program] = json.loads(out)
    own, forked = found.values()
    assert own.pop("loaded") == []
    assert forked.pop("loaded") == ["decimal"]  # and nothing of the package
    assert forked == own
    assert forked["first"] == [str(root / "stages"), str(root / "src")]


def test_a_module_beside_the_package_is_found_without_a_path_to_it(root: Path, python: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [python, "-m", "module", "an argument"]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout) == (3, "['an argument'] __main__\n"), done.stderr


@pytest.mark.parametrize("what", ["late", "say"])
def test_a_script_ends_as_it_does_in_a_python_of_its_own(root: Path, python: str, what: str) -> None:
    """After its threads and what it registered; a text to `sys.exit` is printed."""
    ends = []
    for program in (sys.executable, python):
        process = start(program, root, what)
        ends.append((*process.communicate("", timeout=20), process.returncode))
    assert ends[0] == ends[1]
    assert ends[0] == {"late": ("in a thread\nat exit\n", "", 0), "say": ("", "said\n", 1)}[what]


@pytest.mark.parametrize(("what", "status"), [("0", 0), ("raise", 1), ("die", -signal.SIGKILL)])
def test_the_status_is_the_scripts(root: Path, python: str, what: str, status: int) -> None:
    process = start(python, root, what)
    _, err = process.communicate("", timeout=20)
    assert process.returncode == status
    assert ("RuntimeError: broken" in err) == (what == "raise")


@pytest.mark.parametrize("kill", [signal.SIGTERM, signal.SIGKILL])
def test_a_script_ends_when_the_program_that_asked_does(root: Path, python: str, kill: signal.Signals) -> None:
    for name in ("pid", "closed"):
        (root / name).unlink(missing_ok=True)
    process = start(python, root, "wait")
    wait_for((root / "pid").exists)
    process.send_signal(kill)
    process.wait(10)
    wait_for((root / "closed").exists)


def test_the_server_ends_with_the_process_that_started_it(root: Path) -> None:
    serve = "[sys.executable, 'src/lookalike/forking.py', 'serve', str(os.getpid())]"
    starter = f"import os, subprocess, sys; print(subprocess.Popen({serve}, stdout=sys.stderr).pid)"
    other = shutil.copytree(root / "src", root / "other" / "src").parent
    said = subprocess.run([sys.executable, "-c", starter], cwd=other, capture_output=True, text=True, check=True)
    wait_for(lambda: not alive(int(said.stdout)))
    assert not [*other.glob(".venv/forking/*")]


def alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has waited for has ended."""
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_without_a_server_a_python_of_its_own_runs_it(root: Path, python: str) -> None:
    address = Path(python).with_name("socket")
    aside = address.rename(address.with_name("aside"))
    try:
        process = start(python, root, "3")
        out, _ = process.communicate("", timeout=20)
        assert process.returncode == 3
        assert json.loads(out)["loaded"] == []
    finally:
        aside.rename(address)
    said = subprocess.run([python, "-c", "print(1)"], capture_output=True, text=True, check=True, timeout=20).stdout
    assert said == "1\n"


def test_the_pipeline_looks_for_the_program_first() -> None:
    (line,) = re.findall(r"^  - python: (.*)$", (ROOT / "dvc.yaml").read_text(encoding="utf-8"), re.MULTILINE)
    assert line.startswith('PATH="$DVC_ROOT/.venv/forking:$DVC_ROOT/.venv/bin:$PATH" ')


@pytest.mark.skipif(sys.platform != "linux", reason="there are forks on Linux alone")
def test_a_server_is_there_within_the_block_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with forking.forking_server():
        assert not (tmp_path / ".venv").exists(), "without an environment of the project there is no server"
    (tmp_path / ".venv").mkdir()
    program = tmp_path / ".venv" / "forking" / "python"
    with forking.forking_server():
        wait_for(program.exists)
    assert not program.exists()
