"""Answers that a client may keep, and ask whether they still hold."""

from __future__ import annotations

import hashlib
from http import HTTPStatus

from fastapi import Request, Response
from pydantic import BaseModel

OPEN = "no-cache"
"""Kept by anybody, and asked after before each use: an asset may be withdrawn at any time."""
PRIVATE = "private, no-cache"
"""Kept only by who asked, since it depends on who asks."""
SECRET = "no-store"  # noqa: S105 - a word of HTTP
"""Under an embargo: kept by nobody."""


def cache_headers(caching: str, tag: str) -> dict[str, str]:
    """Headers of an answer with this tag."""
    return {"Cache-Control": caching, "ETag": tag, "Vary": "Authorization, Cookie"}


def answer(request: Request, body: BaseModel, caching: str, headers: dict[str, str] | None = None) -> Response:
    """The model as JSON, or 304 where the client has this very answer."""
    data = body.model_dump_json(by_alias=True).encode()
    tag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    given = cache_headers(caching, tag) | (headers or {})
    if is_known(request, tag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=given)
    return Response(data, media_type="application/json", headers=given)


def is_known(request: Request, tag: str) -> bool:
    """Whether the client says that it has what the tag stands for (``If-None-Match``)."""
    asked = request.headers.get("if-none-match", "")
    return any(each.strip().removeprefix("W/") in (tag, "*") for each in asked.split(","))
