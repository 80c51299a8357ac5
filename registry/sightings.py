"""Sightings: a clip is seen somewhere, and the organisation whose picture it is said to be answers for it.

Anybody files one, the organisation that it concerns answers or dismisses it, and nothing is published before. Nothing
is kept of who filed it, and no address is ever fetched.
"""

from __future__ import annotations

import hashlib
import secrets

from sqlalchemy import ColumnElement, select, text
from sqlalchemy.orm import Session

from provenance.errors import RegistryError
from registry.account_models import OrganisationRow
from registry.models import AssetRow
from registry.sighting_models import SightingRow
from registry.sighting_texts import require_address, require_check_id, require_text
from registry.sighting_values import Answer, Filing, Moderator, Reply, Sighting, State
from registry.store import Registry
from registry.visibility import visible


def file(registry: Registry, filing: Filing) -> Sighting:
    """Take a sighting in. The same address for the same asset or owner again is counted with the first.

    Raises:
        RegistryError: ``sighting.address``, ``sighting.text``, ``sighting.check``, ``organisation.unknown``,
            ``asset.unknown``.
    """
    address, note = require_address(filing.address), require_text(filing.note, "the note")
    check_id, now = require_check_id(filing.check_id), registry.now()
    with registry.writing() as session:
        owner = _owner_of(session, filing, now)
        key = hashlib.sha256("\n".join((address, filing.asset_id or "", owner or "")).encode()).hexdigest()
        row = {
            "sighting_id": secrets.token_hex(16),
            "key_sha256": key,
            "address": address,
            "note": note,
            "asset_id": filing.asset_id,
            "owner": owner,
            "check_id": check_id,
            "filed_at": now,
        }
        session.execute(_FILE, row)
        return _load(session, SightingRow.key_sha256 == key)


def find(registry: Registry, sighting_id: str) -> Sighting:
    """One sighting.

    Raises:
        RegistryError: there is none of this id (``sighting.unknown``).
    """
    if not sighting_id.isprintable():
        raise _unknown()
    with registry.reading() as session:
        return _load(session, SightingRow.sighting_id == sighting_id)


def answer(registry: Registry, sighting_id: str, reply: Reply, moderator: Moderator) -> Sighting:
    """Publish what an organisation says; one that was said before is corrected.

    What concerns nobody yet is claimed by answering that it is ours.

    Raises:
        RegistryError: ``sighting.unknown``, ``sighting.other_owner``, ``sighting.unclaimed``, ``sighting.text``,
            ``asset.unknown``, ``asset.other_owner``.
    """
    words, now = require_text(reply.text, "the answer"), registry.now()
    with registry.writing() as session:
        row = _hold(session, sighting_id, moderator)
        owner = row.owner or moderator.owner
        if owner is None or (row.owner is None and reply.answer is Answer.NOT_OURS):
            raise RegistryError(
                "sighting.unclaimed",
                "this sighting concerns no organisation yet",
                expected="the answer of an organisation that it is theirs",
                found=reply.answer,
                hint="leave it to others, or let an administrator dismiss it",
            )
        if reply.asset_id is not None:
            _require_own(session, reply.asset_id, owner, now)
            row.asset_id = reply.asset_id
        row.changed_at = now if row.state == State.ANSWERED else None
        row.answered_at = (row.state == State.ANSWERED and row.answered_at) or now
        row.owner, row.state, row.answer, row.answer_text = owner, State.ANSWERED, reply.answer, words
        session.flush()
        return _load(session, SightingRow.sighting_id == sighting_id)


def dismiss(registry: Registry, sighting_id: str, moderator: Moderator) -> Sighting:
    """Put a sighting aside, such as spam; an answer that was published is taken back.

    Raises:
        RegistryError: ``sighting.unknown``, ``sighting.other_owner``, ``sighting.unclaimed``: it is an administrator's.
    """
    with registry.writing() as session:
        row = _hold(session, sighting_id, moderator)
        if row.owner is None and not moderator.admin:
            raise RegistryError(
                "sighting.unclaimed",
                "this sighting concerns no organisation yet, and may be another's",
                expected="an administrator",
                hint="leave it to others",
            )
        row.state, row.answer, row.answer_text = State.DISMISSED, None, ""
        row.answered_at = row.changed_at = None
        session.flush()
        return _load(session, SightingRow.sighting_id == sighting_id)


