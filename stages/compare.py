"""Stage compare@<study>: the evidence of its variants and its data -> comparisons/<study>/.

It runs no model: all statistics come from the evidence.
"""

from pathlib import Path

from lookalike.artifacts import evaluations as artifacts
from lookalike.artifacts.datasets import load_dataset
from lookalike.artifacts.evaluations import load_evaluations
from lookalike.artifacts.findings import save_figures
from lookalike.artifacts.models import load_description, read_rows
from lookalike.artifacts.photos import load_photos
from lookalike.command import run_for_study
from lookalike.evaluation.groups import group_numbers
from lookalike.evaluation.look_alikes import study_look_alikes
from lookalike.evaluation.pairs import Side
from lookalike.evaluation.photo_study import study_photos
from lookalike.evaluation.repair import study_repairs
from lookalike.evaluation.robustness import study_robustness
from lookalike.evaluation.scores import score
from lookalike.params import Params
from lookalike.reporting.comparisons import divergence_figures
from lookalike.reporting.figures import variant_figures
from lookalike.reporting.style import to_png


def compare(params: Params, study: str, out: Path) -> None:
    """Score every variant of `study`, compare it with the others, and draw what needs the images."""
    models, settings, names = Path("models") / study, params.studies[study], list(params.variants_of(study))
    dataset, found = load_dataset(Path("data") / settings.data), load_evaluations(Path("evaluations") / study, names)
    photos = load_photos(Path("photos")) if params.photographed(study) else None
    group_of = group_numbers(params.groups_of(dataset.name), dataset.class_names)
    scored = {name: score(one, dataset.test_labels, dataset.class_names) for name, one in found.items()}
    artifacts.save_metrics(out, {n: s.summary for n, s in scored.items()}, {n: s.details for n, s in scored.items()})
    for name in names:
        artifacts.save_curve(out / "curves", name, read_rows(models / name / "history.csv"))
    ended = {name: one for name, one in found.items() if one.seeds}  # without those whose every seed diverged
    sides = {name: Side(one.test_logits, one.temperatures) for name, one in ended.items()}
    pairs = [(first, second) for first, second in settings.pairs if {first, second} <= ended.keys()]
    look_alikes, compared = study_look_alikes(sides, dataset, group_of, pairs)
    drawn = divergence_figures(compared, settings.probes)
    for name, one in ended.items():
        first, order = one.test_logits[0], params.class_order(dataset.name)
        artifacts.save_confusion(out / "confusions", name, dataset, first.argmax(axis=1))
        figures = variant_figures(dataset, scored[name], first, order, samples=name in settings.probes)
        drawn |= {f"figures/{name}/{title}": figure for title, figure in figures.items()}
    macs = {name: load_description(models / name).macs for name in ended}
    look_alikes["repairs"] = study_repairs(ended, macs, dataset.test_labels, pairs)
    robustness = study_robustness({name: one.corrupted for name, one in ended.items() if one.corrupted}, pairs)
    outputs = {name: one.photos for name, one in ended.items() if one.photos}
    absorber = params.photos.absorber if params.photos else ""
    on_photos = study_photos(outputs, sides, photos, dataset, group_of, pairs, absorber)
    save_figures(out, {path: to_png(figure) for path, figure in drawn.items()})
    artifacts.save_findings(out, look_alikes, on_photos, robustness)


if __name__ == "__main__":
    run_for_study(compare, "comparisons")
