"""The small copy of the study fashion through SLURM itself: a cluster of this machine alone (`cluster.sh`)."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from checkout import ROOT, Checkout, copy_project

pytestmark = pytest.mark.pipeline

DAEMONS = ("slurmctld", "slurmd", "munged", "sbatch")
MISSING = [name for name in DAEMONS if shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") is None]
CLUSTER = Path(__file__).with_name("cluster.sh")
JOBS = "jobs: 2\ncores: 1\nmemory: 2GB\nwalltime: '00:20:00'\ninterface: lo\n"
CHANGING = "runs/"  # times and hosts


@pytest.fixture
def slurm_conf(tmp_path: Path) -> Iterator[str]:
    """The settings of a cluster that runs."""
    if sys.platform != "linux" or MISSING or os.geteuid() != 0:
        pytest.skip(f"needs root and slurm-wlm and munge of Debian; missing: {', '.join(MISSING) or 'root'}")
    folder = tmp_path / "slurm"
    try:
        subprocess.run(("sh", CLUSTER, "start", folder), check=True, timeout=90)
        yield str(folder / "slurm.conf")
    finally:
        subprocess.run(("sh", CLUSTER, "stop", folder), check=True, timeout=30)


def outputs(checkout: Checkout) -> dict[str, str]:
    """The hashes of what the stages wrote, by path, as DVC recorded them."""
    stages = yaml.safe_load((checkout.folder / "dvc.lock").read_text(encoding="utf-8"))["stages"]
    return {out["path"]: out["md5"] for stage in stages.values() for out in stage.get("outs", ())}


def test_jobs_of_slurm_write_the_bytes_of_dvc_repro(ran: Checkout, tmp_path: Path, slurm_conf: str) -> None:
    copy = copy_project(tmp_path / "lookalike")
    copy.environment |= {"SLURM_CONF": slurm_conf, "PYTHONPATH": str(ROOT / "src")}
    (tmp_path / "slurm.yaml").write_text(JOBS)
    out = copy.run(sys.executable, "-m", "lookalike", "run", "compare@fashion", "--slurm", str(tmp_path / "slurm.yaml"))
    one_by_one, jobs = outputs(ran), outputs(copy)
    assert {"models/fashion/fashion-cnn", "comparisons/fashion/metrics.json"} <= jobs.keys() < one_by_one.keys(), out
    differing = {path for path, digest in jobs.items() if one_by_one[path] != digest}
    assert {path for path in differing if not path.startswith(CHANGING)} == set()
    assert copy.repro("compare@fashion") == set()
