"""Frame hashes of a whole file, gathered while it is decoded."""

from __future__ import annotations

from collections.abc import Callable

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from provenance.fingerprints import pdq
from provenance.fingerprints.values import FrameHashes
from provenance.media.values import Frame, GreyImage

Hasher = Callable[[GreyImage], tuple[NDArray[np.uint8], NDArray[np.uint8]]]


MOST_LOOKS = 240
"""Pictures of one clip that are kept to be read in further ways: 30 MB of them at most."""


class Looks:
    """Grey pictures spread evenly over a file of any length, at most ``most`` of them."""

    def __init__(self, most: int = MOST_LOOKS) -> None:
        self._most = most
        self._every = 1
        self._seen = 0
        self._kept: list[Frame] = []

    def add(self, frame: Frame) -> None:
        """Consider a frame; frames must come in order of time."""
        if self._seen % self._every == 0:
            self._kept.append(frame)
        self._seen += 1
        if len(self._kept) > self._most:
            del self._kept[1::2]
            self._every *= 2

    def spaced(self, seconds: float) -> list[Frame]:
        """The frames kept, at least so many seconds apart."""
        chosen: list[Frame] = []
        for frame in self._kept:
            if not chosen or float(frame.time - chosen[-1].time) >= seconds:
                chosen.append(frame)
        return chosen


class FrameHasher:
    """Takes sampled grey frames as they are decoded; ``result`` is the sequence so far.

    Hash the stored ``VIEWS`` of an original with ``pdq.hash_views``, the ``VARIANTS`` of a clip with
    ``pdq.hash_variants``: memory is a few hundred bytes a frame either way.
    """

    def __init__(self, hasher: Hasher = pdq.hash_views) -> None:
        self._hasher = hasher
        self._times: list[int] = []
        self._hashes: list[NDArray[np.uint8]] = []
        self._quality: list[NDArray[np.uint8]] = []
        self._phashes: list[NDArray[np.uint8]] = []

    def add(self, frame: Frame) -> None:
        """Hash one grey frame; frames must come in order of time."""
        hashes, quality = self._hasher(frame.image)
        self._times.append(round(frame.time * 1000))
        self._hashes.append(hashes)
        self._quality.append(quality)
        self._phashes.append(phash(frame.image))

    def result(self) -> FrameHashes | None:
        """The hashes of all frames added, or None if there were none."""
        if not self._times:
            return None
        return FrameHashes(
            pdq.ALGORITHM,
            np.array(self._times, dtype=np.int64),
            np.stack(self._hashes),
            np.stack(self._quality),
            np.stack(self._phashes),
        )


def phash(picture: GreyImage) -> NDArray[np.uint8]:
    """ImageHash's 64-bit phash of the whole picture: uint8 (8,). Independent of PDQ's filter, grid and threshold."""
    grid = pdq.to_grid(picture).round().astype(np.uint8)
    bits: NDArray[np.bool_] = imagehash.phash(Image.fromarray(grid)).hash
    return np.packbits(bits.reshape(-1))
