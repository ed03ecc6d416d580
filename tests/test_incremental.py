"""The stages `evaluate`, `explain` and `embed` work variant by variant: what has not changed is not computed again."""

import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from checkout import Checkout, copy_of
from invented_evidence import embedding, everything, explanation

from lookalike.artifacts import fingerprint
from lookalike.artifacts.datasets import load_dataset, save_dataset
from lookalike.artifacts.embeddings import load_embedding
from lookalike.artifacts.evaluations import load_evaluation, save_evaluation
from lookalike.artifacts.evidence import INPUTS, keep_only
from lookalike.artifacts.explanations import load_explanation
from lookalike.artifacts.folders import read_json, write_json
from lookalike.artifacts.photos import load_photos
from lookalike.params import Params, load_params

CNN, VIT, GROUPED = "fashion-cnn", "fashion-vit", "fashion-cnn-grouped"
VARIANTS, FOCUS = {CNN, VIT, GROUPED}, {CNN, VIT}  # the profile explains and embeds focus variants alone
FOLDERS = {"evaluate": "evaluations", "explain": "explanations", "embed": "embeddings"}
WORK = {"evaluate": "evaluate", "explain": "explain", "embed": "embed_study"}  # the stage's own function
COMPUTES = {  # what it calls for each variant, and what is returned in its place
    "evaluate": ("evaluate_variant", lambda: (everything(), np.zeros((0, 0), np.float16))),
    "explain": ("explain_one", explanation),
    "embed": ("embed", embedding),
}
READ = ("params.yaml", "stages", "data", "photos", "models", *FOLDERS.values())
Change = Callable[[Checkout], object]


@pytest.fixture
def checkout(ran: Checkout, tmp_path: Path) -> Checkout:
    """The project after a run."""
    return copy_of(ran, tmp_path / "copy")


def states(checkout: Checkout, stage: str) -> dict[str, tuple[int, int]]:
    """Which file each variant's evidence is in now: a folder that is replaced has another."""
    files = (checkout.folder / FOLDERS[stage] / "fashion").glob("*/arrays.npz")
    return {path.parent.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in files}


def contents(checkout: Checkout, stage: str) -> dict[str, bytes]:
    folder = checkout.folder / FOLDERS[stage]
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def compute(checkout: Checkout, stage: str, *variants: str) -> set[str]:
    """Run the stage without DVC, in a process of its own; the variants that it computed."""
    before = states(checkout, stage)
    checkout.run("env", "PYTHONPATH=src", "python", f"stages/{stage}.py", "fashion", *variants)
    return {name for name, state in states(checkout, stage).items() if before.get(name) != state}


def append(checkout: Checkout, name: str) -> None:
    with (checkout.folder / name).open("a", encoding="utf-8") as file:
        file.write("\n# changed\n")


def forget(checkout: Checkout, stage: str, name: str) -> None:
    """As if the stage had been killed before the variant was done."""
    shutil.rmtree(checkout.folder / FOLDERS[stage] / "fashion" / name)


# with the models themselves, in processes of their own


@pytest.mark.parametrize("stage", FOLDERS)
def test_a_killed_stage_goes_on_where_it_was_and_gives_the_same_bytes(checkout: Checkout, stage: str) -> None:
    before = contents(checkout, stage)
    append(checkout, "src/lookalike/evaluation/scores.py")  # compare's, and none of theirs
    forget(checkout, stage, VIT)
    assert compute(checkout, stage) == {VIT}
    assert contents(checkout, stage) == before
    append(checkout, "src/lookalike/models/fashion_cnn.py")
    assert compute(checkout, stage) == {"evaluate": {CNN, GROUPED}, "explain": {CNN}, "embed": {CNN}}[stage]
    after = contents(checkout, stage)
    assert {name: content for name, content in after.items() if Path(name).name != INPUTS} == {
        name: content for name, content in before.items() if Path(name).name != INPUTS
    }


def test_every_finished_seed_is_explained_and_embedded(ran: Checkout) -> None:
    for name in FOCUS:
        seeds = load_evaluation(ran.folder / "evaluations/fashion" / name).seeds
        explained = load_explanation(ran.folder / "explanations/fashion" / name)
        assert tuple(one.seed for one in explained.seeds) == seeds
        embedded = load_embedding(ran.folder / "embeddings/fashion" / name)
        assert embedded is not None
        assert tuple(one.seed for one in embedded.agreements) == seeds
        rand_index = embedded.found["clusterings"]["k_means"]["labels"]["ari"]
        assert embedded.agreements[0].k_means == rand_index


