"""What holds for every request: a bounded body, safe headers, an id, and one line of log that names nobody."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from registry.server.problems import HttpError, answer

_LOG = logging.getLogger("provenance.requests")
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; media-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_MAX_QUERY = 8192
"""Bytes of a query string: what is longer is asked with POST."""
Observe = Callable[[str, str | None, int, float], None]
"""Is told of each request: method, the route's pattern, status, seconds."""
_DRAINED = 1 << 20
"""Bytes that are read, and thrown away, of a body that is refused."""
_DRAINED_S = 2
_SILENCE_S = 60
"""Longest silence of a sender within a body: places for files are few, and silence costs nothing."""


class _CutOffError(Exception):
    """The body grew over its limit while it was read, or nothing more of it came."""


class Guard:
    """ASGI middleware around the whole application.

    ``large``: paths that take files of at most ``max_file`` bytes, or the beginnings of such where they end in ``/``;
    every other body has at most ``max_body``, and none may fall silent. ``observe``: see ``Observe``.
    """

    def __init__(
        self, app: ASGIApp, *, large: tuple[str, ...], max_file: int, max_body: int, observe: Observe | None = None
    ) -> None:
        self._app = app
        self._large = large
        self._max_file = max_file
        self._max_body = max_body
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id, began, answered = secrets.token_hex(8), time.monotonic(), 0
        scope.setdefault("state", {})["request_id"] = request_id
        path = scope["path"]
        large = any(path.startswith(each) if each.endswith("/") else path == each for each in self._large)
        limit = self._max_file if large else self._max_body
        read, ended = 0, False
        cut: HttpError | None = None

        async def bounded() -> Message:
            nonlocal read, ended, cut
            try:
                # Once the body has ended, who waits for more waits for the connection's end.
                async with asyncio.timeout(None if ended else _SILENCE_S):
                    message = await receive()
            except TimeoutError:
                cut = _too_slow()
                raise _CutOffError from None
            ended = not message.get("more_body", False)
            read += len(message.get("body", b""))
            if read > limit:
                cut = _too_large(limit)
                raise _CutOffError
            return message

        async def with_headers(message: Message) -> None:
            nonlocal answered
            if cut is not None and not answered:
                # To who reads it, a body that was cut off is one that cannot be parsed: not what is wrong with it.
                return
            if message["type"] == "http.response.start":
                answered = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            if refusal := _refused(scope, limit):
                await _drain(scope, receive)
                await answer(Request(scope), refusal.status, refusal)(scope, receive, with_headers)
            else:
                try:
                    await self._app(scope, bounded, with_headers)
                except _CutOffError:
                    if answered:
                        raise
                if cut is not None and not answered:
                    refusal, cut = cut, None
                    if read > limit:
                        await _drain(scope, receive)
                    said = answer(Request(scope), refusal.status, refusal, {"Connection": "close"})
                    await said(scope, receive, with_headers)
        finally:
            # The route's pattern, not the address: what was asked about is nobody's business, nor who asked.
            route, seconds = getattr(scope.get("route"), "path", None), time.monotonic() - began
            line = {
                "request": request_id,
                "method": scope["method"],
                "route": route,
                "status": answered,
                "ms": round(seconds * 1000, 1),
            }
            _LOG.info("%s", json.dumps(line))
            if self._observe is not None:
                self._observe(scope["method"], route, answered, seconds)


async def _drain(scope: Scope, receive: Receive) -> None:
    """Take in a little more than is wanted: who sends before listening gets the answer, and not a broken connection."""
    left = 0 if any(name == b"expect" for name, _ in scope["headers"]) else _DRAINED
    with suppress(TimeoutError):
        async with asyncio.timeout(_DRAINED_S):
            while left > 0:
                message = await receive()
                left = left - len(message.get("body", b"")) if message.get("more_body") else 0


def _refused(scope: Scope, limit: int) -> HttpError | None:
    """What is wrong with a request before its body is read."""
    if "\0" in scope["path"]:
        # Nothing is called so, and PostgreSQL takes no such text.
        return HttpError(HTTPStatus.NOT_FOUND, "http.404", "there is nothing at this address")
    if len(scope.get("query_string", b"")) > _MAX_QUERY:
        return HttpError(
            HTTPStatus.REQUEST_URI_TOO_LONG,
            "request.query_too_long",
            "the query is too long",
            expected=f"at most {_MAX_QUERY} bytes",
            hint="ask with POST",
        )
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    if lengths and lengths[0].isdigit() and int(lengths[0]) > limit:
        return _too_large(limit)
    return None


def _too_slow() -> HttpError:
    return HttpError(
        HTTPStatus.REQUEST_TIMEOUT,
        "request.too_slow",
        "the request's body did not arrive in time",
        expected=f"something every {_SILENCE_S} seconds",
        hint="send it again",
    )


def _too_large(limit: int) -> HttpError:
    return HttpError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "request.too_large",
        "the request's body is too large",
        expected=f"at most {limit} bytes",
        hint="send files to where files are taken, and large ones in parts",
    )
