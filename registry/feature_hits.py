"""Which stored stills share local features with what is asked about, by asset.

A feature of the query votes once for each asset that holds a near one, by how few assets do. Geometry is for the asker
to check, with the features themselves: chance alone gives a photograph a vote or two, and a long film, of which many
frames are stored, a hundred. What chance gives an asset shows in the pictures that it does not hold: every picture is
asked for both ways round, and is one of the two at most.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from provenance.catalog import Query
from provenance.fingerprints.feature_keys import probe_keys
from registry.lookup import Reader

MIN_FEATURE_HITS = 4
"""Features of one picture that must meet a still's for it to be nominated."""
COMMON = 40
"""Stills under one key from which on its votes weigh less: a key of a sky or of print says little."""

_MAX_ENTRIES = 400_000


@dataclass(frozen=True, slots=True)
class FeatureVotes:
    """``most``: votes of the picture that speaks most for an asset. ``surprise``: by how many standard deviations that
    is more than chance gives it."""

    most: float
    surprise: float


def feature_hits(reader: Reader, query: Query) -> dict[int, FeatureVotes]:
    """What a query's features say, by asset number."""
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
    assets, row = np.unique(pair[:, 1], return_inverse=True)
    votes = np.zeros((len(assets), int(query.feature_pictures.max()) + 1))
    np.add.at(votes, (row.reshape(-1), picture), weight[first])
    most = votes.max(axis=1)
    chance = np.minimum(votes[:, ::2].mean(axis=1), votes[:, 1::2].mean(axis=1) if votes.shape[1] > 1 else 0.0)
    surprise = (most - chance) / np.sqrt(chance + 1.0)
    return {
        asset_no: FeatureVotes(*said)
        for asset_no, *said in zip(assets.tolist(), most.tolist(), surprise.tolist(), strict=True)
        if said[0] >= MIN_FEATURE_HITS
    }
