"""How fast networks learn their training images, each at a learning rate that was found for it."""

import math
from dataclasses import asdict
from itertools import combinations
from typing import Any

from lookalike.artifacts.models import Description, load_description, read_rows
from lookalike.evaluation.histories import Rows, by_seed, epochs_to
from lookalike.evaluation.statistics import mean_and_deviation, ratio_of_geometric_means
from lookalike.reporting.chapters.found import Found
from lookalike.reporting.document import (
    Column,
    Illustration,
    Json,
    Prose,
    Section,
    Table,
    amounts,
    count,
    number,
    percent,
    section,
    significant,
    tabulate,
    text,
)
from lookalike.reporting.figures import race_figure

TOOK = ("epochs", "seconds")
TRIALS = (
    Column("variant", "variant", text),
    Column("learning rate", "lr", significant),
    Column("training error, %", "train_error", percent),
    Column("taken", "taken", text),
)
ARRIVALS = (
    Column("variant", "variant", text),
    Column("learning rate", "lr", significant),
    Column("seeds", "seeds", count),
    Column("of them there", "there", count),
    Column("epochs", "epochs.mean", number),
    Column("± over seeds", "epochs.sd", number),
    Column("seconds", "seconds.mean", number),
    Column("± over seeds", "seconds.sd", number),
)
RATIOS = (
    Column("slower", "slower", text),
    Column("faster", "faster", text),
    Column("ratio of epochs", "epochs", amounts),
    Column("ratio of seconds", "seconds", amounts),
)
CURVES = (
    Column("variant", "variant", text),
    Column("seed", "seed", count),
    Column("epoch", "epoch", count),
    Column("training error, %", "error", percent),
)


def race(found: Found) -> Section | None:
    """Rates tried, epochs and seconds to the error that ends a training, and their ratios; None if none races."""
    goals = {name: goal for name, one in found.settings.items() if (goal := one.train.stop_at_error) is not None}
    if not goals:
        return None
    descriptions = {name: load_description(found.root / "models" / found.study / name) for name in goals}
    goal = max(goals.values())
    arrivals = {name: arrived(found, name, descriptions[name], goals[name]) for name in goals}
    said = Prose(
        "Each network was trained at every learning rate of a grid for a few epochs, with a seed of its own, and then "
        "at the rate with the least training error. Training error: the share of wrong answers within an epoch, in "
        "training mode; validation and test images had no say. A training ends with the epoch in which it is down to "
        f"{percent(goal)} %."
    )
    return section(
        f"{found.study}-race",
        "The race to a training error",
        said,
        trials(descriptions),
        chart(found, goals, goal),
        tabulate("To the goal", ARRIVALS, arrivals.values(), "Means over the seeds that got there."),
        ratios(arrivals),
    )


def trials(descriptions: dict[str, Description]) -> Table:
    """Every rate tried."""
    rows = [
        {"variant": name, "taken": "yes" if trial.lr == one.lr else "", **asdict(trial)}
        for name, one in descriptions.items()
        for trial in (one.search.trials if one.search else ())
    ]
    epochs = {one.search.epochs for one in descriptions.values() if one.search}
    after = f"After {', '.join(map(str, sorted(epochs)))} epochs; –: the loss was not finite."
    return tabulate("Learning rates tried", TRIALS, rows, after)


def arrived(found: Found, name: str, description: Description, goal: float) -> Json:
    """Epochs and seconds of every seed that reached the goal."""
    took = {(row["seed"], row["epoch"]): row["seconds"] for row in times(found, name)}

    def epochs(rows: Rows) -> float | None:
        return epochs_to(goal, rows, 1 - found.chance)

    def seconds(rows: Rows) -> float | None:
        needed = epochs(rows)
        if needed is None:
            return None
        shares = (min(1.0, needed - row["epoch"]) for row in rows[: math.ceil(needed)])
        return sum(share * took[row["seed"], row["epoch"]] for share, row in zip(shares, rows, strict=False))

    values = {key: by_seed(found.figures.histories[name], of) for key, of in (("epochs", epochs), ("seconds", seconds))}
    means = {key: mean_and_deviation(one) if one else (None, None) for key, one in values.items()}
    return {
        "variant": name,
        "lr": description.lr,
        "seeds": len(description.seeds),
        "there": len(values["epochs"]),
        "values": values,
        **{key: {"mean": mean, "sd": sd} for key, (mean, sd) in means.items()},
    }


def times(found: Found, name: str) -> list[dict[str, Any]]:
    """What each epoch of a variant took."""
    return read_rows(found.root / "runs" / found.study / name / "times.csv")


def ratios(arrivals: dict[str, Json]) -> Table | None:
    """How many times as long one takes as another, geometric means over seeds; None if that is not known of two."""
    rows = []
    for pair in combinations(arrivals.values(), 2):
        faster, slower = sorted(pair, key=lambda one: one["epochs"]["mean"] or math.inf)
        found = {key: ratio_of_geometric_means(*(one["values"][key] for one in (slower, faster))) for key in TOOK}
        if all(found.values()):
            told = {key: asdict(one) for key, one in found.items() if one}
            rows.append({"slower": slower["variant"], "faster": faster["variant"], **told})
    note = "Of geometric means over seeds, with 95 % intervals (Welch, of logarithms)."
    return tabulate("How many times as long", RATIOS, rows, note) if rows else None


def chart(found: Found, goals: dict[str, float], goal: float) -> Illustration | None:
    """Training error by epoch."""
    histories = {name: found.figures.histories[name] for name in goals}
    rows = [
        {"variant": name, "seed": row["seed"], "epoch": row["epoch"] + 1, "error": 1 - row["train_accuracy"]}
        for name, history in histories.items()
        for row in history
    ]
    words = (
        f"Training error by epoch, a line a seed; dashed: the goal of {percent(goal)} %, as in figure 1 of the AlexNet "
        "paper.",
        f"Training error by epoch of {' and '.join(goals)}",
    )
    return found.drawn(race_figure(histories, goal), "race", words, list(goals), tabulate("The race", CURVES, rows))
