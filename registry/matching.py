"""Which registered assets a fingerprint or a file's content belongs to, for those who only want the manifest.

A verifier lays the clip on the original before it says anything; here it is enough that most of what is shown, or
heard, is in the original. Nominations are therefore measured against the original's whole sequence, and answered from
a share on that chance does not reach.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance.catalog import Nomination, Query
from provenance.fingerprints.iscc import ContentCode
from provenance.fingerprints.values import Fingerprints, FrameHashes
from registry import index, iscc_index, packing
from registry.bands import DEFAULT, HASH_BITS
from registry.models import AssetRow, FingerprintRow
from registry.store import Registry
from registry.visibility import findable

MAX_RESULTS = 100
MAX_MEASURED = 20
"""Nominations measured against their originals."""
MOMENTS = 60
"""Moments of a clip that are asked about, evenly spread."""
SAME_BITS = 48
"""Bits of 256 up to which two frames show the same picture where many agree (measured for the verifier)."""
SAME_STILL_BITS = 31
"""The same for one or two pictures, which nothing else confirms: PDQ's own threshold."""
FEW_MOMENTS = 3
MIN_SHARE = 0.3
"""Share of the moments, or of the sound, that must be the original's: a clip cut from three sources finds them.

Frames of unrelated footage lie at 128 ± 12 bits, the nearest of a hundred thousand at about 76.
"""
MIN_SOUNDS = 8
"""Sub-fingerprints that must agree on one offset, those of one second: by chance none of 32 bits does."""
FAR_BITS = 64
"""A frame this far away adds nothing to the score."""
_MOMENT_MS = 500
_SOUND_BIN_MS = 1000
_NOTHING = Query(
    np.zeros((0, 32), np.uint8),
    np.zeros(0, np.int64),
    np.zeros(0, np.uint8),
    np.zeros(0, np.uint32),
    np.zeros(0, np.int64),
)


@dataclass(frozen=True, slots=True)
class Match:
    """An asset's manifest by its label, and how much of what was asked about is the asset's: 0-100."""

    manifest_label: str
    score: int


def by_iscc(registry: Registry, codes: Iterable[ContentCode], limit: int, viewer: str | None) -> list[Match]:
    """The assets with a Content-Code near one of these, nearest first."""
    scores: dict[str, int] = {}
    with registry.reading() as session:
        now = registry.now()
        for code in codes:
            for found in iscc_index.near(session, code, limit, viewer=viewer, now=now):
                # Codes of unrelated content differ in half of their bits.
                score = round(100 * (1 - found.distance / 128))
                scores[found.asset_id] = max(score, scores.get(found.asset_id, 0))
        return _matches(session, scores, limit, viewer, now)


def by_hashes(registry: Registry, hashes: NDArray[np.uint8], limit: int, viewer: str | None) -> list[Match]:
    """The assets that show frames with these hashes, uint8 (n, 32), in the order of the clip."""
    moments = np.arange(len(hashes), dtype=np.int64)
    return _by_pictures(registry, hashes, moments, np.zeros(len(hashes), np.uint8), limit, viewer)


def by_fingerprints(registry: Registry, prints: Fingerprints, limit: int, viewer: str | None) -> list[Match]:
    """The assets that show what a file shows, or where it shows nothing, whose sound it has.

    ``prints``: as ``fingerprint_to_search`` makes them.
    """
    if prints.frames is not None:
        frame, reading = np.nonzero(prints.frames.quality >= DEFAULT.min_quality)
        # The original's frames are hashed twice a second: one of them falls into each moment of that length.
        moments = prints.frames.times_ms[frame] // _MOMENT_MS
        readings = reading.astype(np.uint8)
        return _by_pictures(registry, prints.frames.hashes[frame, reading], moments, readings, limit, viewer)
    if prints.sound is None:
        return []
    loud = np.flatnonzero(prints.sound.loud)
    times = np.round(loud * prints.sound.step_s * 1000).astype(np.int64)
    query = replace(_NOTHING, sound=prints.sound.values[loud], sound_times_ms=times)
    return _by_query(registry, query, _of_sound, limit, viewer)


