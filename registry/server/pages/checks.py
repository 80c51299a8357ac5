"""Checking a clip: the form, the progress, and the report."""

from __future__ import annotations

import json
from http import HTTPStatus

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from provenance.assets import Original
from provenance.presentation.pictures import by_finding
from provenance.report import Report
from provenance.report_reading import read_report
from registry.assets import load_original
from registry.checks.asking import answer, cancel
from registry.checks.keeping import keep
from registry.checks.pictures import pictures_of
from registry.checks.values import Check, State
from registry.server.auth import Asker
from registry.server.checks import Named, OnShelf, take
from registry.server.html import page
from registry.server.pages.player import player_of
from registry.server.rates import limited
from registry.server.service import Open, Service
from registry.visibility import visible

PATH = "/checks"
router = APIRouter(include_in_schema=False)
_NOT_INDEXED = {"X-Robots-Tag": "noindex"}


@router.get("/", response_class=HTMLResponse)
def form(request: Request, service: Open) -> HTMLResponse:
    """Where a clip is given."""
    settings = service.settings
    most = settings.server.max_file_bytes
    size = f"{most / 1e9:.1f} GB" if most >= 1e9 else f"{most / 1e6:.0f} MB"
    return page(
        request,
        "check_new.html.j2",
        title="Check a clip",
        most=size,
        kept=settings.checks.keep_clips,
        links=settings.checks.fetch_links,
    )


@router.post(PATH, dependencies=[Depends(limited("checks"))])
async def ask(request: Request, service: Open, shelf: OnShelf) -> Response:
    """Take the clip, and go to where its check can be followed."""
    check = await take(request, service, shelf, None)
    return _to(check.check_id)


@router.get(PATH + "/{check_id}", response_class=HTMLResponse)
def show(request: Request, service: Open, check: Named) -> HTMLResponse:
    """How far it is, or what came of it."""
    if check.state in (State.QUEUED, State.RUNNING):
        return page(request, "check_going.html.j2", title="Examining", check=check, doing=_doing(check))
    if check.state is State.DONE:
        return _report(request, service, check)
    failed = check.state is State.FAILED
    title = "This clip could not be examined" if failed else "This check was cancelled"
    return page(request, "check_over.html.j2", title=title, error=check.error if failed else None)


@router.post(PATH + "/{check_id}/cancel")
def take_back(service: Open, shelf: OnShelf, check: Named, _asker: Asker) -> Response:
    """Cancel what is not over."""
    if not check.state.over:
        cancel(service.registry, shelf, check.check_id)
    return _to(check.check_id)


@router.post(PATH + "/{check_id}/keep")
def keep_report(service: Open, check: Named, _asker: Asker) -> Response:
    """Let the report's address work for good."""
    keep(service.registry, check.check_id)
    return _to(check.check_id)


def _report(request: Request, service: Service, check: Check) -> HTMLResponse:
    told, made = answer(service.registry, check.check_id)
    report = read_report(json.loads(told))
    shown = pictures_of(made.decode("utf-8"))
    pictures = by_finding(shown, len(report.findings))
    origins = _origins(service, report)
    here = f"/v1/checks/{check.check_id}"
    return page(
        request,
        "check_report.html.j2",
        title=report.summary,
        headers=_NOT_INDEXED,
        check=check,
        report=report,
        pictures=pictures,
        origins=origins,
        player=player_of(report, check, origins, heat=any(picture.role == "heatmap" for picture in shown)),
        downloads=[
            ("JSON", f"{here}/report.json"),
            ("HTML", f"{here}/report.html"),
            ("Signed", f"{here}/report.dsse"),
        ],
    )


def _origins(service: Service, report: Report) -> dict[str, Original]:
    """What everybody may see of the originals, by id."""
    registry = service.registry
    with registry.reading() as session:
        found = (load_original(session, match.asset_id, visible(None, registry.now())) for match in report.matches)
        return {origin.asset_id: origin for origin in found if origin is not None}


def _doing(check: Check) -> str:
    """What is being done, as a sentence; ``progress.js`` says the same."""
    if check.state is State.QUEUED:
        if check.ahead == 1:
            return "One clip is examined before this one"
        return f"{check.ahead} clips are examined before this one" if check.ahead else "Waiting for its turn"
    return check.doing[:1].upper() + check.doing[1:] or "Beginning"


def _to(check_id: str) -> Response:
    return RedirectResponse(f"{PATH}/{check_id}", HTTPStatus.SEE_OTHER)
