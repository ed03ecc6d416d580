"""The stage `evaluate` works variant by variant: what has not changed is not computed again."""

from collections.abc import Callable
from pathlib import Path

import pytest
from checkout import Checkout, copy_of

from lookalike.artifacts.folders import read_json, write_json

VARIANTS = {"fashion-cnn", "fashion-vit", "fashion-cnn-grouped"}


@pytest.fixture
def checkout(ran: Checkout, tmp_path: Path) -> Checkout:
    """The project after a run, with notes of inputs that name this copy's own script."""
    copy = copy_of(ran, tmp_path / "copy")
    evaluate(copy)
    return copy


def evaluate(checkout: Checkout) -> set[str]:
    """Run the stage without DVC; the variants that it computed."""
    before = states(checkout)
    checkout.run("env", "PYTHONPATH=src", "python", "stages/evaluate.py", "fashion")
    return {name for name, state in states(checkout).items() if before.get(name) != state}


def states(checkout: Checkout) -> dict[str, tuple[int, int]]:
    """Which file each variant's evidence is in now: a folder that is replaced has another."""
    files = (checkout.folder / "evaluations/fashion").glob("*/arrays.npz")
    return {path.parent.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in files}


def contents(checkout: Checkout) -> dict[str, bytes]:
    folder = checkout.folder / "evaluations"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def note_other_weights(folder: Path) -> None:
    weights = folder / "models/fashion/fashion-vit/seed-0.safetensors"
    weights.chmod(0o644)
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x00")


def append(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        with (folder / name).open("a", encoding="utf-8") as file:
            file.write("\n# changed\n")

    return change


def cut_short(folder: Path) -> None:
    """As if the stage had been killed before the variant was done."""
    for path in (folder / "evaluations/fashion/fashion-vit").iterdir():
        path.unlink()


def other_data(folder: Path) -> None:
    about = read_json(folder / "data/fashion_mnist/dataset.json")
    (folder / "data/fashion_mnist/dataset.json").unlink()
    write_json(folder / "data/fashion_mnist/dataset.json", about | {"note": "changed"})


def other_photographs(folder: Path) -> None:
    about = read_json(folder / "photos/photos.json")
    (folder / "photos/photos.json").unlink()
    write_json(folder / "photos/photos.json", about | {"note": "changed"})


@pytest.mark.parametrize(
    ("change", "computed"),
    [
        (lambda folder: None, set()),
        (note_other_weights, {"fashion-vit"}),
        (cut_short, {"fashion-vit"}),
        (append("src/lookalike/models/fashion_cnn.py"), {"fashion-cnn", "fashion-cnn-grouped"}),
        (append("src/lookalike/evaluation/inference.py"), VARIANTS),
        (append("src/lookalike/evaluation/scores.py"), set()),  # compare's, not evaluate's
        (append("stages/evaluate.py"), VARIANTS),
        (other_data, VARIANTS),
        (other_photographs, VARIANTS),
    ],
)
def test_a_variant_is_evaluated_again_if_what_it_depends_on_changed(
    checkout: Checkout, change: Callable[[Path], None], computed: set[str]
) -> None:
    change(checkout.folder)
    assert evaluate(checkout) == computed
    assert evaluate(checkout) == set()


def test_a_setting_of_the_study_counts_for_the_variants_that_it_names(checkout: Checkout) -> None:
    checkout.edit({"studies.fashion.probes": ["fashion-vit"]})
    assert evaluate(checkout) == {"fashion-cnn"}
    checkout.edit({"studies.fashion.spoil": True})
    assert evaluate(checkout) == VARIANTS


def test_skipping_and_computing_anew_give_the_same_bytes(checkout: Checkout) -> None:
    skipped = contents(checkout)
    for name in VARIANTS:
        (checkout.folder / "evaluations/fashion" / name / "inputs.json").unlink()
    assert evaluate(checkout) == VARIANTS
    assert contents(checkout) == skipped


def test_evidence_of_a_variant_that_is_gone_is_deleted(checkout: Checkout) -> None:
    checkout.keep(("fashion-cnn", "fashion-vit"))
    assert evaluate(checkout) == set()
    assert {path.name for path in (checkout.folder / "evaluations/fashion").iterdir()} == {"fashion-cnn", "fashion-vit"}
