"""Stage evaluate@<study>: its models, its data and the photographs -> evaluations/<study>/.

A variant whose inputs are those that its folder was computed from is not evaluated again.
"""

from collections.abc import Collection, Iterable
from functools import cache, partial
from pathlib import Path

from tqdm import tqdm

from lookalike.artifacts.datasets import load_dataset
from lookalike.artifacts.evaluations import save_evaluation, save_features
from lookalike.artifacts.evidence import renewed
from lookalike.artifacts.fingerprint import folder_digest, input_digests
from lookalike.artifacts.models import load_description
from lookalike.artifacts.photos import SHOWN, load_photos
from lookalike.command import run_for_variants
from lookalike.evaluation.corrupted_images import corrupted_images
from lookalike.evaluation.variant import Questions, evaluate_variant
from lookalike.params import Params
from lookalike.runtime import start


def evaluate(params: Params, study: str, names: Collection[str], out: Path) -> Iterable[str]:
    """Evaluate those of the variants `names` of `study` that have no evidence yet, or evidence of other inputs."""
    runtime, settings, data = start(), params.studies[study], Path("data") / params.studies[study].data
    dataset, photographed, per_class = load_dataset(data), params.photographed(study), params.spoiled_a_class(study)
    shared = {
        "data": folder_digest(data),
        "photos": photographed and [folder_digest(Path("photos") / name) for name in SHOWN],
        "per_class": per_class,
        "device": runtime.device.type,
    }
    questions = Questions(
        dataset,
        load_photos(Path("photos")) if photographed else None,
        cache(partial(corrupted_images, dataset, per_class)) if per_class else None,
    )
    for name in tqdm(names, desc="evaluate", unit="variant", disable=None):
        models, asked = Path("models") / study / name, {"views": name in settings.ten_views}
        asked["focus"] = name in settings.probes
        architecture = load_description(models).model
        inputs = input_digests(Path(__file__), architecture, {"model": models}, **shared, **asked)
        with renewed(out / name, inputs) as part:
            if part is not None:
                evaluation, features = evaluate_variant(models, questions, runtime, **asked)
                save_evaluation(part, evaluation)
                save_features(part, features)
    return names


if __name__ == "__main__":
    run_for_variants(evaluate, "evaluations")
