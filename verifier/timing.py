"""Which moment of the original is which moment of the clip: a piecewise straight map, found from what moves.

1. Correlate the residuals of every clip frame with those of every original frame.
2. For each window of the clip, the offset and speed along which the correlation is highest is a vote.
3. Lines that many votes agree on become pieces; each clip frame goes to the piece that explains it best.
4. Each piece is fitted again at full frame rate, to a fraction of a frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from verifier.tracks import MOTION_FLOOR, Track, residuals

SPEEDS = (1.0, 0.5, 0.6, 0.667, 0.75, 0.8, 0.85, 0.9, 0.95, 1.05, 1.1, 1.15, 1.25, 1.333, 1.5, 1.75, 2.0, -1.0)
"""Speeds tried (original seconds per clip second); the fit then finds the true one."""
SAME_MOMENT = 0.45
"""Mean residual correlation (-1 to 1) along a line above which it is the same moment; other moments lie under 0.25."""
Line = tuple[float, float]
"""Speed and offset: original seconds = speed * clip seconds + offset."""

SURE_MOMENT = 0.6
SURE_S = 1.0
SURE_SHARE = 0.6
"""A clip is believed to show an original's moments if pieces of at least ``SURE_MOMENT`` last so long, or fill so much
of a short clip. Other moments of the same scene reach 0.72 for half a second, at odd speeds."""
_STEP_S = 0.08
_SMOOTH_S = 0.4
_CLOCK_DRIFT = 0.003
_SHORT_S = 1.2
_SHORT_EXTRA = 0.1
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
    match = _Match(ours, clip, theirs, original)
    whole = np.arange(len(clip.times))
    lines = [match.fit(line, whole) for line in _agree(_votes(grid, moments, originals))]
    found = _share_out(lines, match, motion, end) if lines else []
    sure = sum(piece.length for piece in found if piece.score >= SURE_MOMENT)
    return found if sure >= min(SURE_S, SURE_SHARE * end) else []


def moves(track: Track) -> bool:
    """Whether enough moves for the moment to be told: a second of it, or a third of a short track."""
    if len(track.times) < 2:
        return False
    _, motion = residuals(track, track.mask)
    lively = float((motion >= 2 * MOTION_FLOOR).mean()) * float(np.ptp(track.times))
    return lively >= min(1.0, float(np.ptp(track.times)) / 3)


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


def _agree(votes: NDArray[np.float64]) -> list[Line]:
    """Lines (speed, offset) that votes agree on, most agreed first; each vote is used once."""
    lines: list[Line] = []
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


@dataclass(frozen=True, slots=True, eq=False)
class _Match:
    """Both sides at full frame rate: residuals float32 (n, pixels) and the tracks they are of."""

    ours: NDArray[np.float32]
    clip: Track
    theirs: NDArray[np.float32]
    original: Track

    def along(self, line: Line, frames: NDArray[np.int64]) -> NDArray[np.float32]:
        """Correlation of clip frames with the original frames that a line gives them; 0 where there are none."""
        speed, offset = line
        times = self.original.times
        wanted = speed * self.clip.times[frames] + offset
        inside = (wanted > times[0] - 2 * self.period) & (wanted < times[-1] + 2 * self.period)
        scores = np.einsum("ij,ij->i", self.ours[frames], self.theirs[self.original.at(wanted + self.period / 2)])
        return np.where(inside, scores, 0).astype(np.float32)

    @property
    def period(self) -> float:
        """Seconds between the original's frames."""
        return float(np.median(np.diff(self.original.times)))

    def fit(self, line: Line, frames: NDArray[np.int64]) -> Line:
        """Fit a line to a fraction of a frame over some of the clip, by the best shift of each second of it."""
        for reach in (0.16, 2.5 * self.period):
            shifts = np.arange(-reach, reach + self.period / 4, min(self.period / 2, 0.02))
            speed, offset = line
            table = np.stack([self.along((speed, offset + shift), frames) for shift in shifts])
            points = _best_shifts(table, shifts, self.clip.times[frames])
            if not len(points):
                break
            line = self._corrected(line, points)
        return self._plain_if_as_good(line, frames)

    def _corrected(self, line: Line, points: NDArray[np.float64]) -> Line:
        speed, offset = line
        time, shift, weight = points.T
        keep = np.abs(shift - np.median(shift)) <= max(1.5 * self.period, 0.06)
        if keep.sum() >= 3 and np.ptp(time[keep]) > 1.5:
            slope, base = np.polyfit(time[keep], shift[keep], 1, w=weight[keep])
            return speed + float(slope), offset + float(base)
        return speed, offset + float(np.median(shift[keep]))

    def _plain_if_as_good(self, line: Line, frames: NDArray[np.int64]) -> Line:
        """True speed 1 where the fitted speed would move no frame by more than one and a half from there."""
        times = self.clip.times[frames]
        speed, offset = line
        if abs(speed - 1) * np.ptp(times) > 1.5 * self.period and abs(speed - 1) > _CLOCK_DRIFT:
            return line
        middle = float(times.mean())
        return 1.0, offset + (speed - 1) * middle


