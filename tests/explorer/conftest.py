"""A small report with an explorer, opened in a real browser."""

from collections.abc import Iterator

import pytest
from browser import Watched, launched
from explored import Site, Truth, make_site
from exploring import opened
from playwright.sync_api import Browser, Page

from lookalike.artifacts.datasets import Dataset


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def site(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Site:
    return make_site(tmp_path_factory.mktemp("site"), dataset)


@pytest.fixture(scope="module")
def truth(site: Site) -> Truth:
    return site.truth


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        yield Watched(context.new_page())


@pytest.fixture
def page(watched: Watched, site: Site) -> Page:
    return opened(watched.page, site.address)
