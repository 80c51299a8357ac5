"""A catalog of one: a file that need not be signed or registered, as the original that another is held against."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from provenance.assets import Original
from provenance.catalog import Nomination, Query
from verifier.asked import CLOSE_BITS, MIN_QUALITY

_MAX_HITS = 20_000
_MAX_PAIRS = 60_000_000
"""Hashes compared at most; of longer files every so many of the moments are."""
_AT_ONCE = 4_000_000
_RARITY = 1000
"""That of a key that points at one asset alone."""


class OneOriginal:
    """Implements ``provenance.catalog.Catalog``. It is always nominated: whether it is the source is for the asker."""

    def __init__(self, original: Original, reference: Path | None) -> None:
        self._original = original
        self._reference = reference

    def nominate(self, query: Query, limit: int = 10) -> list[Nomination]:
        """See ``Catalog.nominate``."""
        hits, heard = self._frame_hits(query), self._sound_hits(query)
        return [Nomination(self._original.asset_id, float(len(hits) + len(heard)), hits, heard)][:limit]

    def original(self, asset_id: str) -> Original | None:
        """See ``Catalog.original``."""
        return self._original if asset_id == self._original.asset_id else None

    def by_manifest(self, manifest_label: str, hard_binding: str) -> Original | None:
        """See ``Catalog.by_manifest``."""
        ours = (self._original.manifest_label, self._original.hard_binding)
        return self._original if (manifest_label, hard_binding) == ours else None

    def reference_copy(self, asset_id: str, into: Path) -> Path | None:  # noqa: ARG002  (the port's)
        """See ``Catalog.reference_copy``; it was made for this and lies where it will be used."""
        return self._reference

    def _frame_hits(self, query: Query) -> NDArray[np.int64]:
        frames = self._original.fingerprints.frames
        if frames is None or not len(query.frames) or not len(frames.hashes):
            return np.zeros((0, 5), np.int64)
        count, views = frames.hashes.shape[:2]
        theirs = np.ascontiguousarray(frames.hashes).reshape(count * views, -1).view(np.uint64)
        flat = frames.quality.reshape(-1) < MIN_QUALITY
        _, moment = np.unique(query.frame_times_ms, return_inverse=True)
        step = max(1, -(-len(query.frames) * len(theirs) // _MAX_PAIRS))
        asked = np.flatnonzero(moment % step == 0)
        found = []
        for rows in np.array_split(asked, max(1, -(-len(asked) * len(theirs) // _AT_ONCE))):
            ours = np.ascontiguousarray(query.frames[rows]).view(np.uint64)
            bits = np.zeros((len(rows), len(theirs)), np.uint16)
            for word in range(theirs.shape[1]):
                bits += np.bitwise_count(ours[:, word, None] ^ theirs[None, :, word])
            row, at = np.nonzero((bits <= CLOSE_BITS) & ~flat)
            times = frames.times_ms[at // views]
            rarity = np.full(len(row), _RARITY)
            found.append(np.stack([rows[row], times, at % views, bits[row, at], rarity], axis=1).astype(np.int64))
        hits = np.concatenate(found)
        return hits[np.argsort(hits[:, 3], kind="stable")[:_MAX_HITS]]

    def _sound_hits(self, query: Query) -> NDArray[np.int64]:
        sound = self._original.fingerprints.sound
        if sound is None or not len(query.sound):
            return np.zeros((0, 2), np.int64)
        loud = np.flatnonzero(sound.loud)
        order = loud[np.argsort(sound.values[loud], kind="stable")]
        values = sound.values[order]
        first, last = np.searchsorted(values, query.sound, "left"), np.searchsorted(values, query.sound, "right")
        each = last - first
        # A long steady tone is one value over and over: what is most common says least, and is left out first.
        rare = np.argsort(each, kind="stable")
        rare = rare[np.cumsum(each[rare]) <= _MAX_HITS]
        asked = np.repeat(rare, each[rare])
        nth = np.arange(len(asked)) - np.repeat(np.cumsum(each[rare]) - each[rare], each[rare])
        times = np.round(order[first[asked] + nth] * sound.step_s * 1000).astype(np.int64)
        return np.stack([asked, times], axis=1).astype(np.int64)