def from_row(row: SightingRow, title: str | None) -> Sighting:
    """The value of a row, with its asset's title."""
    return Sighting(
        row.sighting_id,
        row.address,
        row.note,
        row.asset_id,
        title,
        row.owner,
        row.check_id,
        row.times_filed,
        row.filed_at,
        State(row.state),
        None if row.answer is None else Answer(row.answer),
        row.answer_text,
        row.answered_at,
        row.changed_at,
    )


# As text since both databases know these words, and the mapper neither's.
_FILE = text(
    "INSERT INTO sightings (sighting_id, key_sha256, address, note, asset_id, owner, check_id, times_filed, filed_at, "
    "state, answer_text) VALUES (:sighting_id, :key_sha256, :address, :note, :asset_id, :owner, :check_id, 1, "
    ":filed_at, 'open', '') ON CONFLICT (key_sha256) DO UPDATE SET times_filed = sightings.times_filed + 1"
)


def _load(session: Session, which: ColumnElement[bool]) -> Sighting:
    found = session.execute(
        select(SightingRow, AssetRow.title).outerjoin(AssetRow, AssetRow.asset_id == SightingRow.asset_id).where(which)
    ).one_or_none()
    if found is None:
        raise _unknown()
    return from_row(*found)


def _hold(session: Session, sighting_id: str, moderator: Moderator) -> SightingRow:
    """The row, which nobody else changes meanwhile, if it is the moderator's to change."""
    row = session.get(SightingRow, sighting_id, with_for_update=True) if sighting_id.isprintable() else None
    if row is None:
        raise _unknown()
    if not moderator.admin and row.owner not in (None, moderator.owner):
        raise RegistryError(
            "sighting.other_owner",
            "this sighting concerns another organisation",
            expected="an answer of the organisation whose picture it is said to be",
            hint="leave it to them",
        )
    return row


def _owner_of(session: Session, filing: Filing, now: str) -> str | None:
    if filing.asset_id is not None:
        return _require_public(session, filing.asset_id, now)
    if filing.owner is not None and not _is_known(session, filing.owner, now):
        raise RegistryError(
            "organisation.unknown",
            "no organisation of this name is known here",
            found=filing.owner[:200],
            hint="name none: then all of them are asked",
        )
    return filing.owner


def _is_known(session: Session, owner: str, now: str) -> bool:
    # Not by a hidden asset: that there is one is nobody's business.
    has_assets = select(AssetRow.owner).where(AssetRow.owner == owner, visible(None, now)).limit(1)
    return owner.isprintable() and (
        session.get(OrganisationRow, owner) is not None or session.execute(has_assets).first() is not None
    )


def _require_public(session: Session, asset_id: str, now: str) -> str:
    """The owner of an asset that everybody may see."""
    named = select(AssetRow.owner).where(AssetRow.asset_id == asset_id, visible(None, now))
    # Neither database takes every character as a text to look for.
    owner = session.scalars(named).one_or_none() if asset_id.isprintable() else None
    if owner is None:
        raise RegistryError("asset.unknown", "no public asset has this id", found=asset_id[:80], hint="search for it")
    return owner


def _require_own(session: Session, asset_id: str, owner: str, now: str) -> None:
    found = _require_public(session, asset_id, now)
    if found != owner:
        raise RegistryError(
            "asset.other_owner",
            "the original named in an answer is another's",
            expected=f"an asset of {owner}",
            found=found,
            hint="name one of your own, or none",
        )


def _unknown() -> RegistryError:
    return RegistryError(
        "sighting.unknown", "there is no sighting of this id", hint="copy its address as it was given when it was filed"
    )
