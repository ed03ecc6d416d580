"""Add the evidence of finished training runs to `results/`."""

import shutil
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from safetensors.numpy import load_file, save_file

from lookalike import provenance
from lookalike.artifacts.evaluations import load_evaluation
from lookalike.artifacts.evidence import in_half
from lookalike.artifacts.folders import read_json, replacing_folder, write_text
from lookalike.artifacts.models import load_description
from lookalike.artifacts.test_sets import load_test_set
from lookalike.bundle.unpack import unpack_evidence
from lookalike.errors import InputError
from lookalike.evaluation.scores import score_variant
from lookalike.params import Params, load_params
from lookalike.results.records import PARTS, RECORD, RESULTS, TEST_SETS, Record, check_sums, load_record
from lookalike.training.settings import effective_settings

LIMIT, ALL = 2 * 2**20, 96 * 2**20  # bytes of a run without weights, and of all of them: 71 variants of 1.2 MB
WEIGHTS = 2 * 2**20  # bytes of one seed in half precision
FILES = {"models": ("model.json", "history.csv"), "runs": ("run.json", "times.csv")}
EVIDENCE = ("arrays.npz", "evidence.json")
STAGES = ("evaluate", "explain", "embed")


def add_runs(names: Sequence[str], results: Path = RESULTS) -> list[Path]:
    """Evaluate, explain and embed trained variants as far as that has not been done, and copy the evidence.

    Returns:
        The folders of the runs.

    Raises:
        InputError: the profile is a demonstration, tracked files have changes, or a variant is not trained with the
            present settings, was trained from changed files, or has too much evidence.
    """
    params = load_params()
    if params.active.demonstration:
        raise InputError(f"profile {params.profile} is a demonstration: its results say nothing about the studies")
    commit = provenance.commit()
    if commit["commit"] == "unknown":
        raise InputError("the project is in no commit here, so the results cannot be checked; clone it with git")
    if commit["dirty"]:
        raise InputError("tracked files differ from the commit, so the results cannot be checked; commit them")
    for name in names:
        params.require("variants", name)
        check_trained(params, name, Path())
    for study in dict.fromkeys(params.variants[name].study for name in names):
        members = [name for name in names if params.variants[name].study == study]
        outside = params.studies[study].outside  # which training did not need
        if not (Path("data") / outside).is_dir():
            run_stage("fetch", outside)
        run_stage("test_set", study)
        for script in STAGES:
            run_stage(script, study, *members)
    return [copy_evidence(params, name, Path(), str(commit["commit"]), results) for name in names]


def add_archives(files: Sequence[Path], results: Path = RESULTS) -> list[Path]:
    """Copy the evidence of all variants in the archives of a bundle, see `bundle.evidence`.

    Returns:
        The folders of the runs.

    Raises:
        InputError: an archive is damaged, was packed from files with changes, or holds variants that were trained with
            other settings than those of `params.yaml` for the same profile.
    """
    params = load_params()
    with tempfile.TemporaryDirectory() as made:
        root = Path(made) / "unpacked"
        origin = unpack_evidence(files, root)
        if origin["dirty"]:
            raise InputError(
                f"{files[0]}: packed from files that no commit holds; pack the bundle from a clean checkout"
            )
        if origin["profile"] not in params.profiles or params.profiles[origin["profile"]].demonstration:
            raise InputError(
                f"{files[0]}: of profile {origin['profile']}, which params.yaml lacks or is a demonstration"
            )
        params = params.model_copy(update={"profile": origin["profile"]})
        names = [path.parent.name for path in sorted(root.glob("models/*/*/model.json"))]
        for name in names:
            params.require("variants", name)
            check_trained(params, name, root)
        for study in {params.variants[name].study for name in names}:
            if (kept := Path("test_sets") / study).is_dir():
                shutil.copytree(kept, root / "test_sets" / study)
            elif not (results / TEST_SETS / study).is_dir():
                raise InputError(f"{results / TEST_SETS / study}: not there; run `dvc repro test_set@{study}` first")
        return [copy_evidence(params, name, root, origin["commit"], results) for name in names]


def run_stage(script: str, study: str, *names: str) -> None:
    """Run a stage on some variants of a study, in a process of its own, as DVC does.

    Raises:
        InputError: it failed; its own line stands before.
    """
    done = subprocess.run([sys.executable, f"stages/{script}.py", study, *names], check=False)
    if done.returncode != 0:
        raise InputError(f"stage {script} of {study} failed, see above; nothing was added")


