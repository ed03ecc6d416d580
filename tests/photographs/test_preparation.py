"""All photographs: the drawn ones, a person's own with faulty ones among them, how they are prepared and halved."""

import csv
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lookalike.artifacts.photos import HALVES, Preparation
from lookalike.artifacts.pictures import read_picture
from lookalike.data.labelled_clothing import TABLE, Photograph
from lookalike.data.official import FASHION_CLASSES
from lookalike.drawn.photographs import Snapshot, draw_snapshots
from lookalike.errors import InputError, RejectedError
from lookalike.params import PhotoProfile, load_params
from lookalike.photographs import preparation as module
from lookalike.photographs.preparation import (
    DRAWING_SEED,
    ON_ITS_SIDE,
    Prepared,
    Ways,
    all_preparations,
    find_photographs,
    photo_set,
    prepare_photograph,
    prepare_photographs,
    split_halves,
)
from lookalike.reporting.figures.contact_sheets import strip

COUNT = 12
RECIPES = load_params(Path(__file__).parents[2] / "params.yaml").photos.recipes
NAIVE: Ways = {Preparation("naive", ""): RECIPES["naive"]}
ORIGINAL = np.zeros((120, 160, 3), np.uint8)


def find_drawn(cache: Path) -> list[Photograph]:
    found, refused, provenance = find_photographs(
        PhotoProfile(source="embedded", count=COUNT), FASHION_CLASSES, cache, None
    )
    assert refused == []
    assert provenance["source"] == "embedded"
    return found


@pytest.fixture(scope="module")
def drawings() -> list[Snapshot]:
    return draw_snapshots(COUNT, DRAWING_SEED)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> list[Photograph]:
    """The files of `drawings`."""
    return find_drawn(tmp_path_factory.mktemp("cache"))


def photograph(name: str, label: str = "Bag", path: Path = Path("nowhere")) -> Photograph:
    return Photograph(name, path, label, {"worn": "no", "items": "single"})


# Which photographs there are.


def test_drawn_photographs_are_the_same_again(drawn: list[Photograph], tmp_path: Path) -> None:
    again = find_drawn(tmp_path)
    assert [one.name for one in again] == [f"{k:04d}.jpg" for k in range(COUNT)]
    for one, before in zip(again, drawn, strict=True):
        assert (one.name, one.label, one.about) == (before.name, before.label, before.about)
        assert one.path.read_bytes() == before.path.read_bytes()


def test_drawn_photographs_say_what_they_show(drawn: list[Photograph], drawings: list[Snapshot]) -> None:
    for one, drawing in zip(drawn, drawings, strict=True):
        assert one.label == FASHION_CLASSES[drawing.label]
        assert one.about.items() >= {"background": drawing.background, "items": drawing.items, "worn": "no"}.items()


def test_drawn_photographs_come_out_upright(drawn: list[Photograph], drawings: list[Snapshot]) -> None:
    for k, (one, drawing) in enumerate(zip(drawn, drawings, strict=True)):
        upright, as_stored = read_picture(one.path), read_picture(one.path, upright=False)
        assert upright.shape == drawing.image.shape
        assert np.abs(upright.astype(int) - drawing.image).mean() < 5  # JPEG, and the noise that it takes away
        assert (as_stored.shape == upright.shape) == (k % ON_ITS_SIDE != 0)


def test_published_photographs_have_their_licence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    published = [photograph("a.jpg")]

    def fetch(*arguments: Any) -> list[Photograph]:
        asked.append(arguments)
        return published

    monkeypatch.setattr(module.labelled_clothing, "published_photographs", fetch)
    found, refused, provenance = find_photographs(PhotoProfile(source="official"), FASHION_CLASSES, tmp_path, "mirror")
    assert (found, refused, asked) == (published, [], [(tmp_path, "mirror")])
    assert (provenance["source"], provenance["licence"]) == ("official", "CC0 1.0")


