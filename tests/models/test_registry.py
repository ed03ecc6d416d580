"""Every registered model on a tiny image; the two fashion models against plainer ways to compute the same."""

import hashlib
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from conftest import TINY_ARGUMENTS
from torch import Tensor, nn

from lookalike.errors import InputError
from lookalike.models.attention import Attention, Block
from lookalike.models.base import GlobalPooling, Model, Partitioned, Transformer
from lookalike.models.fashion_cnn import FashionCNN
from lookalike.models.fashion_transfg import FashionTransFG, gather, select_parts
from lookalike.models.fashion_vit import FashionViT
from lookalike.models.layers import Dropout, set_dropout_generator
from lookalike.models.macs import write_out
from lookalike.models.registry import MODELS, PUBLISHED, create_model, find_family, find_model
from lookalike.models.zoo import ZooModel
from lookalike.runtime import seeded
from lookalike.training.optimisation import Optimisation, Optimiser

SHAPES = [(1, 28, 28), (3, 20, 20)]  # small enough for a test, large enough for every architecture

NARROW: dict[str, dict[str, Any]] = {
    "alexnet": {"max_channels": 64},  # 28 million weights otherwise
    "vgg": {"max_channels": 64},
    "vit": {"patch_size": 4},  # which divides both sides
    **{name: TINY_ARGUMENTS[name] for name in PUBLISHED},
}

STATES = {  # SHA-256 of the names, order and shapes of the entries of the state_dict, 16 hex digits
    "alexnet": "11f456b1cdb95eda",
    "fashion_cnn": "395adeeac26c7ea5",
    "fashion_transfg": "548c3b44f245cf0b",
    "fashion_vit": "c408f4ec53198994",
    "filter_net": "d65da4a649de8464",
    "lenet1": "481ebd6bf4590974",
    "lenet5": "932e845b287f760c",
    "lenet5_modern": "0a52958153693a23",
    "mnist_mlp": "13df594a72343372",
    "mnist_net": "379fadf2f86e327a",
    "four_layer_net": "36ce5e88c016ed36",
    "residual_net": "4f8b23233531c633",
    "simple_cnn": "9b7fa98bcb464d31",
    "vgg": "8393813ad4978d7e",
    "vit": "45bd96b79a350055",
    "zoo_efficientnet": "1abe8afd76787aff",
    "zoo_googlenet": "fcc4918c4fd9ed13",
    "zoo_hybrid": "7f7ca48b303a11ad",
    "zoo_mobilenet": "2cc171d24ecd1e24",
    "zoo_resnet": "47a40d08b8a3b241",
    "zoo_vit": "8104d622535b65fb",
}

# --- the registry ---------------------------------------------------------------------------------------------------


def build(name: str, shape: tuple[int, int, int] = (1, 28, 28), seed: int = 0, **arguments: Any) -> Model:
    with seeded(seed, "init"):
        return create_model(name, NARROW.get(name, {}) | arguments, input_shape=shape, num_classes=7)


@pytest.mark.parametrize("call", [find_model, build])
def test_an_unknown_model_lists_the_known(call: Any) -> None:
    known = ", ".join(sorted(MODELS))
    with pytest.raises(InputError) as caught:
        call("fashion_cmn")
    assert str(caught.value) == f"no model is called 'fashion_cmn'; known: {known}"


@pytest.mark.parametrize("name", MODELS)
def test_an_argument_that_a_model_does_not_take_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=rf"\Amodel {name}: [^\n]*'colour'[^\n]*\Z"):
        build(name, colour="red")


