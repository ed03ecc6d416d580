"""The family of architectures that a model belongs to."""

from typing import Literal

Family = Literal["CNN", "ViT", "hybrid", "MLP"]

_OTHERS: dict[str, Family] = {
    "fashion_transfg": "ViT",
    "fashion_vit": "ViT",
    "mnist_mlp": "MLP",
    "vit": "ViT",
    "zoo_hybrid": "hybrid",
    "zoo_vit": "ViT",
}


def family_of(model: str) -> Family:
    """The family of a registered model, by the model's name; those that are not listed here are CNNs."""
    return _OTHERS.get(model, "CNN")
