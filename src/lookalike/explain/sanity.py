"""Whether a map depends on what the model has learned: cascading randomisation.

Adebayo et al., "Sanity Checks for Saliency Maps" (NeurIPS 2018): layer by layer from the output to the input, the
trained weights give way to fresh ones. Maps that explain the model lose their likeness to the original ones; maps that
keep it, as an edge detector's do, show the image and not the model.
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
from lookalike.models.layers import Model, Partitioned


@dataclass(frozen=True)
class Step:
    """What is left of the maps once `unit` and all units above it are fresh.

    Attributes:
        unit: see `units`.
        correlation: of the maps before and after, mean over images, see `rank_correlation`: -1 to 1.
    """

    unit: str
    correlation: Estimate


def units(model: nn.Module) -> list[tuple[str, list[str]]]:
    """The layers from the output to the input, each with the names of its entries in the model's state_dict.

    For a model that names its `parts`: these, and behind them all that is left ("embedding"). For any other model: each
    module with entries of its own, in reverse order of registration.
    """
    names = list(model.state_dict())
    if isinstance(model, Partitioned):
        found = {part: [name for name in names if name.startswith(f"{part}.")] for part in reversed(model.parts)}
        known = {name for some in found.values() for name in some}
        rest = [name for name in names if name not in known]
        return [*found.items(), *([("embedding", rest)] if rest else [])]
    owners = dict.fromkeys(name.rpartition(".")[0] for name in names)
    return [(owner, [name for name in names if name.rpartition(".")[0] == owner]) for owner in reversed(owners)]


def cascade(model: Model, fresh: Mapping[str, Tensor], explain: Explain, images: Tensor, target: Tensor) -> list[Step]:
    """How like the original maps those are whose model keeps ever fewer of its trained layers.

    Args:
        model: in evaluation mode; it is left as it is.
        fresh: the state_dict of the same architecture, freshly initialised.
        explain: the method, which sees all images at once.
        images: (N, C, H, W) as the model takes them.
        target: (N, K), the weights of the logits whose sum is explained.

    Returns:
        A step for each of the `units`; after the last, nothing trained is left.
    """
    ever_fresher, original = deepcopy(model), explain(model, images, target)
    weights, steps = resample(len(images)), []
    for unit, names in units(model):
        ever_fresher.load_state_dict({name: fresh[name] for name in names}, strict=False)
        alike = rank_correlation(original, explain(ever_fresher, images, target))
        steps.append(Step(unit, bootstrap_mean(alike.numpy(), weights)))
    return steps


def rank_correlation(first: Tensor, second: Tensor) -> Tensor:
    """Spearman's correlation of two maps (N, h, w) of each image: (N,) on the CPU; 0 where either is blank.

    Spearman, American Journal of Psychology 15 (1904); equal values share their mean rank. What blank is, says
    `faithfulness.is_blank`: it has no order that could be kept.
    """
    from scipy.stats import rankdata

    ranks = (torch.from_numpy(rankdata(maps.detach().flatten(1).cpu().numpy(), axis=1)) for maps in (first, second))
    one, two = (F.normalize(rank - rank.mean(1, keepdim=True), dim=1) for rank in ranks)
    blank = is_blank(first) | is_blank(second)
    return torch.where(blank.cpu(), 0.0, (one * two).sum(1))
