"""Label smoothing in favour of look-alikes."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor


def soft_targets(
    class_names: Sequence[str], groups: Mapping[str, Sequence[str]], *, look_alikes: float, others: float
) -> Tensor:
    """The target distribution of each class.

    The share `look_alikes` of the probability mass is divided among the other classes of the class's group, and the
    share `others` among the classes outside it. Mass that no class receives stays on the true class.
    This is label smoothing (Szegedy et al., "Rethinking the Inception Architecture", CVPR 2016, section 7) with mass
    that depends on the distance in a two-level hierarchy, as in the soft labels of Bertinetto et al. ("Making Better
    Mistakes", CVPR 2020, equation 5), here with the mass of each level given instead of its decay.

    Args:
        class_names: C names in the order of the labels.
        groups: group -> names; each class is in one of them.

    Returns:
        float32 (C, C), row the true class; rows sum to 1.
    """
    group_of = {name: group for group, names in groups.items() for name in names}
    numbers = torch.tensor([list(groups).index(group_of[name]) for name in class_names])
    same = numbers[:, None] == numbers[None, :]
    itself = torch.eye(len(class_names), dtype=torch.bool)
    table = divided_evenly(same & ~itself, look_alikes) + divided_evenly(~same, others)
    return table + torch.diag(1 - table.sum(1))


def divided_evenly(among: Tensor, mass: float) -> Tensor:
    """`mass` divided evenly among the true entries of each row of `among` (C, C); nothing where there are none."""
    return mass * among / among.sum(1, keepdim=True).clamp(min=1)
