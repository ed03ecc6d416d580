"""Explanations of focus variants only: why one class and not a look-alike, and what their filters respond to."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lookalike.artifacts import explanations as evidence
from lookalike.artifacts.explanations import PairContrast
from lookalike.artifacts.image_files import shrink, small_images, to_pixels
from lookalike.evaluation.metrics import Ints, confusion_matrix
from lookalike.explain.faithfulness import PerturbationTest, faithfulness_scores
from lookalike.explain.maps import Json, contrast_target, label_target, to_numpy
from lookalike.explain.responses import responses
from lookalike.explain.subject import Images, Subject
from lookalike.models.base import Transformer

SEED = 13  # of random maps and of the order of equal values
DRAWN = 6  # images that are shown with both of their likely classes
CONTRASTED = "HiResCAM"  # the method of contrastive maps: linear in the target, so that a difference is one


@dataclass(frozen=True)
class FocusFindings:
    """Contrastive maps and filter responses of a focus variant.

    Attributes:
        found: figures, JSON-able: "contrast", the number of images and the scores of their maps for a model with only
            the two classes (None if no look-alikes are confused), and "responses", by filter.
        contrast: of the first few images; None as in `found`.
        responses: to the images shown, by convolution; empty for a transformer.
    """

    found: Json
    contrast: PairContrast | None = None
    responses: Mapping[str, evidence.FilterExamples] = field(default_factory=dict)


class TwoClassModel(nn.Module):
    """A model restricted to two of its classes: logits (N, 2)."""

    def __init__(self, model: nn.Module, first: int, second: int) -> None:
        super().__init__()
        self.model, self.classes = model, [first, second]

    def forward(self, images: Tensor) -> Tensor:
        return self.model(images)[:, self.classes]


def examine_focus_variant(subject: Subject, shown: NDArray[np.int64], group_of: Ints, count: int) -> FocusFindings:
    """The findings on a focus variant.

    Args:
        subject: the model with all test images.
        shown: (N,), indices of the images shown; filter responses use only these.
        count: the most test images that are contrasted.
    """
    filters = [] if isinstance(subject.model, Transformer) else responses(subject.part(shown))
    contrast, scores = explain_contrast(subject, group_of, count)
    made = {one.layer: shrink(to_pixels(one.inputs)) for one in filters}
    return FocusFindings(
        {"contrast": scores, "responses": [one.described() for one in filters]},
        contrast,
        {one.layer: evidence.FilterExamples(one.filters, shown[one.images], made[one.layer]) for one in filters},
    )


def explain_contrast(subject: Subject, group_of: Ints, count: int) -> tuple[PairContrast | None, Json | None]:
    """Contrastive maps for the two look-alikes that the model confuses most often; None if it confuses none.

    Args:
        subject: the model with all test images; at most `count` are used, half of each class.

    Returns:
        The maps of the first few images, and the number of images contrasted with the scores of their maps.
    """
    pair = most_confused(subject.images, group_of)
    if pair is None:
        return None, None
    indices = indices_of_pair(subject.images, pair, count)
    chosen, classes = subject.part(indices), len(subject.dataset.class_names)
    restricted = TwoClassModel(subject.model, *pair)
    with torch.no_grad():
        preferred = restricted(chosen.inputs).argmax(1)
    labels, others = (torch.tensor(pair, device=preferred.device)[which] for which in (preferred, 1 - preferred))
    aims = {"label": label_target(labels, classes), "other": label_target(others, classes)}
    aims["contrast"] = contrast_target(labels, others, classes)
    maps = {name: chosen.explain(CONTRASTED, aim) for name, aim in aims.items()}
    scores = asdict(faithfulness_scores(PerturbationTest(restricted, chosen.inputs, preferred), maps, SEED))["methods"]
    drawn = PairContrast(
        images=small_images(subject.images.pixels, indices[:DRAWN]),
        actual=subject.images.labels[indices[:DRAWN]],
        labels=labels[:DRAWN].cpu().numpy(),
        others=others[:DRAWN].cpu().numpy(),
        maps={name: to_numpy(values[:DRAWN]) for name, values in maps.items()},
    )
    return drawn, {"images": len(indices), "scores": scores}


def most_confused(images: Images, group_of: Ints) -> tuple[int, int] | None:
    """The two classes of one group that are confused most often; None if none are."""
    counts = confusion_matrix(images.predicted, images.labels, len(group_of))
    both = np.triu((counts + counts.T) * (group_of[:, None] == group_of), k=1)
    first, second = np.unravel_index(both.argmax(), both.shape)
    return (int(first), int(second)) if both[first, second] else None


def indices_of_pair(images: Images, pair: tuple[int, int], count: int) -> NDArray[np.int64]:
    """Indices of up to `count` images, half of each class of the pair, in turns; confused images first."""
    chosen = []
    for one, other in (pair, pair[::-1]):
        mine = np.flatnonzero(images.labels == one)
        chosen.append(mine[np.argsort(images.predicted[mine] != other, kind="stable")][: count // 2])
    longest = max(map(len, chosen))
    return np.array([part[k] for k in range(longest) for part in chosen if k < len(part)])
