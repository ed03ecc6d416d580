"""The documentation site: what it needs besides docs/, and, where `make docs` has built it, that it works from disk."""

import re
import subprocess
import sys

import pytest
from browser import launched, needs_chromium
from checkout import ROOT

SITE = ROOT / "site"
built = pytest.mark.skipif(not (SITE / "index.html").exists(), reason="`make docs` has not been run")
LOADED = re.compile(
    r"<(?:script|img|iframe)[^>]+src=\"?(?:https?:)?//|<link[^>]+rel=\"?(?:stylesheet|preconnect)[^>]+//"
)


def listed(*command: str) -> set[str]:
    """The commands in the help of a command."""
    line = [sys.executable, "-m", "lookalike", *command, "--help"]
    text = subprocess.run(line, check=True, capture_output=True, text=True).stdout
    return set(re.findall(r"^  ([a-z][a-z-]*): ", text, re.MULTILINE))


def test_the_reference_has_every_command() -> None:
    page = (ROOT / "docs" / "reference" / "command-line.md").read_text(encoding="utf-8")
    described = set(re.findall(r"^## `lookalike ([a-z -]+)`$", page, re.MULTILINE))
    assert described == listed() - {"results"} | {f"results {name}" for name in listed("results")}


@built
@pytest.mark.parametrize("page", [path.relative_to(SITE).as_posix() for path in sorted(SITE.rglob("*.html"))])
def test_no_page_loads_anything_from_elsewhere(page: str) -> None:
    assert not LOADED.findall((SITE / page).read_text(encoding="utf-8"))


@built
@needs_chromium
def test_the_search_works_from_disk() -> None:
    asked = list[str]()
    with launched() as browser:
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto((SITE / "index.html").as_uri())
        page.get_by_role("textbox", name="Search").first.fill("perplexity")
        page.locator(".md-search-result__link", has_text="Parameters").first.wait_for()
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
