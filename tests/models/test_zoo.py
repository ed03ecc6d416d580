"""The families of the zoo: the libraries' own networks, opened for what this project asks of every model."""

from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torchvision.models import googlenet

from lookalike.errors import InputError
from lookalike.explain.attention import attention_maps
from lookalike.explain.maps import toward
from lookalike.explain.methods import methods
from lookalike.explain.sanity import units
from lookalike.models.macs import count_macs
from lookalike.models.registry import create_model
from lookalike.models.zoo import GOOGLENET, preprocessing
from lookalike.runtime import seeded

SHAPE = (3, 64, 64)
FAMILIES = {  # network: parameters in millions with a thousand classes, as published; what CAM applies to
    "resnet50.tv_in1k": (25.557, True),
    GOOGLENET: (6.625, True),
    "mobilenetv3_large_100": (5.483, False),
    "efficientnet_b0": (5.289, True),
    "vit_small_patch16_224": (22.051, False),
    "vit_small_r26_s32_224": (36.432, False),
}
TINY = {"cnn": "test_resnet", "vit": "test_vit", "mobile": "mobilenetv3_small_050"}


def build(network: str, classes: int = 7, shape: tuple[int, int, int] = SHAPE, **arguments: Any) -> nn.Module:
    with seeded(0, "init"):
        return create_model("zoo", {"network": network, **arguments}, input_shape=shape, num_classes=classes).eval()


def count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize("network", FAMILIES)
def test_every_family_has_its_published_size_and_is_explained(network: str) -> None:
    published, averaged = FAMILIES[network]
    model = build(network, 1000, (3, 224, 224) if "vit" in network else SHAPE)
    assert count(model) / 1e6 == pytest.approx(published, abs=0.001)
    if "vit" in network:
        model = build(network)
    images = torch.rand(2, *SHAPE)
    found = methods(model)
    assert ("CAM" in found) == averaged
    assert ("rollout" in found) == ("vit" in network)
    with torch.no_grad():
        target = toward(model(images).argmax(1), model.head.out_features)
        torch.testing.assert_close(model.head(model.features(images)), model(images))
    assert found["HiResCAM"](model, images, target).isfinite().all()


@pytest.mark.parametrize("network", ["test_resnet", "test_efficientnet", "test_vit"])
def test_logits_are_those_of_timm(network: str) -> None:
    model, images = build(network, 7), torch.rand(2, *SHAPE)
    size = {"img_size": 64} if network == "test_vit" else {}
    with seeded(0, "init"):
        theirs = timm.create_model(network, num_classes=7, **size).eval()
    with torch.no_grad():
        torch.testing.assert_close(model(images), theirs(images), rtol=1e-5, atol=1e-5)


def test_logits_are_those_of_torchvision() -> None:
    model, images = build(GOOGLENET), torch.rand(2, *SHAPE)
    with seeded(0, "init"):
        theirs = googlenet(num_classes=7, aux_logits=False, transform_input=True, init_weights=True).eval()
    with torch.no_grad():
        torch.testing.assert_close(model(images), theirs(images))


def test_maps_are_those_of_timm_with_fused_attention_off(monkeypatch: pytest.MonkeyPatch) -> None:
    model, images = build("test_vit"), torch.rand(2, *SHAPE)
    with seeded(0, "init"):
        theirs = timm.create_model("test_vit", num_classes=7, img_size=64).eval()
    maps: list[Tensor] = []
    for block in theirs.blocks:
        block.attn.fused_attn = False
        block.attn.attn_drop.register_forward_hook(lambda _layer, _given, weights: maps.append(weights))
    with torch.no_grad():
        theirs(images)
    torch.testing.assert_close(attention_maps(model, images), maps, rtol=1e-5, atol=1e-6)


def test_parts_cover_the_weights_from_the_output_to_the_input() -> None:
    for network in TINY.values():
        model = build(network)
        found = units(model)
        assert found[0][0] == "head"
        assert sorted(name for _, names in found for name in names) == sorted(model.state_dict())
        assert len(found) < 16


def test_macs_are_counted_through_the_library_s_layers() -> None:
    model = build("test_resnet")
    assert count_macs(model, SHAPE) > 1e6


@pytest.mark.parametrize("suffix", ["safetensors", "pth"])
@pytest.mark.parametrize("network", ["test_resnet", "test_vit", GOOGLENET])
def test_a_file_of_weights_is_read_and_its_head_dropped(network: str, suffix: str, tmp_path: Path) -> None:
    published, file = build_published(network), tmp_path / f"weights.{suffix}"
    if suffix == "pth":
        torch.save(published, file)
    else:
        save_file(published, file)
    model = build(network, weights=str(file))
    state = model.state_dict()
    first = next(name for name in published if name.endswith("weight"))
    assert torch.equal(state[f"net.{first}"], published[first])
    assert model.head.out_features == 7


def build_published(network: str) -> dict[str, Tensor]:
    """Weights of a thousand classes, as their publisher names them."""
    with seeded(5, "init"):
        if network == GOOGLENET:
            return googlenet(num_classes=1000, aux_logits=True, init_weights=False).state_dict()
        return timm.create_model(
            network, num_classes=1000, **({"img_size": 64} if "vit" in network else {})
        ).state_dict()


@pytest.mark.parametrize(
    ("network", "said"),
    [("resnet5", "timm has no network 'resnet5'"), ("vgg11", "is a VGG; known are ResNet"), (GOOGLENET, "3 channels")],
)
def test_what_is_no_member_is_refused(network: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        build(network, shape=(1, 64, 64))


@pytest.mark.parametrize("network", FAMILIES)
def test_preprocessing_is_the_weights_own(network: str) -> None:
    found = preprocessing(network)
    half = "vit" in network
    assert found["mean"] == ([0.5] * 3 if half else [0.485, 0.456, 0.406])
    assert found["std"] == ([0.5] * 3 if half else [0.229, 0.224, 0.225])
    assert found["crop"] == (0.9 if half else 0.875)
    assert found["interpolation"] == ("bilinear" if network in {GOOGLENET, "resnet50.tv_in1k"} else "bicubic")
