"""What the chapters take from the findings: whole chapters with the drawing left out, and their parts by hand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pictures import shown

from lookalike.artifacts.folders import write_bytes, write_text
from lookalike.params import Variant
from lookalike.reporting import chapters, comparisons, photographs
from lookalike.reporting.chapters import (
    absorbed,
    by_recipe,
    distances,
    families,
    look_alike_chapter,
    on_test_images,
    photo_chapter,
)
from lookalike.reporting.leaderboard import Standing

Json = dict[str, Any]
MakeVariant = Callable[..., Variant]


def estimate(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.1, "high": value + 0.2}


def standing(variant: str, *, train_images: int = 100, accuracy: float | None = 0.5) -> Standing:
    known = estimate(accuracy) if accuracy is not None else dict.fromkeys(("value", "low", "high"))
    return Standing(
        study="fashion",
        variant=variant,
        seeds=int(accuracy is not None),
        diverged=int(accuracy is None),
        accuracy=known["value"],
        accuracy_sd=None,
        accuracy_low=known["low"],
        accuracy_high=known["high"],
        **dict.fromkeys(("top2_accuracy", "nll", "brier", "ece", "calibrated_ece", "temperature")),
        parameters=1,
        macs=2,
        train_images=train_images,
        epochs=3,
        training_seconds=4.0,
        images_per_second=5.0,
    )


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[Any, ...]]:
    """By the name of a figure what it is drawn from; a picture is then the figure's name."""
    calls: dict[str, tuple[Any, ...]] = {}

    def recorder(name: str) -> Callable[..., str]:
        def record(*given: Any, **named: Any) -> str:
            calls[name] = (*given, *named.values())
            return name

        return record

    for module in (comparisons, photographs):
        for name in vars(module):
            if name.endswith("_figure"):
                monkeypatch.setattr(module, name, recorder(name.removesuffix("_figure")))
    monkeypatch.setattr(chapters, "to_png", lambda figure: f"PNG of {figure}".encode())
    return calls


ALIKE: Json = {
    "variants": {"all": {"group_accuracy": estimate(0.9)}, "few": {"group_accuracy": estimate(0.8)}},
    "pairs": [{"first": "all", "second": "few"}],
}


def test_the_chapter_on_look_alikes_shows_pairs_and_sizes(
    tmp_path: Path, drawn: Json, make_variant: MakeVariant
) -> None:
    settings = {"all": make_variant(), "few": make_variant(fraction=0.1)}
    standings = [standing("all"), standing("few", train_images=10, accuracy=0.25)]
    write_bytes(tmp_path / "explanations/fashion/figures/all--few/cases.png", b"PNG of cases")
    chapter = look_alike_chapter("fashion", ALIKE, settings, standings, tmp_path)
    assert chapter.found is ALIKE
    assert shown(chapter.pictures) == {
        "errors": "fashion-errors: PNG of errors",
        "shares": "fashion-shares: PNG of shares",
        "pairs": "fashion-pairs: PNG of pair",
        "sizes": "fashion-sizes: PNG of data_size",
        "all--few-cases": "all--few-cases: PNG of cases",
    }
    assert drawn["errors"] == drawn["shares"] == (ALIKE["variants"],)
    assert drawn["pair"] == (ALIKE["pairs"],)
    assert drawn["data_size"] == (families(ALIKE["variants"], settings, standings),)
    write_bytes(tmp_path / "evaluations/fashion/pairs/all--few/divergence.png", b"PNG of divergence")
    pictures = look_alike_chapter("fashion", ALIKE, settings, standings, tmp_path).pictures
    for kind in ("cases", "divergence"):
        one = pictures[f"all--few-{kind}"]
        assert one.png == f"PNG of {kind}".encode()
        assert "all and few" in one.alt
        assert "all and few" in one.caption


def test_the_chapter_on_look_alikes_draws_no_empty_figure(
    tmp_path: Path, drawn: Json, make_variant: MakeVariant
) -> None:
    found = {"variants": {"all": ALIKE["variants"]["all"]}, "pairs": []}
    chapter = look_alike_chapter("fashion", found, {"all": make_variant()}, [standing("all")], tmp_path)
    assert set(chapter.pictures) == {"errors", "shares"}
    assert set(drawn) == {"errors", "shares"}


