"""From a source to a data set: the embedded sets, what a mirror leaves no trace of, and normalisation."""

import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_photographs import jpegs, write_files

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.image_files import ImageFiles, View
from lookalike.data import sources
from lookalike.data.embedded import load_embedded
from lookalike.data.source_images import SourceImages
from lookalike.data.sources import KNOWN_CLASSES, build_dataset, normalisation
from lookalike.errors import InputError
from lookalike.params import DataProfile, DatasetParams, Split

EMBEDDED = DataProfile(source="embedded", train_images=100, test_images=100)
OFFICIAL = DataProfile(source="official")
SHAPES = {"mnist": (28, 28), "fashion_mnist": (28, 28), "cifar10": (32, 32, 3), "clothing": (96, 96, 3)}


def settings(name: str = "mnist", normalise: Any = "range", classes: tuple[str, ...] = ()) -> DatasetParams:
    """Of the data set `name`, with the names that its source gives its classes unless others are given."""
    classes = classes or KNOWN_CLASSES[name]
    return DatasetParams(classes=classes, split=Split(valid_fraction=0.2, seed=13), normalise=normalise)


def same(first: Dataset, second: Dataset) -> bool:
    return all(np.array_equal(getattr(first, field.name), getattr(second, field.name)) for field in fields(Dataset))


@pytest.mark.parametrize("name", SHAPES)
def test_an_embedded_set_has_the_shapes_and_classes_of_what_it_stands_for(name: str, tmp_path: Path) -> None:
    data, files = build_dataset(name, settings(name), EMBEDDED, tmp_path, None)
    assert data.train_images.shape == data.test_images.shape == (100, *SHAPES[name])
    assert data.train_images.dtype == data.test_labels.dtype == np.uint8
    assert data.train_images.min() < 50  # the whole range of bytes is in use
    assert data.train_images.max() > 200
    assert set(data.train_labels) == set(data.test_labels) == set(range(10))
    assert (len(data.train_indices), len(data.valid_indices)) == (80, 20)
    assert data.provenance["source"] == "embedded"
    assert data.provenance["licence"]
    assert files == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", SHAPES)
def test_an_embedded_set_is_the_same_each_time(name: str, tmp_path: Path) -> None:
    first, second = (build_dataset(name, settings(name), EMBEDDED, tmp_path, None)[0] for _ in range(2))
    assert same(first, second)
    assert not np.array_equal(first.train_images, first.test_images)


def test_digits_shrink_in_proportion_when_there_are_too_few() -> None:
    data = load_embedded("mnist", train_images=5000, test_images=1000)
    assert (len(data.train_images), len(data.test_images)) == (1497, 300)
    assert data.provenance["licence"] == "CC BY 4.0"


def test_an_unknown_embedded_set_lists_the_known() -> None:
    with pytest.raises(InputError, match=r"'svhn'; known: mnist, fashion_mnist, cifar10, clothing, clothing_500\Z"):
        load_embedded("svhn", train_images=100, test_images=100)


def publish(monkeypatch: pytest.MonkeyPatch, dataset: Dataset) -> None:
    """Let `load_official` give the tiny data set, from the mirror where one is named."""

    def load(name: str, cache: Path, *, mirror: str | None) -> SourceImages:
        files = [{"name": "images.gz", "md5": "0", "origin": "mirror" if mirror else "https://example.org"}]
        arrays = (dataset.train_images, dataset.train_labels, dataset.test_images, dataset.test_labels)
        return SourceImages(*arrays, {"source": "official", "licence": "MIT", "files": files})

    monkeypatch.setattr(sources, "load_official", load)


def test_mirror_and_publisher_give_the_same_data_set(
    monkeypatch: pytest.MonkeyPatch, dataset: Dataset, tmp_path: Path
) -> None:
    publish(monkeypatch, dataset)
    published, origins = build_dataset("mnist", settings(), OFFICIAL, tmp_path, None)
    mirrored, mirror_origins = build_dataset("mnist", settings(), OFFICIAL, tmp_path, "mirror")
    assert same(published, mirrored)
    assert published.provenance == {"source": "official", "licence": "MIT"}
    assert (origins[0]["origin"], mirror_origins[0]["origin"]) == ("https://example.org", "mirror")


@pytest.mark.parametrize(("train", "test"), [(None, None), (50, None), (None, 7), (50, 7)])
def test_a_profile_takes_the_first_of_the_published(
    monkeypatch: pytest.MonkeyPatch, dataset: Dataset, tmp_path: Path, train: int | None, test: int | None
) -> None:
    publish(monkeypatch, dataset)
    profile = DataProfile.model_construct(source="official", train_images=train, test_images=test)
    data, _ = build_dataset("mnist", settings(), profile, tmp_path, None)
    np.testing.assert_array_equal(data.train_images, dataset.train_images[: train or 96])
    np.testing.assert_array_equal(data.train_labels, dataset.train_labels[: train or 96])
    np.testing.assert_array_equal(data.test_images, dataset.test_images[: test or 20])
    np.testing.assert_array_equal(data.test_labels, dataset.test_labels[: test or 20])
    assert len(data.train_indices) + len(data.valid_indices) == (train or 96)


