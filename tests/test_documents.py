"""What the documents say: every command works, every link leads somewhere, and what the README names is there."""

import os
import re
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from checkout import ROOT, Checkout, copy_of

PAGES = (ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), ROOT / "photographs" / "README.md")
DOCUMENTS = [page.relative_to(ROOT).as_posix() for page in PAGES]
NEEDED = (".ci", "Makefile", "benchmarks", "pyproject.toml", "requirements.lock", "tests")  # beside the pipeline

# A document is read as fenced blocks, each of a language, and else as what stands between backquotes.
PART = re.compile(r"^```(?P<language>\w*)\n(?P<block>.*?)^```$|`(?P<span>[^`]+)`", re.MULTILINE | re.DOTALL)
# A command of a block ends with its here-document, or with the first line that no backslash continues.
COMMAND = re.compile(r"^(?:.*<<'(\w+)'.*\n(?:.*\n)*?\1|(?:.*\\\n)*.+)$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
PROGRAMS = (".venv/bin/", "dvc ", "lookalike ", "make ")  # what stands between backquotes and begins so is a command


class Excuse(NamedTuple):
    """Why a command is not run here, and what is run in its place."""

    reason: str
    instead: str


def made_in_ci(target: str, by: str = "") -> Excuse:
    """What installs or takes minutes is made before a change lands, itself or `by` another target."""
    return Excuse(".ci/run makes it on a clean clone", f"grep -q 'make {by or target}$' .ci/run && make -n {target}")


EXCUSED = {
    "make setup": made_in_ci("setup"),
    "make setup TORCH=cpu": Excuse("would install", "make -n setup TORCH=cpu"),
    "make setup TORCH=cuda": Excuse("would install", "make -n setup TORCH=cuda | grep 'for cuda'"),
    "make demo": made_in_ci("demo"),
    "make demo JOBS=4": Excuse(".ci/run makes it with two", "make -n demo JOBS=4 | grep 'xargs -P 4'"),
    "make lint": made_in_ci("lint"),
    "make test": made_in_ci("test", by="coverage"),
    "make published": made_in_ci("published"),
    "make train PROFILE=cpu": Excuse(
        "takes days; tests/test_long_runs.py trains one variant so", "make -n train PROFILE=cpu | grep 'nice -n 19'"
    ),
    ".venv/bin/lookalike weights": Excuse(
        "needs a package that is not installed", ".venv/bin/lookalike weights --help"
    ),
    ".venv/bin/lookalike results add fashion-cnn": Excuse(
        "a demonstration is refused; tests/results adds runs", ".venv/bin/lookalike results --help"
    ),
    "make ui PORT=5001": Excuse("serves until it is stopped", "make -n ui PORT=5001 | grep 5001"),
    "make ui": Excuse("serves until it is stopped; tests/test_mlflow_ui.py starts the server itself", "make -n ui"),
    ".venv/bin/python benchmarks/train_step.py --threads 2": Excuse(
        "takes minutes and installs Keras", ".venv/bin/python benchmarks/train_step.py --help"
    ),
    ".venv/bin/python benchmarks/analyses.py --threads 1": Excuse(
        "takes minutes", ".venv/bin/python benchmarks/analyses.py --help"
    ),
    ".venv/bin/python benchmarks/throughput.py --threads 2": Excuse(
        "takes minutes", ".venv/bin/python benchmarks/throughput.py --help"
    ),
    ".venv/bin/python benchmarks/photographs.py --threads 2": Excuse(
        "takes minutes", ".venv/bin/python benchmarks/photographs.py --help"
    ),
}


def text_of(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def commands(document: str) -> list[str]:
    """Its commands in their order: all of blocks; of those in the running text the ones that stand nowhere else."""
    parts = list(PART.finditer(text_of(document)))
    in_blocks = {
        command for part in parts for command in commands_of(part["block"] if part["language"] == "sh" else "")
    }
    found: list[str] = []
    for part in parts:
        if part["language"] == "sh":
            found += commands_of(part["block"])
        elif part["span"] and part["span"].startswith(PROGRAMS):
            command = re.sub(r"^(dvc|lookalike) ", r".venv/bin/\g<0>", " ".join(part["span"].split()))
            found += [command] if command not in in_blocks.union(found) else []
    return found


def commands_of(block: str) -> list[str]:
    """The commands in the text of a block."""
    return [command[0] for command in COMMAND.finditer(block)]


def running_text(document: str) -> str:
    """The document without its blocks."""
    return PART.sub(lambda part: part[0] if part["span"] else "", text_of(document))


def anchors(document: str) -> set[str]:
    """Those that GitHub gives the headings of a document."""
    headings = re.findall(r"^#+ (.*)$", running_text(document), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def paths_in(tree: str) -> list[str]:
    """The paths in an annotated tree: names stand one space apart, what is said of them further away."""
    paths: list[str] = []
    parents = [(-1, "")]  # how far each is indented, and its path
    for line in tree.strip().splitlines():
        indent = len(line) - len(line.lstrip())
        while parents[-1][0] >= indent:
            parents.pop()
        names = re.split(r" {2,}", line.strip())[0].split()
        paths += [parents[-1][1] + name for name in names]
        parents.append((indent, paths[-1]))
    return paths


@pytest.fixture
def checkout(ran: Checkout, tmp_path: Path) -> Checkout:
    """A copy that has been run once, with all that commands need, the environment that runs this among it."""
    copy = copy_of(ran, tmp_path / "lookalike")
    for name in NEEDED:
        source, target = ROOT / name, copy.folder / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)  # as old as it is: make compares it with the environment
    (copy.folder / ".venv").symlink_to(sys.prefix)
    (copy.folder / ".git" / "info" / "exclude").write_text("/.venv\n")
    copy.environment["PYTHONPATH"] = str(copy.folder / "src")  # as if the environment were the copy's own
    lock = copy.folder / "dvc.lock"
    recorded = lock.read_bytes()
    lock.unlink()
    copy.commit("as cloned")
    lock.write_bytes(recorded)  # not in git, as after `make demo` in a clone
    return copy


def outputs(document: str) -> dict[str, str]:
    """What a document shows as the output of commands: the block, of no language, right behind theirs."""
    shown = re.findall(
        r"^```sh\n((?:(?!^```).*\n)+)```\n\n```\n((?:(?!^```).*\n)+)```$", text_of(document), re.MULTILINE
    )
    return {commands_of(block)[-1]: output for block, output in shown}


@pytest.mark.pipeline
@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_works(document: str, checkout: Checkout) -> None:
    shown = outputs(document)
    for command in commands(document):
        line = EXCUSED[command].instead if command in EXCUSED else command
        path = f"PATH={os.environ['PATH']}"  # nothing is activated
        printed = checkout.run("env", path, "bash", "-euo", "pipefail", "-c", line).splitlines()
        lines = [] if command in EXCUSED else shown.get(command, "").splitlines()
        assert {said.rstrip() for said in lines} - {"..."} <= {said.rstrip() for said in printed}, command


def test_outputs_are_found() -> None:
    assert len(outputs("docs/howto.md")) >= 3


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_are_found(document: str) -> None:
    assert commands(document)


def test_no_command_is_excused_that_no_document_has() -> None:
    assert EXCUSED.keys() <= {command for document in DOCUMENTS for command in commands(document)}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    links = [link for link in LINK.findall(running_text(document)) if "://" not in link]
    for path, _, anchor in (link.partition("#") for link in links):
        target = ((ROOT / document).parent / path).resolve() if path else ROOT / document
        assert target.exists(), path
        assert not anchor or anchor in anchors(target.relative_to(ROOT).as_posix()), f"{path}#{anchor}"


def test_everything_in_the_tree_is_there() -> None:
    tree = text_of("README.md").partition("\n## Where things are\n")[2].split("```")[1]
    paths = paths_in(tree)
    assert {"dvc.yaml", "src/lookalike/params/", "tests/"} <= {*paths}
    assert [path for path in paths if not (ROOT / path).exists()] == []
