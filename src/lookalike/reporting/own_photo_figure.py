"""The page about a user's own pictures as one figure. All measures are in pixels."""

import textwrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from lookalike.photographs.own_photo import PhotoAnswers
from lookalike.photographs.recipes import EDGE
from lookalike.reporting.figures.contact_sheets import HEADER, TILE
from lookalike.reporting.figures.style import BLUE, DPI, SMALL, style
from lookalike.reporting.own_photo import OwnPhotoPage, PhotoResult, RecipeResult
from lookalike.reporting.own_photo_answer import ModelAnswer
from lookalike.reporting.own_photo_maps import SIDE, PngPicture, WholeMaps

MARGIN, LINE, GAP = 16, 24, 12
NAMES = 84  # what the names of the classes take, if none is longer
LONGEST = 80  # letters of a file's name that are written
CHART = 124  # a model's chart with the space after it, if its name is not wider
LETTER = 6  # of a name, at its widest
ABOVE = LINE + GAP  # what is written above a chart
MAP = SIDE // 2  # of a map
MAPS = MAP + 2 * LINE + GAP  # a row of maps with their scores
TALLEST = 2**16 - 1  # what matplotlib can draw
BAND = LINE + HEADER + TILE + ABOVE + SIDE + 2 * GAP  # a recipe's height
CAPTION = 6 * 14  # six small lines below a map of the whole photo
WHOLE = LINE + ABOVE + SIDE + CAPTION + 2 * GAP  # the photograph model's height
READING = """{}: what speaks for the class that a model predicts (green)
and what against (purple), to the map's own largest value.
Gain: how faithful such maps are, on test images; random maps
and a Gaussian in the centre know nothing of the model."""


class PixelFigure:
    """A figure that is filled from the top, with positions in pixels, so that pictures stay as sharp as they are."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height, self.top = width, height, MARGIN
        self.figure = Figure(figsize=(width / DPI, height / DPI))
        self.figure.set_layout_engine("none")

    def write(self, text: str, **look: Any) -> None:
        """A line of text at the left."""
        self.figure.text(MARGIN / self.width, 1 - self.top / self.height, text, va="top", **look)
        self.top += LINE

    def axes(self, left: int, width: int, height: int) -> Axes:
        """Axes at the present height, without frame and ticks."""
        bottom = self.height - self.top - height
        box = (left / self.width, bottom / self.height, width / self.width, height / self.height)
        axes = self.figure.add_axes(box)
        axes.set_axis_off()
        return axes

    def show(self, left: int, picture: PngPicture, scale: int = 1) -> None:
        """A picture, each pixel of it `scale` pixels wide."""
        pixels = picture.pixels
        axes = self.axes(left, scale * pixels.shape[1], scale * pixels.shape[0])
        axes.imshow(pixels, interpolation="nearest", aspect="auto")


def to_figure(page: OwnPhotoPage) -> Figure:
    """All pictures by all recipes under each other: steps, result, heat map, and a map and a chart a model.

    The last pictures are left out, which is said, if the figure would be too high.
    """
    charts = 2 * (SIDE + GAP) + names_width(page) + chart_width(page) * len(page.models)
    steps = max(one.steps.pixels.shape[1] for one in page.attempts)
    around = 2 * MARGIN + LINE * (page.demonstration + len(page.unusable) + 1)
    heights = np.cumsum([height_of(picture, page) for picture in page.pictures])
    drawn = page.pictures[: int((heights + around <= TALLEST).sum())]
    left = len(page.pictures) - len(drawn)
    with style():
        height = around - LINE * (not left) + int(heights[len(drawn) - 1])
        sheet = PixelFigure(2 * MARGIN + max(charts, steps), height)
        if page.demonstration:
            sheet.write("Demonstration: models trained on drawings, which say nothing about real photographs")
        for picture in drawn:
            draw_picture(sheet, picture, page)
        for name, reason in page.unusable.items():
            sheet.write(f"{shortened(name)} is not shown: {reason}")
        if left:
            sheet.write(f"{left} more pictures are on the page alone: this figure would be too high")
    return sheet.figure


def height_of(picture: PhotoResult, page: OwnPhotoPage) -> int:
    """Pixels of the figure's height that a picture takes."""
    band = BAND + MAPS * page.has_maps
    lines = LINE * (1 + bool(picture.note) + len(picture.refused))
    return band * len(picture.attempts) + WHOLE * bool(picture.whole) + lines


def chart_width(page: OwnPhotoPage) -> int:
    """Pixels that a model's chart takes, with the space after it."""
    labels = [*(model.variant for model in page.models), *(f"{name} 100%" for name in page.class_names)]
    return max(CHART, LETTER * max(map(len, labels)) + GAP)


def names_width(page: OwnPhotoPage) -> int:
    """Pixels that the names of the classes take."""
    return max(NAMES, LETTER * max(map(len, page.class_names)) + GAP)