DIGITS, GARMENTS, CLOTHES = (KNOWN_CLASSES[name] for name in ("mnist", "fashion_mnist", "clothing"))


@pytest.mark.parametrize("profile", [EMBEDDED, OFFICIAL], ids=["embedded", "official"])
@pytest.mark.parametrize(
    ("name", "classes", "fault"),
    [
        ("mnist", DIGITS[:9], "9 names, but the data set has 10 classes"),
        ("mnist", (*DIGITS, "10"), "11 names, but the data set has 10 classes"),
        ("fashion_mnist", GARMENTS[::-1], "the names are in another order than the labels of the data set"),
        ("clothing", (*CLOTHES[:8], CLOTHES[9], CLOTHES[8]), "the names are in another order than the labels of the"),
        ("clothing_500", ("gown", *CLOTHES[1:]), "label 0 is called 'gown', but the data set calls it 'dress'"),
        ("fashion_mnist", (*GARMENTS[:9], "Boot"), "label 9 is called 'Boot', but the data set calls it 'Ankle boot'"),
    ],
)
def test_class_names_are_the_sources_in_the_order_of_its_labels(
    name: str, classes: tuple[str, ...], fault: str, profile: DataProfile, tmp_path: Path
) -> None:
    allowed = re.escape(", ".join(KNOWN_CLASSES[name]))
    message = rf"\Adatasets\.{name}\.classes: {re.escape(fault)}[^\n]*; allowed: {allowed}\Z"
    with pytest.raises(InputError, match=message):
        build_dataset(name, settings(classes=classes), profile, tmp_path, None)
    assert list(tmp_path.iterdir()) == []  # nothing is fetched


def test_the_real_file_has_the_sources_class_names(raw_params: dict[str, Any]) -> None:
    assert set(raw_params["datasets"]) <= set(KNOWN_CLASSES)
    for name, dataset in raw_params["datasets"].items():
        assert tuple(dataset["classes"]) == KNOWN_CLASSES[name]


def test_published_images_of_too_few_classes_are_refused(
    monkeypatch: pytest.MonkeyPatch, dataset: Dataset, tmp_path: Path
) -> None:
    publish(monkeypatch, replace(dataset, train_labels=dataset.train_labels % 9))
    with pytest.raises(InputError, match=r"\Adatasets\.mnist\.classes: 10 names, but the data set has 9 classes\Z"):
        build_dataset("mnist", settings(), OFFICIAL, tmp_path, None)


@pytest.mark.parametrize("name", ["dataset", "colour_dataset"])
def test_channels_are_normalised_by_the_training_images_alone(name: str, request: pytest.FixtureRequest) -> None:
    data = request.getfixturevalue(name)
    channels = data.input_shape[0]
    mean, std = normalisation(data.train_images, data.train_indices, "channels")
    pixels = data.train_images[data.train_indices].reshape(-1, channels).astype(np.float64) / 255
    np.testing.assert_allclose(mean, [pixels[:, c].mean() for c in range(channels)], rtol=1e-12)
    np.testing.assert_allclose(std, [pixels[:, c].std() for c in range(channels)], rtol=1e-12)

    other = data.train_images.copy()
    other[data.valid_indices] = 255
    assert normalisation(other, data.train_indices, "channels") == (mean, std)


def test_photographs_are_averaged_by_a_sample_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    names = [f"{k}.jpg" for k in range(30)]
    write_files(tmp_path, jpegs(names))
    files = ImageFiles(tmp_path, np.array(names), np.array(names), View(32))
    train = np.arange(3, 30)
    pixels = files[train].reshape(-1, 3) / 255
    whole = normalisation(files, train, "channels")
    np.testing.assert_allclose(whole, (pixels.mean(0), pixels.std(0)), rtol=1e-9)
    monkeypatch.setattr(sources, "CHUNK", 4)
    assert normalisation(files, train, "channels") == whole

    monkeypatch.setattr(sources, "SAMPLE", 10)
    sample = normalisation(files, train, "channels")
    assert sample == normalisation(files, train, "channels") != whole
    np.testing.assert_allclose(sample, whole, atol=0.15)
    assert normalisation(files, train, "range") == ((0.0,) * 3, (1.0,) * 3)


def test_both_normalisations_reach_the_data_set(
    monkeypatch: pytest.MonkeyPatch, colour_dataset: Dataset, tmp_path: Path
) -> None:
    publish(monkeypatch, replace(colour_dataset))
    plain, _ = build_dataset("cifar10", settings("cifar10"), OFFICIAL, tmp_path, None)
    assert (plain.mean, plain.std) == ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    scaled, _ = build_dataset("cifar10", settings("cifar10", "channels"), OFFICIAL, tmp_path, None)
    assert (scaled.mean, scaled.std) == normalisation(scaled.train_images, scaled.train_indices, "channels")
