"""Which stored frames are near the frames of a clip, by asset."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from provenance.catalog import Query
from provenance.errors import RegistryError
from registry import lookup
from registry.bands import IndexParameters, asset_numbers, band_keys, views

MAX_DISTANCE = 60
"""Bits of 256 by which a hit may differ: random pairs are 128 ± 12 apart, much degraded copies 48 to 64 (measured)."""
MAX_HITS = 20_000
"""Hits handed on for one asset, nearest first."""

_MAX_ENTRIES = 400_000
_MAX_PAIRS = 2_000_000
_RUN_SAMPLES = 256
"""Frames compared in one stretch that shares a band: a longer one is sampled evenly."""


def frame_hits(
    session: Session, query: Query, viewer: str | None, now: str, parameters: IndexParameters
) -> dict[int, NDArray[np.int64]]:
    """Hits by asset number, in the columns of ``Nomination.hits``."""
    if not len(query.frames):
        return {}
    hashes, which = np.unique(query.frames, axis=0, return_inverse=True)
    keys = band_keys(hashes, parameters)
    found = lookup.entries(session, lookup.BANDS, np.unique(keys), _MAX_ENTRIES)
    found = found[lookup.findable_rows(session, asset_numbers(found[:, 1]), viewer, now)]
    if not len(found):
        return {}
    asked, frame_ids, rarity = _pairs(keys, found)
    ids, row = np.unique(frame_ids, return_inverse=True)
    stored_ids, times, stored = lookup.frames(session, ids)
    if len(stored_ids) != len(ids):
        raise RegistryError(
            "registry.corrupt",
            "the search index names frames that are not stored",
            hint="restore a backup (docs/backup.md)",
        )
    distance = _distances(hashes, stored, asked, row)
    near = distance <= MAX_DISTANCE
    if not near.any():
        return {}
    columns = (asked[near], times[row[near]], views(frame_ids[near]), distance[near], rarity[near])
    asset_no = asset_numbers(frame_ids[near])
    return _per_asset(np.stack(columns, axis=1), asset_no, which.reshape(-1))


def _pairs(
    keys: NDArray[np.int64], found: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Every (query hash, stored frame) that share a key, once, with the rarity of their rarest key.

    Args:
        keys: int64 (hashes, bands) of the query.
        found: int64 (m, 3): key, first frame, length of the run.
    """
    distinct, inverse = np.unique(found[:, 0], return_inverse=True)
    of_assets = np.unique(np.stack((inverse, asset_numbers(found[:, 1])), axis=1), axis=0)[:, 0]
    rarity = np.maximum(1, 1000 // np.bincount(of_assets, minlength=len(distinct)))
    flat = keys.reshape(-1)
    by_key = np.argsort(flat, kind="stable")
    start = np.searchsorted(flat[by_key], distinct, side="left")
    askers = np.searchsorted(flat[by_key], distinct, side="right") - start
    stride = -(-found[:, 2] // _RUN_SAMPLES)
    each = askers[inverse] * -(-found[:, 2] // stride)
    # Rarest and smallest first, so that the bound on pairs cuts off those that say least.
    order = np.lexsort((each, -rarity[inverse]))
    order = order[np.cumsum(each[order]) <= _MAX_PAIRS]
    found, inverse, stride, each = found[order], inverse[order], stride[order], each[order]

    entry = np.repeat(np.arange(len(found)), each)
    nth = np.arange(len(entry)) - (np.cumsum(each) - each)[entry]
    key = inverse[entry]
    frame_ids = found[entry, 1] + nth // askers[key] * stride[entry]
    asked = by_key[start[key] + nth % askers[key]] // keys.shape[1]
    # The first of equal pairs is the one by the rarest key.
    _, once = np.unique(frame_ids * len(keys) + asked, return_index=True)
    return asked[once], frame_ids[once], rarity[key[once]]


def _distances(
    asked: NDArray[np.uint8], stored: NDArray[np.uint8], left: NDArray[np.int64], right: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Differing bits of ``asked[left]`` and ``stored[right]``, over 64-bit words: four columns instead of 32."""
    a, b = (np.ascontiguousarray(side).view(np.uint64) for side in (asked, stored))
    total = np.zeros(len(left), dtype=np.int64)
    for word in range(a.shape[1]):
        total += np.bitwise_count(a[left, word] ^ b[right, word])
    return total


def _per_asset(
    hits: NDArray[np.int64], asset_no: NDArray[np.int64], which: NDArray[np.int64]
) -> dict[int, NDArray[np.int64]]:
    """Split hits by asset, nearest first and bounded, and give each query frame that has the hash its own."""
    by_hash = np.argsort(which, kind="stable")
    count = np.bincount(which)
    first = np.cumsum(count) - count
    order = np.lexsort((hits[:, 3], asset_no))
    numbers, starts = np.unique(asset_no[order], return_index=True)
    result = {}
    for number, part in zip(numbers.tolist(), np.split(order, starts[1:]), strict=True):
        mine = hits[part[:MAX_HITS]]
        copies = count[mine[:, 0]]
        spreaded = np.repeat(mine, copies, axis=0)[:MAX_HITS]
        nth = np.arange(len(spreaded)) - np.repeat(np.cumsum(copies) - copies, copies)[:MAX_HITS]
        spreaded[:, 0] = by_hash[first[spreaded[:, 0]] + nth]
        result[number] = spreaded
    return result
