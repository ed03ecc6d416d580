"""Stage embed@<study>: the features that its evaluation left -> embeddings/<study>/.

A variant whose inputs are those that its folder was computed from is not embedded again.
"""

from collections.abc import Collection, Iterable
from pathlib import Path

from tqdm import tqdm

from lookalike.artifacts.datasets import load_dataset
from lookalike.artifacts.embeddings import save_embedding
from lookalike.artifacts.evaluations import FEATURES, load_evaluation, load_features
from lookalike.artifacts.evidence import renewed
from lookalike.artifacts.fingerprint import input_digests
from lookalike.command import run_for_variants
from lookalike.embedding.study import Settings, embed
from lookalike.evaluation.cases import first_of_each_class
from lookalike.evaluation.groups import group_numbers
from lookalike.params import Params

SEED = 13


def embed_study(params: Params, study: str, names: Collection[str], out: Path) -> Iterable[str]:
    """Map and cluster the first seed's features of those of the variants `names` that the active profile embeds."""
    dataset, sample = load_dataset(Path("data") / params.studies[study].data), params.active.embed
    group_of = group_numbers(params.groups_of(dataset.name), dataset.class_names)
    indices = first_of_each_class(dataset.test_labels, sample.images_a_class)
    labels, settings = dataset.test_labels[indices].astype(int), Settings(**params.embedding.model_dump())
    shared = {
        "settings": params.embedding.model_dump(mode="json"),
        "groups": group_of.tolist(),
        "images": indices.tolist(),
        "labels": labels.tolist(),
    }
    sampled = [name for name in params.sampled(study, sample) if name in names]
    evaluations = {name: Path("evaluations") / study / name for name in sampled}
    ended = [name for name, folder in evaluations.items() if load_evaluation(folder).seeds]  # not all diverged
    for name in tqdm(ended, desc="embed", unit="variant", disable=None):
        evaluation = evaluations[name]
        inputs = input_digests(Path(__file__), None, {"features": evaluation / FEATURES}, **shared)
        with renewed(out / name, inputs) as part:
            if part is not None:
                features = load_features(evaluation)[indices]
                save_embedding(part, embed(features, indices, labels, group_of, settings, SEED))
    return ended


if __name__ == "__main__":
    run_for_variants(embed_study, "embeddings")