def check_trained(params: Params, name: str, root: Path) -> None:
    """Refuse a variant that is not trained, or was trained with other settings than `params` has or from changed files.

    Raises:
        InputError: see above.
    """
    study = params.variants[name].study
    path = root / "runs" / study / name / "run.json"
    if not path.exists() or not (root / "models" / study / name / "model.json").exists():
        raise InputError(f"{name}: not trained yet; run `lookalike train --profile {params.profile} {name}`")
    about, settings = read_json(path), effective_settings(params, name)
    if about.get("settings") != settings.digest:
        raise InputError(f"{name}: trained with other settings than those of profile {params.profile} in params.yaml")
    if about["dirty"]:
        raise InputError(f"{name}: trained from files that no commit holds ({about['commit'][:10]} with changes)")
    wanted, seeds = params.budget(name).seeds, len(load_description(root / "models" / study / name).seeds)
    if seeds < wanted:
        raise InputError(f"{name}: {seeds} of {wanted} seeds are trained")


def copy_evidence(params: Params, name: str, root: Path, evaluated: str, results: Path) -> Path:
    """Copy the evidence of a variant below `root` to its run's folder, and what its study shares.

    Raises:
        InputError: there is none, it is damaged or too large, or it is of another test set than what is there.
    """
    study, settings = params.variants[name].study, effective_settings(params, name)
    kept = results / TEST_SETS / study
    if (own := root / "test_sets" / study).is_dir():
        share_test_set(own, kept)
    test_set, trained_on = load_test_set(kept), load_description(root / "models" / study / name).dataset_digest
    if test_set.digest != trained_on:
        raise InputError(
            f"{name}: trained on other images ({trained_on[:8]}) than {kept} is of ({test_set.digest[:8]})"
        )
    target = results / study / name / settings.digest[:8]
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for kind, files in FILES.items():
            for file in files:
                shutil.copyfile(root / kind / study / name / file, folder / file)
        for part, kind in PARTS.items():
            if (source := root / kind / study / name).is_dir():
                (folder / part).mkdir()
                for file in EVIDENCE:
                    shutil.copyfile(source / file, folder / part / file)
        if name in params.studies[study].focus:
            keep_weights(root / "models" / study / name, folder, released=params.photographed(study))
        summary = score_variant(load_evaluation(folder / "evaluation"), test_set.labels, test_set.class_names).summary
        record = Record(
            version=1,
            study=study,
            variant=name,
            profile=params.profile,
            parameters=params.variants[name],
            budget=params.budget(name),
            settings=settings.model_copy(update={"images": settings.images.model_copy(update={"folder": None})}),
            digest=settings.digest,
            evaluated=evaluated,
            scores=summary,
            files=check_sums(folder),
        )
        check_size(name, folder, LIMIT)
        with replacing_folder(target) as whole:
            shutil.copytree(folder, whole, dirs_exist_ok=True)
            write_text(whole / RECORD, record.model_dump_json(indent=2) + "\n")
    load_record(target / RECORD)
    try:
        check_size(str(results), results, ALL)
    except InputError:
        shutil.rmtree(target)
        raise
    return target


def keep_weights(models: Path, folder: Path, *, released: bool) -> None:
    """Keep the weights of all seeds in half precision in `folder`/weights, if each takes at most `WEIGHTS` bytes.

    The first seed of a `released` model, which classifies photos of one's own, is kept as it was trained.
    """
    first = f"seed-{load_description(folder).finished_seeds[0]}.safetensors" if released else None
    for path in sorted(models.glob("seed-*.safetensors")):
        if "epoch" in path.name:  # of the way there
            continue
        weights = load_file(path)
        half = {name: in_half(values) if values.dtype.kind == "f" else values for name, values in weights.items()}
        if sum(values.nbytes for values in half.values()) <= WEIGHTS:
            (folder / "weights").mkdir(exist_ok=True)
            save_file(weights if path.name == first else half, folder / "weights" / path.name)


def check_size(what: str, folder: Path, limit: int) -> None:
    """Refuse evidence that takes more than `limit` bytes compressed; weights do not count.

    Raises:
        InputError: see above.
    """
    files = (path for path in folder.rglob("*") if path.suffix in {".npz", ".json", ".csv"})
    size = sum(len(zlib.compress(path.read_bytes())) for path in files)
    if size > limit:
        raise InputError(
            f"{what}: {size / 2**20:.2f} MiB of evidence, more than the {limit >> 20} MiB that are allowed"
        )


def share_test_set(source: Path, target: Path) -> None:
    """Copy a test set, unless the present one is the same or holds more images.

    What is there of another version, or damaged, is replaced.

    Raises:
        InputError: what is there is of another data set.
    """
    new, old = load_test_set(source), None
    with suppress(InputError):
        old = load_test_set(target)
    if old is not None:
        if old.digest != new.digest:
            raise InputError(f"{target}: is of other images ({old.digest[:8]}) than {source} ({new.digest[:8]})")
        if len(old.shown) > len(new.shown):
            return
    with replacing_folder(target) as part:
        for file in EVIDENCE:
            shutil.copyfile(source / file, part / file)
