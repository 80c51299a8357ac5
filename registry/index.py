"""Nominating the assets that a clip may come from.

Cheap per frame and exact per hit: hashes are looked up by their bands, every candidate is then compared bit by bit,
and each of the clip's moments votes once for each asset, by how rare the key is that led there.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from provenance.catalog import Nomination, Query
from registry import dialects, versions
from registry.feature_hits import FeatureVotes, feature_hits
from registry.frame_hits import frame_hits
from registry.lookup import Reader
from registry.sound_hits import brief_votes, sound_hits

SOUND_WEIGHT = 0.25
"""What a coherent sound hit counts beside a frame: there are about eight sub-fingerprints a second."""

_Found = tuple[float, int, NDArray[np.int64], NDArray[np.int64]]
"""Votes, asset number, hits of pictures, hits of sound."""


def nominate(session: Session, query: Query, limit: int, *, viewer: str | None, now: str) -> list[Nomination]:
    """The assets most likely to hold the query, best first; only those that ``viewer`` may find.

    Raises:
        RegistryError: there is no finished index (``index.unfinished``), or it is damaged (``registry.corrupt``).
    """
    dialects.hold_slots(session, alone=False)
    reader = Reader(session, versions.current(session), viewer, now)
    pictures = frame_hits(reader, query)
    sounds = sound_hits(reader, query)
    brief = brief_votes(reader, query)
    shared = feature_hits(reader, query)
    nominations = []
    for asset_no in sorted(pictures.keys() | sounds.keys() | brief.keys() | shared.keys()):
        hits = pictures.get(asset_no, np.empty((0, 5), dtype=np.int64))
        heard, sound_votes = sounds.get(asset_no, (np.empty((0, 2), dtype=np.int64), 0.0))
        votes = _frame_votes(query, hits) + SOUND_WEIGHT * (sound_votes + brief.get(asset_no, 0.0))
        if asset_no in shared:
            votes += shared[asset_no].most
        if votes:
            nominations.append((votes, asset_no, hits, heard))
    nominations.sort(key=lambda found: (-found[0], found[1]))
    best = _with_surprising(nominations, shared)[:limit]
    ids = reader.ids([found[1] for found in best])
    return [Nomination(ids[asset_no], votes, hits, heard) for votes, asset_no, hits, heard in best]


def _with_surprising(ranked: list[_Found], shared: Mapping[int, FeatureVotes]) -> list[_Found]:
    """Those with most votes, and in turn with them those whose features say most: chance alone gives a long film, of
    which many frames are stored, more votes than a short one that the clip shows."""
    surprising = [found for found in ranked if found[1] in shared]
    surprising.sort(key=lambda found: (-shared[found[1]].surprise, found[1]))
    turns = [found for pair in zip_longest(ranked, surprising) for found in pair if found is not None]
    return list({found[1]: found for found in turns}.values())


def _frame_votes(query: Query, hits: NDArray[np.int64]) -> float:
    """Each moment of the clip votes once, with its best hit: rarity, less the further away the hash is."""
    if not len(hits):
        return 0.0
    weight = hits[:, 4] * (1.0 - hits[:, 3] / 128.0)
    _, moment = np.unique(query.frame_times_ms[hits[:, 0]], return_inverse=True)
    best = np.zeros(moment.max() + 1)
    np.maximum.at(best, moment, weight)
    return float(best.sum())
