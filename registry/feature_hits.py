"""Which stored stills share local features with what is asked about, by asset.

A feature of the query votes once for each still that holds a near one, by how few stills do. Geometry is for the asker
to check, with the features themselves: chance alone gives a still a vote or two.
"""

from __future__ import annotations

import numpy as np

from provenance.catalog import Query
from provenance.fingerprints.feature_keys import probe_keys
from registry.lookup import Reader

MIN_FEATURE_HITS = 4
"""Features of one picture that must meet a still's for it to be nominated."""
COMMON = 40
"""Stills under one key from which on its votes weigh less: a key of a sky or of print says little."""

_MAX_ENTRIES = 400_000


def feature_hits(reader: Reader, query: Query) -> dict[int, float]:
    """Votes by asset number: those of the picture that most speaks for it."""
    if not len(query.features):
        return {}
    probes = probe_keys(query.features)
    found = reader.features(np.unique(probes), _MAX_ENTRIES)
    if not len(found):
        return {}
    keys, inverse, held = np.unique(found[:, 0], return_inverse=True, return_counts=True)
    order = np.argsort(found[:, 0], kind="stable")
    start = np.cumsum(held) - held
    # Each probe that is held by anybody, with the entries under it.
    feature, column = np.nonzero(np.isin(probes, keys))
    row = np.searchsorted(keys, probes[feature, column])
    each = held[row]
    entry = order[np.repeat(start[row], each) + np.arange(each.sum()) - np.repeat(np.cumsum(each) - each, each)]
    asked = np.repeat(feature, each)
    weight = np.minimum(1.0, COMMON / held[inverse[entry]])
    # One vote of a feature for an asset, whichever of its keys met.
    pair, first = np.unique(np.stack([asked, found[entry, 1]], axis=1), axis=0, return_index=True)
    picture = query.feature_pictures[pair[:, 0]].astype(np.int64)
    groups, member = np.unique(np.stack([pair[:, 1], picture], axis=1), axis=0, return_inverse=True)
    votes = np.bincount(member.reshape(-1), weight[first])
    best: dict[int, float] = {}
    for (asset_no, _), vote in zip(groups.tolist(), votes.tolist(), strict=True):
        if vote >= MIN_FEATURE_HITS:
            best[asset_no] = max(best.get(asset_no, 0.0), vote)
    return best
