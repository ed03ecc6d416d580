"""Learning curves, and what training runs cost."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from statistics import fmean, variance

from lookalike.evaluation.histories import Rows as History
from lookalike.evaluation.histories import SeedFigure, accuracy_gap, figure_by_seed, instability, trained_to
from lookalike.evaluation.statistics import mean_and_deviation
from lookalike.params import Params, Variant
from lookalike.reporting.chapters.augmentations import augmentations_fold
from lookalike.reporting.chapters.sentences import NOTHING, capitalised, finding_variants, listed, signed_points
from lookalike.reporting.chapters.study_results import StudyResults, on_first_page
from lookalike.reporting.chapters.training_rows import mean_and_sd, over_seeds
from lookalike.reporting.document import Illustration, Json, Section, Table, Words, fold, section
from lookalike.reporting.figures.training import training_curves_figure
from lookalike.reporting.forms import count, duration, millions, number, percent, points, shares, significant, text
from lookalike.reporting.leaderboard import Standing
from lookalike.reporting.tables import Column, tabulate

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
    *over_seeds("training accuracy, %", "train_accuracy", percent, "high", extra=True),
    *over_seeds("validation accuracy, %", "valid_accuracy", percent, "high"),
    *over_seeds("gap, points", "gap", percent),
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


def training_chapter(study: StudyResults) -> Section:
    """The learning curves, and what the training runs cost."""
    histories = study.measurements.histories
    shown = {name: histories[name] for name in finding_variants(study, histories)}
    finding = gap_sentence(shown) if shown else NOTHING
    rows = [last_epoch_row(row, histories[row.variant]) for row in study.standings]
    costs = ({**asdict(row), "cut": reductions_of(row, study.params)} for row in study.standings)
    return section(
        f"{study.name}-training",
        "Training",
        on_first_page(learning_curves(study, "curves", shown, finding, METHOD)) if shown else None,
        *(model_curves(study, models, shown) for models in model_groups(study.settings)),
        fold(
            "Numbers of every variant",
            tabulate("Ends of the training runs", ENDS, rows, ENDS_NOTE),
            views_table(study),
            tabulate("Cost", COSTS, costs, COSTS_NOTE),
        ),
        augmentations_fold(study),
        finding=finding,
    )


def learning_curves(
    study: StudyResults, name: str, histories: Mapping[str, History], finding: str, method: str = ""
) -> Illustration | None:
    rows = [
        {"variant": name, **row, "epoch": row["epoch"] + 1}
        for name, history in histories.items()
        for row in thinned_epochs(history)
    ]
    words = Words(finding, HOW, f"Loss, accuracy and their gap by epoch of {listed([*histories])}", method)
    figure = training_curves_figure({name: list(rows) for name, rows in histories.items()}, looks=study.looks)
    table = tabulate("Epoch by epoch", CURVES, rows, f"Of more than {MOST_EPOCHS} epochs every so many, and the last.")
    return study.drawn_figure(figure, name, words, histories, table)


def thinned_epochs(history: History) -> list[Mapping[str, float]]:
    """The rows of at most `MOST_EPOCHS` epochs, evenly spread, and of the last."""
    last = int(max(row["epoch"] for row in history))
    step = last // MOST_EPOCHS + 1
    return [row for row in history if row["epoch"] % step == 0 or row["epoch"] == last]


def model_curves(study: StudyResults, models: list[str], shown: Mapping[str, History]) -> Illustration | None:
    """The learning curves of those variants of these models that are above chance; None if all of them are shown."""
    histories = {
        name: study.measurements.histories[name] for name in study.learnt if study.settings[name].model in models
    }
    if histories.keys() <= shown.keys():
        return None
    return learning_curves(study, f"curves-{models[0]}", histories, gap_range_sentence(histories))


def model_groups(settings: Mapping[str, Variant]) -> list[list[str]]:
    """The models whose learning curves share a figure: one that has several variants is alone, the others together."""
    groups: dict[str, list[str]] = {}
    for model, variants in Counter(variant.model for variant in settings.values()).items():
        groups.setdefault(model if variants > 1 else "", []).append(model)
    return [*groups.values()]


def gap_sentence(histories: Mapping[str, History]) -> str:
    """The gap of training and validation accuracy in the first and last epoch, by variant."""
    goes, is_once = [], []
    for name, rows in histories.items():
        mean, deviation = mean_and_deviation(figure_by_seed(rows, accuracy_gap))
        last = f"{signed_points(mean)}{'' if deviation is None else f' ± {100 * deviation:.1f}'} points"
        if max(row["epoch"] for row in rows):
            first = signed_points(fmean(figure_by_seed(rows, lambda one: accuracy_gap(one[:1]))))
            goes.append(f"from {first} to {last} for {name}")
        else:
            is_once.append(f"{last} for {name}")
    parts = [f"from the first to the last epoch training minus validation accuracy goes {listed(goes)}"] if goes else []
    parts += [f"after one epoch training minus validation accuracy is {listed(is_once)}"] if is_once else []
    return f"{capitalised('; '.join(parts))}."


def gap_range_sentence(histories: Mapping[str, History]) -> str:
    """The smallest and the largest gap of the last epoch."""
    if len(histories) == 1:
        return gap_sentence(histories)
    gaps = {name: fmean(figure_by_seed(rows, accuracy_gap)) for name, rows in histories.items()}
    least, most = min(gaps, key=gaps.__getitem__), max(gaps, key=gaps.__getitem__)
    return (
        f"In the last epoch training minus validation accuracy lies between {signed_points(gaps[least])} points "
        f"({least}) and {signed_points(gaps[most])} points ({most})."
    )


def views_table(study: StudyResults) -> Table | None:
    """The accuracy with ten views of each test image; None if no variant was tested so."""
    rows = [{"variant": name, **one["views"]} for name, one in study.details.items() if "views" in one]
    note = (
        "Ten: the mean of the probabilities of the image cut from the four corners and the middle of a frame as in "
        "training, and mirrored. Means over seeds, 95 % bootstrap intervals over images."
    )
    return tabulate("Test accuracy with one view and with ten", VIEWS, rows, note) if rows else None


def last_epoch_row(row: Standing, history: History) -> Json:
    """The results of a variant at the end of its training runs."""
    figures: dict[str, SeedFigure] = {
        "train_accuracy": trained_to,
        "valid_accuracy": lambda one: one[-1]["valid_accuracy"],
        "gap": accuracy_gap,
        "best": best_epoch,
    }
    variances, losses = figure_by_seed(history, instability), figure_by_seed(history, lambda one: one[-1]["valid_loss"])
    return {
        "variant": row.variant,
        "accuracy": row.accuracy,
        "instability": fmean(variances) if variances else None,
        "between": variance(losses) if len(losses) > 1 else None,
        **{name: mean_and_sd(figure_by_seed(history, figure)) for name, figure in figures.items()},
    }


def best_epoch(rows: History) -> float:
    """The epoch of the highest validation accuracy, counted from 1."""
    return max(range(len(rows)), key=lambda k: rows[k]["valid_accuracy"]) + 1.0


def reductions_of(row: Standing, params: Params) -> str | None:
    """How the profile's budget has reduced a variant's training or its network, in words; None if it has not."""
    budget, parts = params.budget(row.variant), []
    if epochs := epochs_cut(row, params):
        parts.append(f"{epochs[0]} of {epochs[1]} epochs")
    if row.train_images == budget.max_images:
        parts.append("fewer images")
    if budget.max_channels:
        parts.append(f"layers of at most {budget.max_channels} channels")
    if budget.size:
        parts.append(f"a {budget.size} network of the family")
    return ", ".join(parts) or None


def epochs_cut(row: Standing, params: Params) -> tuple[int, int] | None:
    """Epochs run and epochs that the variant's settings ask for, if the profile's budget cut them.

    A training run that its error ends, and not the budget, has run for as long as it was to.
    """
    training = params.variants[row.variant].train
    most = params.budget(row.variant).max_epochs or training.epochs
    ended = training.stop_at_error is not None and row.epochs < most
    return (row.epochs, training.epochs) if row.epochs < training.epochs and row.seeds and not ended else None
