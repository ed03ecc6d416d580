"""Disks that are full, read-only or small, each mounted by a process for itself alone."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
WRITE = """
import contextlib, io, json, subprocess
import numpy as np
import torch
from descriptions import described
from lookalike.artifacts.fingerprint import folder_digest
from lookalike.artifacts.folders import replacing_folder, write_text
from lookalike.artifacts.models import save_model
from lookalike.command import run
from lookalike.training.checkpoint import Checkpoint, save_checkpoint

def text(out, size):
    write_text(out, "x" * size)

def array(out, size):
    with replacing_folder(out) as part:
        np.save(part / "a.npy", np.zeros(size, np.uint8))

def copy(out, size):
    (outside / "file").write_bytes(bytes(size))
    with replacing_folder(out) as part:
        shutil.copyfile(outside / "file", part / "copy")

def weights(out, size):
    save_model(out, described(), {0: {"a": torch.zeros(size // 4)}}, [])

def checkpoint(out, size):
    save_checkpoint(out, Checkpoint({"a": torch.zeros(size // 4)}, None, [], [], {}))

def attempt(writer, size):
    # Exit status, what is printed, and whether there is what was there before, and nothing else.
    before, said = folder_digest(disk), io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            run(writer, disk / writer.__name__, size)
        status = 0
    except SystemExit as ended:
        status = ended.code
    return status, said.getvalue(), folder_digest(disk) == before

writers, outside = (text, array, copy, weights, checkpoint), disk.parent
assert all(attempt(writer, 1000)[0] == 0 for writer in writers)
full = {writer.__name__: attempt(writer, 2_000_000) for writer in writers}
subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
closed = {writer.__name__: attempt(writer, 1000) for writer in writers}
print(json.dumps([full, closed]))
"""
LOAD = """
import numpy as np
import torch
from PIL import Image
from lookalike.artifacts.image_files import ImageFiles, View
from lookalike.data.tensors import place_images
from lookalike.runtime import Runtime

if __name__ == "__main__":
    Image.new("RGB", (300, 300), (200, 100, 50)).save(disk / "a.png")
    files = ImageFiles(disk, np.array(["a.png"] * 32), np.array([""] * 32), View(300))
    images = place_images(files, np.zeros(32, int), mean=(0,) * 3, std=(1,) * 3, runtime=Runtime(torch.device("cpu")))
    seen = sum(len(labels) for _, labels in images.batches(list(torch.arange(32).split(8))))  # 2 MB a batch
    print(seen, shutil.disk_usage("/dev/shm").total)
"""


def run_with(small: Path, disk: Path, program: str) -> str:
    """What a program prints that finds a disk of 1 MB at `small`; its variable `disk` is a folder."""
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-rm", "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this system lets nobody mount a disk for one process alone (`unshare -rm`)")
    paths = [str(TESTS), str(TESTS.parent / "src")]
    start = f"import shutil, sys\nfrom pathlib import Path\nsys.path[:0] = {paths}\ndisk = Path({str(disk)!r})\n"
    mount = ["sh", "-c", 'mount -t tmpfs -o size=1m tmpfs "$0" && exec "$@"', str(small)]
    command = [unshare, "-rm", *mount, sys.executable, "-c", start + program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_full_and_a_read_only_disk_cost_one_line_and_nothing_that_was_there(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    full, closed = json.loads(run_with(disk, disk, WRITE))
    assert full.keys() == closed.keys() == {"text", "array", "copy", "weights", "checkpoint"}
    for reason, outcomes in (("No space left on device", full), ("Read-only file system", closed)):
        for name, (status, said, same) in outcomes.items():
            assert (status, same, said.count("\n")) == (2, True, 1), (name, said)
            assert said.startswith(f"error: {disk / name}"), "the name that it was to have, not that of a part"
            assert f": {reason} (disk {disk}: " in said
            assert " of 1.0 MB free now); " in said


def test_photographs_are_loaded_where_processes_share_little_memory(tmp_path: Path) -> None:
    """As in a container, whose /dev/shm has 64 MB unless somebody asks for more."""
    seen, size = run_with(Path("/dev/shm"), tmp_path, LOAD).split()
    assert (int(seen), int(size)) == (32, 2**20)
