"""Uploads in parts over HTTP: the protocol tus 1.0.0 (https://tus.io/protocols/resumable-upload).

Extensions: creation, expiration, termination. What was sent is used by other routes, by the upload's id.
"""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response
from starlette.requests import ClientDisconnect

from registry.accounts import Scope, Token
from registry.server.auth import require
from registry.server.problems import HttpError
from registry.server.rates import limited
from registry.server.service import Open, Service
from registry.uploads import Upload, Uploads

PATH = "/v1/uploads"
VERSION = "1.0.0"
_PART_TYPE = "application/offset+octet-stream"
_NOTE = re.compile(r"[ -~]{0,2000}")
_IDLE_S = 60
"""Longest silence of a sender."""


def _speaks_tus(tus_resumable: Annotated[str | None, Header()] = None) -> None:
    if tus_resumable != VERSION:
        raise HttpError(
            HTTPStatus.PRECONDITION_FAILED,
            "upload.version",
            "uploads follow the protocol tus",
            expected=f"the header Tus-Resumable: {VERSION}",
            headers={"Tus-Version": VERSION},
        )


router = APIRouter(tags=["uploads"])
_SPEAKING = [Depends(_speaks_tus)]
Sender = Annotated[Token, Depends(require(Scope.REGISTER, Scope.CHECK))]


def uploads_of(service: Service) -> Uploads:
    """The uploads of the service's home."""
    return Uploads(service.settings.uploads, service.settings.server.uploads)


@router.options(PATH, status_code=204, response_class=Response, summary="What the server takes")
def describe(service: Open) -> Response:
    """Version, extensions and largest file."""
    most = service.settings.server.uploads.max_bytes
    extensions = "creation,expiration,termination"
    return _answer(204, {"Tus-Version": VERSION, "Tus-Extension": extensions, "Tus-Max-Size": str(most)})


@router.post(
    PATH,
    status_code=201,
    response_class=Response,
    dependencies=[*_SPEAKING, Depends(limited("uploads"))],
    summary="Begin an upload",
)
def create(
    service: Open,
    token: Sender,
    upload_length: Annotated[int, Header()],
    upload_metadata: Annotated[str | None, Header()] = None,
) -> Response:
    """Where to send the parts to is in ``Location``."""
    if upload_metadata is not None and not _NOTE.fullmatch(upload_metadata):
        raise HttpError(HTTPStatus.BAD_REQUEST, "upload.metadata", "Upload-Metadata is too long or not in ASCII")
    most = service.settings.server.max_file_bytes
    if Scope.REGISTER not in token.scopes and upload_length > most:
        raise HttpError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "upload.too_large",
            "a clip may not be as large",
            expected=f"{most} bytes",
        )
    upload = uploads_of(service).create(token.token_id, upload_length, upload_metadata)
    return _answer(201, {"Location": f"{PATH}/{upload.upload_id}", "Upload-Expires": _http_date(upload)})


@router.head(
    f"{PATH}/{{upload_id}}", response_class=Response, dependencies=_SPEAKING, summary="How much of it has come"
)
def offset(upload_id: str, service: Open, token: Sender) -> Response:
    """The offset to go on from."""
    upload = uploads_of(service).find(upload_id, token.token_id)
    headers = {"Upload-Length": str(upload.length), "Upload-Expires": _http_date(upload)}
    if upload.note:
        headers["Upload-Metadata"] = upload.note
    return _answer(200, headers | {"Upload-Offset": str(upload.offset)})


@router.patch(
    f"{PATH}/{{upload_id}}",
    status_code=204,
    response_class=Response,
    dependencies=_SPEAKING,
    summary="Send the next part",
)
async def append(
    upload_id: str, request: Request, service: Open, token: Sender, upload_offset: Annotated[int, Header()]
) -> Response:
    """What came before the connection broke is kept."""
    if request.headers.get("Content-Type") != _PART_TYPE:
        raise HttpError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "upload.type", "this is not a part of an upload", expected=_PART_TYPE
        )
    upload = uploads_of(service).find(upload_id, token.token_id)
    there = await receive(request, uploads_of(service), upload, upload_offset)
    return _answer(204, {"Upload-Offset": str(there), "Upload-Expires": _http_date(upload)})


@router.delete(
    f"{PATH}/{{upload_id}}",
    status_code=204,
    response_class=Response,
    dependencies=_SPEAKING,
    summary="Throw an upload away",
)
def terminate(upload_id: str, service: Open, token: Sender) -> Response:
    """Finished or not."""
    uploads_of(service).remove(upload_id, token.token_id)
    return _answer(204, {})


async def receive(request: Request, uploads: Uploads, upload: Upload, offset: int) -> int:
    """Append the request's body to an upload; the offset afterwards.

    Raises:
        RegistryError: see ``Uploads.appending`` and ``Sink.write``.
        HttpError: it broke off, or fell silent, or came to the upload's end of time.
    """
    with uploads.appending(upload.upload_id, upload.holder, offset) as sink:
        pieces = request.stream()
        try:
            async with asyncio.timeout(uploads.seconds_left(upload)):
                while True:
                    async with asyncio.timeout(_IDLE_S):
                        piece = await anext(pieces, None)
                    if piece is None:
                        return sink.offset
                    sink.write(piece)
        except TimeoutError as error:
            raise HttpError(
                HTTPStatus.REQUEST_TIMEOUT,
                "upload.too_slow",
                "the upload fell silent or took too long",
                expected=f"something every {_IDLE_S} seconds, and all of it before the upload expires",
                headers={"Connection": "close"},
            ) from error
        except ClientDisconnect as error:
            raise HttpError(HTTPStatus.BAD_REQUEST, "request.broken_off", "the request's body broke off") from error


def _answer(status: int, headers: dict[str, str]) -> Response:
    return Response(status_code=status, headers={"Tus-Resumable": VERSION, "Cache-Control": "no-store"} | headers)


def _http_date(upload: Upload) -> str:
    return format_datetime(datetime.fromisoformat(upload.expires_at).astimezone(UTC), usegmt=True)
