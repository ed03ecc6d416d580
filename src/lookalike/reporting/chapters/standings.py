"""Leaderboard, costs and learning curves."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from statistics import fmean, variance

from lookalike.evaluation.calibration import COLDEST, HOTTEST
from lookalike.evaluation.histories import Figure, by_seed, gap, instability, trained_to
from lookalike.evaluation.histories import Rows as History
from lookalike.evaluation.statistics import mean_and_deviation
from lookalike.params import Params, Variant
from lookalike.reporting.chapters.found import Found, Words
from lookalike.reporting.document import (
    Block,
    Column,
    Fold,
    Illustration,
    Json,
    Prose,
    Section,
    Table,
    count,
    duration,
    estimate,
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
from lookalike.reporting.figures import curves_figure
from lookalike.reporting.leaderboard import Standing


def fitted(temperature: Mapping[str, float | None]) -> str:
    """A mean temperature, and how many seeds' temperatures lie at a bound of the search, if any does."""
    seeds = temperature["at_bound"]
    return number(temperature["value"]) + (f" ({count(seeds)} at the bound)" if seeds else "")


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
    Column("ECE, %", "ece", estimate(100, 2)),
    Column("ECE at T, %", "calibrated_ece", percent),
    Column("T", "temperature", fitted),
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


ENDS = (
    Column("variant", "variant", text),
    *(
        column
        for title, name in (
            ("training accuracy, %", "train_accuracy"),
            ("validation accuracy, %", "valid_accuracy"),
            ("gap, points", "gap"),
            ("best epoch", "best"),
        )
        for column in (
            Column(title, f"{name}.mean", count if name == "best" else percent),
            Column("± over seeds", f"{name}.sd", number if name == "best" else percent),
        )
    ),
    Column("test accuracy, %", "accuracy", percent),
    Column("variance of the validation loss about its trend", "instability", significant),
    Column("over seeds", "between", significant),
)
ENDED = (
    "In the last epoch, mean over seeds that did not diverge, ± their standard deviation. Training accuracy is "
    "the running mean within the epoch, in training mode; gap: training minus validation. Best epoch: that of the "
    "highest validation accuracy. Variance over epochs: of those after the first, mean over seeds; over seeds: of the "
    "last epoch. In square nats."
)
VIEWS = (
    Column("variant", "variant", text),
    Column("one view, %", "one", shares),
    Column("ten views, %", "ten", shares),
    Column("ten minus one, points", "difference", points),
)
CHANGES: Words = (
    "What the training of {variant} sees: an image of each of some classes, and six draws of its augmentation.",
    "Training images beside six random changes of each, as in the training of {variant}",
)


def leaderboard(studies: Sequence[Found]) -> Section:
    """Every variant of every study."""
    blocks: list[Block | None] = []
    for found in studies:
        title = found.params.studies[found.study].title
        cut = [row.variant for row in found.standings if curtailed(row, found.params)]
        idle = [row.variant for row in found.standings if does_not_train(row, found.chance)]
        blocks += [
            tabulate(f"Leaderboard: {title}", STANDINGS, map(on_board, found.standings)),
            Prose(
                f"**Not in full here**, by this profile's budget: {', '.join(cut)}; the tables of costs say what was "
                "cut. What is said of them, alone or in a pair, does not hold for a full training of the full network."
            )
            if cut
            else None,
            Prose(
                f"**Does not train**: {', '.join(idle)}. Its accuracy is not above chance, which is "
                f"{percent(found.chance)} % for one class given to every test image."
            )
            if idle
            else None,
        ]
    legend = (
        "Accuracy: mean over seeds, ± the standard deviation over seeds where there are several; from and to: "
        "the 95 % interval over seeds and test images; a variant with fewer than three seeds has the seed-to-seed "
        "deviation of its study's variants with three or more, if there are any. NLL: negative log-likelihood. ECE: "
        "expected calibration error in 15 bins, mean over seeds, before and after the temperature T that was fitted "
        "on the validation images. The interval of the ECE before T is a 95 % basic bootstrap interval over test "
        f"images. T is the geometric mean over seeds. It was searched between {COLDEST:g} and {HOTTEST:g}; the table "
        "says how many seeds end at one of these bounds, where T is a limit and not an optimum."
    )
    return section("leaderboard", "Leaderboard", *blocks, Prose(legend))


def on_board(row: Standing) -> Json:
    """A row of `STANDINGS`."""
    error = None if row.ece is None else {"value": row.ece, "low": row.ece_low, "high": row.ece_high}
    temperature = {"value": row.temperature, "at_bound": row.temperature_at_bound}
    return asdict(row) | {"ece": error, "temperature": temperature}


