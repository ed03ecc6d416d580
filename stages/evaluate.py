"""Stage evaluate@<study>: its models, its data, another data set and the photographs -> evaluations/<study>/.

A variant whose inputs are those that its folder was computed from is not evaluated again.
"""

from collections.abc import Collection, Iterable
from pathlib import Path

from tqdm import tqdm

from lookalike.artifacts.datasets import load_dataset, load_test_images
from lookalike.artifacts.evaluations import save_evaluation, save_features
from lookalike.artifacts.evidence import replaced_unless_current
from lookalike.artifacts.fingerprint import folder_digest, input_digests, sha_256
from lookalike.artifacts.models import load_description
from lookalike.artifacts.photos import SHOWN, load_photos
from lookalike.command import run_for_variants
from lookalike.data.outside import outside_images
from lookalike.evaluation.evaluate_variant import EvaluationInputs, evaluate_variant
from lookalike.evaluation.groups import group_numbers
from lookalike.params import Params
from lookalike.runtime import start


def evaluate(params: Params, study: str, names: Collection[str], out: Path) -> Iterable[str]:
    """Evaluate those of the variants `names` of `study` that have no evidence yet, or evidence of other inputs."""
    runtime, settings, data = start(), params.studies[study], Path("data")
    dataset, per_class = load_dataset(data / settings.data), params.corrupted_per_class(study)
    outside = None
    if settings.outside != settings.data:
        outside = outside_images(settings.outside, load_test_images(data / settings.outside), dataset)
    photos = load_photos(Path("photos")) if params.photographed(study) else None
    group_of = group_numbers(params.groups[dataset.name], dataset.class_names)
    evaluation_inputs = EvaluationInputs(dataset, group_of, photos, outside=outside)
    evaluation_inputs = evaluation_inputs.with_corrupted(per_class) if per_class else evaluation_inputs
    shared = {
        "data": folder_digest(data / settings.data),
        "groups": group_of.tolist(),
        "photos": photos and [folder_digest(Path("photos") / name) for name in SHOWN],
        "per_class": per_class,
        "outside": outside and [outside.name, sha_256(outside.images.tobytes())],
        "device": runtime.device.type,
    }
    for name in tqdm(names, desc="evaluate", unit="variant", disable=None):
        models = Path("models") / study / name
        asked = {"views": name in settings.ten_views, "focus": name in settings.focus}
        architecture = load_description(models).model
        inputs = input_digests(Path(__file__), architecture, {"model": models}, **shared, **asked)
        with replaced_unless_current(out / name, inputs) as part:
            if part is not None:
                evaluation, features = evaluate_variant(models, evaluation_inputs, runtime, **asked)
                save_evaluation(part, evaluation)
                save_features(part, features)
    return names


if __name__ == "__main__":
    run_for_variants(evaluate, "evaluations")
