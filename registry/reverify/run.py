"""Going over assets one after the other; each is told as soon as it was looked at.

1. The manifest is read again, with today's anchors, policy and revocations.
2. What the registry says, its fingerprints and the reference copy must be what the manifest binds.
3. Every event must be in the log, as it is told, and the log must hold no more.
4. What was done to the asset on record is told, too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from provenance.credentials.reader import read_manifest
from provenance.credentials.values import Credential
from provenance.errors import LogError, RegistryError
from provenance.trust.anchors import AnchorList
from provenance.trust.policy import Policy
from registry.log.receipts import Entry, require_logged, require_same_event
from registry.reverify.rules import binding_changes, status_changes, trust_changes
from registry.reverify.values import Change, Held, Holdings, Kind, Reverified
from registry.visibility import WITHDRAWN

_GONE = frozenset({"blobs.missing", "reference.withheld"})
_TAMPERED = "blobs.tampered"


def reverify(
    holdings: Holdings,
    asset_ids: Sequence[str],
    *,
    anchors: Sequence[AnchorList],
    policy: Policy,
    now: datetime,
    references: bool = True,
    on_progress: Callable[[float], None] | None = None,
) -> Iterator[Reverified]:
    """Say of each of these assets what changed since it was registered. Changes nothing.

    ``references``: read the reference copies, too, which takes most of the time. ``on_progress`` may raise to end it.

    Raises:
        RegistryError: the registry cannot be read, or has no such asset.
    """
    for number, asset_id in enumerate(asset_ids):
        if on_progress is not None:
            on_progress(number / len(asset_ids))
        held = holdings.held(asset_id)
        changes, manifest = [], None
        try:
            manifest = holdings.manifest(asset_id)
        except RegistryError as error:
            changes.append(_of_blob(error, "manifest", Kind.MANIFEST_MISSING, Kind.MANIFEST_CHANGED))
        if manifest is not None:
            credential = read_manifest(manifest, anchors=anchors, policy=policy, now=now)
            changes += _of_credential(holdings, held, credential, policy, now)
        changes += _of_reference(holdings, held) if references else ()
        changes += _of_log(holdings, held, hashlib.sha256(manifest).hexdigest() if manifest is not None else None)
        changes += status_changes(held)
        yield Reverified(held.asset_id, held.title, held.signer, tuple(changes))


def _of_credential(
    holdings: Holdings, held: Held, credential: Credential, policy: Policy, now: datetime
) -> Iterator[Change]:
    changes = list(trust_changes(held, credential, policy, now))
    yield from changes
    if any(change.kind is Kind.CREDENTIAL_INVALID for change in changes):
        # Nothing is signed by it that the rest could be held against.
        return
    try:
        stored = holdings.fingerprints(held.asset_id)
    except RegistryError as error:
        if error.code != "registry.corrupt":
            raise
        yield Change(Kind.FINGERPRINTS_UNBOUND, f"{error.message}: {error.found}")
        return
    yield from binding_changes(held, credential, stored)


def _of_reference(holdings: Holdings, held: Held) -> Iterator[Change]:
    if held.reference_sha256 is None:
        return
    try:
        holdings.read_reference(held)
    except RegistryError as error:
        if error.code == "reference.withheld" and held.status == WITHDRAWN:
            # It is shown to its owner alone.
            return
        yield _of_blob(error, "reference copy", Kind.REFERENCE_MISSING, Kind.REFERENCE_CHANGED)


def _of_blob(error: RegistryError, what: str, missing: Kind, changed: Kind) -> Change:
    if error.code in _GONE:
        return Change(missing, f"its {what} is not stored any more")
    if error.code == _TAMPERED:
        return Change(changed, f"its stored {what} is not what was stored")
    raise error


def _of_log(holdings: Holdings, held: Held, manifest_sha256: str | None) -> Iterator[Change]:
    for event in held.events:
        where = f"event {event.number}, {event.kind} at {event.at}"
        try:
            entry = _entry(holdings, held, event.number)
            if entry is None:
                yield Change(Kind.LOG_MISSING, f"{where}, is not in the log")
                continue
            require_same_event(entry, held.asset_id, event.number, event.kind, event.at, manifest_sha256)
            if holdings.detail_sha256(event) not in (None, entry.detail):
                yield Change(Kind.LOG_DIFFERS, f"{where}: the log has another detail of it")
        except LogError as error:
            kind = Kind.LOG_DIFFERS if error.code == "log.other_entry" else Kind.LOG_UNPROVEN
            yield Change(kind, f"{where}: {error.message}")
    known = len(held.events)
    try:
        hidden = _entry(holdings, held, known + 1) is not None
    except LogError:
        hidden = True
    # It may have happened just now.
    if hidden and len(holdings.held(held.asset_id).events) == known:
        yield Change(Kind.LOG_DIFFERS, f"the log has more than the {known} events that the registry tells")


def _entry(holdings: Holdings, held: Held, number: int) -> Entry | None:
    receipt, verifier = holdings.receipt(held.asset_id, number), holdings.verifier
    return None if receipt is None or verifier is None else require_logged(receipt, verifier)[0]
