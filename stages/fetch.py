"""Stage fetch@<dataset>: the published or the embedded images -> data/<dataset>/, and where they came from."""

import os
from pathlib import Path

from lookalike.artifacts.datasets import save_dataset
from lookalike.artifacts.folders import write_json
from lookalike.command import mirror, run, stage_item
from lookalike.data.sources import build_dataset
from lookalike.params import load_params


def main(name: str) -> None:
    """Fetch or draw the data set `name`; downloads lie outside the outputs, so that an interrupted one can resume."""
    params = load_params()
    params.require("datasets", name)
    cache = Path(os.environ.get("DVC_ROOT", ".")) / "downloads"
    dataset, files = build_dataset(name, params.datasets[name], params.active.data, cache, mirror())
    save_dataset(Path("data") / name, dataset)
    write_json(Path("runs") / "fetch" / f"{name}.json", files)


if __name__ == "__main__":
    run(main, stage_item())
