"""The report in a real browser: tables, folds and themes."""

import json
from collections.abc import Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import Watched, launched, needs_chromium
from checkout import Checkout
from playwright.sync_api import Browser, FloatRect, Locator, Page, expect

from lookalike.artifacts.folders import read_json

pytestmark = [needs_chromium, pytest.mark.pipeline]

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
    """The explorer has all its pictures; tests/explorer/ asks it more."""
    watched.page.locator('select[name="kind"]').select_option("photograph")
    watched.page.wait_for_load_state("networkidle")
    expect(watched.page.locator(".kept")).to_be_empty()
    expect(watched.page.locator(".original")).to_be_visible()
    assert watched.complaints == []
    folder = (ran.folder / "reports/demo").as_uri()
    assert [url for url in watched.requests if not url.startswith((f"{folder}/", "data:"))] == []


PAGES = ("index.html", "fashion.html", "primer.html")


def open_page(page: Page, ran: Checkout, name: str, anchor: str = "") -> None:
    page.goto(f"{(ran.folder / 'reports/demo' / name).as_uri()}{anchor}")


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_nothing_keeps_anybody_from_reading(
    browser: Browser, ran: Checkout, width: int, scheme: Scheme, name: str
) -> None:
    """With the first fold and the first figure's numbers open; the others are alike in kind."""
    with browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme) as context:
        page = context.new_page()
        open_page(page, ran, name)
        for folded in ("main details.fold > summary", "main details.origin > summary"):
            if page.locator(folded).count():
                page.locator(folded).first.click()
        faults = [fault for fault in Axe().run(page).response["violations"] if fault["impact"] in SERIOUS]
        assert [(fault["id"], fault["nodes"][0]["html"][:200]) for fault in faults] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", PAGES)
def test_no_table_is_wider_than_a_page_of_1280_pixels(page: Page, ran: Checkout, name: str) -> None:
    open_page(page, ran, name)
    page.evaluate("for (const fold of document.querySelectorAll('details:not(.columns)')) fold.open = true")
    wide = "[...document.querySelectorAll('.table')].filter((one) => one.scrollWidth > one.clientWidth + 1)"
    assert page.evaluate(f"{wide}.map((one) => one.getAttribute('aria-label'))") == []


def test_pages_are_small(ran: Checkout) -> None:
    folder = ran.folder / "reports/demo"
    pages = {path.name: path.stat().st_size for path in folder.glob("*.html")}
    assert {*pages} == {*PAGES}
    assert {name for name, size in pages.items() if size > 4_000_000} == set()


def header(page: Page, title: str) -> Locator:
    """The head of a column of the leaderboard."""
    return page.locator("#leaderboard thead th").filter(has_text=title).first


def values(page: Page, title: str) -> list[str]:
    """The texts of a column of the leaderboard."""
    place = header(page, title).evaluate("(cell) => cell.cellIndex") + 1
    return column(page.locator("#leaderboard table"), place)


def test_the_first_click_on_a_header_puts_the_best_first_and_another_turns_the_order(page: Page) -> None:
    accuracy = header(page, "test accuracy")
    accuracy.locator("button").click()
    expect(accuracy).to_have_attribute("aria-sort", "descending")
    best_first = [float(text.split()[0]) for text in values(page, "test accuracy") if text != "–"]
    assert best_first == sorted(best_first, reverse=True)
    assert len(set(best_first)) > 1
    accuracy.locator("button").press("Enter")
    assert [float(text.split()[0]) for text in values(page, "test accuracy") if text != "–"] == sorted(best_first)
    parameters = header(page, "parameters")
    parameters.locator("button").click()
    expect(parameters).to_have_attribute("aria-sort", "ascending")


def test_columns_can_be_picked_and_unknown_values_stay_at_the_end(page: Page) -> None:
    expect(page.locator("#leaderboard thead th:visible")).to_have_count(9)
    page.locator("#leaderboard details.columns > summary").click()
    page.get_by_label("± over seeds").check()
    expect(page.locator("#leaderboard thead th:visible")).to_have_count(10)
    for _ in range(2):
        header(page, "± over seeds").locator("button").click()
        texts = values(page, "± over seeds")
        assert "–" in texts
        assert set(texts[texts.index("–") :]) == {"–"}


def test_a_filter_leaves_the_rows_with_all_its_words(page: Page) -> None:
    """In the table of claims, which a demonstration leaves without verdicts."""
    fold = page.locator("#claims details.fold").first
    fold.locator("> summary").click()
    table, words = fold.locator("table"), fold.locator(".filter input")
    assert len(column(table, 1)) == 18
    words.fill("photographs vit")
    assert column(table, 1) == ["F2"]
    words.fill("")
    assert len(column(table, 1)) == 18


