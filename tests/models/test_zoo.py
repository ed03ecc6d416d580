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
from lookalike.explain.maps import label_target
from lookalike.explain.methods import applicable_methods
from lookalike.explain.sanity import units
from lookalike.models.base import Model
from lookalike.models.registry import PUBLISHED, create_model, find_family
from lookalike.runtime import seeded

SIDE = 64
SHAPE = (3, SIDE, SIDE)
FAMILIES = {  # parameters in millions with a thousand classes, as published; whether CAM applies, and rollout
    "zoo_resnet": (25.557, True, False),
    "zoo_googlenet": (6.625, True, False),
    "zoo_mobilenet": (5.483, False, False),
    "zoo_efficientnet": (5.289, True, False),
    "zoo_vit": (22.051, False, True),
    "zoo_hybrid": (36.432, False, True),
}
OF_TIMM = sorted(FAMILIES.keys() - {"zoo_googlenet"})


def build(name: str, classes: int = 7, shape: tuple[int, int, int] = SHAPE, **arguments: Any) -> Model:
    with seeded(0, "init"):
        return create_model(name, arguments, input_shape=shape, num_classes=classes).eval()


def tiny(name: str) -> str:
    """The smallest network of a family, by its library's name."""
    return find_family(name).TINY


def theirs(name: str, classes: int = 7) -> nn.Module:
    """The smallest network of a family as its library builds it."""
    with seeded(0, "init"):
        if name == "zoo_googlenet":
            return googlenet(num_classes=classes, aux_logits=False, transform_input=True, init_weights=True).eval()
        size = {"img_size": SIDE} if FAMILIES[name][2] else {}
        return timm.create_model(tiny(name), num_classes=classes, **size).eval()


def count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def test_these_families_have_an_entry_each() -> None:
    assert {*PUBLISHED} == FAMILIES.keys()


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_has_its_published_size_and_is_explained(name: str) -> None:
    published, averaged, transformer = FAMILIES[name]
    model = build(name, 1000, (3, 224, 224) if transformer else SHAPE)
    assert count(model) / 1e6 == pytest.approx(published, abs=0.001)
    if transformer:
        model = build(name)
    images = torch.rand(2, *SHAPE)
    found = applicable_methods(model)
    assert ("CAM" in found) == averaged
    assert ("rollout" in found) == transformer
    with torch.no_grad():
        target = label_target(model(images).argmax(1), model.head.out_features)
        torch.testing.assert_close(model.head(model.features(images)), model(images))
    assert found["HiResCAM"](model, images, target).isfinite().all()


@pytest.mark.parametrize("name", FAMILIES)
def test_logits_are_those_of_the_library(name: str) -> None:
    model, images = build(name, size="tiny"), torch.rand(2, *SHAPE)
    with torch.no_grad():
        torch.testing.assert_close(model(images), theirs(name)(images), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["zoo_hybrid", "zoo_vit"])
def test_maps_are_those_of_timm_with_fused_attention_off(name: str) -> None:
    model, images = build(name, size="tiny"), torch.rand(2, *SHAPE)
    plain = theirs(name)
    maps: list[Tensor] = []
    for block in plain.blocks:
        block.attn.fused_attn = False
        block.attn.attn_drop.register_forward_hook(lambda _layer, _given, weights: maps.append(weights))
    with torch.no_grad():
        plain(images)
    torch.testing.assert_close(attention_maps(model, images), maps, rtol=1e-5, atol=1e-6)


def test_a_grey_image_is_seen_in_three_equal_channels() -> None:
    grey = build("zoo_googlenet", shape=(1, SIDE, SIDE))
    images = torch.rand(2, 1, SIDE, SIDE)
    with torch.no_grad():
        torch.testing.assert_close(grey(images), build("zoo_googlenet")(images.repeat(1, 3, 1, 1)))


