"""The stage `compare` on a small study: every file that it promises, from evidence alone."""

import csv
import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from conftest import ROOT
from descriptions import described
from small_study import CNN, DIVERGED, EVALUATED, FEW, LABELS, PAIR, SmallStudy, write_embedding, write_study

from lookalike.artifacts.comparisons import load_families
from lookalike.artifacts.evaluations import AugmentedExamples, Evaluation
from lookalike.artifacts.evidence import ARRAYS, CONTENT
from lookalike.artifacts.folders import read_json
from lookalike.artifacts.models import Description
from lookalike.errors import InputError
from lookalike.evaluation.scores import Scored, score_variant
from lookalike.families.findings import FamilyFindings
from lookalike.params import Params
from lookalike.reporting.comparison import (
    StudyArtifacts,
    compare_study,
    evidence_figures,
    first_of_each_augmentation,
    load_study_artifacts,
    variants_above_chance,
)

Files = dict[str, bytes]
ALONE = """
import pickle, sys
from pathlib import Path
sys.modules |= {"torch": None, "sklearn": None}  # so that to import them is an error
from lookalike.reporting.comparison import compare_study
here, root = map(Path, sys.argv[1:])
compare_study(pickle.loads((here / "params").read_bytes()), "fashion", root, here / "out")
"""
OF_VARIANTS = ("evaluations", "explanations", "embeddings")
OF_MAPS = {"maps", "classes-Grad-CAM", "layers", "responses", "contrast", "journey"}
OF_CONVOLUTIONS = {f"{kind}-{end}" for kind in ("filters", "untrained", "features") for end in ("first", "last")}
OF_FEATURES = {"map", "clusters", "sweep"}


def files(folder: Path) -> Files:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, params: Params, study: SmallStudy) -> Path:
    """A root with the artifacts of the small study; not to be changed."""
    root = tmp_path_factory.mktemp("study")
    write_study(root, study)
    return root


