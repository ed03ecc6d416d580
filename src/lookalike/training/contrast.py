"""The contrastive loss: features of one class become similar, and those of other classes dissimilar."""

import torch.nn.functional as F
from torch import Tensor


def contrastive_loss(features: Tensor, labels: Tensor, margin: float) -> Tensor:
    """Mean over all ordered pairs of a batch: 1 - s for two images of one class, max(s - margin, 0) for others.

    He et al., "TransFG" (AAAI 2022); s is the cosine of two feature vectors, and the paper's margin is .4. The sum over
    pairs, which include an image with itself, is divided by B^2, as in the paper and the later public code. The first
    public code divided by B, which multiplies the loss by 64 for 64 images.

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
