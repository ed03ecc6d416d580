"""Artifacts in the shapes that the stages write, whose figures are made up; whatever is not given misleads."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from lookalike.artifacts.models import Epoch
from lookalike.claims.claim import Answer, Claim, Evidence, judge
from lookalike.embedding.agreement import Agreement
from lookalike.evaluation.pairs import Comparison, Differences
from lookalike.explain.faithfulness import MethodScore

Json = dict[str, Any]
Figures = dict[tuple[str, ...], Any]  # what it is and of whom -> the figure
MISLEADING = {"value": 99.0, "low": -98.0, "high": 100.0}  # stands wherever no claim should look
HALF = 0.001  # of the interval of an invented estimate
CONFUSION = [[6000, 1000], [500, 2500]]  # of ten thousand images


def estimate(value: float, low: float, high: float) -> Json:
    return {"value": value, "low": low, "high": high}


def about(value: float) -> Json:
    return estimate(value, value - HALF, value + HALF)


def misleading(kind: type) -> Json:
    """The figures of a dataclass that a stage writes."""
    return {field.name: dict(MISLEADING) for field in fields(kind)}


def comparison(first: str, second: str) -> Json:
    """What is known of two models."""

    def differences() -> Json:
        return misleading(Differences) | {"images": 7}

    calibrated = {name: differences() for name in ("both_wrong", "both_right_with_look_alikes")}
    plain = calibrated.keys() | {"both_right"}
    figures = misleading(Comparison) | {name: differences() for name in plain} | {"calibrated": calibrated}
    return {"first": first, "second": second, **figures}


def history(seed: int, train: Sequence[float], valid: Sequence[float], loss: Sequence[float]) -> list[Json]:
    """A row an epoch, from its training accuracy, validation accuracy and validation loss; all numbers, as read."""
    epochs = [
        asdict(Epoch(seed, epoch, 1e-3, train_loss=99.0, train_accuracy=a, valid_loss=c, valid_accuracy=b))
        for epoch, (a, b, c) in enumerate(zip(train, valid, loss, strict=True))
    ]
    return [{name: float(value) for name, value in row.items()} for row in epochs]


def ended(train: float, valid: float, unrest: float = 0.04) -> list[Json]:
    """Three seeds that end near these accuracies, the variance of whose validation loss is near `unrest`."""
    rows = []
    for seed in range(3):
        off, wobble = 0.0005 * (seed - 1), (unrest * 1.02 ** (seed - 1)) ** 0.5
        losses = (99.0, 2 - wobble, 2 + wobble, 2.0)  # the last three have this variance
        rows += history(seed, (0.99, 0.1, 0.5, train + off), (0.1, 0.99, 0.4, valid - off), losses)
    return rows


def reaching(*epochs: int) -> list[Json]:
    """A seed for each number of epochs that it takes to a training error of a quarter; it is lost again thereafter."""
    rows = []
    for seed, epoch in enumerate(epochs):
        train = [0.7] * (epoch - 1) + [0.8, 0.6]
        rows += history(seed, train, [0.99] * len(train), [1.0] * len(train))
    return rows


def evidence(figures: Figures) -> Evidence:
    """The evidence of a study in which these figures are known.

    Keys: ("accuracy", variant), ("pair", first, second), ("spoiled", first, second), ("curves", variant),
    ("gain", variant, method), ("agreement", variant, clustering, score) and ("narrowing", variant).
    """
    given = {kind: {key[1:]: figures[key] for key in figures if key[0] == kind} for kind in {key[0] for key in figures}}
    accuracies, pairs, curves, agreements, gains = (
        given.get(kind, {}) for kind in ("accuracy", "pair", "curves", "agreement", "gain")
    )
    metrics = {variant: summary(value) for (variant,), value in accuracies.items()}
    compared = [comparison(f"{first}-other", second) for first, second in pairs]
    compared += [comparison(*names) | {"accuracy_difference": about(value)} for names, value in pairs.items()]
    tested = {name for names in (*accuracies, *pairs) for name in names}
    embeddings: Json = {}
    for (variant, clustering, score), value in agreements.items():
        embeddings.setdefault(variant, embedding())["clusterings"][clustering]["labels"][score] = about(value)
    explanations: Json = {}
    for (variant, method), value in gains.items():
        explanations.setdefault(variant, faithful())["faithfulness"]["methods"][method]["over_centre"] = about(value)
    for (variant,), value in given.get("narrowing", {}).items():
        activity = explanations.setdefault(variant, faithful())["activity"]
        activity["trained"]["narrowing"] = None if value is None else about(value)
    spoiled = [
        {"first": first, "second": second, "overall": about(value)}
        for (first, second), value in given.get("spoiled", {}).items()
    ]
    return Evidence(
        metrics=metrics | {"other": summary(99.0)},
        look_alikes={"variants": {}, "confusions": dict.fromkeys(tested, CONFUSION), "pairs": compared},
        photos={"labelled": 0, "comparisons": []},
        explanations=explanations,
        embeddings=embeddings,
        histories={variant: rows for (variant,), rows in curves.items()} | {"other": ended(99, 0, 99)},
        robustness={"images": 1000, "pairs": spoiled} if spoiled else {},
    )


def summary(accuracy: float) -> Json:
    """What `metrics.json` says of a variant."""
    interval = {"accuracy_low": accuracy - HALF, "accuracy_high": accuracy + HALF}
    return {"seeds": 3, "diverged": 0, "accuracy_sd": 99.0, "nll": 99.0, "accuracy": accuracy, **interval}


def embedding() -> Json:
    """What is known of a variant's features."""
    names = ("mixture", "mixture_by_class", "k_means", "mixture_on_tsne")
    agreements = {name: {of: misleading(Agreement) for of in ("labels", "groups")} for name in names}
    return {"images": 5000, "clusterings": agreements}


def faithful() -> Json:
    """What is known of a variant's maps, as far as they were scored."""
    methods = {name: misleading(MethodScore) for name in ("CAM", "Grad-CAM", "HiResCAM")}
    controls = {name: methods["CAM"] | dict.fromkeys(("over_random", "over_centre")) for name in ("random", "centre")}
    activity = {state: {"images": 64, "layers": [], "narrowing": MISLEADING} for state in ("untrained", "trained")}
    return {"faithfulness": {"images": 100, "methods": methods | controls}, "heads": None, "activity": activity}


def answers(claims: Sequence[Claim], found: Evidence | None) -> dict[str, Answer]:
    """The answer to every test, by the names of claim and test."""
    judged = [judge(claim, found) for claim in claims]
    return {f"{one.claim.key} {part.test.key}".strip(): part for one in judged for part in one.answers}


def verdicts(claims: Sequence[Claim], found: Evidence | None) -> dict[str, str]:
    return {name: answer.verdict for name, answer in answers(claims, found).items()}
