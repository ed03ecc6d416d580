"""What the stage `costs` reads and writes."""

from pathlib import Path

from descriptions import described

from lookalike.artifacts.costs import load_costs, load_descriptions, save_costs
from lookalike.artifacts.models import save_model


def test_descriptions_are_those_of_a_study_by_name(tmp_path: Path) -> None:
    for name in ("zoo-vit", "zoo-resnet"):
        save_model(tmp_path / "zoo" / name, described(model=name), {}, [])
    expected = {name: described(model=name) for name in ("zoo-resnet", "zoo-vit")}
    assert load_descriptions(tmp_path / "zoo") == expected
    assert load_descriptions(tmp_path / "none") == {}


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    assert load_costs(tmp_path) is None
    save_costs(tmp_path, {"study": "zoo"}, {"device": {}})
    assert load_costs(tmp_path) == ({"study": "zoo"}, {"device": {}})
    assert (tmp_path / "runs/costs/run.json").exists()
