"""What DVC shows: plots that open without a network, tables that fit a terminal."""

import pytest
import yaml
from browser import Watched, launched, needs_chromium
from checkout import ROOT, Checkout, copy_of
from plots_page import PAGE, page

DEFINED = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))
TERMINAL = 80  # columns of characters


def test_the_page_is_the_one_that_the_pinned_package_gives() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_study_has_its_charts_with_titles_of_their_own() -> None:
    titles = [title for plot in DEFINED["plots"] for title in plot]
    assert len(titles) == len(set(titles)) == 3 * len(yaml.safe_load((ROOT / "params.yaml").read_text())["studies"])
    for plot in DEFINED["plots"]:
        (settings,) = plot.values()
        assert (ROOT / f".dvc/plots/{settings['template']}.json").exists()


@pytest.fixture(scope="module")
def checkout(ran: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A copy that has been run once."""
    return copy_of(ran, tmp_path_factory.mktemp("plots") / "lookalike")


@pytest.mark.pipeline
@needs_chromium
def test_plots_are_drawn_without_a_network(checkout: Checkout) -> None:
    checkout.run("dvc", "plots", "show")
    with launched() as browser:
        context = browser.new_context(offline=True)
        watched = Watched(context.new_page())
        shown = checkout.folder / "dvc_plots/index.html"
        watched.page.goto(shown.as_uri())
        watched.page.wait_for_function(f"document.querySelectorAll('svg.marks').length == {len(DEFINED['plots'])}")
        assert watched.requests == [shown.as_uri()]
        assert [said for said in watched.complaints if "current version is" not in said] == []
        for marks in (
            "line",
            "symbol",
            "rect",
        ):  # the points of each epoch and accuracy, and the cells of the confusions
            assert watched.page.query_selector_all(f"svg.marks .mark-{marks}.role-mark path")
        assert "fashion-cnn-grouped" in watched.page.inner_text("body")
        context.close()
    specs = shown.read_text(encoding="utf-8")
    assert "cdn.jsdelivr.net/npm/vega@" not in specs
    assert "Fashion-MNIST, CNN and ViT: validation accuracy (mean over seeds)" in specs
    assert checkout.run("git", "status", "--porcelain", "dvc_plots") == ""


@pytest.mark.pipeline
def test_metrics_fit_a_terminal(checkout: Checkout) -> None:
    shown = checkout.run("dvc", "metrics", "show").splitlines()
    assert shown[0].split()[:3] == ["Path", "accuracy", "confused_within"]
    assert [line.split()[0] for line in shown[1:]] == [
        f"focus/fashion/{name}.json" for name in ("fashion-cnn", "fashion-vit")
    ]
    assert max(map(len, shown)) <= TERMINAL
