"""Where a clip lies in which hardly anything moves: at the moment whose pictures are most like its own.

Such a clip may as well show another moment of the same scene, so what is found here is never more than a likeness.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from verifier.timing import Piece
from verifier.tracks import MOTION_FLOOR, Track, residuals

ALIKE = 0.85
"""Mean correlation (-1 to 1) of whole pictures from which the scene is the same: copies filmed off a screen lie above
0.9, other scenes that share enough local features under 0.6."""
_STEP_S = 0.25
_MOST_PICTURES = 400
_LIVELIER = 2.0
"""How many times more than the clip an original may move where it is laid on it: a copy's encoder swallows some."""


def place_still(clip: Track, original: Track, end: float) -> Piece | None:
    """The piece over the whole clip, at its own speed; None where no stretch of the original is as still and alike.

    Args:
        end: the clip's duration in seconds.
    """
    if not len(clip.times) or not len(original.times):
        return None
    step = max(_STEP_S, end / _MOST_PICTURES)
    starts = np.arange(original.times[0], original.times[-1] + step / 2, step)
    moments = np.arange(0.0, end, step)
    if len(starts) < len(moments):
        return None
    ours, theirs = clip.at(moments), original.at(starts)
    alike = _unit(clip.pictures[ours][:, clip.mask]) @ _unit(original.pictures[theirs][:, clip.mask]).T
    _, motion = residuals(clip, clip.mask)
    _, livelier = residuals(original, clip.mask)
    allowed = max(MOTION_FLOOR, _LIVELIER * float(np.median(motion)))
    count = len(starts) - len(moments) + 1
    scores = np.array([np.trace(alike, offset=first) for first in range(count)]) / len(moments)
    moving = livelier[theirs]
    still = np.array([np.median(moving[first : first + len(moments)]) <= allowed for first in range(count)])
    scores = np.where(still, scores, -1.0)
    best = int(np.argmax(scores))
    if scores[best] < ALIKE:
        return None
    return Piece(0.0, end, 1.0, float(starts[best]), float(scores[best]), moving=False)


def _unit(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Pictures (n, pixels) without their mean, of length 1."""
    centred = pictures.astype(np.float32)
    centred -= centred.mean(axis=1, keepdims=True)
    unit: NDArray[np.float32] = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-3)
    return unit
