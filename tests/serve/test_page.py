"""The local page in Chromium: files, drops, the camera; turning, cropping and mending by mouse, keyboard and touch."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import Watched, launched, needs_chromium
from local_page import served
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from lookalike.serve.classifier import Classifier

pytestmark = [needs_chromium, pytest.mark.usefixtures("at_root")]

SERIOUS = {"serious", "critical"}
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
DROP = """async ([bytes, name]) => {
    const files = new DataTransfer();
    files.items.add(new File([Uint8Array.from(bytes)], name));
    document.dispatchEvent(new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched(*CAMERA) as browser:
        yield browser


@pytest.fixture(scope="module")
def address(classifier: Classifier) -> Iterator[str]:
    with served(classifier) as address:
        yield address


@pytest.fixture
def watched(browser: Browser, address: str) -> Iterator[Watched]:
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        watched = Watched(context.new_page())
        watched.page.goto(address)
        yield watched


@pytest.fixture
def page(watched: Watched) -> Page:
    return watched.page


def choose(page: Page, photo: Path) -> str:
    """Choose a file; the sentence about it."""
    page.set_input_files("#file", photo)
    return answered(page)


def answered(page: Page) -> str:
    """The sentence, once all that was asked is answered."""
    page.wait_for_selector('body[aria-busy="false"]', state="attached")
    return page.inner_text("#headline")


def ask(page: Page, selector: str) -> str:
    """Click; the sentence that follows."""
    with page.expect_response("**/answer"):
        page.click(selector)
    return answered(page)


def mask_pixels(page: Page) -> np.ndarray:
    """What the canvas of the mask shows (H, W, 4)."""
    drawn = page.evaluate(
        """() => {
            const canvas = document.getElementById("mask");
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            return [canvas.height, canvas.width, [...data]];
        }"""
    )
    height, width, values = drawn
    return np.array(values).reshape(height, width, 4)


def test_a_chosen_photo_is_answered_without_a_network(watched: Watched, address: str, photo: Path) -> None:
    page = watched.page
    said = choose(page, photo)
    assert "says the photograph model" in said
    assert page.locator("#answer .charts section").count() == 3
    assert page.locator("#answer .colours").count() == 6
    assert all(url.startswith((f"{address}/", "data:", "blob:")) for url in watched.requests)
    assert watched.complaints == []


def test_the_slider_fades_the_maps(page: Page, photo: Path) -> None:
    choose(page, photo)
    colours = page.locator("#answer .colours").first
    expect(colours).to_have_css("opacity", "0.6")
    page.locator(".strength").press("Home")
    expect(colours).to_have_css("opacity", "0")
    page.locator(".strength").press("End")
    ask(page, "#right")
    expect(page.locator("#answer .colours").first).to_have_css("opacity", "0.6")  # as the new slider says


def test_it_is_turned_and_cropped(page: Page, photo: Path) -> None:
    choose(page, photo)
    size = "() => { const { width, height } = document.getElementById('photo'); return [width, height]; }"
    width, height = page.evaluate(size)
    before = mask_pixels(page).shape
    ask(page, "#right")
    assert page.evaluate(size) == [height, width]
    assert mask_pixels(page).shape == (before[1], before[0], 4)
    ask(page, "#left")
    page.get_by_text("Crop", exact=True).click()
    with page.expect_request("**/answer") as request:
        page.get_by_label("Left edge").press("PageUp")
    assert request.value.post_data_json["crop"]["left"] == pytest.approx(0.1)
    answered(page)
    page.locator("#photo").scroll_into_view_if_needed()
    box = page.locator("#photo").bounding_box()
    assert box
    with page.expect_request("**/answer") as request:
        page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 4)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"], box["y"] + box["height"] * 0.9, steps=3)
        page.mouse.up()
    crop = request.value.post_data_json["crop"]
    assert [crop[edge] for edge in ("left", "top", "right", "bottom")] == pytest.approx([0.25, 0.25, 1, 0.9], abs=0.02)
    answered(page)
    ask(page, "#whole")
    assert mask_pixels(page).shape == before


def test_the_mask_is_mended_with_the_keyboard(page: Page, photo: Path) -> None:
    choose(page, photo)
    before = mask_pixels(page)
    page.get_by_role("radio", name="Background").check()
    page.focus("#mask")
    for key in ("ArrowUp", "Shift+ArrowLeft", " "):
        page.keyboard.press(key)
    page.locator("#use").focus()  # without the ring of the brush
    painted = mask_pixels(page)
    changed = (painted != before).any(axis=2)
    middle = np.array(before.shape[:2]) // 2 - [5, 1]
    rows, columns = np.nonzero(changed)
    assert 0 < len(rows) <= 81  # a disc with a radius of 5 pixels
    assert np.hypot(rows - middle[0], columns - middle[1]).max() <= 5
    with page.expect_request("**/answer") as request:
        page.keyboard.press("Enter")
    assert request.value.post_data_json["mask"]["cut"] is False
    answered(page)
    np.testing.assert_array_equal(mask_pixels(page), painted)
    with page.expect_request("**/answer") as request:
        page.click("#cut")
    assert request.value.post_data_json["mask"]["cut"] is True
    answered(page)
    assert (mask_pixels(page)[changed] == painted[changed]).all()  # GrabCut keeps what was marked
    ask(page, "#automatic")
    np.testing.assert_array_equal(mask_pixels(page), before)


def test_it_is_mended_by_touch_on_a_phone(browser: Browser, address: str, photo: Path) -> None:
    with browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True) as context:
        page = context.new_page()
        page.goto(address)
        choose(page, photo)
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        before = mask_pixels(page)
        page.get_by_role("radio", name="Garment").check()
        page.locator("#mask").tap(position={"x": 5, "y": 5})
        assert (mask_pixels(page) != before).any()
        page.tap("#undo")
        np.testing.assert_array_equal(mask_pixels(page), before)
        expect(page.locator("#undo")).to_be_disabled()


def test_a_dropped_photo_of_a_phone_is_read(page: Page, photo: Path, tmp_path: Path) -> None:
    from pillow_heif import register_heif_opener

    register_heif_opener()
    with Image.open(photo) as picture:
        picture.resize((120, 160)).save(tmp_path / "photo.heic")
    page.evaluate(DROP, [[*(tmp_path / "photo.heic").read_bytes()], "photo.heic"])
    expect(page.locator("#headline")).to_contain_text("says the photograph model")


def test_the_camera_takes_a_picture(page: Page) -> None:
    page.click("#camera")
    expect(page.locator("#video")).to_be_visible()
    page.click("#take")
    expect(page.locator("#headline")).to_contain_text("says the photograph model")
    expect(page.locator("#viewfinder")).to_be_hidden()


def test_what_is_no_picture_is_said_and_the_last_answer_stays(page: Page, photo: Path, tmp_path: Path) -> None:
    said = choose(page, photo)
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    page.set_input_files("#file", tmp_path / "broken.jpg")
    expect(page.locator("#error")).to_contain_text("damaged, or none of the formats that are read here")
    assert page.inner_text("#headline") == said


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_nothing_keeps_anybody_from_using_it(
    browser: Browser, address: str, photo: Path, width: int, scheme: str
) -> None:
    with browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
    ) as context:  # the policy would keep axe out
        page = context.new_page()
        page.goto(address)
        choose(page, photo)
        page.get_by_text("Crop", exact=True).click()
        faults = [fault for fault in Axe().run(page).response["violations"] if fault["impact"] in SERIOUS]
        assert [(fault["id"], [node["target"] for node in fault["nodes"]]) for fault in faults] == []
