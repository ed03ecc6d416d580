"""What the runs of finished trainings are to show: read from disk, before any store is asked."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from itertools import accumulate
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import yaml

from lookalike.artifacts.evaluations import load_metrics
from lookalike.artifacts.folders import read_json
from lookalike.artifacts.models import Description, Row, load_description, read_rows
from lookalike.params import Params
from lookalike.tracking.runs import Identity, Point, metric_name, milliseconds, origin_tags, row_points

DIGEST_LENGTH = 36  # the longest digest of a data set that MLflow takes
NOTE = "mlflow.note.content"  # the tag that the UI shows as the description
PARENT = "mlflow.parentRunId"

Json = dict[str, Any]
Inputs = dict[str, dict[str, str]]  # by context, "training" or "evaluation": the fields of MLflow's data set


@dataclass(frozen=True)
class Training:
    """The finished training of one variant, all seeds, as it lies on disk.

    Attributes:
        description, about: `model.json` and `run.json`.
        history, timings: a row an epoch and seed.
        scores: the evaluation's figures by seed; empty before the evaluation.
        figures: the folder of the variant's figures, which show its first seed that did not diverge.
        settings: the variant's parameters, and `budget`.
        tags: what all seeds share.
        note: what the variant is, in Markdown.
    """

    description: Description
    about: Json
    history: list[Row]
    timings: list[Row]
    scores: dict[int, Json]
    figures: Path
    settings: Json
    tags: dict[str, str]
    note: str

    def identity(self, seed: int | None) -> Identity:
        """That of the run of one seed; None means the run above all seeds."""
        return Identity(self.about["study"], self.about["variant"], seed, self.about["fingerprint"])


@dataclass(frozen=True)
class Record:
    """What one run is to show. Times in milliseconds; `figures` is None if it has none to show."""

    identity: Identity
    status: str
    started: int
    finished: int
    params: dict[str, str]
    tags: dict[str, str]
    curves: list[Point]
    results: dict[str, float]
    inputs: Inputs
    figures: Path | None

    @property
    def digest(self) -> str:
        """SHA-256 over all of it, the figures' bytes included."""
        sha = hashlib.sha256(json.dumps(asdict(self), default=str, sort_keys=True).encode())
        for path in sorted(self.figures.rglob("*")) if self.figures else []:
            sha.update(path.name.encode() + (path.read_bytes() if path.is_file() else b""))
        return sha.hexdigest()

    def below(self, parent: str) -> "Record":
        """The same, shown below the run with the id `parent`."""
        return replace(self, tags=self.tags | {PARENT: parent})


def trainings(params: Params, folder: Path) -> Iterator[Training]:
    """The finished trainings in `folder`, in the order of `params`; folders of other variants are left alone."""
    locked = lock_entries(folder / "dvc.lock")
    for name, variant in params.variants.items():
        model, run = (folder / kind / variant.study / name for kind in ("models", "runs"))
        if not (model / "model.json").exists() or not (run / "run.json").exists():
            continue
        about, evaluation = read_json(run / "run.json"), folder / "comparisons" / variant.study
        description = load_description(model)
        yield Training(
            description=description,
            about=about,
            history=read_rows(model / "history.csv"),
            timings=read_rows(run / "times.csv"),
            scores=scores_by_seed(evaluation, name),
            figures=evaluation / "figures" / name,
            settings=variant.model_dump(mode="json") | {"budget": params.budget(name).model_dump(mode="json")},
            tags=shared_tags(about, params) | stage_tags(f"train@{name}", locked),
            note=f"{describe_variant(description)}\n\n{describe_study(variant.study, params)}",
        )


def lock_entries(path: Path) -> Json:
    """The stages in `dvc.lock`; none if there is no such file."""
    if not path.exists():
        return {}
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C is ten times as fast
    stages: Json = yaml.load(path.read_text(encoding="utf-8"), loader)["stages"]
    return stages


def stage_tags(stage: str, locked: Json) -> dict[str, str]:
    """The DVC stage, and a hash of its entry in `dvc.lock` if it has one."""
    if stage not in locked:
        return {"dvc.stage": stage}
    entry = json.dumps(locked[stage], sort_keys=True).encode()
    return {"dvc.stage": stage, "dvc.lock": hashlib.sha256(entry).hexdigest()[:16]}


def describe_variant(description: Description) -> str:
    """What a variant is, in one sentence of Markdown."""
    return (
        f"`{description.model}` ({description.parameters:,} parameters), trained on {description.train_images:,} "
        f"images of `{description.dataset}`."
    )


def describe_study(study: str, params: Params) -> str:
    """What a study is, and where the report speaks of it, in Markdown."""
    return f"Study: {params.studies[study].title}. Report: `reports/{params.profile}/index.html#study-{study}`."


def shared_tags(about: Json, params: Params) -> dict[str, str]:
    """Where and how a variant was trained."""
    device = {"type" if name == "device" else name: str(value) for name, value in about["device"].items()}
    peak = about.get("peak_memory_bytes")
    return {
        **origin_tags(about),
        **{f"device.{name}": value for name, value in device.items()},
        **({"device.peak_memory_bytes": str(peak)} if peak is not None else {}),
        "lookalike.profile": params.profile,
        "lookalike.demonstration": str(params.active.demonstration).lower(),
    }


def scores_by_seed(evaluation: Path, variant: str) -> dict[int, Json]:
    """The evaluation's figures of each seed of `variant`; none before it was evaluated."""
    if not (evaluation / "metrics.json").exists():
        return {}
    _, details = load_metrics(evaluation)
    return {scores["seed"]: scores for scores in details.get(variant, {}).get("seeds", [])}


