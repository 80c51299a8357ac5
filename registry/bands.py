"""How a 256-bit hash becomes keys that an ordinary index can look up.

The bits are permuted (neighbouring bits of a real hash correlate), then cut into bands; two hashes at a small distance
agree in at least one whole band. Keys carry the band's number: ``band << band_bits | bits``.

Numbers that are stored, each in 32 bits: a *frame* is ``view << 20 | position`` among the asset's indexed frames of
that view; a *place* is a run of up to 256 such frames, ``view << 28 | position << 8 | length - 1``, as a signed number;
a *sketch* is every eighth of the permuted bits, enough to tell most chance entries under a key from near hashes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

HASH_BITS = 256
SKETCH_BITS = 32
VIEW_BITS = 4
POSITION_BITS = 20
RUN_BITS = 8
MAX_VIEWS = 1 << VIEW_BITS
MAX_FRAMES = 1 << POSITION_BITS
MAX_RUN = 1 << RUN_BITS
MAX_KEY_BITS = 31


@dataclass(frozen=True, slots=True)
class IndexParameters:
    """What index entries depend on; kept in the table ``index_versions``.

    ``bands`` x ``band_bits`` may exceed 256: bits are then used again, in another order. ``min_quality``: 0-100, hashes
    of flatter views are not indexed: 20 keeps dim pictures and drops black and plain ones. ``max_runs``: most entries
    of one view of one asset under one key, evenly spread in time; a still scene with a little noise would otherwise
    fill its keys with thousands of entries and make them too frequent to look up. ``max_key_rows``: entries under one
    key beyond which it is on the stop-list. One asset has at most 32 of each view there, so that a key needs at least
    sixteen assets that show the same thing all the time to get that frequent.
    """

    bands: int = 16
    band_bits: int = 20
    seed: str = "org.provenance-toolkit.bands/1"
    min_quality: int = 20
    max_runs: int = 32
    max_key_rows: int = 4096

    def __post_init__(self) -> None:
        if not (1 <= self.bands <= 64 and 8 <= self.band_bits <= 24 and self.key_count <= 1 << MAX_KEY_BITS):
            raise ValueError(f"{self.bands} bands of {self.band_bits} bits cannot be numbered")

    @property
    def key_count(self) -> int:
        """Keys that there are."""
        return self.bands << self.band_bits


DEFAULT = IndexParameters()


@lru_cache(maxsize=8)
def permutation(seed: str) -> tuple[int, ...]:
    """The order of bits for a seed: by SHA-256, not a random generator, so that no library's update can change it."""
    return tuple(sorted(range(HASH_BITS), key=lambda bit: hashlib.sha256(f"{seed}/{bit}".encode()).digest()))


