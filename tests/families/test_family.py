"""Every registered model belongs to a family."""

import subprocess
import sys

import pytest

from lookalike.families.family import family_of
from lookalike.models.registry import MODELS

NOT_CNN = {
    "fashion_transfg": "ViT",
    "fashion_vit": "ViT",
    "mnist_mlp": "MLP",
    "vit": "ViT",
    "zoo_hybrid": "hybrid",
    "zoo_vit": "ViT",
}


@pytest.mark.parametrize("model", sorted(MODELS))
def test_every_registered_model_has_its_family(model: str) -> None:
    assert family_of(model) == NOT_CNN.get(model, "CNN")


def test_every_other_family_is_of_registered_models() -> None:
    assert NOT_CNN.keys() <= MODELS.keys()


def test_statistics_need_no_torch() -> None:
    check = "import sys, lookalike.families.all_findings; sys.exit('torch' in sys.modules or 'sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
