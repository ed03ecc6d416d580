"""The settings of a variant within a budget, and the digest that names them."""

from collections.abc import Callable
from typing import Any

import pytest
from conftest import effective, granted

from lookalike.params import Variant, parse_params
from lookalike.training.settings import effective_settings

MakeVariant = Callable[..., Variant]
CNN = "fashion-cnn"


@pytest.mark.parametrize(
    ("cap", "epochs", "warmup", "kept"), [(None, 20, 5, (1, 12)), (8, 8, 2, (1,)), (1, 1, 0.25, None)]
)
def test_a_capped_run_warms_up_for_the_same_fraction(
    make_variant: MakeVariant, cap: int | None, epochs: int, warmup: float, kept: tuple[int, ...] | None
) -> None:
    train = effective(make_variant(epochs=20, warmup_epochs=5, keep_epochs=(1, 12)), max_epochs=cap).train
    assert (train.epochs, train.warmup_epochs, train.keep_epochs) == (epochs, warmup, kept)


def test_caps_on_a_network_are_arguments_of_its_model(make_variant: MakeVariant) -> None:
    variant = make_variant("vgg", model_args={"batch_norm": True})
    assert effective(variant).model_args == {"batch_norm": True}
    assert effective(variant, max_channels=8).model_args == {"batch_norm": True, "max_channels": 8}
    narrow = make_variant("vgg", model_args={"max_channels": 4})
    assert effective(narrow, max_channels=8).model_args == {"max_channels": 4}
    assert effective(make_variant("zoo_vit", model_args={}), size="tiny", pretrained=False).model_args == {
        "size": "tiny"
    }


def test_a_budget_may_forbid_published_weights(make_variant: MakeVariant) -> None:
    variant = make_variant("zoo_vit", model_args={}, pretrained=True, layers="head", weights={"file": "vit.pth"})
    allowed, forbidden = effective(variant).train, effective(variant, pretrained=False).train
    assert (allowed.pretrained, allowed.layers) == (True, "head")
    assert (forbidden.pretrained, forbidden.layers, forbidden.weights) == (None, None, None)


def test_the_number_of_seeds_has_no_part_in_the_digest(make_variant: MakeVariant) -> None:
    one, three = (effective(make_variant(), granted(seeds=seeds)).digest for seeds in (1, 3))
    assert one == three
    assert len(one) == 16
    assert int(one, 16) >= 0


@pytest.mark.parametrize(
    "change",
    [
        {"variants.fashion-cnn.train.lr": 2e-3},
        {"variants.fashion-cnn.model_args": {"dropout": 0.3}},
        {"profiles.demo.train.fashion-cnn.precision": "bfloat16"},
        {"profiles.demo.train.fashion-cnn.max_images": 200},
        {"profiles.demo.data.train_images": 900},
        {"datasets.fashion_mnist.normalise": "channels"},
        {"datasets.fashion_mnist.split.seed": 14},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_decides_a_result_changes_the_digest(raw_params: dict[str, Any], change: dict[str, Any]) -> None:
    before = effective_settings(parse_params(raw_params), CNN).digest
    assert effective_settings(parse_params(edited(raw_params, change)), CNN).digest != before


@pytest.mark.parametrize(
    "change",
    [
        {"profiles.demo.train.fashion-cnn.max_epochs": 10},  # no cap: the variant has ten
        {"profiles.demo.photos.count": 30},
        {"variants.fashion-vit.train.lr": 2e-3},
        {"studies.fashion.title": "Garments"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_nothing_else_changes_the_digest(raw_params: dict[str, Any], change: dict[str, Any]) -> None:
    raw = edited(raw_params, {"profiles.demo.train.fashion-cnn.max_epochs": 12})
    before = effective_settings(parse_params(raw), CNN).digest
    assert effective_settings(parse_params(edited(raw, change)), CNN).digest == before


def test_paths_have_no_part_in_the_digest(make_variant: MakeVariant) -> None:
    checksum = "0" * 64
    variants = [
        make_variant("zoo_vit", model_args={}, pretrained=True, weights={"file": file, "sha256": checksum})
        for file in ("here.pth", "there.pth")
    ]
    assert len({effective(variant).digest for variant in variants}) == 1


def edited(raw: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """The parameters with other values for some dotted keys."""
    for path, value in change.items():
        *parents, last = path.split(".")
        section = raw
        for parent in parents:
            section = section[parent]
        section[last] = value
    return raw