def _best_shifts(
    table: NDArray[np.float32], shifts: NDArray[np.float64], times: NDArray[np.float64]
) -> NDArray[np.float64]:
    """For each second of the clip, rows of (its middle, the shift that fits best, how well)."""
    points = []
    for chunk in np.array_split(np.arange(len(times)), max(1, round(np.ptp(times)))):
        scores = table[:, chunk].mean(axis=1)
        best = int(np.argmax(scores))
        if scores[best] >= SAME_MOMENT * 0.6:
            # A plateau of equal scores (frames last a while) is met in its middle.
            level = np.flatnonzero(scores >= scores[best] - 0.01)
            points.append((times[chunk].mean(), float(shifts[level].mean()), float(scores[best])))
    return np.array(points, dtype=np.float64).reshape(-1, 3)


def _share_out(lines: list[Line], match: _Match, motion: NDArray[np.float32], end: float) -> list[Piece]:
    """Give each clip frame to the line that explains it best; runs of frames become the pieces."""
    times = match.clip.times
    whole = np.arange(len(times))
    width = max(1, round(_SMOOTH_S / float(np.median(np.diff(times)))))
    raw = np.stack([match.along(line, whole) for line in lines])
    smooth = np.asarray(cv2.blur(raw, (width, 1), borderType=cv2.BORDER_REPLICATE), dtype=np.float32)
    # The first (most agreed) line wins where lines are as good as each other.
    smooth -= np.arange(len(lines), dtype=np.float32)[:, None] * 0.03
    quiet = motion < 2 * MOTION_FLOOR
    label = np.where(smooth.max(axis=0) >= SAME_MOMENT * 0.8, np.argmax(smooth, axis=0), -1)
    label = _fill_quiet(label, quiet)
    edges = np.flatnonzero(np.diff(label, prepend=-2, append=-2))
    found = []
    for start, stop in pairwise(edges.tolist()):
        frames = whole[start:stop]
        first = 0.0 if start == 0 else float(times[start])
        last = end if stop == len(times) else float(times[stop])
        if label[start] < 0 or (last - first < _MIN_PIECE_S and last - first < 0.9 * end):
            continue
        speed, offset = match.fit(lines[label[start]], frames)
        score = float(match.along((speed, offset), frames)[~quiet[frames]].mean()) if (~quiet[frames]).any() else 0.0
        if score >= SAME_MOMENT + (_SHORT_EXTRA if last - first < _SHORT_S else 0.0):
            found.append(Piece(first, last, speed, offset, score))
    return found


def _fill_quiet(label: NDArray[np.int64], quiet: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Frames too quiet to tell belong to the piece before them, at the start to the first one."""
    loud = np.flatnonzero(~quiet)
    if not loud.size:
        return label
    before = np.clip(np.searchsorted(loud, np.arange(len(label)), side="right") - 1, 0, None)
    return np.where(quiet, label[loud[before]], label)
