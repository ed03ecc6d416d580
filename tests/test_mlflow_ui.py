"""`make ui` in a real browser, on the store of a small copy that has run once."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Watched, launched, needs_chromium
from checkout import Checkout
from mlflow_server import OUTPUT, served
from playwright.sync_api import Page, expect

from lookalike.artifacts.folders import read_json
from lookalike.tracking.store import open_store

pytestmark = [needs_chromium, pytest.mark.pipeline]

NAME = "fashion-cnn"
SECONDS = 90  # the longest that a page may take on a busy machine


@pytest.fixture(scope="module")
def folder(ran: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store and what it keeps beside it: a server would write into that of the copy."""
    folder = tmp_path_factory.mktemp("mlflow")
    shutil.copy(ran.folder / "mlflow.db", folder)
    shutil.copy(ran.folder / "params.yaml", folder)
    shutil.copytree(ran.folder / "mlartifacts", folder / "mlartifacts")
    return folder


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with served(folder, ("lookalike.tracking.ui",)) as address:
        yield address


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    with launched() as browser:
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.set_default_timeout(1000 * SECONDS)
        yield Watched(page)


@pytest.fixture
def page(watched: Watched) -> Page:
    expect.set_options(timeout=1000 * SECONDS)
    return watched.page


@pytest.fixture(scope="module")
def run(ran: Checkout) -> str:
    """The id of the first seed's run."""
    found: str = read_json(ran.folder / "published.json")["runs"][NAME]["0"]
    return found


@pytest.fixture(scope="module")
def experiment(folder: Path) -> str:
    """The id of the study's experiment."""
    return open_store(f"sqlite:///{folder / 'mlflow.db'}").experiment("fashion")


def test_the_printed_address_opens_the_variants_of_the_first_study(
    page: Page, address: str, folder: Path, ran: Checkout
) -> None:
    printed = (folder / OUTPUT).read_text().splitlines()[0].split()[2]
    assert printed.startswith(f"{address}/#/experiments/")
    page.goto(printed)
    for variant in read_json(ran.folder / "published.json")["runs"]:
        expect(page.get_by_role("link", name=variant, exact=True)).to_be_visible()


def test_the_study_is_an_experiment(page: Page, address: str) -> None:
    page.goto(f"{address}/#/experiments")
    expect(page.get_by_text("lookalike/fashion", exact=True).first).to_be_visible()


def test_a_variant_has_a_run_for_each_seed_below_it(page: Page, address: str, experiment: str, ran: Checkout) -> None:
    page.goto(f"{address}/#/experiments/{experiment}/runs?workflowType=machine_learning")
    for variant, seeds in read_json(ran.folder / "published.json")["runs"].items():
        named = page.get_by_role("link", name=variant, exact=True)
        page.locator(".ag-cell-wrapper").filter(has=named).get_by_role("button").click()
        for seed in seeds:
            expect(page.get_by_text(f"{variant}-seed{seed}", exact=True).first).to_be_visible()


def test_a_run_shows_its_results_and_what_it_is(
    page: Page, address: str, experiment: str, run: str, ran: Checkout
) -> None:
    page.goto(f"{address}/#/experiments/{experiment}/runs/{run}")
    accuracy = read_json(ran.folder / "comparisons/fashion/details.json")[NAME]["seeds"][0]["accuracy"]
    row = page.get_by_role("row").filter(has=page.get_by_text("test/accuracy", exact=True))
    expect(row).to_contain_text(str(accuracy)[:6])
    expect(page.get_by_text("Seed 0. ").first).to_be_attached()


def test_a_run_shows_its_curves(page: Page, address: str, experiment: str, run: str) -> None:
    page.goto(f"{address}/#/experiments/{experiment}/runs/{run}/model-metrics")
    expect(page.get_by_text("images_per_second", exact=True).first).to_be_visible()
    expect(page.locator("svg.main-svg").first).to_be_visible()


def test_a_run_shows_its_figures(page: Page, address: str, experiment: str, run: str) -> None:
    page.goto(f"{address}/#/experiments/{experiment}/runs/{run}/artifacts/figures/reliability.png")
    page.wait_for_function("[...document.images].some((one) => one.naturalWidth > 300)")


def test_a_focus_variant_is_a_registered_model(page: Page, address: str) -> None:
    page.goto(f"{address}/#/models/lookalike-{NAME}")
    expect(page.get_by_text("@\u00a0current").first).to_be_visible()


def test_the_server_stays_on_this_machine(watched: Watched, address: str) -> None:
    assert watched.requests
    assert {url.split("/")[2] for url in watched.requests if url.startswith("http")} == {address.split("/")[2]}
