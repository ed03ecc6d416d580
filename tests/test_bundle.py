"""Bundles: packed here, run where there is no DVC, MLflow or pydantic, killed and run again, and taken back."""

import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkout import ROOT, VARIANTS, Checkout, copy_of
from packaging.requirements import Requirement

from lookalike import provenance
from lookalike.artifacts.datasets import load_dataset, load_test_images
from lookalike.artifacts.fingerprint import sha_256
from lookalike.bundle.evidence import pack_groups, write_archives
from lookalike.bundle.layout import INDEX
from lookalike.bundle.pack import README, RUN, DataLocations, sheets_for, write_data, write_dataset
from lookalike.bundle.run import restore_images
from lookalike.bundle.sheets import HIGHEST, from_sheets, to_sheets
from lookalike.bundle.unpack import unpack_evidence
from lookalike.errors import InputError
from lookalike.params import Params, load_params
from lookalike.training.settings import effective_settings

THERE = ("torch", "torchvision", "timm", "scikit-learn")  # what a borrowed machine has, with what these need
ABSENT = {"dvc", "mlflow", "pandas", "pydantic", "ruamel", "matplotlib", "cv2", "requests", "lookalike"}
KILLED = """
# Run the bundle, and kill this process when the variant in the argument has its first checkpoint.
import os, runpy, signal, sys
replace, variant = os.replace, sys.argv[1]
def replace_and_die(source, target):
    replace(source, target)
    if f"checkpoints/{variant}-" in str(target) and str(target).endswith("seed-0.pt"):
        os.kill(os.getpid(), signal.SIGKILL)
os.replace = replace_and_die
runpy.run_path("run.py", run_name="__main__")
"""
DIGESTS = """
import json, runpy, sys
sys.path.append(sys.argv[1])
from lookalike.params import Params, load_params
from lookalike.training.settings import effective_settings
params = load_params()
print(json.dumps({
    f"{profile} {name}": effective_settings(params.model_copy(update={"profile": profile}), name).digest
    for profile in params.profiles for name in params.variants
}))
"""


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages of a borrowed machine and no others."""
    folder = tmp_path_factory.mktemp("site")
    waiting, seen = [*THERE], set[str]()
    while waiting:
        if (name := waiting.pop().lower().replace("_", "-")) in seen:
            continue
        seen.add(name)
        try:
            found = distribution(name)
        except PackageNotFoundError:  # of CUDA, which an environment without a GPU goes without
            continue
        for part in {file.parts[0] for file in found.files or () if file.parts[0] != ".."}:
            if not (folder / part).exists():
                (folder / part).symlink_to(str(found.locate_file(part)))
        needed = map(Requirement, found.requires or ())
        waiting += [one.name for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]
    return folder


def python(site: Path, folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    """Start Python in `folder` with the packages in `site` alone."""
    # Which kernels of BLAS run decides the last digits.
    kernels = {name: value for name, value in os.environ.items() if name.startswith("OPENBLAS_")}
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(site), "OMP_NUM_THREADS": "1", **kernels}
    command = [sys.executable, "-S", *arguments]
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder, by path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def unzip(file: Path, folder: Path) -> Path:
    with zipfile.ZipFile(file) as archive:
        archive.extractall(folder)
    return folder


@pytest.mark.pipeline
def test_evidence_from_elsewhere_is_that_of_the_pipeline(ran: Checkout, site: Path, tmp_path: Path) -> None:
    assert not {path.name for path in site.iterdir()} & ABSENT
    project, file = copy_of(ran, tmp_path / "project"), tmp_path / "bundle.zip"
    said = project.run("env", "PYTHONPATH=src", "python", "-m", "lookalike", "bundle", *VARIANTS, "-o", str(file))
    assert "warning" not in said
    there = unzip(file, tmp_path / "there")

    first = python(site, there, "-c", KILLED, VARIANTS[2])
    printed, _ = first.communicate(timeout=300)
    assert first.returncode == -signal.SIGKILL, printed
    assert [*there.glob(f"checkpoints/{VARIANTS[2]}-*/seed-0.pt")]
    assert [path.name for path in there.glob("evidence-*.zip")] == ["evidence-1.zip"]
    assert not (there / "models/fashion" / VARIANTS[2]).exists()
    second = python(site, tmp_path, str(there / "run.py"))  # from any folder
    printed, _ = second.communicate(timeout=300)
    assert second.returncode == 0, printed
    assert [f"{name}: trained already" in printed for name in VARIANTS] == [True, True, False]
    assert "3 of 3 variants" in printed
    assert not [*there.glob("checkpoints/*/*")]  # the second went on from the checkpoint of the first

    origin = unpack_evidence([*there.glob("evidence-*.zip")], tmp_path / "back")
    assert origin["commit"] == project.run("git", "rev-parse", "HEAD").strip()
    assert not origin["dirty"]
    back, here = contents(tmp_path / "back"), contents(ran.folder)
    about = {name: json.loads(back.pop(f"runs/fashion/{name}/run.json")) for name in VARIANTS}
    assert {(run["commit"], run["dirty"]) for run in about.values()} == {(origin["commit"], False)}
    assert {name: run["settings"] for name, run in about.items()} == origin["settings"]
    times = {f"runs/fashion/{name}/times.csv" for name in VARIANTS}
    assert times < back.keys()
    assert {name for name in back.keys() - times - {"provenance.json"} if back[name] != here.get(name)} == set()
    folders = tuple(f"{kind}/fashion/" for kind in ("models", "evaluations", "explanations", "embeddings"))
    left_out = (".safetensors", "features.npy")
    assert {name for name in here if name.startswith(folders) and not name.endswith(left_out)} <= back.keys()


def test_settings_have_the_same_digests_without_pydantic(site: Path, tmp_path: Path) -> None:
    """Every variant's within every profile, and the parser of YAML that is packed is the one that is used here."""
    from lookalike.bundle.pack import write_libraries

    write_libraries(tmp_path / "libraries")
    (tmp_path / "src").symlink_to(ROOT / "src")
    (tmp_path / "params.yaml").symlink_to(ROOT / "params.yaml")
    command = ("-c", f"import sys; sys.path.insert(0, 'src')\n{DIGESTS}", "libraries")
    printed, _ = python(site, tmp_path, *command).communicate()
    params = load_params(ROOT / "params.yaml")
    assert json.loads(printed.splitlines()[-1]) == {
        f"{profile} {name}": effective_settings(params.model_copy(update={"profile": profile}), name).digest
        for profile in params.profiles
        for name in params.variants
    }


