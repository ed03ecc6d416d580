"""How fast networks learn their training images, each at its best learning rate of a grid."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import combinations
from typing import Any

from lookalike.artifacts.models import Description, load_description, read_rows
from lookalike.evaluation.histories import Rows, by_seed, epochs_to
from lookalike.evaluation.statistics import mean_and_deviation, ratio_of_geometric_means
from lookalike.reporting.chapters.found import Found, main
from lookalike.reporting.chapters.sentences import NOTHING, listed
from lookalike.reporting.document import (
    Column,
    Fold,
    Illustration,
    Json,
    Section,
    Table,
    Words,
    amounts,
    count,
    number,
    percent,
    section,
    significant,
    tabulate,
    text,
)
from lookalike.reporting.figures.training import convergence_figure

TOOK = ("epochs", "seconds")
TRIALS = (
    Column("variant", "variant", text),
    Column("learning rate", "lr", significant),
    Column("training error, %", "train_error", percent, "low"),
    Column("chosen", "chosen", text),
)
ARRIVALS = (
    Column("variant", "variant", text),
    Column("learning rate", "lr", significant),
    Column("seeds", "seeds", count),
    Column("of them at the goal", "there", count),
    Column("epochs", "epochs.mean", number, "low"),
    Column("± over seeds", "epochs.sd", number),
    Column("seconds", "seconds.mean", number, "low"),
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
    Column("training error, %", "error", percent, "low"),
)
RATIOS_NOTE = "Of geometric means over seeds, with 95 % intervals (Welch, of logarithms)."
METHOD = (
    "As in figure 1 of the AlexNet paper. Each network was trained at every learning rate of a grid for a few epochs, "
    "with a seed of its own, and then at the rate with the least training error. Training error: the share of wrong "
    "answers within an epoch, in training mode; validation and test images are not used. A training run ends with the "
    "epoch that reaches the goal. Ratios are of geometric means over seeds, with 95 % intervals (Welch, of logarithms)."
)


def convergence(found: Found) -> Section | None:
    """Epochs and seconds to the error that ends a training run, and their ratios; None if no run has such a goal."""
    goals = {name: goal for name, one in found.settings.items() if (goal := one.train.stop_at_error) is not None}
    if not goals:
        return None
    descriptions = {name: load_description(found.root / "models" / found.study / name) for name in goals}
    arrivals = {name: arrived(found, name, descriptions[name], goals[name]) for name in goals}
    ratios, goal = ratios_of(arrivals), max(goals.values())
    finding = said(arrivals, ratios, goal) if found.learnt else NOTHING
    trained = [name for name in goals if name in found.learnt]
    numbers = (
        tabulate("To the goal", ARRIVALS, arrivals.values(), "Means over the seeds that reached it."),
        *([tabulate("Ratios of epochs and seconds", RATIOS, ratios, RATIOS_NOTE)] if ratios else []),
        trials(descriptions),
    )
    return section(
        f"{found.study}-convergence",
        "Convergence speed of ReLU and tanh",
        main(chart(found, trained, goal, finding)) if trained else None,
        Fold("Epochs, seconds and learning rates", numbers),
        finding=finding,
    )


def said(arrivals: Mapping[str, Json], ratios: Sequence[Json], goal: float) -> str:
    """The largest ratio of epochs; how many seeds reach the goal where no ratio is known."""
    if ratios:
        most = max(ratios, key=lambda row: row["epochs"]["value"])
        return (
            f"{most['slower']} needs {amounts(most['epochs'])} times as many epochs as {most['faster']} to reach a "
            f"training error of {significant(100 * goal)} %."
        )
    reached = [f"{one['there']} of {one['seeds']} seeds of {name}" for name, one in arrivals.items()]
    return f"A training error of {significant(100 * goal)} % is reached by {listed(reached)}."


def trials(descriptions: dict[str, Description]) -> Table:
    """Every rate tried."""
    rows = [
        {"variant": name, "chosen": "yes" if trial.lr == one.lr else "", **asdict(trial)}
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


def ratios_of(arrivals: Mapping[str, Json]) -> list[Json]:
    """How many times as long one variant takes as another, by pair for which this is known."""
    rows = []
    for pair in combinations(arrivals.values(), 2):
        faster, slower = sorted(pair, key=lambda one: one["epochs"]["mean"] or math.inf)
        found = {key: ratio_of_geometric_means(*(one["values"][key] for one in (slower, faster))) for key in TOOK}
        if all(found.values()):
            known = {key: asdict(one) for key, one in found.items() if one}
            rows.append({"slower": slower["variant"], "faster": faster["variant"], **known})
    return rows


def chart(found: Found, trained: Sequence[str], goal: float, finding: str) -> Illustration | None:
    """Training error by epoch."""
    histories = {name: found.figures.histories[name] for name in trained}
    rows = [
        {"variant": name, "seed": row["seed"], "epoch": row["epoch"] + 1, "error": 1 - row["train_accuracy"]}
        for name, history in histories.items()
        for row in history
    ]
    words = Words(
        finding,
        f"Training error by epoch, one line per seed; the dashed line is the goal of {significant(100 * goal)} %.",
        f"Training error by epoch of {listed(trained)}",
        METHOD,
    )
    picture = convergence_figure(histories, goal, looks=found.looks)
    return found.drawn(picture, "convergence", words, trained, tabulate("Epoch by epoch", CURVES, rows))
