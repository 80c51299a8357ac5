"""The pages' own files, named by their content: what a browser once has it need never ask for again."""

from __future__ import annotations

import hashlib
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import APIRouter, Response
from starlette.exceptions import HTTPException

router = APIRouter(include_in_schema=False)
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
_FOR_GOOD = "public, max-age=31536000, immutable"


def address(name: str) -> str:
    """Where the file of this name is served, such as ``/static/site.0123456789ab.css``."""
    return f"/static/{_names()[name]}"


@router.get("/static/{name}")
def static(name: str) -> Response:
    """One file."""
    found = _contents().get(name)
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    kind, data = found
    return Response(data, media_type=kind, headers={"Cache-Control": _FOR_GOOD})


@cache
def _names() -> dict[str, str]:
    """Each file's name with its content's hash before its suffix."""
    named = {}
    for file in _files():
        stem, _, suffix = file.name.rpartition(".")
        named[file.name] = f"{stem}.{hashlib.sha256(file.read_bytes()).hexdigest()[:12]}.{suffix}"
    return named


@cache
def _contents() -> dict[str, tuple[str, bytes]]:
    """By the served name: media type and bytes."""
    names = _names()
    return {names[file.name]: (_TYPES[f".{file.name.rpartition('.')[2]}"], file.read_bytes()) for file in _files()}


def _files() -> list[Traversable]:
    own = files("registry.server").joinpath("static").iterdir()
    report = files("provenance.presentation").joinpath("templates", "report.css")
    return [file for file in (*own, report) if f".{file.name.rpartition('.')[2]}" in _TYPES]
