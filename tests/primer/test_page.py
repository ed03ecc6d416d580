"""What the primer tells: every registered convolutional network is there, and a wrong number would be seen."""

import json
from dataclasses import replace

import pytest
from small_study import worked_out
from torch import nn

from lookalike.explain.convolutions import convolutions
from lookalike.models.base import Transformer
from lookalike.models.registry import MODELS, PUBLISHED, create_model
from lookalike.primer import fields, page
from lookalike.primer.convolution import Window
from lookalike.primer.fields import SIDES, fields_of


def test_every_registered_convolutional_network_has_its_fields() -> None:
    small = {"alexnet": {"max_channels": 2}, "vgg": {"max_channels": 2}, "vit": {"patch_size": 4}}
    ours = MODELS.keys() - {*PUBLISHED}  # whose networks are other libraries'
    built = {name: create_model(name, small.get(name), input_shape=(1, 28, 28), num_classes=2) for name in ours}
    assert set(SIDES) == {
        name for name, model in built.items() if convolutions(model) and not isinstance(model, Transformer)
    }
    assert worked_out()["fields"].keys() == SIDES.keys()


def test_gradients_see_what_is_computed() -> None:
    for name, network in worked_out()["fields"].items():
        assert network["layers"], name
        assert all(layer["agrees"] for layer in network["layers"]), name


def test_a_field_that_is_wrong_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    right = fields.receptive_fields
    monkeypatch.setattr(
        fields,
        "receptive_fields",
        lambda *given: [replace(field, size=field.size + (k == 2)) for k, field in enumerate(right(*given))],
    )
    assert [seen.rows == seen.expected for seen in fields_of("lenet5")] == [True, True, False, True]


def test_the_arithmetic_agrees_with_torch_for_hundreds_of_convolutions(monkeypatch: pytest.MonkeyPatch) -> None:
    assert worked_out()["checked"] == {"count": page.SETTINGS, "agreed": page.SETTINGS}
    assert page.SETTINGS >= 300
    monkeypatch.setattr(Window, "outputs", lambda self, inputs: inputs)  # which most are not
    assert page.check_arithmetic(50)["agreed"] < 25


def test_the_exercises_have_the_answers_of_the_report() -> None:
    found = json.loads(json.dumps(worked_out(), allow_nan=False))
    sizes = {row["name"]: row["outputs"] for row in found["sizes"]}
    assert sizes["the exercise: 3x3 over 4x4"] == 2
    assert sizes["AlexNet's first: 11x11 in steps of 4"] == 55
    assert len(found["convolution"]["result"]) == 2
    large, small = found["stacks"]
    assert large["field"] == small["field"] == 5
    assert small["weights"] / large["weights"] == small["macs"] / large["macs"] == 18 / 25
    assert sum(nn.Conv2d(16, 16, k, bias=False).weight.numel() for k in (3, 3)) == small["weights"]
    assert found["flatten"] == [value for row in found["convolution"]["image"] for value in row]
    assert sum(row["softmax"] for row in found["answers"]) == pytest.approx(1)
