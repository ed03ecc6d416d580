"""The local page, served in this process."""

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import requests
import uvicorn
from PIL import Image

from lookalike.loopback import HOST
from lookalike.serve.app import make_app
from lookalike.serve.classifier import Classifier


@contextmanager
def served(classifier: Classifier) -> Iterator[str]:
    """The address of the page."""
    server = uvicorn.Server(uvicorn.Config(make_app(classifier), host=HOST, port=0, log_level="error", lifespan="off"))
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
        assert thread.is_alive()
    yield f"http://{HOST}:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def as_png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, format="PNG")
    return out.getvalue()


def question(picture: bytes, **more: Any) -> dict[str, Any]:
    return {"picture": base64.b64encode(picture).decode(), **more}


def post(address: str, content: Any, **headers: str) -> requests.Response:
    return requests.post(address, json=content, headers=headers, timeout=30)
