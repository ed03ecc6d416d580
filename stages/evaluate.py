"""Stage evaluate@<study>: its models, its data and the photographs -> evaluations/<study>/."""

from pathlib import Path

from lookalike.artifacts import evaluations as artifacts
from lookalike.artifacts.datasets import load_dataset
from lookalike.artifacts.findings import save_figures
from lookalike.artifacts.models import read_rows
from lookalike.artifacts.photos import load_photos
from lookalike.command import run_for_study
from lookalike.evaluation.groups import group_numbers
from lookalike.evaluation.look_alikes import study_look_alikes
from lookalike.evaluation.pairs import Side
from lookalike.evaluation.photo_study import study_photos
from lookalike.evaluation.photo_variant import photo_outputs
from lookalike.evaluation.repair import study_repairs
from lookalike.evaluation.robustness import study_robustness
from lookalike.evaluation.variant import evaluate_variant
from lookalike.params import Params
from lookalike.reporting.comparisons import divergence_figures
from lookalike.reporting.figures import variant_figures
from lookalike.reporting.style import to_png
from lookalike.runtime import start


def evaluate(params: Params, study: str, out: Path) -> None:
    """Evaluate every variant of `study` by itself and with the others, and draw what needs the images."""
    runtime, models = start(), Path("models") / study
    settings, dataset = params.studies[study], load_dataset(Path("data") / params.studies[study].data)
    photos = load_photos(Path("photos")) if params.photographed(study) else None
    group_of = group_numbers(params.groups_of(dataset.name), dataset.class_names)
    absorber = params.photos.absorber if params.photos else ""
    found, sides, outputs, drawn = {}, {}, {}, {}
    for name in params.variants_of(study):
        evaluation = found[name] = evaluate_variant(models / name, dataset, runtime, views=name in settings.ten_views)
        artifacts.save_curve(out / "curves", name, read_rows(models / name / "history.csv"))
        predictions, probed = evaluation.predictions, name in settings.probes
        if predictions is None:  # every seed diverged: the summary says so, and there is nothing to draw
            continue
        sides[name] = Side(predictions.test_logits, evaluation.temperatures)
        artifacts.save_predictions(out / "predictions" / name, predictions)
        if photos is not None:
            outputs[name] = photo_outputs(models / name, evaluation, dataset, photos, runtime, probed=probed)
            artifacts.save_photo_logits(out / "photos" / name, outputs[name].logits)
        artifacts.save_confusion(out / "confusions", name, dataset, predictions.test_logits[0].argmax(axis=1))
        figures = variant_figures(dataset, evaluation, params.class_order(dataset.name), samples=probed)
        drawn.update({f"figures/{name}/{title}": figure for title, figure in figures.items()})
    pairs = [(first, second) for first, second in settings.pairs if {first, second} <= sides.keys()]
    look_alikes, compared = study_look_alikes(sides, dataset, group_of, pairs)
    look_alikes["repairs"] = study_repairs(models, found, dataset, pairs)
    drawn |= divergence_figures(compared, settings.probes)
    on_spoiled = study_robustness(models, list(sides), dataset, params.spoiled_a_class(study), pairs, runtime)
    on_photos = study_photos(outputs, sides, photos, dataset, group_of, pairs, absorber)
    artifacts.save_metrics(out, {n: e.summary for n, e in found.items()}, {n: e.details for n, e in found.items()})
    save_figures(out, {path: to_png(figure) for path, figure in drawn.items()})
    artifacts.save_findings(out, look_alikes, on_photos, on_spoiled)


if __name__ == "__main__":
    run_for_study(evaluate, "evaluations")
