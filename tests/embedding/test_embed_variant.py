"""All of it on drawn features: plain clusters, few points, wide features, and a dead network's."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from invented_evidence import EMBEDDED
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_info, threadpool_limits

from lookalike.artifacts.embeddings import Embedding, load_embedding, save_embedding
from lookalike.embedding import embed_variant as study
from lookalike.embedding.embed_variant import Settings, agreement_of_seeds, embed
from lookalike.embedding.projection import Projection, pca

GROUP_OF = np.arange(10) // 4
SETTINGS = Settings(
    components=(5, 10, 20),
    covariances=("full", "spherical"),
    starts=2,
    perplexity=30,
    mixture_dims=20,
    tsne_dims=50,
)
NAMES = {"mixture", "mixture_by_class", "k_means", "mixture_on_tsne"}


Drawn = tuple[NDArray[np.float16], NDArray[np.int64], NDArray[np.uint8]]


def drawn(count: int, dims: int, distance: float = 8) -> Drawn:
    """One round cluster per class, which test images these are, and their labels."""
    rng = np.random.default_rng(count + dims)
    labels = (np.arange(count) % 10).astype(np.uint8)
    centres = distance * rng.normal(size=(10, dims))
    return (centres[labels] + rng.normal(size=(count, dims))).astype(np.float16), 2 * np.arange(count), labels


@pytest.fixture(scope="module")
def plain() -> Embedding:
    """120 points in clusters that no method can miss."""
    found = embed(*drawn(120, 24), GROUP_OF, SETTINGS, seed=3)
    assert found is not None
    return found


def test_plain_clusters_are_found_by_every_method(plain: Embedding) -> None:
    assert plain.clusters.keys() == plain.found["clusterings"].keys() == NAMES
    for name, scores in plain.found["clusterings"].items():
        assert scores["labels"]["ari"]["value"] == scores["labels"]["hungarian_accuracy"]["value"] == 1, name
        assert scores["groups"]["purity"]["value"] == 1
        assert scores["groups"]["ari"]["value"] < 0.6
    assert plain.found["chosen"] == plain.found["chosen_by_class"] == {"components": 10, "covariance": "spherical"}


def test_figures_belong_to_the_clusters(plain: Embedding) -> None:
    _, indices, labels = drawn(120, 24)
    np.testing.assert_array_equal(plain.indices, indices)
    assert plain.tsne.shape == (120, 2)
    assert plain.components.shape == (120, 20)
    for name, clusters in plain.clusters.items():
        table = np.array(plain.found["clusterings"][name]["table"])
        assert table[clusters[7], labels[7]] == 12
        assert table.sum() == 120


def test_figures_of_the_map_and_the_components(plain: Embedding) -> None:
    assert plain.found["images"] == 120
    assert plain.found["neighbours"] == 15
    assert 0.9 < plain.found["trustworthiness"] < 1
    kept = plain.found["neighbour_preservation"]
    assert 15 / 119 < kept["low"] < kept["value"] < kept["high"] < 1
    explained = plain.found["explained"]
    assert len(explained["shares"]) == 10
    assert sum(explained["shares"]) < explained["cumulative"] < 1
    assert explained["mixture_dims"] == 20


def test_every_fit_of_the_sweep_is_listed(plain: Embedding) -> None:
    sizes = [(row["components"], row["covariance"]) for row in plain.found["sweep"]]
    assert sizes == [(5, "full"), (5, "spherical"), (10, "spherical"), (20, "spherical")]  # 10 full ones are too many
    assert min(plain.found["sweep"], key=lambda row: row["bic"])["components"] == 10
    assert "assignments" not in plain.found["sweep"][0]


def test_components_are_those_that_mixtures_are_fitted_to(plain: Embedding) -> None:
    features, _, _ = drawn(120, 24)
    np.testing.assert_array_equal(plain.components, pca(features, SETTINGS.tsne_dims, 3).coordinates[:, :20])
    few = embed(*drawn(120, 24), GROUP_OF, replace(SETTINGS, mixture_dims=1, starts=1), seed=3)
    assert few is not None
    assert few.components.shape == (120, 2), "a figure needs two, even if mixtures see one"


def test_an_embedding_comes_back_from_disk(plain: Embedding, tmp_path: Path) -> None:
    save_embedding(tmp_path, plain)
    back = load_embedding(tmp_path)
    assert back is not None
    assert tuple(back.found) == EMBEDDED
    assert back.found == plain.found
    np.testing.assert_array_equal(back.indices, plain.indices)
    np.testing.assert_array_equal(back.components, plain.components.astype(np.float16))
    np.testing.assert_array_equal(back.tsne, plain.tsne.astype(np.float32))
    assert list(back.clusters) == list(plain.clusters)
    for name, clusters in plain.clusters.items():
        np.testing.assert_array_equal(back.clusters[name], clusters)


def test_figures_become_json(plain: Embedding) -> None:
    assert json.loads(json.dumps(plain.found, allow_nan=False)) == plain.found


def test_repetition_does_not_change_a_bit(plain: Embedding) -> None:
    again = embed(*drawn(120, 24), GROUP_OF, SETTINGS, seed=3)
    assert again is not None
    np.testing.assert_array_equal(again.tsne, plain.tsne)
    assert again.found == plain.found


def test_agreements_of_the_first_seed_are_those_of_its_embedding() -> None:
    features, indices, labels = drawn(120, 24, distance=1)
    embedding = embed(features, indices, labels, GROUP_OF, SETTINGS, seed=3)
    assert embedding is not None
    others = drawn(120, 24, distance=0.5)[0]
    dead = np.zeros((120, 24))
    found = agreement_of_seeds(iter([(4, features), (1, others), (0, dead)]), labels, len(GROUP_OF), SETTINGS, 3)
    assert [one.seed for one in found] == [4, 1, 0]
    for name in ("k_means", "mixture_by_class"):
        first, second, third = (getattr(one, name) for one in found)
        assert first == embedding.found["clusterings"][name]["labels"]["ari"]
        assert 0 < second["value"] < first["value"] < 1, "classes lie closer together"
        assert third is None


def test_an_agreement_is_that_of_scikit_learn() -> None:
    features, _, labels = drawn(60, 12, distance=1)
    (found,) = agreement_of_seeds([(0, features)], labels, len(GROUP_OF), SETTINGS, 3)
    points = pca(features, SETTINGS.tsne_dims, 3).coordinates[:, : SETTINGS.mixture_dims]
    clusters = KMeans(10, n_init=SETTINGS.starts, random_state=3).fit_predict(points)
    assert found.k_means is not None
    assert found.k_means["value"] == pytest.approx(adjusted_rand_score(labels, clusters))


def test_one_thread_computes_whatever_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def watched(features: NDArray[np.floating], dims: int, seed: int) -> Projection:
        seen.extend(library["num_threads"] for library in threadpool_info())
        return pca(features, dims, seed)

    monkeypatch.setattr(study, "pca", watched)
    with threadpool_limits(2):
        embed(np.zeros((20, 4)), np.arange(20), np.arange(20) % 10, GROUP_OF, SETTINGS, seed=0)
    assert set(seen) == {1}


@pytest.mark.parametrize(("count", "dims"), [(60, 32), (25, 6), (100, 600)])
def test_few_points_and_wide_features_are_enough(count: int, dims: int) -> None:
    found = embed(*drawn(count, dims, distance=1), GROUP_OF, SETTINGS, seed=0)
    assert found is not None
    sizes = {row["components"] for row in found.found["sweep"]}
    assert sizes == {k for k in SETTINGS.components if 5 * k <= count} | {10}
    assert found.found["neighbours"] == min(15, (count - 1) // 2)
    assert np.isfinite(found.tsne).all()


def test_the_number_of_classes_is_tried_though_not_asked_for() -> None:
    found = embed(*drawn(60, 6), GROUP_OF, replace(SETTINGS, components=(5,)), seed=0)
    assert found is not None
    assert {row["components"] for row in found.found["sweep"]} == {5, 10}
    assert len(set(found.clusters["mixture_by_class"])) == 10


@pytest.mark.parametrize("living", [0, 1])
def test_a_dead_network_has_no_embedding(living: int) -> None:
    features = np.zeros((60, 8), np.float16)
    features[:, :living] = np.random.default_rng(0).normal(size=(60, living))
    assert embed(features, np.arange(60), np.arange(60) % 10, GROUP_OF, SETTINGS, seed=0) is None
