"""What a clip is asked for with: hashes of its frames, read in several ways."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from provenance.catalog import Nomination, Query
from provenance.fingerprints import brief_sound, pdq
from provenance.fingerprints.brief_sound import BriefSound
from provenance.fingerprints.frames import Looks
from provenance.fingerprints.readings import AS_SHOWN, MIRRORED, Reading, further, inset
from provenance.fingerprints.rectangles import rectangles
from provenance.fingerprints.values import Fingerprints, FrameHashes, SoundPrint
from provenance.media.sound import samples_of
from verifier.clip import Clip

CLOSE_BITS = 72
"""Hamming distance (of 256) up to which two frames may show the same picture; unrelated pairs lie at 128 +- 12.

Copies that were filmed from a screen, or cropped, mirrored and captioned at once, lie at 56 to 72 (measured): what is
that far away is a candidate only, for geometry and motion to confirm.
"""
SAME_BITS = 48
"""Distance up to which two frames show the same picture where nothing else can confirm it."""
MIN_QUALITY = 20
"""PDQ quality (0-100) under which a frame is too flat for its hash to mean anything."""
DOUBTFUL_BITS = 4
"""Bits of brief sound's sub-fingerprints that are asked for both ways."""
_LOOK_STEP_S = 0.5
_PLAIN = (AS_SHOWN, MIRRORED, AS_SHOWN, MIRRORED)
_MOST_READINGS = 3
_MAX_CLIP_FRAMES = 480
_NOTHING = np.zeros(0, np.uint32), np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """A clip's sound. ``print``: None where it is too short for Chromaprint; ``brief``: None where it is not brief."""

    print: SoundPrint | None
    brief: BriefSound | None


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """``hashes``: uint8 (n, readings, 32) of a clip's frames at ``times`` (float64 (n,), seconds), with ``quality``
    uint8 (n, readings), 0 flat - 100 rich."""

    readings: tuple[Reading, ...]
    times: NDArray[np.float64]
    hashes: NDArray[np.uint8]
    quality: NDArray[np.uint8]

    def query(self, sound: Heard | None, moments: int | None = None) -> Query:
        """The informative hashes of all frames or of so many, as the catalog wants them, with those of the sound."""
        frame, reading = np.nonzero(self.quality >= MIN_QUALITY)
        if moments is not None and frame.size:
            there = np.unique(frame)
            chosen = there[np.linspace(0, len(there) - 1, min(moments, len(there))).round().astype(np.int64)]
            kept = np.isin(frame, chosen)
            frame, reading = frame[kept], reading[kept]
        times = np.round(self.times[frame] * 1000).astype(np.int64)
        query = Query(self.hashes[frame, reading], times, reading.astype(np.uint8), *_NOTHING)
        if sound is not None and sound.print is not None:
            loud = np.flatnonzero(sound.print.loud)
            at = np.round(loud * sound.print.step_s * 1000).astype(np.int64)
            query = replace(query, sound=sound.print.values[loud], sound_times_ms=at)
        if sound is not None and sound.brief is not None:
            values, moment = sound.brief.likely(DOUBTFUL_BITS)
            at = np.round(moment * 1000 * brief_sound.STEP_S / brief_sound.FINE).astype(np.int64)
            query = replace(query, brief=values, brief_times_ms=at)
        return query

    def best_readings(self, query: Query, nomination: Nomination) -> list[int]:
        """The readings whose hashes come closest to the nominated original, closest first; all mirrored, or none."""
        weight = np.zeros(len(self.readings))
        hits = nomination.hits
        if not len(hits):
            return [k for k, reading in enumerate(self.readings) if reading == AS_SHOWN]
        np.add.at(weight, query.frame_variants[hits[:, 0]], np.clip(CLOSE_BITS + 1 - hits[:, 3], 0, None))
        best = int(np.argmax(weight))
        order = np.argsort(weight, kind="stable")[::-1].tolist()
        alike = [k for k in order if self.readings[k].mirrored == self.readings[best].mirrored]
        return [k for k in alike if weight[k] >= weight[best] / 2 or self.readings[k] == self.readings[best]][
            :_MOST_READINGS
        ]

    def distances(
        self, original: FrameHashes, readings: list[int]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.uint16]]:
        """Least distance over an original's views and some readings, between informative frames.

        Returns:
            clip times (n,) and original times (m,) in seconds; distances uint16 (n, m).
        """
        rows = np.flatnonzero(self.quality[:, readings].max(axis=1) >= MIN_QUALITY)
        rows = rows[:: max(1, -(-len(rows) // _MAX_CLIP_FRAMES))]
        columns = np.flatnonzero(original.quality.max(axis=1) >= MIN_QUALITY)
        best = np.full((len(rows), len(columns)), pdq.HASH_BITS, dtype=np.uint16)
        if best.size:
            theirs = np.ascontiguousarray(original.hashes[columns]).view(np.uint64)
            ours = np.ascontiguousarray(self.hashes[rows]).view(np.uint64)
            for reading in readings:
                usable = self.quality[rows, reading] >= MIN_QUALITY
                for view in range(theirs.shape[1]):
                    bits = np.zeros(best.shape, dtype=np.uint16)
                    for word in range(4):
                        bits += np.bitwise_count(ours[:, reading, word, None] ^ theirs[None, :, view, word])
                    bits[~usable] = pdq.HASH_BITS
                    np.minimum(best, bits, out=best)
        return self.times[rows], original.times_ms[columns] / 1000, best


def heard(clip: Clip) -> Heard:
    """What of the clip's sound tells where it is from."""
    pcm = clip.extraction.pcm
    return Heard(clip.prints.sound, None if pcm is None else brief_sound.of_clip(samples_of(pcm)))


def plainly(prints: Fingerprints) -> Asked:
    """The clip's frames as they are, mirrored, and without their borders."""
    frames = prints.frames
    if frames is None:
        none = np.zeros((0, len(_PLAIN)), np.uint8)
        return Asked(_PLAIN, np.zeros(0), np.zeros((*none.shape, pdq.HASH_BYTES), np.uint8), none)
    return Asked(_PLAIN, frames.times_ms / 1000, frames.hashes, frames.quality)


def by_pictures_in_it(looks: Looks) -> Asked | None:
    """What looks like a picture set into the clip's frames; None where nothing does."""
    frames = looks.spaced(_LOOK_STEP_S)
    return _read(looks, inset(rectangles([frame.image for frame in frames])))


def by_all_means(looks: Looks) -> Asked | None:
    """Turned, cut to common shapes and without caption bands."""
    frames = looks.spaced(_LOOK_STEP_S)
    if not frames:
        return None
    height, width = frames[0].image.shape
    return _read(looks, further((width, height)))


def _read(looks: Looks, readings: tuple[Reading, ...]) -> Asked | None:
    frames = looks.spaced(_LOOK_STEP_S)
    if not frames or not readings:
        return None
    grids = np.stack([pdq.to_grid(reading.picture(frame.image)) for frame in frames for reading in readings])
    hashes, quality = pdq.pdq(grids)
    shape = len(frames), len(readings)
    times = np.array([float(frame.time) for frame in frames])
    return Asked(readings, times, hashes.reshape(*shape, pdq.HASH_BYTES), quality.reshape(shape))
