"""What the explorer shows of one image, in a real browser: pictures, probabilities, maps, and what a report lacks."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from browser import Watched, needs_chromium
from explored import AGAIN, THIRD, Site, Truth, make_site
from exploring import PIXELS, ask, chosen, count, opened, title
from playwright.sync_api import Page, expect
from served import serving
from small_study import CNN, FEW, RECIPES, SHOWN, TESTED

from lookalike.artifacts.datasets import Dataset
from lookalike.drawn.garments import draw_garments

pytestmark = needs_chromium


def test_probabilities_are_those_of_the_artifacts(page: Page, site: Site, truth: Truth) -> None:
    for place in (0, 7, TESTED, len(truth.labels) - 1):
        key = str(place) if place < TESTED else f"photograph-{place - TESTED}"
        opened(page, f"{site.address}#study=fashion&image={key}")
        assert title(page) == truth.names[place]
        for side, name in (("a", CNN), ("b", FEW)):
            shown = page.locator(f'[data-side="{side}"] .bars tbody tr > :nth-child(2)').all_inner_texts()
            assert [float(text) for text in shown] == pytest.approx(100 * truth.shares[name][place], abs=0.0501)
            said, label = truth.said(name)[place], truth.labels[place]
            verdict = "none of the classes" if label < 0 else "right" if said == label else "wrong"
            expect(page.locator(f'[data-side="{side}"] .answer')).to_contain_text(verdict)


def test_neighbours_and_points_of_the_map_lead_to_their_images(page: Page, site: Site, truth: Truth) -> None:
    embedding = site.study.embedding
    here = int(embedding.indices[3])
    opened(page, f"{site.address}#study=fashion&image={here}")
    away = np.hypot(*(embedding.tsne - embedding.tsne[3]).T)
    near = [truth.names[embedding.indices[k]] for k in np.argsort(away, kind="stable")[1:9]]
    found = page.locator('[data-side="a"] .neighbours button')
    assert [(found.nth(k).get_attribute("title") or "").partition(",")[0] for k in range(8)] == near
    found.first.click()
    assert title(page) == near[0]
    canvas = page.locator('[data-side="a"] .tsne')
    low, high = embedding.tsne.min(axis=0), embedding.tsne.max(axis=0)
    scale = 300 / (high - low)[0]  # a canvas of 320 pixels with 10 at each edge
    x, y = 10 + scale * (embedding.tsne[6] - low)
    canvas.click(position={"x": float(x) + 1, "y": float(y) + 1})
    assert title(page) == truth.names[embedding.indices[6]]


def test_maps_come_by_method_with_their_gain_in_words(page: Page, site: Site) -> None:
    shown = int(site.study.explanation.indices[0])
    opened(page, f"{site.address}#study=fashion&image={shown}")
    side = page.locator('[data-side="a"]')
    methods = page.locator('select[name="mapa"] option').all_inner_texts()
    assert methods == list(site.study.explanation.maps)
    assert chosen(page, "mapa") == SHOWN
    expect(side.locator(".gain")).to_contain_text(f"Maps of this kind explain {CNN} ")
    before = side.locator(".gain").inner_text()
    ask(page, ("mapa", methods[0]))
    assert side.locator(".gain").inner_text() != before
    assert f"mapa={methods[0]}" in page.url
    expect(page.locator('[data-side="b"] .gain')).to_contain_text("not explained in this run")


def test_why_one_class_and_not_another_says_whose_map_it_is(page: Page, site: Site, truth: Truth) -> None:
    assert site.study.explanation.close_up is not None
    single = site.study.explanation.close_up.contrast
    assert single is not None
    pixels = [image.tobytes() for image in site.study.test_set.images]
    explained = int(site.study.test_set.shown[pixels.index(single.images[0].tobytes())])
    names = site.study.class_names
    for index, classes, of in (
        (explained, (single.labels[0], single.others[0]), "Map of this image."),
        (11, (0, 6), f"Mean over test images of {names[0]}, not a map of this image."),
    ):
        opened(page, f"{site.address}#study=fashion&image={index}")
        contrast = page.locator('[data-side="a"] .contrast')
        expect(contrast.locator(".why")).to_have_text("Why {}, not {}?".format(*(names[k] for k in classes)))
        expect(contrast.locator(".note")).to_contain_text(of)
    assert truth.labels[11] == 0


def test_pictures_are_those_of_the_images(watched: Watched, site: Site) -> None:
    """From the sheet, a sprite, and of a photograph by two recipes; by HTTP, since pixels of files are closed."""
    shown = int(site.study.test_set.shown[0])
    beside = next(k for k in range(TESTED) if k not in site.study.test_set.shown)
    drawn = draw_garments(TESTED, seed=2)[0]
    with serving(site.folder) as address:
        for query, expected in (
            (f"image={shown}", drawn[shown]),
            (f"image={beside}", drawn[beside]),
            *((f"image=photograph-3&recipe={one}", site.study.photos.recipes[one][3]) for one in RECIPES),
        ):
            page = opened(watched.page, f"{address}/index.html#study=fashion&{query}")
            page.wait_for_selector(".picture[data-drawn]")
            found = np.array(page.evaluate(PIXELS, [".picture", 8, 4])).reshape(28, 28, 4)
            np.testing.assert_array_equal(found[..., 0], 255 - expected)
        red, green, blue = ((255, 0, 0), (0, 128, 0), (0, 0, 255))
        for recipe, colour in zip(RECIPES, (green, blue), strict=True):
            ask(page, ("recipe", recipe))
            named = f"photograph photo 3 after each step of the recipe {recipe}"
            expect(page.locator(".steps canvas")).to_have_attribute("aria-label", named)
            for canvas, seen in ((".steps canvas", colour), (".original", red)):
                pixels = np.array(page.evaluate(PIXELS, [canvas, 80, 80])).reshape(-1, 4)
                np.testing.assert_allclose(pixels[0, :3], seen, atol=8)


def test_a_photograph_is_judged_as_its_recipe_prepares_it(page: Page, site: Site) -> None:
    ask(page, ("kind", "photograph"), ("recipe", RECIPES[1]))
    assert f"recipe={RECIPES[1]}" in page.url
    evaluated = site.study.evaluations[CNN].photos
    assert evaluated is not None
    said = int(evaluated.logits[RECIPES[1]][0][0].argmax())
    expect(page.locator('[data-side="a"] .answer')).to_contain_text(site.study.class_names[said])
    expect(page.locator('[data-side="a"] .gain')).to_contain_text(f"as the recipe {RECIPES[0]} prepares them")
    expect(page.locator('[data-side="a"] .mapped')).to_be_hidden()


def test_a_page_that_was_copied_alone_says_so_and_works(watched: Watched, site: Site, tmp_path: Path) -> None:
    shutil.copy(site.folder / "index.html", tmp_path)
    page = opened(watched.page, (tmp_path / "index.html").as_uri())
    ask(page, ("b", THIRD))
    assert chosen(page, "b") == FEW
    expect(page.locator(".kept")).to_contain_text("Not beside this page: explorer/")
    ask(page, ("true", "6"))
    assert count(page) == (site.truth.labels == 6).sum()


def test_pictures_that_a_report_does_not_keep_are_tiles(watched: Watched, dataset: Dataset, tmp_path: Path) -> None:
    bare = make_site(tmp_path, dataset, kept=False)
    page = opened(watched.page, bare.address)
    expect(page.locator(".kept")).to_contain_text(f"The pictures of 20 of {TESTED} test images are kept")
    expect(page.locator('.thumbs canvas[data-drawn="tile"]')).to_have_count(24 - 20)
    ask(page, ("kind", "pictured"))
    assert count(page) == 20
    ask(page, ("kind", "photograph"))
    expect(page.locator(".photograph .note")).to_contain_text("The original is not kept here.")
    expect(page.locator(".recipes canvas")).to_have_count(len(RECIPES))
    assert watched.complaints == []


def test_a_large_study_is_explored_by_the_images_that_the_report_shows(
    watched: Watched, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookalike.reporting.explorer.section.is_searchable", lambda images, classes: False)
    large = make_site(tmp_path, dataset)
    last = int(large.study.test_set.shown.max())
    page = opened(watched.page, f"{large.address}#study={AGAIN}&image={last}")
    assert (count(page), title(page)) == (20, f"test image {last}")
    expect(page.locator(".kept")).to_have_text(
        f"Of {TESTED} test images the explorer holds the 20 that the report shows."
    )
    said = large.study.class_names[large.truth.said(CNN)[last]]
    expect(page.locator('[data-side="a"] .answer')).to_contain_text(said)


def test_the_opacity_fades_the_map_away(page: Page) -> None:
    ask(page, ("kind", "photograph"))
    map_ = page.locator('[data-side="a"] .mapped .map')
    expect(map_).to_have_css("opacity", "0.7")
    page.locator('[name="opacity"]').fill("0")
    expect(map_).to_have_css("opacity", "0")
