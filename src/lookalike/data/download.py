"""Fetch one published file: mirror first, then its addresses; resumed, retried and checked before it gets its name."""

import contextlib
import gzip
import hashlib
import logging
import re
import time
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import requests
import urllib3
from tqdm import tqdm

from lookalike.artifacts.folders import free_space, wait_to_hold
from lookalike.errors import InputError

TIMEOUT = (10.0, 60.0)  # seconds to connect, and between two reads
CHUNK = 1 << 16  # bytes: the most that a kill can cost
MEND = "free some space or mend the folder and run again: the download goes on from where it stopped"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RemoteFile:
    """A published file: its path inside the data set's folder, addresses, md5, and size in bytes where it is known.

    `md5` is None where it is not published, as of a zip archive that is packed anew on request: then `is_whole` checks
    the file, and its reader checks its content.
    `content_md5`, the md5 of what a gzip file unpacks to, is accepted in place of `md5`: a mirror may have packed the
    same content anew.
    """

    name: str
    urls: tuple[str, ...]
    md5: str | None
    size: int | None = None
    content_md5: str | None = None
    is_whole: Callable[[Path], bool] = zipfile.is_zipfile


@dataclass(frozen=True)
class Fetched:
    """A complete, checked file: where it lies, where it came from ("cache", "mirror" or an address), its own md5."""

    path: Path
    origin: str
    md5: str


class UnobtainableError(InputError):
    """Neither the mirror nor any address has the file."""


class _TransientError(Exception):
    """The same address may send the file a moment later."""


class _AddressError(Exception):
    """This address does not have the file."""


class _ContentError(_AddressError):
    """The address has sent something else than the published file."""


def fetch_file(
    file: RemoteFile, folder: Path, *, mirror: str | None = None, retries: int = 4, backoff: float = 1.0
) -> Fetched:
    """`file`, complete and checked, from the cache `folder`, the `mirror` or the first address that has it.

    `mirror` is a folder, whose files are used where they lie, or an http(s) base URL. An address is tried again up to
    `retries` times, after a pause of `backoff` seconds, doubled each time. An interrupted download stays in `folder`
    as `<name>.part`, and the next call goes on from it. Two processes never download into the same folder at once.

    Raises:
        InputError: the mirror has a different file under that name, or the disk cannot take the file.
        UnobtainableError: neither the mirror nor an address has the file. A subclass of InputError.
    """
    target = folder / file.name
    with contextlib.suppress(_AddressError):
        return Fetched(target, "cache", _check(file, target))
    sources = [("mirror", f"{mirror.rstrip('/')}/{file.name}")] if mirror else []
    sources += [(url, url) for url in file.urls]
    pauses = [0.0, *(backoff * 2**k for k in range(retries))]
    failures = []
    for origin, address in sources:
        try:
            path = _download(file, address, target, pauses) if _is_url(address) else Path(address)
            return Fetched(path, origin, _check(file, path))
        except _AddressError as error:
            failures.append(f"{without_password(address)}: {error}")
            if origin == "mirror" and isinstance(error, _ContentError):  # not for the internet to paper over
                raise InputError(f"{failures[-1]}; repair the mirror, or unset LOOKALIKE_MIRROR") from None
    raise UnobtainableError(
        f"{file.name} cannot be had ({'; '.join(failures) or 'no address to try'}): "
        "set LOOKALIKE_MIRROR to a folder or base URL that has it, or choose the `demo` profile"
    )


def provenance_of(file: RemoteFile, fetched: Fetched) -> dict[str, str]:
    """Name, md5 and origin of a file, as the provenance of a data set lists it."""
    return {"name": file.name, "md5": fetched.md5, "origin": fetched.origin}


def without_password(address: str) -> str:
    """The address without the user and password that may stand before its host; what a person sees of it."""
    return re.sub(r"(?<=//)[^/?#]*@", "", address)


def _is_url(address: str) -> bool:
    return address.startswith(("http://", "https://"))


