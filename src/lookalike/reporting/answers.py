"""What models answer, image by image: pictures beside the probabilities of the classes.

Places are in pixels from the top left, see `maps.Sheet`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lookalike.reporting.maps import GAP, LARGE, LINE, TITLE, Floats, Place, Sheet, as_tile, lines
from lookalike.reporting.style import RIGHT, WRONG, Look

CASE = 72  # pixels at the left of a case's image
BAR = 14  # pixels for the probability of one class
COLUMNS = 3  # of samples
TOP, TOP_ACROSS = 5, 4  # classes below an image, and images in a row
TOP_BAR = 170  # pixels that a probability of 1 is long
KEY = "bars: probability of each class, 0 to 1;  ▲ true class"


def samples_figure(
    images: NDArray[np.uint8], probabilities: Floats, labels: NDArray[Any], class_names: Sequence[str]
) -> Figure:
    """Test images beside their probabilities, as in the source report: (N, H, W[, 3]), (N, C), (N,), C names."""
    width, height = LARGE + 2 * GAP + BAR * len(class_names), LARGE + 3 * LINE
    sheet = Sheet()
    sheet.write(GAP, TITLE - GAP, KEY, ha="left")
    for k, image in enumerate(images):
        x, y = GAP + k % COLUMNS * (width + 4 * GAP), TITLE + 2 * LINE + k // COLUMNS * height
        sheet.paste((x, y), as_tile(image, LARGE))
        paste_bars(sheet, (x + LARGE + 2 * GAP, y), probabilities[k], int(labels[k]))
        said, colour = verdict(probabilities[k], int(labels[k]), class_names)
        sheet.write(x + LARGE + 2 * GAP, y - 2, said, ha="left", color=colour)
        if k + COLUMNS >= len(images):  # nothing stands below
            name_bars(sheet, x + LARGE + 2 * GAP, y + LARGE + LINE, class_names)
            sheet.end = y + LARGE + LINE + CASE
    return sheet.figure()


def top_five_figure(
    images: NDArray[np.uint8], probabilities: Floats, labels: NDArray[Any], class_names: Sequence[str]
) -> Figure:
    """Test images over the five classes that are found most probable: (N, H, W[, 3]), (N, C), (N,), C names.

    As in figure 4 of Krizhevsky et al. (NIPS 2012): bars are as long as the probability, that of the true class blue.
    """
    width, height = TOP_BAR + 5 * GAP, LARGE + (min(TOP, len(class_names)) + 2) * (LINE + GAP)
    sheet = Sheet()
    for k, image in enumerate(images):
        x, y = GAP + k % TOP_ACROSS * width, TITLE + k // TOP_ACROSS * height
        sheet.paste((x, y), as_tile(image, LARGE))
        sheet.write(x, y - 2, class_names[labels[k]], ha="left", fontweight="bold")
        for row, index in enumerate(np.argsort(-probabilities[k], kind="stable")[:TOP]):
            below = y + LARGE + GAP + row * (LINE + GAP)
            colour = 255 * np.array(to_rgb(RIGHT if index == labels[k] else WRONG)) * 0.45 + 255 * 0.55
            length = max(1, round(TOP_BAR * probabilities[k, index]))
            sheet.paste((x, below), np.broadcast_to(colour.astype(np.uint8), (LINE, length, 3)))
            said = f"{class_names[index]}  {probabilities[k, index]:.0%}"
            sheet.write(x + 2, below + LINE / 2, said, ha="left", va="center_baseline")
    sheet.end = TITLE + math.ceil(len(images) / TOP_ACROSS) * height
    return sheet.figure()


@dataclass(frozen=True)
class Answers:
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
    sides: tuple[Answers, Answers],
) -> Figure:
    """Picked images with two models' probabilities and maps, a row a case, under a heading a rule.

    Args:
        images: (K, H, W[, 3]), of the K > 0 cases.
        cases: K times a `Case` as JSON.
        labels: (K,).
        class_names: C.
    """
    rules = {case["rule"]: [k for k, other in enumerate(cases) if other["rule"] == case["rule"]] for case in cases}
    width = BAR * len(class_names)
    lefts = [CASE + LARGE + 6 * GAP, CASE + 2 * LARGE + 16 * GAP + width]
    sheet, top = Sheet(), TITLE
    sheet.write(GAP, TITLE - GAP, KEY, ha="left")
    for rule, members in rules.items():
        top += LINE * (lines(side.note for side in sides) + 3)
        sheet.write(GAP, top - 3 * LINE, rule, ha="left", fontsize=9, fontweight="bold")
        for left, side in zip(lefts, sides, strict=True):
            sheet.write(left + width + 4 * GAP + LARGE, top - 3 * LINE, side.note, ha="right")
        for k in members:
            sheet.paste((CASE, top), as_tile(images[k], LARGE))
            sheet.write(CASE - GAP, top + LARGE / 2, said_of_case(cases[k]), ha="right", va="center")
            for left, side in zip(lefts, sides, strict=True):
                paste_bars(sheet, (left, top), side.probabilities[k], labels[k])
                said, colour = verdict(side.probabilities[k], labels[k], class_names)
                sheet.write(left, top - 2, f"{side.model}: {said}", ha="left", color=colour)
                sheet.paste_map((left + width + 4 * GAP, top), images[k], side.maps[k], LARGE, signed=side.signed)
            top += LARGE + 3 * LINE
        for left in lefts:
            name_bars(sheet, left, top - 2 * LINE, class_names)
        top += LINE
    sheet.end = top + 2 * GAP
    sheet.add_map_scales(side.signed for side in sides)
    return sheet.figure()


def said_of_case(case: Mapping[str, Any]) -> str:
    """The image's number in the test set, and the two models' divergence."""
    return f"image {case['index']}\ndivergence\n{case['divergence']:.3f} bit"


def verdict(probabilities: Floats, label: int, class_names: Sequence[str]) -> tuple[str, str]:
    """What is predicted, with its probability, and what is true if that is another class; and the verdict's colour."""
    predicted = int(probabilities.argmax())
    said = f"{class_names[predicted]} {probabilities[predicted]:.0%}\n"
    return (said + "right", RIGHT) if predicted == label else (said + f"wrong, is {class_names[label]}", WRONG)


def paste_bars(sheet: Sheet, place: Place, probabilities: Floats, label: int) -> None:
    """A bar a class: blue the true one, which is marked below, vermillion a wrongly predicted one."""
    looks = dict.fromkeys(range(len(probabilities)), "#999999") | {int(probabilities.argmax()): WRONG, label: RIGHT}
    chart = np.full((LARGE, BAR * len(probabilities), 3), 240, np.uint8)
    for k, probability in enumerate(probabilities):
        chart[LARGE - round(LARGE * probability) :, BAR * k + 2 : BAR * (k + 1) - 2] = 255 * np.array(to_rgb(looks[k]))
    sheet.paste(place, chart)
    sheet.write(place[0] + BAR * (label + 0.5), place[1] + LARGE + 1, "▲", va="top", color=RIGHT, fontsize=5)


def name_bars(sheet: Sheet, left: float, top: float, class_names: Sequence[str]) -> None:
    """The names of classes below their bars."""
    look: Look = {"ha": "right", "va": "top", "rotation": 50, "rotation_mode": "anchor"}
    for k, name in enumerate(class_names):
        sheet.write(left + BAR * (k + 0.5) + GAP / 2, top, name, **look)
