"""Where the sound of a clip occurs in registered sound, by asset."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from provenance.catalog import Query
from registry.lookup import Reader

MIN_SOUND_HITS = 5
"""Coherent hits without which sound alone nominates nothing."""
SOUND_BIN_MS = 1000
"""Hits count as coherent when original time minus clip time lies in two neighbouring bins of this width."""
MAX_HITS = 20_000
"""Hits handed on for one asset."""

_MAX_ENTRIES = 400_000
_MAX_PAIRS = 2_000_000


def sound_hits(reader: Reader, query: Query) -> dict[int, tuple[NDArray[np.int64], float]]:
    """Coherent sound hits by asset number, in the columns of ``Nomination.sound_hits``, and their votes."""
    if not len(query.sound):
        return {}
    keys, which = np.unique(query.sound.astype(np.int64), return_inverse=True)
    found = reader.sounds(keys, _MAX_ENTRIES)
    distinct, inverse = np.unique(found[:, 0], return_inverse=True)
    of_assets = np.unique(inverse << 32 | found[:, 1]) >> 32
    rarity = np.maximum(1, 1000 // np.bincount(of_assets, minlength=len(distinct)))
    by_key = np.argsort(which, kind="stable")
    count = np.bincount(which, minlength=len(keys))
    first = np.cumsum(count) - count
    key_row = np.searchsorted(keys, found[:, 0])
    copies = count[key_row]
    entry = np.repeat(np.arange(len(found)), copies)[:_MAX_PAIRS]
    nth = np.arange(len(entry)) - (np.cumsum(copies) - copies)[entry]
    asked = by_key[first[key_row[entry]] + nth]
    original, asset_no, weight = found[entry, 2], found[entry, 1], rarity[inverse[entry]]
    result = {}
    # Among very many assets most have an entry or two by chance.
    order = np.argsort(asset_no, kind="stable")
    numbers, starts, counts = np.unique(asset_no[order], return_index=True, return_counts=True)
    for at in np.flatnonzero(counts >= MIN_SOUND_HITS).tolist():
        number, mine = int(numbers[at]), order[starts[at] : starts[at] + counts[at]]
        kept, votes = _coherent(query.sound_times_ms[asked[mine]], original[mine], weight[mine])
        if kept.sum() >= MIN_SOUND_HITS:
            result[number] = (np.stack((asked[mine], original[mine]), axis=1)[:MAX_HITS], votes)
    return result


def _coherent(
    clip: NDArray[np.int64], original: NDArray[np.int64], weight: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], float]:
    """The hits around the offset that most speak for, and the sum of their weights."""
    bins = (original - clip) // SOUND_BIN_MS
    lowest = int(bins.min())
    total = np.bincount(bins - lowest, weights=weight, minlength=2)
    paired = total[:-1] + total[1:] if len(total) > 1 else total
    best = int(np.argmax(paired)) + lowest
    return (bins == best) | (bins == best + 1), float(paired.max())
