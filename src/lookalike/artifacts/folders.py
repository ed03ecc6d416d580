"""Folders and files that are either whole or not there, whatever becomes of the process that writes them."""

import errno
import fcntl
import glob
import json
import logging
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
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
    """Give a temporary folder to write into; it takes the place of `folder` if the block ends without an exception.

    Every process writes into a folder of its own; those of killed processes are removed first.
    """
    sweep(folder)
    part = part_of(folder)
    with naming(part):
        part.mkdir(parents=True)
        try:
            with holding(part):
                yield part
            replace_folder(part, folder)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise


def replace_folder(part: Path, folder: Path) -> None:
    """Move `part` to `folder`; what was there is removed once the new one is in its place."""
    former = part_of(folder)
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


def part_of(path: Path) -> Path:
    """A name beside `path` that nothing else has: `<name>.<8 hex digits>.part`, a long name cut to what disks take."""
    return path.with_name(f"{path.name[:60]}.{secrets.token_hex(4)}.part")


def sweep(folder: Path) -> None:
    """Remove the temporary folders of `folder` that killed processes have left: those that nobody holds."""
    for part in folder.parent.glob(f"{glob.escape(folder.name[:60])}.{'[0-9a-f]' * 8}.part"):
        with suppress(OSError):  # it is held or gone
            if time.time() - part.stat().st_mtime > YOUNG:
                with holding(part) as held:
                    if held:
                        shutil.rmtree(part)


@contextmanager
def holding(path: Path) -> Iterator[bool]:
    """Hold the file or folder at `path` within the block; the system ends the hold of a process that is killed.

    Gives whether it is held: some disks know no locks.

    Raises:
        BlockingIOError: another process holds it.
        FileNotFoundError: it is not there, or was moved before it was held.
    """
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)  # NFS locks only what can be written
    held = False
    try:
        held = lock(descriptor)
        if os.fstat(descriptor).st_ino != path.stat().st_ino:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        yield held
    finally:
        if held:
            fcntl.flock(descriptor, fcntl.LOCK_UN)  # closing is not enough where a child has inherited the descriptor
        os.close(descriptor)


def lock(descriptor: int) -> bool:
    """Lock an open file; False where the disk knows no locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        return False
    return True


@contextmanager
def held(path: Path, create: Callable[[], None], busy: Callable[[], str]) -> Iterator[None]:
    """Hold `path`, which `create` makes unless it is there, within the block, as soon as no other process holds it.

    Before the first wait a warning says why: what `busy` returns.
    """
    said = False
    with ExitStack() as stack:
        while True:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                create()
                stack.enter_context(holding(path))
                break
            except FileNotFoundError:  # the process that held it has moved it away
                continue
            except BlockingIOError:
                if not said:
                    _log.warning("%s; waiting for its end", busy())
                said = True
                time.sleep(POLL_SECONDS)
        yield


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Within the block, an error of the disk that names no file names `path`: `write` does not know the name."""
    try:
        yield
    except OSError as error:
        if re.fullmatch(r"\d+ requested and \d+ written", str(error)):  # all that NumPy says of it
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
        if error.errno is not None and error.filename is None:
            error.filename = str(path)
        raise


def disk_fault(error: OSError) -> str | None:
    """One line on a disk that is full, failing or closed to this process: which file, which disk, and what to do.

    None means that the error is of another kind.
    """
    if error.errno not in ADVICE:
        return None
    path = error.filename2 or error.filename  # of a copy the second is the target
    shown = re.sub(r"\.[0-9a-f]{8}\.part\b", "", os.fsdecode(path)) if path else "a file"  # as it was to be called
    return f"{shown}: {error.strerror} ({disk(Path(os.fsdecode(path or '.')))}); {ADVICE[error.errno]}"


def disk(path: Path) -> str:
    """The disk of `path` by the folder that it is mounted at, and what is free there at this moment."""
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
    part = part_of(path)
    with naming(part):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.write_bytes(content)
            part.replace(path)
        except BaseException:
            with suppress(OSError):
                part.unlink()
            raise


def write_json(path: Path, content: Any) -> None:
    """Write `content` as indented JSON; NaN and infinity are refused, since other readers of JSON refuse them."""
    write_text(path, json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n")


def read_json(path: Path) -> Any:
    """The content of a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))
