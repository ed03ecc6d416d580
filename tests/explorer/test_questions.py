"""The explorer in a real browser: ten questions against the artifacts, addresses, keyboard and access."""

from collections.abc import Callable
from typing import Literal

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import Watched, needs_chromium
from explored import AGAIN, THIRD, Site, Truth
from exploring import Click, ask, chosen, count, opened, thumbs, title
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, expect
from served import serving
from small_study import CNN, FEW, TESTED

from lookalike.evaluation.pairs import jensen_shannon
from lookalike.reporting.address import explorer_address

pytestmark = needs_chromium

SERIOUS = {"serious", "critical"}
DRESS, SNEAKER, BAG, BOOT = 3, 7, 8, 9
SHOES = (5, 7, 9)
ROUNDED = 0.005  # bits: what tenths of a percent may change in a divergence
Scheme = Literal["light", "dark"]
Mask = NDArray[np.bool_]


QUESTIONS: dict[str, tuple[tuple[Click, ...], Callable[[Truth], Mask]]] = {
    "dresses that the first calls ankle boots and the second gets right": (
        (("true", str(DRESS)), ("saysa", str(BOOT)), ("right", "onlyb")),
        lambda t: (t.labels == DRESS) & (t.said(CNN) == BOOT) & (t.said(FEW) == DRESS),
    ),
    "everything that the first calls a bag": ((("saysa", str(BAG)),), lambda t: t.said(CNN) == BAG),
    "everything that both call a bag": (
        (("saysa", str(BAG)), ("saysb", str(BAG))),
        lambda t: (t.said(CNN) == BAG) & (t.said(FEW) == BAG),
    ),
    "test images on which they differ": (
        (("kind", "test"), ("agree", "no")),
        lambda t: t.tests & (t.said(CNN) != t.said(FEW)),
    ),
    "photographs that both get wrong": (
        (("kind", "photograph"), ("right", "neither")),
        lambda t: ~t.tests & (t.labels >= 0) & (t.said(CNN) != t.labels) & (t.said(FEW) != t.labels),
    ),
    "the same mistake by both": (
        (("agree", "yes"), ("right", "neither")),
        lambda t: (t.labels >= 0) & (t.said(CNN) != t.labels) & (t.said(FEW) == t.said(CNN)),
    ),
    "the surest mistakes of the first": (
        (("button", f"surest mistakes of {CNN}"),),
        lambda t: (t.labels >= 0) & (t.said(CNN) != t.labels),
    ),
    "any shoes that both get right": (
        (("true", "group-3"), ("right", "both")),
        lambda t: np.isin(t.labels, SHOES) & (t.said(CNN) == t.labels) & (t.said(FEW) == t.labels),
    ),
    "sneakers that a third model gets wrong": (
        (("b", THIRD), ("true", str(SNEAKER)), ("right", "wrongb")),
        lambda t: (t.labels == SNEAKER) & (t.said(THIRD) != SNEAKER),
    ),
    "photographs on which the answers differ most": (
        (("kind", "photograph"), ("button", "most different answers")),
        lambda t: ~t.tests,
    ),
}


def test_there_are_ten_questions_of_at_most_five_clicks() -> None:
    assert len(QUESTIONS) == 10
    assert max(len(clicks) for clicks, _ in QUESTIONS.values()) <= 5


@pytest.mark.parametrize("question", QUESTIONS)
def test_questions_are_answered_as_the_artifacts_do(page: Page, truth: Truth, question: str) -> None:
    clicks, answer = QUESTIONS[question]
    expected = answer(truth)
    assert 0 < expected.sum() < len(truth.labels)
    ask(page, *clicks)
    assert count(page) == expected.sum()
    assert set(thumbs(page)) <= {name for name, fits in zip(truth.names, expected, strict=True) if fits}


def test_the_surest_mistakes_and_the_most_different_answers_come_first(page: Page, truth: Truth) -> None:
    ask(page, ("button", f"surest mistakes of {FEW}"))
    wrong = np.flatnonzero((truth.labels >= 0) & (truth.said(FEW) != truth.labels))
    sure = truth.shares[FEW].max(axis=1)[wrong]
    assert thumbs(page)[:5] == [truth.names[wrong[k]] for k in np.argsort(-sure, kind="stable")[:5]]
    ask(page, ("button", "all images"), ("button", "most different answers"))
    apart = jensen_shannon(truth.shares[CNN], truth.shares[FEW])
    shown = apart[[truth.names.index(name) for name in thumbs(page)]]
    np.testing.assert_allclose(shown, -np.sort(-apart)[: len(shown)], atol=ROUNDED)
    assert title(page) == truth.names[int(apart.argmax())]
    said = page.locator(".apart").inner_text().partition("differ by ")[2].partition(" bits")[0]
    assert float(said) == pytest.approx(apart.max(), abs=ROUNDED)


def test_it_opens_on_the_first_disagreement_of_which_one_is_right(page: Page, truth: Truth) -> None:
    first, second = truth.said(CNN), truth.said(FEW)
    differ = (first != second) & ((first == truth.labels) | (second == truth.labels))
    assert title(page) == truth.names[int(np.argmax(differ & truth.tests))]
    assert (chosen(page, "a"), chosen(page, "b")) == (CNN, FEW)


