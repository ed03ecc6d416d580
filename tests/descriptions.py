"""Descriptions of models that no training wrote."""

from typing import Any

from lookalike.artifacts.models import Description, SeedRecord


def described(**changes: Any) -> Description:
    """A description of a small model with one finished seed; `changes` replace its fields, in the types of these."""
    fields: dict[str, Any] = {
        "study": "fashion",
        "dataset": "fashion_mnist",
        "dataset_digest": "0" * 64,
        "train_images": 80,
        "valid_images": 20,
        "model": "fashion_cnn",
        "model_args": {},
        "augmentation": None,
        "input_shape": (1, 28, 28),
        "class_names": ("Coat", "Shirt"),
        "parameters": 7,
        "macs": 8,
        "precision": "float32",
        "weights": None,
        "preprocessing": None,
        "lr": 0.1,
        "search": None,
        "seeds": (SeedRecord(seed=0, epochs=1, diverged_in=None),),
        "kept_epochs": (),
    }
    return Description(**fields | changes)
