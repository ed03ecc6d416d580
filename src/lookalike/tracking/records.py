"""The content of MLflow's runs of trained variants, read from disk before any store is opened."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import accumulate
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from lookalike.artifacts.comparisons import load_metrics
from lookalike.artifacts.dvc_lock import read_lock
from lookalike.artifacts.fingerprint import sha_256
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
class FinishedVariant:
    """A trained variant with all its seeds, as it is on disk.

    Attributes:
        description, about: `model.json` and `run.json`.
        history, timings: one row per epoch and seed.
        scores: the evaluation's numbers by seed; empty before the evaluation.
        figures: the folder of the variant's figures, which show its first seed that did not diverge.
        settings: the variant's parameters, and `budget`.
        tags: those that the runs of all seeds have.
        note: a description of the variant in Markdown.
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
        """The identity of the run of one seed; None means the run above all seeds."""
        return Identity(self.about["study"], self.about["variant"], seed, self.about["fingerprint"])


@dataclass(frozen=True)
class RunRecord:
    """The content of one run. Times in milliseconds; `figures` is the folder of its figures, None if it has none."""

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
        """SHA-256 over everything, the figures' bytes included."""
        sha = hashlib.sha256(json.dumps(asdict(self), default=str, sort_keys=True).encode())
        for path in sorted(self.figures.rglob("*")) if self.figures else []:
            sha.update(path.name.encode() + (path.read_bytes() if path.is_file() else b""))
        return sha.hexdigest()

    def below(self, parent: str) -> "RunRecord":
        """The same, shown below the run with the id `parent`."""
        return replace(self, tags=self.tags | {PARENT: parent})


def finished_variants(params: Params, folder: Path) -> Iterator[FinishedVariant]:
    """The trained variants in `folder`, in the order of `params`; folders of other variants are skipped."""
    locked = lock_digests(folder / "dvc.lock")
    for name, variant in params.variants.items():
        model, run = (folder / kind / variant.study / name for kind in ("models", "runs"))
        if not (model / "model.json").exists() or not (run / "run.json").exists():
            continue
        about, evaluation = read_json(run / "run.json"), folder / "comparisons" / variant.study
        description, stage = load_description(model), f"train@{name}"
        lock = {"dvc.lock": locked[stage]} if stage in locked else {}
        note = (
            f"`{description.model}` ({description.parameters:,} parameters), trained on {description.train_images:,} "
            f"images of `{description.dataset}`.\n\n{describe_study(variant.study, params)}"
        )
        yield FinishedVariant(
            description=description,
            about=about,
            history=read_rows(model / "history.csv"),
            timings=read_rows(run / "times.csv"),
            scores=scores_by_seed(evaluation, name),
            figures=evaluation / "figures" / name,
            settings=variant.model_dump(mode="json") | {"budget": params.budget(name).model_dump(mode="json")},
            tags=shared_tags(about, params) | {"dvc.stage": stage} | lock,
            note=note,
        )


def lock_digests(path: Path) -> dict[str, str]:
    """A hash of the entry of each stage in `dvc.lock`; none if there is no such file."""
    if not path.exists():
        return {}
    stages = read_lock(path)["stages"]
    return {name: sha_256(json.dumps(entry, sort_keys=True).encode())[:16] for name, entry in stages.items()}


def describe_study(study: str, params: Params) -> str:
    """The title of a study and its place in the report, in Markdown."""
    return f"Study: {params.studies[study].title}. Report: `reports/{params.profile}/index.html#study-{study}`."


def shared_tags(about: Json, params: Params) -> dict[str, str]:
    """Tags with the origin, the device and the profile of a training run."""
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
    """The evaluation's numbers of each seed of `variant`; none before it was evaluated."""
    if not (evaluation / "metrics.json").exists():
        return {}
    _, details = load_metrics(evaluation)
    return {scores["seed"]: scores for scores in details.get(variant, {}).get("seeds", [])}


def run_records(variant: FinishedVariant) -> list[RunRecord]:
    """The contents of the runs of a variant: first of the one above all seeds, then one per seed."""
    summary, points, finished = summary_record(variant), points_by_seed(variant), variant.description.finished_seeds
    seeds = []
    for ended in variant.description.seeds:
        diverged = {} if ended.diverged_in is None else {"lookalike.diverged_in": str(ended.diverged_in)}
        drawn = finished[:1] == (ended.seed,) and variant.figures.exists()
        seeds.append(
            replace(
                summary,
                identity=variant.identity(ended.seed),
                status="FAILED" if diverged else "FINISHED",
                tags=variant.tags | {NOTE: f"Seed {ended.seed}. {variant.note}"} | diverged,
                curves=points[ended.seed],
                results=result_metrics(variant, ended.seed) | memory_metric(variant),
                figures=variant.figures if drawn else None,
            )
        )
    return [summary, *seeds]