def test_a_study_brings_its_data_set_and_the_one_outside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[tuple[str, bool]] = []

    def record(folder: Path, name: str, params: Params, locations: DataLocations, *, whole: bool) -> None:
        written.append((name, whole))

    monkeypatch.setattr("lookalike.bundle.pack.write_dataset", record)
    params = load_params(ROOT / "params.yaml")
    for names, expected in (
        (["cnn-plain", "cnn-bn"], [("cifar10", True), ("fashion_mnist", False)]),
        (["lenet5", "cnn-plain"], [("mnist", True), ("cifar10", True), ("fashion_mnist", False)]),
    ):
        write_data(tmp_path, params, names, DataLocations(tmp_path, None))
        assert written == expected
        written.clear()


def test_of_a_data_set_outside_a_study_test_images_alone_are_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = load_params(ROOT / "params.yaml").model_copy(update={"profile": "demo"})
    for folder, whole in (("there", False), ("here", True)):
        write_dataset(tmp_path / folder, "mnist", params, DataLocations(tmp_path / "downloads", None), whole=whole)
    arrays = sheets_for(tmp_path / "there", "mnist")
    monkeypatch.chdir(tmp_path / "there")
    restore_images(arrays)
    back, here = load_dataset(tmp_path / "there/data/mnist"), load_dataset(tmp_path / "here/data/mnist")
    assert (back.name, len(back.train_images), len(back.train_indices)) == ("mnist", 1, 0)
    assert len(here.train_images) == 800
    assert np.array_equal(back.test_images, here.test_images)
    assert np.array_equal(load_test_images(tmp_path / "there/data/mnist"), here.test_images)


