"""The report in a real browser: tables, folds, themes, and the explorer against the artifacts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import Watched, launched, needs_chromium
from checkout import Checkout
from playwright.sync_api import Browser, Locator, Page, expect

from lookalike.artifacts.datasets import load_dataset
from lookalike.artifacts.embeddings import load_embedding
from lookalike.artifacts.evaluations import load_evaluation
from lookalike.artifacts.folders import read_json
from lookalike.artifacts.photos import load_photos
from lookalike.evaluation.cases import first_of_each_class
from lookalike.evaluation.metrics import softmax
from lookalike.evaluation.pairs import jensen_shannon
from lookalike.params import Params, load_params

pytestmark = [needs_chromium, pytest.mark.pipeline]

CNN, VIT = "fashion-cnn", "fashion-vit"
SERIOUS = {"serious", "critical"}
Scheme = Literal["light", "dark"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def params(ran: Checkout) -> Params:
    return load_params(ran.folder / "params.yaml")


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


def choose(page: Page, **choices: str) -> None:
    for name, option in choices.items():
        page.locator(f'select[name="{name}"]').select_option(option)


def found(page: Page) -> int:
    """How many images the explorer has found."""
    return int((page.locator(".found").inner_text()).split()[0])


def column(table: Locator, place: int) -> list[str]:
    """The texts of a column, header left out, rows that are filtered away as well."""
    return table.locator(f"tbody tr:not([hidden]) > :nth-child({place})").all_inner_texts()


class Truth:
    """What the artifacts say of the images that the explorer shows: test images, then photographs."""

    def __init__(self, root: Path, params: Params) -> None:
        test_labels = load_dataset(root / "data/fashion_mnist").test_labels.astype(int)
        self.indices = np.sort(first_of_each_class(test_labels, params.active.explain.images_a_class))
        photos, evaluation = load_photos(root / "photos"), root / "evaluations/fashion"
        recipe = read_json(root / "comparisons/fashion/photos.json")["chosen"]["recipe"]
        self.labels = np.concatenate([test_labels[self.indices], photos.labels])
        self.shares = {
            name: softmax(
                np.concatenate(
                    [
                        load_evaluation(evaluation / name).test_logits[0][self.indices],
                        load_evaluation(evaluation / name).photos.logits[recipe][0],
                    ]
                )
            )
            for name in (CNN, VIT)
        }
        self.names = [f"test image {k}" for k in self.indices] + [row["name"] for row in photos.about]
        self.right = {name: one.argmax(1) == self.labels for name, one in self.shares.items()}
        self.agree = self.shares[CNN].argmax(1) == self.shares[VIT].argmax(1)
        self.group_of = np.array([0, 1, 0, 2, 0, 3, 0, 3, 4, 3])  # tops, bottoms, dresses, shoes, bags


@pytest.fixture(scope="module")
def truth(ran: Checkout, params: Params) -> Truth:
    return Truth(ran.folder, params)


def test_the_page_complains_of_nothing_and_asks_for_nothing_but_itself(watched: Watched) -> None:
    choose(watched.page, kind="photo", right="neither", order="different")
    assert watched.complaints == []
    assert [url for url in watched.requests if not url.startswith(("file:", "data:"))] == []
    assert sum(url.startswith("file:") for url in watched.requests) == 1


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


def test_the_explorer_shows_the_probabilities_of_the_artifacts(page: Page, truth: Truth) -> None:
    for place in (0, 7, len(truth.labels) - 1):
        choose(page, first=CNN, second=VIT)
        show(page, place)
        expect(page.locator(".shown .title")).to_contain_text(f"{truth.names[place]}:")
        for side, name in (("first", CNN), ("second", VIT)):
            bars = page.locator(f'[data-side="{side}"] .bars')
            assert column(bars, 2) == [f"{100 * share:.1f}" for share in truth.shares[name][place]]
            verdict = "right" if truth.right[name][place] else "wrong" if truth.labels[place] >= 0 else "none"
            expect(bars.locator("caption")).to_contain_text(verdict)


def show(page: Page, place: int) -> None:
    """Page through the thumbnails to the image at `place` and open it."""
    for _ in range(place // 24):
        page.get_by_role("button", name="next 24").click()
    page.locator(".thumbs button").nth(place % 24).click()


def test_filters_find_what_the_artifacts_say(page: Page, truth: Truth) -> None:
    known, photo = truth.labels >= 0, np.arange(len(truth.labels)) >= len(truth.indices)
    right = truth.right
    shirts, shoes = truth.labels == 6, known & (truth.group_of[truth.labels] == 3)
    expected = {
        (): np.ones(len(known), bool),
        (("kind", "photo"),): photo,
        (("class", "6"),): shirts,
        (("group", "3"),): shoes,
        (("right", "both"),): right[CNN] & right[VIT],
        (("right", "neither"),): known & ~right[CNN] & ~right[VIT],
        (("right", "first"),): right[CNN] & ~right[VIT],
        (("right", "second"),): known & right[VIT] & ~right[CNN],
        (("agree", "yes"),): truth.agree,
        (("agree", "no"), ("kind", "test")): ~truth.agree & ~photo,
    }
    for choices, where in expected.items():
        choose(page, first=CNN, second=VIT, **{"kind": "", "class": "", "group": "", "right": "", "agree": ""})
        choose(page, **dict(choices))
        assert found(page) == where.sum(), choices


def test_the_most_different_distributions_come_first(page: Page, truth: Truth) -> None:
    choose(page, first=CNN, second=VIT, order="different")
    apart = jensen_shannon(truth.shares[CNN], truth.shares[VIT])
    expected = [truth.names[k] for k in np.argsort(-apart, kind="stable")[:5]]
    shown = [page.locator(".thumbs button").nth(k).get_attribute("title") or "" for k in range(5)]
    assert [title.partition(",")[0] for title in shown] == expected
    page.locator(".thumbs button").first.click()
    expect(page.locator(".apart")).to_contain_text(f"{apart.max():#.3g} bits")


def test_a_choice_that_finds_nothing_says_so(page: Page) -> None:
    choose(page, **{"class": "1", "group": "3"})
    assert found(page) == 0
    expect(page.locator(".shown")).to_be_hidden()
    choose(page, **{"class": "", "group": ""})
    expect(page.locator(".shown")).to_be_visible()


def test_the_opacity_fades_the_map_away(page: Page) -> None:
    picture = "(name) => document.querySelector(name).toDataURL()"
    image = page.evaluate(picture, ".picture")
    assert page.evaluate(picture, '[data-side="first"] .map') != image
    page.locator('[name="opacity"]').fill("0")
    assert page.evaluate(picture, '[data-side="first"] .map') == image


def test_neighbours_are_the_nearest_in_the_map_of_the_artifacts(page: Page, ran: Checkout, truth: Truth) -> None:
    embedding = load_embedding(ran.folder / "embeddings/fashion" / CNN)
    assert embedding is not None
    embedded = embedding.indices.tolist()
    points = embedding.tsne[[embedded.index(k) for k in truth.indices]]
    order = np.argsort(np.hypot(*(points - points[3]).T), kind="stable")[1:9]
    show(page, 3)
    near = page.locator('[data-side="first"] .neighbours button')
    titles = [near.nth(k).get_attribute("title") or "" for k in range(8)]
    assert [title.partition(",")[0] for title in titles] == [truth.names[k] for k in order]
    near.first.click()
    expect(page.locator(".shown .title")).to_contain_text(f"{truth.names[order[0]]}:")


def test_a_photograph_has_no_neighbours_and_says_why(page: Page) -> None:
    choose(page, kind="photo")
    expect(page.locator('[data-side="first"] .neighbours')).to_contain_text("photographs are not on the map")
    expect(page.locator('[data-side="first"] .tsne')).to_be_hidden()


def test_the_explorer_can_be_walked_with_the_keyboard(page: Page) -> None:
    title = page.locator(".shown .title")
    before = title.inner_text()
    forward = page.get_by_role("button", name="next image")
    forward.focus()
    page.keyboard.press("Enter")
    assert title.inner_text() != before
    page.get_by_role("button", name="previous image").press("Space")
    expect(title).to_have_text(before)
    page.locator('select[name="first"]').focus()
    page.keyboard.type("fashion-vit")
    expect(page.locator('[data-side="first"] h3').first).to_have_text(VIT)