@pytest.mark.parametrize(("name", "stride"), [("zoo_hybrid", 4), ("zoo_vit", 1)])
def test_a_transformer_may_have_other_sizes(name: str, stride: int) -> None:
    model = build(name, shape=(3, 32, 32), size="tiny", patch_size=2, embed_dim=12, depth=3, num_heads=2)
    assert model.grid == (16 // stride, 16 // stride)
    assert len(model.blocks) == 3
    assert model.head.in_features == 12


@pytest.mark.parametrize("name", FAMILIES)
def test_parts_cover_the_weights_from_the_output_to_the_input(name: str) -> None:
    model = build(name, size="tiny")
    found = units(model)
    assert found[0][0] == "head"
    assert sorted(name for _, names in found for name in names) == sorted(model.state_dict())
    assert len(found) < 17


@pytest.mark.parametrize("suffix", ["safetensors", "pth"])
@pytest.mark.parametrize("name", FAMILIES)
def test_a_file_of_weights_is_read_and_its_head_dropped(name: str, suffix: str, tmp_path: Path) -> None:
    published, file = published_weights(name), tmp_path / f"weights.{suffix}"
    if suffix == "pth":
        torch.save(published, file)
    else:
        save_file(published, file)
    model = build(name, network=tiny(name), weights=str(file))
    state = model.net.state_dict()
    kept = {name: value for name, value in state.items() if ".attn.projection." not in name}
    assert all(torch.equal(value, published[name]) for name, value in kept.items())
    assert model.head.out_features == 7
    images = torch.rand(2, *SHAPE)
    with torch.no_grad():
        assert not torch.equal(model.features(images), build(name, size="tiny").features(images))


@pytest.mark.parametrize("name", FAMILIES)
def test_a_new_head_on_published_weights_begins_at_zero_and_a_published_one_is_kept(name: str, tmp_path: Path) -> None:
    published, file = published_weights(name), tmp_path / "weights.safetensors"
    save_file(published, file)
    new, kept, fresh = (
        build(name, classes, network=tiny(name), weights=weights)
        for classes, weights in ((7, str(file)), (1000, str(file)), (7, None))
    )
    assert not any(parameter.any() for parameter in new.head.parameters())
    assert torch.equal(kept.head.weight, published[f"{find_family(name).HEAD}.weight"])
    assert kept.head.weight.any()
    assert fresh.head.weight.any()


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("size", ["tiny", "small"])
def test_a_size_is_a_member_of_the_family(name: str, size: str) -> None:
    network = getattr(find_family(name), size.upper())
    model = build(name, size=size)
    for mine, other in zip(model.parameters(), build(name, network=network).parameters(), strict=True):
        assert torch.equal(mine, other)


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("classes", [7, 1000])
def test_a_file_without_one_of_the_weights_is_refused(name: str, classes: int, tmp_path: Path) -> None:
    """timm passes over absent weights where the number of classes is another: a wrong file would change nothing."""
    published, file = published_weights(name), tmp_path / "weights.safetensors"
    first = next(name for name in published if name.endswith(".weight"))
    save_file({name: value for name, value in published.items() if name != first}, file)
    with pytest.raises((InputError, RuntimeError), match=first):
        build(name, classes, network=tiny(name), weights=str(file))


@pytest.mark.parametrize("name", ["zoo_vit", "zoo_hybrid"])
def test_a_network_whose_publisher_has_another_format_reads_safetensors(name: str, tmp_path: Path) -> None:
    """Google published these as .npz, timm's hub as safetensors, and timm takes a file of them to be the former."""
    family = find_family(name)
    network, file = family.SMALL, tmp_path / "weights.safetensors"
    assert timm.get_pretrained_cfg(network).custom_load
    published = timm.create_model(network, num_classes=timm.get_pretrained_cfg(network).num_classes).state_dict()
    save_file(published, file)
    model = build(name, network=network, weights=str(file), shape=(3, 224, 224))
    assert torch.equal(model.net.state_dict()["cls_token"], published["cls_token"])


def test_weights_are_resampled_to_smaller_patches(tmp_path: Path) -> None:
    published, file = published_weights("zoo_vit"), tmp_path / "weights.safetensors"
    save_file(published, file)
    model = build("zoo_vit", network=tiny("zoo_vit"), weights=str(file), patch_size=8)
    state = model.net.state_dict()
    assert state["patch_embed.proj.weight"].shape[2:] == (8, 8)
    assert state["pos_embed"].shape[1] == 1 + (SIDE // 8) ** 2
    assert torch.equal(state["blocks.0.mlp.fc1.weight"], published["blocks.0.mlp.fc1.weight"])


def published_weights(name: str) -> dict[str, Tensor]:
    """Weights of a thousand classes, as their publisher names them."""
    with seeded(5, "init"):
        if name == "zoo_googlenet":
            return googlenet(num_classes=1000, aux_logits=True, init_weights=False).state_dict()
        size = {"img_size": SIDE} if FAMILIES[name][2] else {}
        return timm.create_model(tiny(name), num_classes=1000, **size).state_dict()


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("zoo_resnet", {"network": "resnet5"}, "timm has no network 'resnet5'; similar: resnet50, "),
        ("zoo_resnet", {"network": "vgg11"}, "vgg11 is not in timm's resnet, as resnet50.tv_in1k is"),
        ("zoo_vit", {"network": "vit_small_r26_s32_224"}, "is not in timm's vision_transformer, as vit_small_patch16"),
        ("zoo_vit", {"network": "test_vit2"}, "the head of this network does not read a class token alone"),
        ("zoo_vit", {"network": "vit_small_patch16_18x2_224"}, "the attention of this network is not its family's"),
        ("zoo_vit", {"size": "tiny", "num_heads": 5}, "dim should be divisible by num_heads"),
        ("zoo_vit", {"size": "tiny", "patch_size": 5}, "side is a multiple of 5, not of 64x64"),
        ("zoo_hybrid", {"size": "tiny", "patch_size": 3}, "cannot be built for such images"),
        *(
            (name, {"size": "huge"}, "size must be one of tiny, small, got huge")
            for name in ("zoo_resnet", "zoo_googlenet")
        ),
        ("zoo_googlenet", {"network": "inception_v3"}, "one network of this family, googlenet, and not 'inception_v3'"),
    ],
)
def test_what_is_no_member_is_refused(name: str, arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=rf"\Amodel {name}: [^\n]*{said}[^\n]*\Z"):
        build(name, **arguments)