def test_of_own_photographs_the_good_are_prepared_and_each_other_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drawn: list[Photograph], drawings: list[Snapshot]
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "photographs"
    (folder / "more").mkdir(parents=True)
    for name, k in (("good.jpg", 0), ("label.jpg", 1), ("more/unlisted.jpg", 3)):
        shutil.copy(drawn[k].path, folder / name)
    (folder / "cut.jpg").write_bytes(drawn[2].path.read_bytes()[:3000])
    (folder / "text.jpg").write_text("a photograph")
    Image.fromarray(drawings[1].image[:27]).save(folder / "small.png")
    Image.new("RGB", (60, 60), "grey").save(folder / "blank.png")
    lines = ["good.jpg,Bag", "cut.jpg,Bag", "small.png,Bag", "gone.jpg,Bag", "label.jpg,Hat", "text.jpg,", "blank.png,"]
    (folder / "labels.csv").write_text("\n".join(["file,label", *lines]))

    found, unfound, provenance = find_photographs(PhotoProfile(source="own"), FASHION_CLASSES, tmp_path / "cache", None)
    good, prepared, unprepared = prepare_photographs(found, NAIVE, strip)

    assert provenance["source"] == "own"
    assert [(one.name, one.label) for one in good] == [("good.jpg", "Bag"), ("more/unlisted.jpg", "")]
    assert len(prepared) == 2
    high, wide = prepared[0].original.shape[:2]
    assert max(high, wide) == 160  # upright and small, as recipes begin with it
    assert high / wide == pytest.approx(drawings[0].image.shape[0] / drawings[0].image.shape[1], rel=0.02)
    refused = dict(unfound + unprepared)
    reasons = {
        "gone.jpg": "no such file",
        "label.jpg": "'Hat'",
        "cut.jpg": "cannot be read",
        "small.png": "27 pixels",
        "text.jpg": "damaged, or none of the formats",
        "blank.png": "no garment found",
    }
    assert set(refused) == set(reasons)
    for name, reason in reasons.items():
        assert reason in refused[name]
        assert "\n" not in refused[name]


# How they are prepared.


def test_ways_are_the_whole_recipes_then_each_without_a_step() -> None:
    found = list(all_preparations({name: RECIPES[name] for name in ("zalando", "naive")}).items())
    assert found[:2] == [(Preparation(name, ""), RECIPES[name]) for name in ("zalando", "naive")]
    parts = {(way.recipe, way.without): recipe for way, recipe in found[2:]}
    assert len(parts) == len(found) - 2
    assert parts["naive", "largest"] == RECIPES["naive"].model_copy(update={"largest": False})
    assert {recipe for recipe, _ in parts} == {"zalando", "naive"}
    assert all(step for _, step in parts)


def test_any_number_of_threads_prepares_the_same(drawn: list[Photograph]) -> None:
    steps = all_preparations({name: RECIPES[name] for name in ("zalando", "fitted")})
    (good, alone, _), (same, together, _) = (prepare_photographs(drawn[:6], steps, strip, threads=n) for n in (1, 3))
    assert good == same == drawn[:6]
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one.images, other.images)
        assert one.strips == other.strips
        assert one.images.shape == (len(steps), 28, 28)
        assert set(one.strips) == {"zalando", "fitted"}


def test_a_photograph_is_prepared_upright_unless_that_is_left_out(drawn: list[Photograph]) -> None:
    steps: Ways = {Preparation("zalando", ""): RECIPES["zalando"]}
    steps[Preparation("zalando", "upright")] = RECIPES["zalando"].model_copy(update={"upright": False})
    for k, same in ((0, False), (1, True)):
        prepared = prepare_photograph(drawn[k].path, steps, lambda stages: stages[0][0].encode())
        assert np.array_equal(*prepared.images) == same
        assert prepared.strips == {"zalando": b"upright"}


def test_a_photograph_that_one_way_refuses_is_left_out_of_all(tmp_path: Path, drawn: list[Photograph]) -> None:
    none = RECIPES["naive"].model_copy(update={"mask": "none"})
    both: Ways = {Preparation("easy", ""): none, Preparation("naive", ""): RECIPES["naive"]}

    blank = tmp_path / "blank.png"
    Image.new("RGB", (60, 60), "grey").save(blank)
    asked = [drawn[1], photograph("blank.png", path=blank), drawn[0]]
    good, prepared, refused = prepare_photographs(asked, both, lambda stages: stages[-1][0].encode())
    assert good == [drawn[1], drawn[0]]
    assert [one.strips for one in prepared] == [{"easy": b"grey", "naive": b"grey"}] * 2
    assert [name for name, _ in refused] == ["blank.png"]
    with pytest.raises(RejectedError, match="no garment"):
        prepare_photograph(blank, both, strip)
    assert prepare_photographs(asked[1:2], {Preparation("easy", ""): none}, strip)[2] == []


# What becomes of them.


def test_the_arrays_are_by_way_and_photograph() -> None:
    steps = all_preparations({"naive": RECIPES["naive"]})
    labels = ("Bag", "", "T-shirt/top")
    found = [photograph(f"{k}.jpg", label) for k, label in enumerate(labels)]
    numbers = np.arange(3)[:, None] * 50 + np.arange(len(steps))
    prepared = [
        Prepared(np.broadcast_to(row[:, None, None], (len(row), 28, 28)).astype(np.uint8), {}, ORIGINAL)
        for row in numbers
    ]
    photos = photo_set(found, prepared, steps, FASHION_CLASSES, {"source": "own"})
    assert photos.images.shape == (len(steps), 3, 28, 28)
    assert photos.images.dtype == np.uint8
    np.testing.assert_array_equal(photos.images[:, :, 5, 7], numbers.T)
    np.testing.assert_array_equal(photos.labels, [FASHION_CLASSES.index("Bag"), -1, 0])
    assert photos.labels.dtype == np.int64
    assert photos.preparations == tuple(steps)
    assert (photos.class_names, photos.provenance) == (tuple(FASHION_CLASSES), {"source": "own"})
    halves = split_halves(found)
    for one, label, half, about in zip(found, labels, halves, photos.about, strict=True):
        assert about == {"name": one.name, "label": label, "half": half, "worn": "no", "items": "single"}


