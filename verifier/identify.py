"""Which original is it? Nominations from the registry, each verified against the original's whole sequence.

1. Ask the catalog with every informative hash of picture and sound.
2. For each nominated original, measure the distance between every sampled frame of the clip and of the original.
3. Keep the originals that explain enough of the clip's picture, or enough of its sound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from provenance.assets import Original
from provenance.catalog import Catalog, Nomination, Query
from provenance.fingerprints import pdq, sound
from provenance.fingerprints.values import Fingerprints, FrameHashes, SoundPrint

CLOSE_BITS = 64
"""Hamming distance (of 256) up to which two frames may show the same picture; unrelated pairs lie at 128 +- 12."""
MIN_QUALITY = 20
"""PDQ quality (0-100) under which a frame is too flat for its hash to mean anything."""
MIN_PICTURE_SHARE = 0.12
"""Share of the clip's informative frames that an original must explain to be a candidate by its picture."""
SAME_SOUND = 0.30
"""Mean Chromaprint bit error under which two stretches are the same sound: <= .08 re-encoded, >= .306 unrelated."""
MIN_SOUND_S = 2.0
_SOUND_WINDOW = 8
_MAX_OFFSETS = 8
_MAX_CLIP_FRAMES = 480


@dataclass(frozen=True, slots=True, eq=False)
class SoundRun:
    """A stretch of the clip whose sound is the original's: seconds in the clip, offset to the original, mean error."""

    start: float
    end: float
    offset: float
    error: float


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """An original that explains part of the clip.

    ``distance``: uint16 (n, m), the least Hamming distance between clip frame and original frame over views and
    readings; ``clip_times`` float64 (n,) and ``original_times`` float64 (m,) in seconds, of informative frames.
    ``picture_share``: 0-1 of the clip's informative frames with a close one in the original. ``sound``: stretches with
    the original's sound, in clip order, not overlapping.
    """

    original: Original
    clip_times: NDArray[np.float64]
    original_times: NDArray[np.float64]
    distance: NDArray[np.uint16]
    mirrored: bool
    picture_share: float
    sound: tuple[SoundRun, ...]

    @property
    def strength(self) -> float:
        """For ranking: closeness of the picture where it is close, and a little for the sound."""
        if not self.distance.size:
            return 0.3 if self.sound else 0.0
        best = self.distance.min(axis=1)
        closeness = float(np.clip(1 - best / CLOSE_BITS, 0, 1).mean())
        return self.picture_share + closeness + (0.3 if self.sound else 0.0)


def identify(prints: Fingerprints, catalog: Catalog, *, limit: int = 8) -> list[Candidate]:
    """The originals that the clip may come from, best first; empty if none explains enough of it."""
    query = query_of(prints)
    candidates = []
    for nomination in catalog.nominate(query, limit):
        original = catalog.original(nomination.asset_id)
        if original is None:
            continue
        candidate = assess(prints, query, original, nomination)
        if candidate is not None:
            candidates.append(candidate)
    return sorted(candidates, key=lambda c: c.strength, reverse=True)


def query_of(prints: Fingerprints) -> Query:
    """All informative hashes of a clip, as the catalog wants them."""
    if prints.frames is None:
        frames, times, variants = np.zeros((0, pdq.HASH_BYTES), np.uint8), np.zeros(0, np.int64), np.zeros(0, np.uint8)
    else:
        index, variant = np.nonzero(prints.frames.quality >= MIN_QUALITY)
        frames, times = prints.frames.hashes[index, variant], prints.frames.times_ms[index]
        variants = variant.astype(np.uint8)
    if prints.sound is None:
        values, positions = np.zeros(0, np.uint32), np.zeros(0, np.int64)
    else:
        loud = np.flatnonzero(prints.sound.loud)
        values, positions = prints.sound.values[loud], np.round(loud * prints.sound.step_s * 1000).astype(np.int64)
    return Query(frames, times, variants, values, positions)


def assess(prints: Fingerprints, query: Query, original: Original, nomination: Nomination) -> Candidate | None:
    """Measure a nominated original against the whole clip; None if it explains too little of it."""
    clip_times, original_times = np.zeros(0), np.zeros(0)
    distance = np.zeros((0, 0), np.uint16)
    mirrored, share = False, 0.0
    if prints.frames is not None and original.fingerprints.frames is not None:
        mirrored = _mostly_mirrored(query, nomination)
        clip_times, original_times, distance = frame_distances(prints.frames, original.fingerprints.frames, mirrored)
        if distance.size:
            share = float((distance.min(axis=1) <= CLOSE_BITS).mean())
    runs: tuple[SoundRun, ...] = ()
    if prints.sound is not None and original.fingerprints.sound is not None:
        runs = same_sound(prints.sound, original.fingerprints.sound, nomination)
    if share < MIN_PICTURE_SHARE and not runs:
        return None
    return Candidate(original, clip_times, original_times, distance, mirrored, share, runs)


