"""Image tensors: bytes on the device, batches normalised as plain NumPy does it."""

import numpy as np
import pytest
import torch

from lookalike.artifacts.datasets import Dataset
from lookalike.data.tensors import ImageTensors, place_images
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
