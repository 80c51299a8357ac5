"""Which stored frames are near the frames of a clip, by asset.

1. Some moments of the clip are asked about, evenly spread; between two that surely come from the same asset, no more.
2. Then all other moments are.
3. Where most moments are not sure, and few hashes are of them, keys that differ in one or two bits are looked up too:
   a still has no neighbours that would be found in its place.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from provenance.catalog import Query
from registry.bands import band_keys, probe_count, probes, sketches, unpack_places, views
from registry.lookup import Reader

MAX_DISTANCE = 72
"""Bits of 256 by which a hit may differ: random pairs are 128 ± 12 apart, much degraded copies 48 to 64 (measured)."""
MAX_HITS = 20_000
"""Hits handed on for one asset, nearest first."""
SURE_BITS = 31
"""Bits of 256 within which two frames are the same picture (PDQ's own threshold)."""
SURE_RARITY = 50
"""A moment is sure only by a key that at most twenty assets share: a slate says nothing of its surroundings."""
FIRST_MOMENTS = 32
"""Moments asked about first: one a second in a clip of half a minute."""
MAX_SKETCH = 11
"""Bits of 32 by which sketches may differ: one chance entry in ten passes, of hits at 48 bits 995 in 1,000."""
MAX_FLIPS = 2
MAX_PROBES = 50_000
"""Keys with flipped bits that are looked up at most: those of 14 hashes for two flips, of 148 for one."""

_MAX_ENTRIES = 800_000
_MAX_PAIRS = 2_000_000
_MAX_FRAMES = 200_000
_FEW_SAMPLES = 16
"""Frames compared in one run where there are too many to compare all."""

_COLUMNS = 6
Hits = NDArray[np.int64]
"""Columns: row of the hash asked about, asset number, original time in ms, view, distance, rarity."""


def frame_hits(reader: Reader, query: Query) -> dict[int, NDArray[np.int64]]:
    """Hits by asset number, in the columns of ``Nomination.hits``."""
    if not len(query.frames):
        return {}
    hashes, which = np.unique(query.frames, axis=0, return_inverse=True)
    which = which.reshape(-1)
    _, moment = np.unique(query.frame_times_ms, return_inverse=True)
    keys = band_keys(hashes, reader.version.parameters)

    first = np.zeros(int(moment.max()) + 1, dtype=np.bool_)
    first[:: max(1, len(first) // FIRST_MOMENTS)] = True
    first[-1] = True
    rows = np.unique(which[first[moment]])
    hits = _near(reader, hashes[rows], keys[rows], rows)

    later = _between(first, _sure(hits, which, moment))
    rows = np.setdiff1d(which[later[moment]], rows)
    hits = np.concatenate([hits, _near(reader, hashes[rows], keys[rows], rows)])

    unsure = first | later
    unsure[list(_sure(hits, which, moment))] = False
    # Where most moments are sure, the others are cuts and fades: not worth tens of thousands of keys.
    few = np.count_nonzero(unsure) * 2 > np.count_nonzero(first | later)
    rows = np.unique(which[unsure[moment]]) if few else np.zeros(0, dtype=np.int64)
    for flips in range(MAX_FLIPS, 0, -1):
        if len(rows) * probe_count(flips, reader.version.parameters) <= MAX_PROBES:
            probed = probes(keys[rows], flips, reader.version.parameters)
            hits = np.concatenate([hits, _near(reader, hashes[rows], probed, rows)])
            break
    return _per_asset(_once(hits), which)


def _between(first: NDArray[np.bool_], sure: dict[int, set[int]]) -> NDArray[np.bool_]:
    """The moments between two that were asked about first, unless both surely come from the same asset."""
    unsettled = ~first
    nobody: set[int] = set()
    for before, after in pairwise(np.flatnonzero(first).tolist()):
        if sure.get(before, nobody) & sure.get(after, nobody):
            unsettled[before + 1 : after] = False
    return unsettled


def _sure(hits: Hits, which: NDArray[np.int64], moment: NDArray[np.int64]) -> dict[int, set[int]]:
    """The assets that a moment surely comes from, by moment."""
    near = hits[(hits[:, 4] <= SURE_BITS) & (hits[:, 5] >= SURE_RARITY)]
    by_hash: dict[int, set[int]] = {}
    for row, asset_no in np.unique(near[:, :2], axis=0).tolist():
        by_hash.setdefault(row, set()).add(asset_no)
    result: dict[int, set[int]] = {}
    for row in np.flatnonzero(np.isin(which, list(by_hash))).tolist():
        result.setdefault(int(moment[row]), set()).update(by_hash[int(which[row])])
    return result


def _near(reader: Reader, hashes: NDArray[np.uint8], keys: NDArray[np.int64], rows: NDArray[np.int64]) -> Hits:
    """Hits of hashes (n, 32) by their keys (n, keys of each); ``rows`` (n,) are the numbers that hits name them by."""
    if not len(rows):
        return np.empty((0, _COLUMNS), dtype=np.int64)
    found = reader.bands(np.unique(keys), _MAX_ENTRIES)
    asked, entry, rarity = _pairs(keys, found)
    alike = np.bitwise_count(sketches(hashes, reader.version.parameters)[asked] ^ found[entry, 3].astype(np.uint32))
    kept = alike <= MAX_SKETCH
    asked, rarity = asked[kept], rarity[kept]
    asset_no, frame, source = _frames_of(found[entry[kept]])
    asked, rarity = asked[source], rarity[source]
    times, stored, row = reader.frames(asset_no, frame)
    distance = _distances(hashes, stored, asked, row)
    near = distance <= MAX_DISTANCE
    columns = (rows[asked], asset_no, times[row], views(frame), distance, rarity)
    return np.stack([column[near] for column in columns], axis=1)


def _pairs(
    keys: NDArray[np.int64], found: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Every (query hash, index entry) that share a key, with the rarity of the key.

    Args:
        keys: int64 (hashes, keys of each) of the query.
        found: int64 (m, 4): key, asset number, place, sketch.
    """
    distinct, inverse = np.unique(found[:, 0], return_inverse=True)
    of_assets = np.unique(inverse << 32 | found[:, 1]) >> 32
    rarity = np.maximum(1, 1000 // np.bincount(of_assets, minlength=len(distinct)))
    flat = keys.reshape(-1)
    by_key = np.argsort(flat, kind="stable")
    start = np.searchsorted(flat[by_key], distinct, side="left")
    askers = (np.searchsorted(flat[by_key], distinct, side="right") - start)[inverse]
    entry = np.arange(len(found))
    if askers.sum() > _MAX_PAIRS:
        # Rarest and smallest first: what is cut off says least.
        entry = np.lexsort((askers, -rarity[inverse]))
        entry = entry[np.cumsum(askers[entry]) <= _MAX_PAIRS]
    each = askers[entry]
    entry = np.repeat(entry, each)
    nth = np.arange(len(entry)) - np.repeat(np.cumsum(each) - each, each)
    asked = by_key[start[inverse[entry]] + nth] // keys.shape[1]
    return asked, entry, rarity[inverse[entry]]


def _frames_of(found: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The frames in the runs of index entries: asset number, frame number, and which entry each comes from."""
    first, length = unpack_places(found[:, 2])
    stride = np.ones(len(found), dtype=np.int64)
    if length.sum() > _MAX_FRAMES:
        stride = -(-length // _FEW_SAMPLES)
    each = -(-length // stride)
    source = np.repeat(np.arange(len(found)), each)
    nth = np.arange(len(source)) - np.repeat(np.cumsum(each) - each, each)
    return found[source, 1], first[source] + nth * stride[source], source


def _distances(
    asked: NDArray[np.uint8], stored: NDArray[np.uint8], left: NDArray[np.int64], right: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Differing bits of ``asked[left]`` and ``stored[right]``, over 64-bit words: four columns instead of 32."""
    a, b = (np.ascontiguousarray(side).view(np.uint64) for side in (asked, stored))
    total = np.zeros(len(left), dtype=np.int64)
    for word in range(a.shape[1]):
        total += np.bitwise_count(a[left, word] ^ b[right, word])
    return total


def _once(hits: Hits) -> Hits:
    """Each pair of hash and stored frame once, by its rarest key."""
    order = np.lexsort((-hits[:, 5], hits[:, 3], hits[:, 2], hits[:, 1], hits[:, 0]))
    hits = hits[order]
    fresh = np.ones(len(hits), dtype=np.bool_)
    fresh[1:] = (hits[1:, :4] != hits[:-1, :4]).any(axis=1)
    return hits[fresh]


def _per_asset(hits: Hits, which: NDArray[np.int64]) -> dict[int, NDArray[np.int64]]:
    """Split hits by asset, nearest first and bounded, and give each query frame that has the hash its own."""
    if not len(hits):
        return {}
    by_hash = np.argsort(which, kind="stable")
    count = np.bincount(which)
    first = np.cumsum(count) - count
    order = np.lexsort((hits[:, 4], hits[:, 1]))
    numbers, starts = np.unique(hits[order, 1], return_index=True)
    result = {}
    for number, part in zip(numbers.tolist(), np.split(order, starts[1:]), strict=True):
        mine = hits[part[:MAX_HITS]]
        copies = count[mine[:, 0]]
        spreaded = np.repeat(mine, copies, axis=0)[:MAX_HITS]
        nth = np.arange(len(spreaded)) - np.repeat(np.cumsum(copies) - copies, copies)[:MAX_HITS]
        spreaded[:, 0] = by_hash[first[spreaded[:, 0]] + nth]
        result[number] = spreaded[:, [0, 2, 3, 4, 5]]
    return result
