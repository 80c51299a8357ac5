"""Checks of clips over HTTP: ask, follow, cancel."""

from __future__ import annotations

import asyncio
import functools
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from provenance.errors import ProvenanceError
from provenance.files import sha256_file
from provenance.media.kinds import sniff
from provenance.settings import Settings
from provenance.workspace import work_folder
from registry.accounts import Scope, Token
from registry.checks.asking import Question, ask, cancel, look
from registry.checks.examiner import Examiner, load_examiner
from registry.checks.shelf import Shelf, shelf_of
from registry.checks.values import Check, State
from registry.fetching import MOST_URL, Rules, fetch
from registry.server.auth import Asker, require_scope
from registry.server.bodies import read_body, reading_form, save_body
from registry.server.problems import HttpError
from registry.server.rates import limited
from registry.server.service import Open, Service
from registry.server.tus import uploads_of
from registry.wire import CheckBody

PATH = "/v1/checks"
router = APIRouter(prefix=PATH, tags=["checks"])
_LOOK_EVERY_S = 0.5
_FOLLOWED_AT_MOST_S = 600
"""After which a follower has to come again, which browsers do by themselves."""


def body_of(check: Check) -> CheckBody:
    """The check as JSON has it."""
    here = f"{PATH}/{check.check_id}"
    links = {"self": here, "events": f"{here}/events"}
    if check.state is State.DONE:
        links |= {"report": f"{here}/report.json", "page": f"{here}/report.html"}
        links |= {"signed_report": f"{here}/report.dsse"}
        links |= {"preview": f"{here}/preview"} if check.preview else {}
    return CheckBody(
        id=check.check_id,
        state=check.state,
        ahead=check.ahead,
        share=round(check.share, 3),
        doing=check.doing,
        clip_sha256=check.clip_sha256,
        created_at=check.created_at,
        finished_at=check.finished_at,
        expires_at=check.expires_at,
        error=check.error,
        links=links,
    )


def shelf_for(service: Open) -> Shelf:
    """The shelf of the registry that is served."""
    return shelf_of(service.settings)


def check_for(check_id: str, service: Open) -> Check:
    """The check that a path names."""
    return look(service.registry, check_id)


OnShelf = Annotated[Shelf, Depends(shelf_for)]
Named = Annotated[Check, Depends(check_for)]

_BODY = {
    "requestBody": {
        "description": "The clip: its bytes alone, or in a form's field `file`; or its address where that is allowed",
        "content": {
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "application/json": {"schema": {"type": "object", "properties": {"link": {"type": "string"}}}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "format": "binary"}, "link": {"type": "string"}},
                }
            },
        },
    }
}


@router.post(
    "",
    status_code=202,
    summary="Have a clip examined",
    openapi_extra=_BODY,
    dependencies=[Depends(limited("checks"))],
    responses={200: {"model": CheckBody, "description": "The same clip was asked before, and here is the answer"}},
)
async def ask_for_check(
    request: Request,
    response: Response,
    service: Open,
    shelf: OnShelf,
    token: Asker,
    budget: Annotated[float | None, Query(ge=1, description="Seconds after which nothing more is begun")] = None,
    upload: Annotated[
        str | None, Query(max_length=100, description="In place of a body: the id of a complete upload of yours")
    ] = None,
) -> CheckBody:
    """The clip is deleted as soon as its examination ends. Neither its name nor who asks is kept."""
    if upload is None:
        check = await take(request, service, shelf, budget)
    else:
        check = await run_in_threadpool(_uploaded, service, shelf, require_scope(token, Scope.CHECK), upload, budget)
    response.headers["Location"] = f"{PATH}/{check.check_id}"
    if check.state.over:
        response.status_code = HTTPStatus.OK
    return body_of(check)


async def take(request: Request, service: Service, shelf: Shelf, budget: float | None) -> Check:
    """Take the clip that a request brings, and ask for its examination; see ``begin``."""
    with work_folder(service.settings.home / "work") as folder:
        clip, places = folder / "clip", request.app.state.places
        async with places.uploads.place():
            await _receive(request, clip, service.settings)
        return await run_in_threadpool(begin, service, shelf, clip, budget)


def _uploaded(service: Service, shelf: Shelf, token: Token, upload_id: str, budget: float | None) -> Check:
    """Ask for the examination of what the token has uploaded, which is used up by that."""
    uploads, most = uploads_of(service), service.settings.server.max_file_bytes
    clip = uploads.path(upload_id, token.token_id)
    if uploads.find(upload_id, token.token_id).length > most:
        raise HttpError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "upload.too_large", "the clip is too large", expected=f"{most} bytes"
        )
    check = begin(service, shelf, clip, budget)
    with suppress(ProvenanceError):
        # Two requests may have used the same one.
        uploads.remove(upload_id, token.token_id)
    return check


