"""Findings about families are read as they were written; faults are named in one line."""

import json
from pathlib import Path

import pytest
from families.small_families import study, without_evidence

from lookalike.artifacts.comparisons import FAMILIES, load_families, save_families
from lookalike.errors import InputError
from lookalike.families.all_findings import study_families
from lookalike.families.findings import FamilyFindings
from lookalike.families.measured import MeasuredStudy


@pytest.mark.parametrize("measured", [study(), study(seeds=1), without_evidence(study())])
def test_findings_are_read_as_they_were_written(tmp_path: Path, measured: MeasuredStudy) -> None:
    found = study_families(measured)
    save_families(tmp_path, found)
    assert load_families(tmp_path, FamilyFindings) == found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"compared": 3}, "compared: input should be a valid array, got 3"),
        ({"unknown": 3}, "unknown: unknown key"),
        ({"seeds": {"cnn": "many"}}, "seeds.cnn: input should be a valid integer"),
    ],
)
def test_what_is_no_finding_is_named(tmp_path: Path, change: dict[str, object], message: str) -> None:
    save_families(tmp_path, study_families(without_evidence(study())))
    path = tmp_path / FAMILIES
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError, match=f"{FAMILIES}: {message}"):
        load_families(tmp_path, FamilyFindings)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"{FAMILIES}: no such file"):
        load_families(tmp_path, FamilyFindings)
