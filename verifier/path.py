"""Which line each frame of a clip lies on: the path through time that is well explained and seldom leaves a line.

Footage that an original shows twice lies on two lines equally well. Frame by frame, noise would choose between them,
and every change of its mind would be a cut; so leaving a line has a price (Viterbi, 1967).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PLENTY = 0.85
"""Correlation (-1 to 1) from which a frame is explained: more of it is no reason to leave a line."""
LEAVE_S = 0.3
"""Price of another line, in seconds of a frame fully explained. A piece of half a second is worth more than that."""
PAUSE_S = 0.04
"""Price of leaving a line for none, and of coming back."""


def best_path(
    scores: NDArray[np.float32], nothing: float, telling: NDArray[np.bool_], period: float
) -> NDArray[np.int64]:
    """The line of each frame: int64 (n,), -1 where none explains it.

    Args:
        scores: correlation of every frame with every line, float32 (lines, n), -1 to 1.
        nothing: what a frame is worth that no line explains.
        telling: bool (n,); other frames say nothing, and stay where the path is.
        period: seconds between frames.
    """
    count, length = scores.shape
    worth = np.minimum(scores.T, PLENTY).astype(np.float64)
    # A state for each line and one for a pause on it, so that a pause is no cheap way to another line.
    states = np.hstack([worth, np.full((length, count), nothing)])
    states[~telling] = 0
    lines = np.r_[np.arange(count), np.arange(count)]
    paused = np.arange(2 * count) >= count
    price = np.where(lines[:, None] == lines[None, :], PAUSE_S * (paused[:, None] != paused[None, :]), LEAVE_S)
    price = price / max(period, 1e-3)
    total = states[0]
    before = np.zeros((length, 2 * count), np.int16)
    for frame in range(1, length):
        options = total[:, None] - price
        before[frame] = np.argmax(options, axis=0)
        total = options[before[frame], np.arange(2 * count)] + states[frame]
    path = np.empty(length, np.int64)
    path[-1] = int(np.argmax(total))
    for frame in range(length - 1, 0, -1):
        path[frame - 1] = before[frame, path[frame]]
    return np.where(paused[path], -1, lines[path])
