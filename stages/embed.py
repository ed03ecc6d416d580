"""Stage embed@<study>: the features that its evaluation left -> embeddings/<study>/."""

from pathlib import Path

from tqdm import tqdm

from lookalike.artifacts.datasets import load_dataset
from lookalike.artifacts.evaluations import load_evaluation, load_features
from lookalike.artifacts.findings import save_arrays, save_figures, save_found
from lookalike.command import run_for_study
from lookalike.embedding.study import Settings, embed, main_scores
from lookalike.evaluation.cases import first_of_each_class
from lookalike.evaluation.groups import group_numbers
from lookalike.params import Params
from lookalike.reporting.embeddings import variant_figures
from lookalike.reporting.style import to_png

SEED = 13


def embed_study(params: Params, study: str, out: Path) -> None:
    """Map and cluster the first seed's features of the variants that the active profile embeds."""
    dataset, sample = load_dataset(Path("data") / params.studies[study].data), params.active.embed
    groups = params.groups_of(dataset.name)
    group_of = group_numbers(groups, dataset.class_names)
    indices = first_of_each_class(dataset.test_labels, sample.images_a_class)
    labels, settings = dataset.test_labels[indices].astype(int), Settings(**params.embedding.model_dump())
    found = {}
    for name in tqdm(params.sampled(study, sample), desc="embed", unit="variant", disable=None):
        evaluation = Path("evaluations") / study / name
        if not load_evaluation(evaluation).seeds:  # every seed diverged
            continue
        embedding = embed(load_features(evaluation)[indices], labels, group_of, settings, SEED)
        if embedding is None:  # its features do not vary
            continue
        found[name] = embedding.found
        arrays = {"indices": indices, "tsne": embedding.coordinates, "pca": embedding.pca, **embedding.clusters}
        save_arrays(out / "arrays" / name, arrays)
        figures = variant_figures(embedding, labels, group_of, dataset.class_names, list(groups))
        save_figures(out / "figures" / name, {title: to_png(figure) for title, figure in figures.items()})
    save_found(out, found, {name: main_scores(one) for name, one in found.items()})


if __name__ == "__main__":
    run_for_study(embed_study, "embeddings")