@pytest.mark.parametrize("name", MODELS)
def test_the_class_behind_a_name_says_what_its_models_have(name: str) -> None:
    architecture, model = find_model(name), build(name)
    assert issubclass(architecture, Model)
    assert issubclass(architecture, ZooModel) == (name in PUBLISHED)
    assert isinstance(model, Transformer) == any(isinstance(layer, Attention) for layer in model.modules())
    layers = [model.head, model.spatial, *([model.pooled] if isinstance(model, GlobalPooling) else [])]
    assert {*layers} <= {*model.modules()}
    if isinstance(model, Partitioned):
        assert all(any(entry.startswith(f"{part}.") for entry in model.state_dict()) for part in model.parts)
    if isinstance(model, Transformer):
        tokens = model.embed(torch.rand(2, 1, 28, 28))
        assert tokens.shape[:2] == (2, math.prod(model.grid) + model.has_class_token)
        assert model.blocks(tokens).shape == tokens.shape


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_family_is_the_model_of_its_name(name: str) -> None:
    assert find_family(name) is find_model(name)


@pytest.mark.parametrize(("name", "digest"), STATES.items())
def test_weights_keep_their_names_order_and_shapes(name: str, digest: str) -> None:
    """Weights that have been trained or published would not load any more."""
    entries = [f"{entry} {tuple(value.shape)}" for entry, value in build(name).state_dict().items()]
    assert hashlib.sha256("\n".join(entries).encode()).hexdigest()[:16] == digest


def test_importing_the_registry_imports_no_architecture(root: Path) -> None:
    code = "import sys, lookalike.models.registry; print(*(m for m in sys.modules if m.startswith('lookalike.models')))"
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(root / "src")}, capture_output=True)
    assert done.stdout.decode().split() == ["lookalike.models", "lookalike.models.registry"]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", MODELS)
class TestEveryModel:
    def test_the_head_reads_the_features(self, name: str, shape: tuple[int, int, int]) -> None:
        model = build(name, shape).eval()
        images = torch.rand(3, *shape)
        with torch.inference_mode():
            features = model.features(images)
            logits = model(images)
            assert torch.equal(model.head(features), logits)
        assert features.ndim == 2
        assert logits.shape == (3, 7)

    def test_one_step_lowers_the_loss_of_its_batch(self, name: str, shape: tuple[int, int, int]) -> None:
        model = build(name, shape).train()
        images, labels = torch.rand(32, *shape), torch.arange(32) % 7  # enough for batches that are normalised
        optimiser = Optimiser(model, Optimisation("sgd", lr=1e-4))
        losses = []
        for _ in range(2):
            set_dropout_generator(model, torch.Generator().manual_seed(0))
            loss = F.cross_entropy(model(images), labels)
            loss.backward()
            trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
            assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in trained)
            optimiser.step()
            losses.append(loss.item())
        assert losses[1] < losses[0]

    def test_the_seed_decides_the_initial_weights(self, name: str, shape: tuple[int, int, int]) -> None:
        first, again, other = build(name, shape), build(name, shape), build(name, shape, seed=1)
        weights = [torch.cat([x.flatten() for x in model.state_dict().values()]) for model in (first, again, other)]
        assert torch.equal(weights[0], weights[1])
        assert not torch.equal(weights[0], weights[2])

    def test_evaluation_does_not_depend_on_the_rest_of_the_batch(self, name: str, shape: tuple[int, int, int]) -> None:
        model = build(name, shape).eval()
        images = torch.rand(5, *shape)
        with torch.inference_mode():
            torch.testing.assert_close(model(images)[:2], model(images[:2]), rtol=0, atol=1e-5)


# --- FashionCNN -----------------------------------------------------------------------------------------------------


def in_report_order(model: FashionCNN) -> nn.Sequential:
    """The layers of `model` in the order of the source report: conv -> ReLU -> dropout -> pool."""
    conv1, drop1, pool1, _, conv2, drop2, pool2, _, conv3, drop3, _, flatten, dense, _ = model.features
    relu = nn.ReLU()
    return nn.Sequential(
        *(conv1, relu, drop1, pool1, conv2, relu, drop2, pool2, conv3, relu, drop3),
        *(flatten, dense, relu, model.head),
    )


