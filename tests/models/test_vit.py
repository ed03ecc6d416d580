"""The vision transformer against timm's, with the same weights."""

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from timm.models import create_model as create_timm
from torch import Tensor, nn

from lookalike.explain.attention import attention_maps
from lookalike.models.vit import ViT
from lookalike.runtime import seeded

SIZES: dict[str, dict[str, Any]] = {  # timm's name of a size -> how this project says it
    "vit_tiny_patch16_224": {},
    "vit_small_patch32_224": {"patch_size": 32, "embed_dim": 384, "num_heads": 6},
    "vit_base_patch8_224": {"patch_size": 8, "embed_dim": 768, "num_heads": 12, "depth": 3},
}


NAMES = {  # timm's name of a layer -> this project's
    "cls_token": "class_token",
    "pos_embed": "position_embedding",
    "patch_embed.proj.": "patch_embedding.projection.",
    ".attn.": ".attention.",
    ".attention.proj.": ".attention.projection.",
}


def reference(name: str, depth: int = 12) -> nn.Module:
    """One of timm's models for images of 64x64 and seven classes, all of its weights drawn at random."""
    with seeded(0, "timm"):
        model = create_timm(name, img_size=64, num_classes=7, depth=depth)
        for parameter in model.parameters():
            nn.init.normal_(parameter, mean=float(parameter.ndim == 1), std=0.05)
    return model.eval()


def counterpart(theirs: nn.Module, **arguments: Any) -> ViT:
    """The model here with the weights of timm's."""
    ours = ViT(input_shape=(3, 64, 64), num_classes=7, **arguments)
    ours.load_state_dict(from_timm(theirs.state_dict()))
    return ours.eval()


def from_timm(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state of a ViT of timm's, under the names of `lookalike.models.vit`."""
    renamed = {}
    for name, tensor in state.items():
        for theirs, ours in NAMES.items():
            name = name.replace(theirs, ours)
        renamed[name] = tensor
    return renamed


@pytest.fixture
def images() -> Tensor:
    return torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", SIZES)
def test_timms_weights_give_timms_logits(name: str, images: Tensor) -> None:
    theirs = reference(name, SIZES[name].get("depth", 12))
    ours = counterpart(theirs, **SIZES[name])
    with torch.inference_mode():
        expected, logits = theirs(images), ours(images)
    assert expected.std() > 0.1
    torch.testing.assert_close(logits, expected, rtol=0, atol=1e-5)


def test_attention_maps_are_those_that_timms_blocks_work_with(images: Tensor) -> None:
    theirs = reference("vit_tiny_patch16_224", depth=3)
    ours = counterpart(theirs, depth=3)
    seen: list[Tensor] = []
    for block in theirs.blocks:
        block.attn.fused_attn = False  # which keeps no map
        block.attn.attn_drop.register_forward_pre_hook(lambda _layer, given: seen.append(given[0]))
    with torch.inference_mode():
        theirs(images)
        maps = torch.stack(attention_maps(ours, images), dim=1)
    torch.testing.assert_close(maps, torch.stack(seen, dim=1), rtol=0, atol=1e-5)
    torch.testing.assert_close(maps.sum(-1), torch.ones(2, 3, 3, 17), rtol=0, atol=1e-5)


def test_a_weight_that_has_no_place_here_is_refused() -> None:
    theirs = reference("vit_tiny_patch16_224", depth=1).state_dict()
    with pytest.raises(RuntimeError, match=r"blocks\.0\.ls1\.gamma"):
        ViT(input_shape=(3, 64, 64), num_classes=7, depth=1).load_state_dict(
            from_timm(theirs | {"blocks.0.ls1.gamma": torch.ones(192)})
        )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"patch_size": 24}, "patch_size 24 must divide both sides of images of 64x64"),
        ({"num_heads": 5}, "num_heads 5 must divide embed_dim 192"),
        ({"depth": 0}, "depth 0 be positive"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(arguments: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ViT(input_shape=(3, 64, 64), num_classes=7, **arguments)


def test_what_the_last_block_makes_of_patches_reaches_no_logit(images: Tensor) -> None:
    """Therefore `spatial` lies before its attention."""
    model = counterpart(reference("vit_tiny_patch16_224", depth=2), depth=2)
    outputs: list[Tensor] = []
    for layer in (model.blocks[-1], model.spatial):
        layer.register_forward_hook(lambda _layer, _given, out: outputs.append(out))
    logits = model(images)
    before, after = outputs
    gradients = torch.autograd.grad(logits[:, 0].sum(), [before, after])
    assert gradients[0][:, 1:].any()
    assert not gradients[1][:, 1:].any()
