"""Stage evaluate@<study>: its models and data -> evaluations/<study>/."""

import sys
from pathlib import Path

from lookalike.artifacts.datasets import load_dataset
from lookalike.artifacts.evaluations import save_confusion, save_curve, save_metrics, save_predictions
from lookalike.artifacts.folders import write_bytes
from lookalike.artifacts.models import read_rows
from lookalike.command import run
from lookalike.evaluation.variant import evaluate_variant
from lookalike.params import load_params
from lookalike.reporting.figures import variant_figures
from lookalike.reporting.style import to_png
from lookalike.runtime import start


def main(study: str) -> None:
    """Evaluate every variant of `study` on the test images and draw what it says about them."""
    params, runtime, out = load_params(), start(), Path("evaluations") / study
    summaries, details = {}, {}
    for name, variant in params.variants_of(study).items():
        folder, dataset = Path("models") / study / name, load_dataset(Path("data") / variant.dataset)
        evaluation = evaluate_variant(folder, dataset, runtime)
        summaries[name], details[name] = evaluation.summary, evaluation.details
        save_curve(out / "curves", name, read_rows(folder / "history.csv"))
        if evaluation.predictions is None:  # every seed diverged: the summary says so, and there is nothing to draw
            continue
        save_predictions(out / "predictions" / name, evaluation.predictions)
        save_confusion(out / "confusions", name, dataset, evaluation.predictions.test_logits[0].argmax(axis=1))
        for title, figure in variant_figures(dataset, evaluation, params.class_order(variant.dataset)).items():
            write_bytes(out / "figures" / name / f"{title}.png", to_png(figure))
    save_metrics(out, summaries, details)


if __name__ == "__main__":
    run(main, *sys.argv[1:])
