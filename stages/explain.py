"""Stage explain@<study>: its models, their evaluation, the photographs -> explanations/<study>/."""

import sys
from pathlib import Path

from tqdm import tqdm

from lookalike.artifacts.datasets import load_dataset
from lookalike.artifacts.evaluations import load_findings, load_photo_logits, load_predictions
from lookalike.artifacts.findings import save_arrays, save_found
from lookalike.artifacts.folders import write_bytes
from lookalike.artifacts.photos import load_photos
from lookalike.command import run
from lookalike.evaluation.cases import first_of_each_class
from lookalike.evaluation.groups import group_numbers
from lookalike.explain.methods import DEFAULT
from lookalike.explain.subject import Images, find_subject
from lookalike.explain.variant import explain_contrast, explain_variant, main_scores
from lookalike.params import load_params
from lookalike.reporting.explained import CloseUp, study_figures
from lookalike.reporting.style import to_png
from lookalike.runtime import start


def main(study: str) -> None:
    """Explain the first seed of the variants that the active profile explains, and draw the probes' maps."""
    params, runtime, out = load_params(), start(), Path("explanations") / study
    settings, sample, evaluation = params.studies[study], params.active.explain, Path("evaluations") / study
    dataset = load_dataset(Path("data") / settings.data)
    group_of = group_numbers(params.groups_of(dataset.name), dataset.class_names)
    look_alikes, on_photos = load_findings(evaluation)
    photos = load_photos(Path("photos")) if on_photos else None
    recipe, labels = on_photos["chosen"]["recipe"] if on_photos else "", dataset.test_labels.astype(int)
    chosen, found, close_ups = first_of_each_class(labels, sample.images_a_class), {}, {}
    for name in tqdm(params.sampled(study, sample), desc="explain", unit="variant", disable=None):
        if not (evaluation / "predictions" / name).exists():  # every seed diverged
            continue
        predictions = load_predictions(evaluation / "predictions" / name)
        test, shown = Images(dataset.test_images, labels, predictions.test_logits[0].argmax(1)), None
        if photos is not None:
            logits = load_photo_logits(evaluation / "photos" / name, recipe)
            shown = Images(photos.recipes[recipe], photos.labels, logits[0].argmax(1))
        subject = find_subject(Path("models") / study / name, predictions.seeds[0], dataset, runtime, test)
        explained = explain_variant(
            subject.part(chosen), shown, group_of, scored=sample.scored, heads_scored=sample.heads_scored
        )
        found[name] = explained.found | {"shown": DEFAULT, "contrast": None}
        of_photographs = {f"photographs {DEFAULT}": explained.photo_maps[DEFAULT]} if shown else {}
        save_arrays(out / "arrays" / name, {"indices": chosen, **explained.maps, **of_photographs})
        if name in settings.probes:
            contrast = explain_contrast(subject, group_of, sample.scored)
            found[name]["contrast"] = contrast and contrast.found
            close_ups[name] = CloseUp(subject, chosen, shown, explained, contrast, predictions.test_logits[0], DEFAULT)
    for path, figure in study_figures(close_ups, look_alikes["pairs"], recipe).items():
        write_bytes(out / "figures" / f"{path}.png", to_png(figure))
    save_found(out, found, {name: main_scores(one) for name, one in found.items()})


if __name__ == "__main__":
    run(main, *sys.argv[1:])
