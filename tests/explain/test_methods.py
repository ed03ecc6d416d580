"""Every method on every registered model."""

import copy

import pytest
import torch
from conftest import TINY_ARGUMENTS

from lookalike.explain.attention import all_heads
from lookalike.explain.maps import contrast_target, explain_all
from lookalike.explain.methods import DEFAULT, applicable_methods
from lookalike.models.base import Model, Transformer
from lookalike.models.registry import MODELS, create_model
from lookalike.runtime import seeded

SHAPES = [(1, 28, 28), (3, 20, 20)]
TRANSFORMER_ONLY = ["last attention", "rollout", "gradient rollout", "embedded patches", "first attention output"]
CONVOLUTIONAL = ("efficientnet", "googlenet", "mobilenet", "resnet")  # of the zoo
GRIDS = {  # of tiles as large as the step of the cells; of the transformers without a line here: 2 x 2
    ("alexnet", 28): (7, 7),
    ("alexnet", 20): (5, 5),
    ("fashion_cnn", 28): (7, 7),
    ("fashion_cnn", 20): (5, 5),
    ("filter_net", 28): (14, 14),
    ("filter_net", 20): (10, 10),
    **{("lenet1", size): (size // 2,) * 2 for size in (28, 20)},
    **{("lenet5", size): (size // 2,) * 2 for size in (28, 20)},
    ("lenet5_modern", 28): (14, 14),
    ("lenet5_modern", 20): (10, 10),
    **{("mnist_mlp", size): (size, size) for size in (28, 20)},  # the image itself
    ("mnist_net", 28): (28, 28),
    ("mnist_net", 20): (20, 20),
    ("four_layer_net", 28): (14, 14),
    ("four_layer_net", 20): (10, 10),
    ("residual_net", 28): (7, 7),
    ("residual_net", 20): (5, 5),
    ("simple_cnn", 28): (7, 7),
    ("simple_cnn", 20): (5, 5),
    ("vgg", 28): (14, 14),
    ("vgg", 20): (10, 10),
    **{("fashion_transfg", side): (3, 3) for side in (28, 20)},
    **{(name, side): (side // 4,) * 2 for name in ("vit", "zoo_hybrid", "zoo_vit") for side in (28, 20)},
    **{(f"zoo_{family}", side): (1, 1) for family in CONVOLUTIONAL for side in (28, 20)},
}
POOLED = {  # grids of CAM
    ("residual_net", 28): (7, 7),
    ("residual_net", 20): (5, 5),
    ("vgg", 28): (7, 7),
    ("vgg", 20): (5, 5),
    **{(f"zoo_{family}", side): (1, 1) for family in CONVOLUTIONAL if family != "mobilenet" for side in (28, 20)},
}
TRANSFORMERS = {"fashion_vit", "fashion_transfg", "vit", "zoo_hybrid", "zoo_vit"}


def build(name: str, shape: tuple[int, int, int]) -> Model:
    with seeded(0, "init"):
        return create_model(name, TINY_ARGUMENTS.get(name), input_shape=shape, num_classes=7).eval()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", MODELS)
def test_every_method_explains_every_model_and_leaves_it_as_it_was(name: str, shape: tuple[int, int, int]) -> None:
    model, images = build(name, shape), torch.rand(5, *shape)
    target = contrast_target(torch.tensor([0, 1, 2, 3, 4]), torch.tensor([6, 5, 1, 2, 0]), 7)
    weights, logits = copy.deepcopy(model.state_dict()), model(images)
    for method, explain in applicable_methods(model).items():
        maps = explain_all(explain, model, images, target, batch=2)
        grid = POOLED[name, shape[1]] if method == "CAM" else GRIDS.get((name, shape[1]), (2, 2))
        assert maps.shape == (5, *grid), method
        assert (maps.dtype, maps.requires_grad) == (torch.float32, False), method
        assert maps.isfinite().all(), method
        assert maps.any(), method
        torch.testing.assert_close(explain(model, images, target), maps, rtol=1e-3, atol=1e-6, msg=method)
    assert all(parameter.grad is None for parameter in model.parameters())
    assert all(torch.equal(value, weights[key]) for key, value in model.state_dict().items())
    assert torch.equal(model(images), logits)
    assert not images.requires_grad


@pytest.mark.parametrize("name", MODELS)
def test_the_default_method_explains_every_model(name: str) -> None:
    model = build(name, (1, 28, 28))
    assert DEFAULT in applicable_methods(model)


@pytest.mark.parametrize("name", MODELS)
def test_methods_are_offered_in_a_fixed_order(name: str) -> None:
    model = build(name, (1, 28, 28))
    first = ["CAM"] if (name, 28) in POOLED else []
    offered = [*first, "Grad-CAM", "HiResCAM", *(TRANSFORMER_ONLY if name in TRANSFORMERS else [])]
    assert list(applicable_methods(model)) == offered
    assert isinstance(model, Transformer) == (name in TRANSFORMERS)


@pytest.mark.parametrize("name", sorted(TRANSFORMERS))
def test_the_last_attention_is_that_of_the_last_block_that_sees_all_tokens(name: str) -> None:
    model, images = build(name, (1, 28, 28)), torch.rand(2, 1, 28, 28)
    maps = applicable_methods(model)["last attention"](model, images, torch.zeros(2, 7))
    torch.testing.assert_close(maps, all_heads(model, images)[:, -1].mean(1))
