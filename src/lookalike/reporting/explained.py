"""What is drawn of a study's explanations: the pictures that need images, weights or maps.

No map is drawn without its score: `gain`, the area under the insertion curve minus that under the deletion curve,
beside that of random maps and of a Gaussian in the middle.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lookalike.data.augmentation import examples, from_settings
from lookalike.evaluation.cases import first_of_each_class
from lookalike.evaluation.metrics import softmax
from lookalike.reporting.answers import Answers, cases_figure
from lookalike.reporting.grids import (
    BY_CLASS,
    augmentation_figure,
    classes_figure,
    journey_figure,
    layers_figure,
    responses_figure,
)
from lookalike.reporting.maps import (
    feature_maps_figure,
    filters_figure,
    heads_figure,
    maps_figure,
)
from lookalike.reporting.style import CHANNELS

if TYPE_CHECKING:
    from lookalike.artifacts.datasets import Dataset
    from lookalike.artifacts.models import Description
    from lookalike.explain.closely import Closely, Contrast
    from lookalike.explain.subject import Images, Subject
    from lookalike.explain.variant import Explained, Inside

SIGNED = frozenset({"CAM", "HiResCAM"})  # methods whose maps speak for or against
ALIKE = 8  # images that all variants are shown, or that are augmented
DRAWS = 6  # of an augmentation
CONTRASTS = 6  # images that are shown with both of their likely classes

Json = Mapping[str, Any]


@dataclass(frozen=True)
class CloseUp:
    """A variant that is looked at closely.

    Attributes:
        subject: its model with all test images.
        chosen: indices of those that were explained, the first of each class first.
        photographs: by one recipe; None if it was shown none.
        logits: (N, C), of all test images.
        shown: the method by which cases and photographs are explained.
    """

    subject: "Subject"
    chosen: NDArray[np.int64]
    photographs: "Images | None"
    explained: "Explained"
    closely: "Closely"
    logits: NDArray[np.floating]
    shown: str

    @property
    def class_names(self) -> Sequence[str]:
        """Of the data set."""
        return self.subject.dataset.class_names

    @property
    def scores(self) -> Json:
        """Each method's, and the controls'."""
        methods: Json = self.explained.found["faithfulness"]["methods"]
        return methods


def study_figures(close_ups: Mapping[str, CloseUp], pairs: Sequence[Json], recipe: str) -> dict[str, Figure]:
    """Every picture of the variants looked at, by its path without suffix.

    Args:
        pairs: of variants, each with "first", "second" and "cases" (test images picked by rule) as JSON.
        recipe: by which the photographs were prepared.
    """
    figures = {
        f"{name}/{title}": figure for name, one in close_ups.items() for title, figure in variant_figures(one).items()
    }
    for pair in pairs:
        names = (pair["first"], pair["second"])
        if close_ups.keys() >= set(names) and pair["cases"]:
            figures["--".join(names) + "/cases"] = drawn_cases(pair["cases"], {name: close_ups[name] for name in names})
    shown = {name: one.photographs for name, one in close_ups.items() if one.photographs is not None}
    return figures | ({f"photographs-{recipe}": drawn_photographs(close_ups, shown)} if shown else {})


def variant_figures(one: CloseUp) -> dict[str, Figure]:
    """Maps of an image of each class by each method, attention by head, filters and feature maps, and contrasts."""
    explained, names = one.explained, one.class_names
    images = one.subject.images.part(one.chosen[: len(names)])
    columns = {name: maps[: len(names)] for name, maps in explained.maps.items()}
    notes = {name: note(one.scores, name) for name in columns}
    said = said_predictions(images, names)
    drawn = {"maps": maps_figure(images.pixels[:], columns, said, notes=notes, signed=SIGNED)}
    if explained.heads is not None:
        gains = np.array(explained.found["heads"]["gains"])
        drawn["heads"] = heads_figure(images.pixels[0], explained.heads, gains, note=controls(one.scores))
    drawn |= drawn_inside(images.pixels[0], explained.inside["trained"], explained.inside["untrained"])
    if explained.layers:
        drawn["layers"] = layers_figure(explained.layers)
    drawn |= {f"classes-{name}": drawn_classes(one, name) for name in BY_CLASS if name in explained.maps}
    if responses := one.closely.responses:
        drawn["responses"] = responses_figure(one.subject.images.pixels, responses)
    contrast = one.closely.contrast
    return drawn | ({"contrast": drawn_contrast(one, contrast)} if contrast else {})


def drawn_inside(image: NDArray[np.uint8], trained: "Inside", untrained: "Inside") -> dict[str, Figure]:
    """Filters and feature maps of the first and the last convolution, and one image through all of them."""
    drawn = {}
    for end, (name, kernels) in zip(("first", "last"), trained.filters.items(), strict=False):
        drawn[f"filters-{end}"] = filters_figure(kernels[:CHANNELS])
        drawn[f"features-{end}"] = feature_maps_figure(image, trained.features[name][:CHANNELS], name)
        drawn[f"untrained-{end}"] = filters_figure(untrained.filters[name][:CHANNELS])
    if len(trained.features) > 1:
        sides = {"before training": untrained.features, "after training": trained.features}
        drawn["journey"] = journey_figure(image, sides)
    return drawn


def drawn_classes(one: CloseUp, method: str) -> Figure:
    """Several images of each class with their maps by one method."""
    images, maps = one.subject.images.part(one.chosen), one.explained.maps[method]
    title = f"{method}: {note(one.scores, method)}".replace("\n", ", ")
    signed = method in SIGNED
    return classes_figure(images.pixels[:], maps, images.labels, one.class_names, title=title, signed=signed)


def drawn_alike(
    images: NDArray[np.uint8],
    labels: NDArray[np.integer],
    maps: Mapping[str, NDArray[np.floating]],
    found: Mapping[str, Json],
    method: str,
) -> dict[str, Figure]:
    """What every variant looks at in the same few images of the first class.

    Args:
        images, labels: (N, H, W[, 3]) and (N,).
        maps, found: by variant: (N, h, w) by the method, and `Explained.found`.
    """
    where = np.flatnonzero(labels == 0)[:ALIKE]
    columns = {name: values[where] for name, values in maps.items()}
    notes = {name: note(found[name]["faithfulness"]["methods"], method) for name in columns}
    rows, signed = [f"image {k + 1}" for k in range(len(where))], set(columns) if method in SIGNED else set()
    return {"alike": maps_figure(images[where], columns, rows, notes=notes, signed=signed)} if columns else {}


def drawn_contrast(one: CloseUp, contrast: "Contrast") -> Figure:
    """Why one of two look-alikes and not the other: images with the map toward each, and of the difference."""
    names, images = one.class_names, one.subject.images.part(contrast.indices[:CONTRASTS])
    classes = zip(images.labels, contrast.labels, contrast.others, strict=False)
    rows = [f"{names[true]}:\n{names[label]},\nnot {names[other]}?" for true, label, other in classes]
    headings = {"label": "for the more probable", "other": "for the other", "contrast": "one and not the other"}
    columns = {headings[key]: maps[:CONTRASTS] for key, maps in contrast.maps.items()}
    notes = {headings[key]: note(contrast.scores, key) for key in contrast.maps}
    return maps_figure(images.pixels[:], columns, rows, notes=notes, signed=set(columns))


def drawn_cases(cases: Sequence[Json], close_ups: Mapping[str, CloseUp]) -> Figure:
    """Test images picked by rule, with what two variants make of them."""
    where = np.array([case["index"] for case in cases])
    sides = []
    for name, one in close_ups.items():
        maps = one.subject.part(where).explain(one.shown).cpu().numpy()
        said = f"{one.shown}\n{note(one.scores, one.shown)}"
        sides.append(Answers(name, softmax(one.logits[where]), maps, said, signed=one.shown in SIGNED))
    one = next(iter(close_ups.values()))
    images = one.subject.images.part(where)
    return cases_figure(images.pixels[:], cases, images.labels, one.class_names, (sides[0], sides[1]))


def drawn_changes(descriptions: "Mapping[str, Description]", dataset: "Dataset") -> dict[str, Figure]:
    """Of each augmentation an image of each of some classes as trainings see it, by the first variant that has it.

    `descriptions`: variant -> its `model.json`.
    """
    labels = dataset.train_labels[dataset.train_indices]
    few = dataset.train_indices[first_of_each_class(labels, 1)[:ALIKE]]
    images, labels = dataset.train_images[few], dataset.train_labels[few]
    figures, drawn = {}, []
    for name, described in descriptions.items():
        if (settings := described.augmentation) and settings not in drawn:
            drawn.append(settings)
            changed = examples(from_settings(settings, dataset), images, labels, DRAWS)
            names = [dataset.class_names[k] for k in labels]
            figures[f"{name}/augmentation"] = augmentation_figure(images, changed, names)
    return figures


def drawn_photographs(close_ups: Mapping[str, CloseUp], photographs: "Mapping[str, Images]") -> Figure:
    """A photograph of each class with every variant's map, and what it takes the photograph for."""
    one, same = next(iter(close_ups.values())), next(iter(photographs.values()))
    known = np.flatnonzero(same.labels >= 0)
    shown = known[first_of_each_class(same.labels[known], 1)]
    names, rows = one.class_names, []
    for index in shown:
        said = (f"{name}: {names[each.predicted[index]]}" for name, each in photographs.items())
        rows.append("\n".join([names[same.labels[index]], *said]))
    columns = {name: each.explained.photo_maps[each.shown][shown] for name, each in close_ups.items()}
    notes = {name: f"{each.shown}\n{note(each.scores, each.shown)}" for name, each in close_ups.items()}
    signed = {name for name, each in close_ups.items() if each.shown in SIGNED}
    return maps_figure(same.pixels[shown], columns, rows, notes=notes, signed=signed)


def said_predictions(images: "Images", names: Sequence[str]) -> list[str]:
    """The true class of each image and, where it is another, the predicted one."""
    return [
        names[true] if true == said else f"{names[true]}:\n{names[said]}?"
        for true, said in zip(images.labels, images.predicted, strict=True)
    ]


def note(scores: Json, name: str) -> str:
    """The gain of a method beside those of the controls."""
    return f"gain {amount(scores[name])}\n{controls(scores)}"


def controls(scores: Json) -> str:
    """The gains of the controls."""
    return "\n".join(f"{name} {amount(scores[name])}" for name in ("random", "centre"))


def amount(score: Json) -> str:
    """A gain, with a minus that is as wide as a figure."""
    return f"{score['gain']['value']:z.2f}".replace("-", "−")