@pytest.mark.parametrize("shape", [(3, 8, 8), (3, 8, 8, 3), (2 * (HIGHEST // 28) + 1, 28, 28), (600, 32, 30, 3)])
def test_sheets_lose_nothing(shape: tuple[int, ...]) -> None:
    images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    sheets = [*to_sheets(images)]
    assert len(sheets) == -(-shape[0] // (HIGHEST // shape[1]))
    assert np.array_equal(from_sheets(sheets, shape), images)
    with pytest.raises(ValueError, match="reshape"):
        from_sheets(sheets, (shape[0] + 1, *shape[1:]))


def test_a_bundle_knows_its_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "provenance.json").write_text('{"commit": "0123", "dirty": false, "profile": "demo"}')
    assert provenance.commit() == {"commit": "0123", "dirty": False}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fashion-cmm", "-o", "b.zip"], "variants: no 'fashion-cmm'; allowed: fashion-cnn, "),
        (["fashion-cnn", "fashion-cnn", "-o", "b.zip"], "fashion-cnn is given twice; "),
        (["fashion-cnn", "-o", "b.zip", "--profile", "none"], "profiles: no 'none'; allowed: demo, paper, cpu"),
        (["fashion-cnn", "-o", "src"], "src: not a file that can be written; "),
        (["fashion-cnn", "-o", "no/b.zip"], "no/b.zip: not a file that can be written; "),
    ],
)
def test_what_cannot_be_packed_is_refused(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    from lookalike.cli.app import main

    for name in ("src", "stages", "params.yaml"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["lookalike", "bundle", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert message in said
    assert len(said.splitlines()) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"src", "stages", "params.yaml"}


# What comes back.


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A bundle's folder with the evidence of two variants, as far as its files matter here."""
    folder = tmp_path / "root"
    origin = {
        "commit": "0123",
        "dirty": False,
        "profile": "demo",
        "params": sha_256(b"profile: demo\n"),
        "settings": {},
    }
    files = {"params.yaml": "profile: demo\n", "provenance.json": json.dumps(origin)}
    for name in ("one", "two"):
        models = ("model.json", "history.csv", "seed-0.safetensors")
        files |= {f"models/s/{name}/{file}": f"{file} of {name}" for file in models}
        files |= {f"evaluations/s/{name}/{file}": f"{file} of {name}" for file in ("evidence.json", "features.npy")}
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def archive(root: Path) -> Path:
    (file,) = write_archives(root, [("s", "one"), ("s", "two")])
    return file


def test_evidence_comes_back_without_weights_and_features(root: Path, archive: Path, tmp_path: Path) -> None:
    assert unpack_evidence([archive], tmp_path / "back")["commit"] == "0123"
    back, there = contents(tmp_path / "back"), contents(root)
    left_out = (".safetensors", "features.npy", ".zip")
    assert back == {name: content for name, content in there.items() if not name.endswith(left_out)}


def test_small_weights_of_focus_variants_are_evidence(root: Path, tmp_path: Path) -> None:
    models = root / "models/s/one"
    (models / "seed-0-epoch-1.safetensors").write_text("of the way there")
    with (models / "seed-1.safetensors").open("wb") as file:
        file.truncate(5 * 2**20)
    unpack_evidence(write_archives(root, [("s", "one"), ("s", "two")], focus={"one"}), tmp_path / "back")
    kept = {path.relative_to(tmp_path / "back").as_posix() for path in (tmp_path / "back").rglob("*.safetensors")}
    assert kept == {"models/s/one/seed-0.safetensors"}


def test_the_same_evidence_is_the_same_archive(root: Path, archive: Path) -> None:
    before = archive.read_bytes()
    os.utime(root / "params.yaml", (1, 1))
    write_archives(root, [("s", "one"), ("s", "two")])
    assert archive.read_bytes() == before


def test_archives_have_room_for_whole_variants(root: Path, tmp_path: Path) -> None:
    (root / "evaluations/s/one/evidence.json").write_bytes(np.random.default_rng(0).bytes(6000))
    files = write_archives(root, [("s", "one"), ("s", "two")], limit=10_000)
    assert [path.name for path in files] == ["evidence-1.zip", "evidence-2.zip"]
    assert all(path.stat().st_size <= 10_000 for path in files)
    names = [{*zipfile.ZipFile(path).namelist()} for path in files]
    assert [{re.split("/", name)[2] for name in one if name.count("/") > 2} for one in names] == [{"one"}, {"two"}]
    unpack_evidence(files, tmp_path / "back")
    assert (tmp_path / "back/evaluations/s/one/evidence.json").exists()
    assert (tmp_path / "back/evaluations/s/two/evidence.json").exists()


def test_a_variant_too_large_for_an_archive_is_shared_out(tmp_path: Path) -> None:
    paths = [tmp_path / str(k) for k in range(4)]
    for path in paths:
        path.write_bytes(bytes(1000))
    assert [*pack_groups([paths[:1], paths[1:]], room=3100)] == [paths[:2], paths[2:]]
    assert [*pack_groups([paths[:1], paths[1:]], room=6000)] == [paths]
    assert [*pack_groups([paths[:2], paths[2:]], room=4000)] == [paths[:2], paths[2:]]
    assert [*pack_groups([paths], room=100)] == [[path] for path in paths]


def rewritten(change: Callable[[dict[str, bytes]], Any]) -> Callable[[Path], None]:
    """Edits an archive's files by name; the index is one of them."""

    def edit(file: Path) -> None:
        with zipfile.ZipFile(file) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        change(files)
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)

    return edit


def indexed(name: str, content: bytes = b"x") -> Callable[[dict[str, bytes]], None]:
    """Adds a file, also to the index."""

    def add(files: dict[str, bytes]) -> None:
        index = json.loads(files[INDEX])
        index["files"][name] = sha_256(content)
        files |= {name: content, INDEX: json.dumps(index).encode()}

    return add


def other_version(files: dict[str, bytes]) -> None:
    files[INDEX] = json.dumps(json.loads(files[INDEX]) | {"version": 2}).encode()


def twice(file: Path) -> None:
    with zipfile.ZipFile(file, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("models/s/one/model.json", b"another")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda file: file.write_bytes(file.read_bytes()[:-30]), "cannot be read as a zip file"),
        (lambda file: file.write_bytes(b""), "cannot be read as a zip file"),
        (lambda file: file.unlink(), "no such file"),
        (rewritten(lambda files: files.pop(INDEX)), "no evidence of a bundle"),
        (rewritten(lambda files: files.update({INDEX: b"[]"})), "no evidence of a bundle"),
        (rewritten(lambda files: files.pop("models/s/one/model.json")), "not those of its index"),
        (rewritten(lambda files: files.update({"models/s/one/more": b""})), "not those of its index"),
        (rewritten(lambda files: files.update({"models/s/one/model.json": b""})), "does not match its digest"),
        (rewritten(other_version), "has version 2; this code reads version 1"),
        (rewritten(indexed("/models/s/one/model.json")), "is no path of evidence; allowed: models, runs, "),
        (rewritten(indexed("models/s/../../../x")), "is no path of evidence"),
        (rewritten(indexed("models/s/C:\\x")), "is no path of evidence"),
        (rewritten(indexed("src/lookalike/x/y.py")), "is no path of evidence"),
        (rewritten(indexed("params.yaml", b"profile: cpu\n")), "params.yaml is not the one that provenance.json names"),
        (rewritten(indexed("provenance.json", b"[]")), "provenance.json is damaged"),
        (rewritten(indexed("provenance.json", b"{}")), "params.yaml is not the one"),
        (twice, "not those of its index"),
    ],
)
def test_an_archive_that_is_not_as_it_was_written_is_refused(
    archive: Path, tmp_path: Path, damage: Callable[[Path], None], message: str
) -> None:
    damage(archive)
    with pytest.raises(InputError, match=re.escape(message)) as refused:
        unpack_evidence([archive], tmp_path / "back")
    assert str(refused.value).startswith(str(archive))
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "back").exists()


