"""Which asset a file claims to be: enough to look for it among many, and no proof of anything."""

from __future__ import annotations

import os
from pathlib import Path

from provenance.assets import asset_id_of
from provenance.credentials import container
from provenance.credentials.library import MAX_MANIFEST_BYTES, Outcome, StoreReading, read_unverified_store
from provenance.credentials.reader import find_sidecar, sidecar_bytes
from provenance.credentials.store import ManifestStore
from provenance.errors import CredentialError, MediaError
from provenance.media.kinds import sniff
from provenance.media.source import open_media


def claimed_asset_id(path: Path) -> str | None:
    """The asset id that follows from a file's manifest, or from its sidecar's; None where it has none.

    Nothing is verified: whoever relies on it reads the credential (``reader.read_credential``).
    """
    try:
        sniff(path)
        reading = _reading(path)
    except (MediaError, CredentialError):
        return None
    if reading.summary is None or reading.details is None:
        return None
    store = ManifestStore(reading.summary, reading.details)
    binding, _ = store.hard_binding()
    return asset_id_of(store.label, binding) if store.label and binding else None


def _reading(path: Path) -> StoreReading:
    reading = StoreReading(Outcome.NONE)
    with open_media(path) as opened, os.fdopen(os.dup(opened.fd), "rb") as stream:
        if container.oversized(stream, opened.size, MAX_MANIFEST_BYTES) is None:
            stream.seek(0)
            reading = read_unverified_store(stream)
        beside = None if reading.outcome is Outcome.READ else find_sidecar(path)
        if beside is not None:
            stream.seek(0)
            reading = read_unverified_store(stream, sidecar_bytes(beside))
    return reading
