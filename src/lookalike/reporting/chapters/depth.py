"""What depth does to networks with and without shortcuts: He et al., CVPR 2016, figure 6."""

from dataclasses import asdict

from lookalike.artifacts.models import read_rows
from lookalike.evaluation.histories import finished
from lookalike.evaluation.statistics import mean_and_deviation, welch_interval
from lookalike.reporting.chapters.found import Found
from lookalike.reporting.costs import depth_figure
from lookalike.reporting.document import Block, Column, Json, Prose, count, known, percent, points, tabulate, text
from lookalike.reporting.figures import Rows

# By the variant: whether it has shortcuts, and its layers with weights.
NETWORKS = {
    "plain-20": (False, 20),
    "plain-56": (False, 56),
    "residual-20": (True, 20),
    "residual-56": (True, 56),
}
signed_points = known(lambda share: f"{100 * share:+z.1f}")
ENDS = (
    Column("variant", "variant", text),
    Column("layers", "layers", count),
    Column("seeds", "seeds", count),
    Column("epochs", "epochs", count),
    Column("training error, %", "train.mean", percent),
    Column("± over seeds", "train.sd", percent),
    Column("validation error, %", "valid.mean", percent),
    Column("± over seeds", "valid.sd", percent),
)
CURVES = (
    Column("variant", "variant", text),
    Column("seed", "seed", count),
    Column("epoch", "epoch", count),
    Column("training error, %", "error", percent),
)
WORDS = (
    "Training error by epoch of plain networks (left) and residual ones (right) of two depths, a line a seed. Training "
    "error: the share of wrong answers within an epoch, in training mode.",
    "Training error by epoch of plain and residual networks of 20 and 56 layers",
)


def depth(found: Found) -> list[Block | None]:
    """Training error by depth of the variants of `NETWORKS`, whichever study they are in."""
    histories = histories_of(found)
    if not histories:
        return [Prose(f"**Not run**: none of the variants {', '.join(NETWORKS)} is there.")]
    rows = [ended(name, history) for name, history in histories.items()]
    curves = [
        {"variant": name, "seed": row["seed"], "epoch": row["epoch"] + 1, "error": 1 - row["train_accuracy"]}
        for name, history in histories.items()
        for row in history
    ]
    looks = {name: NETWORKS[name] for name in histories}
    figure = depth_figure(histories, looks)
    note = "Of the last epoch: mean over seeds that did not diverge, ± their standard deviation."
    return [
        Prose(compared(histories)),
        found.drawn(figure, "depth", WORDS, list(histories), tabulate("Depth, epoch by epoch", CURVES, curves)),
        tabulate("Depth, with and without shortcuts", ENDS, rows, note),
    ]


def histories_of(found: Found) -> dict[str, Rows]:
    """The epochs of those variants that were trained."""
    variants = found.params.variants
    paths = {
        name: found.root / "models" / variants[name].study / name / "history.csv"
        for name in NETWORKS
        if name in variants
    }
    return {name: read_rows(path) for name, path in paths.items() if path.exists()}


def errors(history: Rows, part: str = "train") -> list[float]:
    """The error of each seed in its last epoch."""
    return [1 - rows[-1][f"{part}_accuracy"] for rows in finished(history)]


def ended(variant: str, history: Rows) -> Json:
    """What the trainings of a variant came to."""
    told = {}
    for part in ("train", "valid"):
        found = errors(history, part)
        mean, sd = mean_and_deviation(found) if found else (None, None)
        told[part] = {"mean": mean, "sd": sd}
    epochs = max(row["epoch"] for row in history) + 1
    seeds = len(finished(history))
    return {"variant": variant, "layers": NETWORKS[variant][1], "seeds": seeds, "epochs": epochs, **told}


def compared(histories: dict[str, Rows]) -> str:
    """What more layers do to the training error, with shortcuts and without, as far as seeds can tell."""
    told = [deeper(kind, histories) for kind in ("plain", "residual")]
    absent = [name for name in NETWORKS if name not in histories]
    return (
        "After 64,000 steps He et al. (2016) found a larger training error of the plain network of 56 layers than of "
        "that of 20, and a smaller one of the residual; a shorter training need not show either. Here, training "
        f"error of the last epoch, 56 layers less 20: {'; '.join(told)}."
        + (f" **Not run**: {', '.join(absent)}." if absent else "")
    )


def deeper(kind: str, histories: dict[str, Rows]) -> str:
    """The difference of training errors between the depths of one kind, in words."""
    shallow, deep = (errors(histories.get(f"{kind}-{layers}", [])) for layers in (20, 56))
    if not shallow or not deep:
        return f"{kind} not known"
    interval = welch_interval(deep, shallow)
    if interval is None:
        difference = mean_and_deviation(deep)[0] - mean_and_deviation(shallow)[0]
        return f"{kind} {signed_points(difference)} points, from too few seeds for an interval"
    return f"{kind} {points(asdict(interval))} points (95 %, Welch, over seeds)"
