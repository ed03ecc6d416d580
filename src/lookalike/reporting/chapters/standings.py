"""Leaderboard, costs and learning curves."""

from collections.abc import Sequence
from dataclasses import asdict

from lookalike.params import Params, Variant
from lookalike.reporting.chapters.found import Found
from lookalike.reporting.document import (
    Block,
    Column,
    Prose,
    Section,
    count,
    duration,
    millions,
    number,
    percent,
    section,
    tabulate,
    text,
)
from lookalike.reporting.figures import curves_figure
from lookalike.reporting.leaderboard import Standing

STANDINGS = (
    Column("variant", "variant", text),
    Column("test accuracy, %", "accuracy", percent),
    Column("± over seeds", "accuracy_sd", percent),
    Column("from", "accuracy_low", percent),
    Column("to", "accuracy_high", percent),
    Column("seeds", "seeds", count),
    Column("diverged", "diverged", count),
    Column("top-2, %", "top2_accuracy", percent),
    Column("NLL, nats", "nll", number),
    Column("Brier", "brier", number),
    Column("ECE, %", "ece", percent),
    Column("ECE at T, %", "calibrated_ece", percent),
    Column("T", "temperature", number),
)
COSTS = (
    Column("variant", "variant", text),
    Column("parameters", "parameters", count),
    Column("MACs an image", "macs", millions),
    Column("training images", "train_images", count),
    Column("epochs", "epochs", count),
    Column("training a seed", "training_seconds", duration),
    Column("images/s in training", "images_per_second", count),
    Column("cut by the profile", "cut", text),
)
CURVES = (
    Column("variant", "variant", text),
    Column("seed", "seed", count),
    Column("epoch", "epoch", count),
    Column("training loss, nats", "train_loss", number),
    Column("validation loss, nats", "valid_loss", number),
    Column("training accuracy, %", "train_accuracy", percent),
    Column("validation accuracy, %", "valid_accuracy", percent),
)


def leaderboard(studies: Sequence[Found]) -> Section:
    """Every variant of every study."""
    blocks: list[Block | None] = []
    for found in studies:
        title = found.params.studies[found.study].title
        cut = [row.variant for row in found.standings if curtailed(row, found.params)]
        blocks += [
            tabulate(f"Leaderboard: {title}", STANDINGS, map(asdict, found.standings)),
            Prose(
                f"**Not trained in full here**, by this profile's budget: {', '.join(cut)}. What is said of them, "
                "alone or in a pair, does not hold for a full training."
            )
            if cut
            else None,
        ]
    legend = (
        "Accuracy: mean over seeds, ± the standard deviation over seeds where there are several; from and to: "
        "Wilson's 95 % interval, of the sampling of test images. NLL: negative log-likelihood. ECE: expected "
        "calibration error in 15 bins, before and after the temperature T that was fitted on the validation images."
    )
    return section("leaderboard", "Leaderboard", *blocks, Prose(legend))


def training(found: Found) -> Section:
    """What the trainings cost, and how they went."""
    note = (
        "MACs: multiply-accumulates. Times were taken on the machines named under Provenance, which may have had other "
        "work to do."
    )
    costs = tabulate(
        "Cost", COSTS, (asdict(row) | {"cut": curtailed(row, found.params)} for row in found.standings), note
    )
    histories = found.evidence.histories
    rows = [
        {"variant": name, **row, "epoch": row["epoch"] + 1} for name, history in histories.items() for row in history
    ]
    words = (
        "Loss and accuracy by epoch, a line a seed. A training curve (dashed) is the running mean within the epoch, "
        "with dropout on, so that in the first epochs it is worse than the validation curve (solid).",
        f"Learning curves of every variant of {found.study}",
    )
    table = tabulate("Learning curves", CURVES, rows)
    curves = found.drawn(curves_figure(histories), "curves", words, list(histories), table)
    return section(f"{found.study}-training", "Training", curves, costs)


def curtailed(row: Standing, params: Params) -> str | None:
    """How the profile's budget has cut a variant's training, in words; None if it has not."""
    parts = []
    if epochs := cut_short(row, params.variants[row.variant]):
        parts.append(f"{epochs[0]} of {epochs[1]} epochs")
    if row.train_images == params.budget(row.variant).max_images:
        parts.append("images capped")
    return ", ".join(parts) or None


def cut_short(row: Standing, variant: Variant) -> tuple[int, int] | None:
    """Epochs run and epochs that the variant's settings ask for, if the profile's budget cut them."""
    return (row.epochs, variant.train.epochs) if row.epochs < variant.train.epochs and row.seeds else None
