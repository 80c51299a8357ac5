"""The fingerprints of one file, each naming its algorithm, version and parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Algorithm:
    """What made a fingerprint: values of different algorithms, versions or parameters never compare."""

    id: str
    version: str
    parameters: Mapping[str, str | int | float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class FrameHashes:
    """Perceptual hashes of sampled frames, several views of each.

    ``times_ms``: int64 (frames,), rising; ``hashes``: uint8 (frames, views, 32), 256 bits each;
    ``quality``: uint8 (frames, views), 0 flat - 100 rich; ``phashes``: uint8 (frames, 8), a second,
    independent 64-bit hash of the full view (ImageHash's phash).
    """

    algorithm: Algorithm
    times_ms: NDArray[np.int64]
    hashes: NDArray[np.uint8]
    quality: NDArray[np.uint8]
    phashes: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class SoundPrint:
    """Sub-fingerprints of sound: uint32 (n,), one every ``step_s`` seconds; ``loud``: bool (n,), above silence."""

    algorithm: Algorithm
    values: NDArray[np.uint32]
    loud: NDArray[np.bool_]
    step_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Local features of a still: ``points`` float32 (n, 2) in pixels of its size, ``descriptors`` uint8 (n, 128)."""

    algorithm: Algorithm
    width: int
    height: int
    points: NDArray[np.float32]
    descriptors: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class FrameFeatures:
    """Local features of some frames of a film, at ``times_ms``: int64 (frames,), rising."""

    times_ms: NDArray[np.int64]
    pictures: tuple[Features, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprints:
    """All fingerprints of one file; what does not apply is None. ``iscc``: an ISCC unit (``ISCC:...``).

    Features are too large to be signed whole: an assertion holds ``features_sha256``, so what is read back from
    one has the digest and no features. Those of a film's frames and ``brief_sound``, see there, are not signed at all:
    they only help to find it.
    """

    frames: FrameHashes | None = None
    sound: SoundPrint | None = None
    features: Features | None = None
    features_sha256: str | None = None
    iscc: str | None = None
    frame_features: FrameFeatures | None = None
    brief_sound: SoundPrint | None = None
