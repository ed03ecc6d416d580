"""The text of the parameter file: read as DVC reads it; what two readers could read differently is refused."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from dvc.utils.serialize import parse_yaml
from edited_params import CONTENT, MADE_UP

from lookalike.errors import InputError
from lookalike.params import load_params
from lookalike.params.document import parse_document

LOADS = "import sys; from lookalike.params import load_params; load_params(); assert 'torch' not in sys.modules"


def test_the_file_is_read_as_dvc_reads_it(root: Path) -> None:
    text = (root / "params.yaml").read_text(encoding="utf-8")
    assert parse_document(text, "params.yaml") == parse_yaml(text, "params.yaml")
    assert parse_yaml(MADE_UP, "params.yaml") == CONTENT


def test_an_exponent_without_a_point_is_a_number() -> None:
    assert yaml.safe_load("1e-3") == "1e-3"  # YAML 1.1 reads a string
    assert parse_document("rate: 1e-3", "params.yaml") == {"rate": 0.001}


@pytest.mark.parametrize("value", ["017", "0x11", "0o17", "1_000", "+17", "-007", "00.5", "1_0.5", "1_000.0"])
@pytest.mark.parametrize(
    ("text", "path"), [("a:\n  b: {}", "a.b"), ("a: [1, {}]", "a.1"), ("a: [{{b c: {}}}]", "a.0.b c")]
)
def test_a_number_is_written_as_a_plain_decimal(value: str, text: str, path: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_document(text.format(value), "params.yaml")
    line = text[: text.index("{}")].count("\n") + 1
    fault = f"line {line}: write {value} as a plain decimal number, such as 17, 0.5 or 1.0e-3"
    assert str(caught.value) == f"params.yaml: {path}: {fault}"


@pytest.mark.parametrize("value", ["0", "17", "-3", "0.5", ".5", "5.", "1e5", "1.0e-3", "1.E+3", "true", "~", ""])
def test_plain_values_are_taken_as_they_are(value: str) -> None:
    assert parse_document(f"a: {value}", "params.yaml") == parse_yaml(f"a: {value}", "params.yaml")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: 1\nb: 2\na: 3", "a: given twice, on lines 1 and 3"),
        ("a:\n  b: {c: 1, c: 1}", "a.b.c: given twice, on lines 2 and 2"),
        ("a:\n- b: 1\n  b: 2", "a.0.b: given twice, on lines 2 and 3"),
        ("a: 1\n'a': 2", "a: given twice, on lines 1 and 2"),
        ("a: 2001-01-01", "a: line 1: 2001-01-01 is read as a timestamp; put text in quotes"),
        ("a: !!binary AA==", "a: line 1: AA== is read as a binary; put text in quotes"),
        ("a: !!python/name:os.system x", "a: line 1: x is read as a python/name:os.system; put text in quotes"),
        ("a:\n  0: b", "a: line 2: a key must be text: put it in quotes"),
        ("a: {[b]: c}", "a: line 1: a key must be text: put it in quotes"),
        ("a: &x [1]\nb: *x", "b: an alias of line 1; write the value out, so that an override changes this key alone"),
        ("a: &x [*x]", "a.0: an alias of line 1; write the value out, so that an override changes this key alone"),
        ("a: &x {b: 1}\nc:\n  <<: *x", "c: line 3: a key must be text: put it in quotes"),
        ("a: [1, 2", "cannot be read as YAML: line 2: did not find expected ',' or ']'"),
        ("a: b: c", "cannot be read as YAML: line 1: mapping values are not allowed in this context"),
        ("a:\n\t- 1", "cannot be read as YAML: line 2: found character that cannot start any token"),
        ("a: 1\n---\nb: 2", "cannot be read as YAML: line 2: but found another document"),
        (
            "a: 1\x00",
            "cannot be read as YAML: unacceptable character #x0000: control characters are not allowed in "
            '"<unicode string>", position 4',
        ),
    ],
)
def test_a_faulty_text_is_refused_in_one_line(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_params(tmp_path / "params.yaml")
    assert str(caught.value) == f"params.yaml: {fault}"


def test_a_missing_file_is_reported_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\A[^\n]*params\.yaml: not found; run from the root of the project\Z"):
        load_params(tmp_path / "params.yaml")


def test_text_that_is_not_utf8_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_bytes("profile: démo".encode("latin-1"))
    with pytest.raises(InputError, match=r"\A[^\n]*params\.yaml: cannot be read as YAML: 'utf-8' codec [^\n]+\Z"):
        load_params(tmp_path / "params.yaml")


def test_a_stage_reads_the_file_quickly_and_without_torch(root: Path) -> None:
    def seconds() -> float:
        start = time.process_time()
        load_params(root / "params.yaml")
        return time.process_time() - start

    assert min(seconds() for _ in range(3)) < 0.25
    environment = os.environ | {"PYTHONPATH": str(root / "src")}
    subprocess.run([sys.executable, "-c", LOADS], cwd=root, env=environment, check=True)


def test_a_stage_ends_with_one_line_and_writes_nothing(root: Path, tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(MADE_UP.replace("epochs: 30", "epochs: 030"), encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DVC_")}
    done = subprocess.run(
        [sys.executable, root / "stages" / "train.py"],
        cwd=tmp_path,
        env=environment | {"PYTHONPATH": str(root / "src"), "DVC_STAGE": "train@net"},
        capture_output=True,
        text=True,
    )
    line = MADE_UP[: MADE_UP.index("epochs: 30")].count("\n") + 1
    fault = f"variants.net.train.epochs: line {line}: write 030 as a plain decimal number, such as 17, 0.5 or 1.0e-3"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"error: params.yaml: {fault}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["params.yaml"]
