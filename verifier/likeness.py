"""How far apart frames of clip and original are, the clip's tone and whatever lies over it allowed for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verifier.timing import Piece
from verifier.tracks import Track

_FLOOR = 1.0
"""Grey levels squared added to every energy: below it there is only rounding."""
_MOST_FITTED = 240
"""Frames from which tone and noise are learnt, spread over the clip."""
_WORST = 4.0
"""What no original frame is like needs no more energy than so many times what is usual."""


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """The clip's pixels are ``gain`` times the original's plus ``bias`` (float32 (pixels,), grey levels).

    ``weight``: float32 (pixels,), adds up to 1, more for what moves; ``usual``: the energy (grey levels squared) that
    is left along the pieces it was learnt from.
    """

    clip: Track
    original: Track
    gain: float
    bias: NDArray[np.float32]
    weight: NDArray[np.float32]
    usual: float

    def energies(self, frames: NDArray[np.int64], originals: NDArray[np.int64]) -> NDArray[np.float32]:
        """Of every one of the clip's frames beside every one of the original's: float32 (frames, originals)."""
        ours, theirs = self._ours(frames), self._theirs(originals)
        squares = (ours**2).sum(axis=1)[:, None] + (theirs**2).sum(axis=1)[None, :]
        energies: NDArray[np.float32] = np.maximum(squares - 2 * ours @ theirs.T, 0) + _FLOOR
        return energies

    def paired(self, frames: NDArray[np.int64], originals: NDArray[np.int64]) -> NDArray[np.float32]:
        """Of the clip's frames beside the original's, one each: float32 (frames,)."""
        apart = self._ours(frames) - self._theirs(originals)
        energies: NDArray[np.float32] = (apart**2).sum(axis=1) + _FLOOR
        return energies

    def needed(self, least: NDArray[np.float32]) -> NDArray[np.float32]:
        """The energy that a frame needs to have, given that of the most similar frame of the original."""
        return np.clip(least, _FLOOR, _WORST * self.usual)

    def _ours(self, frames: NDArray[np.int64]) -> NDArray[np.float32]:
        return self._weighted(self.clip.pictures[frames][:, self.clip.mask] - self.bias)

    def _theirs(self, frames: NDArray[np.int64]) -> NDArray[np.float32]:
        return self._weighted(np.float32(self.gain) * self.original.pictures[frames][:, self.clip.mask])

    def _weighted(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Without the overall brightness; squares of differences then add up to the energy."""
        level = (pixels * self.weight).sum(axis=1, keepdims=True)
        weighted: NDArray[np.float32] = (pixels - level) * np.sqrt(self.weight)
        return weighted


def likeness(pieces: Sequence[Piece], clip: Track, original: Track) -> Likeness:
    """Learn tone and noise from the frames that fit their piece best, the better half of them."""
    spread = np.linspace(0, len(clip.times) - 1, min(_MOST_FITTED, len(clip.times))).round().astype(np.int64)
    inside = [spread[(clip.times[spread] >= p.start - 1e-6) & (clip.times[spread] < p.end)] for p in pieces]
    frames = np.concatenate(inside)
    wanted = [p.speed * clip.times[rows] + p.offset for p, rows in zip(pieces, inside, strict=True)]
    originals = shown(original, np.concatenate(wanted))
    ours = clip.pictures[frames][:, clip.mask].astype(np.float32)
    theirs = original.pictures[originals][:, clip.mask].astype(np.float32)
    x, y = ours - ours.mean(axis=1, keepdims=True), theirs - theirs.mean(axis=1, keepdims=True)
    energy = ((x - y) ** 2).mean(axis=1)
    good = energy <= np.median(energy)
    gain = float((x[good] * y[good]).sum() / max(float((y[good] ** 2).sum()), 1e-3))
    apart = ours[good] - gain * theirs[good]
    moving = gain * gain * theirs.var(axis=0)
    # What stands still cannot tell the moment: it would only add its noise.
    weight = moving / (moving + apart.var(axis=0) + _FLOOR)
    weight /= max(float(weight.sum()), 1e-6)
    learnt = gain, apart.mean(axis=0), weight
    usual = float(np.median(Likeness(clip, original, *learnt, usual=_FLOOR).paired(frames, originals)))
    return Likeness(clip, original, *learnt, usual=usual)


def shown(original: Track, moments: NDArray[np.float64]) -> NDArray[np.int64]:
    """The original's frames nearest to some moments."""
    return original.at(moments + float(np.median(np.diff(original.times))) / 2)
