"""Assets with made-up hashes, for tests of the search index alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from provenance.catalog import Query
from provenance.fingerprints.values import Algorithm, Fingerprints, FrameHashes, SoundPrint
from registry import indexing, packing
from registry.models import AssetRow
from registry.store import Registry

ALGORITHM = Algorithm("test", "1")
STEP_S = 0.125


def frame_prints(hashes: NDArray[np.uint8], quality: int = 90, step_ms: int = 500) -> Fingerprints:
    """Fingerprints of frames: hashes uint8 (frames, views, 32) or (frames, 32)."""
    if hashes.ndim == 2:
        hashes = hashes[:, None]
    count, views = hashes.shape[:2]
    return Fingerprints(
        frames=FrameHashes(
            ALGORITHM,
            np.arange(count, dtype=np.int64) * step_ms,
            hashes,
            np.full((count, views), quality, dtype=np.uint8),
            np.zeros((count, 8), dtype=np.uint8),
        )
    )


def sound_prints(values: NDArray[np.uint32], loud: NDArray[np.bool_] | None = None) -> Fingerprints:
    return Fingerprints(
        sound=SoundPrint(ALGORITHM, values, np.ones(len(values), dtype=np.bool_) if loud is None else loud, STEP_S)
    )


def add_asset(registry: Registry, asset_id: str, prints: Fingerprints, owner: str = "organisation:Herald") -> None:
    with registry.writing() as session:
        session.add(
            AssetRow(
                asset_id=asset_id,
                title=asset_id,
                signer="Herald",
                signer_fingerprint="0" * 64,
                owner=owner,
                registered_at=registry.now(),
                media_type="video/mp4",
                has_audio=True,
                manifest_label="urn:c2pa:x",
                hard_binding="sha256:00",
                status="registered",
                embargoed=False,
                claims=[],
            )
        )
        session.flush()
        session.add_all(packing.to_rows(asset_id, prints))
        indexing.add(session, asset_id, prints)


def frame_query(hashes: NDArray[np.uint8], step_ms: int = 250, at_once: int = 1) -> Query:
    """A query for frames in order; ``at_once``: so many hashes are of one moment."""
    return Query(
        frames=hashes,
        frame_times_ms=np.arange(len(hashes), dtype=np.int64) // at_once * step_ms,
        frame_variants=np.zeros(len(hashes), dtype=np.uint8),
        sound=np.empty(0, dtype=np.uint32),
        sound_times_ms=np.empty(0, dtype=np.int64),
    )


def sound_query(values: NDArray[np.uint32]) -> Query:
    return Query(
        frames=np.empty((0, 32), dtype=np.uint8),
        frame_times_ms=np.empty(0, dtype=np.int64),
        frame_variants=np.empty(0, dtype=np.uint8),
        sound=values,
        sound_times_ms=(np.arange(len(values)) * STEP_S * 1000).astype(np.int64),
    )


def flip(hashes: NDArray[np.uint8], bits: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The hashes with exactly that many bits flipped in each."""
    unpacked = np.unpackbits(hashes, axis=1)
    for row in unpacked:
        row[rng.choice(256, bits, replace=False)] ^= 1
    return np.packbits(unpacked, axis=1)
