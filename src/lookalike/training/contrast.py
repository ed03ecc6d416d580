"""A loss that draws features of one class together and pushes those of others apart."""

import torch.nn.functional as F
from torch import Tensor


def contrastive_loss(features: Tensor, labels: Tensor, margin: float) -> Tensor:
    """Mean over all ordered pairs of a batch of 1 - s for two images of one class and max(s - margin, 0) else.

    He et al., "TransFG" (AAAI 2022), with s the cosine of two feature vectors and the paper's margin .4: other classes
    are left alone once they are less alike than that. The sum over pairs is divided by B^2, as in the paper and in the
    later public code; its first state divided by B, which makes the loss 64 times heavier with 64 images. An image's
    pair with itself counts, and costs nothing.

    Args:
        features: (B, D).
        labels: (B,).

    Returns:
        A scalar, 0 to 2.
    """
    unit = F.normalize(features)
    cosine = unit @ unit.T  # (B, B)
    same = labels[:, None] == labels[None, :]
    return (same * (1 - cosine) + ~same * (cosine - margin).clamp(min=0)).mean()
