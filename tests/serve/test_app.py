"""Who may ask the local page, how much, and what is said to the others. The models are left out here."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any, cast

import pytest
import requests
from local_page import as_png, post, question, served
from PIL import Image

from lookalike.serve.app import MOST_AT_ONCE
from lookalike.serve.classifier import Classifier
from lookalike.serve.question import Question

ROOT = Path(__file__).parents[2]
PICTURE = as_png(Image.new("RGB", (64, 48), "teal"))


class Answers:
    """Stands in for the models; waits for `go` if the picture is turned."""

    def __init__(self) -> None:
        self.go, self.waiting = Event(), Event()

    def answer(self, asked: Question) -> str:
        width, height = asked.photo().size
        if asked.turn:
            self.waiting.set()
            assert self.go.wait(20)
        return f"<p>{width} x {height}</p>"

    def page(self) -> str:
        return "<!doctype html><title>page</title>"


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def address(answers: Answers) -> Iterator[str]:
    with served(cast(Classifier, answers)) as address:
        yield address


def test_it_answers_and_shows_pictures_smaller(address: str) -> None:
    assert post(f"{address}/answer", question(PICTURE)).text == "<p>64 x 48</p>"
    shown = post(f"{address}/preview", question(PICTURE))
    assert shown.headers["content-type"] == "image/webp"
    for path, kind in (("", "text/html"), ("serve.js", "text/javascript"), ("own_photo.css", "text/css")):
        assert requests.get(f"{address}/{path}", timeout=5).headers["content-type"].startswith(kind)


@pytest.mark.parametrize("path", ["/", "/serve.js", "/nowhere"])
def test_every_response_forbids_what_the_page_does_not_need(address: str, path: str) -> None:
    headers = requests.get(f"{address}{path}", timeout=5).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.evil", ""])
def test_a_name_that_points_here_is_not_enough(address: str, host: str) -> None:
    for path in ("/", "/answer"):
        refused = post(f"{address}{path}", question(PICTURE), Host=host)
        assert refused.status_code == 400
        assert "content-security-policy" in refused.headers


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1"])
def test_names_of_the_loopback_are(address: str, host: str) -> None:
    assert post(f"{address}/answer", question(PICTURE), Host=host).status_code == 200


def test_foreign_pages_may_not_ask(address: str) -> None:
    for origin in ("http://evil.example", "null", address.replace("http", "https"), f"{address}0"):
        assert post(f"{address}/answer", question(PICTURE), Origin=origin).status_code == 403
    assert post(f"{address}/answer", question(PICTURE), Origin=address).status_code == 200
    text = requests.post(f"{address}/answer", data="{}", headers={"Content-Type": "text/plain"}, timeout=5)
    assert text.status_code == 415


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (question(b"no picture"), "damaged, or none of the formats that are read here"),
        (question(as_png(Image.new("RGB", (8, 8)))), "8 x 8 pixels; at least 28 on each side are needed"),
        (question(PICTURE, turn=9), "turn: "),
        (question(PICTURE, path="/etc/passwd"), "path: "),
        ([], "Input should be "),
    ],
)
def test_what_cannot_be_used_is_said_in_a_line(address: str, content: Any, said: str) -> None:
    refused = post(f"{address}/answer", content)
    assert refused.status_code == 422
    assert refused.json()["error"].startswith(said)
    assert "\n" not in refused.json()["error"]


def test_the_size_is_limited(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lookalike.serve.app.MAX_BODY", 1000)
    refused = post(f"{address}/answer", question(bytes(2000)))
    assert (refused.status_code, refused.json()) == (413, {"error": "larger than 25 MB; save it smaller"})
    assert post(f"{address}/answer", question(PICTURE)).status_code == 200


def test_so_many_questions_wait_and_no_more(address: str, answers: Answers) -> None:
    with ThreadPoolExecutor(MOST_AT_ONCE + 4) as pool:
        asked = [pool.submit(post, f"{address}/answer", question(PICTURE, turn=1)) for _ in range(MOST_AT_ONCE + 4)]
        assert answers.waiting.wait(20)
        while sum(one.done() for one in asked) < 4:  # what is refused is refused at once
            pass
        answers.go.set()
        statuses = [one.result().status_code for one in asked]
    assert sorted(statuses) == [200] * MOST_AT_ONCE + [429] * 4
    assert post(f"{address}/answer", question(PICTURE)).status_code == 200


def test_so_many_questions_a_minute(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lookalike.serve.app.MOST_A_MINUTE", 2)
    statuses = [post(f"{address}/answer", question(PICTURE)).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    clock = SimpleNamespace(monotonic=lambda: 10.0**9)
    monkeypatch.setattr("lookalike.serve.app.time", clock)
    assert post(f"{address}/answer", question(PICTURE)).status_code == 200


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "answer", 405), ("GET", "../params.yaml", 404)])
def test_there_is_nothing_else(address: str, method: str, path: str, status: int) -> None:
    refused = requests.request(method, f"{address}/{path}", timeout=5)
    assert refused.status_code == status
    assert refused.json()["error"]


def start(port: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "lookalike", "serve", "--port", str(port)]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_the_command_says_where_the_page_is_and_stops_with_a_status() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start(port)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 2
    assert error == f"error: port {port}: Address already in use; choose another with --port\n"

    process = start(port)
    assert process.stdout
    assert process.stdout.readline() == "Loading the models ...\n"
    assert process.stdout.readline() == f"Your photos: http://127.0.0.1:{port}/ (Ctrl-C stops)\n"
    assert "Choose a picture" in requests.get(f"http://127.0.0.1:{port}/", timeout=20).text
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=20) == ("", "")
    assert process.returncode == 128 + signal.SIGTERM
