"""Learning curves, and what training runs cost."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from statistics import fmean, variance

from lookalike.evaluation.histories import Figure, by_seed, gap, instability, trained_to
from lookalike.evaluation.histories import Rows as History
from lookalike.evaluation.statistics import mean_and_deviation
from lookalike.params import Params, Variant
from lookalike.reporting.chapters.augmentations import augmentations
from lookalike.reporting.chapters.found import Found, main
from lookalike.reporting.chapters.sentences import NOTHING, listed, subjects
from lookalike.reporting.document import (
    Column,
    Fold,
    Illustration,
    Json,
    Section,
    Table,
    Words,
    count,
    duration,
    known,
    millions,
    number,
    percent,
    points,
    section,
    shares,
    significant,
    tabulate,
    text,
)
from lookalike.reporting.figures.training import curves_figure
from lookalike.reporting.leaderboard import Standing

COSTS = (
    Column("variant", "variant", text),
    Column("parameters", "parameters", count, "low"),
    Column("MACs per image", "macs", millions, "low"),
    Column("training images", "train_images", count),
    Column("epochs", "epochs", count),
    Column("training per seed", "training_seconds", duration, "low"),
    Column("images/s in training", "images_per_second", count, "high"),
    Column("reduced by the profile", "cut", text),
)
COSTS_NOTE = (
    "MACs: multiply-accumulates. Times were taken on the machines named under Provenance, which may have had other "
    "work to do."
)
CURVES = (
    Column("variant", "variant", text),
    Column("seed", "seed", count),
    Column("epoch", "epoch", count),
    Column("training loss, nats", "train_loss", number, "low"),
    Column("validation loss, nats", "valid_loss", number, "low"),
    Column("training accuracy, %", "train_accuracy", percent, "high"),
    Column("validation accuracy, %", "valid_accuracy", percent, "high"),
)
ENDS = (
    Column("variant", "variant", text),
    Column("training accuracy, %", "train_accuracy.mean", percent, "high"),
    Column("± over seeds", "train_accuracy.sd", percent, extra=True),
    Column("validation accuracy, %", "valid_accuracy.mean", percent, "high"),
    Column("± over seeds", "valid_accuracy.sd", percent),
    Column("gap, points", "gap.mean", percent),
    Column("± over seeds", "gap.sd", percent),
    Column("best epoch", "best.mean", count),
    Column("± over seeds", "best.sd", number, extra=True),
    Column("test accuracy, %", "accuracy", percent, "high"),
    Column("instability of the validation loss, nats²", "instability", significant, "low"),
    Column("its variance over seeds, nats²", "between", significant, extra=True),
)
ENDS_NOTE = (
    "In the last epoch, mean over seeds that did not diverge, ± their standard deviation. Best epoch: that of the "
    "highest validation accuracy. Instability: the variance of the validation loss about its trend over the epochs "
    "after the first, mean over seeds. Its variance over seeds is that of the last epoch."
)
VIEWS = (
    Column("variant", "variant", text),
    Column("one view, %", "one", shares, "high"),
    Column("ten views, %", "ten", shares, "high"),
    Column("ten minus one, points", "difference", points, "high"),
)
HOW = "One line per seed: solid is validation, dashed is training. The gap is training minus validation accuracy."
MOST_EPOCHS = 12  # of a training run, in tables
METHOD = (
    "A training curve is the running mean within the epoch, in training mode with dropout, so that in the first epochs "
    "it is worse than the validation curve. The gap is the mean over seeds; ±: their standard deviation."
)
signed = known(lambda share: f"{100 * share:+z.1f}")


def training(found: Found) -> Section:
    """How the training runs went, and what they cost."""
    histories = found.figures.histories
    shown = {name: histories[name] for name in subjects(found, histories)}
    finding = gaps(shown) if shown else NOTHING
    first = drawn(found, "curves", shown, Words(finding, HOW, alt(shown), METHOD)) if shown else None
    others = [by_model(found, models, shown) for models in drawn_together(found.settings)]
    ends = tabulate("Ends of the training runs", ENDS, map(partial(ended, histories), found.standings), ENDS_NOTE)
    costs = ({**asdict(row), "cut": reductions_of(row, found.params)} for row in found.standings)
    more = views(found)
    numbers = (ends, *([more] if more else []), tabulate("Cost", COSTS, costs, COSTS_NOTE))
    return section(
        f"{found.study}-training",
        "Training",
        main(first),
        *others,
        Fold("Numbers of every variant", numbers),
        augmentations(found),
        finding=finding,
    )


def drawn(found: Found, name: str, histories: Mapping[str, History], words: Words) -> Illustration | None:
    """The learning curves of some variants."""
    rows = [
        {"variant": name, **row, "epoch": row["epoch"] + 1}
        for name, history in histories.items()
        for row in thinned(history)
    ]
    figure = curves_figure({name: list(rows) for name, rows in histories.items()}, looks=found.looks)
    table = tabulate("Epoch by epoch", CURVES, rows, f"Of more than {MOST_EPOCHS} epochs every so many, and the last.")
    return found.drawn(figure, name, words, list(histories), table)


def thinned(history: History) -> list[Mapping[str, float]]:
    """The rows of at most `MOST_EPOCHS` epochs, evenly spread, and of the last."""
    last = int(max(row["epoch"] for row in history))
    step = last // MOST_EPOCHS + 1
    return [row for row in history if row["epoch"] % step == 0 or row["epoch"] == last]


def by_model(found: Found, models: list[str], shown: Mapping[str, History]) -> Illustration | None:
    """The learning curves of those variants of these models that are above chance; None if all of them are shown."""
    histories = {name: found.figures.histories[name] for name in found.learnt if found.settings[name].model in models}
    if histories.keys() <= shown.keys():
        return None
    return drawn(found, f"curves-{models[0]}", histories, Words(range_of_gaps(histories), HOW, alt(histories)))


def drawn_together(settings: Mapping[str, Variant]) -> list[list[str]]:
    """The models whose learning curves share a figure: one that has several variants is alone, the others together."""
    groups: dict[str, list[str]] = {}
    for model, variants in Counter(variant.model for variant in settings.values()).items():
        groups.setdefault(model if variants > 1 else "", []).append(model)
    return [*groups.values()]


def alt(histories: Mapping[str, History]) -> str:
    """Learning curves in words."""
    return f"Loss, accuracy and their gap by epoch of {listed([*histories])}"


def gaps(histories: Mapping[str, History]) -> str:
    """How far training and validation accuracy drift apart, by variant."""
    once = [name for name, rows in histories.items() if max(row["epoch"] for row in rows) == 0]
    more = [
        f"from {first_gap(rows)} to {last_gap(rows)} for {name}" for name, rows in histories.items() if name not in once
    ]
    parts = [f"from the first to the last epoch training minus validation accuracy goes {listed(more)}"] if more else []
    short = [f"{last_gap(histories[name])} for {name}" for name in once]
    parts += [f"after one epoch training minus validation accuracy is {listed(short)}"] if short else []
    said = "; ".join(parts)
    return f"{said[0].upper()}{said[1:]}."


def first_gap(rows: History) -> str:
    """The gap in the first epoch, mean over seeds that did not diverge."""
    return signed(fmean(by_seed(rows, lambda one: gap(one[:1]))))


def last_gap(rows: History) -> str:
    """The gap in the last epoch, mean over seeds that did not diverge and their deviation."""
    mean, deviation = mean_and_deviation(by_seed(rows, gap))
    return f"{signed(mean)}{'' if deviation is None else f' ± {100 * deviation:.1f}'} points"


def range_of_gaps(histories: Mapping[str, History]) -> str:
    """The smallest and the largest gap of the last epoch."""
    if len(histories) == 1:
        return gaps(histories)
    ends = {name: fmean(by_seed(rows, gap)) for name, rows in histories.items()}
    least, most = min(ends, key=ends.__getitem__), max(ends, key=ends.__getitem__)
    return (
        f"In the last epoch training minus validation accuracy lies between {signed(ends[least])} points ({least}) and "
        f"{signed(ends[most])} points ({most})."
    )


def views(found: Found) -> Table | None:
    """The accuracy with ten views of each test image; None if no variant was tested so."""
    rows = [{"variant": name, **one["views"]} for name, one in found.details.items() if "views" in one]
    note = (
        "Ten: the mean of the probabilities of the image cut from the four corners and the middle of a frame as in "
        "training, and mirrored. Means over seeds, 95 % bootstrap intervals over images."
    )
    return tabulate("Test accuracy with one view and with ten", VIEWS, rows, note) if rows else None


def ended(histories: Mapping[str, History], row: Standing) -> Json:
    """How a variant's training runs ended."""
    rows = histories[row.variant]
    figures: dict[str, Figure] = {
        "train_accuracy": trained_to,
        "valid_accuracy": lambda one: one[-1]["valid_accuracy"],
        "gap": gap,
        "best": best_epoch,
    }
    found: Json = {}
    for name, figure in figures.items():
        values = by_seed(rows, figure)
        mean, sd = mean_and_deviation(values) if values else (None, None)
        found[name] = {"mean": mean, "sd": sd}
    variances = by_seed(rows, instability)
    losses = by_seed(rows, lambda one: one[-1]["valid_loss"])
    return found | {
        "variant": row.variant,
        "accuracy": row.accuracy,
        "instability": fmean(variances) if variances else None,
        "between": variance(losses) if len(losses) > 1 else None,
    }


