"""What is drawn of a study's explanations, from their evidence.

No map is drawn without its score: `gain`, the area under the insertion curve minus that under the deletion curve,
beside that of random maps and of a Gaussian in the middle.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lookalike.artifacts.evaluations import AugmentedExamples, Evaluation
from lookalike.artifacts.explanations import CloseUp, Explanation, PairContrast
from lookalike.artifacts.test_sets import TestSet, positions_of
from lookalike.evaluation.cases import first_of_each_class
from lookalike.evaluation.metrics import softmax
from lookalike.reporting.figures.cases import ModelPredictions, cases_figure
from lookalike.reporting.figures.grids import (
    BY_CLASS,
    augmentation_figure,
    class_maps_figure,
    journey_figure,
    layers_figure,
    responses_figure,
)
from lookalike.reporting.figures.inner_maps import feature_maps_figure, filters_figure, heads_figure
from lookalike.reporting.figures.maps import maps_figure

SIGNED = frozenset({"CAM", "HiResCAM"})  # methods whose maps speak for or against
ALIKE = 8  # images that all variants are shown

Json = Mapping[str, Any]


@dataclass(frozen=True)
class ExplainedVariant:
    """A variant with its evidence, of which the first seed is drawn."""

    explanation: Explanation
    evaluation: Evaluation
    test_set: TestSet

    @property
    def chosen(self) -> NDArray[np.int64]:
        """Indices (n,) of the test images that are drawn: explained and kept, the first of each class first."""
        return self.explanation.indices[: len(self.test_set.shown)]

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The classes (N,) that the first seed predicts of all test images."""
        predicted: NDArray[np.int64] = self.evaluation.test_logits[0].argmax(axis=1)
        return predicted

    @property
    def scores(self) -> Json:
        """The scores of each method and of the controls."""
        return method_scores(self.explanation)

    def maps(self, method: str, indices: NDArray[np.int64]) -> NDArray[np.float32]:
        """The maps (k, h, w) of k of the test images by a method."""
        return self.explanation.maps[method][positions_of(self.explanation.indices, indices)].astype(np.float32)


def method_scores(explanation: Explanation) -> Json:
    """The scores of each method and of the controls."""
    methods: Json = explanation.found["faithfulness"]["methods"]
    return methods


def explanation_figures(
    explained: Mapping[str, ExplainedVariant], focus: Sequence[str], pairs: Sequence[Json], recipe: str
) -> dict[str, Figure]:
    """Every picture of the variants that were explained, by its path without suffix.

    Args:
        focus: the variants that are drawn one by one.
        pairs: of variants, each with "first", "second" and "cases" (test images picked by rule) as JSON.
        recipe: by which photographs are prepared; maps of others are not drawn.
    """
    close = {name: explained[name] for name in focus if name in explained}
    figures = {
        f"{name}/{title}": figure
        for name, one in close.items()
        if one.explanation.close_up
        for title, figure in close_up_figures(one, one.explanation.close_up).items()
    }
    for pair in pairs:
        names = (pair["first"], pair["second"])
        if close.keys() >= set(names) and pair["cases"]:
            figures["--".join(names) + "/cases"] = draw_pair_cases(pair["cases"], {name: close[name] for name in names})
    shown = {name: one for name, one in close.items() if recipe and one.explanation.recipe == recipe}
    figures |= {f"photographs-{recipe}": draw_photographs(shown, recipe)} if shown else {}
    return figures | same_images_figures(close)


def close_up_figures(one: ExplainedVariant, close: CloseUp) -> dict[str, Figure]:
    """Maps of an image of each class by each method, attention by head, filters and feature maps, and contrasts."""
    test_set, names = one.test_set, one.test_set.class_names
    few = one.chosen[: len(names)]
    images, actual, said = test_set.pictures(few), test_set.labels[few], one.predicted[few]
    columns = {name: one.maps(name, few) for name in one.explanation.maps}
    notes = {name: gain_note(one.scores, name) for name in columns}
    drawn = {"maps": maps_figure(images, columns, prediction_labels(actual, said, names), notes=notes, signed=SIGNED)}
    if close.heads is not None:
        gains = np.array(one.explanation.found["heads"]["gains"])
        drawn["heads"] = heads_figure(images[0], close.heads.astype(np.float32), gains, note=control_gains(one.scores))
    drawn |= convolution_figures(images[0], close)
    if close.layers:
        drawn["layers"] = layers_figure(close.layers)
    drawn |= {f"classes-{name}": draw_class_maps(one, name) for name in BY_CLASS if name in columns}
    if close.responses:
        drawn["responses"] = responses_figure(
            test_set, close.responses, silent_filters(one.explanation.found["responses"])
        )
    return drawn | ({"contrast": draw_contrast(one, close.contrast)} if close.contrast else {})


def silent_filters(layers: Sequence[Json]) -> set[tuple[str, int]]:
    """Layers and numbers of filters that no image and no made input excites more than any other."""
    rows = ((layer["layer"], row) for layer in layers for row in layer["filters"])
    return {(name, row["filter"]) for name, row in rows if row["best"] == row["middle"] >= row["reached"]}


def convolution_figures(image: NDArray[np.uint8], close: CloseUp) -> dict[str, Figure]:
    """Filters and feature maps of the first and the last convolution, and one image through all of them."""
    trained, untrained, drawn = close.inside["trained"], close.inside["untrained"], {}
    for end, (name, kernels) in zip(("first", "last"), trained.filters.items(), strict=False):
        inputs = close.channels[name][1]
        drawn[f"filters-{end}"] = filters_figure(kernels.astype(np.float32), inputs)
        drawn[f"features-{end}"] = feature_maps_figure(image, trained.features[name].astype(np.float32), name)
        drawn[f"untrained-{end}"] = filters_figure(untrained.filters[name].astype(np.float32), inputs)
    if len(trained.journey) > 1:
        sides = {"before training": untrained.journey, "after training": trained.journey}
        drawn["journey"] = journey_figure(image, sides, {name: of[0] for name, of in close.channels.items()})
    return drawn


