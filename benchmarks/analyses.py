"""Time analyses of trained models: maps of the fashion models, and the embedding of features.

    python benchmarks/analyses.py --threads 2

Weights and images are random, which takes the same time; features are drawn around ten centres. Each line is the best
of a few runs in this process, after a warm-up run.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch

from lookalike.embedding.mixture import fit_mixtures
from lookalike.embedding.projection import tsne
from lookalike.explain.attention import gradient_rollout, rollout
from lookalike.explain.cam import grad_cam
from lookalike.explain.maps import Explain, explain_all, label_target
from lookalike.models.registry import create_model
from lookalike.params import load_params
from lookalike.runtime import seeded, start

IMAGES, POINTS, DIMS, SEED = 500, 5000, 64, 13
MAPS: list[tuple[str, Explain]] = [
    ("fashion_cnn", grad_cam),
    ("fashion_vit", grad_cam),
    ("fashion_vit", rollout),
    ("fashion_vit", gradient_rollout),
]


def main() -> None:
    """Print a line for each."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--threads", type=int, default=2, help="of torch (default 2)")
    asked.add_argument("--runs", type=int, default=3, help="of maps; embeddings run once (default 3)")
    given = asked.parse_args()
    start("cpu")
    torch.set_num_threads(given.threads)
    for name, explain in MAPS:
        said = f"{IMAGES} maps, {explain.__name__} of {name}"
        print(
            f"{said:45} {best(lambda name=name, explain=explain: maps(name, explain), given.runs):7.2f} s", flush=True
        )
    points = clusters()
    settings = load_params().embedding
    fits = (settings.components, settings.covariances)
    for said, work in (
        (f"t-SNE of {POINTS} x {DIMS} features", lambda: tsne(points, settings.perplexity, SEED)),
        (f"mixtures of the same: {len(fits[0])} sizes, {len(fits[1])} shapes", lambda: mixtures(points, *fits)),
    ):
        print(f"{said:45} {seconds(work):7.2f} s", flush=True)


def maps(name: str, explain: Explain) -> None:
    """Explain random images by a model with its initial weights."""
    with seeded(0, "init"):
        model = create_model(name, input_shape=(1, 28, 28), num_classes=10).eval()
    images, labels = torch.rand(IMAGES, 1, 28, 28), torch.arange(IMAGES) % 10
    explain_all(explain, model, images, label_target(labels, 10))


def clusters() -> np.ndarray:
    """Points (POINTS, DIMS) around ten centres that are as far apart as the points of one are."""
    rng = np.random.default_rng(SEED)
    return rng.normal(size=(10, DIMS))[np.arange(POINTS) % 10] + rng.normal(size=(POINTS, DIMS))


def mixtures(points: np.ndarray, components: tuple[int, ...], covariances: tuple[str, ...]) -> None:
    """The sweep of the stage `embed`, over as many principal components as it clusters."""
    settings = load_params().embedding
    fit_mixtures(points[:, : settings.mixture_dims], components, covariances, starts=settings.starts, seed=SEED)


def best(work: Callable[[], None], runs: int) -> float:
    """The least seconds of several runs, the first of which does not count."""
    return min([seconds(work) for _ in range(runs + 1)][1:])


def seconds(work: Callable[[], object]) -> float:
    """How long `work` takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