def _check(file: RemoteFile, path: Path) -> str:
    """The md5 of `path`, if it is the published file."""
    if not path.is_file():
        raise _AddressError("no such file")
    with path.open("rb") as stream:
        md5 = hashlib.file_digest(stream, "md5").hexdigest()
    if file.md5 is None and not file.is_whole(path):
        raise _ContentError(f"not the whole file{_page(path)}")
    if file.md5 not in (None, md5) and (file.content_md5 is None or _content_md5(path) != file.content_md5):
        raise _ContentError(f"md5 is {md5}, expected {file.md5}{_page(path)}")
    return md5


def _page(path: Path) -> str:
    """What to add about a file that is a web page, such as networks send to those who have not logged in."""
    with path.open("rb") as stream:
        start = stream.read(512).lstrip().lower()
    return ": it is a web page, perhaps of a login" if start.startswith((b"<!doctype html", b"<html")) else ""


def _content_md5(path: Path) -> str | None:
    try:
        with gzip.open(path) as stream:
            return hashlib.file_digest(stream, "md5").hexdigest()
    except (OSError, EOFError, zlib.error):
        return None


def _download(file: RemoteFile, url: str, target: Path, pauses: Sequence[float]) -> Path:
    """Download to `<target>.part`, check, and rename to `target`; another process may do so meanwhile."""
    folder = target.parent
    try:
        with wait_to_hold(
            folder, partial(folder.mkdir, exist_ok=True), lambda: f"{folder}: another process downloads into it"
        ):
            with contextlib.suppress(_AddressError):
                _check(file, target)
                return target
            return _download_alone(file, url, target, pauses)
    except OSError as error:
        raise InputError(f"{error.filename or target}: {error.strerror} ({free_space(folder)}); {MEND}") from error


def _download_alone(file: RemoteFile, url: str, target: Path, pauses: Sequence[float]) -> Path:
    """See `_download`."""
    part = target.with_name(f"{target.name}.part")
    resumed = part.exists()
    _complete(file, url, part, pauses)
    try:
        _check(file, part)
    except _ContentError:
        part.unlink()
        if resumed:  # the old part may be to blame; without it this happens once
            return _download_alone(file, url, target, pauses)
        raise
    return part.replace(target)


def _complete(file: RemoteFile, url: str, part: Path, pauses: Sequence[float]) -> None:
    """Receive what `part` lacks, in as many attempts as there are pauses before them."""
    reason = ""
    for pause in pauses:
        if reason:
            _log.warning("%s: %s; trying again in %g s", without_password(url), reason, pause)
        time.sleep(pause)
        try:
            return _receive(file, url, part)
        except _TransientError as error:
            reason = str(error)
    raise _AddressError(f"{reason}, {len(pauses)} attempts")


def _receive(file: RemoteFile, url: str, part: Path) -> None:
    """One request for what `part` lacks."""
    have = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    try:
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            status = response.status_code
            if status == 416 and have:  # the server has no more than this: the checksum decides
                return
            if status >= 500 or status in (408, 429):
                raise _TransientError(f"HTTP {status}")
            if status not in (200, 206):
                raise _AddressError(f"HTTP {status}")
            _write(file, response, part, have if status == 206 else 0)
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise _TransientError(type(error).__name__) from error


def _write(file: RemoteFile, response: requests.Response, part: Path, start: int) -> None:
    """Stream the body of `response` into `part` from byte `start` on."""
    sent = response.headers.get("Content-Length")
    total = start + int(sent) if sent else file.size
    bar = tqdm(desc=file.name, total=total, initial=start, unit="B", unit_scale=True, disable=None)
    try:
        with bar, part.open("ab" if start else "wb") as sink:
            # Undecoded: some servers declare a published .gz to be a transfer encoding, and the md5 is of the .gz.
            for chunk in response.raw.stream(CHUNK, decode_content=False):
                bar.update(sink.write(chunk))
    except OSError as error:
        needed = f"{total / 1e6:.1f} MB" if total else "an unknown number of bytes"
        raise InputError(
            f"{part}: {error.strerror} ({free_space(part)}); {file.name} needs {needed} there; {MEND}"
        ) from error
    if total is not None and part.stat().st_size < total:
        raise _TransientError(f"only {part.stat().st_size} of {total} bytes came")