# with a stand-in for what is computed, in this process


class Stage:
    """A stage of a checkout whose computation returns invented evidence; `stop` makes one variant's fail."""

    def __init__(self, checkout: Checkout, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(checkout.folder)
        script = checkout.folder / "stages" / f"{name}.py"
        sources = fingerprint.loaded_sources()  # what else is imported meanwhile is no change
        monkeypatch.setattr(fingerprint, "loaded_sources", lambda: sources)
        self.checkout, self.name = checkout, name
        self.calls, self.fails_at = 0, 0
        self.module = load_script(script)
        function, self.stand_in = COMPUTES[name]
        monkeypatch.setattr(self.module, function, self.computed)
        self.run()

    def computed(self, *_: Any, **__: Any) -> Any:
        self.calls += 1
        if self.calls == self.fails_at:
            raise KeyboardInterrupt
        return self.stand_in()

    def run(self, params: Params | None = None) -> set[str]:
        """The variants that it computed."""
        self.calls, before = 0, states(self.checkout, self.name)
        work: Callable[..., Iterable[str]] = getattr(self.module, WORK[self.name])
        out = Path(FOLDERS[self.name]) / "fashion"
        params = params or load_params()
        keep_only(out, work(params, "fashion", params.variants_of("fashion"), out))
        found = {name for name, state in states(self.checkout, self.name).items() if before.get(name) != state}
        assert self.calls == len(found)
        return found


def load_script(script: Path) -> ModuleType:
    spec = spec_from_file_location(f"stage_{script.stem}", script)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def files(ran: Checkout, tmp_path: Path) -> Checkout:
    """What the three stages read and write after a run; no repository."""
    for name in READ:
        (shutil.copytree if (ran.folder / name).is_dir() else shutil.copy)(ran.folder / name, tmp_path / name)
    return Checkout(tmp_path)


@pytest.fixture(params=FOLDERS)
def stage(request: pytest.FixtureRequest, files: Checkout, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Each of the three, once it has been run."""
    return Stage(files, request.param, monkeypatch)


def noted(path: Path) -> None:
    """Another JSON object of the same meaning."""
    about = read_json(path)
    path.unlink()
    write_json(path, about | {"note": "changed"})


def other_weights(checkout: Checkout) -> None:
    weights = checkout.folder / "models/fashion/fashion-vit/seed-0.safetensors"
    weights.chmod(0o644)
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x00")


def other_evaluation(checkout: Checkout) -> None:
    folder = checkout.folder / "evaluations/fashion/fashion-vit"
    one = load_evaluation(folder)
    make_writable(folder)
    save_evaluation(folder, replace(one, temperatures=one.temperatures * 2))


def other_features(checkout: Checkout) -> None:
    path = checkout.folder / "evaluations/fashion/fashion-vit/features.npy"
    features = np.load(path)
    path.unlink()
    np.save(path, 2 * features)


def other_best_recipe(checkout: Checkout) -> None:
    """A variant that is not explained becomes always right on the photographs prepared by another recipe."""
    folder, photos = checkout.folder / "evaluations/fashion" / GROUPED, load_photos(checkout.folder / "photos")
    explained = read_json(checkout.folder / "explanations/fashion/fashion-cnn/evidence.json")["content"]["recipe"]
    one = load_evaluation(folder)
    assert one.photos is not None
    recipe = next(name for name in one.photos.logits if name != explained)
    right = np.eye(10, dtype=np.float16)[photos.labels][None].repeat(len(one.seeds), axis=0)
    make_writable(folder)
    save_evaluation(folder, replace(one, photos=replace(one.photos, logits=one.photos.logits | {recipe: right})))


def make_writable(folder: Path) -> None:
    """DVC protects what it has cached."""
    for path in folder.iterdir():
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content)


def other_labels(checkout: Checkout) -> None:
    folder = checkout.folder / "data/fashion_mnist"
    dataset = load_dataset(folder)
    save_dataset(folder, replace(dataset, test_labels=(dataset.test_labels + 1) % 10))


def edit(**changes: object) -> Change:
    """Other settings; a double underscore stands for the dot in a key."""
    return lambda checkout: checkout.edit({name.replace("__", "."): value for name, value in changes.items()})


GROUPS = {
    "all": ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]
}
NOBODY: set[str] = set()
CHANGES: dict[str, tuple[Change, set[str], set[str], set[str]]] = {  # what evaluate, explain and embed compute after it
    "nothing": (lambda checkout: None, NOBODY, NOBODY, NOBODY),
    "weights": (other_weights, {VIT}, {VIT}, {VIT}),
    "evaluation": (other_evaluation, NOBODY, {VIT}, NOBODY),
    "features": (other_features, NOBODY, NOBODY, {VIT}),
    "data": (lambda checkout: noted(checkout.folder / "data/fashion_mnist/dataset.json"), VARIANTS, FOCUS, FOCUS),
    "labels": (other_labels, VARIANTS, FOCUS, FOCUS),
    "photographs": (lambda checkout: noted(checkout.folder / "photos/photos.json"), VARIANTS, FOCUS, NOBODY),
    "recipe": (other_best_recipe, NOBODY, FOCUS, NOBODY),
    "groups": (edit(groups__fashion_mnist=GROUPS), VARIANTS, FOCUS, FOCUS),
    "images that are scored": (edit(profiles__demo__explain__scored=3), NOBODY, FOCUS, NOBODY),
    "images that are explained": (edit(profiles__demo__explain__images_per_class=3), NOBODY, FOCUS, NOBODY),
    "images that are embedded": (edit(profiles__demo__embed__images_per_class=5), NOBODY, NOBODY, FOCUS),
    "settings of the embedding": (edit(embedding__perplexity=12), NOBODY, NOBODY, FOCUS),
    "corrupted images": (edit(studies__fashion__corrupt=True), VARIANTS, FOCUS, NOBODY),
    "more variants to explain": (edit(profiles__demo__explain__variants="all"), NOBODY, {GROUPED}, NOBODY),
    "more variants to embed": (edit(profiles__demo__embed__variants="all"), NOBODY, NOBODY, {GROUPED}),
    "one focus variant more": (edit(studies__fashion__focus=[CNN, VIT, GROUPED]), {GROUPED}, {GROUPED}, {GROUPED}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_variant_is_computed_again_if_what_it_depends_on_changed(stage: Stage, change: str) -> None:
    made, *expected = CHANGES[change]
    made(stage.checkout)
    assert stage.run() == dict(zip(FOLDERS, expected, strict=True))[stage.name]
    assert stage.run() == set()


def test_the_stage_itself_counts_for_all(stage: Stage) -> None:
    append(stage.checkout, f"stages/{stage.name}.py")
    assert stage.run() == (VARIANTS if stage.name == "evaluate" else FOCUS)


def test_being_a_focus_variant_no_longer_counts(files: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    files.edit({"profiles.demo.explain.variants": "all"})
    explain = Stage(files, "explain", monkeypatch)
    files.edit({"studies.fashion.focus": [VIT]})
    assert explain.run() == {CNN}


def test_evidence_of_a_variant_that_is_gone_is_deleted(stage: Stage) -> None:
    stage.checkout.keep((CNN,))
    assert stage.run() == set()
    assert {path.name for path in (stage.checkout.folder / FOLDERS[stage.name] / "fashion").iterdir()} == {CNN}


def test_what_was_done_before_a_stage_was_stopped_stays(stage: Stage) -> None:
    append(stage.checkout, f"stages/{stage.name}.py")
    everyone, before, stage.fails_at = (VARIANTS if stage.name == "evaluate" else FOCUS), states_of(stage), 2
    with pytest.raises(KeyboardInterrupt):
        stage.run()
    done = {name for name, state in states_of(stage).items() if before[name] != state}
    assert len(done) == 1
    folder = stage.checkout.folder / FOLDERS[stage.name] / "fashion"
    assert {path.name for path in folder.iterdir()} == everyone, "nothing half written is left"
    stage.fails_at = 0
    assert stage.run() == everyone - done


def states_of(stage: Stage) -> dict[str, tuple[int, int]]:
    return states(stage.checkout, stage.name)


@pytest.mark.parametrize("damage", ["missing", "truncated"])
def test_a_variant_whose_note_of_inputs_is_damaged_is_computed_again(stage: Stage, damage: str) -> None:
    note = stage.checkout.folder / FOLDERS[stage.name] / "fashion" / VIT / INPUTS
    content = note.read_text()
    note.unlink()
    if damage == "truncated":
        note.write_text(content[: len(content) // 2])
    assert stage.run() == {VIT}


def test_scripts_are_loaded_from_the_checkout(stage: Stage) -> None:
    assert Path(str(stage.module.__file__)).is_relative_to(stage.checkout.folder)
    assert stage.module.__name__ not in sys.modules
