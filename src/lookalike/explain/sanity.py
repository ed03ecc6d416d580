"""Sanity check of maps: cascading randomisation of the model.

Adebayo et al., "Sanity Checks for Saliency Maps" (NeurIPS 2018): layer by layer, from the output to the input, random
weights replace the trained ones. Maps that explain the model become dissimilar to the original maps. Maps that stay
similar, as those of an edge detector do, show the image and not the model.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lookalike.evaluation.statistics import Estimate, bootstrap_mean, resample
from lookalike.explain.faithfulness import is_blank
from lookalike.explain.maps import Explain
from lookalike.models.base import Model, Partitioned


@dataclass(frozen=True)
class RandomisationStep:
    """The similarity of maps to the original ones after `unit` and all units above it were randomised.

    Attributes:
        unit: see `units`.
        correlation: rank correlation of the maps before and after, mean over images: -1 to 1.
    """

    unit: str
    correlation: Estimate


def units(model: nn.Module) -> list[tuple[str, list[str]]]:
    """The layers from the output to the input, each with the names of its entries in the model's state_dict.

    For a model with `parts`: the parts, then the remaining entries ("embedding"). For any other model: each module with
    entries of its own, in reverse order of registration.
    """
    owners: dict[str, list[str]] = {}
    parts = model.parts if isinstance(model, Partitioned) else None
    for name in model.state_dict():
        owner = name.rpartition(".")[0]
        if parts is not None:
            owner = next((part for part in parts if name.startswith(f"{part}.")), "embedding")
        owners.setdefault(owner, []).append(name)
    if parts is None:
        return [*owners.items()][::-1]
    return [(part, owners.get(part, [])) for part in (*reversed(parts), *(owners.keys() - parts))]


def cascade(
    model: Model, fresh: Mapping[str, Tensor], explain: Explain, images: Tensor, target: Tensor
) -> list[RandomisationStep]:
    """The similarity of maps to the original ones, as ever more layers of the model are randomised.

    Args:
        model: in evaluation mode; it is not changed.
        fresh: the state_dict of the same architecture with random weights.
        explain: the method, which gets all images at once.
        images: (N, C, H, W) as the model takes them.
        target: (N, K), the weights of the logits whose sum is explained.

    Returns:
        A step for each of the `units`; after the last, all weights are random.
    """
    randomised, original = deepcopy(model), explain(model, images, target)
    weights, steps = resample(len(images)), []
    for unit, names in units(model):
        randomised.load_state_dict({name: fresh[name] for name in names}, strict=False)
        correlation = rank_correlation(original, explain(randomised, images, target))
        steps.append(RandomisationStep(unit, bootstrap_mean(correlation.numpy(), weights)))
    return steps


def rank_correlation(first: Tensor, second: Tensor) -> Tensor:
    """Spearman's correlation of two maps (N, h, w) of each image: (N,) on the CPU; 0 if either is blank.

    Spearman, American Journal of Psychology 15 (1904); equal values share their mean rank. See `faithfulness.is_blank`.
    """
    from scipy.stats import rankdata

    ranks = (torch.from_numpy(rankdata(maps.detach().flatten(1).cpu().numpy(), axis=1)) for maps in (first, second))
    one, two = (F.normalize(rank - rank.mean(1, keepdim=True), dim=1) for rank in ranks)
    blank = is_blank(first) | is_blank(second)
    return torch.where(blank.cpu(), 0.0, (one * two).sum(1))
