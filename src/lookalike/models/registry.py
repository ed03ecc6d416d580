"""Models by name. Each name maps to `module:class`; the module is imported when the model is created.

Training stages do not depend on this file, so that adding an architecture does not retrain the others. It must not
contain anything else.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from lookalike.errors import InputError

if TYPE_CHECKING:
    from lookalike.models.base import Model
    from lookalike.models.zoo import ZooModel

MODELS = {
    "alexnet": "lookalike.models.alexnet:AlexNet",
    "fashion_cnn": "lookalike.models.fashion_cnn:FashionCNN",
    "fashion_transfg": "lookalike.models.fashion_transfg:FashionTransFG",
    "fashion_vit": "lookalike.models.fashion_vit:FashionViT",
    "filter_net": "lookalike.models.filter_net:FilterNet",
    "lenet1": "lookalike.models.lenet1:LeNet1",
    "lenet5": "lookalike.models.lenet5:LeNet5",
    "lenet5_modern": "lookalike.models.lenet5_modern:LeNet5Modern",
    "mnist_mlp": "lookalike.models.mnist_mlp:MnistMLP",
    "mnist_net": "lookalike.models.mnist_net:MnistNet",
    "four_layer_net": "lookalike.models.four_layer_net:FourLayerNet",
    "residual_net": "lookalike.models.residual_net:ResidualNet",
    "simple_cnn": "lookalike.models.simple_cnn:SimpleCNN",
    "vgg": "lookalike.models.vgg:VGG",
    "vit": "lookalike.models.vit:ViT",
}
FAMILIES = {  # those whose networks have published weights
    "zoo_efficientnet": "lookalike.models.zoo_efficientnet:ZooEfficientNet",
    "zoo_googlenet": "lookalike.models.zoo_googlenet:ZooGoogLeNet",
    "zoo_hybrid": "lookalike.models.zoo_hybrid:ZooHybrid",
    "zoo_mobilenet": "lookalike.models.zoo_mobilenet:ZooMobileNet",
    "zoo_resnet": "lookalike.models.zoo_resnet:ZooResNet",
    "zoo_vit": "lookalike.models.zoo_vit:ZooViT",
}
PUBLISHED = tuple(FAMILIES)
MODELS |= FAMILIES


def find_model(name: str) -> "type[Model]":
    """The class behind `name`, which takes `input_shape`, `num_classes` and the architecture's own arguments.

    Raises:
        InputError: no such name; the message lists the known ones.
    """
    if name not in MODELS:
        raise InputError(f"no model is called {name!r}; known: {', '.join(sorted(MODELS))}")
    return import_attribute(MODELS[name])


def find_family(name: str) -> "type[ZooModel]":
    """The class behind `name`, one of `PUBLISHED`."""
    return import_attribute(FAMILIES[name])


def import_attribute(path: str) -> Any:
    """The attribute at the path `module:name`."""
    module, name = path.split(":")
    return getattr(import_module(module), name)


def create_model(
    name: str, arguments: Mapping[str, Any] | None = None, *, input_shape: tuple[int, int, int], num_classes: int
) -> "Model":
    """Build `name` with freshly initialised weights, from torch's global generator (see `runtime.seeded`).

    Args:
        arguments: the architecture's own, by name; None means its defaults.
        input_shape: channels, height and width of an image.
        num_classes: number of logits.

    Raises:
        InputError: no such name, or arguments that the architecture does not take.
    """
    architecture = find_model(name)
    try:
        return architecture(input_shape=input_shape, num_classes=num_classes, **(arguments or {}))
    except (TypeError, ValueError) as error:
        raise InputError(f"model {name}: {error}") from error