def draw_class_maps(one: ExplainedVariant, method: str) -> Figure:
    """Several images of each class with their maps by one method."""
    test_set, chosen = one.test_set, one.chosen
    title = f"{method}: {gain_note(one.scores, method)}".replace("\n", ", ")
    images, maps, labels = test_set.pictures(chosen), one.maps(method, chosen), test_set.labels[chosen]
    return class_maps_figure(images, maps, labels, test_set.class_names, title=title, signed=method in SIGNED)


def same_images_figures(explained: Mapping[str, ExplainedVariant]) -> dict[str, Figure]:
    """What focus variants look at in the same few images of the first class, each by the method that it is shown by."""
    if not explained:
        return {}
    test_set = next(iter(explained.values())).test_set
    few = min((one.chosen for one in explained.values()), key=len)  # those that all have maps of
    few = few[test_set.labels[few] == 0][:ALIKE]
    columns = {name: one.maps(one.explanation.shown, few) for name, one in explained.items()}
    notes = {name: gain_note(one.scores, one.explanation.shown) for name, one in explained.items()}
    rows = [f"image {k + 1}" for k in range(len(few))]
    return {"alike": maps_figure(test_set.pictures(few), columns, rows, notes=notes, signed=signed_variants(explained))}


def signed_variants(explained: Mapping[str, ExplainedVariant]) -> set[str]:
    """The variants whose maps, by the method that is shown, have either sign."""
    return {name for name, one in explained.items() if one.explanation.shown in SIGNED}


def draw_contrast(one: ExplainedVariant, contrast: PairContrast) -> Figure:
    """Why one of two look-alikes and not the other: images with the map toward each, and of the difference."""
    names, scores = one.test_set.class_names, one.explanation.found["contrast"]["scores"]
    classes = zip(contrast.actual, contrast.labels, contrast.others, strict=True)
    rows = [f"{names[true]}:\n{names[label]},\nnot {names[other]}?" for true, label, other in classes]
    headings = {"label": "for the more probable", "other": "for the other", "contrast": "one and not the other"}
    columns = {headings[key]: maps.astype(np.float32) for key, maps in contrast.maps.items()}
    notes = {headings[key]: gain_note(scores, key) for key in contrast.maps}
    return maps_figure(contrast.images, columns, rows, notes=notes, signed=set(columns))


def draw_pair_cases(cases: Sequence[Json], close: Mapping[str, ExplainedVariant]) -> Figure:
    """Test images picked by rule, with what two variants make of them."""
    where = np.array([case["index"] for case in cases])
    sides = []
    for name, one in close.items():
        method = one.explanation.shown
        said, shares = f"{method}\n{gain_note(one.scores, method)}", softmax(one.evaluation.test_logits[0][where])
        sides.append(ModelPredictions(name, shares, one.maps(method, where), said, signed=method in SIGNED))
    test_set = next(iter(close.values())).test_set
    images, labels = test_set.pictures(where), test_set.labels[where]
    return cases_figure(images, cases, labels, test_set.class_names, (sides[0], sides[1]))


def augmentation_figures(augmented: Mapping[str, AugmentedExamples], class_names: Sequence[str]) -> dict[str, Figure]:
    """Images as training runs see them, by the first variant of each augmentation that is given."""
    return {
        f"{name}/augmentation": augmentation_figure(one.images, one.draws, [class_names[k] for k in one.labels])
        for name, one in augmented.items()
    }


def draw_photographs(explained: Mapping[str, ExplainedVariant], recipe: str) -> Figure:
    """A photograph of each class with every variant's map, and what it takes the photograph for."""
    test_set = next(iter(explained.values())).test_set
    photos = test_set.photos
    assert photos is not None  # by contract: maps of photographs come with them
    known = np.flatnonzero(photos.labels >= 0)
    shown = known[first_of_each_class(photos.labels[known], 1)]
    names = test_set.class_names
    lines, columns, notes = [names[k] for k in photos.labels[shown]], {}, {}
    for name, one in explained.items():
        logits, maps = one.evaluation.photos, one.explanation.photo_maps
        assert logits is not None
        assert maps is not None
        predicted = logits.logits[recipe][0].argmax(axis=1)[shown]
        lines = [f"{line}\n{name}: {names[k]}" for line, k in zip(lines, predicted, strict=True)]
        columns[name] = maps[shown].astype(np.float32)
        notes[name] = f"{one.explanation.shown}\n{gain_note(one.scores, one.explanation.shown)}"
    return maps_figure(photos.recipes[recipe][shown], columns, lines, notes=notes, signed=signed_variants(explained))


def prediction_labels(actual: NDArray[np.int64], predicted: NDArray[np.int64], names: Sequence[str]) -> list[str]:
    """The true class of each of N images and, where it is another, the predicted one."""
    pairs = zip(actual, predicted, strict=True)
    return [names[true] if true == other else f"{names[true]}:\n{names[other]}?" for true, other in pairs]


def gain_note(scores: Json, name: str) -> str:
    """The gain of a method beside those of the controls."""
    return f"gain {gain_text(scores[name])}\n{control_gains(scores)}"


def control_gains(scores: Json) -> str:
    """The gains of the controls."""
    return "\n".join(f"{name} {gain_text(scores[name])}" for name in ("random", "centre"))


def gain_text(score: Json) -> str:
    """A gain, with a minus that is as wide as a figure."""
    return f"{score['gain']['value']:z.2f}".replace("-", "−")