def values_and_gradients(run: nn.Module, model: nn.Module, images: Tensor) -> list[Tensor]:
    """Logits, and gradients of the loss by the images and by all trained parameters of `model`."""
    set_dropout_generator(model, torch.Generator().manual_seed(3))
    images = images.clone().requires_grad_()
    logits = run(images)
    loss = F.cross_entropy(logits, torch.arange(len(images)) % 7)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    return [logits.detach(), *torch.autograd.grad(loss, [images, *trained])]


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("dropout", [0.0, 0.2, 0.7])
def test_cnn_late_relu_changes_nothing(dropout: float, channels_last: bool) -> None:
    model = build("fashion_cnn", dropout=dropout)
    assert isinstance(model, FashionCNN)
    images = torch.randn(6, 1, 28, 28)
    if channels_last:
        model, images = (x.to(memory_format=torch.channels_last) for x in (model, images))
    fast = values_and_gradients(model, model, images)
    plain = values_and_gradients(in_report_order(model), model, images)
    for got, expected in zip(fast, plain, strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-6, atol=1e-9)
    assert (fast[1] != 0).any()


@pytest.mark.parametrize(
    ("size", "maps"),
    [(28, [(32, 26), (64, 13), (64, 4)]), (32, [(32, 30), (64, 15), (64, 5)]), (18, [(32, 16), (64, 8), (64, 2)])],
)
def test_cnn_feature_maps(size: int, maps: list[tuple[int, int]]) -> None:
    model = build("fashion_cnn", (1, size, size))
    seen = []
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(lambda _layer, _given, out: seen.append(tuple(out.shape[1:])))
    assert model.features(torch.rand(2, 1, size, size)).shape == (2, 32)
    assert seen == [(channels, side, side) for channels, side in maps]


def test_cnn_takes_oblong_images() -> None:
    assert build("fashion_cnn", (1, 18, 32))(torch.rand(2, 1, 18, 32)).shape == (2, 7)


def test_cnn_drops_after_each_convolution_and_only_in_training() -> None:
    model = build("fashion_cnn")
    assert [layer.threshold for layer in model.modules() if isinstance(layer, Dropout)] == [51, 51, 51]
    images = torch.rand(2, 1, 28, 28)
    assert not torch.equal(model.train()(images), model(images))
    assert torch.equal(model.eval()(images), model(images))


# --- FashionViT -----------------------------------------------------------------------------------------------------


@pytest.fixture
def attention() -> Attention:
    """Four heads wider than their share of the tokens, in float64, with biases that are not zero."""
    with seeded(0, "attention"):
        layer = Attention(embed_dim=12, num_heads=4, head_dim=16).double()
        for parameter in layer.parameters():
            nn.init.normal_(parameter, std=0.4)
    return layer


