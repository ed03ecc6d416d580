"""What MkDocs does beyond rendering docs/: pages from outside it, the help of commands, and a page per package."""

import os
import posixpath
import re
import subprocess
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "lookalike"
# The text of a link may hold a picture.
LINK = re.compile(r"(?P<text>!?\[(?:!\[[^\]]*\]\([^)]*\)|[^\]])*\])\((?P<path>[^)#\s:]+)(?P<anchor>#[^)\s]*)?\)")
COMMAND = re.compile(r"^## `lookalike (?P<command>[a-z -]+)`$", re.MULTILINE)
ELSEWHERE = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "*/README.md", "reports/published/**/*.*")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie outside docs/, under project/, and one page of reference per package."""
    for path in sorted({path for pattern in ELSEWHERE for path in ROOT.glob(pattern)}):
        name = path.relative_to(ROOT).as_posix()
        if path.suffix in {".md", ".svg", ".csv"} or name == "LICENSE":
            files.append(File.generated(config, f"project/{name}", abs_src_path=str(path)))
    for folder in sorted(path.parent for path in PACKAGE.glob("*/__init__.py")):
        files.append(File.generated(config, f"reference/api/{folder.name}.md", content=package_page(folder)))
    modules = [path.stem for path in sorted(PACKAGE.glob("[!_]*.py"))]
    text = "# Modules of the package\n\n" + "".join(directive(f"lookalike.{name}") for name in modules)
    files.append(File.generated(config, "reference/api/lookalike.md", content=text))
    return files


def package_page(folder: Path) -> str:
    """The reference of a package: its modules, those of its packages after its own."""
    names = [".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts) for path in sorted(folder.rglob("*.py"))]
    modules = [name.removesuffix(".__init__") for name in names if not name.endswith("__main__")]
    return f"# lookalike.{folder.name}\n\n" + "".join(map(directive, modules))


def directive(module: str) -> str:
    """What mkdocstrings replaces with the reference of a module."""
    return f"::: {module}\n\n"


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links to where the site has their files, and put in what the page asks for."""
    uri = page.file.src_uri
    if uri == "reference/command-line.md":
        markdown = COMMAND.sub(lambda found: f"{found[0]}\n\n```text\n{help_of(found['command'])}\n```", markdown)
    if uri == "reference/api.md":
        names = sorted(file.name for file in files if file.src_uri.startswith("reference/api/"))
        markdown += "".join(f"- [{name}](api/{name}.md)\n" for name in names)
    return LINK.sub(lambda found: moved(found, uri, files), markdown)


def moved(link: "re.Match[str]", uri: str, files: Files) -> str:
    """A link of the page at `uri`; the text alone if the site does not have the file."""
    text = LINK.sub(lambda found: moved(found, uri, files), link["text"])
    source = uri.removeprefix("project/") if uri.startswith("project/") else f"docs/{uri}"
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), link["path"]))
    for target in (path.removeprefix("docs/"), f"project/{path}"):
        if files.get_file_from_path(target):
            relative = posixpath.relpath(target, posixpath.dirname(uri))
            return f"{text}({relative}{link['anchor'] or ''})"
    if not (ROOT / path).exists():
        return link[0]  # which MkDocs then complains of
    return text[1:-1]


def help_of(command: str) -> str:
    """What `lookalike COMMAND --help` prints."""
    line = [sys.executable, "-m", "lookalike", *command.split(), "--help"]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "COLUMNS": "100", "NO_COLOR": "1"}
    return subprocess.run(line, env=environment, check=True, capture_output=True, text=True).stdout.strip()
