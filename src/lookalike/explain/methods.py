"""Which methods explain which model, by the names that people see."""

from lookalike.explain.attention import (
    embedded_patches,
    first_attention,
    gradient_rollout,
    raw_attention,
    rollout,
)
from lookalike.explain.cam import cam, grad_cam, hires_cam
from lookalike.explain.maps import Explain
from lookalike.models.layers import GlobalPooling, Model, Transformer

# Explains every model; Grad-CAM averages away that a linear layer on all tokens has weights of its own in each place.
DEFAULT = "HiResCAM"


def methods(model: Model) -> dict[str, Explain]:
    """The methods that apply to `model`, in a fixed order."""
    applicable: dict[str, Explain] = {"CAM": cam} if isinstance(model, GlobalPooling) else {}
    applicable |= {"Grad-CAM": grad_cam, "HiResCAM": hires_cam}
    return applicable | attention_methods() if isinstance(model, Transformer) else applicable


def attention_methods() -> dict[str, Explain]:
    """Those that transformers alone have; of raw attention the last block that sees all tokens, see `all_heads`."""
    return {
        "last attention": raw_attention(-1),
        "rollout": rollout,
        "gradient rollout": gradient_rollout,
        "embedded patches": embedded_patches,
        "first attention output": first_attention,
    }