def test_families_differ_in_the_number_of_training_images_alone(make_variant: MakeVariant) -> None:
    smoothing = {"groups": {"all": tuple("abcdefghij")}, "look_alikes": 0.1, "others": 0.0}
    settings = {
        "some": make_variant(fraction=0.1, epochs=30),
        "all": make_variant(),
        "few": make_variant(fraction=0.01, epochs=100).model_copy(update={"cost": "heavy"}),
        "slow": make_variant(lr=1e-4, fraction=0.01),
        "smooth": make_variant(smoothing=smoothing),
        "vit": make_variant("fashion_vit"),
        "vit-few": make_variant("fashion_vit", fraction=0.01),
        "vit-hot": make_variant("fashion_vit", fraction=0.1),
    }
    sizes = {"all": 100, "slow": 1, "smooth": 100, "vit": 90, "vit-few": 2, "some": 10, "few": 1}
    standings = [standing(name, train_images=size, accuracy=size / 200) for name, size in sizes.items()]
    diverged = standing("vit-hot", train_images=10, accuracy=None)
    variants = {name: {"group_accuracy": estimate(0.5 + size / 200)} for name, size in sizes.items()}
    found = families(variants, settings, [*standings[5:], diverged, *standings[:5]])
    assert set(found) == {"all", "vit"}
    assert [member["train_images"] for member in found["all"]] == [10, 1, 100]
    assert [member["train_images"] for member in found["vit"]] == [90, 2]
    few = {"train_images": 1, "accuracy": estimate(0.005), "group_accuracy": estimate(0.505)}
    assert found["all"][1] == few


def test_variants_that_saw_as_many_images_are_no_family(make_variant: MakeVariant) -> None:
    settings = {"one": make_variant(), "two": make_variant(fraction=0.5)}  # a budget may cut both to the same
    variants = {name: {"group_accuracy": estimate(0.5)} for name in settings}
    assert families(variants, settings, [standing(name, train_images=20) for name in settings]) == {}


def test_what_diverged_has_no_accuracy_on_test_images() -> None:
    assert on_test_images(standing("hot", accuracy=None)) is None
    assert on_test_images(standing("cnn", accuracy=0.0)) == estimate(0.0)


def test_ablations_stand_under_their_recipe() -> None:
    rows: Json = {
        "cnn": [{"recipe": "plain", "step": "crop"}, {"recipe": "fitted", "step": "mask"}],
        "vit": [{"recipe": "plain", "step": "mask"}],
    }
    assert by_recipe(rows) == {
        "plain": [
            {"recipe": "plain", "step": "crop", "variant": "cnn"},
            {"recipe": "plain", "step": "mask", "variant": "vit"},
        ],
        "fitted": [{"recipe": "fitted", "step": "mask", "variant": "cnn"}],
    }
    assert "variant" not in rows["cnn"][0]
    assert by_recipe({}) == {}


def sureness(area: float | None) -> Json:
    separation = {"confidence": estimate(0.7), "distance": estimate(area) if area is not None else None}
    return {
        "quantiles": [f"quantiles of {area}"],
        "right_from_wrong": separation,
        "abstention": f"abstention of {area}",
    }


def test_distances_are_those_of_one_recipe() -> None:
    found = {
        "cnn": {"plain": sureness(0.1), "fitted": sureness(0.6)},
        "vit": {"plain": sureness(0.2), "fitted": sureness(None)},
        "hot": {"plain": sureness(0.3), "fitted": sureness(0.0)},
    }
    bins, areas = distances(found, "fitted")
    assert bins == {"cnn": ["quantiles of 0.6"], "vit": ["quantiles of None"], "hot": ["quantiles of 0.0"]}
    assert areas == {"cnn": 0.6, "vit": None, "hot": 0.0}


def on_photographs(value: float) -> Json:
    predicted = {"Bag": estimate(value / 2), "Coat": estimate(value / 4)}
    return {"all": {"accuracy": estimate(value)}, "classes": f"classes of {value}", "predicted": predicted}


