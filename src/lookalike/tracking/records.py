"""What the runs of finished trainings are to show: read from disk, before any store is asked."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import yaml

from lookalike.artifacts.evaluations import load_metrics
from lookalike.artifacts.folders import read_json
from lookalike.artifacts.models import Description, Row, load_description, read_rows
from lookalike.params import Params
from lookalike.tracking.runs import Identity, Point, milliseconds, origin_tags, row_points

DIGEST_LENGTH = 36  # the longest digest of a data set that MLflow takes

Json = dict[str, Any]
Verdicts = Mapping[str, Mapping[str, str]]  # by study and claim


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
    """

    description: Description
    about: Json
    history: list[Row]
    timings: list[Row]
    scores: dict[int, Json]
    figures: Path
    settings: Json
    tags: dict[str, str]


@dataclass(frozen=True)
class Record:
    """What the run of one seed is to show. Times in milliseconds; `figures` is None if it has none to show."""

    identity: Identity
    status: str
    started: int
    finished: int
    params: dict[str, str]
    tags: dict[str, str]
    curves: list[Point]
    results: dict[str, float]
    dataset: dict[str, str]
    figures: Path | None

    @property
    def digest(self) -> str:
        """SHA-256 over all of it, the figures' bytes included."""
        sha = hashlib.sha256(json.dumps(asdict(self), default=str, sort_keys=True).encode())
        for path in sorted(self.figures.rglob("*")) if self.figures else []:
            sha.update(path.name.encode() + (path.read_bytes() if path.is_file() else b""))
        return sha.hexdigest()


def trainings(params: Params, folder: Path, verdicts: Verdicts) -> Iterator[Training]:
    """The finished trainings in `folder`, in the order of `params`; folders of other variants are left alone."""
    locked = lock_entries(folder / "dvc.lock")
    for name, variant in params.variants.items():
        model, run = (folder / kind / variant.study / name for kind in ("models", "runs"))
        if not (model / "model.json").exists() or not (run / "run.json").exists():
            continue
        about, evaluation = read_json(run / "run.json"), folder / "comparisons" / variant.study
        yield Training(
            description=load_description(model),
            about=about,
            history=read_rows(model / "history.csv"),
            timings=read_rows(run / "times.csv"),
            scores=scores_by_seed(evaluation, name),
            figures=evaluation / "figures" / name,
            settings=variant.model_dump(mode="json") | {"budget": params.budget(name).model_dump(mode="json")},
            tags=shared_tags(about, params) | stage_tags(f"train@{name}", locked) | claim_tags(verdicts, variant.study),
        )


def lock_entries(path: Path) -> Json:
    """The stages in `dvc.lock`; none if there is no such file."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))["stages"] if path.exists() else {}


def stage_tags(stage: str, locked: Json) -> dict[str, str]:
    """The DVC stage, and a hash of its entry in `dvc.lock` if it has one."""
    if stage not in locked:
        return {"dvc.stage": stage}
    entry = json.dumps(locked[stage], sort_keys=True).encode()
    return {"dvc.stage": stage, "dvc.lock": hashlib.sha256(entry).hexdigest()[:16]}


def claim_tags(verdicts: Verdicts, study: str) -> dict[str, str]:
    """What became of the claims of a study."""
    return {f"claim.{claim}": verdict for claim, verdict in verdicts.get(study, {}).items()}


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


def seed_records(training: Training) -> list[Record]:
    """A record for each seed of a training."""
    about, description = training.about, training.description
    trained = description.finished_seeds
    points = curves(training)
    return [
        Record(
            identity=Identity(about["study"], about["variant"], ended.seed, about["fingerprint"]),
            status="FINISHED" if ended.diverged_in is None else "FAILED",
            started=milliseconds(about["started"]),
            finished=milliseconds(about["finished"]),
            params=run_params(training),
            tags=training.tags | divergence_tags(ended.diverged_in),
            curves=points[ended.seed],
            results=results(training, ended.seed),
            dataset=describe_dataset(description),
            figures=training.figures if trained[:1] == (ended.seed,) and training.figures.exists() else None,
        )
        for ended in description.seeds
    ]


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
    numbers = {name: value for name, value in scores.items() if type(value) in (int, float)}
    return {
        "final_valid_accuracy": rows[-1]["valid_accuracy"],
        "best_valid_accuracy": best["valid_accuracy"],
        "best_epoch": best["epoch"],
        **{f"test_{name}": float(value) for name, value in numbers.items()},
    }


def describe_dataset(description: Description) -> dict[str, str]:
    """The fields of MLflow's data set: the name, a digest and the folder below the project's root."""
    name = description.dataset
    return {
        "name": name,
        "digest": description.dataset_digest[:DIGEST_LENGTH],
        "source_type": "local",
        "source": json.dumps({"uri": f"data/{name}"}),
        "profile": json.dumps({"train_images": description.train_images}),
    }
