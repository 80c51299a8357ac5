"""Registered assets: looking them up, and what may happen to them after registration.

Every change writes an event in the same transaction; nothing is ever deleted.
"""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, true
from sqlalchemy.orm import Session

from provenance.assets import Original
from provenance.errors import RegistryError
from registry import dialects, packing
from registry.log.leaves import note_asset_event
from registry.log.models import LeafRow
from registry.log.sequencing import recording
from registry.models import AssetRow, EventRow, FingerprintRow
from registry.revocations import revocation_of
from registry.store import Registry
from registry.visibility import SUPERSEDED, WITHDRAWN, visible


@dataclass(frozen=True, slots=True)
class Event:
    """One line of an asset's history: registered, withdrawn, superseded, released, reference_added.

    ``leaf_index``: its place in the log; None while it waits for the next checkpoint.
    """

    number: int
    kind: str
    at: str
    actor: str
    detail: Mapping[str, object]
    leaf_index: int | None


@dataclass(frozen=True, slots=True)
class AssetLine:
    """What a list shows of an asset."""

    asset_id: str
    title: str
    signer: str
    owner: str
    media_type: str
    duration: Fraction | None
    registered_at: str
    status: str
    embargoed: bool


@dataclass(frozen=True, slots=True)
class AssetRecord:
    """All that the registry knows of an asset, for its operator."""

    original: Original
    owner: str
    embargoed: bool
    embargoed_until: str | None
    signed_reference_sha256: str | None
    events: tuple[Event, ...]


def local_user() -> str:
    """Who acts, for events: the account this process runs under."""
    try:
        return f"local:{getpass.getuser()}"
    except (KeyError, OSError):
        return "local:unknown"


def list_assets(registry: Registry, limit: int) -> list[AssetLine]:
    """The newest assets first, embargoed and withdrawn ones included: for the operator."""
    with registry.reading() as session:
        newest = AssetRow.registered_at.desc(), AssetRow.asset_id
        return [
            AssetLine(
                row.asset_id,
                row.title,
                row.signer,
                row.owner,
                row.media_type,
                _fraction(row.duration),
                row.registered_at,
                row.status,
                row.embargoed,
            )
            for row in session.scalars(select(AssetRow).order_by(*newest).limit(limit))
        ]


def show_asset(registry: Registry, asset_id: str, allowed: ColumnElement[bool] | None = None) -> AssetRecord:
    """Everything about one asset.

    Raises:
        RegistryError: none is registered that ``allowed`` lets through (``asset.unknown``).
    """
    with registry.reading() as session:
        row = require_asset(session, asset_id)
        original = load_original(session, asset_id, allowed)
        if original is None:
            raise unknown(asset_id)
        return AssetRecord(
            original,
            row.owner,
            row.embargoed,
            row.embargoed_until,
            row.signed_reference_sha256,
            events_of(session, asset_id),
        )


def events_of(session: Session, asset_id: str) -> tuple[Event, ...]:
    """An asset's history, from the first event on."""
    found = session.execute(
        select(EventRow, LeafRow.leaf_index)
        .outerjoin(LeafRow, and_(LeafRow.subject == EventRow.asset_id, LeafRow.number == EventRow.number))
        .where(EventRow.asset_id == asset_id)
        .order_by(EventRow.number)
    )
    return tuple(Event(row.number, row.kind, row.at, row.actor, row.detail, place) for row, place in found)


def load_original(session: Session, asset_id: str, allowed: ColumnElement[bool] | None = None) -> Original | None:
    """The asset as the value that leaves the registry, or None where there is none that ``allowed`` lets through."""
    condition = true() if allowed is None else allowed
    row = session.scalars(select(AssetRow).where(AssetRow.asset_id == asset_id, condition)).one_or_none()
    if row is None:
        return None
    prints = session.scalars(select(FingerprintRow).where(FingerprintRow.asset_id == asset_id))
    return Original(
        **facts_of(row), fingerprints=packing.from_rows(prints), revoked=revocation_of(session, row.signer_fingerprint)
    )


def facts_of(row: AssetRow) -> dict[str, Any]:
    """What ``Original`` and a list say of an asset alike, by the names of their fields."""
    return {
        "asset_id": row.asset_id,
        "title": row.title,
        "signer": row.signer,
        "signer_fingerprint": row.signer_fingerprint,
        "signed_at": row.signed_at,
        "registered_at": row.registered_at,
        "media_type": row.media_type,
        "duration": _fraction(row.duration),
        "width": row.width,
        "height": row.height,
        "fps": row.fps,
        "has_audio": row.has_audio,
        "manifest_label": row.manifest_label,
        "hard_binding": row.hard_binding,
        "reference_sha256": row.reference_sha256,
        "status": row.status,
        "claims": tuple(row.claims),
    }


