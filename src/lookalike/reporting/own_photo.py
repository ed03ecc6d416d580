"""What became of one's own pictures: a self-contained page, the same as one figure, and as lines to be printed."""

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from lookalike.params import Params
from lookalike.photographs.own_photo import READY, Answers, TrainedModel, Trial, Wanted
from lookalike.photographs.recipes import EDGE, grey_values
from lookalike.reporting.explained import SIGNED, note
from lookalike.reporting.figures.contact_sheets import HEADER, HEAT, TILE, png, strip
from lookalike.reporting.figures.maps import is_blank, overlay
from lookalike.reporting.figures.style import BLUE, DPI, SMALL, style
from lookalike.reporting.report import render

if TYPE_CHECKING:  # pictures are drawn without torch
    from lookalike.explain.own_photo import Explanations, Maps

# The figure, in pixels.
MARGIN, LINE, GAP = 16, 24, 12
SIDE = 6 * EDGE  # of the picture that the models see
NAMES = 84  # what the names of the classes take, if none is longer
LONGEST = 80  # letters of a file's name that are written
CHART = 124  # a model's chart with the space after it, if its name is not wider
LETTER = 6  # of a name, at its widest
ABOVE = LINE + GAP  # what is written above a chart
MAP = SIDE // 2  # of a map
MAPS = MAP + 2 * LINE + GAP  # a row of maps with their scores
TALLEST = 2**16 - 1  # what matplotlib can draw
BAND = LINE + HEADER + TILE + ABOVE + SIDE + 2 * GAP  # a recipe's height
READING = """{}: what speaks for the class that a model predicts (green)
and what against (purple), to the map's own largest value.
Gain: how faithful such maps are, on test images; random maps
and a Gaussian in the centre know nothing of the model."""


@dataclass(frozen=True)
class Drawn:
    """A picture: PNG bytes, a caption, and words for those who cannot see it."""

    png: bytes
    caption: str
    alt: str

    @property
    def data_uri(self) -> str:
        """The picture as text that stands in the page itself."""
        return "data:image/png;base64," + base64.b64encode(self.png).decode()


@dataclass(frozen=True)
class ScoredMap:
    """The map of what a model takes a picture for, over that picture: (SIDE, SIDE) pixels.

    Attributes:
        blank: whether the map says nothing; the picture is then without colours.
        score: how faithful such maps of the model are, and what maps reach that know nothing of it, a line each.
    """

    picture: Drawn
    blank: bool
    score: str


@dataclass(frozen=True)
class Attempt:
    """One picture by one recipe: its steps, the result as it is and as a heat map, and what the models say of it.

    `recipe` may be one of the ways `READY`. `maps` are by variant, of those variants whose maps have a score.
    """

    recipe: str
    steps: Drawn
    result: Drawn
    heat: Drawn
    answers: Answers
    maps: dict[str, ScoredMap]

    @property
    def way(self) -> str:
        """How the picture was prepared, in words."""
        return way_of(self.recipe)


@dataclass(frozen=True)
class TriedPicture:
    """One picture, what is to be known of it, the recipes that could use it, and why others could not, by recipe."""

    name: str
    note: str
    attempts: list[Attempt]
    refused: dict[str, str]


@dataclass(frozen=True)
class TrialPage:
    """All that the page says.

    Attributes:
        profile: name of the profile; `demonstration` marks the models as showing nothing about real photographs.
        dataset: the one whose models are asked.
        models: a row each: variant, architecture, seed, training images, epochs, validation accuracy.
        method: by which the maps are made.
        left_out: why pictures or maps are left out, a line each.
        unusable: see `Wanted`.
    """

    profile: str
    demonstration: bool
    dataset: str
    class_names: tuple[str, ...]
    models: list[dict[str, Any]]
    pictures: list[TriedPicture]
    method: str
    left_out: list[str]
    unusable: dict[str, str]

    @property
    def attempts(self) -> list[Attempt]:
        """Those of all pictures."""
        return [one for picture in self.pictures for one in picture.attempts]

    @property
    def has_maps(self) -> bool:
        """Whether any model has maps."""
        return any(one.maps for one in self.attempts)

    @property
    def chart_width(self) -> int:
        """Pixels of the figure that a model takes, with the space after it."""
        variants = [row["variant"] for row in self.models]
        return max(CHART, LETTER * max(map(len, [*variants, *(f"{name} 100%" for name in self.class_names)])) + GAP)

    @property
    def names_width(self) -> int:
        """Pixels of the figure that the names of the classes take."""
        return max(NAMES, LETTER * max(map(len, self.class_names)) + GAP)

    @property
    def band(self) -> int:
        """Pixels of the figure's height that a recipe takes."""
        return BAND + MAPS * self.has_maps

    def best(self, probabilities: NDArray[np.float64]) -> tuple[str, float]:
        """The most probable class and its probability."""
        return self.class_names[probabilities.argmax()], float(probabilities.max())


