"""The primer: its pictures with their numbers, its tables, its findings, and that a disagreement is not hidden."""

import copy
from pathlib import Path

from blocks import figures, header, rows, shown, tables, titles, walk
from small_study import worked_out

from lookalike.artifacts.folders import write_json
from lookalike.reporting.chapters.primer import primer_chapter
from lookalike.reporting.document import Code

FIELDS = "Receptive fields of the studies' networks"


def test_pictures_are_those_of_the_stage(root: Path) -> None:
    part = primer_chapter(root)
    assert shown(part) == {f"primer-{name}": f"primer/{name}" for name in ("channels", "poolings", "activations")}
    assert {one.stage for one in figures(part).values()} == {"primer"}
    assert titles(part)[0] == "Primer: what convolutional networks are made of"


def test_numbers_are_those_worked_out(root: Path) -> None:
    part, found = primer_chapter(root), worked_out()
    known = tables(part)
    assert [row[-1] for row in rows(known["Sizes"])] == [str(row["outputs"]) for row in found["sizes"]]
    assert len(known[FIELDS].rows) == sum(len(network["layers"]) for network in found["fields"].values())
    assert {row[-1] for row in rows(known[FIELDS])} == {"yes"}
    code = [block.text for block in walk([part]) if isinstance(block, Code)]
    assert all(step in code[0] for step in found["convolution"]["steps"])
    assert sum(step in text for text in code for one in found["poolings"].values() for step in one["steps"]) == 12


def test_each_section_says_what_one_learns(root: Path) -> None:
    part = primer_chapter(root)
    assert part is not None
    convolution, pooling, fields, functions = (one.finding for one in part.sections)
    assert convolution.endswith("of 500 random convolutions 500 have those of torch's.")
    assert pooling.startswith("Pooling halves the side of an image: ")
    assert fields == (
        "Two 3x3 convolutions see 5x5 pixels, as one 5x5 does, with 72.00 % of its weights and one activation more."
    )
    assert functions.startswith("The derivative of ReLU is 0 or 1, that of the sigmoid at most a quarter, ")


def test_activations_stand_with_their_derivatives(root: Path) -> None:
    (table,) = figures(primer_chapter(root))["primer-activations"].numbers
    assert header(table) == ["function", "at -2", "at -1", "at 0", "at 1", "at 2"]
    known = {row[0]: row[1:] for row in rows(table)}
    assert known["ReLU"] == ["0.000", "0.000", "0.000", "1.000", "2.000"]
    assert known["sigmoid, derivative"][2] == "0.250"
    assert len(known) == 8


def test_what_does_not_agree_is_shown(root: Path) -> None:
    found = copy.deepcopy(worked_out())
    found["checked"]["agreed"] = 499
    found["fields"]["lenet5"]["layers"][1]["agrees"] = False
    write_json(root / "primer/found.json", found)
    part = primer_chapter(root)
    assert part is not None
    assert "of 500 random convolutions 499 have" in part.sections[0].finding
    assert [row[-1] for row in rows(tables(part)[FIELDS])].count("NO") == 1