def withdraw(registry: Registry, asset_id: str, reason: str, actor: str) -> None:
    """Take an asset out of searches for good; it stays on record.

    Raises:
        RegistryError: ``asset.unknown``, ``asset.withdrawn``.
    """
    with recording(registry) as session:
        dialects.hold_asset(session, asset_id)
        row = require_asset(session, asset_id)
        _require_not_withdrawn(row)
        row.status = WITHDRAWN
        add_event(session, asset_id, "withdrawn", registry.now(), actor, {"reason": reason})


def release(registry: Registry, asset_id: str, actor: str) -> None:
    """End an asset's embargo.

    Raises:
        RegistryError: ``asset.unknown``, ``asset.not_embargoed``.
    """
    with recording(registry) as session:
        dialects.hold_asset(session, asset_id)
        row = require_asset(session, asset_id)
        if not row.embargoed:
            raise RegistryError(
                "asset.not_embargoed", f"asset {asset_id} is under no embargo", hint="nothing needs to be done"
            )
        row.embargoed = False
        row.embargoed_until = None
        add_event(session, asset_id, "released", registry.now(), actor, {})


def supersede(registry: Registry, old_id: str, new_id: str, actor: str) -> None:
    """Say that one asset replaces another of the same owner. The old one is still found, and says so.

    Raises:
        RegistryError: ``asset.unknown``, ``asset.withdrawn``, ``asset.same``, ``asset.other_owner``.
    """
    with recording(registry) as session:
        dialects.hold_asset(session, old_id)
        old, new = require_asset(session, old_id), require_asset(session, new_id)
        _require_not_withdrawn(old)
        _require_not_withdrawn(new)
        if old_id == new_id:
            raise RegistryError("asset.same", "an asset cannot replace itself", hint="name two assets")
        if old.owner != new.owner:
            raise RegistryError(
                "asset.other_owner",
                "only an asset of the same owner can replace another",
                expected=old.owner,
                found=new.owner,
                hint="sign the new asset with a certificate of the same organisation",
            )
        old.status = SUPERSEDED
        add_event(session, old_id, "superseded", registry.now(), actor, {"by": new_id})


def owner_of_asset(registry: Registry, asset_id: str, viewer: str | None, *, sees_all: bool = False) -> str:
    """Whose an asset is; ``viewer`` as in ``visibility.visible``, ``sees_all`` for who may see every embargoed one.

    Raises:
        RegistryError: it is not registered, or the viewer must not know (``asset.unknown``).
    """
    allowed = true() if sees_all else visible(viewer, registry.now())
    with registry.reading() as session:
        owner = session.scalar(select(AssetRow.owner).where(AssetRow.asset_id == asset_id, allowed))
    if owner is None:
        raise unknown(asset_id)
    return owner


def require_asset(session: Session, asset_id: str) -> AssetRow:
    """The asset's row.

    Raises:
        RegistryError: it is not registered (``asset.unknown``).
    """
    row = session.get(AssetRow, asset_id)
    if row is None:
        raise unknown(asset_id)
    return row


def add_event(session: Session, asset_id: str, kind: str, at: str, actor: str, detail: Mapping[str, object]) -> None:
    """Write the next event of an asset, within the caller's transaction (see ``log.sequencing.recording``)."""
    last = session.scalar(select(func.max(EventRow.number)).where(EventRow.asset_id == asset_id))
    number = (last or 0) + 1
    session.add(EventRow(asset_id=asset_id, number=number, kind=kind, at=at, actor=actor, detail=dict(detail)))
    note_asset_event(session, asset_id, number, kind, at, detail)


def _require_not_withdrawn(row: AssetRow) -> None:
    if row.status == WITHDRAWN:
        raise RegistryError(
            "asset.withdrawn", f"asset {row.asset_id} was withdrawn", hint="`provenance assets show` says when and why"
        )


def unknown(asset_id: str) -> RegistryError:
    """The error for an asset that is not there, or not for who asks."""
    return RegistryError(
        "asset.unknown",
        "no asset is registered under this id",
        expected="26 letters and digits, as `register` printed them",
        found=asset_id[:80] or "an empty id",
        hint="`provenance assets list` shows the ids",
    )


def _fraction(stored: str | None) -> Fraction | None:
    return None if stored is None else Fraction(stored)
