"""Downloads against a local server that misbehaves on request."""

import errno
import gzip
import hashlib
import io
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import lookalike.errors
from lookalike.artifacts import folders
from lookalike.data.download import Fetched, RemoteFile, UnobtainableError, fetch_file, without_password
from lookalike.errors import InputError

BODY = bytes(i * i % 251 for i in range(300_000))
MD5 = hashlib.md5(BODY).hexdigest()
HALF, WHOLE = "bytes=150000-", "bytes=300000-"
NOWHERE = "http://127.0.0.1:9/file.bin"  # the discard port: nobody listens


class Server(ThreadingHTTPServer):
    """Serves `body` everywhere; `script` holds how the next requests go wrong, `requests` what was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.body, self.script, self.requests = BODY, list[str](), list[tuple[str, str | None]]()

    def url(self, path: str = "file.bin") -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{path}"

    @property
    def ranges(self) -> list[str | None]:
        return [asked for _, asked in self.requests]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.requests.append((self.path, asked))
        fault = self.server.script.pop(0) if self.server.script else "none"
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and fault != "no range" else 0
        body = self.server.body[start:]
        if fault.isdigit() or not body:
            self.send_error(int(fault) if fault.isdigit() else 416)
        else:
            self.send(206 if start else 200, body, fault)

    def send(self, status: int, body: bytes, fault: str) -> None:
        self.send_response(status)
        if fault == "encoded":
            self.send_header("Content-Encoding", "gzip")
        if fault != "no length":
            self.send_header("Content-Length", str(len(body) + 1000 * (fault == "overstated")))
        self.end_headers()
        for i in range(0, len(body) // (2 if fault in ("dropped", "no length") else 1), 10_000):
            self.wfile.write(body[i : i + 10_000])
            time.sleep(0.02 if fault == "slow" else 0)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server() as server:
        server.handle_error = lambda *args: None  # type: ignore[method-assign]  # a killed client is no news
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def remote(*urls: str, md5: str = MD5, **more: Any) -> RemoteFile:
    return RemoteFile("file.bin", urls, md5, **more)


def fetch(file: RemoteFile, folder: Path, mirror: str | None = None) -> Fetched:
    return fetch_file(file, folder, mirror=mirror, retries=3, backoff=0.001)


def assert_complete(fetched: Fetched, folder: Path) -> None:
    assert fetched.path.read_bytes() == BODY
    assert fetched.md5 == MD5
    assert list(folder.iterdir()) == [fetched.path]


def test_a_file_already_there_is_not_requested_unless_damaged(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file.bin").write_bytes(BODY)
    assert fetch(remote(server.url()), tmp_path, server.url("mirror")).origin == "cache"
    assert server.requests == []
    (tmp_path / "file.bin").write_bytes(BODY[:-1])
    assert_complete(fetch(remote(server.url()), tmp_path), tmp_path)


@pytest.mark.parametrize(
    ("script", "ranges"),
    [
        ([], [None]),
        (["dropped"], [None, HALF]),
        (["no length"], [None, HALF]),  # the known size tells that the body is short
        (["dropped", "no range"], [None, HALF]),
        (["overstated"], [None, WHOLE]),  # the second request finds nothing more: 416
        (["503", "429", "500"], [None] * 4),
    ],
)
def test_one_address_is_asked_until_the_file_is_whole(
    server: Server, tmp_path: Path, script: list[str], ranges: list[str | None]
) -> None:
    server.script = script
    fetched = fetch(remote(server.url(), size=len(BODY)), tmp_path)
    assert_complete(fetched, tmp_path)
    assert fetched.origin == server.url()
    assert server.ranges == ranges


@pytest.mark.parametrize(
    ("part", "ranges"),
    [(BODY, [WHOLE]), (b"junk", ["bytes=4-", None]), (BODY + b"junk", ["bytes=300004-", None])],
    ids=["complete", "corrupt", "too long"],
)
def test_an_old_part_is_completed_or_started_over(
    server: Server, tmp_path: Path, part: bytes, ranges: list[str | None]
) -> None:
    (tmp_path / "file.bin.part").write_bytes(part)
    assert_complete(fetch(remote(server.url()), tmp_path), tmp_path)
    assert server.ranges == ranges


def test_gives_up_on_a_body_that_stays_short(server: Server, tmp_path: Path) -> None:
    server.script = ["dropped"] * 4
    with pytest.raises(UnobtainableError, match="4 attempts"):
        fetch(remote(server.url()), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["file.bin.part"]


def test_content_encoding_is_not_undone(server: Server, tmp_path: Path) -> None:
    server.body, server.script = gzip.compress(BODY), ["encoded"]
    fetched = fetch(remote(server.url(), md5=hashlib.md5(server.body).hexdigest()), tmp_path)
    assert fetched.path.read_bytes() == server.body


def test_wrong_checksum_tries_each_address_and_names_both(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file.bin.part").write_bytes(b"junk")
    with pytest.raises(InputError) as caught:
        fetch(remote(server.url("a"), server.url("b"), md5="0" * 32), tmp_path)
    assert all(part in str(caught.value) for part in ("file.bin", "0" * 32, MD5, server.url("a"), server.url("b")))
    assert server.requests == [("/a", "bytes=4-"), ("/a", None), ("/b", None)]  # starts over, but only once
    assert list(tmp_path.iterdir()) == []


def test_404_goes_to_the_next_address_at_once(server: Server, tmp_path: Path) -> None:
    server.script = ["404"]
    fetched = fetch(remote(server.url("a"), server.url("b")), tmp_path)
    assert_complete(fetched, tmp_path)
    assert fetched.origin == server.url("b")
    assert [path for path, _ in server.requests] == ["/a", "/b"]


def test_no_network_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UnobtainableError, match=r"LOOKALIKE_MIRROR.*`demo`") as caught:
        fetch(remote(NOWHERE), tmp_path)
    assert NOWHERE in str(caught.value)
    assert "\n" not in str(caught.value)


class SmallDisk(io.FileIO):
    """A file on a disk that is full after the first write."""

    def write(self, data: Any) -> int:
        if self.tell():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(data)


def test_full_disk_says_what_was_needed_and_can_be_resumed(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", lambda path, mode: SmallDisk(path, mode))
        with pytest.raises(
            InputError, match=r"No space left on device \(disk /.* MB free now\); file\.bin needs 0\.3 MB"
        ):
            fetch(remote(server.url()), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["file.bin.part"]
    assert_complete(fetch(remote(server.url()), tmp_path), tmp_path)
    assert server.ranges == [None, f"bytes={1 << 16}-"]


def test_an_unusable_folder_is_an_input_error(server: Server, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(InputError, match="cache"):
        fetch(remote(server.url()), tmp_path / "cache")


def test_a_killed_download_is_resumed(server: Server, tmp_path: Path) -> None:
    server.script = ["slow"]
    code = (
        "import sys; from pathlib import Path; from lookalike.data.download import RemoteFile, fetch_file\n"
        "fetch_file(RemoteFile('file.bin', (sys.argv[1],), sys.argv[2]), Path(sys.argv[3]))"
    )
    source = Path(lookalike.errors.__file__).parents[1]
    command = [sys.executable, "-c", code, server.url(), MD5, str(tmp_path)]
    part = tmp_path / "file.bin.part"
    with subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(source)}) as process:
        wait_until(lambda: part.exists() and part.stat().st_size > 0)
        process.kill()
    have = part.stat().st_size
    assert 0 < have < len(BODY)
    assert_complete(fetch(remote(server.url()), tmp_path), tmp_path)
    assert server.ranges == [None, f"bytes={have}-"]


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_mirror_url_comes_before_the_addresses(server: Server, tmp_path: Path) -> None:
    fetched = fetch(remote(server.url()), tmp_path, server.url("mirror/"))
    assert_complete(fetched, tmp_path)
    assert fetched.origin == "mirror"
    assert server.requests == [("/mirror/file.bin", None)]


def test_what_the_mirror_lacks_is_downloaded(server: Server, tmp_path: Path) -> None:
    server.script = ["404"]
    assert fetch(remote(server.url()), tmp_path / "a", server.url("mirror")).origin == server.url()
    assert fetch(remote(server.url()), tmp_path / "b", str(tmp_path / "absent")).origin == server.url()


@pytest.mark.parametrize("kind", ["folder", "url"])
def test_a_mirror_that_lies_is_not_papered_over(server: Server, tmp_path: Path, kind: str) -> None:
    server.body = b"something else"
    (tmp_path / "file.bin").write_bytes(server.body)
    mirror = {"folder": str(tmp_path), "url": server.url("mirror")}[kind]
    with pytest.raises(InputError, match=f"{re.escape(mirror)}/file.bin: md5 is .* expected {MD5}"):
        fetch(remote(server.url()), tmp_path / "cache", mirror)
    assert "/file.bin" not in [path for path, _ in server.requests]
    assert not (tmp_path / "cache/file.bin").exists()


PAGE = b"\n<!DOCTYPE html><html><body>Please log in</body></html>"


@pytest.mark.parametrize("kind", ["checksum", "archive"])
def test_a_login_page_is_called_one_and_is_not_kept(server: Server, tmp_path: Path, kind: str) -> None:
    server.body = PAGE
    file = remote(server.url(), md5=MD5 if kind == "checksum" else None)
    with pytest.raises(UnobtainableError, match=": it is a web page, perhaps of a login"):
        fetch(file, tmp_path)
    with pytest.raises(InputError, match=r": it is a web page.*; repair the mirror"):
        fetch(file, tmp_path, server.url("mirror"))
    assert list(tmp_path.iterdir()) == []


SECRETS = ("someone", "p%40ss", "p@ss")


@pytest.mark.parametrize("user", ["someone:p%40ss@", "someone:p@ss@", "p%40ss@"])
@pytest.mark.parametrize("fault", ["content", "503", "404", "nobody"])
def test_the_password_of_a_mirror_is_shown_nowhere(
    server: Server, tmp_path: Path, user: str, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    server.body, server.script = b"something else", [fault] * 4 if fault.isdigit() else []
    port = 9 if fault == "nobody" else server.server_address[1]
    with pytest.raises(InputError, match=f"http://127.0.0.1:{port}/m/file.bin: ") as caught:
        fetch(remote(), tmp_path, f"http://{user}127.0.0.1:{port}/m")
    assert (len(caplog.messages) == 3) == (fault in {"503", "nobody"}), "each new attempt is a line"
    assert not [secret for secret in SECRETS if secret in str(caught.value) + caplog.text]


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://a:b@host/x@y", "https://host/x@y"),
        ("HTTP://a:b@c@host:80", "HTTP://host:80"),
        ("http://[bad:a@host", "http://host"),
        ("https://host/a?b=c@d", "https://host/a?b=c@d"),
        ("/home/me@work/mirror", "/home/me@work/mirror"),
    ],
)
def test_what_a_person_sees_of_an_address(address: str, shown: str) -> None:
    assert without_password(address) == shown


def test_two_processes_download_a_file_once(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "POLL_SECONDS", 0.01)
    server.script = ["slow"]
    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(lambda _: fetch(remote(server.url()), tmp_path), range(4)))
    for fetched in got:
        assert_complete(fetched, tmp_path)
    assert server.ranges == [None]
    assert set(caplog.messages) == {f"{tmp_path}: another process downloads into it; waiting for its end"}