def _by_pictures(
    registry: Registry,
    hashes: NDArray[np.uint8],
    moments: NDArray[np.int64],
    readings: NDArray[np.uint8],
    limit: int,
    viewer: str | None,
) -> list[Match]:
    there = np.unique(moments)
    sampled = there[np.unique(np.linspace(0, len(there) - 1, min(len(there), MOMENTS)).round().astype(np.int64))]
    kept = np.isin(moments, sampled)
    query = replace(
        _NOTHING, frames=hashes[kept], frame_times_ms=moments[kept] * _MOMENT_MS, frame_variants=readings[kept]
    )
    return _by_query(registry, query, _of_picture, limit, viewer)


def _by_query(
    registry: Registry,
    query: Query,
    score_of: Callable[[Session, Query, Nomination], int | None],
    limit: int,
    viewer: str | None,
) -> list[Match]:
    if not len(query.frames) and not len(query.sound):
        return []
    with registry.reading() as session:
        now = registry.now()
        scores = {}
        for nomination in index.nominate(session, query, min(limit, MAX_MEASURED), viewer=viewer, now=now):
            score = score_of(session, query, nomination)
            if score is not None:
                scores[nomination.asset_id] = score
        return _matches(session, scores, limit, viewer, now)


def _of_picture(session: Session, query: Query, nomination: Nomination) -> int | None:
    """How near the original's frames come to those asked about; None where too few do."""
    if not len(nomination.hits):
        return None
    row = session.scalars(
        select(FingerprintRow).where(
            FingerprintRow.asset_id == nomination.asset_id, FingerprintRow.kind == packing.FRAMES
        )
    ).one_or_none()
    frames = packing.from_rows([row]).frames if row is not None else None
    if frames is None:
        return None
    # The way of looking at the clip's frames that comes closest: as they are, mirrored, without borders.
    closeness = np.clip(FAR_BITS + 1 - nomination.hits[:, 3], 0, None)
    best = np.argmax(np.bincount(query.frame_variants[nomination.hits[:, 0]], weights=closeness))
    asked = query.frame_variants == best
    distance = _nearest(query.frames[asked], query.frame_times_ms[asked], frames)
    same = SAME_BITS if len(distance) >= FEW_MOMENTS else SAME_STILL_BITS
    if np.count_nonzero(distance <= same) < MIN_SHARE * len(np.unique(query.frame_times_ms)):
        return None
    return round(100 * float(np.clip(1 - distance / FAR_BITS, 0, 1).mean()))


def _nearest(asked: NDArray[np.uint8], times_ms: NDArray[np.int64], frames: FrameHashes) -> NDArray[np.int64]:
    """For each moment the distance in bits of the nearest view of any of the original's frames."""
    stored = np.ascontiguousarray(frames.hashes[frames.quality >= DEFAULT.min_quality]).view(np.uint64)
    moments, which = np.unique(times_ms, return_inverse=True)
    distance = np.full(len(moments), HASH_BITS, dtype=np.int64)
    for moment, words in zip(which.reshape(-1).tolist(), np.ascontiguousarray(asked).view(np.uint64), strict=True):
        bits = np.bitwise_count(stored ^ words).sum(axis=1, dtype=np.int64)
        distance[moment] = min(distance[moment], bits.min(initial=HASH_BITS))
    return distance


def _of_sound(_session: Session, query: Query, nomination: Nomination) -> int | None:
    """The share of the sound that agrees on one offset; None where it is too small."""
    clip, original = query.sound_times_ms[nomination.sound_hits[:, 0]], nomination.sound_hits[:, 1]
    if not len(clip):
        return None
    offsets = (original - clip) // _SOUND_BIN_MS
    bins, counts = np.unique(offsets, return_counts=True)
    best = bins[np.argmax(counts)]
    agreeing = len(np.unique(nomination.sound_hits[(offsets >= best - 1) & (offsets <= best + 1), 0]))
    share = agreeing / len(query.sound)
    return round(100 * share) if agreeing >= MIN_SOUNDS and share >= MIN_SHARE else None


def _matches(session: Session, scores: dict[str, int], limit: int, viewer: str | None, now: str) -> list[Match]:
    """Manifest labels of the best, each once; an asset that was hidden meanwhile is none."""
    rows = session.execute(
        select(AssetRow.asset_id, AssetRow.manifest_label).where(AssetRow.asset_id.in_(scores), findable(viewer, now))
    )
    labels = {row.asset_id: row.manifest_label for row in rows}
    best: dict[str, int] = {}
    for asset_id in sorted(labels, key=lambda each: (-scores[each], each)):
        best.setdefault(labels[asset_id], scores[asset_id])
    return [Match(label, score) for label, score in best.items()][:limit]
