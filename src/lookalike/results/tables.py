"""Results as tables, for notebooks."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from lookalike.artifacts.models import read_rows
from lookalike.artifacts.test_sets import load_test_set
from lookalike.evaluation.scores import score_variant
from lookalike.results.records import TEST_SETS, Run, find_runs


@dataclass(frozen=True)
class Results:
    """All runs in `results/`. Accuracies lie in [0, 1], likelihoods in nats, times in seconds.

    Attributes:
        seeds: a row a run and seed: `study`, `variant`, `run`, `profile`, `seed`, `parameters`, `macs`, `train_images`,
            `precision`, `commit`, `host`, `finished`, `seconds` of training, and the figures of
            `evaluation.scores.SeedScores`. Seeds that diverged have none.
        epochs: a row a run, seed and epoch: `study`, `variant`, `run`, and the fields of `artifacts.models.Epoch`.
        answers: by study: a row a test image (index `image`) with its `class` and, for every run and seed, the class
            that is predicted: a column (variant, run, seed).
    """

    seeds: pd.DataFrame
    epochs: pd.DataFrame
    answers: dict[str, pd.DataFrame]


def load_tables(results: Path) -> Results:
    """See `lookalike.results.load`."""
    runs = find_runs(results).runs
    seeds = [row for run in runs for row in seed_rows(run, results)]
    epochs = [key_of(run) | row for run in runs for row in read_rows(run.folder / "history.csv")]
    studies = dict.fromkeys(run.record.study for run in runs)
    answers = {
        study: predicted_classes([run for run in runs if run.record.study == study], results) for study in studies
    }
    return Results(pd.DataFrame(seeds), pd.DataFrame(epochs), answers)


def key_of(run: Run) -> dict[str, Any]:
    """The columns that identify a run."""
    return {"study": run.record.study, "variant": run.record.variant, "run": run.folder.name}


def seed_rows(run: Run, results: Path) -> list[dict[str, Any]]:
    """One row per seed that did not diverge."""
    description, about = run.description, run.about
    test_set = load_test_set(results / TEST_SETS / run.record.study)
    shared = key_of(run) | {
        "profile": run.record.profile,
        "parameters": description.parameters,
        "macs": description.macs,
        "train_images": description.train_images,
        "precision": description.precision,
        **{name: about[name] for name in ("commit", "host", "finished")},
    }
    scored = score_variant(run.evaluation, test_set.labels, test_set.class_names).details["seeds"]
    seconds = pd.DataFrame(run.timings).groupby("seed")["seconds"].sum()
    return [shared | {"seconds": float(seconds[one["seed"]])} | one for one in scored]


def predicted_classes(runs: Sequence[Run], results: Path) -> pd.DataFrame:
    """The class that each run of a study predicts for each test image, by name."""
    test_set = load_test_set(results / TEST_SETS / runs[0].record.study)
    names = pd.Index(test_set.class_names)
    columns = {("class", "", ""): names[test_set.labels]}
    for run in runs:
        seen = run.evaluation
        for seed, logits in zip(seen.seeds, seen.test_logits, strict=True):
            columns[run.record.variant, run.folder.name, str(seed)] = names[logits.argmax(axis=1)]
    table = pd.DataFrame(columns)
    table.index.name = "image"
    return table
