"""Where hashes alone place a clip: good to about a quarter of a second, and the start of everything finer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from verifier.asked import CLOSE_BITS, SAME_BITS
from verifier.clip import Clip
from verifier.identify import Candidate
from verifier.timing import Piece

_BIN_S = 0.5
_AS_LIKELY = 0.6
MOST_LOOK_S = 300.0
"""Seconds of an original before and after the likeliest place that are searched where nothing much moves."""
SPEEDS_BY_HASH = (1.0, 0.5, 0.667, 0.75, 0.8, 0.9, 1.1, 1.25, 1.333, 1.5, 2.0, -1.0)
MIN_LINE_SHARE = 0.3
"""Weighted share of the clip's frames that must lie on one line for hashes alone to place it."""


@dataclass(frozen=True, slots=True)
class RoughLine:
    """Where hashes place a clip: ``speed``, ``offset``, and the weighted ``share`` (0-1) of frames that agree.

    ``low`` and ``high``: offsets (seconds) that about as many agree on, as where nothing much moves.
    """

    speed: float = 1.0
    offset: float = 0.0
    share: float = 0.0
    low: float = 0.0
    high: float = 0.0


def rough_line(candidate: Candidate) -> RoughLine:
    """The line that most close pairs of frames agree on."""
    if candidate.pairs:
        offsets = np.array([theirs - ours for ours, theirs in candidate.pairs])
        return RoughLine(1.0, float(np.median(offsets)), 0.0, float(offsets.min()), float(offsets.max()))
    rows, columns = np.nonzero(candidate.distance <= CLOSE_BITS)
    best = RoughLine()
    if not rows.size:
        return best
    weight = 1 - candidate.distance[rows, columns] / (CLOSE_BITS + 1.0)
    for speed in SPEEDS_BY_HASH:
        offsets = candidate.original_times[columns] - speed * candidate.clip_times[rows]
        bins = np.floor(offsets / _BIN_S).astype(np.int64)
        first = int(bins.min())
        bins -= first
        # Two samplings that do not fall together spread over two neighbouring bins.
        votes = (
            np.convolve(np.bincount(bins, weight), [1, 1], mode="valid") if bins.max() else np.bincount(bins, weight)
        )
        peak = int(np.argmax(votes))
        share = float(votes[peak]) / len(candidate.clip_times)
        if share > best.share * 1.1:
            near = (bins == peak) | (bins == peak + 1)
            offset = float(np.average(offsets[near], weights=weight[near]))
            likely = (np.flatnonzero(votes >= _AS_LIKELY * votes[peak])[[0, -1]] + first) * _BIN_S
            low, high = max(likely[0], offset - MOST_LOOK_S), min(likely[1] + 2 * _BIN_S, offset + MOST_LOOK_S)
            best = RoughLine(speed, offset, share, float(low), float(high))
    return best


def same_by_hash(candidate: Candidate) -> bool:
    """Whether most frames are so near an original one that nothing else need confirm it."""
    if not candidate.distance.size:
        return False
    return float((candidate.distance.min(axis=1) <= SAME_BITS).mean()) > 1 / 2


def closest(candidate: Candidate) -> tuple[float, float]:
    """The original's second that a still shows, and how sure that is, 0-1."""
    if candidate.pairs:
        return candidate.pairs[0][1], 0.5
    row, column = np.unravel_index(int(np.argmin(candidate.distance)), candidate.distance.shape)
    return float(candidate.original_times[column]), 1 - float(candidate.distance[row, column]) / CLOSE_BITS / 2


def pieces_by_hash(clip: Clip, candidate: Candidate) -> tuple[Piece, ...]:
    """One piece at the speed and offset that the hashes agree on: good to about a quarter of a second."""
    if not candidate.distance.size:
        return ()
    rough = rough_line(candidate)
    if rough.share < MIN_LINE_SHARE:
        return ()
    predicted = rough.speed * candidate.clip_times + rough.offset
    near = np.abs(candidate.original_times[None, :] - predicted[:, None]) <= 0.5
    close = ((candidate.distance <= SAME_BITS) & near).any(axis=1)
    if not close.any():
        return ()
    times = candidate.clip_times[close]
    start, end = float(times[0]), float(times[-1])
    # The last sampled frame stands for the time until the next one would have come.
    step = float(np.median(np.diff(candidate.clip_times))) if len(candidate.clip_times) > 1 else clip.duration
    start = 0.0 if start <= 2 * step else start
    end = clip.duration if end + 2 * step >= clip.duration else end + step
    return (Piece(start, end, rough.speed, rough.offset, rough.share, moving=False),)
