"""Weights to begin with: where they come from, how images are prepared for them, and what of them is trained."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
import timm
import torch
from safetensors.torch import load_file, save_file
from served import serving
from torchvision.models import GoogLeNet_Weights, googlenet

from lookalike.artifacts.datasets import Dataset
from lookalike.errors import InputError
from lookalike.models.registry import find_model
from lookalike.params import Budget, Variant
from lookalike.runtime import Runtime
from lookalike.training.pretrained import network_of, weights_for
from lookalike.training.variant import TrainedVariant, train_variant

NETWORK = "test_resnet"
MakeVariant = Callable[..., Variant]


@pytest.fixture
def make(make_variant: MakeVariant) -> MakeVariant:
    """A variant that begins with published weights."""

    def made(**train: Any) -> Variant:
        return make_variant("zoo_resnet", model_args={"network": NETWORK}, **{"epochs": 1, "pretrained": True, **train})

    return made


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A file of weights for a thousand classes, made on the spot."""
    torch.manual_seed(3)
    file = tmp_path / "mirror" / "weights" / f"{NETWORK}.safetensors"
    file.parent.mkdir(parents=True)
    save_file(timm.create_model(NETWORK, num_classes=1000).state_dict(), file)
    return file


@pytest.fixture
def train(colour_dataset: Dataset, runtime: Runtime, tmp_path: Path) -> Callable[..., TrainedVariant]:
    def trained(variant: Variant, mirror: Path | None = None, **budget: Any) -> TrainedVariant:
        return train_variant(
            variant,
            Budget(seeds=1, max_images=16, **budget),
            colour_dataset,
            runtime,
            checkpoint=lambda training: tmp_path / f"{variant.train.layers}-{training}.pt",
            mirror=mirror and str(mirror),
        )

    return trained


def test_a_file_comes_first_then_the_mirror_then_the_publisher(
    make: MakeVariant, published: Path, tmp_path: Path
) -> None:
    mirror, granted, cache = str(published.parents[1]), Budget(seeds=1), tmp_path / "downloads"
    assert weights_for(make(weights=str(published)), granted, None, cache) == str(published)
    assert weights_for(make(), granted, mirror, cache) == str(published)
    assert weights_for(make(), granted, str(published.parent), cache) is True
    assert weights_for(make(), granted, None, cache) is True
    assert weights_for(make(), Budget(seeds=1, pretrained=False), mirror, cache) is False
    assert weights_for(make(pretrained=False), granted, mirror, cache) is False
    assert not cache.exists(), "what lies in a folder is used where it is"


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_a_mirror_may_be_an_address(make: MakeVariant, published: Path, tmp_path: Path, suffix: str) -> None:
    file = published.rename(published.with_suffix(suffix))
    with serving(published.parents[1]) as address:
        found = weights_for(make(), Budget(seeds=1), address, tmp_path / "downloads")
    assert found == str(tmp_path / "downloads" / "weights" / file.name)
    assert Path(str(found)).read_bytes() == file.read_bytes()


