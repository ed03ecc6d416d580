"""The test set of a study comes back as it was, whole or refused in one line."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from damaged_evidence import DAMAGES, assert_refused
from invented_evidence import N, a_test_set, assert_same, integers, written

from lookalike.artifacts.test_sets import load_test_set, positions_of, save_test_set


@pytest.mark.parametrize("colours", [(), (3,)])
def test_a_test_set_comes_back_as_it_was(tmp_path: Path, colours: tuple[int, ...]) -> None:
    for _ in range(2):  # the second time over the first
        save_test_set(tmp_path, a_test_set(colours))
    assert_same(load_test_set(tmp_path), a_test_set(colours))
    assert sorted(written(tmp_path)) == ["arrays.npz", "evidence.json"]


def test_without_photographs_and_duplicates_it_comes_back_too(tmp_path: Path) -> None:
    none = integers()
    plain = replace(a_test_set(), photos=None, refused=(), repeated=none, near=none)
    save_test_set(tmp_path, plain)
    assert_same(load_test_set(tmp_path), plain)


def test_no_photographs_are_not_no_preparations(tmp_path: Path) -> None:
    photos = a_test_set().photos
    assert photos is not None
    empty = replace(photos, preparations=(), images=photos.images[:0], about=[], labels=integers())
    save_test_set(tmp_path, replace(a_test_set(), photos=empty))
    assert_same(load_test_set(tmp_path).photos, empty)


def test_the_same_test_set_has_the_same_bytes(tmp_path: Path) -> None:
    save_test_set(tmp_path, a_test_set())
    first = written(tmp_path)
    save_test_set(tmp_path, load_test_set(tmp_path))
    assert written(tmp_path) == first


@pytest.mark.parametrize("case", DAMAGES)
def test_a_damaged_test_set_is_refused_in_one_line(tmp_path: Path, case: str) -> None:
    save_test_set(tmp_path, a_test_set())
    assert_refused(load_test_set, tmp_path, case)


def test_labels_of_many_classes_and_of_none_survive(tmp_path: Path) -> None:
    photos = a_test_set().photos
    assert photos is not None
    many = replace(
        a_test_set(), labels=integers(0, 999, 65535), photos=replace(photos, labels=integers(-1, 999, 0, 5, 7))
    )
    save_test_set(tmp_path, many)
    assert_same(load_test_set(tmp_path), many)


def test_pictures_are_those_of_the_images_asked_for() -> None:
    test_set = a_test_set()
    chosen = integers(4, 0, 4, 16)
    np.testing.assert_array_equal(test_set.pictures(chosen), test_set.images[[2, 0, 2, 8]])
    assert test_set.pictures(integers()).shape == (0, 28, 28)
    np.testing.assert_array_equal(test_set.pictures(test_set.shown), test_set.images)


def test_an_image_that_is_not_shown_has_no_picture() -> None:
    with pytest.raises(KeyError, match="5"):
        a_test_set().pictures(integers(4, 5))


def test_places_follow_the_order_asked_for() -> None:
    assert positions_of(integers(7, 3, 9), integers(9, 7, 9)).tolist() == [2, 0, 2]
    assert positions_of(integers(7), integers()).dtype == np.int64
    assert len(a_test_set().shown) == N


def test_published_images_have_the_name_that_people_know() -> None:
    drawn = replace(a_test_set(), name="fashion_mnist", provenance={"source": "embedded"})
    assert drawn.title == "fashion_mnist"
    assert replace(drawn, provenance={"source": "official"}).title == "Fashion-MNIST"
    assert replace(drawn, name="own_set", provenance={"source": "official"}).title == "own_set"