def training(found: Found) -> Section:
    """What the trainings cost, and how they went."""
    note = (
        "MACs: multiply-accumulates. Times were taken on the machines named under Provenance, which may have had other "
        "work to do."
    )
    costs = tabulate(
        "Cost", COSTS, (asdict(row) | {"cut": curtailed(row, found.params)} for row in found.standings), note
    )
    ends_of = partial(ended, found.figures.histories)
    ends = tabulate("How the training runs ended", ENDS, map(ends_of, found.standings), ENDED)
    curves = (learning_curves(found, models) for models in drawn_together(found.settings))
    return section(f"{found.study}-training", "Training", *curves, ends, views(found), costs, changes(found))


def views(found: Found) -> Table | None:
    """What ten views of each test image give; None if no variant was tested so."""
    rows = [{"variant": name, **one["views"]} for name, one in found.details.items() if "views" in one]
    note = (
        "Ten: the mean of the probabilities of the image cut from the four corners and the middle of a frame as in "
        "training, and mirrored. Means over seeds, 95 % bootstrap intervals over images."
    )
    return tabulate("Test accuracy from one view and from ten", VIEWS, rows, note) if rows else None


def drawn_together(settings: Mapping[str, Variant]) -> list[list[str]]:
    """The models whose learning curves share a figure: one that has several variants is alone, the others together."""
    groups: dict[str, list[str]] = {}
    for model, variants in Counter(variant.model for variant in settings.values()).items():
        groups.setdefault(model if variants > 1 else "", []).append(model)
    return [*groups.values()]


def learning_curves(found: Found, models: list[str]) -> Illustration | None:
    """The curves of all variants of these models."""
    histories = {name: rows for name, rows in found.figures.histories.items() if found.settings[name].model in models}
    named = f"model{'s' * (len(models) > 1)} {', '.join(models)}"
    rows = [
        {"variant": name, **row, "epoch": row["epoch"] + 1} for name, history in histories.items() for row in history
    ]
    words = (
        f"Loss, accuracy and gap by epoch of the variants with the {named}, a line a seed. A training curve "
        "(dashed) is the running mean within the epoch, with dropout on, so that in the first epochs it is worse than "
        "the validation curve (solid). Gap: training minus validation accuracy, mean over seeds.",
        f"Learning curves of the variants of {found.study} with the {named}",
    )
    table = tabulate(f"Learning curves of the {named}", CURVES, rows)
    return found.drawn(curves_figure(histories), f"curves-{models[0]}", words, list(histories), table)


def ended(histories: Mapping[str, History], row: Standing) -> Json:
    """How a variant's trainings ended."""
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


def changes(found: Found) -> Fold | None:
    """What augmentations do to images; None if no variant has one."""
    folder = found.root / "comparisons" / found.study / "figures"
    drawn = []
    for name in found.settings:
        settings = augmented(found.settings[name])
        alike = [one for one, variant in found.settings.items() if augmented(variant) == settings]
        caption, alt = (part.format(variant=", ".join(alike)) for part in CHANGES)
        path = folder / name / "augmentation.png"
        table = changes_of(found.settings[name])
        picture = found.loaded(path, f"{name}-augmentation", (caption, alt), "compare", alike, table)
        drawn += [picture] if picture else []
    return Fold("What augmentations do to images", tuple(drawn)) if drawn else None


def augmented(variant: Variant) -> Json:
    """The settings of a variant's augmentation, without what is left out."""
    settings = variant.train.augmentation
    return settings.model_dump(exclude_none=True) if settings else {}


def changes_of(variant: Variant) -> Table:
    """The settings of an augmentation, one a row."""
    given = augmented(variant)
    parts = {kind: part if isinstance(part, dict) else {kind: part} for kind, part in given.items()}
    rows = [{"kind": kind, "key": key, "value": value} for kind, part in parts.items() for key, value in part.items()]
    columns = (Column("change", "kind", text), Column("setting", "key", text), Column("value", "value", text))
    return tabulate("Augmentation", columns, rows)


def does_not_train(row: Standing, chance: float) -> bool:
    """Whether a variant's accuracy is not above chance: its interval does not lie above it."""
    return row.accuracy_low is not None and row.accuracy_low <= chance


def curtailed(row: Standing, params: Params) -> str | None:
    """How the profile's budget has cut a variant's training or its network, in words; None if it has not."""
    budget, parts = params.budget(row.variant), []
    if epochs := cut_short(row, params):
        parts.append(f"{epochs[0]} of {epochs[1]} epochs")
    if row.train_images == budget.max_images:
        parts.append("images capped")
    if budget.max_channels:
        parts.append(f"layers of at most {budget.max_channels} channels")
    if budget.size:
        parts.append(f"a {budget.size} network of the family")
    return ", ".join(parts) or None


def cut_short(row: Standing, params: Params) -> tuple[int, int] | None:
    """Epochs run and epochs that the variant's settings ask for, if the profile's budget cut them.

    A training that its error ends, and not the budget, has run for as long as it was to.
    """
    training = params.variants[row.variant].train
    most = params.budget(row.variant).max_epochs or training.epochs
    ended = training.stop_at_error is not None and row.epochs < most
    return (row.epochs, training.epochs) if row.epochs < training.epochs and row.seeds and not ended else None
