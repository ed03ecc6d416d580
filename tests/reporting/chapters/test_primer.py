"""The primer's section: its pictures with their numbers, its tables, and that a disagreement is not hidden."""

import copy
from pathlib import Path

from blocks import figures, prose, rows, shown, tables, titles, walk
from small_study import worked_out

from lookalike.artifacts.folders import write_json
from lookalike.reporting.chapters.primer import primer
from lookalike.reporting.document import Code


def test_pictures_are_those_of_the_stage(root: Path) -> None:
    part = primer(root)
    assert shown(part) == {f"primer-{name}": f"primer/{name}" for name in ("channels", "poolings", "activations")}
    assert {one.stage for one in figures(part).values()} == {"primer"}
    assert titles(part)[0] == "Primer: what convolutional networks are made of"


def test_numbers_are_those_worked_out(root: Path) -> None:
    part, found = primer(root), worked_out()
    told = tables(part)
    assert [row[-1] for row in rows(told["Sizes"])] == [str(row["outputs"]) for row in found["sizes"]]
    assert len(told["Receptive fields"].rows) == sum(len(network["layers"]) for network in found["fields"].values())
    assert {row[-1] for row in rows(told["Receptive fields"])} == {"yes"}
    code = [block.text for block in walk([part]) if isinstance(block, Code)]
    assert all(step in code[0] for step in found["convolution"]["steps"])
    assert sum(step in text for text in code for one in found["poolings"].values() for step in one["steps"]) == 12
    assert any("Of 500 random convolutions 500 have the size" in text for text in prose(part))
    assert any("Two 3x3 convolutions see 5x5 pixels, as one 5x5 does, with 72.00 %" in text for text in prose(part))


def test_what_does_not_agree_is_told(root: Path) -> None:
    found = copy.deepcopy(worked_out())
    found["checked"]["agreed"] = 499
    found["fields"]["lenet5"]["layers"][1]["agrees"] = False
    write_json(root / "primer/found.json", found)
    part = primer(root)
    assert any("Of 500 random convolutions 499" in text for text in prose(part))
    assert [row[-1] for row in rows(tables(part)["Receptive fields"])].count("NO") == 1
