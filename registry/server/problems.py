"""Every error as ``application/problem+json`` (RFC 9457), with the same words as on the command line; and as a page
for browsers.

``type`` is a URN made of the stable code, so that a client may branch on it without reading words.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from provenance.errors import (
    CredentialError,
    MediaError,
    ProvenanceError,
    RegistryError,
    TrustError,
)
from registry.server.html import error_page, wants_page

MEDIA_TYPE = "application/problem+json"
_LOG = logging.getLogger(__name__)

_STATUS = {
    "asset.unknown": HTTPStatus.NOT_FOUND,
    "asset.no_reference": HTTPStatus.NOT_FOUND,
    "asset.withdrawn": HTTPStatus.CONFLICT,
    "asset.not_embargoed": HTTPStatus.CONFLICT,
    "asset.same": HTTPStatus.CONFLICT,
    "asset.other_owner": HTTPStatus.FORBIDDEN,
    "check.unknown": HTTPStatus.NOT_FOUND,
    "check.not_kept": HTTPStatus.NOT_FOUND,
    "check.file_gone": HTTPStatus.NOT_FOUND,
    "check.not_done": HTTPStatus.CONFLICT,
    "link.address": HTTPStatus.UNPROCESSABLE_ENTITY,
    "link.failed": HTTPStatus.UNPROCESSABLE_ENTITY,
    "link.redirects": HTTPStatus.UNPROCESSABLE_ENTITY,
    "link.refused": HTTPStatus.UNPROCESSABLE_ENTITY,
    "link.status": HTTPStatus.UNPROCESSABLE_ENTITY,
    "link.too_large": HTTPStatus.UNPROCESSABLE_ENTITY,
    "link.too_slow": HTTPStatus.UNPROCESSABLE_ENTITY,
    "login.provider": HTTPStatus.BAD_GATEWAY,
    "login.token": HTTPStatus.FORBIDDEN,
    "organisation.unknown": HTTPStatus.NOT_FOUND,
    "request.cursor": HTTPStatus.BAD_REQUEST,
    "sighting.address": HTTPStatus.UNPROCESSABLE_ENTITY,
    "sighting.check": HTTPStatus.UNPROCESSABLE_ENTITY,
    "sighting.other_owner": HTTPStatus.FORBIDDEN,
    "sighting.text": HTTPStatus.UNPROCESSABLE_ENTITY,
    "sighting.unclaimed": HTTPStatus.FORBIDDEN,
    "sighting.unknown": HTTPStatus.NOT_FOUND,
    "reference.differs": HTTPStatus.UNPROCESSABLE_ENTITY,
    "reference.withheld": HTTPStatus.UNPROCESSABLE_ENTITY,
    "registry.busy": HTTPStatus.SERVICE_UNAVAILABLE,
    "registry.fingerprints_differ": HTTPStatus.UNPROCESSABLE_ENTITY,
    "registry.other_owner": HTTPStatus.FORBIDDEN,
    "registry.soft_binding_differs": HTTPStatus.UNPROCESSABLE_ENTITY,
    "upload.busy": HTTPStatus.LOCKED,
    "upload.incomplete": HTTPStatus.CONFLICT,
    "upload.no_room": HTTPStatus.INSUFFICIENT_STORAGE,
    "upload.offset": HTTPStatus.CONFLICT,
    "upload.quota": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "upload.too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "upload.too_long": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "upload.unknown": HTTPStatus.NOT_FOUND,
}
_STATUS_OF_CLASS: tuple[tuple[type[ProvenanceError], HTTPStatus], ...] = (
    (MediaError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (CredentialError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (TrustError, HTTPStatus.UNPROCESSABLE_ENTITY),
)
_UNFORESEEN = "the server met something it did not foresee; this is a fault of the program"


class HttpError(RegistryError):
    """An error of a request that has its own status, such as 401 or 413; ``headers`` go into the answer."""

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        message: str,
        *,
        expected: str | None = None,
        found: str | None = None,
        hint: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(code, message, expected=expected, found=found, hint=hint)
        self.status = status
        self.headers = headers


def problem(status: HTTPStatus, error: ProvenanceError, headers: dict[str, str] | None = None) -> JSONResponse:
    """The answer that says what was expected, what was found and what to try."""
    body: dict[str, Any] = {
        "type": f"urn:provenance:problem:{error.code}",
        "title": status.phrase,
        "status": status.value,
        "detail": error.message,
        "code": error.code,
        "expected": error.expected,
        "found": error.found,
        "hint": error.hint,
    }
    # What was found may hold halves of characters, which JSON can name and UTF-8 cannot.
    given = {name: _writable(value) for name, value in body.items() if value is not None}
    return JSONResponse(given, status.value, headers, media_type=MEDIA_TYPE)


def answer(
    request: Request, status: HTTPStatus, error: ProvenanceError, headers: dict[str, str] | None = None
) -> Response:
    """The error as a page for browsers, and as a problem for everybody else."""
    if wants_page(request):
        return error_page(request, status, error, headers)
    return problem(status, error, {"Vary": "Accept", **(headers or {})})


def _writable(value: Any) -> Any:
    return value.encode(errors="replace").decode() if isinstance(value, str) else value


def status_of(error: ProvenanceError) -> HTTPStatus:
    """The HTTP status that says the same as the error."""
    if isinstance(error, HttpError):
        return error.status
    if error.code in _STATUS:
        return _STATUS[error.code]
    classes = (status for kind, status in _STATUS_OF_CLASS if isinstance(error, kind))
    return next(classes, HTTPStatus.INTERNAL_SERVER_ERROR)


def add_handlers(app: FastAPI) -> None:
    """Turn everything that routes raise into problems."""

    @app.exception_handler(ProvenanceError)
    def _expected(request: Request, error: ProvenanceError) -> Response:
        status = status_of(error)
        if status is HTTPStatus.INTERNAL_SERVER_ERROR:
            # What is wrong with the server is its operator's business, and may name paths.
            _LOG.error("%s", error)
            error = ProvenanceError(error.code, "the registry could not do this", hint="ask its operator")
        return answer(request, status, error, error.headers if isinstance(error, HttpError) else None)

    @app.exception_handler(RequestValidationError)
    def _invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        said = ProvenanceError(
            "request.invalid", f"{where[:200]} is not usable", found=str(first["msg"])[:300], hint="see /openapi.json"
        )
        return answer(request, HTTPStatus.BAD_REQUEST, said)

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> Response:
        status = HTTPStatus(error.status_code)
        detail = "there is nothing at this address" if status is HTTPStatus.NOT_FOUND else str(error.detail)
        hint = "begin at the first page" if wants_page(request) else "see /openapi.json"
        said = ProvenanceError(f"http.{status.value}", detail, hint=hint)
        return answer(request, status, said, dict(error.headers) if error.headers else None)

    @app.exception_handler(Exception)
    def _unforeseen(request: Request, _error: Exception) -> Response:
        return answer(request, HTTPStatus.INTERNAL_SERVER_ERROR, ProvenanceError("internal", _UNFORESEEN))
