"""Made-up training runs as they are on disk, and what MLflow shows of them."""

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from descriptions import described
from PIL import Image

from lookalike.artifacts.folders import write_json
from lookalike.artifacts.models import Epoch, SeedRecord, Timing, save_history, save_model, save_run
from lookalike.models.registry import create_model
from lookalike.tracking.store import Store

NAME = "small"
DEAD = "http://user:secret@127.0.0.1:9"  # nobody listens on the port named discard


def picture(kind: str) -> bytes:
    """The same pixel as a WebP or a PNG."""
    out = io.BytesIO()
    Image.new("RGB", (1, 1), (90, 80, 70)).save(out, kind, lossless=True)
    return out.getvalue()


PNG = picture("PNG")
EPOCHS = 3
DIGEST = "0123456789abcdef" * 4
VERDICTS = {"fashion": {"F1": "reproduced", "F2": "not tested"}, "elsewhere": {"E1": "contradicted"}}


def epoch(seed: int, number: int) -> Epoch:
    return Epoch(seed, number, 1e-3, 2.0 - number, 0.1 * number, 2.5 - number, [0.2, 0.6, 0.5][number % 3])


def write_training_run(folder: Path, *, identity: str = "f1", seeds: int = 2, diverged: int | None = None) -> Path:
    """A finished training of `NAME` in `folder`; the seed `diverged` diverged in its last epoch."""
    description = described(
        dataset_digest=DIGEST,
        class_names=("a", "b"),
        parameters=12,
        macs=34,
        seeds=tuple(SeedRecord(k, EPOCHS, EPOCHS - 1 if k == diverged else None) for k in range(seeds)),
    )
    steps = [(seed, number) for seed in range(seeds) for number in range(EPOCHS)]
    weights = {seed: {"w": torch.zeros(1)} for seed in range(seeds) if seed != diverged}
    save_model(folder / "models" / "fashion" / NAME, description, weights, [epoch(*step) for step in steps])
    about = about_run(identity) | {
        "finished": "2026-01-01T00:01:00+00:00",
        "device": {"device": "cuda", "name": "a GPU", "threads": 2, "torch": "2"},
        "peak_memory_bytes": 4096,
    }
    save_run(folder / "runs" / "fashion" / NAME, about, [Timing(*step, 2.0, 40.0) for step in steps])
    return folder


def about_run(identity: str = "f1") -> dict[str, Any]:
    return {
        "study": "fashion",
        "variant": NAME,
        "fingerprint": identity,
        "started": "2026-01-01T00:00:00+00:00",
        "host": "somewhere",
        "commit": "c0ffee",
        "dirty": True,
    }


def write_evaluation(folder: Path, accuracy: float = 0.75) -> None:
    evaluation = folder / "comparisons" / "fashion"
    scores = [{"seed": seed, "accuracy": accuracy, "nll": 0.5, "note": "no number"} for seed in (0, 1)]
    write_json(evaluation / "metrics.json", {NAME: {"accuracy": accuracy}})
    write_json(evaluation / "details.json", {NAME: {"seeds": scores}})
    (evaluation / "figures" / NAME).mkdir(parents=True, exist_ok=True)
    (evaluation / "figures" / NAME / "reliability.webp").write_bytes(picture("WEBP"))


def write_model(folder: Path, seed: int = 1) -> torch.nn.Module:
    """Give the training in `folder` weights that fit its architecture, and its data set; what `seed` then is."""
    from safetensors.torch import save_file

    model = create_model("fashion_cnn", input_shape=(1, 28, 28), num_classes=2)
    for one in range(2):
        path = folder / "models" / "fashion" / NAME / f"seed-{one}.safetensors"
        if path.exists():
            save_file({name: value + (one != seed) for name, value in model.state_dict().items()}, path)
    data = folder / "data" / "fashion_mnist"
    write_json(data / "dataset.json", {"digest": DIGEST, "mean": [0.25], "std": [0.5]})
    np.save(data / "test_images.npy", np.arange(4 * 28 * 28, dtype=np.uint8).reshape(4, 28, 28))
    return model.eval()


def all_runs(store: Store) -> list[Any]:
    """The runs of seeds, by fingerprint and name."""
    return [run for run in listed(store) if run.data.tags["lookalike.seed"] != "all"]


def summaries(store: Store) -> list[Any]:
    """The runs above those of seeds, by fingerprint."""
    return [run for run in listed(store) if run.data.tags["lookalike.seed"] == "all"]


def listed(store: Store) -> list[Any]:
    """All runs of the study."""
    experiment = store.client.get_experiment_by_name("lookalike/fashion")
    runs = store.client.search_runs([experiment.experiment_id]) if experiment else []
    return sorted(runs, key=lambda run: (run.data.tags["lookalike.fingerprint"], run.info.run_name))


def points(store: Store, run_id: str, key: str) -> list[tuple[int, float]]:
    return [(point.step, point.value) for point in store.client.get_metric_history(run_id, key)]


def figure_of(store: Store, run: Any) -> Path:
    folder = store.artifact_folder(run.info.artifact_uri)
    assert folder is not None
    return folder / "figures" / "reliability.png"


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)


def write_epochs(folder: Path, seed: int, count: int) -> None:
    save_history(folder / f"seed-{seed}.csv", [epoch(seed, number) for number in range(count)])


def acts(*steps: Callable[[], Any]) -> Callable[[], bool]:
    """A training that does one step each time it is asked whether it lives, and dies after the last."""
    remaining = iter(steps)

    def lives() -> bool:
        step = next(remaining, None)
        if step is not None:
            step()
        return step is not None

    return lives
