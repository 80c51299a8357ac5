"""Which moment of the original is which moment of the clip: a piecewise straight map, found from what moves.

1. Correlate the residuals of every clip frame with those of every original frame.
2. For each window of the clip, the offset and speed along which the correlation is highest is a vote.
3. Lines that many votes agree on become pieces; each clip frame goes to the piece that explains it best.
4. Each piece is fitted again at full frame rate, to a fraction of a frame.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from verifier.tracks import MOTION_FLOOR, Track, residuals

SPEEDS = (1.0, 0.5, 0.6, 0.667, 0.75, 0.8, 0.85, 0.9, 0.95, 1.05, 1.1, 1.15, 1.25, 1.333, 1.5, 1.75, 2.0, -1.0)
"""Speeds tried (original seconds per clip second); the fit then finds the true one."""
SAME_MOMENT = 0.45
"""Mean residual correlation (-1 to 1) along a line above which it is the same moment; other moments lie under 0.25."""
_STEP_S = 0.08
_WINDOW_S = 1.6
_TOLERANCE_S = 0.12
_MIN_PIECE_S = 0.5


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch [start, end) of the clip that shows the original at ``speed`` * clip time + ``offset`` seconds.

    ``score``: mean residual correlation, -1 to 1; ``moving``: the moment was confirmed by motion, not by looks alone.
    """

    start: float
    end: float
    speed: float
    offset: float
    score: float
    moving: bool = True

    def original_time(self, clip_time: float) -> float:
        """The original's second on show at that second of the clip."""
        return self.speed * clip_time + self.offset

    @property
    def length(self) -> float:
        """Seconds of the clip."""
        return self.end - self.start


def find_pieces(clip: Track, original: Track, end: float) -> list[Piece]:
    """The piecewise map from clip to original; empty where nothing that moves agrees.

    Args:
        end: the clip's duration in seconds.
    """
    if len(clip.times) < 2 or len(original.times) < 2:
        return []
    ours, motion = residuals(clip, clip.mask)
    theirs, _ = residuals(original, clip.mask)
    moments = np.arange(0, end, _STEP_S)
    originals = np.arange(0, original.times[-1] + _STEP_S, _STEP_S) + original.times[0]
    grid = ours[clip.at(moments)] @ theirs[original.at(originals)].T
    lines = _agree(_votes(grid, moments, originals))
    pieces = [_refit(line, ours, clip, theirs, original) for line in lines]
    return _share_out(pieces, ours, clip, theirs, original, motion, end)


