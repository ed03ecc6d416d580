"""Embeddings come back as they were, whole or refused in one line; features that do not vary have none."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from damaged_evidence import DAMAGES, assert_refused
from invented_evidence import N, assert_same, embedding, written

from lookalike.artifacts.embeddings import load_embedding, load_embeddings, save_embedding


def test_an_embedding_comes_back_as_it_was(tmp_path: Path) -> None:
    for _ in range(2):  # the second time over the first
        save_embedding(tmp_path, embedding())
    assert_same(load_embedding(tmp_path), embedding())
    assert sorted(written(tmp_path)) == ["arrays.npz", "evidence.json"]


def test_components_are_kept_in_half_precision_where_that_suffices_and_the_map_in_single(tmp_path: Path) -> None:
    exact = np.random.default_rng(0).normal(0, 10, (N, 6))
    save_embedding(tmp_path, replace(embedding(), components=exact, tsne=exact[:, :2]))
    found = load_embedding(tmp_path)
    assert found is not None
    assert_same((found.components, found.tsne), (exact.astype(np.float16), exact[:, :2].astype(np.float32)))
    save_embedding(tmp_path, replace(embedding(), components=1e5 * exact))
    found = load_embedding(tmp_path)
    assert found is not None
    assert_same(found.components, (1e5 * exact).astype(np.float32))


def test_features_that_do_not_vary_have_no_embedding(tmp_path: Path) -> None:
    save_embedding(tmp_path, None)
    assert load_embedding(tmp_path) is None
    assert sorted(written(tmp_path)) == ["arrays.npz", "evidence.json"]


def test_embeddings_are_loaded_by_name_without_those_of_features_that_do_not_vary(tmp_path: Path) -> None:
    for name, one in {"b": embedding(), "a": embedding(), "dead": None}.items():
        (tmp_path / name).mkdir()
        save_embedding(tmp_path / name, one)
    (tmp_path / "left-over.json").touch()
    assert_same(load_embeddings(tmp_path), {"a": embedding(), "b": embedding()})
    assert load_embeddings(tmp_path / "nowhere") == {}


def test_the_same_embedding_has_the_same_bytes(tmp_path: Path) -> None:
    save_embedding(tmp_path, embedding())
    first = written(tmp_path)
    save_embedding(tmp_path, load_embedding(tmp_path))
    assert written(tmp_path) == first


@pytest.mark.parametrize("case", DAMAGES)
def test_a_damaged_embedding_is_refused_in_one_line(tmp_path: Path, case: str) -> None:
    save_embedding(tmp_path, embedding())
    assert_refused(load_embedding, tmp_path, case)
