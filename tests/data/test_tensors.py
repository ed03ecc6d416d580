"""Image tensors: bytes on the device, batches normalised as plain NumPy does it."""

import traceback
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_photographs import DAMAGED, jpegs, write_files

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.image_files import ImageFiles, View
from lookalike.artifacts.models import Preprocessing
from lookalike.data.tensors import ImageTensors, LabelledImages, place_images, preprocessed
from lookalike.errors import InputError
from lookalike.runtime import Runtime


def place(data: Dataset, runtime: Runtime) -> ImageTensors:
    return place_images(data.train_images, data.train_labels, mean=data.mean, std=data.std, runtime=runtime)


@pytest.mark.parametrize("name", ["dataset", "colour_dataset"])
@pytest.mark.parametrize("memory_format", [torch.channels_last, torch.contiguous_format])
@pytest.mark.parametrize("indices", [torch.tensor([5, 0, 5, 95]), slice(90, 99)])
def test_a_batch_equals_plain_numpy(
    name: str, memory_format: torch.memory_format, indices: torch.Tensor | slice, request: pytest.FixtureRequest
) -> None:
    data = request.getfixturevalue(name)
    images, labels = place(data, Runtime(torch.device("cpu"), memory_format)).batch(indices)

    chosen = indices if isinstance(indices, slice) else indices.numpy()
    pixels = data.train_images[chosen].reshape(-1, 16, 16, data.input_shape[0]).astype(np.float64) / 255
    expected = ((pixels - np.array(data.mean)) / np.array(data.std)).transpose(0, 3, 1, 2)
    np.testing.assert_allclose(images.numpy(), expected, rtol=0, atol=1e-6)
    assert labels.tolist() == data.train_labels[chosen].tolist()
    assert (images.dtype, labels.dtype) == (torch.float32, torch.int64)
    assert images.is_contiguous(memory_format=memory_format)


def test_bytes_are_stored_and_stay_as_they_are(colour_dataset: Dataset, runtime: Runtime) -> None:
    tensors = place(colour_dataset, runtime)
    assert len(tensors) == 96
    assert tensors.images.dtype == torch.uint8
    assert tensors.images.shape == (96, 3, 16, 16)
    for chosen in (slice(None), torch.arange(96)):
        tensors.batch(chosen)  # normalises in place: a copy, not what is stored
    np.testing.assert_array_equal(tensors.images.numpy().transpose(0, 2, 3, 1), colour_dataset.train_images)


# photographs that stay in their files


@pytest.fixture
def photographs(tmp_path: Path) -> ImageFiles:
    names = np.array([f"{k}.jpg" for k in range(7)])
    write_files(tmp_path, jpegs(names.tolist()))
    return ImageFiles(tmp_path, names, names, View(24))


def stream_and_tensors(photographs: ImageFiles, runtime: Runtime) -> tuple[LabelledImages, LabelledImages]:
    about = {"mean": (0.4, 0.5, 0.1), "std": (0.2, 0.3, 0.25), "runtime": runtime}
    labels = np.arange(7).astype(np.uint8)
    return place_images(photographs, labels, **about), place_images(photographs[:], labels, **about)


@pytest.mark.parametrize("indices", [torch.tensor([5, 0, 5]), slice(2, 6)])
def test_a_batch_of_files_is_that_of_their_images(
    photographs: ImageFiles, runtime: Runtime, indices: torch.Tensor | slice
) -> None:
    stream, tensors = stream_and_tensors(photographs, runtime)
    for mine, theirs in zip(stream.batch(indices), tensors.batch(indices), strict=True):
        assert torch.equal(mine, theirs)


def test_batches_come_in_the_order_that_is_asked_for(photographs: ImageFiles, runtime: Runtime) -> None:
    stream, tensors = stream_and_tensors(photographs, runtime)
    order = list(torch.tensor([6, 2, 0, 1, 5, 3, 4]).split(3))

    def halved(images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return images / 2

    for again in (order, order[::-1][:2]):  # another epoch of the same loader
        pairs = list(zip(stream.batches(again, halved), tensors.batches(again, halved), strict=True))
        assert len(pairs) == len(again)
        for mine, theirs in pairs:
            assert all(torch.equal(one, two) for one, two in zip(mine, theirs, strict=True))


@pytest.mark.parametrize("way", ["by the loader's processes", "here"])
def test_a_photograph_that_was_damaged_is_named_in_one_line(
    photographs: ImageFiles, runtime: Runtime, way: str
) -> None:
    stream, _ = stream_and_tensors(photographs, runtime)
    (photographs.folder / "5.jpg").write_bytes(DAMAGED)
    order = list(torch.arange(7).split(2))
    with pytest.raises(InputError) as caught:
        list(stream.batches(order) if way == "by the loader's processes" else map(stream.batch, order))
    path, complaint = photographs.folder / "5.jpg", str(caught.value)
    traceback.clear_frames(caught.tb)  # which hold the loader, whose processes had better end here than with the tests
    del stream, caught  # left to the garbage collector, the processes would end after seconds
    assert complaint.startswith(f"{path}: damaged, or none of the formats that are read here: JPEG")
    assert complaint.endswith("; put it back as it was, or fetch the data set again")
    assert "\n" not in complaint


def test_a_data_set_is_prepared_for_published_weights(photographs: ImageFiles, colour_dataset: Dataset) -> None:
    how = Preprocessing(160, 0.5, "bilinear", mean=(0.5,) * 3, std=(0.25,) * 3)
    files = replace(colour_dataset, train_images=photographs, test_images=photographs)
    seen = preprocessed(files, how)
    assert (seen.mean, seen.std) == ((0.5,) * 3, (0.25,) * 3)
    assert seen.train_images.view == seen.test_images.view == View(24, 0.5, "bilinear")
    assert preprocessed(files, None) is files
    arrays = preprocessed(colour_dataset, how)
    assert arrays.mean == (0.5,) * 3
    assert arrays.test_images is colour_dataset.test_images