def test_a_file_that_is_not_there_is_named(make: MakeVariant, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\Atrain.weights: nowhere.pth: no such file\Z"):
        weights_for(make(weights="nowhere.pth"), Budget(seeds=1), None, tmp_path)


def test_the_publisher_s_weights_are_taken_from_the_hub_s_cache(
    make: MakeVariant,
    train: Callable[..., TrainedVariant],
    published: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As the hub lays its cache out, and without a network."""
    commit, name = "c0ffee", timm.get_pretrained_cfg(NETWORK).hf_hub_id.replace("/", "--")
    repository = tmp_path / "hub" / f"models--{name}"
    snapshot = repository / "snapshots" / commit / "model.safetensors"
    snapshot.parent.mkdir(parents=True)
    published.rename(snapshot)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    trained = train(make(layers="head"))
    assert trained.description["weights"] == "published"
    assert torch.equal(trained.weights[0]["net.conv1.0.weight"], load_file(snapshot)["conv1.0.weight"])


def test_those_of_torchvision_are_taken_from_torch_s_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    published = GoogLeNet_Weights.IMAGENET1K_V1.url.rpartition("/")[2]
    file = tmp_path / "hub" / "checkpoints" / published
    file.parent.mkdir(parents=True)
    state = googlenet(num_classes=1000, aux_logits=True, init_weights=False).state_dict()
    torch.save(state, file)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    model = find_model("zoo_googlenet")(input_shape=(3, 32, 32), num_classes=7, weights=True)
    assert torch.equal(model.state_dict()["net.conv1.conv.weight"], state["conv1.conv.weight"])


@pytest.mark.parametrize("error", [OSError("no route to host\nand more"), RuntimeError("size mismatch")])
def test_weights_that_cannot_be_had_say_how_to_provide_them(
    error: Exception, make: MakeVariant, train: Callable[..., TrainedVariant], monkeypatch: pytest.MonkeyPatch
) -> None:
    create = timm.create_model

    def fail(*names: Any, **options: Any) -> Any:
        if options["pretrained"]:
            raise error
        return create(*names, **options)

    monkeypatch.setattr(timm, "create_model", fail)
    with pytest.raises(InputError) as caught:
        train(make())
    reason = str(error).splitlines()[0]
    assert str(caught.value).startswith(f"the published weights of {NETWORK} cannot be had ({reason}); name a file")
    assert f"weights/{NETWORK}.safetensors" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_damaged_file_is_an_error_of_one_line(
    make: MakeVariant, train: Callable[..., TrainedVariant], tmp_path: Path
) -> None:
    file = tmp_path / "weights.safetensors"
    file.write_bytes(b"nothing of the kind")
    with pytest.raises(InputError, match=rf"\Athe published weights of {NETWORK} cannot be had \([^\n]*\Z"):
        train(make(weights=str(file)))


def test_a_linear_probe_trains_the_head_alone(
    make: MakeVariant, train: Callable[..., TrainedVariant], published: Path
) -> None:
    trained = train(make(layers="head", lr=0.1), published.parents[1])
    begun = timm.create_model(NETWORK, pretrained=True, pretrained_cfg_overlay={"file": str(published)}).state_dict()
    state = trained.weights[0]
    inner = {name.removeprefix("net."): value for name, value in state.items() if name.startswith("net.")}
    assert inner.keys() == {name for name in begun if not name.startswith("fc.")}
    assert all(torch.equal(value, begun[name]) for name, value in inner.items()), "statistics of batches stay as well"
    assert trained.history[0].train_loss > 0


def test_fine_tuning_trains_all_of_it(make: MakeVariant, train: Callable[..., TrainedVariant], published: Path) -> None:
    state, begun = train(make(), published.parents[1]).weights[0], train(make(layers="head"), published.parents[1])
    changed = [name for name, value in state.items() if not torch.equal(value, begun.weights[0][name])]
    assert "net.conv1.0.weight" in changed or "net.conv1.weight" in changed


def test_images_are_prepared_as_the_weights_want_them(
    make: MakeVariant, train: Callable[..., TrainedVariant], published: Path, colour_dataset: Dataset
) -> None:
    description = train(make(), published.parents[1]).description
    how = description["preprocessing"]
    assert description["weights"] == f"sha256 {hashlib.sha256(published.read_bytes()).hexdigest()}"
    assert how["mean"] == list(timm.get_pretrained_cfg(NETWORK).mean)
    assert train(make(pretrained=False)).description["preprocessing"] is None


def test_a_network_without_published_weights_is_an_error_of_one_line(
    make_variant: MakeVariant, train: Callable[..., TrainedVariant]
) -> None:
    with pytest.raises(InputError, match=r"\Athe published weights of resnet5 cannot be had \([^\n]*\Z"):
        train(make_variant("zoo_resnet", model_args={"network": "resnet5"}, epochs=1, pretrained=True))


def test_without_a_name_the_weights_are_those_of_the_family_s_member(make_variant: MakeVariant) -> None:
    assert network_of(make_variant("zoo_hybrid")) == "vit_small_r26_s32_224"
    assert network_of(make_variant("zoo_hybrid", model_args={"network": "vit_tiny_r_s16_p8_224"})) == (
        "vit_tiny_r_s16_p8_224"
    )
