"""What the stages computed of one study, as the chapters of the report show it."""

from dataclasses import dataclass, field
from pathlib import Path

from lookalike.artifacts.comparisons import load_findings, load_metrics, load_robustness
from lookalike.artifacts.costs import load_costs
from lookalike.artifacts.embeddings import load_embeddings
from lookalike.artifacts.explanations import load_explanations
from lookalike.artifacts.models import Row, read_rows
from lookalike.params import Params
from lookalike.reporting.document import Json


@dataclass(frozen=True)
class StudyMeasurements:
    """Figures by variant; empty where a stage found nothing.

    Attributes:
        metrics: `metrics.json` of the comparison.
        look_alikes, photos, robustness: the files of these names, with their pairs of variants.
        explanations, embeddings: what these stages found.
        histories: a row per epoch and seed, see `artifacts.models.Epoch`.
        costs: `costs/found.json`.
    """

    metrics: Json = field(default_factory=dict)
    look_alikes: Json = field(default_factory=dict)
    photos: Json = field(default_factory=dict)
    explanations: Json = field(default_factory=dict)
    embeddings: Json = field(default_factory=dict)
    histories: dict[str, list[Row]] = field(default_factory=dict)
    robustness: Json = field(default_factory=dict)
    costs: Json = field(default_factory=dict)


def load_measurements(study: str, params: Params, root: Path) -> StudyMeasurements:
    """The figures of the variants of one study below `root`."""
    compared = root / "comparisons" / study
    metrics, _ = load_metrics(compared)
    look_alikes, photos = load_findings(compared)
    models = root / "models" / study
    explained, embedded = load_explanations(root / "explanations" / study), load_embeddings(root / "embeddings" / study)
    costs = load_costs(root)
    return StudyMeasurements(
        metrics=metrics,
        look_alikes=look_alikes,
        photos=photos,
        explanations={name: {**one.found, "shown": one.shown} for name, one in explained.items()},
        embeddings={name: dict(one.found) for name, one in embedded.items()},
        histories={name: read_rows(models / name / "history.csv") for name in params.variants_of(study)},
        robustness=load_robustness(compared),
        costs=costs[0] if costs else {},
    )
