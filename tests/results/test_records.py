"""Runs that are kept: what is read back, what damage is found, and which run stands for a variant."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from small_study import CNN, FEW, SmallStudy

from lookalike.artifacts.explanations import load_explanation
from lookalike.artifacts.folders import read_json, write_json
from lookalike.params import Params
from lookalike.results.add import copy_evidence
from lookalike.results.records import FoundRuns, choose_runs, departures, find_runs, lay_out
from lookalike.results.verify import verify_all
from lookalike.training.settings import effective_settings

Add = Callable[[str], Path]


def test_a_run_holds_what_was_there(added: Add, results: Path, params: Params, study: SmallStudy) -> None:
    folder = added(CNN)
    digest = effective_settings(params, CNN).digest
    assert folder == results / "fashion" / CNN / digest[:8]
    (run,) = find_runs(results).runs
    assert run.record.digest == run.record.settings.digest == digest
    assert (run.record.parameters, run.record.budget) == (params.variants[CNN], params.budget(CNN))
    assert (run.record.evaluated, run.record.profile) == ("c0ffee", params.profile)
    assert run.hours == pytest.approx(4 / 3600)
    assert (run.evaluation.test_logits == study.evaluations[CNN].test_logits).all()
    assert load_explanation(folder / "explanation").found["images"] == study.explanation.found["images"]
    assert not (folder / "weights").exists()  # there were none
    assert verify_all(results) == (1, [])


def test_the_same_evidence_gives_the_same_bytes(added: Add) -> None:
    first = {path: path.read_bytes() for path in added(CNN).rglob("*") if path.is_file()}
    assert {path: path.read_bytes() for path in added(CNN).rglob("*") if path.is_file()} == first


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "truncated": (
        lambda run: truncate(run / "evaluation/arrays.npz"),
        "arrays.npz: was edited or is damaged",
    ),
    "edited": (lambda run: replace(run / "history.csv", "0.1", "0.9"), "history.csv: was edited or is damaged"),
    "missing": (lambda run: (run / "times.csv").unlink(), "times.csv: missing"),
    "more": (lambda run: (run / "notes.txt").touch(), "notes.txt: no file of the record"),
    "version": (lambda run: change(run, version=2), "record.json: version: input should be 1, got 2"),
    "settings": (lambda run: change_settings(run), "record.json: the settings do not match their digest"),
    "unknown": (lambda run: change(run, colour="red"), "record.json: colour: unknown key"),
    "json": (lambda run: truncate(run / "record.json"), "record.json: not readable as JSON"),
    "place": (lambda run: run.parent.rename(run.parent.with_name("other")), f"is of fashion/{CNN}"),
}


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def replace(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text().replace(old, new))


def change(run: Path, **values: object) -> None:
    write_json(run / "record.json", read_json(run / "record.json") | values)


def change_settings(run: Path) -> None:
    record = read_json(run / "record.json")
    record["settings"]["train"]["epochs"] += 1
    write_json(run / "record.json", record)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_run_is_one_line_and_the_rest_is_found(added: Add, results: Path, damage: str) -> None:
    harm, said = DAMAGES[damage]
    added(FEW)
    harm(added(CNN))
    found = find_runs(results)
    assert [run.record.variant for run in found.runs] == [FEW]
    (fault,) = found.faults
    assert said in fault
    assert "\n" not in fault
    assert verify_all(results) == (1, [fault])


def test_two_runs_of_the_same_settings_are_one_line(added: Add, results: Path) -> None:
    folder = added(CNN)
    shutil.copytree(folder, folder.with_name("zzz"))
    found = find_runs(results)
    assert [run.folder for run in found.runs] == [folder]
    assert found.faults == [f"{folder.with_name('zzz')}: the same settings as {folder}; remove one of the two"]


def test_a_figure_that_does_not_follow_from_the_logits_is_named(added: Add, results: Path) -> None:
    folder = added(CNN)
    record = read_json(folder / "record.json")
    change(folder, scores=record["scores"] | {"accuracy": 0.99})
    checked, (fault,) = verify_all(results)
    assert checked == 0
    assert fault.startswith(f"{folder}: accuracy is 0.99 in the record, but {record['scores']['accuracy']}")


def test_a_variant_that_is_gone_is_one_line(added: Add, results: Path, params: Params) -> None:
    folder = added(CNN)
    added(FEW)
    chosen, lines = choose_runs(find_runs(results), params.only([FEW]))
    assert list(chosen) == [FEW]
    assert lines == [f"{folder}: params.yaml has no variant {CNN} of fashion"]


def test_the_run_nearest_to_the_study_s_own_settings_counts(
    added: Add, root: Path, results: Path, params: Params
) -> None:
    small = added(CNN)
    large = copy_evidence(in_full(root, params), CNN, root, "c0ffee", results)
    assert large != small
    found = find_runs(results)
    assert len(found.runs) == 2
    chosen, _ = choose_runs(FoundRuns(found.runs, []), params)
    assert chosen[CNN].folder == large
    less, more = (departures(run.record) for run in sorted(found.runs, key=lambda run: run.folder == small))
    assert len(less) < len(more)
    assert any(line.startswith("train.epochs: 3 (the study's own: 10)") for line in more)


def in_full(root: Path, params: Params) -> Params:
    """Parameters without a cap on epochs, and the artifacts of the variant as if trained with them."""
    profile = params.active
    budget = params.budget(CNN).model_copy(update={"max_epochs": None, "max_images": None})
    train = {**profile.train, params.variants[CNN].budget: budget}
    full = params.model_copy(update={"profiles": {params.profile: profile.model_copy(update={"train": train})}})
    path = root / "runs/fashion" / CNN / "run.json"
    write_json(path, read_json(path) | {"settings": effective_settings(full, CNN).digest})
    return full


def test_chosen_runs_lie_as_the_pipeline_lays_them_out(added: Add, root: Path, results: Path) -> None:
    added(CNN)
    target = root / "laid"
    lay_out(find_runs(results).runs, results, target)
    for path in ("models", "runs", "evaluations", "explanations", "embeddings"):
        kept, made = (
            {file.name: file.read_bytes() for file in (place / path / "fashion" / CNN).iterdir() if file.is_file()}
            for place in (target, root)
        )
        assert {name: kept[name] for name in made if name in kept} == made
    assert json.loads((target / "test_sets/fashion/evidence.json").read_text())["kind"] == "test set"