def describe(
    trials: Sequence[Trial],
    models: Sequence[TrainedModel],
    explanations: "Explanations",
    params: Params,
    wanted: Wanted,
) -> TrialPage:
    """Draw every step of the judged `trials` with their maps, and gather what is known of the models."""
    pictures = []
    for trial, maps in zip(trials, explanations.maps, strict=True):
        attempts = [attempt(trial, recipe, scored_maps(trial, recipe, maps, explanations)) for recipe in trial.stages]
        pictures.append(TriedPicture(trial.name, trial.note, attempts, trial.refused))
    rows = [
        {
            "variant": model.variant,
            "architecture": model.description.model,
            "seed": model.seed,
            "train_images": model.description.train_images,
            "epochs": next(one.epochs for one in model.description.seeds if one.seed == model.seed),
            "valid_accuracy": model.valid_accuracy,
        }
        for model in models
    ]
    missing = [f"maps: none, {path} is not there; run `dvc repro`" for path in explanations.missing]
    return TrialPage(
        profile=params.profile,
        demonstration=params.active.demonstration,
        dataset=params.variants[models[0].variant].dataset,
        class_names=models[0].description.class_names,
        models=rows,
        pictures=pictures,
        method=explanations.method,
        left_out=[wanted.left_out] * bool(wanted.left_out) + missing,
        unusable=wanted.unusable,
    )


def way_of(recipe: str) -> str:
    """A recipe, or one of the ways `READY`, in words."""
    return recipe if recipe in READY else f"recipe {recipe}"


def attempt(trial: Trial, recipe: str, maps: dict[str, ScoredMap]) -> Attempt:
    """One picture by one recipe, drawn; the small pictures have a pixel a pixel, and the page enlarges them."""
    stages = trial.stages[recipe]
    grey, steps = grey_values(stages[-1][1]), [step for step, _ in stages]
    tint = " Blue: what the mask has taken away." if "mask" in steps else ""
    drawn = {
        "steps": (strip(stages), f"After each step.{tint}", f"after each step: {', '.join(steps)}"),
        "result": (png(Image.fromarray(grey)), "What the models see.", f"as models see it, {EDGE} by {EDGE} pixels"),
        "heat": (png(Image.fromarray(HEAT[grey])), "The same: 0 is black, 255 pale yellow.", "as a heat map"),
    }
    pictures = {
        kind: Drawn(picture, caption, f"{trial.name} by {way_of(recipe)} {alt}")
        for kind, (picture, caption, alt) in drawn.items()
    }
    return Attempt(recipe, **pictures, answers=trial.answers[recipe], maps=maps)


def scored_maps(
    trial: Trial, recipe: str, maps: Mapping[str, "Maps"], explanations: "Explanations"
) -> dict[str, ScoredMap]:
    """Of the maps of one picture, by recipe and variant, those of one recipe over what the models see."""
    image, method = grey_values(trial.stages[recipe][-1][1]), explanations.method
    drawn = {}
    for variant, values in maps[recipe].items():
        blank, score = is_blank(values), note(explanations.scores[variant], method)
        gain, *controls = score.split("\n")
        flag = "Blank: " if blank else ""
        caption = f"{flag}{method} of the predicted class; {gain} on test images ({', '.join(controls)})."
        alt = f"{flag}map of {variant} over {trial.name} by {way_of(recipe)}"
        pixels = png(Image.fromarray(overlay(image, values, SIDE, signed=method in SIGNED)))
        drawn[variant] = ScoredMap(Drawn(pixels, caption, alt), blank, score)
    return drawn


def to_html(page: TrialPage) -> str:
    """The page, with all that it shows inside."""
    return render("try.html", report=page)


def in_lines(page: TrialPage) -> list[str]:
    """A line for each picture and model with its prediction by every recipe, and one for each recipe left out."""
    lines = []
    for picture in page.pictures:
        lines += [f"{picture.name}: {picture.note}"] * bool(picture.note)
        for row in page.models:
            answers = {one.recipe: page.best(one.answers[row["variant"]]) for one in picture.attempts}
            said = ", ".join(f"{recipe} {name} {share:.0%}" for recipe, (name, share) in answers.items())
            lines.append(f"{picture.name}: {row['variant']}: {said}")
        lines += [f"{picture.name}: without recipe {recipe}: {reason}" for recipe, reason in picture.refused.items()]
    if page.demonstration:
        lines.append(f"Profile {page.profile}: models trained on drawings, which say nothing about real photographs.")
    return [*lines, *page.left_out]


