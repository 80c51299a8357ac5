"""The fingerprints of a file that a stranger sends: taken in within bounds, decoded in the fence, a few at a time."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from provenance.errors import MediaError
from provenance.fingerprints.extract import fingerprint_to_search
from provenance.fingerprints.values import Fingerprints
from provenance.settings import Server
from provenance.workspace import work_folder
from registry.server.bodies import save_body
from registry.server.problems import HttpError
from registry.server.service import Service
from registry.server.slots import Slots

MAX_UPLOADS = 16
"""Files taken in at a time."""
MAX_SEARCHES = 8
"""Queries of many hashes looked up at a time."""
_WAIT_S = 2.0
_SEARCH_WAIT_S = 10.0
_OVER_A_LIMIT = frozenset({"media.too_long", "media.timeout"})
_NEVER_MEDIA = ("text/", "model/", "multipart/")


class Places:
    """How many files may be on their way in, how many be decoded, and how many searches under way."""

    def __init__(self, server: Server) -> None:
        self.uploads = Slots(MAX_UPLOADS, _WAIT_S)
        self.decoders = Slots(server.max_decoders, _WAIT_S)
        self.searches = Slots(MAX_SEARCHES, _SEARCH_WAIT_S)


async def fingerprints_of_body(request: Request, service: Service) -> Fingerprints:
    """Fingerprint the file that is the request's body.

    Raises:
        HttpError: 415, it is not media; 413, it is over a limit; 503, as many as may be are being decoded.
    """
    declared = request.headers.get("content-type", "").strip().lower()
    if declared.startswith(_NEVER_MEDIA):
        raise _not_media(f"content type {declared[:100]}")
    places: Places = request.app.state.places
    server = service.settings.server
    with work_folder(service.settings.home / "work") as work:
        path = work / "content"
        async with places.uploads.place():
            await save_body(request, path, server.max_content_bytes)
        async with places.decoders.place():
            try:
                return await run_in_threadpool(_fingerprints, path, work, service)
            except MediaError as error:
                if error.code in _OVER_A_LIMIT:
                    raise HttpError(
                        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                        error.code,
                        "the file is longer than is looked at here",
                        expected=f"at most {server.max_content_seconds} seconds",
                        hint="send a part of it",
                    ) from error
                raise _not_media(error.code) from error


def _fingerprints(path: Path, work: Path, service: Service) -> Fingerprints:
    server = service.settings.server
    limits = replace(
        service.settings.limits,
        max_bytes=server.max_content_bytes,
        max_seconds=server.max_content_seconds,
        decode_timeout_s=server.max_content_seconds,
    )
    decoded = work / "decoded"
    decoded.mkdir()
    require = service.settings.require_sandbox
    return fingerprint_to_search(path, decoded, limits=limits, require_sandbox=require)


def _not_media(found: str) -> HttpError:
    return HttpError(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "media.not_usable",
        "the body is not media that can be read",
        expected="a film, a sound recording or a picture",
        found=found,
    )
