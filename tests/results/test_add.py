"""What is refused when a run is to be kept."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from small_study import CNN, SmallStudy

from lookalike import provenance
from lookalike.artifacts.folders import read_json, replacing_folder, write_json
from lookalike.artifacts.test_sets import load_test_set, save_test_set
from lookalike.errors import InputError
from lookalike.params import Params
from lookalike.results import add as adding
from lookalike.results.add import add_runs, check_trained, copy_evidence

Add = Callable[[str], Path]


def run_json(root: Path, **changes: object) -> None:
    path = root / "runs/fashion" / CNN / "run.json"
    write_json(path, read_json(path) | changes)


def test_a_variant_that_is_trained_so_is_accepted(root: Path, params: Params) -> None:
    check_trained(params, CNN, root)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda root: (root / "runs/fashion" / CNN / "run.json").unlink(),
            f"{CNN}: not trained yet; run `lookalike train",
        ),
        (lambda root: (root / "models/fashion" / CNN / "model.json").unlink(), f"{CNN}: not trained yet"),
        (
            lambda root: run_json(root, settings="0" * 16),
            f"{CNN}: trained with other settings than those of",
        ),
        (lambda root: run_json(root, dirty=True), f"{CNN}: trained from files that no commit holds"),
    ],
)
def test_a_variant_that_is_not_trained_so_is_refused(
    root: Path, params: Params, change: Callable[[Path], object], said: str
) -> None:
    change(root)
    with pytest.raises(InputError) as refused:
        check_trained(params, CNN, root)
    assert str(refused.value).startswith(said)


def test_missing_seeds_are_refused(root: Path, params: Params) -> None:
    path = root / "models/fashion" / CNN / "model.json"
    write_json(path, read_json(path) | {"seeds": read_json(path)["seeds"][:1]})
    with pytest.raises(InputError, match=f"{CNN}: 1 of 2 seeds are trained"):
        check_trained(params, CNN, root)


def test_a_demonstration_is_refused(root: Path, params: Params, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adding, "load_params", lambda: params)
    with pytest.raises(InputError, match="profile demo is a demonstration"):
        add_runs([CNN], root / "results")


def test_a_checkout_with_changes_is_refused(root: Path, params: Params, monkeypatch: pytest.MonkeyPatch) -> None:
    real = params.model_copy(update={"profiles": {"demo": params.active.model_copy(update={"demonstration": False})}})
    monkeypatch.setattr(adding, "load_params", lambda: real)
    monkeypatch.setattr(provenance, "commit", lambda: {"commit": "c0ffee", "dirty": True})
    with pytest.raises(InputError, match="tracked files differ from the commit"):
        add_runs([CNN], root / "results")


def test_too_much_evidence_is_refused_and_nothing_is_left(
    added: Add, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adding, "LIMIT", 1000)
    with pytest.raises(InputError, match=rf"{CNN}: 0\.\d\d MiB of evidence"):
        added(CNN)
    assert not (results / "fashion").exists()


def test_all_results_together_have_a_limit(added: Add, results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adding, "ALL", 1000)
    with pytest.raises(InputError, match=r"results: 0\.\d\d MiB of evidence"):
        added(CNN)
    assert not list(results.glob(f"fashion/{CNN}/*"))


def test_another_test_set_is_refused(added: Add, root: Path, results: Path, study: SmallStudy) -> None:
    added(CNN)
    write_test_set(root / "test_sets/fashion", replace(study.test_set, digest="another"))
    with pytest.raises(InputError, match="is of other images"):
        added(CNN)


def test_of_two_test_sets_the_one_that_shows_more_is_kept(
    added: Add, root: Path, results: Path, study: SmallStudy
) -> None:
    few = replace(study.test_set, shown=study.test_set.shown[:10], images=study.test_set.images[:10])
    for test_set, shown in ((few, 10), (study.test_set, len(study.test_set.shown)), (few, len(study.test_set.shown))):
        write_test_set(root / "test_sets/fashion", test_set)
        added(CNN)
        assert len(load_test_set(results / "test_sets/fashion").shown) == shown


def test_a_test_set_of_another_version_is_replaced(added: Add, results: Path) -> None:
    added(CNN)
    path = results / "test_sets/fashion/evidence.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": 1}))
    added(CNN)
    assert load_test_set(path.parent).name == "fashion_mnist"


def write_test_set(folder: Path, test_set: object) -> None:
    with replacing_folder(folder) as part:
        save_test_set(part, test_set)  # type: ignore[arg-type]


def test_a_focus_variant_keeps_its_weights(root: Path, params: Params, results: Path) -> None:
    """In half precision; the first seed of a model that classifies photos of one's own is kept as it was trained."""
    weights = {"head.weight": np.linspace(-1, 1, 7, dtype=np.float32), "steps": np.array(5)}
    folder = root / "models/fashion" / CNN
    for name in ("seed-0", "seed-1", "seed-0-epoch-1", "start"):
        save_file(weights, folder / f"{name}.safetensors")
    save_file({"large": np.zeros(2**20 + 1, np.float32)}, folder / "seed-2.safetensors")
    kept = copy_evidence(params, CNN, root, "c0ffee", results) / "weights"
    assert {path.name for path in kept.iterdir()} == {"seed-0.safetensors", "seed-1.safetensors"}
    half = load_file(kept / "seed-1.safetensors")
    assert half["head.weight"].dtype == np.float16
    assert (half["steps"].dtype, half["steps"]) == (np.int64, 5)
    np.testing.assert_allclose(half["head.weight"], weights["head.weight"], atol=1e-3)
    released = load_file(kept / "seed-0.safetensors")
    assert released["head.weight"].dtype == np.float32
    np.testing.assert_array_equal(released["head.weight"], weights["head.weight"])
    not_for_photos = params.model_copy(update={"photos": None})
    kept = copy_evidence(not_for_photos, CNN, root, "c0ffee", results) / "weights"
    assert load_file(kept / "seed-0.safetensors")["head.weight"].dtype == np.float16
