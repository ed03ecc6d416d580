"""Why one look-alike and not the other, against its parts; what filters respond to among the images shown."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from conftest import TINY_ARGUMENTS
from numpy.typing import NDArray
from torch import nn

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.image_files import to_pixels
from lookalike.drawn.garments import draw_garments
from lookalike.explain.faithfulness import CONTROLS
from lookalike.explain.focus import (
    DRAWN,
    TwoClassModel,
    examine_focus_variant,
    explain_contrast,
    indices_of_pair,
    most_confused,
)
from lookalike.explain.responses import responses
from lookalike.explain.subject import Images, Subject
from lookalike.models.base import Model
from lookalike.models.registry import create_model
from lookalike.runtime import Runtime, seeded

GROUP_OF = np.array([0, 1, 0, 2, 1, 0, 3, 3, 0, 4])  # 0, 2, 5 and 8 look alike, and so do 1 and 4, and 6 and 7
COUNT = 20
LABELS = np.arange(COUNT) % 10


def make(name: str, seed: int) -> Model:
    with seeded(seed, "init"):
        model = create_model(name, TINY_ARGUMENTS.get(name), input_shape=(1, 28, 28), num_classes=10)
    model.eval()
    return model


@pytest.fixture(scope="module")
def garments(dataset: Dataset) -> Dataset:
    """Test images that are large enough for convolutions to have a map."""
    return replace(dataset, test_images=draw_garments(COUNT, seed=3)[0], test_labels=LABELS, mean=(0.3,), std=(0.4,))


def subject_of(name: str, garments: Dataset) -> Subject:
    images = Images(garments.test_images, LABELS, LABELS)
    subject = Subject(make(name, 0), make(name, 1), garments, Runtime(torch.device("cpu")), images)
    with torch.inference_mode():
        predicted = subject.model(subject.inputs).argmax(1).numpy()
    return subject.of(replace(images, predicted=predicted))


@pytest.fixture(scope="module")
def cnn(garments: Dataset) -> Subject:
    return subject_of("fashion_cnn", garments)


def images(labels: list[int], predicted: list[int]) -> Images:
    pixels = np.zeros((len(labels), 2, 2), np.uint8)
    return Images(pixels, np.array(labels, np.int64), np.array(predicted, np.int64))


@pytest.mark.parametrize(
    ("labels", "predicted", "expected"),
    [
        ([0, 2, 5, 1, 4], [0, 2, 5, 1, 4], None),  # all right
        ([0, 3, 9, 6], [1, 9, 3, 4], None),  # all between groups
        ([], [], None),
        ([4, 0], [1, 0], (1, 4)),
        ([8, 8, 0, 1], [5, 0, 5, 4], (0, 5)),  # a tie: the lowest classes
        ([0, 2, 1, 1, 4], [2, 0, 4, 4, 1], (1, 4)),  # either direction counts
        ([3, 3, 3, 7], [9, 9, 9, 6], (6, 7)),  # but not another group
    ],
)
def test_the_pair_is_the_two_look_alikes_confused_most_often(
    labels: list[int], predicted: list[int], expected: tuple[int, int] | None
) -> None:
    found = most_confused(images(labels, predicted), GROUP_OF)
    assert found == expected
    assert found is None or all(type(one) is int for one in found)


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (2, [4, 3]),
        (4, [4, 3, 7, 0]),
        (5, [4, 3, 7, 0]),
        (6, [4, 3, 7, 0, 1, 6]),
        (99, [4, 3, 7, 0, 1, 6, 5, 8]),
    ],
)
def test_images_of_either_class_come_by_turns_those_taken_for_the_other_first(count: int, expected: list[int]) -> None:
    # of class 2: 1, 4, 5, 7, 8, of which 4 and 7 are taken for 5; of class 5: 0, 3, 6, of which 3 is taken for 2
    chosen = indices_of_pair(images([5, 2, 0, 5, 2, 2, 5, 2, 2, 9], [5, 2, 5, 2, 5, 8, 0, 5, 2, 5]), (2, 5), count)
    assert chosen.tolist() == expected
    assert chosen.dtype == np.int64


def test_a_class_without_images_leaves_its_turns_out() -> None:
    assert indices_of_pair(images([2, 2, 0, 2], [2, 5, 0, 2]), (2, 5), 4).tolist() == [1, 0]
    assert indices_of_pair(images([2, 2, 0, 2], [2, 5, 0, 2]), (5, 2), 6).tolist() == [1, 0, 3]


def test_a_duel_has_the_logits_of_two_classes(cnn: Subject) -> None:
    with torch.no_grad():
        assert torch.equal(TwoClassModel(cnn.model, 7, 2)(cnn.inputs), cnn.model(cnn.inputs)[:, [7, 2]])


PAIR = (2, 8)  # the two classes confused most often


@pytest.fixture(scope="module")
def rival(garments: Dataset) -> Subject:
    """A subject that finds one of the pair more probable on half of all images, and the other on the other half."""
    subject = subject_of("fashion_cnn", garments)
    head = subject.model.head
    assert isinstance(head, nn.Linear)
    with torch.no_grad():
        first, second = subject.model(subject.inputs)[:, PAIR].T
        head.bias[PAIR[1]] += (first - second).median() + 1e-6
    predicted = LABELS.copy()
    predicted[[12, 18, 0]] = [8, 2, 6]
    return subject.of(replace(subject.images, predicted=predicted))


def pair_logits(subject: Subject, indices: NDArray[np.int64]) -> NDArray[np.float32]:
    with torch.no_grad():
        return subject.model(subject.inputs[indices])[:, PAIR].numpy()


def test_a_contrast_is_between_the_two_most_confused_classes(rival: Subject) -> None:
    found, scores = explain_contrast(rival, GROUP_OF, 4)
    assert found is not None
    assert scores is not None
    assert scores["images"] == 4
    chosen = np.array([12, 18, 2, 8])
    np.testing.assert_array_equal(found.images, rival.images.pixels[chosen])
    assert found.actual.tolist() == LABELS[chosen].tolist()
    logits = pair_logits(rival, chosen)
    first = logits[:, 0] > logits[:, 1]
    assert found.labels.tolist() == np.where(first, *PAIR).tolist()
    assert found.others.tolist() == np.where(first, *PAIR[::-1]).tolist()
    assert {values.dtype for values in (found.actual, found.labels, found.others)} == {np.dtype(np.int64)}


def test_the_first_images_alone_are_drawn_and_all_are_scored(rival: Subject) -> None:
    everything = rival.of(Images(rival.images.pixels, np.resize(PAIR, COUNT), np.full(COUNT, PAIR[0])))
    found, scores = explain_contrast(everything, GROUP_OF, COUNT)
    assert found is not None
    assert scores is not None
    assert scores["images"] == COUNT
    order = indices_of_pair(everything.images, PAIR, COUNT)[:DRAWN]
    np.testing.assert_array_equal(found.images, rival.images.pixels[order])
    assert len(found.actual) == len(found.labels) == len(found.others) == DRAWN
    assert {len(values) for values in found.maps.values()} == {DRAWN}
    few, few_scores = explain_contrast(everything, GROUP_OF, DRAWN)
    assert few is not None
    np.testing.assert_array_equal(few.images, found.images)
    assert few_scores != scores


def test_the_more_probable_of_the_two_classes_need_not_be_the_first(rival: Subject) -> None:
    everything = rival.of(Images(rival.images.pixels, np.resize(PAIR, COUNT), np.full(COUNT, PAIR[0])))
    logits = pair_logits(rival, np.arange(COUNT))
    preferred = logits.argmax(1)
    assert set(preferred) == {0, 1}
    pixels = np.concatenate([rival.images.pixels[preferred == k][:3] for k in (0, 1)])
    mixed = rival.of(Images(pixels, np.resize(PAIR, 6), np.full(6, PAIR[0])))
    found, _ = explain_contrast(mixed, GROUP_OF, 6)
    assert found is not None
    assert set(found.labels.tolist()) == set(found.others.tolist()) == set(PAIR)
    assert (found.labels + found.others == sum(PAIR)).all()
    with torch.no_grad():
        logits = everything.model(mixed.inputs[indices_of_pair(mixed.images, PAIR, 6)]).numpy()
    each = np.arange(6)
    assert (logits[each, found.labels] > logits[each, found.others]).all()


def test_a_contrastive_map_is_the_difference_of_two(rival: Subject) -> None:
    found, _ = explain_contrast(rival, GROUP_OF, 4)
    assert found is not None
    assert list(found.maps) == ["label", "other", "contrast"]
    chosen = rival.part(np.array([12, 18, 2, 8]))
    for name, classes in (("label", found.labels), ("other", found.others)):
        aim = F.one_hot(torch.from_numpy(classes), 10).float()
        np.testing.assert_array_equal(found.maps[name], chosen.explain("HiResCAM", aim))
    difference = found.maps["label"] - found.maps["other"]
    np.testing.assert_allclose(found.maps["contrast"], difference, rtol=1e-4, atol=1e-6)
    assert np.abs(difference).max() > 1e-3


def test_contrasts_are_scored_where_only_the_two_classes_can_be_predicted(rival: Subject) -> None:
    _, found = explain_contrast(rival, GROUP_OF, 4)
    assert found is not None
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert list(found["scores"]) == ["label", "other", "contrast", *CONTROLS]
    logits = torch.from_numpy(pair_logits(rival, np.array([12, 18, 2, 8])))
    shares = logits.softmax(1).numpy()
    for scores in found["scores"].values():
        for baseline in scores["baselines"].values():
            assert baseline["deletion_curve"][0] == pytest.approx(shares.max(axis=1).mean(), abs=1e-6)
            assert baseline["insertion_curve"][-1] == pytest.approx(shares.max(axis=1).mean(), abs=1e-6)


def test_where_nothing_is_confused_there_is_no_contrast(rival: Subject) -> None:
    unconfused = rival.of(replace(rival.images, predicted=LABELS))
    assert explain_contrast(unconfused, GROUP_OF, 4) == (None, None)
    assert examine_focus_variant(unconfused, np.arange(3), GROUP_OF, 4).found["contrast"] is None


def test_responses_are_sought_among_the_images_that_are_shown(cnn: Subject) -> None:
    shown = np.array([17, 3, 8, 11, 0, 5, 14])
    closely = examine_focus_variant(cnn, shown, GROUP_OF, 6)
    expected = responses(cnn.part(shown))
    assert closely.found["responses"] == [one.described() for one in expected]
    assert list(closely.responses) == [one.layer for one in expected]
    for one in expected:
        kept = closely.responses[one.layer]
        np.testing.assert_array_equal(kept.images, shown[one.images])
        assert set(kept.images.flat) <= set(shown.tolist())
        np.testing.assert_array_equal(kept.filters, one.filters)
        np.testing.assert_array_equal(kept.inputs, to_pixels(one.inputs))
        assert kept.inputs.shape == (len(one.filters), 28, 28)


def test_fewer_images_than_are_drawn_of_a_filter_are_enough(cnn: Subject) -> None:
    closely = examine_focus_variant(cnn, np.array([4, 9]), GROUP_OF, 6)
    for kept in closely.responses.values():
        assert kept.images.shape[1] == 2


@pytest.mark.parametrize("name", ["fashion_cnn", "fashion_vit"])
def test_filters_of_a_transformer_are_not_asked_and_its_contrast_is(name: str, garments: Dataset) -> None:
    subject = subject_of(name, garments)
    predicted = LABELS.copy()
    predicted[12] = 8
    closely = examine_focus_variant(subject.of(replace(subject.images, predicted=predicted)), np.arange(5), GROUP_OF, 6)
    assert closely.contrast is not None
    assert bool(closely.responses) == bool(closely.found["responses"]) == (name == "fashion_cnn")
    assert json.loads(json.dumps(closely.found, allow_nan=False)) == closely.found
