"""The chapters on explanations and embeddings: which pictures they show of what, with charts left undrawn."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pictures import shown

from lookalike.artifacts.folders import write_bytes
from lookalike.reporting import embeddings, explanations, representations
from lookalike.reporting.representations import (
    EMBEDDED,
    EXPLAINED,
    drawn_of,
    embedding_chapter,
    explanation_chapter,
)

Json = dict[str, Any]
PROBES = ("cnn", "vit", "gone")  # of the last every seed diverged


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """By the name of a chart what it is drawn from, the last one of that name; a picture is then the chart's name."""
    calls: dict[str, Any] = {}

    def recorder(name: str) -> Callable[[Any], str]:
        def record(given: Any) -> str:
            calls[name] = given
            return name

        return record

    for module in (explanations, embeddings):
        for name in vars(module):
            if name.endswith("_figure"):
                monkeypatch.setattr(module, name, recorder(name.removesuffix("_figure")))
    monkeypatch.setattr(representations, "to_png", lambda figure: f"PNG of {figure}".encode())
    return calls


def explained(variant: str, *, heads: int | None = None) -> Json:
    found: Json = {part: f"{part} of {variant}" for part in ("faithfulness", "sanity", "similarity")}
    return found | {"heads": heads and {"images": heads}}


FOUND = {"few": explained("few"), "cnn": explained("cnn"), "vit": explained("vit", heads=3)}
CLUSTERED = {name: {"clusterings": f"clusterings of {name}"} for name in ("cnn", "few")}


def draw(folder: Path, *names: str) -> None:
    for name in names:
        write_bytes(folder / f"{name}.png", f"{name} as drawn".encode())


def test_the_chapter_on_explanations_shows_probes_closely(tmp_path: Path, drawn: Json) -> None:
    figures = tmp_path / "explanations/fashion/figures"
    draw(figures / "cnn", *(name for name in EXPLAINED if name != "heads"))
    draw(figures / "vit", "maps", "heads")
    draw(figures / "few", "maps")
    draw(figures, "photographs-fitted-2")
    chapter = explanation_chapter("fashion", FOUND, PROBES, tmp_path)
    assert chapter.found is FOUND
    assert shown(chapter.pictures) == {
        "faithfulness": "fashion-faithfulness: PNG of faithfulness",
        "sanity": "fashion-sanity: PNG of sanity",
        "similarity": "fashion-similarity: PNG of similarity",
        "class-contrast": "fashion-class-contrast: PNG of class_contrast",
        **{f"cnn-{name}": f"cnn-{name}: {name} as drawn" for name in EXPLAINED if name != "heads"},
        "cnn-curves": "cnn-curves: PNG of curves",
        "vit-maps": "vit-maps: maps as drawn",
        "vit-heads": "vit-heads: heads as drawn",
        "vit-curves": "vit-curves: PNG of curves",
        "photographs": "fashion-explained-photographs: photographs-fitted-2 as drawn",
    }
    assert "(recipe fitted-2)" in chapter.pictures["photographs"].caption
    assert "over 3 images" in chapter.pictures["vit-heads"].caption


def test_charts_are_drawn_of_all_that_was_explained_or_of_the_probes_alone(tmp_path: Path, drawn: Json) -> None:
    explanation_chapter("fashion", FOUND, PROBES, tmp_path)
    close = {"cnn": FOUND["cnn"], "vit": FOUND["vit"]}
    similarities = {name: one["similarity"] for name, one in close.items()}
    assert drawn == {
        "faithfulness": {name: one["faithfulness"] for name, one in FOUND.items()},
        "curves": "faithfulness of vit",
        "sanity": {name: one["sanity"] for name, one in close.items()},
        "similarity": similarities,
        "class_contrast": similarities,
    }


def test_probes_that_were_not_explained_are_passed_over(tmp_path: Path, drawn: Json) -> None:
    draw(tmp_path / "explanations/fashion/figures/gone", "maps")
    chapter = explanation_chapter("fashion", {"few": FOUND["few"]}, PROBES, tmp_path)
    assert set(chapter.pictures) == {"faithfulness"}
    assert set(drawn) == {"faithfulness"}


@pytest.mark.parametrize("chapter", [explanation_chapter, embedding_chapter])
def test_where_nothing_was_found_nothing_is_shown(tmp_path: Path, drawn: Json, chapter: Callable[..., Any]) -> None:
    nothing = chapter("fashion", {}, PROBES, tmp_path)
    assert (nothing.found, nothing.pictures, drawn) == ({}, {}, {})


def test_the_chapter_on_embeddings_shows_probes_closely(tmp_path: Path, drawn: Json) -> None:
    figures = tmp_path / "embeddings/fashion/figures"
    draw(figures / "cnn", "map", "sweep")
    draw(figures / "few", *EMBEDDED)
    draw(figures / "vit", *EMBEDDED)
    chapter = embedding_chapter("fashion", CLUSTERED, PROBES, tmp_path)
    assert chapter.found is CLUSTERED
    assert shown(chapter.pictures) == {
        "agreement": "fashion-agreement: PNG of agreement",
        "cnn-map": "cnn-map: map as drawn",
        "cnn-sweep": "cnn-sweep: sweep as drawn",
    }
    assert drawn == {"agreement": {"cnn": "clusterings of cnn", "few": "clusterings of few"}}


@pytest.mark.parametrize("known", [EXPLAINED, EMBEDDED])
def test_pictures_of_a_variant_are_told_with_its_name(tmp_path: Path, known: dict[str, tuple[str, str]]) -> None:
    draw(tmp_path, *known, "another")
    pictures = drawn_of("cnn-10pct", tmp_path, known, heads_scored=4)
    assert list(shown(pictures)) == [f"cnn-10pct-{kind}" for kind in known]
    for picture in pictures.values():
        assert "cnn-10pct" in picture.caption
        assert "cnn-10pct" in picture.alt