def test_an_address_opens_what_is_folded_away(page: Page, ran: Checkout) -> None:
    open_page(page, ran, "fashion.html")
    folded = page.locator("main details.fold figure").first
    assert not folded.is_visible()
    open_page(page, ran, "fashion.html", f"#{folded.get_attribute('id')}")
    expect(folded).to_be_in_viewport()


def test_the_theme_can_be_switched(page: Page) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(ground)
    page.get_by_role("button", name="Dark theme").click()
    assert page.evaluate(ground) != before
    page.get_by_role("button", name="Light theme").click()
    assert page.evaluate(ground) == before


def test_contents_lead_to_their_sections(page: Page, ran: Checkout) -> None:
    open_page(page, ran, "fashion.html")
    page.get_by_role("navigation", name="Contents").get_by_role("link", name="Photographs", exact=True).click()
    expect(page.locator("#fashion-photographs-title")).to_be_in_viewport()


def test_printing_opens_what_is_folded_and_leaves_out_what_needs_a_screen(page: Page) -> None:
    fold = page.locator("main details.fold").first
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(fold).to_have_attribute("open", "")
    expect(page.locator("nav.contents")).to_be_hidden()
    expect(page.locator("#explorer")).to_be_hidden()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(fold).not_to_have_attribute("open", "")


def test_a_figure_says_its_numbers_and_its_command_when_asked(page: Page, ran: Checkout) -> None:
    figure = page.locator("#figure-fashion-summary")
    figure.locator("summary").click()
    expect(figure.locator(".origin")).to_contain_text(".venv/bin/dvc repro report")
    shown = column(figure.locator("table"), 2)
    accuracies = read_json(ran.folder / "comparisons/fashion/metrics.json")
    names = column(figure.locator("table"), 1)
    assert [text.split()[0] for text in shown] == [f"{100 * accuracies[name]['accuracy']:.1f}" for name in names]


def test_a_chart_answers_the_pointer(page: Page) -> None:
    view = page.locator("#figure-fashion-summary .view")
    left, top, text = json.loads(str(view.get_attribute("data-tooltips")))[0]
    point_at(page, view, left, top)
    expect(view.locator(".tip")).to_have_text(text)
    page.mouse.move(0, 0)
    expect(view.locator(".tip")).to_be_hidden()


def point_at(page: Page, view: Locator, left: float, top: float) -> None:
    """Move the pointer to a place of a chart in percent of its width and height."""
    view.scroll_into_view_if_needed()
    page.mouse.wheel(0, (box_of(view)["y"] + top * box_of(view)["height"] / 100) - 300)  # a long chart may be cut
    page.wait_for_timeout(100)
    box = box_of(view)
    page.mouse.move(box["x"] + left * box["width"] / 100, box["y"] + top * box["height"] / 100)


def box_of(view: Locator) -> FloatRect:
    box = view.locator("img").bounding_box()
    assert box is not None
    return box


def test_a_narrow_page_has_charts_in_one_column(browser: Browser, ran: Checkout) -> None:
    with browser.new_context(viewport={"width": 390, "height": 900}) as context:
        page = context.new_page()
        open_page(page, ran, "index.html")
        width, height = page.locator("#figure-fashion-summary img").evaluate(
            "(one) => [one.clientWidth, one.clientHeight]"
        )
        view = page.locator("#figure-fashion-summary .view")
        wide, narrow = (json.loads(str(view.get_attribute(f"data-{kind}tooltips"))) for kind in ("", "narrow-"))
        assert len(narrow[0]) == 2, "its text is that of the wide chart"
        point_at(page, view, *narrow[0])
        expect(view.locator(".tip")).to_have_text(wide[0][2])
    assert width <= 358
    assert height > width


@pytest.mark.parametrize("name", PAGES)
def test_no_figure_is_wider_than_a_page_of_390_pixels(browser: Browser, ran: Checkout, name: str) -> None:
    """Neither its box nor what is in it; folds are open."""
    with browser.new_context(viewport={"width": 390, "height": 900}) as context:
        page = context.new_page()
        open_page(page, ran, name)
        page.evaluate("for (const fold of document.querySelectorAll('main details')) fold.open = true")
        wide = "one.scrollWidth > one.clientWidth + 1 || one.getBoundingClientRect().right > innerWidth"
        shown = f"[...document.querySelectorAll('.view, .matrix .table')].filter((one) => {wide})"
        assert page.evaluate(f"{shown}.map((one) => one.parentElement.id)") == []
        hidden = "[...document.querySelectorAll('figure .view')].filter((one) => one.clientHeight < 30)"
        assert page.evaluate(f"{hidden}.map((one) => one.closest('figure').id)") == []
