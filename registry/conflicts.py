"""Two owners who have registered the same picture: both are told, and neither registration is changed.

Whoever registers second has it in the event of the registration; the asset that was there gets the event ``conflict``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from registry import dialects
from registry.assets import add_event
from registry.log.models import LeafRow
from registry.models import AssetRow, EventRow
from registry.store import Registry
from registry.visibility import visible

CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Party:
    """One of two assets that show the same picture. ``leaf_index``: the log entry of its registration.

    ``title``, ``owner`` and ``status`` are None where an embargo keeps them from the one who asks.
    """

    asset_id: str
    registered_at: str
    leaf_index: int | None
    title: str | None
    owner: str | None
    status: str | None


@dataclass(frozen=True, slots=True)
class Conflict:
    """What was noticed, and when. ``earlier`` is the one whose registration the log has first."""

    at: str
    earlier: Party
    later: Party

    def as_json(self) -> dict[str, Any]:
        """The conflict as a JSON object."""
        return asdict(self)


def note_conflicts(session: Session, asset_id: str, others: Sequence[str], at: str, actor: str) -> None:
    """Tell the owners of assets that were there first, within the transaction that registers ``asset_id``."""
    for other in sorted(others):
        dialects.hold_asset(session, other)
        add_event(session, other, CONFLICT, at, actor, {"with": asset_id})
        session.flush()


def conflicts(registry: Registry, viewer: str | None = None) -> list[Conflict]:
    """All conflicts, the newest first; with ``viewer`` those of that owner's assets, and only what that one may see."""
    with registry.reading() as session:
        found = session.scalars(select(EventRow).where(EventRow.kind == CONFLICT).order_by(EventRow.at.desc()))
        told = []
        for event in found.all():
            one, other = event.asset_id, str(event.detail["with"])
            if viewer is not None and viewer not in _owners(session, one, other):
                continue
            parties = [_party(session, asset_id, viewer, registry.now()) for asset_id in (one, other)]
            parties.sort(key=lambda party: (party.leaf_index is None, party.leaf_index))
            told.append(Conflict(event.at, *parties))
        return told


def _owners(session: Session, *asset_ids: str) -> set[str]:
    return set(session.scalars(select(AssetRow.owner).where(AssetRow.asset_id.in_(asset_ids))))


def _party(session: Session, asset_id: str, viewer: str | None, now: str) -> Party:
    row, leaf_index = session.execute(
        select(AssetRow, LeafRow.leaf_index)
        .outerjoin(LeafRow, and_(LeafRow.subject == AssetRow.asset_id, LeafRow.number == 1))
        .where(AssetRow.asset_id == asset_id)
    ).one()
    shown = viewer is None or session.scalar(
        select(AssetRow.asset_id).where(AssetRow.asset_id == asset_id, visible(viewer, now))
    )
    title, owner, status = (row.title, row.owner, row.status) if shown else (None, None, None)
    return Party(asset_id, row.registered_at, leaf_index, title, owner, status)