def frame_distances(
    clip: FrameHashes, original: FrameHashes, mirrored: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.uint16]]:
    """Least distance over views and readings between informative frames.

    Returns:
        clip times (n,) and original times (m,) in seconds; distances uint16 (n, m).
    """
    readings = [1, 3] if mirrored else [0, 2]
    rows = np.flatnonzero(clip.quality[:, readings].max(axis=1) >= MIN_QUALITY)
    rows = rows[:: max(1, -(-len(rows) // _MAX_CLIP_FRAMES))]
    columns = np.flatnonzero(original.quality.max(axis=1) >= MIN_QUALITY)
    best = np.full((len(rows), len(columns)), pdq.HASH_BITS, dtype=np.uint16)
    if best.size:
        theirs = np.ascontiguousarray(original.hashes[columns]).view(np.uint64)
        ours = np.ascontiguousarray(clip.hashes[rows]).view(np.uint64)
        for reading in readings:
            usable = clip.quality[rows, reading] >= MIN_QUALITY
            for view in range(theirs.shape[1]):
                bits = np.zeros(best.shape, dtype=np.uint16)
                for word in range(4):
                    bits += np.bitwise_count(ours[:, reading, word, None] ^ theirs[None, :, view, word])
                bits[~usable] = pdq.HASH_BITS
                np.minimum(best, bits, out=best)
    return clip.times_ms[rows] / 1000, original.times_ms[columns] / 1000, best


def same_sound(clip: SoundPrint, original: SoundPrint, nomination: Nomination) -> tuple[SoundRun, ...]:
    """The stretches whose sound is the original's, at the offsets that most hits agree on, in clip order."""
    if not len(nomination.sound_hits):
        return ()
    loud = np.flatnonzero(clip.loud)
    at = loud[np.minimum(nomination.sound_hits[:, 0], len(loud) - 1)]
    offsets = np.round(nomination.sound_hits[:, 1] / 1000 / clip.step_s).astype(np.int64) - at
    values, counts = np.unique(offsets, return_counts=True)
    free = np.ones(len(clip.values), bool)
    runs: list[SoundRun] = []
    tried = values[np.argsort(counts)[::-1][:_MAX_OFFSETS]].tolist()
    while found := [run for offset in tried if (run := _run_at(clip, original, offset, free)) is not None]:
        best = max(found, key=lambda run: run.end - run.start)
        free[round(best.start / clip.step_s) : round(best.end / clip.step_s)] = False
        runs.append(best)
    return tuple(sorted(runs, key=lambda run: run.start))


def _run_at(clip: SoundPrint, original: SoundPrint, offset: int, free: NDArray[np.bool_]) -> SoundRun | None:
    first, last = max(0, -offset), min(len(clip.values), len(original.values) - offset)
    if last - first < _SOUND_WINDOW:
        return None
    error = sound.bit_error(clip.values[first:last], original.values[first + offset : last + offset])
    smooth = np.convolve(error, np.ones(_SOUND_WINDOW) / _SOUND_WINDOW, mode="same")
    same = (smooth < SAME_SOUND) & clip.loud[first:last] & free[first:last]
    start, end = longest_run(same, gap=_SOUND_WINDOW)
    if (end - start) * clip.step_s < MIN_SOUND_S:
        return None
    return SoundRun(
        (first + start) * clip.step_s, (first + end) * clip.step_s, offset * clip.step_s, float(error[start:end].mean())
    )


def longest_run(flags: NDArray[np.bool_], gap: int) -> tuple[int, int]:
    """The longest stretch of true values, bridging holes of up to ``gap``: [start, end), (0, 0) where there is none."""
    at = np.flatnonzero(flags)
    if not at.size:
        return 0, 0
    breaks = np.flatnonzero(np.diff(at) > gap + 1)
    starts, ends = at[np.r_[0, breaks + 1]], at[np.r_[breaks, at.size - 1]] + 1
    best = int(np.argmax(ends - starts))
    return int(starts[best]), int(ends[best])


def _mostly_mirrored(query: Query, nomination: Nomination) -> bool:
    """Whether the closest hits come from mirrored readings of the clip's frames."""
    hits = nomination.hits
    if not len(hits):
        return False
    weight = np.clip(CLOSE_BITS - hits[:, 3], 0, None)
    odd = query.frame_variants[hits[:, 0]] % 2 == 1
    return float(weight[odd].sum()) > float(weight[~odd].sum())
