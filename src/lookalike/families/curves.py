"""Which variants of a study make learning curves: those that differ in the number of training images alone."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from lookalike.artifacts.models import Description
from lookalike.families.measured import CurveVariants
from lookalike.params import Variant

LEAST = 3  # sizes that make a curve
ALIKE = 1.05  # the largest number of steps by the smallest, where steps are equal


@dataclass(frozen=True)
class TrainingRun:
    """How a variant was trained: the images it saw, the epochs that its longest run took, and the steps in them."""

    variant: str
    images: int
    epochs: int
    steps: int


def curves_of(
    settings: Mapping[str, Variant], models: Mapping[str, Description], compared: tuple[str, str]
) -> dict[str, CurveVariants]:
    """The curves of both compared variants, by title: with equal epochs, and with equal steps.

    A variant belongs to a curve if it differs from the compared one in epochs, share of the images and budget alone.
    Of each kind the curve with the most sizes is taken.
    """
    first, second = (runs_like(name, settings, models) for name in compared)
    titles = {
        f"{epochs:,} epoch{'s' if epochs > 1 else ''} each": curve_variants(
            first, second, [run for run in first + second if run.epochs == epochs]
        )
        for epochs in {run.epochs for run in first}
    }
    by_steps = {
        f"about {steps:,} step{'s' if steps > 1 else ''} each": curve_variants(first, second, alike)
        for steps, alike in runs_by_steps(first + second)
    }
    return most_sizes(titles) | most_sizes(by_steps)


def runs_like(name: str, settings: Mapping[str, Variant], models: Mapping[str, Description]) -> list[TrainingRun]:
    """The variants that were trained as `name` was, but for the number of images and epochs."""
    wanted = settings_in_common(settings[name])
    return [
        run_of(other, settings[other], models[other])
        for other in settings
        if settings_in_common(settings[other]) == wanted
    ]


def settings_in_common(settings: Variant) -> str:
    """The settings of a variant that all of a curve share."""
    rest = settings.model_dump(mode="json", exclude={"budget": True, "train": {"epochs", "fraction"}})
    return json.dumps(rest, sort_keys=True)


def run_of(name: str, settings: Variant, model: Description) -> TrainingRun:
    epochs = max(seed.epochs for seed in model.seeds)
    return TrainingRun(name, model.train_images, epochs, epochs * ceil(model.train_images / settings.train.batch_size))


def runs_by_steps(runs: Iterable[TrainingRun]) -> list[tuple[int, list[TrainingRun]]]:
    """Runs of about as many steps, with the largest of their numbers."""
    found: list[list[TrainingRun]] = []
    for run in sorted(runs, key=lambda run: run.steps):
        if found and run.steps <= ALIKE * found[-1][0].steps:
            found[-1].append(run)
        else:
            found.append([run])
    return [(alike[-1].steps, alike) for alike in found]


def curve_variants(
    first: Sequence[TrainingRun], second: Sequence[TrainingRun], wanted: Sequence[TrainingRun]
) -> CurveVariants:
    """The variants of either side among those wanted, by ascending size; of one size the first."""
    found = []
    for runs in (first, second):
        by_size: dict[int, str] = {}
        for run in runs:
            if run in wanted:
                by_size.setdefault(run.images, run.variant)
        found.append([by_size[size] for size in sorted(by_size)])
    return found[0], found[1]


def most_sizes(curves: Mapping[str, CurveVariants]) -> dict[str, CurveVariants]:
    """The curve with the most sizes on its shorter side; none if it has too few."""
    title = max(curves, key=lambda title: min(map(len, curves[title])), default=None)
    if title is None or min(map(len, curves[title])) < LEAST:
        return {}
    return {title: curves[title]}
