"""Picked test images beside the class probabilities and the maps of two models.

Places are in pixels from the top left, see `maps.Sheet`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lookalike.reporting.figures.maps import GAP, LARGE, LINE, Floats, Place, Sheet, as_tile, tile_of
from lookalike.reporting.figures.parts import Cuts
from lookalike.reporting.figures.style import RIGHT, WRONG, Look

CASE = 64  # pixels at the left of a case's image
NAMES = 36  # pixels that the names of classes reach below the line of the last case
BAR = 11  # pixels for the probability of one class
KEY = "bars: probability of each class, 0 to 1;  ▲ true class"


@dataclass(frozen=True)
class ModelPredictions:
    """What one model makes of K images.

    Attributes:
        model: its name.
        probabilities: (K, C).
        maps: (K, h, w), by one method.
        note: the method's name with its gain, and the gains of random maps and a centred Gaussian.
        signed: whether the maps have either sign, see `overlay`.
    """

    model: str
    probabilities: Floats
    maps: Floats
    note: str
    signed: bool


def cases_figure(
    images: NDArray[np.uint8],
    cases: Sequence[Mapping[str, Any]],
    labels: NDArray[Any],
    class_names: Sequence[str],
    sides: tuple[ModelPredictions, ModelPredictions],
) -> Figure:
    """Picked images with two models' probabilities and maps, one row per case, under one heading per rule.

    Args:
        images: (K, H, W[, 3]), of the K > 0 cases.
        cases: K times a `Case` as JSON.
        labels: (K,).
        class_names: C.
    """
    rules = {case["rule"]: [k for k, other in enumerate(cases) if other["rule"] == case["rule"]] for case in cases}
    size, width = tile_of(images.shape[1], LARGE), BAR * len(class_names)
    lefts = [CASE + size + 4 * GAP, CASE + 2 * size + 12 * GAP + width]
    sheet, top = Sheet(cuts=Cuts(CASE + size)), (len(sides) + 1) * LINE + 3 * GAP
    sheet.cuts.columns = [x - 2 * GAP for left in lefts for x in (left, left + width + 3 * GAP)]
    notes = (f"{side.model}: {side.note}".replace("\n", ", ") for side in sides)
    sheet.write(GAP, top - GAP, "\n".join([KEY, *notes]), ha="left")
    for rule, members in rules.items():
        top += 4 * LINE
        sheet.cuts.rows += [top - 4 * LINE - GAP // 2, top - 3 * LINE + GAP // 2]
        sheet.write(GAP, top - 3 * LINE, rule, ha="left", fontsize=9, fontweight="bold")
        for k in members:
            sheet.paste((CASE, top), as_tile(images[k], size))
            name = f"image {cases[k]['index']}\ndivergence\n{cases[k]['divergence']:.3f} bit"
            sheet.write(CASE - GAP, top + size / 2, name, ha="right", va="center")
            for left, side in zip(lefts, sides, strict=True):
                paste_bars(sheet, (left, top), side.probabilities[k], labels[k])
                said, colour = prediction_text(side.probabilities[k], labels[k], class_names)
                sheet.write(left, top - 2, f"{side.model}: {said}", ha="left", color=colour)
                sheet.paste_map((left + width + 3 * GAP, top), images[k], side.maps[k], size, signed=side.signed)
            top += size + 3 * LINE
        for left in lefts:
            name_bars(sheet, left, top - 2 * LINE - size + LARGE, class_names)
        top += LINE + max(0, NAMES + LARGE - size)
    sheet.end = top + 2 * GAP
    sheet.add_map_scales(side.signed for side in sides)
    return sheet.figure()


def prediction_text(probabilities: Floats, label: int, class_names: Sequence[str]) -> tuple[str, str]:
    """The predicted class with its probability and, if it is wrong, the true class; and the colour of this text."""
    predicted = int(probabilities.argmax())
    said = f"{class_names[predicted]} {probabilities[predicted]:.0%}\n"
    return (said + "right", RIGHT) if predicted == label else (said + f"wrong, is {class_names[label]}", WRONG)


def paste_bars(sheet: Sheet, place: Place, probabilities: Floats, label: int) -> None:
    """Paste one bar per class: green for the true one, with a mark below it, purple for a wrong prediction."""
    looks = dict.fromkeys(range(len(probabilities)), "#999999") | {int(probabilities.argmax()): WRONG, label: RIGHT}
    chart = np.full((LARGE, BAR * len(probabilities), 3), 240, np.uint8)
    for k, probability in enumerate(probabilities):
        chart[LARGE - round(LARGE * probability) :, BAR * k + 2 : BAR * (k + 1) - 2] = 255 * np.array(to_rgb(looks[k]))
    sheet.paste(place, chart)
    sheet.write(place[0] + BAR * (label + 0.5), place[1] + LARGE + 1, "▲", va="top", color=RIGHT, fontsize=5)


def name_bars(sheet: Sheet, left: float, top: float, class_names: Sequence[str]) -> None:
    look: Look = {"ha": "left", "va": "top", "rotation": -60, "rotation_mode": "anchor"}
    for k, name in enumerate(class_names):
        sheet.write(left + BAR * (k + 0.5) - GAP / 2, top, name, **look)
