"""What is asked of a focus variant alone: why one class and not a look-alike, and what its filters respond to."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lookalike.artifacts import explanations as evidence
from lookalike.artifacts.explanations import Contrast
from lookalike.artifacts.image_files import in_pixels, made_small, pictures
from lookalike.evaluation.metrics import Ints, confusion_matrix
from lookalike.explain.faithfulness import Trial, score
from lookalike.explain.maps import Json, contrast, to_numpy, toward
from lookalike.explain.responses import responses
from lookalike.explain.subject import Images, Subject
from lookalike.models.layers import Transformer

SEED = 13  # of random maps and of the order of equal values
DRAWN = 6  # images that are shown with both of their likely classes
CONTRASTED = "HiResCAM"  # the method of contrastive maps: linear in the target, so that a difference is one


@dataclass(frozen=True)
class Closely:
    """What is looked at of a focus variant alone: why one class and not another, and what filters respond to.

    Attributes:
        found: figures, JSON-able: "contrast", of how many images and the scores of their maps where only the two
            classes can win (None if no look-alikes are confused), and "responses", by filter.
        contrast: of the first few images; None as in `found`.
        responses: by convolution, to the images that are shown; nothing of a transformer.
    """

    found: Json
    contrast: Contrast | None = None
    responses: Mapping[str, evidence.Response] = field(default_factory=dict)


class Duel(nn.Module):
    """A model that knows two of its classes only: logits (N, 2)."""

    def __init__(self, model: nn.Module, first: int, second: int) -> None:
        super().__init__()
        self.model, self.classes = model, [first, second]

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, 2)."""
        return self.model(images)[:, self.classes]


def look_closely(subject: Subject, shown: NDArray[np.int64], group_of: Ints, count: int) -> Closely:
    """What only focus variants are asked.

    Args:
        subject: the model with all test images.
        shown: (N,), indices of those that pictures show: they alone are tried on filters.
        count: so many of all test images are contrasted at most.
    """
    filters = [] if isinstance(subject.model, Transformer) else responses(subject.part(shown))
    contrast, scores = explain_contrast(subject, group_of, count)
    made = {one.layer: made_small(in_pixels(one.inputs)) for one in filters}
    return Closely(
        {"contrast": scores, "responses": [one.described() for one in filters]},
        contrast,
        {one.layer: evidence.Response(one.filters, shown[one.images], made[one.layer]) for one in filters},
    )


def explain_contrast(subject: Subject, group_of: Ints, count: int) -> tuple[Contrast | None, Json | None]:
    """Why one class and not the other, for the two look-alikes that the model confuses most often; None if none are.

    Args:
        subject: the model with all test images; at most `count` are taken, half of either class.

    Returns:
        What is drawn, of the first few images, and how many images were contrasted with the scores of their maps.
    """
    pair = most_confused(subject.images, group_of)
    if pair is None:
        return None, None
    indices = of_either(subject.images, pair, count)
    chosen, classes = subject.part(indices), len(subject.dataset.class_names)
    duel = Duel(subject.model, *pair)
    with torch.no_grad():
        preferred = duel(chosen.inputs).argmax(1)
    labels, others = (torch.tensor(pair, device=preferred.device)[which] for which in (preferred, 1 - preferred))
    aims = {"label": toward(labels, classes), "other": toward(others, classes)}
    aims["contrast"] = contrast(labels, others, classes)
    maps = {name: chosen.explain(CONTRASTED, aim) for name, aim in aims.items()}
    scores = asdict(score(Trial(duel, chosen.inputs, preferred), maps, SEED))["methods"]
    drawn = Contrast(
        images=pictures(subject.images.pixels, indices[:DRAWN]),
        actual=subject.images.labels[indices[:DRAWN]],
        labels=labels[:DRAWN].cpu().numpy(),
        others=others[:DRAWN].cpu().numpy(),
        maps={name: to_numpy(values[:DRAWN]) for name, values in maps.items()},
    )
    return drawn, {"images": len(indices), "scores": scores}


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
