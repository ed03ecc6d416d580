"""The server of the local page: its addresses, its limits, and who may ask.

It listens on the loopback interface alone and answers only to the pages that it served itself. The header Host must
name the loopback, which foils a name that an attacker's DNS points there (DNS rebinding). Questions are JSON and come
from the page's own origin, so that no foreign page can ask. A picture is held in memory for its answer, never written.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from socket import socket

import uvicorn
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lookalike.errors import RejectedError
from lookalike.loopback import HOST
from lookalike.reporting.report import render
from lookalike.serve.classifier import Classifier, preview
from lookalike.serve.question import MAX_BYTES, Question

HOSTS = (HOST, "localhost")
MAX_BODY = 4 * MAX_BYTES // 3 + 100_000  # bytes of a question: the picture in base64, and the rest
MOST_AT_ONCE = 4  # questions that wait or are answered
MOST_A_MINUTE = 120
FILES = {"serve.js": "text/javascript", "serve.css": "text/css", "own_photo.css": "text/css"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class SecurityHeaders:
    """Adds `HEADERS` to every response."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self.app(scope, receive, send_with_headers)


class Gate:
    """Admits so many questions at once and in a minute, and lets one after the other be answered."""

    def __init__(self) -> None:
        self.inside, self.times, self.turn = 0, deque[float](), asyncio.Lock()

    @asynccontextmanager
    async def admit(self) -> AsyncIterator[None]:
        """Within its block a question is admitted.

        Raises:
            HTTPException: there are too many (status 429).
        """
        now = time.monotonic()
        while self.times and now - self.times[0] > 60:
            self.times.popleft()
        if self.inside >= MOST_AT_ONCE or len(self.times) >= MOST_A_MINUTE:
            raise HTTPException(429, "too many questions; wait a moment", {"Retry-After": "5"})
        self.times.append(now)
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1


def make_app(classifier: Classifier) -> Starlette:
    """The application: the page at `/`, its files, and the questions `/preview` and `/answer`."""
    gate = Gate()

    async def page(request: Request) -> Response:
        return HTMLResponse(classifier.page())

    async def file(request: Request) -> Response:
        name = request.url.path.removeprefix("/")
        return Response(render(name), media_type=FILES[name])

    def ask(work: Callable[[Question], bytes | str], media_type: str) -> Callable[..., object]:
        async def endpoint(request: Request) -> Response:
            check_origin(request)
            async with gate.admit():
                body = await read_body(request)
                async with gate.turn:
                    content = await run_in_threadpool(lambda: work(Question.model_validate_json(body)))
            return Response(content, media_type=media_type)

        return endpoint

    return Starlette(
        routes=[
            Route("/", page),
            Route("/preview", ask(preview, "image/webp"), methods=["POST"]),
            Route("/answer", ask(classifier.answer, "text/html"), methods=["POST"]),
            *(Route(f"/{name}", file) for name in FILES),
        ],
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS, www_redirect=False),
        ],
        exception_handlers={HTTPException: refuse, RejectedError: reject, ValidationError: reject_question},
    )


def check_origin(request: Request) -> None:
    """Refuse questions of foreign pages.

    Raises:
        HTTPException: the origin is another (status 403), or the content is no JSON (415).
    """
    own = f"http://{request.headers['host']}"
    if request.headers.get("origin", own) != own:
        raise HTTPException(403, "asked by a foreign page")
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise HTTPException(415, "not application/json")


async def read_body(request: Request) -> bytes:
    """The content of a question.

    Raises:
        HTTPException: it is longer than `MAX_BODY` (status 413).
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY:
            raise HTTPException(413, f"larger than {MAX_BYTES // 10**6} MB; save it smaller")
    return bytes(body)


def refuse(request: Request, error: Exception) -> Response:
    """The response to what is not admitted."""
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


def reject(request: Request, error: Exception) -> Response:
    """The response to a picture that cannot be used."""
    return JSONResponse({"error": str(error)}, 422)


def reject_question(request: Request, error: Exception) -> Response:
    """The response to a question that is not in the page's format."""
    assert isinstance(error, ValidationError)
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"]))
    return JSONResponse({"error": f"{place}: {first['msg']}" if place else first["msg"]}, 422)


def serve(classifier: Classifier, listener: socket) -> None:
    """Answer on `listener` until the process is stopped. Nothing is logged of a request."""
    config = uvicorn.Config(
        make_app(classifier),
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        limit_concurrency=32,
        timeout_graceful_shutdown=1,
    )
    uvicorn.Server(config).run(sockets=[listener])
