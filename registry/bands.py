"""How a 256-bit hash becomes keys that an ordinary index can look up.

The bits are permuted (neighbouring bits of a real hash correlate), then cut into bands; two hashes at a small distance
agree in at least one whole band. Keys carry the band's number: ``band << 16 | bits``. A frame's number packs the
asset's number, the view and the position among the asset's indexed frames of that view.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

HASH_BITS = 256
VIEW_BITS = 4
POSITION_BITS = 20
MAX_VIEWS = 1 << VIEW_BITS
MAX_FRAMES = 1 << POSITION_BITS


@dataclass(frozen=True, slots=True)
class IndexParameters:
    """What index entries depend on; kept in the table ``index_versions``.

    ``min_quality``: 0-100, hashes of flatter views are not indexed: 20 keeps dim pictures and drops black and plain
    ones. ``max_runs``: most entries of one view of one asset under one key, evenly spread in time; a still scene with
    a little noise would otherwise fill its keys with thousands of entries and make them too frequent to look up.
    """

    version: int = 1
    bands: int = 16
    band_bits: int = 16
    seed: str = "org.provenance-toolkit.bands/1"
    min_quality: int = 20
    max_runs: int = 32


CURRENT = IndexParameters()


@lru_cache(maxsize=8)
def permutation(seed: str) -> tuple[int, ...]:
    """The order of bits for a seed: by SHA-256, not a random generator, so that no library's update can change it."""
    return tuple(sorted(range(HASH_BITS), key=lambda bit: hashlib.sha256(f"{seed}/{bit}".encode()).digest()))


def band_keys(hashes: NDArray[np.uint8], parameters: IndexParameters = CURRENT) -> NDArray[np.int64]:
    """Keys of hashes: uint8 (n, 32) to int64 (n, bands)."""
    bits = np.unpackbits(hashes.reshape(-1, HASH_BITS // 8), axis=1)[:, list(permutation(parameters.seed))]
    banded = bits.reshape(len(bits), parameters.bands, parameters.band_bits).astype(np.int64)
    weights = 1 << np.arange(parameters.band_bits - 1, -1, -1, dtype=np.int64)
    keys: NDArray[np.int64] = banded @ weights | np.arange(parameters.bands, dtype=np.int64) << parameters.band_bits
    return keys


def pack_frame_id(asset_no: int, view: int, position: int) -> int:
    """The number of a frame; see the module's words."""
    return (asset_no << VIEW_BITS | view) << POSITION_BITS | position


def asset_numbers(frame_ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """The asset number in each frame number."""
    return frame_ids >> (VIEW_BITS + POSITION_BITS)


def views(frame_ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """The view in each frame number."""
    return frame_ids >> POSITION_BITS & (MAX_VIEWS - 1)


def runs(keys: NDArray[np.int64], max_runs: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Stretches of consecutive frames that share a key, at most ``max_runs`` of each key.

    Args:
        keys: int64 (n, bands), the keys of one view's frames in order.
        max_runs: how many stretches of one key are kept, evenly chosen over time.

    Returns:
        key, first position and length of each stretch, int64 (m,), sorted by key, then position.
    """
    parts = []
    for column in keys.T:
        starts = np.flatnonzero(np.r_[True, column[1:] != column[:-1]])
        parts.append((column[starts], starts, np.diff(np.r_[starts, len(column)])))
    key, start, length = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    order = np.lexsort((start, key))
    key, start, length = key[order], start[order], length[order]
    kept = spread(key, max_runs)
    return key[kept], start[kept], length[kept]


def spread(groups: NDArray[np.int64], most: int) -> NDArray[np.bool_]:
    """Which entries to keep so that no group has more than ``most``, evenly chosen. ``groups`` is sorted."""
    _, first, inverse, count = np.unique(groups, return_index=True, return_inverse=True, return_counts=True)
    rank, size = np.arange(len(groups)) - first[inverse], count[inverse]
    # Entry r of n is kept where r * most / n reaches a new whole number: exactly `most` of them, evenly.
    kept: NDArray[np.bool_] = (size <= most) | ((rank * most) // size != ((rank - 1) * most) // size)
    return kept