def test_archives_of_different_bundles_are_not_mixed(root: Path, archive: Path, tmp_path: Path) -> None:
    other = archive.rename(tmp_path / "other.zip")
    origin = json.loads((root / "provenance.json").read_text()) | {"commit": "4567"}
    (root / "provenance.json").write_text(json.dumps(origin))
    with pytest.raises(InputError, match="this one is another bundle's"):
        unpack_evidence([other, *write_archives(root, [("s", "one")])], tmp_path / "back")


def test_evidence_takes_the_place_of_nothing(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="exists already"):
        unpack_evidence([archive], tmp_path)


# The notebook.


def test_the_notebook_runs_what_there_is() -> None:
    notebook = json.loads((ROOT / "docs" / "colab.ipynb").read_text(encoding="utf-8"))
    assert notebook["nbformat"] == 4
    assert {cell["cell_type"] for cell in notebook["cells"]} == {"markdown", "code"}
    for cell in notebook["cells"]:
        assert {"metadata", "source"} <= cell.keys()
        assert (cell["cell_type"] == "code") == ({"outputs", "execution_count"} <= cell.keys())
        assert cell.get("outputs", []) == []
    code = "\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code")
    compile(re.sub(r"(?m)^[!%].*$", "", code), "colab.ipynb", "exec")
    assert [line for line in code.splitlines() if line.startswith(("!", "%"))] == [
        "%pip install --quiet timm scikit-learn",
        '!python -m zipfile -e "{BUNDLE}" "{FOLDER}"',
        '!python "{FOLDER}/run.py"',
    ]
    assert RUN.startswith('"""Train')
    assert "evidence-1.zip" in README
    assert 'glob("evidence-*.zip")' in code
