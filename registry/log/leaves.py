"""What the log says of an event: the bytes of a leaf, in one way that can be written again from the event.

A leaf holds ids, hashes and times only. What an event says in words, and what an embargo hides, is in the hash of its
detail; whoever is shown the detail can check it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.log.models import LeafRow
from registry.models import ManifestRow

SCHEMA = "provenance.log/1"
MAX_LEAF_BYTES = 4096
"""Ten times what a leaf takes; a reader need not accept more."""


def canonical(value: Mapping[str, object]) -> bytes:
    """JSON with sorted keys, no spaces, and ASCII only."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def asset_leaf(
    asset_id: str, number: int, kind: str, at: str, detail: Mapping[str, object], manifest: str | None
) -> bytes:
    """The leaf of an asset's event. ``manifest``: SHA-256 of the asset's stored manifest, hex."""
    return canonical(
        {
            "schema": SCHEMA,
            "asset": asset_id,
            "number": number,
            "kind": kind,
            "at": at,
            "detail": hashlib.sha256(canonical(detail)).hexdigest(),
            "manifest": manifest,
        }
    )


def key_leaf(certificate: str, at: str, since: str, detail: Mapping[str, object]) -> bytes:
    """The leaf of a certificate's revocation. ``certificate``: its SHA-256, hex; ``since``: from when it is revoked."""
    return canonical(
        {
            "schema": SCHEMA,
            "certificate": certificate,
            "number": 1,
            "kind": "key_revoked",
            "at": at,
            "since": since,
            "detail": hashlib.sha256(canonical(detail)).hexdigest(),
        }
    )


def note_asset_event(
    session: Session, asset_id: str, number: int, kind: str, at: str, detail: Mapping[str, object]
) -> None:
    """Have an asset's event wait for the log, in the transaction that writes it."""
    manifest = session.scalar(select(ManifestRow.blob_sha256).where(ManifestRow.asset_id == asset_id))
    data = asset_leaf(asset_id, number, kind, at, detail, manifest)
    session.add(LeafRow(subject=asset_id, number=number, at=at, data=data))
