"""Cases against scores set by hand."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import jensenshannon
from scipy.special import softmax

from lookalike.evaluation.cases import first_of_each_class, pick_cases

RULES = ["same prediction, wrong", "same prediction, right", "first right, second wrong", "second right, first wrong"]
LABELS = np.zeros(9, np.uint8)
FIRST = np.array([[1, 0], [3, 0], [1, 0], [0, 1], [0, 1], [1, 0], [0, 2], [1, 0], [0, 1]], np.float32)
SECOND = np.array([[2, 0], [3, 0], [2, 0], [0, 5], [0, 2], [0, 1], [2, 0], [0, 4], [0, 2]], np.float32)
EXPECTED = [[3, 4, 8], [0, 2, 1], [7, 5], [6]]  # 4 and 8 are equal, so are 0 and 2; on 1 the models agree


@pytest.mark.parametrize("count", [0, 1, 2, 3, 10])
def test_each_rule_picks_the_most_divergent_of_its_images(count: int) -> None:
    cases = pick_cases(FIRST, SECOND, LABELS, count, among=np.arange(9))
    expected = [(rule, i) for rule, images in zip(RULES, EXPECTED, strict=True) for i in images[:count]]
    assert [(case.rule, case.index) for case in cases] == expected
    for case in cases:
        p, q = softmax(FIRST[case.index]), softmax(SECOND[case.index])
        assert case.divergence == pytest.approx(jensenshannon(p, q, base=2) ** 2, rel=1e-4, abs=1e-9)


def test_two_models_that_are_always_right_give_one_kind_of_case() -> None:
    logits = np.eye(3)[[0, 1, 2]]
    cases = pick_cases(logits, 2 * logits, np.arange(3), 5, among=np.arange(3))
    assert {case.rule for case in cases} == {"same prediction, right"}


def test_two_different_mistakes_are_no_case() -> None:
    both = np.array([[0, 1, 0]]), np.array([[0, 0, 1]])
    assert pick_cases(*both, np.array([0]), 5, among=np.array([0])) == []


@pytest.mark.parametrize("among", [[8, 2, 5], [2, 5, 8], [3], [], [1, 1, 1]])
def test_cases_are_picked_among_the_given_images_alone(among: list[int]) -> None:
    cases = pick_cases(FIRST, SECOND, LABELS, 10, among=np.array(among, np.int64))
    expected = [(rule, i) for rule, images in zip(RULES, EXPECTED, strict=True) for i in images if i in among]
    assert [(case.rule, case.index) for case in cases] == expected
    everything = pick_cases(FIRST, SECOND, LABELS, 10, among=np.arange(9))
    assert set(cases) <= set(everything), "the divergence does not depend on the choice"


def test_other_images_take_the_place_of_those_that_may_not_be_picked() -> None:
    """Of one image a rule, the second most divergent where the first is not to be shown."""
    cases = pick_cases(FIRST, SECOND, LABELS, 1, among=np.array([4, 2, 5, 6]))
    assert [case.index for case in cases] == [4, 2, 5, 6]


SHOWN = np.array([7, 2, 2, 9, 7, 2, 200, 7, 9, 2])  # 2 at 1, 2, 5, 9; 7 at 0, 4, 7; 9 at 3, 8; 200 at 6


@pytest.mark.parametrize("dtype", [np.int64, np.uint8])
@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, []),
        (1, [1, 0, 3, 6]),
        (2, [1, 0, 3, 6, 2, 4, 8]),
        (3, [1, 0, 3, 6, 2, 4, 8, 5, 7]),
        (99, [1, 0, 3, 6, 2, 4, 8, 5, 7, 9]),
    ],
)
def test_the_first_of_each_class_come_before_the_second(count: int, expected: list[int], dtype: type) -> None:
    chosen = first_of_each_class(SHOWN.astype(dtype), count)
    assert chosen.tolist() == expected
    assert chosen.dtype == np.int64


@pytest.mark.parametrize("labels", [np.zeros(300, np.uint8), np.arange(300) // 100 % 2])
def test_more_images_of_a_class_than_a_byte_can_count(labels: NDArray[np.integer]) -> None:
    chosen = first_of_each_class(labels, 280)
    expected = [
        image
        for rank in range(280)
        for label in np.unique(labels)
        for image in np.flatnonzero(labels == label)[rank : rank + 1]
    ]
    assert chosen.tolist() == expected


def test_without_images_none_are_chosen() -> None:
    assert first_of_each_class(np.array([], np.uint8), 3).tolist() == []
