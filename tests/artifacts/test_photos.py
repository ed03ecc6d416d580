"""photos/ is written whole, read back the same, and what was refused is listed with its reason."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lookalike.artifacts.photos import (
    SAMPLE,
    PhotoSet,
    Preparation,
    load_photos,
    load_refused,
    sample_photographs,
    save_photos,
)

PHOTOS = PhotoSet(
    preparations=(Preparation("fitted", ""), Preparation("fitted", "largest")),
    images=np.random.default_rng(0).integers(0, 256, (2, 3, 28, 28), dtype=np.uint8),
    labels=np.array([1, -1, 0], np.int64),
    class_names=("Shirt", "Größe L"),
    about=[
        {"name": f"shoes/{name}.jpg", "label": label, "half": half, "note": 'an "old", one'}
        for name, label, half in (("a", "Größe L", "choose"), ("b", "", "score"), ("ç", "Shirt", "score"))
    ],
    provenance={"source": "own", "licence": "their owner's"},
)
REFUSED = [("a, b.jpg", 'its label "Hat, red" is none of Shirt'), ("two\nlines.jpg", "no such file"), ("ç.txt", "")]


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    save_photos(tmp_path / "photos", PHOTOS, REFUSED, {})
    loaded = load_photos(tmp_path / "photos")
    for name in ("images", "labels"):
        before, after = getattr(PHOTOS, name), getattr(loaded, name)
        np.testing.assert_array_equal(after, before)
        assert after.dtype == before.dtype
    for name in ("preparations", "class_names", "about", "provenance"):
        assert getattr(loaded, name) == getattr(PHOTOS, name)


def test_photographs_of_unknown_senders_are_from_a_sender_each() -> None:
    senders = ("7", "", "7", "12", "")
    about = [{"name": f"{k}.jpg", "sender": sender} for k, sender in enumerate(senders)]
    numbers = replace(PHOTOS, about=about).senders
    assert numbers[0] == numbers[2]
    assert len(set(numbers.tolist())) == 4
    assert sorted(PHOTOS.senders.tolist()) == [0, 1, 2]  # of which the table says nothing


@pytest.mark.parametrize("refused", [REFUSED, []])
def test_what_was_refused_keeps_commas_quotes_and_order(tmp_path: Path, refused: list[tuple[str, str]]) -> None:
    save_photos(tmp_path / "photos", PHOTOS, refused, {})
    assert load_refused(tmp_path / "photos") == [{"file": file, "reason": reason} for file, reason in refused]
    assert (tmp_path / "photos" / "rejected.csv").read_bytes().startswith(b"file,reason\n")


def test_pictures_are_written_under_their_names_and_old_ones_go(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    save_photos(folder, PHOTOS, [], {"sheets/gone-01": b"old"})
    save_photos(folder, PHOTOS, [], {"sheets/fitted-01": b"\x89PNG", "steps/fitted/shoes/v1.2": b"\x89P"})
    arrays = ["images.npy", "labels.npy", "photos.json", "rejected.csv"]
    assert files(folder) == [*arrays, "sheets/fitted-01.png", "steps/fitted/shoes/v1.2.png"]
    assert (folder / "sheets" / "fitted-01.png").read_bytes() == b"\x89PNG"
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]


@pytest.mark.parametrize("letter", ["x", "ö", "👢"])
def test_pictures_of_photographs_with_the_longest_names_are_written(tmp_path: Path, letter: str) -> None:
    long = letter * (250 // len(letter.encode()))
    names = [f"steps/fitted/{name}" for name in (f"{long}.jpg", f"{long}.png", f"{long}/a.jpg", f"{'y' * 196}.jpg")]
    save_photos(tmp_path / "photos", PHOTOS, [], {name: name.encode() for name in names})
    written = {path.read_bytes().decode(): path for path in (tmp_path / "photos").rglob("*.png")}
    assert written.keys() == set(names)
    assert written[names[3]].name == f"{'y' * 196}.jpg.png"
    assert all(path.name.startswith(letter * 40) for name, path in written.items() if name in names[:2])


def test_photos_that_cannot_be_written_leave_the_old_ones_and_nothing_else(tmp_path: Path) -> None:
    save_photos(tmp_path / "photos", PHOTOS, REFUSED, {})
    before = files(tmp_path)
    with pytest.raises(OSError, match="first"):
        save_photos(tmp_path / "photos", PHOTOS, [], {"sheets/first": b"", "sheets/first.png/below": b""})
    assert files(tmp_path) == before
    assert len(load_refused(tmp_path / "photos")) == len(REFUSED)


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, []),
        (1, [0]),
        (SAMPLE, list(range(10))),
        (SAMPLE + 9, list(range(10))),
        (2 * SAMPLE, list(range(0, 20, 2))),
        (500, list(range(0, 500, 50))),
        (509, list(range(0, 500, 50))),
    ],
)
def test_a_sample_is_taken_evenly(count: int, expected: list[int]) -> None:
    assert list(sample_photographs(range(count))) == expected


def test_samples_of_two_lists_of_the_same_photographs_belong_together() -> None:
    names = [f"photo {k}" for k in range(43)]
    assert sample_photographs(names) == [names[k] for k in sample_photographs(range(43))]
