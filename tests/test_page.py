"""The report in a real browser: tables, folds and themes."""

from collections.abc import Iterator
from typing import Literal

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import Watched, launched, needs_chromium
from checkout import Checkout
from playwright.sync_api import Browser, Locator, Page, expect

from lookalike.artifacts.folders import read_json

pytestmark = [needs_chromium, pytest.mark.pipeline]

CNN = "fashion-cnn"
SERIOUS = {"serious", "critical"}
Scheme = Literal["light", "dark"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def watched(browser: Browser, ran: Checkout) -> Iterator[Watched]:
    """The report, wide and light."""
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        yield opened(Watched(context.new_page()), ran)


@pytest.fixture
def page(watched: Watched) -> Page:
    return watched.page


def opened(watched: Watched, ran: Checkout) -> Watched:
    watched.page.goto((ran.folder / "reports/demo/index.html").as_uri())
    watched.page.wait_for_selector("#explorer-app[data-ready]")
    return watched


def column(table: Locator, place: int) -> list[str]:
    """The texts of a column, header left out, rows that are filtered away as well."""
    return table.locator(f"tbody tr:not([hidden]) > :nth-child({place})").all_inner_texts()


def test_the_page_complains_of_nothing_and_asks_for_nothing_outside_its_folder(watched: Watched, ran: Checkout) -> None:
    """The explorer has all its pictures; tests/test_explorer_page.py asks it more."""
    watched.page.locator('select[name="kind"]').select_option("photograph")
    watched.page.wait_for_load_state("networkidle")
    expect(watched.page.locator(".kept")).to_be_empty()
    expect(watched.page.locator(".original")).to_be_visible()
    assert watched.complaints == []
    folder = (ran.folder / "reports/demo").as_uri()
    assert [url for url in watched.requests if not url.startswith((f"{folder}/", "data:"))] == []


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_nothing_keeps_anybody_from_reading(browser: Browser, ran: Checkout, width: int, scheme: Scheme) -> None:
    """With one fold of each kind open: all of them hold tens of thousands of cells, alike in kind."""
    with browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme) as context:
        page = opened(Watched(context.new_page()), ran).page
        page.locator("main details.fold > summary").first.click()
        page.locator("#fashion-training details.origin > summary").first.click()
        faults = [fault for fault in Axe().run(page).response["violations"] if fault["impact"] in SERIOUS]
        assert [(fault["id"], fault["nodes"][0]["html"][:200]) for fault in faults] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_click_on_a_header_sorts_and_another_turns_the_order(page: Page) -> None:
    table = page.locator("#leaderboard table").first
    accuracy = table.locator("thead th").nth(1)
    accuracy.locator("button").click()
    expect(accuracy).to_have_attribute("aria-sort", "ascending")
    ascending = [float(text) for text in column(table, 2)]
    assert ascending == sorted(ascending)
    assert len(set(ascending)) > 1
    accuracy.locator("button").press("Enter")
    assert [float(text) for text in column(table, 2)] == sorted(ascending, reverse=True)


def test_unknown_values_stay_at_the_end(page: Page) -> None:
    table = page.locator("#leaderboard table").first
    deviation = table.locator("thead th").nth(2)
    for _ in range(2):
        deviation.locator("button").click()
        texts = column(table, 3)
        assert "–" in texts
        assert "–" not in texts[: texts.index("–")] + [text for text in texts if text != "–"]
        assert set(texts[texts.index("–") :]) == {"–"}


def test_a_filter_leaves_the_rows_with_all_its_words(page: Page) -> None:
    table, words = page.locator("#claims table").first, page.locator("#claims .filter input").first
    assert len(column(table, 1)) == 41
    words.fill("lenet not")
    assert column(table, 1) == ["H1", "H2", "H10"]
    words.fill("")
    assert len(column(table, 1)) == 41


def test_the_theme_can_be_switched(page: Page) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(ground)
    page.get_by_role("button", name="dark theme").click()
    assert page.evaluate(ground) != before
    page.get_by_role("button", name="light theme").click()
    assert page.evaluate(ground) == before


def test_contents_lead_to_their_sections(page: Page) -> None:
    page.get_by_role("navigation").get_by_role("link", name="Photographs").click()
    expect(page.locator("#fashion-photographs-title")).to_be_in_viewport()


def test_printing_opens_what_is_folded_and_leaves_out_what_needs_a_screen(page: Page) -> None:
    fold = page.locator("main details.fold").first
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(fold).to_have_attribute("open", "")
    expect(page.locator("nav")).to_be_hidden()
    expect(page.locator("#explorer")).to_be_hidden()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(fold).not_to_have_attribute("open", "")


def test_every_figure_tells_its_numbers_its_command_and_its_runs(page: Page, ran: Checkout) -> None:
    figure = page.locator(f'figure:has(img[alt^="Confusion matrix of {CNN} "])')
    origin = figure.locator("details.origin")
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    runs = read_json(ran.folder / "published.json")["runs"][CNN]
    expect(origin).to_contain_text(".venv/bin/dvc repro compare@fashion")
    for run in runs.values():
        expect(origin).to_contain_text(run)
    counts = read_json(ran.folder / "comparisons/fashion/details.json")[CNN]["first_seed"]["confusion"]
    shown = [[int(text) for text in column(origin.locator("table"), k + 2)] for k in range(len(counts))]
    assert np.array_equal(np.array(shown).T, counts)
