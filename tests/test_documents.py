"""What the documents say: every command works, every link leads somewhere, and what the README names is there."""

import os
import re
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from checkout import ROOT, Checkout, copy_of

PATTERNS = ("*.md", "docs/**/*.md", "photographs/README.md", "results/README.md")
DOCUMENTS = sorted(page.relative_to(ROOT).as_posix() for pattern in PATTERNS for page in ROOT.glob(pattern))
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
    "make demo JOBS=4": Excuse(".ci/run makes it with two", "make -n demo JOBS=4 | grep 'run --jobs 4'"),
    "make docs": made_in_ci("docs"),
    "make lint": made_in_ci("lint"),
    "make test": made_in_ci("test", by="coverage"),
    "make published": made_in_ci("published"),
    "make train PROFILE=cpu": Excuse(
        "takes days; tests/test_long_runs.py trains one variant so", "make -n train PROFILE=cpu | grep 'nice -n 19'"
    ),
    **{
        f".venv/bin/lookalike {command}": Excuse(
            "a name without what it needs", f".venv/bin/lookalike {command} --help"
        )
        for command in ("bundle", "results add", "train", "try", "weights")
    },
    ".venv/bin/lookalike try downloads/drawn/0000.jpg": Excuse(
        "results/, which has the weights, is not copied; .ci/run tries it",
        ".venv/bin/lookalike try --models here downloads/drawn/0000.jpg",
    ),
    **{
        f".venv/bin/lookalike {command}": Excuse(
            "serves until it is stopped; tests/serve starts it", f".venv/bin/lookalike {command} --help"
        )
        for command in ("serve", "serve --open")
    },
    ".venv/bin/lookalike fit-photo-model": Excuse(
        "fetches photographs; tests/photographs fits a head", ".venv/bin/lookalike fit-photo-model --help"
    ),
    ".venv/bin/lookalike --install-completion": Excuse("would edit the user's settings", ".venv/bin/lookalike --help"),
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


GUIDES = [document for document in DOCUMENTS if "```sh\n" in text_of(document)]
MODULE = re.compile(r"`((?:[a-z_]+/)*[a-z_]+\.py)`")  # a file of the package or of the project, with its folders


@pytest.mark.pipeline
@pytest.mark.parametrize("document", GUIDES)
def test_every_command_works(document: str, checkout: Checkout) -> None:
    run(commands(document), outputs(document), checkout)


@pytest.mark.pipeline
def test_commands_that_only_other_documents_name_work(checkout: Checkout) -> None:
    in_guides = {command for document in GUIDES for command in commands(document)}
    others = {command for document in DOCUMENTS if document not in GUIDES for command in commands(document)}
    run(sorted(others - in_guides), {}, checkout)


def run(commands: list[str], shown: dict[str, str], checkout: Checkout) -> None:
    """Run commands, or what stands for those that are excused; their output has the lines that the document shows."""
    for command in commands:
        line = EXCUSED[command].instead if command in EXCUSED else command
        path = f"PATH={os.environ['PATH']}"  # nothing is activated
        printed = checkout.run("env", path, "bash", "-euo", "pipefail", "-c", line).splitlines()
        lines = [] if command in EXCUSED else shown.get(command, "").splitlines()
        assert {said.rstrip() for said in lines} - {"..."} <= {said.rstrip() for said in printed}, command


def test_outputs_are_found() -> None:
    assert sum(len(outputs(document)) for document in DOCUMENTS) >= 3


def test_commands_are_found() -> None:
    guides = [document for document in DOCUMENTS if document.startswith("docs/howto/")]
    assert len(guides) == 6
    assert {"README.md", "CONTRIBUTING.md", "docs/tutorial.md", "docs/performance.md", *guides} <= {*GUIDES}
    assert all(commands(document) for document in GUIDES)


def test_no_command_is_excused_that_no_document_has() -> None:
    assert EXCUSED.keys() <= {command for document in DOCUMENTS for command in commands(document)}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    links = [link for link in LINK.findall(running_text(document)) if "://" not in link]
    for path, _, anchor in (link.partition("#") for link in links):
        target = ((ROOT / document).parent / path).resolve() if path else ROOT / document
        assert target.exists(), path
        assert not anchor or anchor in anchors(target.relative_to(ROOT).as_posix()), f"{path}#{anchor}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_module_that_is_named_is_there(document: str) -> None:
    modules = [name for name in MODULE.findall(running_text(document)) if "tiny_cnn" not in name]
    places = (ROOT, ROOT / "src" / "lookalike", ROOT / "src" / "lookalike" / "explain")
    assert [name for name in modules if not any(named(place, name) for place in places)] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_name_in_the_package_that_is_named_is_there(document: str) -> None:
    for name in re.findall(r"`((?:[a-z_]+\.){2,}[A-Za-z_]+)`", running_text(document)):
        *module, last = name.split(".")
        file = ROOT.joinpath("src", "lookalike", *module).with_suffix(".py")
        if (ROOT / "src" / "lookalike" / module[0]).is_dir() and module[0] != "studies":  # else keys of params.yaml
            assert re.search(rf"^(?:class |def )?{last}\b", file.read_text(encoding="utf-8"), re.MULTILINE), name


def named(place: Path, name: str) -> bool:
    """Whether there is such a file, in one of the folders below `place` if the name has no folder."""
    return (place / name).exists() or ("/" not in name and any(place.glob(f"src/lookalike/*/{name}")))


@pytest.mark.parametrize(
    ("document", "heading", "some"),
    [
        ("README.md", "Where things are", {"dvc.yaml", "src/lookalike/models/", "tests/"}),
        ("docs/explanation/code.md", "Source tree", {"dvc.yaml", "src/lookalike/params/", "tests/"}),
    ],
)
def test_everything_in_the_tree_is_there(document: str, heading: str, some: set[str]) -> None:
    tree = text_of(document).partition(f"\n## {heading}\n")[2].split("```")[1]
    paths = paths_in(tree)
    assert some <= {*paths}
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_tree_of_the_code_has_every_package() -> None:
    tree = text_of("docs/explanation/code.md").partition("\n## Source tree\n")[2].split("```")[1]
    packages = {path.parent.relative_to(ROOT).as_posix() + "/" for path in ROOT.glob("src/lookalike/*/__init__.py")}
    assert packages <= {*paths_in(tree)}


def test_the_hours_in_the_readme_are_those_of_the_published_runs() -> None:
    table = text_of("reports/published/README.md").partition("\n## Where the results come from\n")[2]
    rows = [row.split(" | ") for row in re.findall(r"^\| .* \|$", table, re.MULTILINE)]
    hours = sum(float(row[rows[0].index("hours")]) for row in rows[2:])
    assert f"The published runs took {hours:.0f} hours" in " ".join(text_of("README.md").split())


def test_pictures_are_small() -> None:
    sizes = {picture.name: picture.stat().st_size for picture in (ROOT / "docs" / "pictures").iterdir()}
    assert len(sizes) == 4
    assert max(sizes.values()) <= 120_000
