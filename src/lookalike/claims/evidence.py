"""Read what the stages found, as the claims need it."""

from dataclasses import replace
from pathlib import Path

from lookalike.artifacts.costs import load_costs
from lookalike.artifacts.evaluations import load_findings, load_metrics, load_robustness
from lookalike.artifacts.findings import load_found
from lookalike.artifacts.models import read_rows
from lookalike.claims.claim import Evidence
from lookalike.params import Params


def gather(params: Params, root: Path = Path()) -> dict[str, Evidence]:
    """The evidence below `root` of every study in `params`, by its name."""
    found = {study: evidence_of(study, params, root) for study in params.studies}
    return {study: replace(evidence, others=found) for study, evidence in found.items()}


def evidence_of(study: str, params: Params, root: Path) -> Evidence:
    """What was found of the variants of one study."""
    metrics, _ = load_metrics(root / "comparisons" / study)
    look_alikes, photos = load_findings(root / "comparisons" / study)
    explanations, embeddings = (load_found(root / stage / study) for stage in ("explanations", "embeddings"))
    histories = {name: read_rows(root / "models" / study / name / "history.csv") for name in params.variants_of(study)}
    robustness, costs = load_robustness(root / "comparisons" / study), load_costs(root)
    counted = costs[0] if costs else {}
    return Evidence(metrics, look_alikes, photos, explanations, embeddings, histories, robustness, counted)
