"""Tiny data sets and models, and the real parameters: what more than one test needs."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
import yaml
from filelock import FileLock

from lookalike.artifacts.datasets import Dataset
from lookalike.data.splits import split_indices
from lookalike.params import Budget, DataProfile, DatasetParams, Split, TrainingParams, Variant
from lookalike.runtime import Runtime
from lookalike.training.settings import EffectiveSettings, settings_within

if TYPE_CHECKING:
    from checkout import Checkout

ROOT = Path(__file__).parents[1]
LONGEST = ("test_documents.py", "test_stages.py", "test_pipeline.py")  # the second does not wait for `ran`
CLASSES = tuple("abcdefghij")
TINY_VIT = {
    "image_size": 8,
    "patch_size": 4,
    "embed_dim": 12,
    "depth": 2,
    "num_heads": 2,
    "head_dim": 16,
    "mlp_dim": 16,
}
SHALLOW = {"embed_dim": 12, "depth": 2, "num_heads": 2}
TINY_ARGUMENTS: dict[str, dict[str, Any]] = {  # of models that are large otherwise
    "fashion_vit": TINY_VIT,
    "fashion_transfg": TINY_VIT,
    "alexnet": {"max_channels": 48},
    "residual_net": {"depth": 8, "max_channels": 8},
    "vgg": {"max_channels": 8, "batch_norm": True},
    "vit": {"patch_size": 4} | SHALLOW,
    **{f"zoo_{family}": {"size": "tiny"} for family in ("efficientnet", "googlenet", "mobilenet", "resnet")},
    "zoo_hybrid": {"size": "tiny", "patch_size": 1} | SHALLOW,  # the stem leaves a quarter of both sides
    "zoo_vit": {"size": "tiny", "patch_size": 4} | SHALLOW,
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest begin first, so that no process is left alone with one of them."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Tiny tensors gain nothing from more threads, and sums must not depend on their number."""
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def ordinary_torch() -> Iterator[None]:
    """Seed what a test draws; afterwards undo what `runtime.start` asks of the whole process."""
    torch.manual_seed(0)
    yield
    if torch.are_deterministic_algorithms_enabled():
        torch._C._set_deterministic_algorithms(False)


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder with params.yaml and stages/."""
    return ROOT


@pytest.fixture
def raw_params() -> dict[str, Any]:
    """The content of the real params.yaml, free to be edited."""
    return yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def runtime() -> Runtime:
    return Runtime(torch.device("cpu"))


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    """96 noisy grey images of 16x16 in ten classes, told apart by the brightness of a patch, and 20 to test on."""
    rng = np.random.default_rng(5)
    labels = (np.arange(116) % 10).astype(np.uint8)
    images = rng.integers(0, 40, (116, 16, 16), dtype=np.uint8)
    images[np.arange(116), labels, :] += 200
    train, valid = split_indices(96, valid_fraction=0.25, seed=13)
    return Dataset(
        name="tiny",
        class_names=CLASSES,
        train_images=images[:96],
        train_labels=labels[:96],
        test_images=images[96:],
        test_labels=labels[96:],
        train_indices=train,
        valid_indices=valid,
        mean=(0.0,),
        std=(1.0,),
        provenance={"source": "drawn", "licence": "none"},
    )


@pytest.fixture(scope="session")
def colour_dataset(dataset: Dataset) -> Dataset:
    """The same in three channels of unlike brightness."""
    train, test = (np.stack([x // n for n in (1, 2, 3)], axis=3) for x in (dataset.train_images, dataset.test_images))
    return replace(dataset, train_images=train, test_images=test, mean=(0.4, 0.5, 0.1), std=(0.2, 0.3, 0.25))


@pytest.fixture
def make_variant() -> Callable[..., Variant]:
    """A variant of the tiny data set: `make_variant("fashion_cnn", lr=.1, epochs=2)`."""

    def make(model: str = "fashion_cnn", *, model_args: dict[str, Any] | None = None, **train: Any) -> Variant:
        settings = {"epochs": 3, "batch_size": 16, "optimizer": "adam", "lr": 1e-3, "schedule": "constant"} | train
        return Variant(
            study="fashion",
            dataset="tiny",
            model=model,
            model_args=copy.deepcopy(TINY_VIT if model == "fashion_vit" else {}) if model_args is None else model_args,
            budget="small",
            train=TrainingParams(**settings),
        )

    return make


def granted(**caps: Any) -> Budget:
    """A budget of one seed in float32, unless `caps` say otherwise."""
    return Budget(**{"seeds": 1, "precision": "float32"} | caps)


def effective(variant: Variant, budget: Budget | None = None, **caps: Any) -> EffectiveSettings:
    """The settings of a variant of the tiny data set within `budget`, or within one of these caps."""
    images = DatasetParams(classes=CLASSES, split=Split(valid_fraction=0.25, seed=13), normalise="range")
    source = DataProfile(source="embedded", train_images=100, test_images=100)
    return settings_within(variant, budget or granted(**caps), images, source)


@pytest.fixture
def budget() -> Budget:
    return granted()


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> "Checkout":
    """A small copy of the project in which the pipeline has run once: to be looked at and copied, not to be changed.

    All processes that run tests share it; the first that asks makes it.
    """
    from checkout import Checkout, copy_project

    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "ran"
    with FileLock(f"{folder}.lock"):
        if (folder / "done").exists():
            return Checkout(folder / "lookalike")
        copy = copy_project(folder / "lookalike")
        copy.repro()
        copy.commit("first run")
        (folder / "done").touch()
    return copy
