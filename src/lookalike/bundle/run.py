"""Run a bundle, where there is neither DVC nor MLflow: `python run.py` calls `main`.

Every stage is called in this one process, since importing torch for each would take a GPU's first minutes.
"""

import gc
import math
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from threading import Event, Thread
from types import ModuleType
from typing import Any

import numpy as np

from lookalike.artifacts.fingerprint import sha_256
from lookalike.artifacts.folders import read_json
from lookalike.bundle.evidence import write_archives
from lookalike.bundle.layout import BUNDLE, LIMIT, PROVENANCE, SHEETS
from lookalike.bundle.sheets import from_sheets
from lookalike.command import run
from lookalike.errors import InputError
from lookalike.long_runs import duration, is_finished, progress_lines
from lookalike.params import Params, load_params
from lookalike.training.settings import effective_settings

ROOT = Path()
STUDY_STAGES = (  # script, function and folder of outputs; each works on the variants that its study has
    ("evaluate", "evaluate", "evaluations"),
    ("explain", "explain", "explanations"),
    ("embed", "embed_study", "embeddings"),
)


class Ending(Event):
    """Set when a training run in this process has ended; `long_runs.progress_lines` polls it like a process."""

    def poll(self) -> int | None:
        return 0 if self.is_set() else None


def main() -> None:
    """Work on every variant of the bundle and write the evidence; exit with status 1 if one of them failed."""
    run(run_bundle)


def run_bundle() -> None:
    """See `main`; the evidence is written anew after each variant.

    Raises:
        InputError: the bundle is damaged or its settings were edited.
    """
    bundle, params = read_json(Path(BUNDLE)), load_params()
    check_settings(params)
    restore_images(bundle["arrays"])
    names, started = bundle["variants"], time.monotonic()
    trained: list[str] = []
    failed: list[str] = []
    for k, name in enumerate(names, 1):
        print(f"[{k} of {len(names)}] {name}", flush=True)
        if succeeds(f"train {name}", partial(train_in_process, name, params)):
            trained.append(name)
        if name not in trained or not run_study_stages(name, params.variants[name].study, trained):
            failed.append(name)
        if trained:
            focus = {name for settings in params.studies.values() for name in settings.focus}
            done = [(params.variants[one].study, one) for one in trained]
            for path in write_archives(ROOT, done, focus):
                size = path.stat().st_size
                print(f"{path}: {size / 1e6:.1f} MB{', larger than it should be' if size > LIMIT else ''}", flush=True)
        print(f"{k} of {len(names)} variants after {duration(time.monotonic() - started)}", flush=True)
    if failed:
        print(f"FAILED: {', '.join(failed)}", file=sys.stderr)
        sys.exit(1)


def check_settings(params: Params) -> None:
    """Refuse settings that are not those that were packed, as after an edit of `params.yaml`."""
    for name, digest in read_json(Path(PROVENANCE))["settings"].items():
        if effective_settings(params, name).digest != digest:
            raise InputError(f"params.yaml: variants.{name}: the settings are not those that were packed")


def restore_images(arrays: dict[str, Any]) -> None:
    """Write the arrays of images that are packed as sheets, unless they are there."""
    for name, about in arrays.items():
        path = Path(name)
        if path.exists():
            continue
        print(f"unpack {name}", flush=True)
        sheets = (sheet.read_bytes() for sheet in sorted((Path(SHEETS) / name).glob("*.webp")))
        part = path.with_name(path.name + ".part")
        try:
            with part.open("wb") as stream:
                np.save(stream, from_sheets(sheets, tuple(about["shape"])))
        except (ValueError, OSError) as error:
            raise InputError(f"{Path(SHEETS) / name}: the images are damaged; unzip the bundle again") from error
        if sha_256(part.read_bytes()) != about["sha256"]:
            raise InputError(f"{Path(SHEETS) / name}: the images are not those that were packed; unzip it again")
        part.replace(path)


def succeeds(title: str, step: Callable[[], None]) -> bool:
    """Whether `step` succeeds; its error is printed and does not stop the other steps."""
    try:
        step()
    except InputError as error:
        print(f"error: {title}: {error}", file=sys.stderr)
        return False
    except Exception:  # a GPU without memory, for example: other variants may fit
        traceback.print_exc()
        print(f"error: {title}: failed, see above", file=sys.stderr)
        return False
    finally:
        free_memory()
    return True


def train_in_process(name: str, params: Params) -> None:
    """Train every seed of a variant, unless it is finished; goes on from checkpoints."""
    if is_finished(params, name):
        print(f"{name}: trained already", flush=True)
        return
    script = load_stage("train")
    import_module("lookalike.recorder").LONG_SECONDS = math.inf  # type: ignore[attr-defined]  # no MLflow to show it in
    ending = Ending()
    if not sys.stderr.isatty():  # no bars are drawn without a terminal
        Thread(target=print_progress, args=(ending, name, params), daemon=True).start()
    try:
        script.main(name)
    finally:
        ending.set()


def print_progress(ending: Ending, name: str, params: Params) -> None:
    """Print the progress of a training run and the time left after every epoch."""
    for line in progress_lines(ending, name, params):
        print(line, flush=True)


def run_study_stages(name: str, study: str, trained: Sequence[str]) -> bool:
    """Evaluate, explain and embed a variant, the new one of the study's trained variants; returns whether it worked.

    A stage that fails does not stop the others.
    """
    steps = {stage: partial(call_stage, *stage, study=study, names=trained) for stage in STUDY_STAGES}
    outcomes = [succeeds(f"{script} {name}", step) for (script, *_), step in steps.items()]
    return all(outcomes)


def call_stage(script: str, function: str, folder: str, *, study: str, names: Sequence[str]) -> None:
    stage = load_stage(script)
    params = import_module("lookalike.params").load_params()
    getattr(stage, function)(params, study, names, Path(folder) / study)


def load_stage(name: str) -> ModuleType:
    """The script of a stage as a module, with this package loaded afresh, as in a process of its own.

    Fingerprints and notes of inputs cover the modules that are loaded, so that no stage may see another's.
    """
    for module in [one for one in sys.modules if f"{one}.".startswith("lookalike.")]:
        if module != "lookalike.errors":  # an InputError must be the one that is caught here
            del sys.modules[module]
    spec = spec_from_file_location(f"stage_{name}", Path("stages", f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    script = module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


def free_memory() -> None:
    """Free the memory of models and data, and reset its peak, before the next step."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
