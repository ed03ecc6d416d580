"""Stage train@<variant>: data/<dataset>/ -> models/<study>/<variant>/ and runs/<study>/<variant>/."""

import os
import sys
from functools import partial
from pathlib import Path

from lookalike.command import mirror, relaunch, run, stage_item

if __name__ == "__main__":
    run(relaunch)  # before the imports below, which take seconds
from lookalike.artifacts.datasets import load_dataset
from lookalike.artifacts.fingerprint import fingerprint
from lookalike.artifacts.models import save_model, save_run
from lookalike.models.registry import find_model
from lookalike.params import load_params
from lookalike.recorder import Recorder
from lookalike.runtime import describe_device, peak_memory, start
from lookalike.training.distributed import count, joined, leader_first, leads
from lookalike.training.pretrained import starting_weights
from lookalike.training.run_folder import exclusive_folder, keep_finished, restore_finished, settle_threads
from lookalike.training.settings import effective_settings
from lookalike.training.train_variant import train_variant


def main(name: str) -> None:
    """Train every seed of the variant `name`; a killed run goes on from its checkpoints, a finished one is kept."""
    with leader_first():
        params = load_params()
        params.require("variants", name)
        settings, root = effective_settings(params, name), Path(os.environ.get("DVC_ROOT", "."))
        runtime = start(precision=settings.precision)
        dataset = load_dataset(Path("data") / settings.dataset)
        weights = starting_weights(settings, mirror(), root)
    find_model(settings.model)  # loads the architecture's module, which the fingerprint must cover
    decisive = {"settings": settings.digest, "dataset": dataset.digest, "weights": weights and weights.sha256}
    identify = partial(fingerprint, **decisive, device=runtime.device.type)
    identity = settle_threads(name, root / "checkpoints", runtime.device, identify)
    checkpoints, finished = (root / folder / f"{name}-{identity}" for folder in ("checkpoints", "finished"))
    training = partial(train_variant, settings, params.budget(name).seeds, dataset, runtime, weights=weights)
    training = partial(training, checkpoint=lambda one: checkpoints / f"{one}.pt")
    if not leads():
        training()
        return
    with exclusive_folder(checkpoints):
        restore_finished(finished, checkpoints)
        recorder = Recorder(name, settings, identity, checkpoints)
        trained = training(after_epoch=recorder.after_epoch)
        for seed, epoch in trained.diverged.items():
            print(f"{name}, seed {seed}: diverged, the loss is not finite in epoch {epoch + 1}", file=sys.stderr)
        save_model(
            Path("models") / settings.study / name, trained.description, trained.weights, trained.history, trained.kept
        )
        about = recorder.finish(describe_device(runtime) | {"processes": count()}, peak_memory(runtime.device))
        save_run(Path("runs") / settings.study / name, about, trained.timings)
        keep_finished(checkpoints, finished)


if __name__ == "__main__":
    run(joined(os.environ)(main), stage_item())