class Sheet:
    """A figure that is filled from the top, its places given in pixels: quick, and strips stay as sharp as they are."""

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

    def show(self, left: int, picture: Drawn, scale: int = 1) -> None:
        """A picture, each pixel of it `scale` pixels wide."""
        pixels = unpacked(picture)
        axes = self.axes(left, scale * pixels.shape[1], scale * pixels.shape[0])
        axes.imshow(pixels, interpolation="nearest", aspect="auto")


def unpacked(picture: Drawn) -> NDArray[np.uint8]:
    """The pixels (H, W, 3) of a picture."""
    return np.asarray(Image.open(io.BytesIO(picture.png)).convert("RGB"))


def to_figure(page: TrialPage) -> Figure:
    """All pictures by all recipes under each other: steps, result, heat map, and a map and a chart a model.

    The last pictures are left out, which is said, if the figure would be too high.
    """
    charts = 2 * (SIDE + GAP) + page.names_width + page.chart_width * len(page.models)
    steps = max(unpacked(one.steps).shape[1] for one in page.attempts)
    around = 2 * MARGIN + LINE * (page.demonstration + len(page.unusable) + 1)
    heights = np.cumsum([height_of(picture, page) for picture in page.pictures])
    drawn = page.pictures[: int((heights + around <= TALLEST).sum())]
    left = len(page.pictures) - len(drawn)
    with style():
        height = around - LINE * (not left) + int(heights[len(drawn) - 1])
        sheet = Sheet(2 * MARGIN + max(charts, steps), height)
        if page.demonstration:
            sheet.write("Demonstration: models trained on drawings, which say nothing about real photographs")
        for picture in drawn:
            draw_picture(sheet, picture, page)
        for name, reason in page.unusable.items():
            sheet.write(f"{short(name)} is not shown: {reason}")
        if left:
            sheet.write(f"{left} more pictures are on the page alone: this figure would be too high")
    return sheet.figure


def height_of(picture: TriedPicture, page: TrialPage) -> int:
    """Pixels of the figure's height that a picture takes."""
    return page.band * len(picture.attempts) + LINE * (1 + bool(picture.note) + len(picture.refused))


def draw_picture(sheet: Sheet, picture: TriedPicture, page: TrialPage) -> None:
    """One picture by all recipes."""
    sheet.write(short(picture.name), fontsize=12, fontweight="bold")
    if picture.note:
        sheet.write(picture.note)
    for one in picture.attempts:
        draw_attempt(sheet, one, page)
    for recipe, reason in picture.refused.items():
        sheet.write(f"without recipe {recipe}: {reason}")


def short(name: str) -> str:
    """The name of a file, without its middle if it is long."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST // 2]}…{name[1 - LONGEST // 2 :]}"


def draw_attempt(sheet: Sheet, one: Attempt, page: TrialPage) -> None:
    """One recipe's band."""
    left = MARGIN + 2 * (SIDE + GAP) + page.names_width
    sheet.write(one.way, fontweight="bold")
    sheet.show(MARGIN, one.steps)
    sheet.top += HEADER + TILE
    if page.has_maps:
        sheet.top += GAP
        draw_maps(sheet.axes(left, page.chart_width * len(one.answers), MAP), one, page.chart_width)
        said = READING.format(page.method)
        sheet.figure.text(MARGIN / sheet.width, 1 - sheet.top / sheet.height, said, fontsize=7.5, va="top")
        sheet.top += MAPS - GAP
    sheet.top += ABOVE
    sheet.show(MARGIN, one.result, scale=SIDE // EDGE)
    sheet.show(MARGIN + SIDE + GAP, one.heat, scale=SIDE // EDGE)
    draw_charts(sheet.axes(left, page.chart_width * len(one.answers), SIDE), one.answers, page)
    sheet.top += SIDE + 2 * GAP


def draw_maps(axes: Axes, one: Attempt, width: int) -> None:
    """The map of each model that has one, half as large as on the page, above its chart, and its score."""
    row = np.full((MAP, width * len(one.answers), 3), 255, np.uint8)
    for column, variant in enumerate(one.answers):
        if drawn := one.maps.get(variant):
            left = column * width
            row[:, left : left + MAP] = unpacked(drawn.picture)[::2, ::2]
            axes.text(left, MAP + 3, drawn.score, fontsize=SMALL, va="top")
            if drawn.blank:
                box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
                axes.text(left + MAP / 2, MAP / 2, "blank", fontsize=SMALL, ha="center", va="center", bbox=box)
    axes.imshow(row, interpolation="nearest", aspect="auto", extent=(0, row.shape[1], MAP, 0))


def draw_charts(axes: Axes, answers: Answers, page: TrialPage) -> None:
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
