"""Stage publish: the trained variants and their results -> MLflow, and the ids of their runs.

`make ui` shows them, or the server that MLFLOW_TRACKING_URI names.
"""

import os
from pathlib import Path

from lookalike.artifacts.folders import write_json
from lookalike.claims.evidence import gather_evidence
from lookalike.claims.verdicts import verdicts
from lookalike.command import run
from lookalike.params import load_params
from lookalike.studies import judge_all
from lookalike.tracking.publish import publish_to_mlflow
from lookalike.tracking.store import locate


def main() -> None:
    """Publish every variant of the parameters that is trained; a server that does not answer costs a warning."""
    params = load_params()
    uri = locate(os.environ.get("MLFLOW_TRACKING_URI"), Path(os.environ.get("DVC_ROOT", ".")))
    write_json(Path("published.json"), publish_to_mlflow(params, uri, verdicts(judge_all(gather_evidence(params)))))


if __name__ == "__main__":
    run(main)
