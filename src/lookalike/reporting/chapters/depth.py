"""Training error by depth, with and without shortcuts: He et al., CVPR 2016, figure 6."""

from dataclasses import asdict

from lookalike.artifacts.models import read_rows
from lookalike.evaluation.histories import finished
from lookalike.evaluation.statistics import mean_and_deviation, welch_interval
from lookalike.reporting.chapters.found import Found
from lookalike.reporting.chapters.sentences import change, listed
from lookalike.reporting.document import (
    Column,
    Illustration,
    Json,
    Section,
    Words,
    count,
    known,
    percent,
    section,
    tabulate,
    text,
)
from lookalike.reporting.figures.costs import depth_figure
from lookalike.reporting.figures.training import Rows

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
    Column("training error, %", "train.mean", percent, "low"),
    Column("± over seeds", "train.sd", percent),
    Column("validation error, %", "valid.mean", percent, "low"),
    Column("± over seeds", "valid.sd", percent),
)
CURVES = (
    Column("variant", "variant", text),
    Column("seed", "seed", count),
    Column("epoch", "epoch", count),
    Column("training error, %", "error", percent, "low"),
)
HOW = "Plain networks are at the left, residual ones at the right; two depths, one line per seed."
METHOD = (
    "Training error: the share of wrong answers within an epoch, in training mode. After 64,000 steps He et al. (2016) "
    "found a larger training error of the plain network of 56 layers than of that of 20, and a smaller one of the "
    "residual; a shorter training run need not show either. Intervals: 95 %, Welch, over seeds."
)
ENDS_NOTE = "Of the last epoch: mean over seeds that did not diverge, ± their standard deviation."


def depth(anchor: str, found: Found) -> Section:
    """Training error by depth of the variants of `NETWORKS`, whichever study they are in."""
    histories = histories_of(found)
    picture = drawn(found, histories) if histories else None
    return section(anchor, "Skip connections: depth", picture, finding=compared(histories))


def drawn(found: Found, histories: dict[str, Rows]) -> Illustration | None:
    """Training error by epoch."""
    curves = [
        {"variant": name, "seed": row["seed"], "epoch": row["epoch"] + 1, "error": 1 - row["train_accuracy"]}
        for name, history in histories.items()
        for row in history
    ]
    numbers = (
        tabulate("Ends of the training runs", ENDS, [ended(*one) for one in histories.items()], ENDS_NOTE),
        tabulate("Epoch by epoch", CURVES, curves),
    )
    words = Words(compared(histories), HOW, f"Training error by epoch of {listed([*histories])}", METHOD)
    figure = depth_figure(histories, {name: NETWORKS[name] for name in histories})
    return found.drawn(figure, "depth", words, list(histories), *numbers)


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
    """How the training runs of a variant ended."""
    ends = {}
    for part in ("train", "valid"):
        found = errors(history, part)
        mean, sd = mean_and_deviation(found) if found else (None, None)
        ends[part] = {"mean": mean, "sd": sd}
    epochs = max(row["epoch"] for row in history) + 1
    seeds = len(finished(history))
    return {"variant": variant, "layers": NETWORKS[variant][1], "seeds": seeds, "epochs": epochs, **ends}


def compared(histories: dict[str, Rows]) -> str:
    """What more layers do to the training error, with shortcuts and without, as far as seeds can tell."""
    kinds = {"without shortcuts": "plain", "with shortcuts": "residual"}
    known = [f"{by} {words}" for words, kind in kinds.items() if (by := deeper(kind, histories))]
    if not known:
        return "No pair of networks of 20 and of 56 layers was trained in this run."
    return f"From 20 to 56 layers the training error of the last epoch changes by {listed(known)}."


def deeper(kind: str, histories: dict[str, Rows]) -> str:
    """The difference of training errors between the depths of one kind, in words; nothing if it is not known."""
    shallow, deep = (errors(histories.get(f"{kind}-{layers}", [])) for layers in (20, 56))
    if not shallow or not deep:
        return ""
    interval = welch_interval(deep, shallow)
    if interval is not None:
        return change(asdict(interval))
    difference = mean_and_deviation(deep)[0] - mean_and_deviation(shallow)[0]
    return f"{signed_points(difference)} points (too few seeds for an interval)"
