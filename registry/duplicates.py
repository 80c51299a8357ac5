"""Noticing that a picture is registered under another owner too. Noted, not refused: both may have a right to it."""

from __future__ import annotations

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance.catalog import Query
from provenance.fingerprints.values import Fingerprints
from registry.bands import DEFAULT
from registry.index import nominate
from registry.models import AssetRow

SAMPLED_FRAMES = 60
"""Frames asked about, evenly spread: enough to tell, few enough to cost nothing beside the decode."""
SAME_BITS = 31
"""Bits of 256 within which two frames are the same picture (PDQ's own threshold)."""
SAME_SHARE = 0.5
"""Share of the sampled frames that must be found in the other asset."""


def same_picture(session: Session, prints: Fingerprints, *, owner: str, now: str) -> list[str]:
    """Ids of other owners' assets that show what these fingerprints show, best first; at most ten."""
    if prints.frames is None:
        return []
    rich = np.flatnonzero(prints.frames.quality[:, 0] >= DEFAULT.min_quality)
    if not len(rich):
        return []
    sampled = rich[np.unique(np.linspace(0, len(rich) - 1, SAMPLED_FRAMES).round().astype(np.int64))]
    query = Query(
        frames=prints.frames.hashes[sampled, 0],
        frame_times_ms=prints.frames.times_ms[sampled],
        frame_variants=np.zeros(len(sampled), dtype=np.uint8),
        sound=np.empty(0, dtype=np.uint32),
        sound_times_ms=np.empty(0, dtype=np.int64),
    )
    found = []
    for nomination in nominate(session, query, 10, viewer=owner, now=now):
        near = nomination.hits[nomination.hits[:, 3] <= SAME_BITS, 0]
        if len(np.unique(near)) >= SAME_SHARE * len(sampled):
            found.append(nomination.asset_id)
    others = session.scalars(select(AssetRow.asset_id).where(AssetRow.asset_id.in_(found), AssetRow.owner != owner))
    foreign = set(others)
    return [asset_id for asset_id in found if asset_id in foreign]
