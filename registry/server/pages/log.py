"""The registry's log for people: how long it is, who signs it, and how it is checked."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from registry.log.local import LocalLog
from registry.log.paths import CHECKPOINT, KEY
from registry.server.html import page
from registry.server.service import Open

router = APIRouter(include_in_schema=False)


@router.get("/log", response_class=HTMLResponse)
def log(request: Request, service: Open) -> HTMLResponse:
    """The newest signed checkpoint, and what to do with it."""
    source = LocalLog(service.registry)
    checkpoint, key = (source.read(path) for path in (CHECKPOINT, KEY))
    signed = checkpoint.decode() if checkpoint else None
    return page(
        request,
        "log.html.j2",
        title="The log",
        checkpoint=signed,
        entries=signed.split("\n")[1] if signed else "0",
        key=key.decode().strip() if key else None,
    )
