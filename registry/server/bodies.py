"""Taking in bodies that are too large to be read at once, within bounds of size and time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path

from fastapi import Request
from starlette.datastructures import FormData
from starlette.requests import ClientDisconnect

from registry.server.problems import HttpError

MAX_SECONDS = 600
"""Time for one body: an honest sender of half a gigabyte has a megabyte a second."""


async def save_body(request: Request, target: Path, limit: int) -> None:
    """Write the body to a file.

    Raises:
        HttpError: it is longer than ``limit`` bytes, took too long, or broke off.
    """
    with target.open("wb") as file:
        async for piece in _pieces(request, limit):
            file.write(piece)


async def read_body(request: Request, limit: int) -> bytes:
    """The body. Raises as ``save_body``."""
    return b"".join([piece async for piece in _pieces(request, limit)])


@asynccontextmanager
async def reading_form(request: Request) -> AsyncIterator[FormData]:
    """The body as a form with one file at most.

    Raises:
        HttpError: it took too long, or broke off.
    """
    async with _in_time():
        form = await request.form(max_files=1, max_fields=8)
    try:
        yield form
    finally:
        await form.close()


async def _pieces(request: Request, limit: int) -> AsyncIterator[bytes]:
    taken = 0
    async with _in_time():
        async for piece in request.stream():
            taken += len(piece)
            if taken > limit:
                raise HttpError(
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                    "request.too_large",
                    "the request's body is too large",
                    expected=f"at most {limit} bytes",
                    headers={"Connection": "close"},
                )
            yield piece


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(MAX_SECONDS):
            yield
    except TimeoutError as error:
        raise HttpError(
            HTTPStatus.REQUEST_TIMEOUT,
            "request.too_slow",
            "the request's body did not arrive in time",
            expected=f"all of it within {MAX_SECONDS} seconds",
            headers={"Connection": "close"},
        ) from error
    except ClientDisconnect as error:
        raise HttpError(HTTPStatus.BAD_REQUEST, "request.broken_off", "the request's body broke off") from error
