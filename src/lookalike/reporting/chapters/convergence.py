"""How fast networks learn their training images, each at its best learning rate of a grid."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import combinations

from lookalike.artifacts.models import Description, load_description, read_rows
from lookalike.evaluation.histories import Rows, epochs_to, figure_by_seed
from lookalike.evaluation.statistics import ratio_of_geometric_means
from lookalike.reporting.chapters.sentences import NOTHING, listed
from lookalike.reporting.chapters.study_results import StudyResults, on_first_page
from lookalike.reporting.chapters.training_rows import error_table, mean_and_sd, over_seeds
from lookalike.reporting.document import Fold, Illustration, Json, Section, Table, Words, section
from lookalike.reporting.figures.training import convergence_figure
from lookalike.reporting.forms import amounts, count, number, percent, significant, text
from lookalike.reporting.tables import Column, labels, tabulate

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
    *over_seeds("epochs", "epochs", number, "low"),
    *over_seeds("seconds", "seconds", number, "low"),
)
RATIOS = (
    *labels("slower", "faster"),
    Column("ratio of epochs", "epochs", amounts),
    Column("ratio of seconds", "seconds", amounts),
)
RATIOS_NOTE = "Of geometric means over seeds, with 95 % intervals (Welch, of logarithms)."
METHOD = (
    "As in figure 1 of the AlexNet paper. Each network was trained at every learning rate of a grid for a few epochs, "
    "with a seed of its own, and then at the rate with the least training error. Training error: the share of wrong "
    "answers within an epoch, in training mode; validation and test images are not used. A training run ends with the "
    "epoch that reaches the goal. Ratios are of geometric means over seeds, with 95 % intervals (Welch, of logarithms)."
)


def convergence_chapter(study: StudyResults) -> Section | None:
    """Epochs and seconds to the error that ends a training run, and their ratios; None if no run has such a goal."""
    goals = {name: goal for name, one in study.settings.items() if (goal := one.train.stop_at_error) is not None}
    if not goals:
        return None
    descriptions = {name: load_description(study.folder("models", name)) for name in goals}
    arrivals = {name: arrival(study, name, descriptions[name], goals[name]) for name in goals}
    ratios, goal = ratio_rows(arrivals), max(goals.values())
    finding = convergence_sentence(arrivals, ratios, goal) if study.learnt else NOTHING
    trained = [name for name in goals if name in study.learnt]
    numbers = (
        tabulate("To the goal", ARRIVALS, arrivals.values(), "Means over the seeds that reached it."),
        *([tabulate("Ratios of epochs and seconds", RATIOS, ratios, RATIOS_NOTE)] if ratios else []),
        trial_table(descriptions),
    )
    return section(
        f"{study.name}-convergence",
        "Convergence speed of ReLU and tanh",
        on_first_page(error_curves(study, trained, goal, finding)) if trained else None,
        Fold("Epochs, seconds and learning rates", numbers),
        finding=finding,
    )


def convergence_sentence(arrivals: Mapping[str, Json], ratios: Sequence[Json], goal: float) -> str:
    """The largest ratio of epochs; how many seeds reach the goal where no ratio is known."""
    if ratios:
        most = max(ratios, key=lambda row: row["epochs"]["value"])
        return (
            f"{most['slower']} needs {amounts(most['epochs'])} times as many epochs as {most['faster']} to reach a "
            f"training error of {significant(100 * goal)} %."
        )
    reached = [f"{one['there']} of {one['seeds']} seeds of {name}" for name, one in arrivals.items()]
    return f"A training error of {significant(100 * goal)} % is reached by {listed(reached)}."


def trial_table(descriptions: dict[str, Description]) -> Table:
    rows = [
        {"variant": name, "chosen": "yes" if trial.lr == one.lr else "", **asdict(trial)}
        for name, one in descriptions.items()
        for trial in (one.search.trials if one.search else ())
    ]
    epochs = {one.search.epochs for one in descriptions.values() if one.search}
    after = f"After {', '.join(map(str, sorted(epochs)))} epochs; –: the loss was not finite."
    return tabulate("Learning rates tried", TRIALS, rows, after)


def arrival(study: StudyResults, name: str, description: Description, goal: float) -> Json:
    """The epochs and seconds of every seed that reached the goal, and their means."""
    times = read_rows(study.folder("runs", name) / "times.csv")
    took = {(row["seed"], row["epoch"]): row["seconds"] for row in times}

    def epochs(rows: Rows) -> float | None:
        return epochs_to(goal, rows, 1 - study.chance)

    def seconds(rows: Rows) -> float | None:
        needed = epochs(rows)
        if needed is None:
            return None
        shares = (min(1.0, needed - row["epoch"]) for row in rows[: math.ceil(needed)])
        return sum(share * took[row["seed"], row["epoch"]] for share, row in zip(shares, rows, strict=False))

    values = {
        key: figure_by_seed(study.measurements.histories[name], of)
        for key, of in (("epochs", epochs), ("seconds", seconds))
    }
    return {
        "variant": name,
        "lr": description.lr,
        "seeds": len(description.seeds),
        "there": len(values["epochs"]),
        "values": values,
        **{key: mean_and_sd(one) for key, one in values.items()},
    }


def ratio_rows(arrivals: Mapping[str, Json]) -> list[Json]:
    """How many times as long one variant takes as another, by pair for which this is known."""
    rows = []
    for pair in combinations(arrivals.values(), 2):
        faster, slower = sorted(pair, key=lambda one: one["epochs"]["mean"] or math.inf)
        found = {key: ratio_of_geometric_means(*(one["values"][key] for one in (slower, faster))) for key in TOOK}
        if all(found.values()):
            known = {key: asdict(one) for key, one in found.items() if one}
            rows.append({"slower": slower["variant"], "faster": faster["variant"], **known})
    return rows


def error_curves(study: StudyResults, trained: Sequence[str], goal: float, finding: str) -> Illustration | None:
    histories = {name: study.measurements.histories[name] for name in trained}
    words = Words(
        finding,
        f"Training error by epoch, one line per seed; the dashed line is the goal of {significant(100 * goal)} %.",
        f"Training error by epoch of {listed(trained)}",
        METHOD,
    )
    picture = convergence_figure(histories, goal, looks=study.looks)
    return study.drawn_figure(picture, "convergence", words, trained, error_table(histories))