def summary_record(variant: FinishedVariant) -> RunRecord:
    """The content of the run above all seeds: mean and standard deviation over the seeds that did not diverge."""
    description = variant.description
    finished = description.finished_seeds
    counted = f"{len(finished)} of {len(description.seeds)} seeds"
    figures = []
    for seed in finished:
        speed = fmean(row["images_per_second"] for row in variant.timings if row["seed"] == seed)
        figures.append(result_metrics(variant, seed) | {metric_name("images_per_second"): speed})
    architecture = {name: value for name, value in asdict(description).items() if name != "seeds"}
    return RunRecord(
        identity=variant.identity(None),
        status="FINISHED" if finished else "FAILED",
        started=milliseconds(variant.about["started"]),
        finished=milliseconds(variant.about["finished"]),
        params=flatten(variant.settings | architecture),
        tags=variant.tags
        | {NOTE: f"{variant.note}\n\nIts figures are the mean and the sample standard deviation over {counted}."},
        curves=[],
        results=seed_statistics(figures) | memory_metric(variant),
        inputs=describe_inputs(variant),
        figures=None,
    )


def seed_statistics(seeds: Sequence[dict[str, float]]) -> dict[str, float]:
    """Mean and sample standard deviation of each number over seeds; of one seed there is a mean alone."""
    values = {name: [seed[name] for seed in seeds if name in seed] for seed in seeds for name in seed}
    means = {f"{name}_mean": fmean(numbers) for name, numbers in values.items()}
    return means | {f"{name}_std": stdev(numbers) for name, numbers in values.items() if len(numbers) > 1}


def flatten(settings: Json, prefix: str = "") -> dict[str, str]:
    """`{"train": {"lr": 0.1}}` as `{"train.lr": "0.1"}`; what is None is left out."""
    flat: dict[str, str] = {}
    for name, value in settings.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{name}.")
        elif value is not None:
            flat[prefix + name] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return flat


def points_by_seed(variant: FinishedVariant) -> dict[int, list[Point]]:
    """All points by seed. Their time is the start of training plus the seconds of all epochs up to theirs."""
    start, finish = (milliseconds(variant.about[name]) for name in ("started", "finished"))
    elapsed = accumulate(row["seconds"] for row in variant.timings)
    times = {
        (row["seed"], row["epoch"]): min(start + int(1000 * seconds), finish)
        for row, seconds in zip(variant.timings, elapsed, strict=True)
    }
    points: dict[int, list[Point]] = {ended.seed: [] for ended in variant.description.seeds}
    for row in variant.history + variant.timings:
        stamp = times.get((row["seed"], row["epoch"]), finish)
        points[int(row["seed"])] += row_points(row, stamp)
    return points


def result_metrics(variant: FinishedVariant, seed: int) -> dict[str, float]:
    """A seed's results under names of their own, since MLflow's table shows only the last value of a curve."""
    rows = [row for row in variant.history if row["seed"] == seed]
    best = max(rows, key=lambda row: row["valid_accuracy"])
    scores = {name: value for name, value in variant.scores.get(seed, {}).items() if name != "seed"}
    numbers = {f"test_{name}": float(value) for name, value in scores.items() if type(value) in (int, float)}
    numbers |= {
        "valid_final_accuracy": rows[-1]["valid_accuracy"],
        "valid_best_accuracy": best["valid_accuracy"],
        "valid_best_epoch": best["epoch"],
    }
    return {metric_name(name): value for name, value in numbers.items()}


def memory_metric(variant: FinishedVariant) -> dict[str, float]:
    """The peak of GPU memory in training, in bytes; empty on a CPU."""
    peak = variant.about.get("peak_memory_bytes")
    return {} if peak is None else {"resources/peak_memory_bytes": float(peak)}


def describe_inputs(variant: FinishedVariant) -> Inputs:
    """The training data set and, after the evaluation, its test images; both are in the same folder."""
    description = variant.description
    shared = {
        "digest": description.dataset_digest[:DIGEST_LENGTH],
        "source_type": "local",
        "source": json.dumps({"uri": f"data/{description.dataset}"}),
    }
    sizes = {"train_images": description.train_images, "valid_images": description.valid_images}
    inputs = {"training": shared | {"name": description.dataset, "profile": json.dumps(sizes)}}
    if variant.scores:
        inputs["evaluation"] = shared | {"name": f"{description.dataset}-test"}
    return inputs
