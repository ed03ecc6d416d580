"""`docs/reference/evidence.md` describes every field and array of every kind of evidence, and nothing else."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from invented_evidence import a_test_set, embedding, everything, explanation

from lookalike.artifacts import embeddings, evaluations, explanations, test_sets
from lookalike.artifacts.evidence import VERSION, read_evidence

KINDS: dict[str, Callable[[Path], None]] = {  # that write everything that a kind can hold
    evaluations.KIND: lambda folder: evaluations.save_evaluation(folder, everything()),
    explanations.KIND: lambda folder: explanations.save_explanation(folder, explanation()),
    embeddings.KIND: lambda folder: embeddings.save_embedding(folder, embedding()),
    test_sets.KIND: lambda folder: test_sets.save_test_set(folder, a_test_set()),
}
FREE = re.compile(r"views|found\..*|(photos\.)?provenance|close_up\.channels")  # objects whose fields are not listed
ROWS = ("seeds", "agreements")  # lists of objects whose fields are listed, with [] behind the list's name
PARTS = (  # the parts of an array's name that vary: as they are written, and on the page
    (r"^(photos (?:logits|distances)) .*", r"\1 <recipe>"),
    (r"^photos ablation \d+", "photos ablation <k>"),
    (r"^photos garments .*", "photos garments <way>"),
    (r"^(maps|clusters)/.*", r"\1/<method>"),
    (r"^close_up/(?:untrained|trained)/(filters|features|journey)/.*", r"close_up/<state>/\1/<layer>"),
    (r"^close_up/layers/[^/]*/image", "close_up/layers/<corruption>/image"),
    (r"^close_up/layers/[^/]*/outputs/.*", "close_up/layers/<corruption>/outputs/<layer>"),
    (r"^close_up/contrast/maps/.*", "close_up/contrast/maps/<target>"),
    (r"^close_up/responses/[^/]*/", "close_up/responses/<layer>/"),
)


def sections(document: str) -> dict[str, str]:
    """The part of the page on each kind: what stands under the heading that begins with its name."""
    parts = re.split(r"^## (.*)$", document, flags=re.MULTILINE)
    headings = dict(zip(parts[1::2], parts[2::2], strict=True))
    return {kind: text for heading, text in headings.items() for kind in KINDS if heading.lower().startswith(kind)}


def listed(table: str) -> set[str]:
    """The names in the first column."""
    return set(re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE))


def described(text: str) -> tuple[set[str], set[str]]:
    """The fields and the arrays that a kind's section lists."""
    _, fields, arrays = re.split(r"^### (?:Fields|Arrays).*$", text, flags=re.MULTILINE)
    return listed(fields), listed(arrays)


def names_in(content: dict[str, object], prefix: str = "") -> set[str]:
    """The fields of the content, those of objects with a dot."""
    found = set()
    for name, value in content.items():
        found.add(prefix + name)
        if isinstance(value, dict) and not FREE.fullmatch(prefix + name):
            found |= names_in(value, f"{prefix}{name}.")
        elif isinstance(value, list) and name in ROWS and isinstance(value[0], dict):
            found |= {f"{name}[].{part}" for part in value[0]}
    return found


def on_the_page(name: str) -> str:
    """An array's name with its variable parts as the page writes them."""
    for pattern, replacement in PARTS:
        name = re.sub(pattern, replacement, name)
    return name


@pytest.fixture(scope="module")
def document(root: Path) -> str:
    return (root / "docs" / "reference" / "evidence.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_and_array_is_described_and_no_others(tmp_path: Path, document: str, kind: str) -> None:
    KINDS[kind](tmp_path)
    content, arrays = read_evidence(tmp_path, kind)
    fields, named = described(sections(document)[kind])
    assert fields == names_in(content)
    assert named == {on_the_page(name) for name in arrays}


@pytest.mark.parametrize("kind", KINDS)
def test_types_on_the_page_are_those_that_are_written(tmp_path: Path, document: str, kind: str) -> None:
    KINDS[kind](tmp_path)
    _, arrays = read_evidence(tmp_path, kind)
    text = sections(document)[kind]
    for name, values in arrays.items():
        row = re.search(rf"^\| `{re.escape(on_the_page(name))}` \| ([^|]*) \| ([^|]*) \|", text, re.MULTILINE)
        assert row is not None
        assert row[2] == values.dtype.name, name
        alternatives = [shape.count(",") + (not shape.endswith(",)")) for shape in row[1].split(" or ")]
        assert values.ndim in alternatives, (name, row[1], values.shape)


def test_version_and_kinds_are_those_of_the_code(document: str) -> None:
    assert f"version of the format, now {VERSION};" in document
    for kind in KINDS:
        assert f'`"{kind}"`' in document
