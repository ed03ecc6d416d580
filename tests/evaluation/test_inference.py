"""Restored models say what the saved ones said, in batches as at once."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from descriptions import described
from torch import nn

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.models import SeedRecord, load_description, save_model
from lookalike.data.tensors import ImageTensors, place_images
from lookalike.errors import InputError
from lookalike.evaluation import inference
from lookalike.evaluation.inference import folded, infer, restore_model
from lookalike.models.registry import create_model
from lookalike.runtime import Runtime

MODELS: list[tuple[str, dict[str, Any]]] = [
    ("fashion_cnn", {"dropout": 0.5}),
    ("fashion_vit", {"image_size": 8, "patch_size": 4, "embed_dim": 12, "depth": 1, "num_heads": 2, "head_dim": 8}),
]


def make_model(dataset: Dataset, name: str, arguments: dict[str, Any], seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return create_model(name, arguments, input_shape=dataset.input_shape, num_classes=len(dataset.class_names))


def placed(dataset: Dataset, runtime: Runtime) -> ImageTensors:
    return place_images(dataset.test_images, dataset.test_labels, mean=dataset.mean, std=dataset.std, runtime=runtime)


@pytest.mark.parametrize("kind", ["dataset", "colour_dataset"])
@pytest.mark.parametrize(("name", "arguments"), MODELS)
def test_a_restored_model_is_the_saved_one(
    tmp_path: Path, request: pytest.FixtureRequest, runtime: Runtime, kind: str, name: str, arguments: dict[str, Any]
) -> None:
    dataset = request.getfixturevalue(kind)
    models = {seed: make_model(dataset, name, arguments, seed) for seed in (0, 3)}
    description = described(
        model=name,
        model_args=arguments,
        input_shape=dataset.input_shape,
        class_names=dataset.class_names,
        seeds=tuple(SeedRecord(seed, 1, None) for seed in models),
    )
    save_model(tmp_path / "m", description, {seed: model.state_dict() for seed, model in models.items()}, [])
    images, _ = placed(dataset, runtime).batch(slice(None))
    for seed, model in models.items():
        restored = restore_model(tmp_path / "m", load_description(tmp_path / "m"), seed, runtime)
        assert not restored.training
        with torch.inference_mode():
            torch.testing.assert_close(restored(images), runtime.place(model).eval()(images), rtol=0, atol=0)


def test_weights_whose_names_are_damaged_are_refused_in_one_line(
    tmp_path: Path, dataset: Dataset, runtime: Runtime
) -> None:
    name, arguments = MODELS[0]
    weights = make_model(dataset, name, arguments).state_dict()
    first = next(iter(weights))
    weights[first[:-1] + "X"] = weights.pop(first)  # as after a flipped bit in the file's header
    description = described(
        model=name,
        model_args=arguments,
        input_shape=dataset.input_shape,
        class_names=dataset.class_names,
        seeds=(SeedRecord(0, 1, None),),
    )
    save_model(tmp_path / "m", description, {0: weights}, [])
    with pytest.raises(InputError, match=rf"^{tmp_path}/m: the weights of seed 0 are not those of the model {name}; "):
        restore_model(tmp_path / "m", load_description(tmp_path / "m"), 0, runtime)


@pytest.mark.parametrize("batch", [1, 7, 20, 500])
@pytest.mark.parametrize(("name", "arguments"), MODELS)
def test_batches_say_what_one_forward_says(
    monkeypatch: pytest.MonkeyPatch,
    dataset: Dataset,
    runtime: Runtime,
    batch: int,
    name: str,
    arguments: dict[str, Any],
) -> None:
    monkeypatch.setattr(inference, "BATCH", batch)
    model, data = make_model(dataset, name, arguments).eval(), placed(dataset, runtime)
    outputs = infer(model, data, keep_features=True)
    with torch.inference_mode():
        expected = model(data.batch(slice(None))[0]).numpy()
        from_features = model.head(torch.from_numpy(outputs.features)).numpy()  # type: ignore[operator]
    assert outputs.logits.shape == (20, 10)
    assert outputs.logits.dtype == outputs.features.dtype == np.float32
    np.testing.assert_allclose(outputs.logits, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(outputs.logits, from_features, rtol=1e-4, atol=1e-5)


def test_features_are_kept_on_demand_alone(dataset: Dataset, runtime: Runtime) -> None:
    model, data = make_model(dataset, *MODELS[0]).eval(), placed(dataset, runtime)
    kept, dropped = (infer(model, data, keep_features=keep) for keep in (True, False))
    assert (kept.features.shape, dropped.features.shape) == ((20, 32), (20, 0))
    np.testing.assert_array_equal(kept.logits, dropped.logits)


def test_a_folded_model_has_no_batch_normalisation_and_the_same_logits() -> None:
    model = create_model("vgg", {"batch_norm": True, "max_channels": 8}, input_shape=(3, 32, 32), num_classes=10)
    images = torch.rand(16, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    model.train()(images)  # running means and deviations that are not 0 and 1
    before = {name: value.clone() for name, value in model.eval().state_dict().items()}
    one = folded(model)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in one.modules())
    assert [layer.inplace for layer in one.modules() if isinstance(layer, nn.ReLU)] == [True] * 10
    with torch.inference_mode():
        np.testing.assert_allclose(one(images), model(images), rtol=1e-5, atol=1e-6)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
    assert not any(layer.inplace for layer in model.modules() if isinstance(layer, nn.ReLU))