def test_the_state_stands_in_the_address_and_comes_back(page: Page, watched: Watched) -> None:
    ask(page, ("b", THIRD), ("true", "6"), ("right", "wronga"), ("order", "surea"))
    found, image = count(page), title(page)
    for part in ("study=fashion", f"a={CNN}", f"b={THIRD}", "true=6", "right=wronga", "order=surea", "image="):
        assert part in page.url
    address = page.url
    opened(page, address)
    assert (count(page), title(page)) == (found, image)
    assert [chosen(page, name) for name in ("a", "b", "true", "right", "order")] == [CNN, THIRD, "6", "wronga", "surea"]
    assert watched.complaints == []


def test_addresses_of_the_report_are_followed(page: Page, truth: Truth) -> None:
    """As cells of confusion matrices and cases link them."""
    page.evaluate("document.getElementById('explorer').before(Object.assign(new Image(), {height: 3000}))")
    page.evaluate("scrollTo(0, 0)")
    cell = explorer_address("fashion", CNN, true=DRESS, said=BOOT).partition("#")[2]
    page.evaluate("(hash) => { location.hash = hash; }", cell)
    expect(page.locator('select[name="true"]')).to_have_value(str(DRESS))
    assert count(page) == ((truth.labels == DRESS) & (truth.said(CNN) == BOOT)).sum()
    expect(page.locator("#explorer")).to_be_in_viewport()
    case = explorer_address("fashion", FEW, second=CNN, image=5).partition("#")[2]
    page.evaluate("(hash) => { location.hash = hash; }", case)
    expect(page.locator(".shown .title")).to_contain_text("test image 5:")
    assert [chosen(page, name) for name in ("a", "b", "true", "saysa")] == [FEW, CNN, "", ""]


def test_the_link_is_copied(browser: Browser, site: Site) -> None:
    with browser.new_context(permissions=["clipboard-read", "clipboard-write"]) as context:
        page = opened(context.new_page(), site.address)
        ask(page, ("true", "6"), ("button", "copy link"))
        expect(page.locator(".found")).to_contain_text("link")
        said = page.locator(".found").inner_text()
        copied = page.evaluate("navigator.clipboard.readText()") if "copied" in said else said
        assert f"study=fashion&image=9&a={CNN}&b={FEW}&true=6" in copied


def test_another_study_has_no_filters_of_the_last(page: Page) -> None:
    ask(page, ("kind", "photograph"), ("right", "neither"), ("study", AGAIN))
    assert count(page) == TESTED
    assert chosen(page, "right") == ""
    assert page.locator('select[name="kind"] option[value="photograph"]').count() == 0
    expect(page.locator(".shown")).to_be_visible()


def test_a_choice_that_finds_nothing_says_so(page: Page) -> None:
    ask(page, ("true", "1"), ("saysa", "8"), ("saysb", "8"))
    assert count(page) == 0
    expect(page.locator(".shown")).to_be_hidden()
    for name in ("previous 24", "next 24"):
        expect(page.get_by_role("button", name=name)).to_be_disabled()
    ask(page, ("button", "all images"))
    expect(page.locator(".shown")).to_be_visible()


def test_arrow_keys_move_through_the_thumbnails_and_keep_the_focus(page: Page, truth: Truth) -> None:
    thumb = page.locator(".thumbs button")
    assert page.locator('.thumbs button[tabindex="0"]').count() == 1
    thumb.first.focus()
    page.keyboard.press("Enter")
    expect(thumb.first).to_be_focused()
    for key, place in (
        ("ArrowRight", 1),
        ("ArrowRight", 2),
        ("ArrowLeft", 1),
        ("End", len(truth.names) - 1),
        ("Home", 0),
    ):
        page.keyboard.press(key)
        assert title(page) == truth.names[place]
        expect(page.locator('.thumbs [aria-current="true"]')).to_be_focused()
    page.keyboard.press("ArrowDown")
    assert truth.names.index(title(page)) > 1


@pytest.mark.parametrize("served", [False, True])
def test_it_complains_of_nothing_and_asks_for_nothing_outside_its_folder(
    watched: Watched, site: Site, served: bool
) -> None:
    with serving(site.folder) as address:
        begin = address if served else site.folder.as_uri()
        page = opened(watched.page, f"{begin}/index.html")
        ask(page, ("b", THIRD), ("kind", "photograph"), ("study", AGAIN))
        page.wait_for_load_state("networkidle")
    assert watched.complaints == []
    assert {url for url in watched.requests if not url.startswith(("data:", begin))} == set()
    assert f"{begin}/explorer/fashion--{THIRD}.js" in watched.requests


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark"), (1920, "light")])
def test_nothing_keeps_anybody_from_exploring(browser: Browser, site: Site, width: int, scheme: Scheme) -> None:
    with browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme) as context:
        page = opened(context.new_page(), site.address)
        ask(page, ("kind", "photograph"))
        faults = [fault for fault in Axe().run(page).response["violations"] if fault["impact"] in SERIOUS]
        assert [(fault["id"], fault["nodes"][0]["html"][:200]) for fault in faults] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        sides = [box["x"] for box in (page.locator(".side").nth(k).bounding_box() for k in range(2)) if box]
        assert (sides[0] == sides[1]) == (width == 390)
