"""Pages of sightings: to file one, to read an answer, and for moderators to give it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from provenance.errors import RegistryError
from registry import sighting_lists, sightings
from registry.accounts import Token
from registry.owners import owner_named
from registry.server.auth import Asker
from registry.server.claim_review import claim_review
from registry.server.filters import organisation as name_of
from registry.server.html import page
from registry.server.problems import status_of
from registry.server.rates import limited
from registry.server.service import Open, Service
from registry.server.sighting_plot import plot
from registry.server.sightings import Moderating, moderator_of
from registry.sighting_values import Answer, Filing, Reply, State

router = APIRouter(prefix="/sightings", include_in_schema=False)

WORDS = {
    Answer.OURS: "Ours",
    Answer.EDITED: "Ours, but cut or cropped",
    Answer.ALTERED: "Ours, but altered",
    Answer.NOT_OURS: "Not ours",
}
"""The answers in large words."""

_MEANINGS = {
    Answer.OURS: "The clip shows what {} published, as it was.",
    Answer.EDITED: "The clip is taken from what {} published, and was cut, cropped or put in another order.",
    Answer.ALTERED: "The clip was made from what {} published, and its picture or sound was changed.",
    Answer.NOT_OURS: "The clip does not come from {}.",
}
_KINDS = {**{answer.value: words for answer, words in WORDS.items()}, State.OPEN.value: "Waiting for an answer"}
_PAGE = 15
_Text = Annotated[str, Form(max_length=10_000)]
_Cursor = Annotated[str | None, Query(max_length=100)]


@router.get("", response_class=HTMLResponse)
def overview(
    request: Request,
    service: Open,
    token: Asker,
    asset: Annotated[str, Query(max_length=40)] = "",
    organisation: Annotated[str, Query(max_length=300)] = "",
    check: Annotated[str, Query(max_length=64)] = "",
    after: _Cursor = None,
) -> HTMLResponse:
    """The form, with what the address says filled in; what was answered; and how many there are."""
    given = Filing("", asset_id=asset, owner=organisation, check_id=check)
    return _overview(request, service, token, given, after=after)


@router.post("", response_class=RedirectResponse, dependencies=[Depends(limited("sightings"))])
def file_sighting(
    request: Request,
    service: Open,
    token: Asker,
    address: _Text = "",
    note: _Text = "",
    asset: _Text = "",
    organisation: _Text = "",
    check: _Text = "",
) -> Response:
    """Take one in and show its page, or say beside the form what is wrong with it."""
    filing = Filing(address, note, asset.strip() or None, owner_named(organisation.strip()), check or None)
    try:
        filed = sightings.file(service.registry, filing)
    except RegistryError as error:
        if status_of(error) is HTTPStatus.INTERNAL_SERVER_ERROR:
            raise
        given = Filing(address, note, asset, organisation, check)
        return _overview(request, service, token, given, error=error)
    return RedirectResponse(f"/sightings/{filed.sighting_id}", HTTPStatus.SEE_OTHER)


@router.get("/queue", response_class=HTMLResponse)
def queue(request: Request, service: Open, moderator: Moderating, after: _Cursor = None) -> HTMLResponse:
    """What waits for the moderator, the oldest first."""
    found = sighting_lists.queue(service.registry, moderator, limit=_PAGE, after=after)
    return page(
        request,
        "sightings_queue.html.j2",
        title="Waiting for your answer",
        found=found,
        words=WORDS,
        moderator=moderator,
        more=_more("/sightings/queue", found.after),
    )


@router.get("/{sighting_id}", response_class=HTMLResponse)
def show(request: Request, service: Open, token: Asker, sighting_id: str) -> HTMLResponse:
    """What the organisation says, to be linked to; before that, only that it waits."""
    sighting, moderator = sightings.find(service.registry, sighting_id), moderator_of(token)
    organisation = name_of(sighting.owner or "")
    context: dict[str, Any] = {
        "sighting": sighting,
        "organisation": organisation,
        "words": WORDS,
        "moderator": moderator if moderator is not None and sighting.concerns(moderator) else None,
    }
    if sighting.answer is None:
        return page(request, "sighting_waiting.html.j2", title="A sighting", **context)
    said, here = WORDS[sighting.answer], f"{request.base_url}sightings/{sighting_id}"
    original = None if sighting.asset_id is None else f"{request.base_url}originals/{sighting.asset_id}"
    return page(
        request,
        "sighting.html.j2",
        title=f"{organisation}: {said}",
        meaning=_MEANINGS[sighting.answer].format(organisation),
        address_here=here,
        review=claim_review(sighting, organisation, said, here, original),
        **context,
    )


@router.post("/{sighting_id}/answer", response_class=RedirectResponse)
def answer(
    service: Open,
    moderator: Moderating,
    sighting_id: str,
    answer: Annotated[Answer, Form()],
    text: _Text = "",
    asset: _Text = "",
) -> RedirectResponse:
    """Publish, and show what was published."""
    sightings.answer(service.registry, sighting_id, Reply(answer, text, asset.strip() or None), moderator)
    return RedirectResponse(f"/sightings/{sighting_id}", HTTPStatus.SEE_OTHER)


@router.post("/{sighting_id}/dismiss", response_class=RedirectResponse)
def dismiss(service: Open, moderator: Moderating, sighting_id: str) -> RedirectResponse:
    """Put aside, and go on with the next."""
    sightings.dismiss(service.registry, sighting_id, moderator)
    return RedirectResponse("/sightings/queue", HTTPStatus.SEE_OTHER)


def _overview(
    request: Request,
    service: Service,
    token: Token | None,
    given: Filing,
    *,
    after: str | None = None,
    error: RegistryError | None = None,
) -> HTMLResponse:
    registry = service.registry
    found = sighting_lists.answered(registry, limit=_PAGE, after=after)
    return page(
        request,
        "sightings.html.j2",
        title="Sightings",
        status=HTTPStatus.OK if error is None else status_of(error),
        given=given,
        error=error,
        found=found,
        words=WORDS,
        moderator=moderator_of(token),
        more=_more("/sightings", found.after),
        kinds=_KINDS,
        plot=plot(sighting_lists.counts(registry), tuple(_KINDS), registry.now()[:7]),
    )


def _more(path: str, after: str | None) -> str | None:
    return None if after is None else f"{path}?{urlencode({'after': after})}"