@lru_cache(maxsize=8)
def _columns(seed: str, count: int) -> tuple[int, ...]:
    """The bits of ``count`` columns: the seed's permutation, then those of further seeds where more are wanted."""
    rounds = -(-count // HASH_BITS)
    seeds = [seed, *(f"{seed}+{number}" for number in range(1, rounds))]
    return tuple(chain.from_iterable(permutation(each) for each in seeds))[:count]


def band_keys(hashes: NDArray[np.uint8], parameters: IndexParameters = DEFAULT) -> NDArray[np.int64]:
    """Keys of hashes: uint8 (n, 32) to int64 (n, bands)."""
    width = parameters.band_bits
    columns = list(_columns(parameters.seed, parameters.bands * width))
    bits = np.unpackbits(hashes.reshape(-1, HASH_BITS // 8), axis=1)[:, columns]
    # Bytes first, then the few bytes of a band: ten times faster than summing bits as wide integers.
    banded = bits.reshape(len(bits), parameters.bands, width)
    padded = np.zeros((len(bits), parameters.bands, 32), dtype=np.uint8)
    padded[:, :, 32 - width :] = banded
    values = np.packbits(padded, axis=2).reshape(len(bits), -1).view(">u4").astype(np.int64)
    keys: NDArray[np.int64] = values | np.arange(parameters.bands, dtype=np.int64) << width
    return keys


def probes(keys: NDArray[np.int64], flips: int, parameters: IndexParameters) -> NDArray[np.int64]:
    """The keys and all that differ from them in up to ``flips`` bits: int64 (n, bands) to (n, probes)."""
    width = parameters.band_bits
    masks = [sum(1 << bit for bit in bits) for count in range(flips + 1) for bits in combinations(range(width), count)]
    return (keys[:, :, None] ^ np.array(masks, dtype=np.int64)).reshape(len(keys), probe_count(flips, parameters))


def probe_count(flips: int, parameters: IndexParameters) -> int:
    """How many keys ``probes`` makes of each hash."""
    return parameters.bands * sum(comb(parameters.band_bits, count) for count in range(flips + 1))


def sketches(hashes: NDArray[np.uint8], parameters: IndexParameters = DEFAULT) -> NDArray[np.uint32]:
    """Sketches of hashes: uint8 (n, 32) to uint32 (n,); stored as signed numbers."""
    step = HASH_BITS // SKETCH_BITS
    bits = np.unpackbits(hashes.reshape(-1, HASH_BITS // 8), axis=1)[:, list(permutation(parameters.seed)[::step])]
    return np.packbits(np.ascontiguousarray(bits), axis=1).view(">u4").astype(np.uint32).reshape(-1)


def frame_numbers(view: int, positions: NDArray[np.int64]) -> NDArray[np.int64]:
    """The numbers of a view's frames."""
    return view << POSITION_BITS | positions


def views(frames: NDArray[np.int64]) -> NDArray[np.int64]:
    """The view in each frame number."""
    return frames >> POSITION_BITS


def pack_places(frames: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Runs of ``lengths`` frames that begin at the numbered frames, as they are stored."""
    return (frames << RUN_BITS | lengths - 1).astype(np.uint32).view(np.int32).astype(np.int64)


def unpack_places(places: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First frame and length of stored runs."""
    numbers = places & 0xFFFFFFFF
    return numbers >> RUN_BITS, (numbers & MAX_RUN - 1) + 1


def runs(keys: NDArray[np.int64], max_runs: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Stretches of consecutive frames that share a key, at most ``max_runs`` of each key.

    Args:
        keys: int64 (n, bands), the keys of one view's frames in order; n > 0.
        max_runs: how many stretches of one key are kept, evenly chosen over time.

    Returns:
        key, first position and length (1 to ``MAX_RUN``) of each stretch, int64 (m,), sorted by key, then position.
    """
    position = np.arange(len(keys))
    fresh = np.ones(keys.shape, dtype=np.bool_)
    fresh[1:] = keys[1:] != keys[:-1]
    column, start = np.nonzero(fresh.T)
    # Where a stretch is longer than can be stored, it begins again.
    length = np.diff(np.r_[column * len(keys) + start, keys.size])
    if length.max() > MAX_RUN:
        begun = np.maximum.accumulate(np.where(fresh, position[:, None], 0), axis=0)
        fresh |= (position[:, None] - begun) % MAX_RUN == 0
        column, start = np.nonzero(fresh.T)
        length = np.diff(np.r_[column * len(keys) + start, keys.size])
    key = keys[start, column]
    order = np.lexsort((start, key))
    key, start, length = key[order], start[order], length[order]
    kept = spread(key, max_runs)
    return key[kept], start[kept], length[kept]


def spread(groups: NDArray[np.int64], most: int) -> NDArray[np.bool_]:
    """Which entries to keep so that no group has more than ``most``, evenly chosen. ``groups`` is sorted."""
    if not len(groups):
        return np.zeros(0, dtype=np.bool_)
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])
    count = np.diff(np.r_[starts, len(groups)])
    rank, size = np.arange(len(groups)) - np.repeat(starts, count), np.repeat(count, count)
    # Entry r of n is kept where r * most / n reaches a new whole number: exactly `most` of them, evenly.
    kept: NDArray[np.bool_] = (size <= most) | ((rank * most) // size != ((rank - 1) * most) // size)
    return kept
