"""Read what the stages found, as the claims need it."""

from dataclasses import replace
from pathlib import Path

from lookalike.artifacts.costs import load_costs
from lookalike.artifacts.embeddings import load_embeddings
from lookalike.artifacts.evaluations import load_findings, load_metrics, load_robustness
from lookalike.artifacts.explanations import load_explanations
from lookalike.artifacts.models import read_rows
from lookalike.claims.claim import Evidence
from lookalike.errors import InputError
from lookalike.params import Params


def gather(params: Params, root: Path = Path()) -> dict[str, Evidence]:
    """The evidence below `root` of every study in `params`, by its name."""
    found = {study: evidence_of(study, params, root) for study in params.studies}
    return {study: replace(evidence, others=found) for study, evidence in found.items()}


def evidence_of(study: str, params: Params, root: Path) -> Evidence:
    """What was found of the variants of one study."""
    metrics, _ = load_metrics(root / "comparisons" / study)
    look_alikes, photos = load_findings(root / "comparisons" / study)
    explained = load_explanations(existing(root / "explanations" / study))
    explanations = {name: {**one.found, "shown": one.shown} for name, one in explained.items()}
    embeddings = {name: dict(one.found) for name, one in load_embeddings(existing(root / "embeddings" / study)).items()}
    histories = {name: read_rows(root / "models" / study / name / "history.csv") for name in params.variants_of(study)}
    robustness, costs = load_robustness(root / "comparisons" / study), load_costs(root)
    counted = costs[0] if costs else {}
    return Evidence(metrics, look_alikes, photos, explanations, embeddings, histories, robustness, counted)


def existing(folder: Path) -> Path:
    """The folder of a stage, which is there even if the stage left nothing in it.

    Raises:
        InputError: there is no such folder: the stage did not run.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; run `dvc repro`")
    return folder
