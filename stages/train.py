"""Stage train@<variant>: data/<dataset>/ -> models/<study>/<variant>/ and runs/<study>/<variant>/."""

import os
import sys
from functools import partial
from pathlib import Path

from lookalike.artifacts.datasets import load_dataset
from lookalike.artifacts.fingerprint import fingerprint
from lookalike.artifacts.models import save_model, save_run
from lookalike.command import mirror, run, stage_item
from lookalike.models.registry import find_model
from lookalike.params import load_params
from lookalike.recorder import Recorder
from lookalike.runtime import describe_device, has_fast_bfloat16, peak_memory, start
from lookalike.training.pretrained import starting_weights
from lookalike.training.run_folder import exclusive_folder, keep_finished, restore_finished, settle_threads
from lookalike.training.settings import effective_settings
from lookalike.training.train_variant import train_variant


def main(name: str) -> None:
    """Train every seed of the variant `name`; a killed run goes on from its checkpoints, a finished one is kept."""
    params = load_params()
    params.require("variants", name)
    settings, root = effective_settings(params, name), Path(os.environ.get("DVC_ROOT", "."))
    runtime = start(precision=settings.precision)
    if settings.precision == "bfloat16" and not has_fast_bfloat16(runtime.device):
        print(f"{name}: this device has no bfloat16 instructions; float32 would be faster", file=sys.stderr)
    dataset = load_dataset(Path("data") / settings.dataset)
    weights = starting_weights(settings, mirror(), root)
    find_model(settings.model)  # loads the architecture's module, which the fingerprint must cover
    decisive = {"settings": settings.digest, "dataset": dataset.digest, "weights": weights and weights.sha256}
    identify = partial(fingerprint, **decisive, device=runtime.device.type)
    identity = settle_threads(name, root / "checkpoints", runtime.device, identify)
    checkpoints, finished = (root / folder / f"{name}-{identity}" for folder in ("checkpoints", "finished"))
    with exclusive_folder(checkpoints):
        restore_finished(finished, checkpoints)
        recorder = Recorder(name, settings, identity, checkpoints)
        trained = train_variant(
            settings,
            params.budget(name).seeds,
            dataset,
            runtime,
            checkpoint=lambda training: checkpoints / f"{training}.pt",
            after_epoch=recorder.after_epoch,
            weights=weights,
        )
        for seed, epoch in trained.diverged.items():
            print(f"{name}, seed {seed}: diverged, the loss is not finite in epoch {epoch + 1}", file=sys.stderr)
        folder = Path("models") / settings.study / name
        save_model(folder, trained.description, trained.weights, trained.history, trained.kept)
        about = recorder.finish(describe_device(runtime), peak_memory(runtime.device))
        save_run(Path("runs") / settings.study / name, about, trained.timings)
        keep_finished(checkpoints, finished)


if __name__ == "__main__":
    run(main, stage_item())