def _votes(
    grid: NDArray[np.float32], moments: NDArray[np.float64], originals: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Best line of each window: rows of (clip time of its middle, original time there, speed, mean correlation)."""
    length = min(round(_WINDOW_S / _STEP_S), len(moments))
    votes = []
    for first in range(0, len(moments) - length + 1, max(1, length // 4)):
        steps = np.arange(length) - length // 2
        window = grid[first : first + length]
        best = (0.0, 0.0, 1.0, -1.0)
        for speed in SPEEDS:
            shifts = np.round(speed * steps).astype(int)
            scores = np.zeros(len(originals), np.float32)
            for row, shift in zip(window, shifts, strict=True):
                scores += _shifted(row, int(shift))
            scores /= length
            peak = int(np.argmax(scores))
            # A grid of speeds splits hairs: another speed must be clearly better than the plain one.
            if scores[peak] > best[3] + (0.02 if best[2] == 1.0 and best[3] > 0 else 0.0):
                best = (moments[first + length // 2], originals[peak], speed, float(scores[peak]))
        if best[3] >= SAME_MOMENT * 0.8:
            votes.append(best)
    return np.array(votes, dtype=np.float64).reshape(-1, 4)


def _shifted(row: NDArray[np.float32], shift: int) -> NDArray[np.float32]:
    """``row`` moved so that entry i is row[i + shift]; zero beyond its ends."""
    out = np.zeros_like(row)
    count = len(row) - abs(shift)
    if count > 0:
        out[max(0, -shift) :][:count] = row[max(0, shift) :][:count]
    return out


def _agree(votes: NDArray[np.float64]) -> list[tuple[float, float]]:
    """Lines (speed, offset) that votes agree on, most agreed first; each vote is used once."""
    lines: list[tuple[float, float]] = []
    left = votes
    while len(left) and len(lines) < 12:
        best: tuple[float, NDArray[np.bool_], float, float] | None = None
        for time, at, speed, _ in left:
            agreed = np.abs(left[:, 1] - (at + speed * (left[:, 0] - time))) < _TOLERANCE_S + 0.02 * np.abs(
                left[:, 0] - time
            )
            weight = float(left[agreed, 3].sum())
            if best is None or weight > best[0]:
                best = (weight, agreed, speed, at - speed * time)
        if best is None:
            break
        _, agreed, speed, offset = best
        span = np.ptp(left[agreed, 0])
        if agreed.sum() >= 3 and span > 1.0:
            speed, offset = np.polyfit(left[agreed, 0], left[agreed, 1], 1, w=left[agreed, 3])
        lines.append((float(speed), float(offset)))
        left = left[~agreed]
    return lines


def _refit(
    line: tuple[float, float],
    ours: NDArray[np.float32],
    clip: Track,
    theirs: NDArray[np.float32],
    original: Track,
) -> Piece:
    """Fit a line to a fraction of a frame, by the best shift of each short stretch at full frame rate."""
    speed, offset = line
    period = float(np.median(np.diff(original.times)))
    for reach in (0.16, 2.5 * period):
        shifts = np.arange(-reach, reach + period / 4, min(period / 2, 0.02))
        table = np.stack([_along(speed, offset + s, ours, clip, theirs, original) for s in shifts])
        points = []
        for chunk in np.array_split(np.arange(len(clip.times)), max(1, round(np.ptp(clip.times) / 1.0))):
            scores = table[:, chunk].mean(axis=1)
            best = int(np.argmax(scores))
            if scores[best] >= SAME_MOMENT * 0.6:
                # A plateau of equal scores (frames last a while) is met in its middle.
                level = np.flatnonzero(scores >= scores[best] - 0.01)
                points.append((clip.times[chunk].mean(), float(shifts[level].mean()), float(scores[best])))
        if not points:
            break
        t, d, w = np.array(points).T
        keep = np.abs(d - np.median(d)) <= max(1.5 * period, 0.06)
        if keep.sum() >= 3 and np.ptp(t[keep]) > 1.5:
            slope, base = np.polyfit(t[keep], d[keep], 1, w=w[keep])
            speed, offset = speed + float(slope), offset + float(base)
        else:
            offset += float(np.median(d[keep]))
    if abs(speed - 1) < 0.004:
        centre = float(clip.times.mean())
        offset, speed = offset + (speed - 1) * centre, 1.0
    return Piece(float(clip.times[0]), float(clip.times[-1]), speed, offset, 0.0)


def _along(
    speed: float,
    offset: float,
    ours: NDArray[np.float32],
    clip: Track,
    theirs: NDArray[np.float32],
    original: Track,
) -> NDArray[np.float32]:
    """Correlation of each clip frame with the original frame that the line gives it; 0 where the original has none."""
    wanted = speed * clip.times + offset
    period = float(np.median(np.diff(original.times)))
    inside = (wanted > original.times[0] - 2 * period) & (wanted < original.times[-1] + 2 * period)
    scores = np.einsum("ij,ij->i", ours, theirs[original.at(wanted + period / 2)])
    return np.where(inside, scores, 0).astype(np.float32)


def _share_out(
    pieces: list[Piece],
    ours: NDArray[np.float32],
    clip: Track,
    theirs: NDArray[np.float32],
    original: Track,
    motion: NDArray[np.float32],
    end: float,
) -> list[Piece]:
    """Give each clip frame to the piece that explains it best; runs of frames become the final pieces."""
    if not pieces:
        return []
    period = float(np.median(np.diff(clip.times)))
    width = max(1, round(0.4 / period))
    raw = np.stack([_along(p.speed, p.offset, ours, clip, theirs, original) for p in pieces])
    smooth = np.asarray(cv2.blur(raw, (width, 1), borderType=cv2.BORDER_REPLICATE), dtype=np.float32)
    # The first (most agreed) piece wins where pieces are as good as each other.
    smooth -= np.arange(len(pieces))[:, None] * 0.03
    owner = np.argmax(smooth, axis=0)
    quiet = motion < 2 * MOTION_FLOOR
    explained = (smooth.max(axis=0) >= SAME_MOMENT * 0.6) | quiet
    found: list[Piece] = []
    start = 0
    label = np.where(explained, owner, -1)
    label = _fill_quiet(label, quiet)
    for stop in range(1, len(label) + 1):
        if stop == len(label) or label[stop] != label[start]:
            if label[start] >= 0:
                piece = pieces[label[start]]
                first = 0.0 if start == 0 else float(clip.times[start])
                last = end if stop == len(label) else float(clip.times[stop])
                score = float(raw[label[start], start:stop].mean())
                if last - first >= _MIN_PIECE_S or (first == 0.0 and last == end):
                    found.append(replace(piece, start=first, end=last, score=score))
            start = stop
    return found


def _fill_quiet(label: NDArray[np.int64], quiet: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Frames too quiet to tell belong to the piece before them, at the start to the first one."""
    loud = np.flatnonzero(~quiet)
    if not loud.size:
        return label
    before = np.clip(np.searchsorted(loud, np.arange(len(label)), side="right") - 1, 0, None)
    return np.where(quiet, label[loud[before]], label)
