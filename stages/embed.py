"""Stage embed@<study>: its models, and the features that its evaluation left -> embeddings/<study>/.

A variant whose inputs are those that its folder was computed from is not embedded again.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from itertools import chain
from pathlib import Path

from tqdm import tqdm

from lookalike.artifacts.datasets import load_dataset
from lookalike.artifacts.embeddings import save_embedding
from lookalike.artifacts.evaluations import FEATURES, load_evaluation, load_features
from lookalike.artifacts.evidence import replaced_unless_current
from lookalike.artifacts.fingerprint import folder_digest, input_digests
from lookalike.artifacts.models import load_description
from lookalike.command import run_for_variants
from lookalike.embedding.embed_variant import Settings, agreement_of_seeds, embed
from lookalike.embedding.features import features_of
from lookalike.evaluation.cases import first_of_each_class
from lookalike.evaluation.groups import group_numbers
from lookalike.params import Params
from lookalike.runtime import start

SEED = 13


def embed_study(params: Params, study: str, names: Collection[str], out: Path) -> Iterable[str]:
    """Map and cluster the features of those of the variants `names` that the active profile embeds."""
    data, evaluations = Path("data") / params.studies[study].data, Path("evaluations") / study
    runtime, sample, dataset = start(), params.active.embed, load_dataset(data)
    group_of = group_numbers(params.groups[dataset.name], dataset.class_names)
    indices = first_of_each_class(dataset.test_labels, sample.images_per_class)
    labels, settings = dataset.test_labels[indices].astype(int), Settings(**params.embedding.model_dump())
    shared = {
        "data": folder_digest(data),
        "device": runtime.device.type,
        "settings": params.embedding.model_dump(mode="json"),
        "groups": group_of.tolist(),
        "images": indices.tolist(),
    }
    sampled = [name for name in params.sampled(study, sample) if name in names]
    ended = {name: seeds for name in sampled if (seeds := load_evaluation(evaluations / name).seeds)}
    for name, seeds in tqdm(ended.items(), desc="embed", unit="variant", disable=None):
        folders = {"model": Path("models") / study / name, "features": evaluations / name / FEATURES}
        inputs = input_digests(Path(__file__), load_description(folders["model"]).model, folders, **shared)
        with replaced_unless_current(out / name, inputs) as part:
            if part is not None:
                first = load_features(evaluations / name)[indices]
                others = features_of(folders["model"], seeds[1:], dataset, indices, runtime)
                scores = agreement_of_seeds(chain([(seeds[0], first)], others), labels, len(group_of), settings, SEED)
                embedding = embed(first, indices, labels, group_of, settings, SEED)
                save_embedding(part, embedding and replace(embedding, agreements=scores))
    return ended


if __name__ == "__main__":
    run_for_variants(embed_study, "embeddings")
