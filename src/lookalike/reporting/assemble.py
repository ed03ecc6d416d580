"""From what the stages wrote to the report's content."""

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from lookalike import provenance
from lookalike.artifacts.evaluations import load_findings, load_metrics
from lookalike.artifacts.findings import load_found
from lookalike.artifacts.folders import read_json
from lookalike.artifacts.models import load_description, read_rows
from lookalike.claims import fashion
from lookalike.claims.claim import Findings, put_to_test
from lookalike.params import Params, Variant
from lookalike.reporting.chapters import look_alike_chapter, photo_chapter
from lookalike.reporting.figures import curves_figure
from lookalike.reporting.leaderboard import Standing, standing
from lookalike.reporting.report import Illustration, Report, StudySection, VariantSection
from lookalike.reporting.representations import embedding_chapter, explanation_chapter
from lookalike.reporting.style import to_png

CLAIMS = {"fashion": fashion.CLAIMS}  # study -> its claims

# What is drawn of each variant: file -> (caption, alt text).
DRAWN = {
    "samples": (
        "The first 24 test images of {variant} (first seed) with the probability of each class. Blue: the true class; "
        "vermillion: a wrong prediction. Look for classes that share the probability: they are the look-alikes.",
        "24 test images, each beside a bar chart of the ten class probabilities that {variant} gives it",
    ),
    "confusion": (
        "Confusion matrix of {variant} (first seed): number of test images by true (row) and predicted (column) class. "
        "Classes that look alike stand side by side, so confusions within a group gather around the diagonal.",
        "Confusion matrix of {variant} over the ten classes with counts",
    ),
    "reliability": (
        "Reliability of {variant} (first seed): accuracy against confidence in 15 bins. Below the dotted line the "
        "model is surer than it is right. Underneath, how many test images each bin holds.",
        "Reliability diagram of {variant} before and after temperature scaling",
    ),
}


def assemble(params: Params, parameters: str, root: Path = Path()) -> Report:
    """Read the artifacts below `root` of every study in `params`; `parameters` is the text of the parameter file."""
    mlflow = read_json(root / "published.json")
    trainings = [training(root, variant.study, name, mlflow) for name, variant in params.variants.items()]
    return Report(
        profile=params.profile,
        demonstration=params.active.demonstration,
        studies=[study_section(study, params, root) for study in params.studies],
        provenance=origin(root, mlflow),
        runs=trainings,
        parameters=parameters,
        data=[data_row(root, name) for name in sorted({variant.dataset for variant in params.variants.values()})],
    )


def study_section(study: str, params: Params, root: Path) -> StudySection:
    """Standings, curves and figures of one study, its variants in the order of the parameter file."""
    evaluation, settings = root / "evaluations" / study, params.variants_of(study)
    summaries, details = load_metrics(evaluation)
    standings, histories, sections = [], {}, []
    for variant in settings:
        model, run = root / "models" / study / variant, root / "runs" / study / variant
        description = load_description(model)
        standings.append(standing(study, variant, summaries[variant], description, read_rows(run / "times.csv")))
        histories[variant] = read_rows(model / "history.csv")
        if summaries[variant]["seeds"]:
            classes = details[variant]["first_seed"]["classes"]
            paths = [evaluation / "figures" / variant / f"{name}.png" for name in DRAWN]
            pictures = {path.stem: illustration(path, variant) for path in paths if path.exists()}
            sections.append(VariantSection(variant, pictures, classes))
    curves = drawn_curves(study, curves_figure(histories))
    look_alikes, photos = load_findings(evaluation)
    probes = params.studies[study].probes
    explained, embedded = (load_found(root / stage / study) for stage in ("explanations", "embeddings"))
    return StudySection(
        name=study,
        title=params.studies[study].title,
        claims=put_to_test(CLAIMS.get(study, ()), Findings(look_alikes, photos, explained)),
        standings=standings,
        short={row.variant: epochs for row in standings if (epochs := cut_short(row, settings[row.variant]))},
        capped={row.variant for row in standings if row.train_images == params.budget(row.variant).max_images},
        curves=curves,
        look_alikes=look_alike_chapter(study, look_alikes, settings, standings, root),
        photographs=photo_chapter(study, photos, standings, root),
        explanations=explanation_chapter(study, explained, probes, root),
        embeddings=embedding_chapter(study, embedded, probes, root),
        variants=sections,
    )


def cut_short(row: Standing, variant: Variant) -> tuple[int, int] | None:
    """Epochs run and epochs that the variant's settings ask for, if the profile's budget cut them."""
    return (row.epochs, variant.train.epochs) if row.epochs < variant.train.epochs and row.seeds else None


def drawn_curves(study: str, figure: Figure) -> Illustration:
    """The study's learning curves."""
    caption = (
        "Loss and accuracy by epoch, a line a seed. A training curve (dashed) is the running mean within the epoch, "
        "with dropout on, so that in the first epochs it is worse than the validation curve (solid)."
    )
    return Illustration(f"{study}-curves", to_png(figure), caption, f"Learning curves of every variant of {study}")


def illustration(path: Path, variant: str) -> Illustration:
    """A figure that the evaluation drew."""
    caption, alt = (text.format(variant=variant) for text in DRAWN[path.stem])
    return Illustration(f"{variant}-{path.stem}", path.read_bytes(), caption, alt)


def training(root: Path, study: str, variant: str, mlflow: dict[str, Any]) -> dict[str, Any]:
    """Where, when and from which commit a variant was trained, and its MLflow runs by seed."""
    run: dict[str, Any] = read_json(root / "runs" / study / variant / "run.json")
    return run | {"mlflow": mlflow.get("runs", {}).get(variant, {})}


def data_row(root: Path, name: str) -> dict[str, str]:
    """What a data set is, its licence and its digest."""
    about = read_json(root / "data" / name / "dataset.json")
    known = about["provenance"]
    what = known.get("about") or f"{known['citation']}; {known['homepage']}"
    return {"name": name, "about": what, "licence": known["licence"], "digest": about["digest"]}


def origin(root: Path, mlflow: dict[str, Any]) -> dict[str, str]:
    """The report's own provenance, label -> text."""
    commit = provenance.commit()
    state = " with uncommitted changes" if commit["dirty"] else ""
    return {
        "rendered": provenance.now(),
        "from commit": f"{commit['commit']}{state}",
        "dvc.lock (SHA-256)": provenance.lock_digest(root) or "none yet",
        "on": provenance.host(),
        "versions": ", ".join(f"{name} {number}" for name, number in provenance.versions().items()),
        "MLflow": mlflow.get("error") or mlflow["tracking"],
    }