def begin(service: Service, shelf: Shelf, clip: Path, budget: float | None) -> Check:
    """Ask for the examination of a file that is here.

    Raises:
        MediaError: it is not media.
        HttpError: too many wait already.
    """
    sniff(clip)
    most = service.settings.checks.budget_seconds
    question = Question(clip, sha256_file(clip), min(most, round(budget or most)))
    rests_on = _examiner().rests_on(service.settings)
    try:
        return ask(service.registry, shelf, question, rests_on, service.settings.checks)
    except ProvenanceError as error:
        if error.code != "check.queue_full":
            raise
        said: dict[str, Any] = {"expected": error.expected, "found": error.found, "hint": error.hint}
        status, headers = HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "60"}
        raise HttpError(status, error.code, error.message, **said, headers=headers) from error


@router.get("/{check_id}", summary="How far a check is", response_model=CheckBody)
def get_check(request: Request, response: Response, check: Named) -> CheckBody | Response:
    """Ask again with ``If-None-Match``, or follow the events."""
    tag = f'"{check.version}"'
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "private, no-cache"
    if tag in request.headers.get("If-None-Match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": tag})
    return body_of(check)


@router.delete("/{check_id}", status_code=204, response_class=Response, summary="Cancel a check, or delete its answer")
def cancel_check(check_id: str, service: Open, shelf: OnShelf) -> None:
    """Others who asked for the same clip are not affected."""
    cancel(service.registry, shelf, check_id)


async def _follower(request: Request, service: Open) -> AsyncIterator[None]:
    state = request.app.state
    following = getattr(state, "following", 0)
    if following >= service.settings.checks.listeners:
        raise HttpError(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "check.listeners",
            "too many follow their checks at the moment",
            hint="ask for the check itself now and then",
            headers={"Retry-After": "5"},
        )
    state.following = following + 1
    try:
        yield
    finally:
        state.following -= 1


@router.get(
    "/{check_id}/events",
    summary="Follow a check as server-sent events",
    response_class=EventSourceResponse,
    dependencies=[Depends(_follower)],
)
async def follow_check(request: Request, check: Named, service: Open) -> AsyncIterator[ServerSentEvent]:
    """An event ``check`` has the whole state, and an id by which the stream is taken up again; the last is ``end``."""
    seen = request.headers.get("Last-Event-ID")
    stopping = request.app.state.stopping
    for _ in range(int(_FOLLOWED_AT_MOST_S / _LOOK_EVERY_S)):
        if check.version != seen:
            seen = check.version
            yield ServerSentEvent(event="check", id=seen, data=body_of(check), retry=2000)
        if check.state.over or stopping.is_set():
            break
        await asyncio.sleep(_LOOK_EVERY_S)
        try:
            check = await run_in_threadpool(look, service.registry, check.check_id)
        except ProvenanceError:
            # Expired or taken back; whoever asks for it learns so.
            break
    if check.state.over:
        yield ServerSentEvent(event="end", id=seen, data={"state": check.state})


async def _receive(request: Request, target: Path, settings: Settings) -> None:
    """Write the clip of a request to a file.

    Raises:
        HttpError: there is none, it is too large, or there is no room for it.
        RegistryError: the address that was given cannot be fetched.
    """
    kind, limit = request.headers.get("Content-Type", ""), settings.server.max_file_bytes
    try:
        if kind.startswith("application/json"):
            await _fetch(_link(await read_body(request, 2 * MOST_URL)), target, settings)
            return
        if not kind.startswith("multipart/form-data"):
            await save_body(request, target, limit)
            return
        async with reading_form(request) as form:
            file, link = form.get("file"), form.get("link")
            if isinstance(link, str) and link and not (isinstance(file, UploadFile) and file.size):
                await _fetch(link, target, settings)
                return
            if not isinstance(file, UploadFile):
                raise HttpError(
                    HTTPStatus.BAD_REQUEST, "check.no_file", "the form holds no file", expected="a field named file"
                )
            with target.open("wb") as out:
                await run_in_threadpool(shutil.copyfileobj, file.file, out, 1 << 20)
    except OSError as error:
        raise HttpError(
            HTTPStatus.INSUFFICIENT_STORAGE,
            "check.no_room",
            "there is no room for this clip",
            found=error.strerror or type(error).__name__,
            hint="try again later, or with a shorter clip",
        ) from error


async def _fetch(link: str, target: Path, settings: Settings) -> None:
    if not settings.checks.fetch_links:
        raise HttpError(
            HTTPStatus.FORBIDDEN, "check.no_links", "this registry fetches no clips by itself", hint="send the file"
        )
    rules = Rules(settings.server.max_file_bytes, settings.checks.fetch_seconds)
    await run_in_threadpool(fetch, link, target, rules)


def _link(body: bytes) -> str:
    """The address in a body ``{"link": "https://…"}``."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    link = said.get("link") if isinstance(said, dict) else None
    if not isinstance(link, str):
        raise HttpError(
            HTTPStatus.BAD_REQUEST, "check.no_file", "the request names no clip", expected='{"link": "https://…"}'
        )
    return link


@functools.cache
def _examiner() -> Examiner:
    return load_examiner()
