"""Stage train@<variant>: data/<dataset>/ -> models/<study>/<variant>/ and runs/<study>/<variant>/."""

import os
import shutil
import sys
from pathlib import Path

from lookalike.artifacts.datasets import load_dataset
from lookalike.artifacts.fingerprint import fingerprint
from lookalike.artifacts.models import save_model, save_run
from lookalike.command import run
from lookalike.models.registry import find_model
from lookalike.params import load_params
from lookalike.recorder import Recorder
from lookalike.runtime import describe, peak_memory, start
from lookalike.training.variant import planned_epochs, train_variant


def main(name: str) -> None:
    """Train every seed of the variant `name`; a killed training goes on from its checkpoints."""
    params = load_params()
    variant, budget = params.variants[name], params.budget(name)
    runtime = start()
    dataset = load_dataset(Path("data") / variant.dataset)
    find_model(variant.model)  # loads the architecture's module, which the fingerprint must cover
    identity = fingerprint(
        variant=variant.model_dump(), budget=budget.model_dump(), dataset=dataset.digest, device=runtime.device.type
    )
    root = Path(os.environ.get("DVC_ROOT", "."))
    checkpoints = root / "checkpoints" / f"{name}-{identity}"
    recorder = Recorder(variant.study, name, identity, checkpoints, planned_epochs(variant, budget))
    trained = train_variant(
        variant,
        budget,
        dataset,
        runtime,
        checkpoint=lambda training: checkpoints / f"{training}.pt",
        after_epoch=recorder.after_epoch,
        mirror=os.environ.get("LOOKALIKE_MIRROR"),
        cache=root / "downloads",
    )
    for entry in trained.description["seeds"]:
        if entry["diverged_in"] is not None:
            epoch = entry["diverged_in"] + 1
            print(f"{name}, seed {entry['seed']}: diverged, the loss is not finite in epoch {epoch}", file=sys.stderr)
    folder = Path("models") / variant.study / name
    save_model(folder, trained.description, trained.weights, trained.history, trained.kept)
    run_about = recorder.finish(describe(runtime), peak_memory(runtime.device))
    save_run(Path("runs") / variant.study / name, run_about, trained.timings)
    shutil.rmtree(checkpoints, ignore_errors=True)


if __name__ == "__main__":
    run(main, *sys.argv[1:])