FIGURES = {
    "vit": {"plain": on_photographs(0.1), "fitted": on_photographs(0.2)},
    "cnn": {"plain": on_photographs(0.3), "fitted": on_photographs(0.4)},
}
ABSORPTION = {
    "absorber": "Coat",
    "strengths": [0.0, 1.0],
    "ways": {"turn": {"cnn": [estimate(0.0), estimate(0.9)]}, "fill": {"cnn": [None, estimate(0.8)]}},
}


def test_what_is_absorbed_is_told_of_probed_variants() -> None:
    on_photos, on_test = absorbed(FIGURES, ABSORPTION)
    assert on_photos == {"plain": {"cnn": estimate(0.075)}, "fitted": {"cnn": estimate(0.1)}}
    assert on_test == {
        "turn": {"strength": [0.0, 1.0], "cnn": [estimate(0.0), estimate(0.9)]},
        "fill": {"strength": [0.0, 1.0], "cnn": [None, estimate(0.8)]},
    }


def test_the_chapter_on_photographs_shows_the_chosen_recipe(tmp_path: Path, drawn: Json) -> None:
    found = {
        "figures": FIGURES,
        "chosen": {"variant": "cnn", "recipe": "fitted"},
        "ablations": {"cnn": [{"recipe": "plain", "step": "crop"}]},
        "distance": {name: {"plain": sureness(0.1), "fitted": sureness(0.6)} for name in FIGURES},
        "absorption": ABSORPTION,
    }
    write_text(tmp_path / "photos/rejected.csv", 'file,reason\n"a,b.jpg",too dark\n')
    for recipe in ("plain", "fitted"):
        write_bytes(tmp_path / f"photos/samples/{recipe}.png", f"PNG of {recipe}".encode())
    write_bytes(tmp_path / "photos/sheets/plain-01.png", b"not in the report")
    standings = [standing("hot", accuracy=None), standing("cnn", accuracy=0.9), standing("vit", accuracy=0.8)]
    chapter = photo_chapter("fashion", found, standings, tmp_path)
    assert chapter.found == found | {"refused": [{"file": "a,b.jpg", "reason": "too dark"}]}
    kinds = ("accuracy", "classes", "ablation", "distance", "abstention", "absorption")
    assert shown(chapter.pictures) == {
        **{f"photo-{kind}": f"fashion-photo-{kind}: PNG of {kind}" for kind in kinds},
        "samples-fitted": "fashion-photos-fitted: PNG of fitted",
        "samples-plain": "fashion-photos-plain: PNG of plain",
    }
    assert drawn == {
        "accuracy": (
            {
                "vit": {"test": estimate(0.8), "recipes": {"plain": estimate(0.1), "fitted": estimate(0.2)}},
                "cnn": {"test": estimate(0.9), "recipes": {"plain": estimate(0.3), "fitted": estimate(0.4)}},
            },
        ),
        "classes": ({"vit": "classes of 0.2", "cnn": "classes of 0.4"},),
        "ablation": (by_recipe(found["ablations"]),),
        "distance": distances(found["distance"], "fitted"),
        "abstention": ({"vit": "abstention of 0.6", "cnn": "abstention of 0.6"},),
        "absorption": (*absorbed(FIGURES, ABSORPTION), "Coat"),
    }
    for kind in ("classes", "distance", "abstention"):
        assert "recipe fitted" in chapter.pictures[f"photo-{kind}"].caption
    assert "taken for a Coat" in chapter.pictures["photo-absorption"].caption
    assert "recipe plain" in chapter.pictures["samples-plain"].caption


def test_without_contact_sheets_the_chapter_on_photographs_shows_none(tmp_path: Path, drawn: Json) -> None:
    found = {
        "figures": FIGURES,
        "chosen": {"variant": "vit", "recipe": "plain"},
        "ablations": {"cnn": []},
        "distance": {"cnn": {"plain": sureness(None)}},
        "absorption": ABSORPTION,
    }
    write_text(tmp_path / "photos/rejected.csv", "file,reason\n")
    chapter = photo_chapter("fashion", found, [standing("cnn"), standing("vit")], tmp_path)
    assert chapter.found["refused"] == []
    assert not [name for name in chapter.pictures if name.startswith("samples-")]
    assert drawn["classes"] == ({"vit": "classes of 0.1", "cnn": "classes of 0.3"},)
