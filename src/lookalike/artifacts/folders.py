"""Folders and files that are written whole or not at all, even if the process is killed."""

import csv
import errno
import fcntl
import glob
import io
import json
import logging
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

YOUNG = 60.0  # seconds: the process of a folder that is new may not hold it yet
POLL_SECONDS = 1.0
AGAIN = "and run again"
ADVICE = {  # what to do about what a disk refuses
    errno.ENOSPC: f"free some space (`lookalike prune` and `dvc gc -w` find what is not needed), {AGAIN}",
    errno.EDQUOT: f"free some space (`lookalike prune` and `dvc gc -w` find what is not needed), {AGAIN}",
    errno.EFBIG: f"raise the limit on the size of files (`ulimit -f`) or use another disk, {AGAIN}",
    errno.EROFS: f"make that disk writable, or use a copy of the project on one that is, {AGAIN}",
    errno.EACCES: f"change its owner or its permissions, {AGAIN}",
    errno.EPERM: f"change its owner or its permissions, {AGAIN}",
    errno.EIO: f"the disk may be failing: see what the system's log says, {AGAIN}",
}

_log = logging.getLogger(__name__)


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder to write into; it replaces `folder` if the block ends without an exception.

    Each process writes into a folder of its own; leftovers of killed processes are removed first.
    """
    remove_leftovers(folder)
    part = temporary_path(folder)
    with naming_file(part):
        part.mkdir(parents=True)
        try:
            with hold(part):
                yield part
            replace_folder(part, folder)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise


def replace_folder(part: Path, folder: Path) -> None:
    """Move `part` to `folder`; what was there is removed once the new one is in its place."""
    former = temporary_path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with suppress(FileNotFoundError):
            folder.rename(former)
        part.rename(folder)
    except BaseException:
        with suppress(OSError):  # there was none, or another process has put one there
            former.rename(folder)
        raise
    shutil.rmtree(former, ignore_errors=True)


def temporary_path(path: Path) -> Path:
    """A unique name beside `path`: `<name>.<8 hex digits>.part`, a long name cut to what disks take."""
    return path.with_name(f"{path.name[:60]}.{secrets.token_hex(4)}.part")


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary folders of `folder` that killed processes have left: those that no process holds."""
    for part in folder.parent.glob(f"{glob.escape(folder.name[:60])}.{'[0-9a-f]' * 8}.part"):
        with suppress(OSError):  # it is held or gone
            if time.time() - part.stat().st_mtime > YOUNG:
                with hold(part) as held:
                    if held:
                        shutil.rmtree(part)


@contextmanager
def hold(path: Path) -> Iterator[bool]:
    """Hold the file or folder at `path` within the block; the system ends the hold of a process that is killed.

    Yields whether it is held: some disks have no locks.

    Raises:
        BlockingIOError: another process holds it.
        FileNotFoundError: it is not there, or was moved before it was held.
    """
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)  # NFS locks only what can be written
    held = False
    try:
        held = try_lock(descriptor)
        if os.fstat(descriptor).st_ino != path.stat().st_ino:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        yield held
    finally:
        if held:
            fcntl.flock(descriptor, fcntl.LOCK_UN)  # closing is not enough where a child has inherited the descriptor
        os.close(descriptor)


def try_lock(descriptor: int) -> bool:
    """Lock an open file; False where the disk has no locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        return False
    return True


@contextmanager
def wait_to_hold(path: Path, create: Callable[[], None], busy: Callable[[], str]) -> Iterator[None]:
    """Hold `path`, which `create` makes unless it is there, within the block, as soon as no other process holds it.

    Before the first wait a warning says why: what `busy` returns.
    """
    warned = False
    with ExitStack() as stack:
        while True:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                create()
                stack.enter_context(hold(path))
                break
            except FileNotFoundError:  # the process that held it has moved it away
                continue
            except BlockingIOError:
                if not warned:
                    _log.warning("%s; waiting for its end", busy())
                warned = True
                time.sleep(POLL_SECONDS)
        yield


@contextmanager
def naming_file(path: Path) -> Iterator[None]:
    """Within the block, a disk error without a file name gets the name `path`: `write` does not know it."""
    try:
        yield
    except OSError as error:
        if re.fullmatch(r"\d+ requested and \d+ written", str(error)):  # all that NumPy says of it
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
        if error.errno is not None and error.filename is None:
            error.filename = str(path)
        raise


def describe_disk_fault(error: OSError) -> str | None:
    """One line about a disk that is full, failing or not writable: which file, which disk, and what to do.

    None means that the error is of another kind.
    """
    if error.errno not in ADVICE:
        return None
    path = error.filename2 or error.filename  # of a copy the second is the target
    shown = re.sub(r"\.[0-9a-f]{8}\.part\b", "", os.fsdecode(path)) if path else "a file"  # as it was to be called
    return f"{shown}: {error.strerror} ({free_space(Path(os.fsdecode(path or '.')))}); {ADVICE[error.errno]}"


def free_space(path: Path) -> str:
    """The mount point of the disk of `path`, and its free space now."""
    mount = Path(os.path.realpath(path))
    while not os.path.ismount(mount):
        mount = mount.parent
    known = os.statvfs(mount)
    free, size = (blocks * known.f_frsize / 1e6 for blocks in (known.f_bavail, known.f_blocks))
    full = ", no more files" if known.f_files and not known.f_favail else ""
    return f"disk {mount}: {free:,.1f} of {size:,.1f} MB free now{full}"


def write_text(path: Path, text: str) -> None:
    """Write a file in UTF-8, see `write_bytes`."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes | memoryview) -> None:
    """Write a file under a temporary name, then rename it."""
    part = temporary_path(path)
    with naming_file(part):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.write_bytes(content)
            part.replace(path)
        except BaseException:
            with suppress(OSError):
                part.unlink()
            raise


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table as CSV."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([header, *rows])
    write_text(path, out.getvalue())


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file by column."""
    with path.open(newline="", encoding="utf-8") as table:
        return list(csv.DictReader(table))


def write_json(path: Path, content: Any) -> None:
    """Write `content` as indented JSON; NaN and infinity are refused, since other readers of JSON refuse them."""
    write_text(path, json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n")


def read_json(path: Path) -> Any:
    """The content of a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))
