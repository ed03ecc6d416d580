"""Stage explain@<study>: its models, their evaluation, the photographs -> explanations/<study>/."""

from pathlib import Path

from tqdm import tqdm

from lookalike.artifacts.datasets import load_dataset
from lookalike.artifacts.evaluations import load_evaluations, load_findings
from lookalike.artifacts.findings import save_arrays, save_figures, save_found
from lookalike.artifacts.models import load_description
from lookalike.artifacts.photos import load_photos
from lookalike.command import run_for_study
from lookalike.evaluation.cases import first_of_each_class
from lookalike.evaluation.groups import group_numbers
from lookalike.explain.closely import look_closely
from lookalike.explain.methods import DEFAULT
from lookalike.explain.subject import Images, find_subject
from lookalike.explain.variant import explain_variant, main_scores
from lookalike.params import Params
from lookalike.reporting.explained import CloseUp, drawn_alike, drawn_changes, study_figures
from lookalike.reporting.style import to_png
from lookalike.runtime import start


def explain(params: Params, study: str, out: Path) -> None:
    """Explain the first seed of the variants that the active profile explains, and draw the probes' maps."""
    runtime, models = start(), Path("models") / study
    settings, sample = params.studies[study], params.active.explain
    counts = {"scored": sample.scored, "heads_scored": sample.heads_scored}
    dataset = load_dataset(Path("data") / settings.data)
    group_of = group_numbers(params.groups_of(dataset.name), dataset.class_names)
    look_alikes, on_photos = load_findings(Path("comparisons") / study)
    photos = load_photos(Path("photos")) if on_photos else None
    recipe, labels = on_photos["chosen"]["recipe"] if on_photos else "", dataset.test_labels.astype(int)
    chosen, found, maps, close_ups = first_of_each_class(labels, sample.images_a_class), {}, {}, {}
    evaluated = load_evaluations(Path("evaluations") / study, params.sampled(study, sample))
    ended = {name: one for name, one in evaluated.items() if one.seeds}  # without those whose every seed diverged
    for name, seen in tqdm(ended.items(), desc="explain", unit="variant", disable=None):
        shown = None
        test = Images(dataset.test_images, labels, seen.test_logits[0].argmax(1))
        if photos is not None and seen.photos is not None:
            predicted = seen.photos.logits[recipe][0].argmax(1)
            shown = Images(photos.recipes[recipe], photos.labels, predicted)
        subject = find_subject(models / name, seen.seeds[0], dataset, runtime, test)
        explained = explain_variant(subject.part(chosen), shown, group_of, spoil=settings.spoil, **counts)
        closely = look_closely(subject, group_of, sample.scored, probe=name in settings.probes)
        found[name], maps[name] = explained.found | closely.found | {"shown": DEFAULT}, explained.maps[DEFAULT]
        save_arrays(out / "arrays" / name, {"indices": chosen, **explained.kept(DEFAULT)})
        if name in settings.probes:
            close_ups[name] = CloseUp(subject, chosen, shown, explained, closely, seen.test_logits[0], DEFAULT)
    figures = study_figures(close_ups, look_alikes["pairs"], recipe)
    figures |= drawn_alike(dataset.test_images[chosen], labels[chosen], maps, found, DEFAULT)
    figures |= drawn_changes({name: load_description(models / name) for name in params.variants_of(study)}, dataset)
    save_figures(out / "figures", {path: to_png(figure) for path, figure in figures.items()})
    save_found(out, found, {name: main_scores(one) for name, one in found.items()})


if __name__ == "__main__":
    run_for_study(explain, "explanations")
