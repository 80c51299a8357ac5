"""Registering over HTTP, and what happens to an asset afterwards. Nobody does it for another organisation."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Annotated

import anyio
import anyio.to_thread
from fastapi import APIRouter, Depends, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from provenance.credentials.library import MAX_MANIFEST_BYTES
from provenance.credentials.reader import SIDECAR_SUFFIX
from provenance.errors import RegistryError
from provenance.trust.anchors import load_anchors
from provenance.trust.policy_file import load_policy
from registry.accounts import Scope, Token
from registry.register import register
from registry.server.assets import asset
from registry.server.auth import require
from registry.server.problems import HttpError
from registry.server.rates import limited
from registry.server.service import Open, Service
from registry.server.tus import receive, uploads_of
from registry.uploads import Upload, Uploads
from registry.wire import LogReceipt, Registration

PATH = "/v1/assets"
router = APIRouter(tags=["assets"])
# At the ends of the calendar a time of another zone has no time in UTC.
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
_FILES = ("upload", "reference", "sidecar", "manifest")

_BODY = {
    "requestBody": {
        "description": "The signed file, unless `upload` names one.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class Order(BaseModel):
    """What is to be registered. ``upload``, ``reference``, ``sidecar``, ``manifest``: ids of complete uploads: the
    signed file, its reference copy, and the manifest of a file that cannot hold one, or that its publisher keeps."""

    model_config = ConfigDict(frozen=True)

    upload: str | None = None
    reference: str | None = None
    sidecar: str | None = None
    manifest: str | None = None
    embargo: bool = False
    embargo_until: Annotated[AwareDatetime, Field(ge=_EARLIEST, lt=_LATEST)] | None = None


@router.post(
    PATH,
    status_code=201,
    response_model=Registration,
    responses={200: {"model": Registration, "description": "It had been registered before"}},
    dependencies=[Depends(limited("registrations"))],
    openapi_extra=_BODY,
    summary="Register a signed asset",
)
async def register_asset(
    request: Request,
    response: Response,
    service: Open,
    token: Annotated[Token, Depends(require(Scope.REGISTER))],
    order: Annotated[Order, Depends()],
) -> Registration:
    """Put a signed asset of the token's organisation into the registry: the body, or what was uploaded before.

    Without the file itself, ``manifest`` and ``reference`` are registered; the asset's history then says that its
    content was not checked. Harmless to repeat. Takes about as long as the footage takes to decode.
    """
    if token.owner is None:
        raise HttpError(
            HTTPStatus.FORBIDDEN,
            "access.no_organisation",
            "your token acts for no organisation, and so can register nothing",
            hint="ask the registry's operator for a token of your organisation",
        )
    uploads = uploads_of(service)
    sent = None if order.upload or order.manifest else await _body(request, uploads, token)
    try:
        limiter: anyio.CapacityLimiter = request.app.state.registrations
        given = order.model_copy(update={"upload": sent.upload_id}) if sent else order
        done = await anyio.to_thread.run_sync(_register, service, uploads, token, token.owner, given, limiter=limiter)
    finally:
        if sent is not None:
            _remove(uploads, token, sent.upload_id)
    response.status_code = HTTPStatus.CREATED if done.created else HTTPStatus.OK
    response.headers["Location"] = f"{PATH}/{done.asset_id}"
    now = await anyio.to_thread.run_sync(asset, request, service, token.owner, done.asset_id)
    response.headers["ETag"] = now.headers["ETag"]
    return done


async def _body(request: Request, uploads: Uploads, token: Token) -> Upload:
    """The request's body, kept as an upload that came in one part."""
    length = request.headers.get("Content-Length", "")
    if not length.isdigit() or length == "0":
        raise HttpError(
            HTTPStatus.LENGTH_REQUIRED,
            "request.no_file",
            "there is no file to register",
            expected="the signed file as the body, with its Content-Length; or the id of an upload",
        )
    upload = uploads.create(token.token_id, int(length))
    try:
        await receive(request, uploads, upload, 0)
    except BaseException:
        _remove(uploads, token, upload.upload_id)
        raise
    return upload


def _register(service: Service, uploads: Uploads, token: Token, owner: str, order: Order) -> Registration:
    named = {name: value for name in _FILES if (value := getattr(order, name))}
    paths = {name: uploads.path(upload_id, token.token_id) for name, upload_id in named.items()}
    signed, manifest, reference = paths.get("upload"), paths.get("manifest"), paths.get("reference")
    subject = reference if signed is None else signed
    if subject is None or (signed is None) == (manifest is None):
        raise HttpError(
            HTTPStatus.BAD_REQUEST,
            "request.invalid",
            "it is not clear what is to be registered",
            expected="a file, or else a manifest together with its reference copy",
        )
    beside = subject.with_name(subject.name + SIDECAR_SUFFIX)
    beside.unlink(missing_ok=True)
    if "sidecar" in paths:
        os.link(paths["sidecar"], beside)
    settings = service.settings
    anchors = load_anchors(settings.anchors)
    done = register(
        service.registry,
        subject,
        settings=settings,
        anchors=anchors,
        policy=load_policy(settings, anchors),
        manifest=_content(manifest) if manifest else None,
        reference=reference,
        embargoed=order.embargo,
        embargoed_until=order.embargo_until,
        owner=owner,
        actor=token.actor,
    )
    _remove(uploads, token, *named.values())
    receipt = LogReceipt.model_validate(done.receipt.as_json()) if done.receipt else None
    return Registration(
        asset_id=done.asset_id,
        owner=owner,
        created=done.created,
        receipt=receipt,
        same_picture_as=list(done.same_picture_as),
    )


def _content(manifest: Path) -> bytes:
    with manifest.open("rb") as file:
        # What is longer is refused where it is read.
        return file.read(MAX_MANIFEST_BYTES + 1)


def _remove(uploads: Uploads, token: Token, *upload_ids: str) -> None:
    for upload_id in upload_ids:
        # Two requests may have used the same one.
        with suppress(RegistryError):
            uploads.remove(upload_id, token.token_id)
