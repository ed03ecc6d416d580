"""Stage explain@<study>: its models, their evaluation, the photographs -> explanations/<study>/.

A variant whose inputs are those that its folder was computed from is not explained again.
"""

from collections.abc import Collection, Iterable
from pathlib import Path

from threadpoolctl import threadpool_limits
from tqdm import tqdm

from lookalike.artifacts.datasets import load_dataset
from lookalike.artifacts.evaluations import load_evaluations
from lookalike.artifacts.evidence import CONTENT, replaced_unless_current
from lookalike.artifacts.explanations import save_explanation
from lookalike.artifacts.fingerprint import folder_digest, input_digests
from lookalike.artifacts.models import load_description
from lookalike.artifacts.photos import SHOWN, load_photos
from lookalike.command import run_for_variants
from lookalike.explain.explain_study import ExplainSetup, explain_one
from lookalike.params import Params
from lookalike.photographs.accuracy import best_recipe
from lookalike.runtime import start


def explain(params: Params, study: str, names: Collection[str], out: Path) -> Iterable[str]:
    """Explain the first seed of those of the variants `names` that the profile explains and that have changed."""
    runtime, settings, data = start(), params.studies[study], Path("data") / params.studies[study].data
    evaluations, dataset = Path("evaluations") / study, load_dataset(data)
    evaluated = [name for name in params.variants_of(study) if (evaluations / name).is_dir()]
    found = load_evaluations(evaluations, evaluated)
    photos = load_photos(Path("photos")) if params.photographed(study) else None
    logits = {name: one.photos.logits for name, one in found.items() if one.photos}
    recipe = best_recipe(logits, photos.labels, photos.attributes["half"]) if photos and logits else ""
    setup = ExplainSetup(dataset, photos, recipe, params.groups[dataset.name], params.active.explain, settings.corrupt)
    shared = {
        "data": folder_digest(data),
        "photos": photos and [folder_digest(Path("photos") / name) for name in SHOWN],
        "device": runtime.device.type,
        **setup.settings,
    }
    sampled = [name for name in params.sampled(study, params.active.explain) if name in names]
    ended = [name for name in sampled if found[name].seeds]  # without those whose every seed diverged
    for name in tqdm(ended, desc="explain", unit="variant", disable=None):
        models, focus = Path("models") / study / name, name in settings.focus
        folders = {"model": models, "evaluation": evaluations / name / CONTENT}
        inputs = input_digests(Path(__file__), load_description(models).model, folders, **shared, focus=focus)
        with replaced_unless_current(out / name, inputs) as part:
            if part is not None:
                with threadpool_limits(1, "blas"):  # more threads wait for each other
                    explanation = explain_one(models, found[name], setup, runtime, focus=focus)
                save_explanation(part, explanation)
    return ended


if __name__ == "__main__":
    run_for_variants(explain, "explanations")
