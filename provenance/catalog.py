"""The port through which a verifier asks a registry; answered in process or over HTTP by the same code."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from provenance.assets import Original


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """What is asked: hashes of the clip's frames and of its sound.

    ``frames``: uint8 (n, 32); ``frame_times_ms``: int64 (n,); ``frame_variants``: uint8 (n,), which reading of the
    frame each hash is of, for the asker's own use. ``sound``: uint32 (m,), loud sub-fingerprints only,
    with ``sound_times_ms`` int64 (m,). ``features``: uint8 (k, 128), RootSIFT of a few pictures, to find what
    hashes cannot; ``feature_pictures``: uint8 (k,), which picture each is of: an even number, and the odd one after it
    for the same picture mirrored. ``brief``: uint32 (j,), loud sub-fingerprints of brief sound and what they may have
    been, with ``brief_times_ms`` int64 (j,).
    """

    frames: NDArray[np.uint8]
    frame_times_ms: NDArray[np.int64]
    frame_variants: NDArray[np.uint8]
    sound: NDArray[np.uint32]
    sound_times_ms: NDArray[np.int64]
    features: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, 128), np.uint8))
    feature_pictures: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))
    brief: NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, np.uint32))
    brief_times_ms: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))


@dataclass(frozen=True, slots=True, eq=False)
class Nomination:
    """An original that may be the source, with the hits that speak for it.

    ``hits``: int64 (k, 5): index into ``Query.frames``, original time in ms, view, Hamming distance, key rarity
    (1-1000, 1000: the key points at this asset alone). ``sound_hits``: int64 (j, 2): index into ``Query.sound``,
    original time in ms. ``votes``: sum of rarities, for ranking only.
    """

    asset_id: str
    votes: float
    hits: NDArray[np.int64]
    sound_hits: NDArray[np.int64]


class Catalog(Protocol):
    """Read access to registered originals. Embargoed and withdrawn assets are never nominated."""

    def nominate(self, query: Query, limit: int = 10) -> list[Nomination]:
        """The originals most likely to hold the query, best first; empty where nothing speaks for any."""
        ...

    def original(self, asset_id: str) -> Original | None:
        """The original with its fingerprints, or None (also for an embargoed one the asker may not see)."""
        ...

    def by_manifest(self, manifest_label: str, hard_binding: str) -> Original | None:
        """The original registered under this manifest and hard-binding hash, or None."""
        ...

    def reference_copy(self, asset_id: str, into: Path) -> Path | None:
        """Fetch the reference copy into a folder and check it against its signed SHA-256.

        Returns None where the publisher withheld it.

        Raises:
            RegistryError: the stored copy is missing or does not have the signed hash.
        """
        ...