@pytest.fixture
def tokens() -> Tensor:
    return torch.randn(3, 9, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("path", [lambda x, layer: layer.folded(x)[0], lambda x, layer: layer.fused(x)])
def test_vit_faster_attention_equals_plain(attention: Attention, tokens: Tensor, path: Any) -> None:
    upstream = torch.randn_like(tokens)
    outs, gradients = [], []
    for forward in (lambda x: attention.plain(x)[0], lambda x: path(x, attention)):
        x = tokens.clone().requires_grad_()
        outs.append(forward(x))
        gradients.append(torch.autograd.grad(outs[-1], [x, *attention.parameters()], upstream))
    torch.testing.assert_close(*outs, rtol=0, atol=1e-12)
    for plain, fast in zip(*gradients, strict=True):
        torch.testing.assert_close(fast, plain, rtol=1e-12, atol=1e-12)


def test_vit_a_cpu_takes_the_folded_path(attention: Attention, tokens: Tensor) -> None:
    assert torch.equal(attention(tokens), attention.folded(tokens)[0])
    assert torch.equal(attention.attend(tokens)[1], attention.folded(tokens)[1])
    write_out(attention)
    assert torch.equal(attention(tokens), attention.fused(tokens))
    assert torch.equal(attention.attend(tokens)[1], attention.plain(tokens)[1])
    assert attention.to("meta")(tokens.to("meta")).shape == tokens.shape


@pytest.mark.parametrize("path", ["plain", "folded"])
def test_vit_attention_maps_reproduce_the_output(attention: Attention, tokens: Tensor, path: str) -> None:
    weights = getattr(attention, path)(tokens)[1]
    assert weights.shape == (3, 4, 9, 9)
    torch.testing.assert_close(weights.sum(-1), torch.ones(3, 4, 9, dtype=torch.float64), rtol=0, atol=1e-14)
    values = attention.split(tokens)[2]
    mixed = torch.einsum("nhqk,nhke->nqhe", weights, values).flatten(2)
    torch.testing.assert_close(attention.projection(mixed), attention.plain(tokens)[0], rtol=0, atol=1e-12)


def test_vit_attention_equals_its_definition(attention: Attention, tokens: Tensor) -> None:
    kernels, biases = attention.qkv.weight.view(3, 4, 16, 12), attention.qkv.bias.view(3, 4, 16)
    heads = []
    for head in range(4):
        q, k, v = (tokens @ kernels[part, head].T + biases[part, head] for part in range(3))
        heads.append(torch.softmax(q @ k.mT / math.sqrt(16), -1) @ v)
    expected = attention.projection(torch.cat(heads, -1))
    torch.testing.assert_close(expected, attention.plain(tokens)[0], rtol=0, atol=1e-12)


def test_vit_kernels_have_their_own_glorot_bound() -> None:
    layer = Attention(embed_dim=48, num_heads=8, head_dim=64)
    limit = math.sqrt(6 / (48 + 512))  # of one kernel; that of all three together would be smaller by a third
    for kernel in (*layer.qkv.weight.split(512), layer.projection.weight):
        assert kernel.shape in {(512, 48), (48, 512)}
        assert 0.99 * limit < kernel.abs().max() <= limit
    assert not layer.qkv.bias.any()
    assert not layer.projection.bias.any()


def test_vit_the_second_residual_adds_the_input_of_the_block() -> None:
    block = Block(embed_dim=12, num_heads=2, head_dim=8, mlp_dim=16)
    tokens = torch.randn(2, 5, 12)
    attended = F.layer_norm(block.attention(tokens) + tokens, (12,), eps=1e-3)
    expected = F.layer_norm(block.mlp(attended) + tokens, (12,), eps=1e-3)
    torch.testing.assert_close(block(tokens), expected, rtol=0, atol=1e-6)
    attended, weights = block.attend(tokens)
    torch.testing.assert_close(attended, expected, rtol=0, atol=1e-6)
    assert torch.equal(weights, block.attention.attend(tokens)[1])


@pytest.mark.parametrize("train_positions", [False, True])
def test_vit_positions_are_trained_only_on_request(train_positions: bool) -> None:
    model = build("fashion_vit", train_positions=train_positions, depth=1)
    assert isinstance(model, FashionViT)
    before = model.position_embedding.detach().clone()
    assert 0.049 < before.abs().max() <= 0.05
    optimiser = Optimiser(model, Optimisation("adam", lr=1e-2))
    model(torch.rand(2, 1, 28, 28)).sum().backward()
    optimiser.step()
    assert torch.equal(before, model.position_embedding) is not train_positions
    assert "position_embedding" in model.state_dict()


def test_vit_tokens_are_patches_of_the_resized_image_in_rows() -> None:
    model = build("fashion_vit", (1, 32, 32), depth=1)
    assert isinstance(model, FashionViT)
    image = torch.zeros(1, 1, 32, 32)
    image[..., 4:8, 8:12] = 1  # row 1, column 2 of 8x8 patches
    touched = (model.embed(image) - model.position_embedding).abs().sum(-1).gt(1e-5)[0]
    assert touched.nonzero().flatten().tolist() == [8 + 2]
    assert model.embed(torch.rand(2, 1, 28, 28)).shape == (2, 64, 48)
    assert model.features(torch.rand(2, 1, 28, 28)).shape == (2, 64 * 48)


def test_vit_attention_paths_agree_within_the_whole_model(monkeypatch: pytest.MonkeyPatch) -> None:
    model = build("fashion_vit").double()
    images = torch.rand(3, 1, 28, 28, dtype=torch.float64)
    folded = values_and_gradients(model, model, images)
    monkeypatch.setattr(Attention, "forward", Attention.fused)
    for got, expected in zip(folded, values_and_gradients(model, model, images), strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-9, atol=1e-12)


# --- FashionTransFG -------------------------------------------------------------------------------------------------


def transfg(**arguments: Any) -> FashionTransFG:
    model = build("fashion_transfg", **arguments)
    assert isinstance(model, FashionTransFG)
    return model


def test_transfg_has_overlapping_patches_and_a_class_token() -> None:
    model = transfg(depth=2).eval()
    assert model.grid == (10, 10)
    assert model.embed(torch.rand(2, 1, 28, 28)).shape == (2, 101, 48)
    assert model.features(torch.rand(2, 1, 28, 28)).shape == (2, 48)
    image = torch.zeros(1, 1, 28, 28)
    image[..., 14, 14] = 1  # pixel 16 of 32, and its neighbours: within the patches that begin at 12, 15 (and 18 not)
    touched = (model.embed(image) - model.embed(torch.zeros_like(image))).abs().sum(-1).gt(1e-5)[0]
    rows = sorted({(int(place) - 1) // 10 for place in touched.nonzero().flatten()})
    assert rows == [4, 5], "a pixel lies in two overlapping patches"


def test_transfg_selects_by_the_product_of_the_attention_maps() -> None:
    maps = [torch.softmax(torch.randn(5, 3, 8, 8, dtype=torch.float64), -1) for _ in range(4)]
    product = maps[3] @ maps[2] @ maps[1] @ maps[0]
    assert torch.equal(select_parts(maps), product[:, :, 0, 1:].argmax(-1) + 1)


def test_transfg_never_selects_the_class_token_itself() -> None:
    maps = torch.full((1, 2, 4, 4), 0.1)
    maps[..., 0] = 0.7
    maps[0, 1, :, 2] = 0.2
    assert select_parts([maps]).tolist() == [[1, 2]]


def test_transfg_gathers_each_image_s_own_tokens() -> None:
    tokens = torch.arange(24.0).view(2, 4, 3)
    chosen = gather(tokens, torch.tensor([[1, 1], [3, 2]]))
    assert torch.equal(chosen, torch.stack([tokens[0, [1, 1]], tokens[1, [3, 2]]]))


def test_transfg_reads_the_class_token_and_the_selected_patches_alone() -> None:
    model, seen = transfg(depth=3, num_heads=4).eval(), {}
    model.blocks[-1].register_forward_pre_hook(lambda block, inputs: seen.update(tokens=inputs[0]))
    model(torch.rand(2, 1, 28, 28))
    assert seen["tokens"].shape == (2, 1 + 4, 48)
    whole = transfg(depth=3, num_heads=4, part_selection=False).eval()
    whole.blocks[-1].register_forward_pre_hook(lambda block, inputs: seen.update(tokens=inputs[0]))
    whole(torch.rand(2, 1, 28, 28))
    assert seen["tokens"].shape == (2, 101, 48)


def test_transfg_with_all_patches_selected_sees_what_the_ablation_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    """The order of the tokens does not matter to the class token: selecting all of them selects nothing."""
    images = torch.rand(2, 1, 28, 28)
    expected = transfg(depth=2, part_selection=False).eval()(images)
    monkeypatch.setattr(
        "lookalike.models.fashion_transfg.select_parts", lambda maps: torch.arange(100, 0, -1).expand(2, -1)
    )
    torch.testing.assert_close(transfg(depth=2).eval()(images), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("arguments", [{"stride": 5}, {"depth": 1}, {"patch_size": 40}])
def test_transfg_refuses_what_it_cannot_be(arguments: dict[str, int]) -> None:
    with pytest.raises(InputError, match="needs stride <= patch_size <= image_size and depth > 1"):
        build("fashion_transfg", **arguments)
