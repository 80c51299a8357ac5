"""The blobs of an asset: stored first, and noted in the transaction that refers to them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from provenance.media.kinds import sniff
from registry.blobs import BlobStore

MANIFEST_TYPE = "application/c2pa"


@dataclass(frozen=True, slots=True)
class AssetBlob:
    """A stored blob, as its row has it."""

    sha256: str
    size: int
    media_type: str


def store_manifest(blobs: BlobStore, manifest: bytes) -> AssetBlob:
    """Store a signed manifest."""
    return AssetBlob(blobs.put_bytes(manifest), len(manifest), MANIFEST_TYPE)


def store_reference(blobs: BlobStore, copy: Path) -> AssetBlob:
    """Store a reference copy."""
    return AssetBlob(blobs.put_file(copy), copy.stat().st_size, sniff(copy).media_type)


def note_blob(session: Session, blob: AssetBlob | None) -> None:
    """Write the row of a stored blob, if there is one and its row is not there yet."""
    if blob is not None:
        # Two assets may share a reference copy, and be registered at the same time.
        statement = text("INSERT INTO blobs VALUES (:sha256, :size, :media_type) ON CONFLICT DO NOTHING")
        session.execute(statement, asdict(blob))