@pytest.mark.parametrize(
    ("name", "shape", "said"),
    [
        ("zoo_googlenet", (2, 64, 64), "takes images of 1 or 3 channels, not 2"),
        ("zoo_vit", (3, 28, 28), "square images whose side is a multiple of 16, not of 28x28"),
        ("zoo_vit", (3, 64, 32), "square images whose side is a multiple of 16, not of 64x32"),
    ],
)
def test_images_that_do_not_fit_are_refused(name: str, shape: tuple[int, int, int], said: str) -> None:
    with pytest.raises(InputError, match=rf"\Amodel {name}: [^\n]*{said}\Z"):
        build(name, shape=shape)


@pytest.mark.parametrize("name", FAMILIES)
def test_preprocessing_is_the_weights_own(name: str) -> None:
    family = find_family(name)
    found = family.preprocessing(family.MEMBER)
    half = FAMILIES[name][2]
    assert found["size"] == 224
    assert found["mean"] == ([0.5] * 3 if half else [0.485, 0.456, 0.406])
    assert found["std"] == ([0.5] * 3 if half else [0.229, 0.224, 0.225])
    assert found["crop"] == (0.9 if half else 0.875)
    assert found["interpolation"] == ("bilinear" if name in {"zoo_googlenet", "zoo_resnet"} else "bicubic")
