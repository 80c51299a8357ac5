"""Who may see an asset: everybody, or under an embargo only its owner."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_

from registry.models import AssetRow

REGISTERED = "registered"
WITHDRAWN = "withdrawn"
SUPERSEDED = "superseded"


def open_to_all(now: str) -> ColumnElement[bool]:
    """Assets that are not embargoed, or no longer. ``now``: as ``Registry.now`` gives it."""
    return or_(
        AssetRow.embargoed.is_(False), and_(AssetRow.embargoed_until.is_not(None), AssetRow.embargoed_until <= now)
    )


def visible(viewer: str | None, now: str) -> ColumnElement[bool]:
    """Assets that are open to all, or are the viewer's own."""
    return open_to_all(now) if viewer is None else or_(open_to_all(now), AssetRow.owner == viewer)


def findable(viewer: str | None, now: str) -> ColumnElement[bool]:
    """Visible assets that were not withdrawn: those a search may nominate."""
    return and_(visible(viewer, now), AssetRow.status != WITHDRAWN)


def shown(viewer: str | None, now: str) -> ColumnElement[bool]:
    """Visible assets whose pictures may be shown: those that were withdrawn to nobody but their owner."""
    kept = AssetRow.status != WITHDRAWN
    return and_(visible(viewer, now), kept if viewer is None else or_(kept, AssetRow.owner == viewer))
