"""Sightings under ``/v1``: filed by anybody, answered with the scope ``moderate`` by whom they concern."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from registry import sighting_lists, sightings
from registry.accounts import Scope, Token
from registry.owners import owner_named
from registry.server import etags
from registry.server.auth import Asker, require
from registry.server.csv_rows import csv_lines
from registry.server.rates import limited
from registry.server.service import Open
from registry.server.sighting_bodies import (
    Answered,
    CountModel,
    Counts,
    Filed,
    SightingModel,
    SightingPage,
    model_of,
)
from registry.sighting_values import Filing, Moderator, Reply

router = APIRouter(prefix="/v1", tags=["sightings"])

_SIGHTING_COLUMNS = (
    "sighting_id", "address", "answer", "answer_text", "organisation", "asset_id", "title", "times_filed", "filed_at",
    "answered_at", "changed_at",
)  # fmt: skip


_TEXT = r"^[^\x00-\x1f]*$"
_Organisation = Annotated[
    str | None, Query(max_length=300, pattern=_TEXT, description="Of this organisation only, as in its certificates.")
]


def moderator_of(token: Token | None) -> Moderator | None:
    """As whom a token answers; None where it may not."""
    if token is None or Scope.MODERATE not in token.scopes:
        return None
    return Moderator(token.owner, admin=Scope.ADMIN in token.scopes)


def require_moderator(token: Asker) -> Moderator:
    """As whom the asker answers.

    Raises:
        HttpError: 401 without a token, 403 where it lacks the scope.
    """
    token = require(Scope.MODERATE)(token)
    return Moderator(token.owner, admin=Scope.ADMIN in token.scopes)


Moderating = Annotated[Moderator, Depends(require_moderator)]


@router.post(
    "/sightings",
    status_code=HTTPStatus.CREATED,
    dependencies=[Depends(limited("sightings"))],
    summary="Tell where a clip goes round",
)
def file_sighting(service: Open, filed: Filed, token: Asker, response: Response) -> SightingModel:
    """The same address again for the same asset or organisation is counted with the first; nothing is kept of you."""
    filing = Filing(filed.address, filed.note, filed.asset_id, owner_named(filed.organisation), filed.check_id)
    done = sightings.file(service.registry, filing)
    if done.times_filed > 1:
        response.status_code = HTTPStatus.OK
    response.headers["Location"] = f"/v1/sightings/{done.sighting_id}"
    return model_of(done, moderator_of(token))


@router.get("/sightings", response_model=SightingPage, summary="What was answered, or what waits for your answer")
def list_sightings(
    request: Request,
    service: Open,
    token: Asker,
    state: Literal["answered", "open"] = "answered",
    organisation: _Organisation = None,
    asset_id: Annotated[str | None, Query(max_length=40, pattern=_TEXT)] = None,
    limit: Annotated[int, Query(ge=1, le=sighting_lists.MAX_PAGE)] = 50,
    after: Annotated[str | None, Query(max_length=100)] = None,
) -> Response:
    """Answered ones are public, the newest answer first. Open ones, oldest first, want the scope ``moderate``."""
    registry = service.registry
    if state == "open":
        page = sighting_lists.queue(registry, require_moderator(token), limit=limit, after=after)
    else:
        owner = owner_named(organisation)
        page = sighting_lists.answered(registry, limit=limit, after=after, owner=owner, asset_id=asset_id)
    moderator = moderator_of(token)
    body = SightingPage(sightings=[model_of(each, moderator) for each in page.sightings], after=page.after)
    return _kept(request, token, body)


@router.get("/sightings/counts", response_model=Counts, summary="How many of each kind by month")
def count_sightings(request: Request, service: Open, organisation: _Organisation = None) -> Response:
    """By the month of first filing; what was dismissed is not counted."""
    found = sighting_lists.counts(service.registry, owner_named(organisation))
    counts = [CountModel.model_validate(each, from_attributes=True) for each in found]
    return _kept(request, None, Counts(counts=counts))


@router.get("/sightings/counts.csv", response_class=StreamingResponse, summary="The counts as CSV")
def counts_as_csv(service: Open, organisation: _Organisation = None) -> StreamingResponse:
    """One row for each month and kind."""
    found = sighting_lists.counts(service.registry, owner_named(organisation))
    rows = ((each.month, each.kind, each.sightings, each.reports) for each in found)
    return _csv("sighting-counts", csv_lines(("month", "kind", "sightings", "reports"), rows))


@router.get("/sightings.csv", response_class=StreamingResponse, summary="All answered sightings as CSV")
def sightings_as_csv(service: Open, organisation: _Organisation = None) -> StreamingResponse:
    """The newest answer first. What a spreadsheet would take for a formula begins with an apostrophe."""
    found = sighting_lists.all_answered(service.registry, owner_named(organisation))
    rows = ([getattr(model_of(each, None), column) for column in _SIGHTING_COLUMNS] for each in found)
    return _csv("sightings", csv_lines(_SIGHTING_COLUMNS, rows))


@router.get("/sightings/{sighting_id}", response_model=SightingModel, summary="One sighting")
def show_sighting(request: Request, service: Open, token: Asker, sighting_id: str) -> Response:
    """Whoever has its id sees how far it has come."""
    found = sightings.find(service.registry, sighting_id)
    return _kept(request, token, model_of(found, moderator_of(token)))


@router.post("/sightings/{sighting_id}/answer", summary="Publish an answer, or correct it")
def answer_sighting(service: Open, moderator: Moderating, sighting_id: str, answered: Answered) -> SightingModel:
    """For the organisation that it concerns. One that concerns nobody is claimed by saying that it is yours."""
    reply = Reply(answered.answer, answered.text, answered.asset_id)
    return model_of(sightings.answer(service.registry, sighting_id, reply, moderator), moderator)


@router.post("/sightings/{sighting_id}/dismiss", summary="Put a sighting aside")
def dismiss_sighting(service: Open, moderator: Moderating, sighting_id: str) -> SightingModel:
    """Its answer, if it had one, is taken back. One that concerns nobody wants the scope ``admin``."""
    return model_of(sightings.dismiss(service.registry, sighting_id, moderator), moderator)


def _kept(request: Request, token: Token | None, body: BaseModel) -> Response:
    return etags.answer(request, body, etags.OPEN if token is None else etags.PRIVATE)


def _csv(name: str, lines: Iterator[str]) -> StreamingResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8; header=present", headers=headers)
