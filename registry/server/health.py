"""Whether the server lives, and whether it can answer."""

from __future__ import annotations

from fastapi import APIRouter, Response
from sqlalchemy import select

from registry.models import AssetRow
from registry.server.service import Open

router = APIRouter(tags=["health"])


@router.get("/livez", status_code=204, response_class=Response, summary="The process answers")
def livez() -> None:
    """Nothing is looked at: a server that waits for its database is alive."""


@router.get("/readyz", status_code=204, response_class=Response, summary="The database answers")
def readyz(service: Open) -> None:
    """Whether requests can be answered now; 503 where the database does not."""
    with service.registry.reading() as session:
        session.execute(select(AssetRow.asset_id).limit(1)).first()