def test_without_a_labelled_photograph_there_is_nothing_to_score() -> None:
    with pytest.raises(InputError, match=r"\Aphotographs: none that has a label[^\n]*\Z"):
        photo_set([], [], NAIVE, FASHION_CLASSES, {})
    unlabelled = [photograph("hat.jpg", "")]
    prepared = [Prepared(np.zeros((len(NAIVE), 28, 28), np.uint8), {}, ORIGINAL)]
    with pytest.raises(InputError, match="at least one is needed"):
        photo_set(unlabelled, prepared, NAIVE, FASHION_CLASSES, {})


def photographs_of(counts: Sequence[int]) -> list[Photograph]:
    """As many photographs of each class, and of none of them."""
    labels = [*FASHION_CLASSES[: len(counts) - 1], ""]
    return [photograph(f"{label}/{k}.jpg", label) for label, n in zip(labels, counts, strict=True) for k in range(n)]


def halves_by_name(photographs: Sequence[Photograph]) -> dict[str, str]:
    return dict(zip((one.name for one in photographs), split_halves(photographs), strict=True))


def test_every_class_is_halved() -> None:
    found = photographs_of([20, 7, 1, 2, 11])
    count = Counter((one.label, half) for one, half in zip(found, split_halves(found), strict=True))
    assert {half for _, half in count} == {"choose", "score"}
    for label in {one.label for one in found}:
        assert count[label, "choose"] - count[label, "score"] in (0, 1)


def test_halves_do_not_depend_on_the_order_nor_follow_it() -> None:
    found = photographs_of([20, 7, 1, 2, 11])
    shuffled = [found[k] for k in np.random.default_rng(0).permutation(len(found))]
    assert halves_by_name(shuffled) == halves_by_name(found)
    assert split_halves(found)[:20] not in (["choose", "score"] * 10, ["choose"] * 10 + ["score"] * 10)


def test_another_photograph_moves_few_others_and_none_of_another_class() -> None:
    found = photographs_of([20, 20, 20, 20, 20])
    before = halves_by_name(found)
    shares = []
    for k in range(20):
        after = halves_by_name([*found, photograph(f"another {k}.jpg", FASHION_CLASSES[2])])
        moved = [name for name in before if after[name] != before[name]]
        assert all(name.startswith(f"{FASHION_CLASSES[2]}/") for name in moved)
        shares.append(len(moved) / len(found))
    assert np.mean(shares) < 0.15


def published() -> list[Photograph]:
    """The published photographs as the table lists them."""
    with TABLE.open(newline="", encoding="utf-8") as file:
        return [Photograph(row["file"], Path(), row["fashion_mnist_label"], row) for row in csv.DictReader(file)]


def test_the_sender_of_every_published_photograph_is_known() -> None:
    found = published()
    labelled = [one for one in found if one.label]
    assert all(one.about["sender"].isdigit() for one in found)
    assert (len(found), len({one.about["sender"] for one in found})) == (500, 139)
    assert (len(labelled), len({one.about["sender"] for one in labelled})) == (406, 123)
    assert max(Counter(one.about["sender"] for one in labelled).values()) == 46


def test_no_sender_is_in_both_halves_and_halves_are_balanced() -> None:
    found = published()
    halves = split_halves(found)
    of_sender = {(one.about["sender"], half) for one, half in zip(found, halves, strict=True)}
    assert len(of_sender) == 139
    count = Counter((one.label, half) for one, half in zip(found, halves, strict=True) if one.label)
    labelled = [sum(count[label, half] for label in FASHION_CLASSES) for half in HALVES]
    assert labelled == [204, 202]
    assert all(abs(count[label, "choose"] - count[label, "score"]) <= 1 for label in FASHION_CLASSES)


def test_halves_of_senders_do_not_depend_on_the_order() -> None:
    found = published()
    shuffled = [found[k] for k in np.random.default_rng(0).permutation(len(found))]
    assert halves_by_name(shuffled) == halves_by_name(found)


def test_photographs_without_a_label_do_not_take_the_half_to_choose_on() -> None:
    """The sender of the only labelled photographs comes first, whatever others sent."""
    mine = [Photograph(f"{k}.jpg", Path(), label, {"sender": "me"}) for k, label in enumerate(["Bag", "", ""])]
    others = [Photograph(f"x{k}.jpg", Path(), "", {"sender": "you"}) for k in range(9)]
    halves = split_halves([*others, *mine])
    assert halves == ["score"] * 9 + ["choose"] * 3