@pytest.fixture(scope="module")
def compared(written: Path, params: Params, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `compare` writes of it."""
    out = tmp_path_factory.mktemp("out")
    compare_study(params, "fashion", written, out)
    return out


def test_all_that_dvc_expects_is_written_and_nothing_else(compared: Path) -> None:
    stage = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]["compare"]["do"]
    paths = {next(iter(out)).removeprefix("comparisons/${key}/") for out in stage["outs"]}
    assert paths | {"focus"} == {path.name for path in compared.iterdir()}
    assert stage["metrics"] == [{"focus/${key}": {"persist": True}}], "where the stage moves the folder"


def test_the_figures_are_those_of_the_variants_and_pairs_that_ended(compared: Path) -> None:
    recipe = read_json(compared / "photos.json")["chosen"]["recipe"]
    closely = {"reliability"} | OF_MAPS | OF_CONVOLUTIONS | OF_FEATURES
    expected = {
        *(f"{CNN}/{kind}.webp" for kind in closely),
        "alike.webp",
        *(["photographs-fitted.webp"] if recipe == "fitted" else []),
    }
    drawn = files(compared / "figures")
    assert drawn.keys() == expected
    assert all(webp.startswith(b"RIFF") for webp in drawn.values())
    assert files(compared / "pairs") == {}  # one of the pair is no focus variant


def test_variants_at_chance_are_not_drawn() -> None:
    labels = np.repeat([0, 1, 2], [2, 1, 1])
    lows = {"at chance": 0.5, "learnt": 0.51, "below": 0.3}
    scored = {name: Scored({"accuracy_low": low}, {}) for name, low in lows.items()}
    scored["diverged"] = Scored({"seeds": 0, "diverged": 1}, {"seeds": []})
    assert variants_above_chance(list(scored), scored, labels) == ["learnt"]


def test_pairs_of_focus_variants_are_drawn(written: Path, params: Params, tmp_path: Path) -> None:
    study = params.studies["fashion"].model_copy(update={"focus": EVALUATED})
    both = params.model_copy(update={"studies": {"fashion": study}})
    compare_study(both, "fashion", written, tmp_path)
    drawn = {path for path in files(tmp_path) if path.startswith((f"pairs/{PAIR}", f"figures/{PAIR}"))}
    assert drawn == {f"pairs/{PAIR}/divergence.webp"}  # the cases need maps of both
    assert (tmp_path / "figures" / FEW / "reliability.webp").exists()


def test_numbers_are_those_of_the_evidence(compared: Path, study: SmallStudy) -> None:
    metrics = read_json(compared / "metrics.json")
    assert list(metrics) == [DIVERGED, *EVALUATED]
    assert metrics[DIVERGED] == {"seeds": 0, "diverged": 1}
    for name in EVALUATED:
        scored = score_variant(study.evaluations[name], LABELS, study.class_names)
        assert metrics[name] == scored.summary
        assert read_json(compared / "details.json")[name] == scored.details
    look_alikes = read_json(compared / "look_alikes.json")
    assert {key: look_alikes[key] for key in ("variants", "confusions", "pairs", "duplicates")} == {
        key: study.look_alikes[key] for key in ("variants", "confusions", "pairs", "duplicates")
    }
    assert look_alikes["duplicates"]["images"] == [3]
    assert read_json(compared / "robustness.json") == study.on_corrupted | {
        "strengths": {kind: list(values) for kind, values in study.on_corrupted["strengths"].items()}
    }
    photos = read_json(compared / "photos.json")
    assert photos["figures"] == study.on_photos["figures"]


def test_findings_on_families_are_those_of_variants_that_ended(compared: Path, study: SmallStudy) -> None:
    found = load_families(compared, FamilyFindings)
    assert found.families == dict.fromkeys(EVALUATED, "CNN")
    assert (found.seeds, found.compared, found.learning) == (dict.fromkeys(EVALUATED, 2), None, {})
    pairs = [one.pair for one in found.separability]
    assert ("Coat", "Shirt") in pairs
    assert {name for pair in pairs for name in pair} < set(study.class_names)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_dvc_shows_curves_of_all_accuracies_of_those_that_ended_and_the_rest_of_focus_variants(
    compared: Path, study: SmallStudy
) -> None:
    shown = {name: {row["variant"] for row in rows(compared / f"{name}.csv")} for name in ("curves", "accuracies")}
    assert shown == {"curves": {DIVERGED, *EVALUATED}, "accuracies": {*EVALUATED}}
    predicted = study.evaluations[CNN].test_logits[0].argmax(axis=1)
    right = {
        row["actual"]: int(row["images"])
        for row in rows(compared / "confusions.csv")
        if row["actual"] == row["predicted"]
    }
    assert right == {name: int(((k == LABELS) & (predicted == k)).sum()) for k, name in enumerate(study.class_names)}
    photos = read_json(compared / "photos.json")
    scored = photos["figures"][CNN][photos["chosen"]["recipe"]]["halves"]["score"]["accuracy"]["value"]
    assert read_json(compared / "focus" / f"{CNN}.json") == {
        "accuracy": read_json(compared / "metrics.json")[CNN]["accuracy"],
        "confused_within": study.look_alikes["variants"][CNN]["confused_within"]["value"],
        "photo_accuracy": scored,
    }
    assert [path.stem for path in (compared / "focus").iterdir()] == [CNN]


def test_the_main_scores_of_maps_and_features_are_written(compared: Path, study: SmallStudy) -> None:
    methods = study.explanation.found["faithfulness"]["methods"]
    assert read_json(compared / "explanations.json") == {
        CNN: {name: {"gain": one["gain"]["value"]} for name, one in methods.items()}
    }
    assert {"random", "centre"} < methods.keys()
    assert read_json(compared / "embeddings.json") == {
        CNN: {"trustworthiness": 0.987, **dict.fromkeys(("ari", "ami", "hungarian_accuracy"), 0.321)}
    }


def test_another_process_without_torch_and_scikit_learn_writes_the_same_bytes(
    compared: Path, written: Path, params: Params, tmp_path: Path
) -> None:
    (tmp_path / "params").write_bytes(pickle.dumps(params))
    command = [sys.executable, "-c", ALONE, str(tmp_path), str(written)]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": "src"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    before, after = files(compared), files(tmp_path / "out")
    assert before.keys() == after.keys()
    assert [path for path in before if before[path] != after[path]] == []


@pytest.mark.parametrize("file", [ARRAYS, CONTENT])
@pytest.mark.parametrize(
    "folder",
    ["test_sets/fashion", *(f"{kind}/fashion/{CNN}" for kind in ("evaluations", "explanations", "embeddings"))],
)
def test_damaged_evidence_is_refused_in_one_line(
    root: Path, params: Params, tmp_path: Path, folder: str, file: str
) -> None:
    path = root / folder / file
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError, match=folder) as refused:
        compare_study(params, "fashion", root, tmp_path / "out")
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", ["test_sets/fashion", f"evaluations/fashion/{FEW}"])
def test_missing_evidence_is_refused(root: Path, params: Params, tmp_path: Path, kind: str) -> None:
    for path in (root / kind).iterdir():
        path.unlink()
    with pytest.raises(InputError, match="no such file"):
        compare_study(params, "fashion", root, tmp_path / "out")


def test_features_that_do_not_vary_have_no_figures_and_no_scores(root: Path, params: Params, tmp_path: Path) -> None:
    write_embedding(root, None)
    found = load_study_artifacts(params, "fashion", root)
    assert found.embeddings == {}
    drawn = evidence_figures(found, [CNN], [], "")
    assert not {f"{CNN}/{title}" for title in OF_FEATURES} & drawn.keys()
    assert f"{CNN}/maps" in drawn


# augmentation


@pytest.fixture
def found(written: Path, params: Params) -> StudyArtifacts:
    return load_study_artifacts(params, "fashion", written)


def with_augmented(found: StudyArtifacts, **augmentations: Any) -> StudyArtifacts:
    """The same as if the variants had been trained with these augmentations; the examples have the values 0, 1, ..."""
    evaluations: dict[str, Evaluation] = {}
    models: dict[str, Description] = {}
    for k, (name, settings) in enumerate(augmentations.items()):
        images = np.full((2, 8, 8), k, np.uint8)
        examples = AugmentedExamples(images, np.array([1, 0]), np.stack([images, images]))
        evaluations[name] = replace(found.evaluations[CNN], augmented=examples if settings else None)
        models[name] = described(augmentation=settings)
    return replace(found, evaluations=evaluations, models=models)


def test_each_augmentation_is_shown_by_the_first_variant_that_has_it(found: StudyArtifacts) -> None:
    turned, moved = {"placing": {"turn": 5}}, {"placing": {"shift": 1}}
    several = with_augmented(found, plain=None, first=turned, second=dict(turned), third=moved)
    examples = first_of_each_augmentation(several)
    assert {name: one.images.max() for name, one in examples.items()} == {"first": 1, "third": 3}
    drawn = evidence_figures(replace(several, explanations={}, embeddings={}), [], [], "")
    assert drawn.keys() == {"first/augmentation", "third/augmentation"}
    assert first_of_each_augmentation(found) == {}
