"""All costs in the report: counts, and measurements on one device."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from lookalike.artifacts.models import Description
from lookalike.costs.configurations import vgg_configurations
from lookalike.costs.convolutions import design_table, design_times, separable_table, separable_times
from lookalike.costs.measure import size_of, speed_of
from lookalike.costs.scaling import scaling
from lookalike.models.registry import create_model
from lookalike.runtime import Runtime, describe_device, seeded

Json = dict[str, Any]
BATCHES = (1, 64)  # images


def all_costs(descriptions: Mapping[str, Description], runtime: Runtime) -> tuple[Json, Json]:
    """The costs of models and ideas.

    Args:
        descriptions: of models, by name.

    Returns:
        JSON-able: counts, which are the same on every machine ("members" by name; rows of "separable", "designs",
        "scaling" and "vgg_configurations"); and measurements (the "device", and times of the same members and rows;
        the configurations of VGG are not timed).
    """
    members = {name: model_costs(one, runtime) for name, one in descriptions.items()}
    scaled, scaled_speeds = scaling(runtime)
    counted = {
        "members": {name: size for name, (size, _) in members.items()},
        "separable": [asdict(row) for row in separable_table()],
        "designs": [asdict(row) for row in design_table()],
        "scaling": [asdict(row) for row in scaled],
        "vgg_configurations": [asdict(row) for row in vgg_configurations()],
    }
    measured = {
        "device": describe_device(runtime) | {"precision": "float32"},  # as is everything after training
        "members": {name: speeds for name, (_, speeds) in members.items()},
        "separable": [asdict(row) for row in separable_times(runtime)],
        "designs": [asdict(row) for row in design_times(runtime)],
        "scaling": [asdict(row) for row in scaled_speeds],
    }
    return counted, measured


def model_costs(description: Description, runtime: Runtime) -> tuple[Json, list[Json]]:
    """The size of a model, and its speed with both batch sizes. Its weights are random, which changes neither."""
    shape, classes = description.input_shape, len(description.class_names)
    with seeded(0, "init"):
        model = create_model(description.model, description.model_args, input_shape=shape, num_classes=classes)
    size = asdict(size_of(model, shape)) | {"input_shape": shape}
    runtime.place(model).eval()
    return size, [asdict(speed_of(model, shape, batch, runtime)) for batch in BATCHES]
