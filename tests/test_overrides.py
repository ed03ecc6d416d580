"""`dvc exp run -S key=value`: exactly that key of params.yaml changes, on exactly one line.

DVC writes the whole file anew for each override, so params.yaml is stored in the layout that DVC writes.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dvc.utils.hydra import apply_overrides

from lookalike.params.document import parse_document

TEXT = (Path(__file__).parents[1] / "params.yaml").read_text(encoding="utf-8")
CONTENT: dict[str, Any] = parse_document(TEXT, "params.yaml")
SECTIONS = [f"{above}.{name}" for above in ("profiles", "variants") for name in CONTENT[above]]


def scalars(section: Any, path: str = "") -> dict[str, Any]:
    """The single values in `section` by dotted path; lists are single values, too."""
    if not isinstance(section, dict):
        return {path: section}
    inner = [scalars(value, f"{path}.{key}" if path else key) for key, value in section.items()]
    return {key: value for part in inner for key, value in part.items()}


def section_text(path: str) -> str:
    """The lines of `params.yaml` that are the section `path`, below its heading."""
    above, name = path.split(".")
    found = re.search(rf"^{above}:.*?(^  {re.escape(name)}:.*?)(?=^  [\w#]|^\S|\Z)", TEXT, re.M | re.S)
    assert found
    return f"{above}:\n{found[1]}"


def other(value: Any) -> Any:
    """Another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    return "other"


def written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def changed(before: str, after: str) -> list[str]:
    """The lines of `after` that differ from `before`, which has as many."""
    pairs = zip(before.splitlines(), after.splitlines(), strict=True)
    return [new for old, new in pairs if new != old]


def overrides(path: str) -> Iterator[tuple[str, Any]]:
    """Each key of a section with another value."""
    for key, value in scalars(CONTENT[path.split(".")[0]][path.split(".")[1]], path).items():
        if not isinstance(value, list):
            yield key, other(value)


def check(path: Path, text: str, changes: dict[str, Any]) -> None:
    """Override `changes` in a file of this text: they and nothing else are written."""
    path.write_text(text, encoding="utf-8")
    apply_overrides(path, [f"{key}={written(value)}" for key, value in changes.items()])
    after = path.read_text(encoding="utf-8")
    expected = scalars(parse_document(text, path.name)) | changes
    assert scalars(parse_document(after, path.name)) == expected
    lines = changed(text, after)
    assert len(lines) <= len(changes)  # one line may hold several of the keys
    for key in changes:
        assert any(re.search(rf"\b{re.escape(key.rpartition('.')[2])}: ", line) for line in lines), key


@pytest.mark.parametrize("path", SECTIONS)
def test_an_override_changes_its_key_alone(path: str, tmp_path: Path) -> None:
    for key, value in overrides(path):
        check(tmp_path / "params.yaml", section_text(path), {key: value})


@pytest.mark.parametrize("name", [*CONTENT["profiles"], *CONTENT["studies"]])
def test_overrides_leave_the_rest_of_the_file_as_it_is(name: str, tmp_path: Path) -> None:
    members = [f"variants.{key}" for key, variant in CONTENT["variants"].items() if variant["study"] == name]
    together = [dict(overrides(path)) for path in members or [f"profiles.{name}"]]
    check(tmp_path / "params.yaml", TEXT, {key: value for part in together for key, value in part.items()})


@pytest.mark.parametrize("key", ["profile", "costs.study", "embedding.perplexity", "photos.collector"])
def test_an_override_of_another_section_changes_its_key_alone(key: str, tmp_path: Path) -> None:
    check(tmp_path / "params.yaml", TEXT, {key: other(scalars(CONTENT)[key])})


def test_what_an_override_writes_is_seen_alike_by_the_project_and_by_dvc() -> None:
    from dvc.utils.serialize import parse_yaml

    assert parse_yaml(TEXT, "params.yaml") == CONTENT