def chart_left(page: OwnPhotoPage) -> int:
    """Where the first model's chart begins."""
    return MARGIN + 2 * (SIDE + GAP) + names_width(page)


def draw_picture(sheet: PixelFigure, picture: PhotoResult, page: OwnPhotoPage) -> None:
    """One picture, whole and by all recipes."""
    sheet.write(shortened(picture.name), fontsize=12, fontweight="bold")
    if picture.note:
        sheet.write(picture.note)
    if picture.whole:
        draw_whole(sheet, picture.answer.rows[0], picture.whole, page)
    for one in picture.attempts:
        draw_recipe(sheet, one, page)
    for recipe, reason in picture.refused.items():
        sheet.write(f"without recipe {recipe}: {reason}")


def shortened(name: str) -> str:
    """The name of a file, without its middle if it is long."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST // 2]}…{name[1 - LONGEST // 2 :]}"


def draw_whole(sheet: PixelFigure, answer: ModelAnswer, whole: WholeMaps, page: OwnPhotoPage) -> None:
    """The photograph model's maps over the photo, and its chart."""
    sheet.write(answer.input, fontweight="bold")
    sheet.top += ABOVE
    for column, one in enumerate(whole.maps):
        left = MARGIN + column * (SIDE + GAP)
        picture = Image.fromarray(whole.over_photo(one))
        picture.thumbnail((SIDE, SIDE))
        sheet.axes(left, *picture.size).imshow(picture, interpolation="nearest", aspect="auto")
        caption, below = textwrap.fill(one.colours.caption, SIDE // LETTER), sheet.top + picture.height + GAP // 2
        sheet.figure.text(left / sheet.width, 1 - below / sheet.height, caption, fontsize=7.5, va="top")
    shares = np.array(list(answer.probabilities.values()))
    draw_charts(sheet.axes(chart_left(page), chart_width(page), SIDE), {answer.model: shares}, page)
    sheet.top += SIDE + CAPTION + 2 * GAP


def draw_recipe(sheet: PixelFigure, one: RecipeResult, page: OwnPhotoPage) -> None:
    """One recipe's band."""
    left = chart_left(page)
    sheet.write(one.way, fontweight="bold")
    sheet.show(MARGIN, one.steps)
    sheet.top += HEADER + TILE
    if page.has_maps:
        sheet.top += GAP
        draw_maps(sheet.axes(left, chart_width(page) * len(one.answers), MAP), one, chart_width(page))
        said = READING.format(page.method)
        sheet.figure.text(MARGIN / sheet.width, 1 - sheet.top / sheet.height, said, fontsize=7.5, va="top")
        sheet.top += MAPS - GAP
    sheet.top += ABOVE
    sheet.show(MARGIN, one.result, scale=SIDE // EDGE)
    sheet.show(MARGIN + SIDE + GAP, one.heat, scale=SIDE // EDGE)
    draw_charts(sheet.axes(left, chart_width(page) * len(one.answers), SIDE), one.answers, page)
    sheet.top += SIDE + 2 * GAP


def draw_maps(axes: Axes, one: RecipeResult, width: int) -> None:
    """The map of each model that has one, half as large as on the page, above its chart, and its score."""
    row = np.full((MAP, width * len(one.answers), 3), 255, np.uint8)
    for column, variant in enumerate(one.answers):
        if drawn := one.maps.get(variant):
            left = column * width
            row[:, left : left + MAP] = drawn.picture.pixels[::2, ::2]
            axes.text(left, MAP + 3, drawn.score, fontsize=SMALL, va="top")
            if drawn.blank:
                box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
                axes.text(left + MAP / 2, MAP / 2, "blank", fontsize=SMALL, ha="center", va="center", bbox=box)
    axes.imshow(row, interpolation="nearest", aspect="auto", extent=(0, row.shape[1], MAP, 0))


def draw_charts(axes: Axes, answers: PhotoAnswers, page: OwnPhotoPage) -> None:
    """A bar a class, highest in blue, for each model side by side in one coordinate system: many would take seconds.

    A model's chart is 1 wide, and `gap` the space to the next, in units of probability.
    """
    gap, rows = 0.2, range(len(page.class_names))
    for column, (variant, shares) in enumerate(answers.items()):
        left, (name, share) = column * (1 + gap), page.best(shares)
        colours = [BLUE if k == shares.argmax() else "#888888" for k in rows]
        axes.barh(rows, 1, left=left, color="#eeeeee", height=0.7)
        axes.barh(rows, shares, left=left, color=colours, height=0.7)
        axes.text(left, -0.8, f"{variant}\n{name} {share:.0%}", fontsize=SMALL, va="bottom")
    for row, name in enumerate(page.class_names):
        axes.text(-0.05, row, name, ha="right", va="center", fontsize=7)
    axes.set_xlim(0, len(answers) * (1 + gap))
    axes.set_ylim(len(rows) - 0.5, -0.5)
