"""What is measured of every seed equals what is known of the first, and what hooks see."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import TINY_ARGUMENTS
from numpy.typing import NDArray
from torch import Tensor, nn

from lookalike.artifacts.datasets import Dataset
from lookalike.drawn.garments import draw_garments
from lookalike.explain.activity import activity
from lookalike.explain.attributions import attribution_gains, attribution_maps
from lookalike.explain.convolutions import convolutions, filters
from lookalike.explain.distances import attention_distance
from lookalike.explain.explain_variant import all_maps, map_similarity, rectifies
from lookalike.explain.localisation import localise
from lookalike.explain.seeds import BLIND, SeedSetup, measure_seed
from lookalike.explain.selectivity import tuning
from lookalike.explain.subject import Images, Subject
from lookalike.models.base import Transformer
from lookalike.models.registry import MODELS, create_model
from lookalike.runtime import Runtime, seeded

GROUP_OF = np.array([0, 1, 0, 2, 1, 0, 3, 3, 0, 4])
COUNT = 20
ATTRIBUTED = ("gradient x input", "integrated gradients", "SmoothGrad", "occlusion")
LABELS = np.arange(COUNT) % 10
PHOTOGRAPHS = Images(draw_garments(6, seed=11)[0], np.array([1, -1, 3, 0, -1, 5]), np.zeros(6, np.int64))
PLAIN = SeedSetup(None, GROUP_OF, None, focus=False, attributed=3)


def make(name: str, seed: int, channels: int = 1, **arguments: bool) -> nn.Module:
    with seeded(seed, "init"):
        chosen = TINY_ARGUMENTS.get(name, {}) | arguments
        return create_model(name, chosen, input_shape=(channels, 28, 28), num_classes=10).eval()


def subject_of(name: str, dataset: Dataset, channels: int = 1, **arguments: bool) -> Subject:
    pixels = draw_garments(COUNT, seed=3)[0]
    if channels == 3:
        pixels = np.stack([pixels, pixels // 2, 255 - pixels], axis=3)
    models = (make(name, seed, channels, **arguments) for seed in (0, 1))
    seen = replace(dataset, mean=(0.3,) * channels, std=(0.4,) * channels)
    return Subject(*models, seen, Runtime(torch.device("cpu")), Images(pixels, LABELS, LABELS))


@pytest.mark.parametrize(
    ("name", "focus"), [*((name, True) for name in MODELS), ("simple_cnn", False), ("fashion_vit", False)]
)
def test_every_part_is_there_where_it_applies(name: str, dataset: Dataset, *, focus: bool) -> None:
    subject = subject_of(name, dataset)
    found = measure_seed(4, subject, replace(PLAIN, focus=focus))
    transformer, convolves = isinstance(subject.model, Transformer), bool(convolutions(subject.model))
    assert found.seed == 4
    assert (found.deviations is not None) == (convolves and rectifies(subject.model))
    assert (found.filters is not None) == convolves
    assert (found.similarity is not None) == transformer
    assert found.localisation is None, "without masks"
    assert (found.attention_distance is not None) == transformer
    assert found.attribution is not None
    assert list(found.attribution) == [*ATTRIBUTED, "HiResCAM", "centre"]
    assert (found.depth is not None) == (convolves and focus and not transformer)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_deviations_are_those_of_what_enters_relu(dataset: Dataset, *, batch_norm: bool) -> None:
    subject = subject_of("simple_cnn", dataset, batch_norm=batch_norm)
    subject = replace(subject, kept={5: make("simple_cnn", 2, batch_norm=batch_norm)})
    found = measure_seed(0, subject, PLAIN).deviations
    assert found is not None
    assert list(found) == ["untrained", "epoch 5", "trained"]
    assert all(list(one) == ["conv1", "conv2", "conv3"] for one in found.values()), "whether or not it is normalised"
    for state, model in (("trained", subject.model), ("epoch 5", subject.kept[5])):
        entering = [one.std() for one in given_to_relu(model, subject.inputs)[:3]]
        np.testing.assert_allclose(list(found[state].values()), entering, rtol=1e-5)
    before = activity(subject.untrained, subject.inputs).layers
    for layer, deviation in zip(before, found["untrained"].values(), strict=True):
        assert deviation == pytest.approx((layer.after or layer.before).deviation, rel=1e-5)
        assert not batch_norm or deviation == pytest.approx(1, abs=0.01), "of the images at hand"


def given_to_relu(model: nn.Module, images: Tensor) -> list[NDArray[np.float32]]:
    given: list[NDArray[np.float32]] = []
    hooks = [
        layer.register_forward_pre_hook(lambda _, inputs: given.append(inputs[0].numpy().copy()))
        for layer in model.modules()
        if isinstance(layer, nn.ReLU)
    ]
    with torch.no_grad():
        model(images)
    for hook in hooks:
        hook.remove()
    return given


def test_filters_are_those_of_the_first_convolution(dataset: Dataset) -> None:
    subject = subject_of("simple_cnn", dataset)
    found = measure_seed(0, subject, PLAIN).filters
    assert found is not None
    name = next(iter(convolutions(subject.model)))
    expected = tuning(filters(subject.model, name), filters(subject.untrained, name))
    assert found.count == expected.count == 32
    for ours, theirs in (
        (found.spectral_entropy, expected.spectral_entropy),
        (found.selectivity, expected.selectivity),
    ):
        assert ours.untrained == pytest.approx(theirs.untrained.value)
        assert ours.trained == pytest.approx(theirs.trained.value)


@pytest.mark.parametrize("photographs", [None, PHOTOGRAPHS, replace(PHOTOGRAPHS, senders=np.array([0, 0, 1, 1, 2, 2]))])
def test_similarities_are_those_of_the_first_seed(dataset: Dataset, photographs: Images | None) -> None:
    subject = subject_of("fashion_vit", dataset)
    found = measure_seed(0, subject, replace(PLAIN, photographs=photographs)).similarity
    photo_maps = all_maps(subject.of(photographs)) if photographs else {}
    expected = map_similarity(subject, all_maps(subject), photographs, photo_maps, GROUP_OF)["spearman"]
    assert found is not None
    assert tuple(found) == BLIND
    for name, ours in found.items():
        theirs = expected[name]
        assert ours.class_contrast == theirs["maps"]["class_contrast"]
        assert ours.class_contrast is not None
        assert ours.group_contrast == theirs["maps"]["group_contrast"]
        assert ours.over_raw_pixels == theirs["over_raw_pixels"]["class_contrast"]
        assert ours.over_untrained == theirs["over_untrained"]["class_contrast"]
        assert ours.photographs == (theirs["photographs"]["class_contrast"] if photographs else None)
        assert (ours.photographs is None) == (photographs is None)


@pytest.mark.parametrize(("name", "channels"), [("vgg", 3), ("fashion_vit", 1)])
def test_maps_of_every_method_are_localised_where_there_are_masks(dataset: Dataset, name: str, channels: int) -> None:
    subject = subject_of(name, dataset, channels=channels)
    masks = subject.images.pixels.reshape(COUNT, 28, 28, channels)[..., 0] > 0
    found = measure_seed(0, subject, replace(PLAIN, masks=masks)).localisation
    assert found is not None
    assert list(found.methods) == [*ATTRIBUTED, *[one for one in found.methods if one in subject.methods], "centre"]
    assert {one for one in found.methods if one in subject.methods} == set(subject.methods)
    own = {method: subject.explain(method) for method in subject.methods}
    assert {method: found.methods[method] for method in (*own, "centre")} == localise(own, masks).methods
    assert [found.methods[method].images for method in ("HiResCAM", "occlusion", "centre")] == [COUNT, 3, COUNT]
    few = attribution_maps(subject.part(slice(3)))
    assert found.methods["occlusion"] == localise({"occlusion": few["occlusion"]}, masks[:3]).methods["occlusion"]


def test_attributions_and_attention_are_those_of_their_modules(dataset: Dataset) -> None:
    subject = subject_of("fashion_vit", dataset)
    found, few = measure_seed(0, subject, PLAIN), subject.part(slice(3))
    assert found.attribution == attribution_gains(few, attribution_maps(few))
    assert found.attention_distance is not None
    np.testing.assert_allclose(found.attention_distance, attention_distance(subject.model, subject.inputs))
