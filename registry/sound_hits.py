"""Where the sound of a clip occurs in registered sound, by asset."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from provenance.catalog import Query
from registry.indexing import BRIEF
from registry.lookup import Reader

MIN_SOUND_HITS = 5
"""Coherent hits without which sound alone nominates nothing."""
SOUND_BIN_MS = 1000
"""Hits count as coherent when original time minus clip time lies in two neighbouring bins of this width."""
MIN_BRIEF_HITS = 2
"""Moments of an original that brief sound must hit coherently."""
BRIEF_BIN_MS = 50
"""The same for brief sound, whose times are good to 5 ms."""
MAX_HITS = 20_000
"""Hits handed on for one asset."""

_MAX_ENTRIES = 400_000
_MAX_PAIRS = 2_000_000


def sound_hits(reader: Reader, query: Query) -> dict[int, tuple[NDArray[np.int64], float]]:
    """Coherent sound hits by asset number, in the columns of ``Nomination.sound_hits``, and their votes."""
    result = {}
    for number, asked, original, weight in _by_asset(reader, query.sound.astype(np.int64), MIN_SOUND_HITS):
        kept, votes = _coherent(query.sound_times_ms[asked], original, weight, SOUND_BIN_MS)
        if kept.sum() >= MIN_SOUND_HITS:
            result[number] = (np.stack((asked, original), axis=1)[:MAX_HITS], votes)
    return result


def brief_votes(reader: Reader, query: Query) -> dict[int, float]:
    """Votes of brief sound by asset number: each moment of an original that is hit coherently votes once."""
    result = {}
    for number, asked, original, weight in _by_asset(reader, BRIEF + query.brief.astype(np.int64), MIN_BRIEF_HITS):
        kept, _ = _coherent(query.brief_times_ms[asked], original, weight, BRIEF_BIN_MS)
        moments, which = np.unique(original[kept], return_inverse=True)
        if len(moments) >= MIN_BRIEF_HITS:
            votes = np.zeros(len(moments))
            np.maximum.at(votes, which, weight[kept])
            result[number] = float(votes.sum())
    return result


def _by_asset(
    reader: Reader, values: NDArray[np.int64], least: int
) -> Iterator[tuple[int, NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
    """Assets with at least so many entries under the values: number, and of each hit which value, time and weight."""
    if not len(values):
        return
    keys, which = np.unique(values, return_inverse=True)
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
    # Among very many assets most have an entry or two by chance.
    order = np.argsort(asset_no, kind="stable")
    numbers, starts, counts = np.unique(asset_no[order], return_index=True, return_counts=True)
    for at in np.flatnonzero(counts >= least).tolist():
        mine = order[starts[at] : starts[at] + counts[at]]
        yield int(numbers[at]), asked[mine], original[mine], weight[mine]


def _coherent(
    clip: NDArray[np.int64], original: NDArray[np.int64], weight: NDArray[np.int64], bin_ms: int
) -> tuple[NDArray[np.bool_], float]:
    """The hits around the offset that most speak for, and the sum of their weights."""
    # By the bins that there are: what a query says of its times may leave billions between them.
    bins, which = np.unique((original - clip) // bin_ms, return_inverse=True)
    total = np.bincount(which, weights=weight)
    paired = total + np.r_[np.where(np.diff(bins) == 1, total[1:], 0.0), 0.0]
    best = int(np.argmax(paired))
    kept = (bins == bins[best]) | (bins == bins[best] + 1)
    return kept[which], float(paired[best])