def best_epoch(rows: History) -> float:
    """The epoch of the highest validation accuracy, counted from 1."""
    return max(range(len(rows)), key=lambda k: rows[k]["valid_accuracy"]) + 1.0


def reductions_of(row: Standing, params: Params) -> str | None:
    """How the profile's budget has reduced a variant's training or its network, in words; None if it has not."""
    budget, parts = params.budget(row.variant), []
    if epochs := cut_short(row, params):
        parts.append(f"{epochs[0]} of {epochs[1]} epochs")
    if row.train_images == budget.max_images:
        parts.append("fewer images")
    if budget.max_channels:
        parts.append(f"layers of at most {budget.max_channels} channels")
    if budget.size:
        parts.append(f"a {budget.size} network of the family")
    return ", ".join(parts) or None


def cut_short(row: Standing, params: Params) -> tuple[int, int] | None:
    """Epochs run and epochs that the variant's settings ask for, if the profile's budget cut them.

    A training run that its error ends, and not the budget, has run for as long as it was to.
    """
    training = params.variants[row.variant].train
    most = params.budget(row.variant).max_epochs or training.epochs
    ended = training.stop_at_error is not None and row.epochs < most
    return (row.epochs, training.epochs) if row.epochs < training.epochs and row.seeds and not ended else None
