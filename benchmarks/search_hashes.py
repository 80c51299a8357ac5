"""Made-up fingerprints of film, with the statistics of real ones, for searching among very many.

Each view of an asset is a walk through the 256-bit cube: from one sampled frame (2 a second) to the next so many bits
change as they do in real footage. ``STEP_BITS`` holds the measured distances between neighbours, 5 % apart: 4,841 pairs
of eight views of 22 clips, half of them at most 24 bits apart, one in six more than 90: a cut, or quick movement. Bits
are independent and even otherwise, so that unrelated hashes are 128 ± 8 apart; real ones were measured at 127 ± 8.3
(pairs of different clips more than 90 apart), and two of them share a key as seldom. Both have 10.7 entries a hash.
One asset in fifty
begins with the same slate.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from provenance.catalog import Query
from provenance.fingerprints.values import Algorithm, Fingerprints, FrameHashes, SoundPrint

STEP_BITS = (0, 2, 2, 4, 4, 6, 8, 10, 12, 18, 24, 34, 44, 52, 60, 68, 76, 88, 104, 124, 160)
"""Bits between neighbouring frames at 0 %, 5 %, … 100 % of pairs."""
ASSET_FRAMES = 120
VIEWS = 8
HASHES_PER_ASSET = ASSET_FRAMES * VIEWS
SOUND_STEP_S = 0.124
_ALGORITHM = Algorithm("benchmark", "1")
_SLATE_FRAMES = 6
_SLATE_EVERY = 50
_SEED = 20261124


def made_up(number: int) -> Fingerprints:
    """The fingerprints of the asset with that number: a minute of picture and sound, the same at every call."""
    rng = np.random.default_rng((_SEED, number))
    hashes = np.stack([_walk(rng, ASSET_FRAMES) for _ in range(VIEWS)], axis=1)
    if number % _SLATE_EVERY == 0:
        hashes[:_SLATE_FRAMES] = np.random.default_rng(_SEED).integers(0, 256, (1, VIEWS, 32), dtype=np.uint8)
    times = np.arange(ASSET_FRAMES, dtype=np.int64) * 500
    quality = np.full((ASSET_FRAMES, VIEWS), 90, dtype=np.uint8)
    count = int(ASSET_FRAMES / 2 / SOUND_STEP_S)
    sound = SoundPrint(
        _ALGORITHM, rng.integers(0, 2**32, count, dtype=np.uint32), np.ones(count, dtype=np.bool_), SOUND_STEP_S
    )
    phashes = np.zeros((ASSET_FRAMES, 8), dtype=np.uint8)
    return Fingerprints(FrameHashes(_ALGORITHM, times, hashes, quality, phashes), sound)


def _walk(rng: np.random.Generator, count: int) -> NDArray[np.uint8]:
    steps = np.interp(rng.random(count), np.linspace(0, 1, len(STEP_BITS)), STEP_BITS)
    changed = rng.random((count, 256)) < steps[:, None] / 256
    changed[0] = rng.random(256) < 0.5
    return np.packbits(np.logical_xor.accumulate(changed, axis=0), axis=1)


def half_a_minute(prints: Fingerprints, start: int, bits: float, rng: np.random.Generator) -> Query:
    """What the verifier asks for 30 s of an asset: 240 frames as shown and mirrored, and the sound.

    Args:
        start: the asset's frame at which the clip begins.
        bits: mean distance in bits between a frame of the clip and the same frame of the asset.
    """
    frames, sound = prints.frames, prints.sound
    if frames is None or sound is None:
        raise ValueError("made-up assets have picture and sound")
    # Eight frames a second of the clip for two of the asset: those between are between in their bits, too.
    at = start + np.arange(240) / 4
    before, after = (np.unpackbits(frames.hashes[side, 0], axis=1) for side in (at.astype(int), at.astype(int) + 1))
    shown = np.where(rng.random((240, 256)) < (at % 1)[:, None], after, before)
    shown = np.packbits(shown ^ (rng.random((240, 256)) < bits / 256), axis=1)
    mirrored = np.packbits(np.unpackbits(shown, axis=1)[:, rng.permutation(256)], axis=1)
    first = int(start / 2 / SOUND_STEP_S)
    values = sound.values[first : first + 240].copy()
    # A re-encoded sound keeps about a third of its sub-fingerprints to the bit.
    values[rng.random(len(values)) < 0.65] ^= np.uint32(1 << int(rng.integers(32)))
    times = np.repeat(np.arange(240, dtype=np.int64) * 125, 2)
    return Query(
        np.stack([shown, mirrored], axis=1).reshape(-1, 32),
        times,
        np.tile(np.arange(2, dtype=np.uint8), 240),
        values,
        (np.arange(len(values)) * SOUND_STEP_S * 1000).astype(np.int64),
    )


def one_picture(prints: Fingerprints, frame: int, bits: int, rng: np.random.Generator) -> Query:
    """What the verifier asks for a still: its hash exactly ``bits`` from a stored one, and the mirrored one's."""
    if prints.frames is None:
        raise ValueError("made-up assets have picture and sound")
    shown = np.unpackbits(prints.frames.hashes[frame, 0])
    shown[rng.choice(256, bits, replace=False)] ^= 1
    both = np.packbits(np.stack([shown, shown[rng.permutation(256)]]), axis=1)
    nothing = np.zeros(0, dtype=np.int64)
    return Query(both, np.zeros(2, dtype=np.int64), np.arange(2, dtype=np.uint8), nothing.astype(np.uint32), nothing)


def numbers(hashes: int) -> Iterator[int]:
    """The numbers of the assets that have that many hashes together."""
    yield from range(1, max(1, hashes // HASHES_PER_ASSET) + 1)
