"""What is asked of a probe alone: why one class and not another that looks alike, and what its filters respond to."""

from dataclasses import asdict, dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lookalike.evaluation.metrics import Ints, confusion_matrix
from lookalike.explain.faithfulness import Trial, score
from lookalike.explain.maps import Json, Maps, contrast, to_numpy, toward
from lookalike.explain.methods import is_transformer
from lookalike.explain.responses import Response, responses
from lookalike.explain.subject import Images, Subject

SEED = 13  # of random maps and of the order of equal values
EXCITING = 2000  # test images of which those are sought that excite a filter most
CONTRASTED = "HiResCAM"  # the method of contrastive maps: linear in the target, so that a difference is one


@dataclass(frozen=True)
class Contrast:
    """Why one class and not another that looks alike.

    Attributes:
        indices: (N,), of images of either class; those taken for the other first.
        labels, others: (N,), of the two classes the one that the model finds more probable, and the other.
        maps: (N, h, w) toward the "label", toward the "other", and of their difference, "contrast".
        scores: of these maps, as `faithfulness.Faithfulness.methods` in JSON, where only the two classes can win.
    """

    indices: NDArray[np.int64]
    labels: NDArray[np.int64]
    others: NDArray[np.int64]
    maps: Maps
    scores: Json

    @property
    def found(self) -> Json:
        """Of how many images these are the scores."""
        return {"images": len(self.indices), "scores": self.scores}


@dataclass(frozen=True)
class Closely:
    """What is looked at of a probe alone: why one class and not another, and what filters respond to (see `responses`;
    nothing of a transformer)."""

    contrast: Contrast | None
    responses: list[Response]

    @property
    def found(self) -> Json:
        """The figures."""
        return {
            "contrast": self.contrast and self.contrast.found,
            "responses": [response.described() for response in self.responses],
        }


class Duel(nn.Module):
    """A model that knows two of its classes only: logits (N, 2)."""

    def __init__(self, model: nn.Module, first: int, second: int) -> None:
        super().__init__()
        self.model, self.classes = model, [first, second]

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, 2)."""
        return self.model(images)[:, self.classes]


def look_closely(subject: Subject, group_of: Ints, count: int, *, probe: bool) -> Closely:
    """What only probes are asked; nothing of others.

    Args:
        subject: the model with all images to choose from.
        count: so many are contrasted at most.
    """
    if not probe:
        return Closely(None, [])
    filters = [] if is_transformer(subject.model) else responses(subject.part(slice(EXCITING)))
    return Closely(explain_contrast(subject, group_of, count), filters)


def explain_contrast(subject: Subject, group_of: Ints, count: int) -> Contrast | None:
    """Why one class and not the other, for the two look-alikes that the model confuses most often; None if none are.

    Args:
        subject: the model with all images to choose from; at most `count` are taken, half of either class.
    """
    pair = most_confused(subject.images, group_of)
    if pair is None:
        return None
    indices = of_either(subject.images, pair, count)
    chosen, classes = subject.part(indices), len(subject.dataset.class_names)
    duel = Duel(subject.model, *pair)
    with torch.no_grad():
        preferred = duel(chosen.inputs).argmax(1)
    labels, others = (torch.tensor(pair, device=preferred.device)[which] for which in (preferred, 1 - preferred))
    aims = {"label": toward(labels, classes), "other": toward(others, classes)}
    aims["contrast"] = contrast(labels, others, classes)
    maps = {name: chosen.explain(CONTRASTED, aim) for name, aim in aims.items()}
    return Contrast(
        indices=indices,
        labels=labels.cpu().numpy(),
        others=others.cpu().numpy(),
        maps={name: to_numpy(values) for name, values in maps.items()},
        scores=asdict(score(Trial(duel, chosen.inputs, preferred), maps, SEED))["methods"],
    )


def most_confused(images: Images, group_of: Ints) -> tuple[int, int] | None:
    """The two classes of one group whose images are taken for each other most often; None if none are."""
    counts = confusion_matrix(images.predicted, images.labels, len(group_of))
    both = np.triu((counts + counts.T) * (group_of[:, None] == group_of), k=1)
    first, second = np.unravel_index(both.argmax(), both.shape)
    return (int(first), int(second)) if both[first, second] else None


def of_either(images: Images, pair: tuple[int, int], count: int) -> NDArray[np.int64]:
    """Indices of up to `count` images, half of each class of the pair, by turns; those taken for the other first."""
    chosen = []
    for one, other in (pair, pair[::-1]):
        mine = np.flatnonzero(images.labels == one)
        chosen.append(mine[np.argsort(images.predicted[mine] != other, kind="stable")][: count // 2])
    longest = max(map(len, chosen))
    return np.array([part[k] for k in range(longest) for part in chosen if k < len(part)])