def records(training: Training) -> list[Record]:
    """What the runs of a training are to show: first the one above all seeds, then one for each seed."""
    summary, points, description = summarise(training), curves(training), training.description
    seeds = [
        replace(
            summary,
            identity=training.identity(ended.seed),
            status="FINISHED" if ended.diverged_in is None else "FAILED",
            tags=training.tags | {NOTE: f"Seed {ended.seed}. {training.note}"} | divergence_tags(ended.diverged_in),
            curves=points[ended.seed],
            results=results(training, ended.seed) | memory(training),
            figures=training.figures if is_drawn(ended.seed, training) else None,
        )
        for ended in description.seeds
    ]
    return [summary, *seeds]


def summarise(training: Training) -> Record:
    """What the run above those of all seeds is to show: mean and standard deviation over those that ended well."""
    finished, trained = training.description.finished_seeds, training.description.seeds
    summary = (
        f"Its figures are the mean and the sample standard deviation over {len(finished)} of {len(trained)} seeds."
    )
    return Record(
        identity=training.identity(None),
        status="FINISHED" if finished else "FAILED",
        started=milliseconds(training.about["started"]),
        finished=milliseconds(training.about["finished"]),
        params=run_params(training),
        tags=training.tags | {NOTE: f"{training.note}\n\n{summary}"},
        curves=[],
        results=over_seeds([results(training, seed) | speed(training, seed) for seed in finished]) | memory(training),
        inputs=describe_inputs(training),
        figures=None,
    )


def is_drawn(seed: int, training: Training) -> bool:
    """Whether there are figures of this seed: those of a variant show the first that did not diverge."""
    return training.description.finished_seeds[:1] == (seed,) and training.figures.exists()


def over_seeds(figures: Iterable[dict[str, float]]) -> dict[str, float]:
    """Mean and sample standard deviation of each figure over seeds; of one seed there is a mean alone."""
    values: dict[str, list[float]] = {}
    for of_seed in figures:
        for name, value in of_seed.items():
            values.setdefault(name, []).append(value)
    means = {f"{name}_mean": fmean(found) for name, found in values.items()}
    return means | {f"{name}_std": stdev(found) for name, found in values.items() if len(found) > 1}


def run_params(training: Training) -> dict[str, str]:
    """Settings, budget and architecture, flattened."""
    architecture = {name: value for name, value in asdict(training.description).items() if name != "seeds"}
    return flatten(training.settings | architecture)


def flatten(settings: Json, prefix: str = "") -> dict[str, str]:
    """`{"train": {"lr": 0.1}}` as `{"train.lr": "0.1"}`; what is None is left out."""
    flat: dict[str, str] = {}
    for name, value in settings.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{name}.")
        elif value is not None:
            flat[prefix + name] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return flat


def divergence_tags(epoch: int | None) -> dict[str, str]:
    """In which epoch a seed diverged."""
    return {} if epoch is None else {"lookalike.diverged_in": str(epoch)}


def curves(training: Training) -> dict[int, list[Point]]:
    """All points by seed. Their times are the training's start plus the seconds of all epochs up to theirs."""
    start, finish = (milliseconds(training.about[name]) for name in ("started", "finished"))
    elapsed = accumulate(row["seconds"] for row in training.timings)
    times = {
        (row["seed"], row["epoch"]): min(start + int(1000 * seconds), finish)
        for row, seconds in zip(training.timings, elapsed, strict=True)
    }
    points: dict[int, list[Point]] = {ended.seed: [] for ended in training.description.seeds}
    for row in training.history + training.timings:
        stamp = times.get((row["seed"], row["epoch"]), finish)
        points[int(row["seed"])] += row_points(row, stamp)
    return points


def results(training: Training, seed: int) -> dict[str, float]:
    """Figures under names of their own, since MLflow's table shows only the last value of a curve."""
    rows = [row for row in training.history if row["seed"] == seed]
    best = max(rows, key=lambda row: row["valid_accuracy"])
    scores = {name: value for name, value in training.scores.get(seed, {}).items() if name != "seed"}
    numbers = {f"test_{name}": float(value) for name, value in scores.items() if type(value) in (int, float)}
    numbers |= {
        "valid_final_accuracy": rows[-1]["valid_accuracy"],
        "valid_best_accuracy": best["valid_accuracy"],
        "valid_best_epoch": best["epoch"],
    }
    return {metric_name(name): value for name, value in numbers.items()}


def speed(training: Training, seed: int) -> dict[str, float]:
    """Training images per second, the mean over a seed's epochs."""
    of_seed = [row["images_per_second"] for row in training.timings if row["seed"] == seed]
    return {metric_name("images_per_second"): fmean(of_seed)}


def memory(training: Training) -> dict[str, float]:
    """The most memory in bytes that a GPU had given to the training; empty on a CPU."""
    peak = training.about.get("peak_memory_bytes")
    return {} if peak is None else {"resources/peak_memory_bytes": float(peak)}


def describe_inputs(training: Training) -> Inputs:
    """The data set that was trained on and, after the evaluation, its test images: both in the same folder."""
    description = training.description
    shared = {
        "digest": description.dataset_digest[:DIGEST_LENGTH],
        "source_type": "local",
        "source": json.dumps({"uri": f"data/{description.dataset}"}),
    }
    sizes = {"train_images": description.train_images, "valid_images": description.valid_images}
    inputs = {"training": shared | {"name": description.dataset, "profile": json.dumps(sizes)}}
    if training.scores:
        inputs["evaluation"] = shared | {"name": f"{description.dataset}-test"}
    return inputs
