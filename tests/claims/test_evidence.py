"""What stages wrote becomes the evidence of claims, read back as it was."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from conftest import ROOT
from invented_evidence import assert_same
from small_study import CNN, DIVERGED, EVALUATED, SmallStudy, make_study, small_params, write_study

from lookalike.artifacts.costs import save_costs
from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.models import read_rows
from lookalike.claims.evidence import Evidence, gather_evidence
from lookalike.claims.judging import judge
from lookalike.errors import InputError
from lookalike.evaluation.groups import group_numbers
from lookalike.params import Params
from lookalike.studies import CLAIMS, judge_all
from lookalike.training.settings import effective_settings

COSTS = {"separable": [{"standard": {"macs": 9}, "separable": {"macs": 2}}], "designs": []}


@pytest.fixture(scope="module")
def params() -> Params:
    """Those of the small study."""
    return small_params(yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def small(dataset: Dataset, params: Params) -> SmallStudy:
    return make_study(dataset, params)


@pytest.fixture
def written(tmp_path: Path, small: SmallStudy, params: Params) -> Path:
    """A folder with what the stages wrote of the small study."""
    write_study(tmp_path, small)
    save_costs(tmp_path, COSTS, {"device": "none"})
    return tmp_path


@pytest.fixture
def gathered(written: Path, params: Params) -> Evidence:
    return gather_evidence(params, written)


def test_evidence_is_what_the_stages_wrote(
    gathered: Evidence, written: Path, small: SmallStudy, params: Params
) -> None:
    found = gathered.studies["fashion"]
    assert (gathered.demonstration, gathered.costs, [*gathered.studies]) == (True, COSTS, ["fashion"])
    assert_same(found.test_set, small.test_set)
    assert_same(found.evaluations, small.evaluations)
    assert [*found.explanations] == [*found.embeddings] == [CNN]
    assert_same(found.explanations[CNN].seeds, small.explanation.seeds)
    assert_same(found.embeddings[CNN].agreements, small.embedding.agreements)
    names = params.datasets["fashion_mnist"].classes
    np.testing.assert_array_equal(found.group_of, group_numbers(params.groups["fashion_mnist"], names))
    for name in (DIVERGED, *EVALUATED):
        assert found.histories[name] == read_rows(written / "models/fashion" / name / "history.csv")
        assert found.planned_epochs[name] == effective_settings(params, name).train.epochs


def test_what_diverged_is_not_finished(gathered: Evidence) -> None:
    assert {*gathered.studies["fashion"].finished} == {*EVALUATED}
    assert gathered.study_of(DIVERGED) is None
    assert gathered.study_of(CNN) is gathered.studies["fashion"]


def test_the_settings_of_a_demonstration_depart_from_the_study_s(gathered: Evidence, params: Params) -> None:
    departures = gathered.studies["fashion"].departures
    assert all(departures[name] for name in (DIVERGED, *EVALUATED))
    said = " ".join(departures[CNN])
    epochs = params.variants[CNN].train.epochs
    assert f"train.epochs: {effective_settings(params, CNN).train.epochs} (the study's own: {epochs})" in said


def test_evidence_lies_below_the_present_folder_by_default(
    written: Path, params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(written)
    here, there = gather_evidence(params), gather_evidence(params, written)
    assert_same(here.studies["fashion"].evaluations, there.studies["fashion"].evaluations)


def test_without_costs_nothing_is_counted(written: Path, params: Params) -> None:
    (written / "costs/found.json").unlink()
    assert gather_evidence(params, written).costs == {}


@pytest.mark.parametrize(
    "gone", ["test_sets/fashion", f"evaluations/fashion/{CNN}", f"models/fashion/{CNN}/history.csv"]
)
def test_a_stage_that_did_not_run_is_an_error_and_not_missing_data(written: Path, params: Params, gone: str) -> None:
    (written / gone).rename(written / "gone")
    with pytest.raises((FileNotFoundError, InputError), match=gone):
        gather_evidence(params, written)


def test_variants_that_were_not_explained_are_no_error(written: Path, params: Params) -> None:
    for kind in ("explanations", "embeddings"):
        (written / kind / "fashion" / CNN).rename(written / f"no {kind}")
    found = gather_evidence(params, written).studies["fashion"]
    assert (found.explanations, found.embeddings) == ({}, {})


def test_a_demonstration_is_gathered_and_not_judged(gathered: Evidence) -> None:
    found = {one.claim.key: one for one in judge_all(gathered)}
    assert [*found] == [claim.key for claim in CLAIMS]
    assert {one.verdict for one in found.values()} == {"not judged", "not tested"}
    plain = replace(gathered, demonstration=False)
    assert {judge(claim, plain).verdict for claim in CLAIMS} <= {
        "not judged",
        "not tested",
        "not tested at the study's size",
    }
