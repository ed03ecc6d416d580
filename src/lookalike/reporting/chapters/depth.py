"""Training error by depth, with and without shortcuts: He et al., CVPR 2016, figure 6."""

from dataclasses import asdict
from statistics import fmean

from lookalike.artifacts.models import read_rows
from lookalike.evaluation.histories import finished_rows
from lookalike.evaluation.statistics import welch_interval
from lookalike.reporting.chapters.sentences import difference_text, listed, signed_points
from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.chapters.training_rows import error_table, mean_and_sd, over_seeds
from lookalike.reporting.document import Illustration, Json, Section, Words, section
from lookalike.reporting.figures.costs import depth_training_figure
from lookalike.reporting.figures.training import Rows
from lookalike.reporting.forms import count, percent, text
from lookalike.reporting.tables import Column, tabulate

# By the variant: whether it has shortcuts, and its layers with weights.
NETWORKS = {
    "plain-20": (False, 20),
    "plain-56": (False, 56),
    "residual-20": (True, 20),
    "residual-56": (True, 56),
}
ENDS = (
    Column("variant", "variant", text),
    Column("layers", "layers", count),
    Column("seeds", "seeds", count),
    Column("epochs", "epochs", count),
    *over_seeds("training error, %", "train", percent, "low"),
    *over_seeds("validation error, %", "valid", percent, "low"),
)
HOW = "Plain networks are at the left, residual ones at the right; two depths, one line per seed."
METHOD = (
    "Training error: the share of wrong answers within an epoch, in training mode. After 64,000 steps He et al. (2016) "
    "found a larger training error of the plain network of 56 layers than of that of 20, and a smaller one of the "
    "residual; a shorter training run need not show either. Intervals: 95 %, Welch, over seeds."
)
ENDS_NOTE = "Of the last epoch: mean over seeds that did not diverge, ± their standard deviation."


def depth_section(anchor: str, study: StudyResults) -> Section:
    """Training error by depth of the variants of `NETWORKS`, whichever study they are in."""
    variants = study.params.variants
    paths = {
        name: study.root / "models" / variants[name].study / name / "history.csv"
        for name in NETWORKS
        if name in variants
    }
    histories = {name: read_rows(path) for name, path in paths.items() if path.exists()}
    picture = depth_curves(study, histories) if histories else None
    return section(anchor, "Skip connections: depth", picture, finding=depth_sentence(histories))


def depth_curves(study: StudyResults, histories: dict[str, Rows]) -> Illustration | None:
    rows = [depth_row(*one) for one in histories.items()]
    ends = tabulate("Ends of the training runs", ENDS, rows, ENDS_NOTE)
    words = Words(depth_sentence(histories), HOW, f"Training error by epoch of {listed([*histories])}", METHOD)
    figure = depth_training_figure(histories, {name: NETWORKS[name] for name in histories})
    return study.drawn_figure(figure, "depth", words, histories, ends, error_table(histories))


def last_errors(history: Rows, part: str = "train") -> list[float]:
    return [1 - rows[-1][f"{part}_accuracy"] for rows in finished_rows(history)]


def depth_row(variant: str, history: Rows) -> Json:
    """The errors of a variant in the last epoch, with its depth, seeds and epochs."""
    return {
        "variant": variant,
        "layers": NETWORKS[variant][1],
        "seeds": len(finished_rows(history)),
        "epochs": max(row["epoch"] for row in history) + 1,
        **{part: mean_and_sd(last_errors(history, part)) for part in ("train", "valid")},
    }


def depth_sentence(histories: dict[str, Rows]) -> str:
    """The change of the training error with more layers, without and with shortcuts, as far as seeds can tell."""
    kinds = {"without shortcuts": "plain", "with shortcuts": "residual"}
    known = [f"{change} {words}" for words, kind in kinds.items() if (change := depth_change(kind, histories))]
    if not known:
        return "No pair of networks of 20 and of 56 layers was trained in this run."
    return f"From 20 to 56 layers the training error of the last epoch changes by {listed(known)}."


def depth_change(kind: str, histories: dict[str, Rows]) -> str:
    """The difference of the training errors at both depths of one kind, in words; empty if it is not known."""
    shallow, deep = (last_errors(histories.get(f"{kind}-{layers}", [])) for layers in (20, 56))
    if not shallow or not deep:
        return ""
    interval = welch_interval(deep, shallow)
    if interval is not None:
        return difference_text(asdict(interval))
    return f"{signed_points(fmean(deep) - fmean(shallow))} points (too few seeds for an interval)"
