"""Straight lines between clip time and original time: found by votes of short windows, fitted to part of a frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from verifier.tracks import SURROUNDINGS_S, Track, residuals

Line = tuple[float, float]
"""Speed and offset: original seconds = speed * clip seconds + offset."""

SPEEDS = (1.0, 0.5, 0.6, 0.667, 0.75, 0.8, 0.85, 0.9, 0.95, 1.05, 1.1, 1.15, 1.25, 1.333, 1.5, 1.75, 2.0, -1.0)
"""Speeds tried (original seconds per clip second); the fit then finds the true one."""
SAME_MOMENT = 0.45
"""Mean residual correlation (-1 to 1) along a line above which it is the same moment; other moments lie under 0.25."""
SAME_SCENE = 0.75
"""Correlation of whole pictures (-1 to 1) above which it is still the same scene."""
SAME_BESIDES = 0.95
"""The same of the pictures but for the quarter that differs most, as boards and captions may cover so much: copies of
the tuning half with one have 0.98 and more there, pictures of other films 0.81 at most."""
_COVERED = 0.25
SAME_BLACK = 3.0
"""Mean difference (grey levels) under which two dark or flat frames are the same."""
TOLERANCE_S = 0.12
"""Seconds by which votes for one line may disagree."""
_ROUGHLY_S = 0.8
"""Seconds by which a line that hashes tell may be off."""
_MOST_FRAMES = 400
_STEP_S = 0.08
_WINDOW_S = 1.6
_SHORT_WINDOW_S = 0.8
_MAX_WINDOWS = 400
_BLOCK_STEPS = 500
"""Steps of the clip whose likeness to the original is held at once: 40 s, 2 MB for a minute of the original."""
_MAX_LINES = 12
_CLOCK_DRIFT = 0.003
_LEAST_DRIFT_S = 0.12
"""Seconds by which another speed must move a stretch's end against its start to be told from an error of the fit."""
_AS_GOOD = 0.01


_PACES = (0.5, 0.7, 1.0, 1.4, 2.0)
"""Speeds for which the original's residuals are made: its surroundings must last as long as the clip's do."""


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """Both tracks with what moves in the clip: ``ours`` float32 (n, pixels); the original's is made as it is needed.

    ``floor``: as for ``residuals``.
    """

    ours: NDArray[np.float32]
    clip: Track
    original: Track
    floor: float
    _made: dict[float, NDArray[np.float32]] = field(default_factory=dict)

    def theirs(self, speed: float) -> NDArray[np.float32]:
        """What moves in the original as it looks at that speed: float32 (m, pixels)."""
        pace = _pace(speed)
        if pace not in self._made:
            self._made[pace], _ = residuals(self.original, self.clip.mask, SURROUNDINGS_S * pace, self.floor)
        return self._made[pace]

    def in_steps(self, pace: float) -> NDArray[np.float32]:
        """The same at ``steps``, for votes: all paces are needed at once, and all their frames would take much room."""
        frames = self.original.at(self.steps)
        unit, _ = residuals(self.original, self.clip.mask, SURROUNDINGS_S * pace, self.floor, frames)
        return unit

    @property
    def steps(self) -> NDArray[np.float64]:
        """Seconds of the original, evenly spaced, float64 (k,)."""
        start, stop = self.original.times[[0, -1]]
        return np.arange(start, stop + _STEP_S, _STEP_S)

    def along(self, line: Line, frames: NDArray[np.int64]) -> NDArray[np.float32]:
        """Correlation of clip frames with the original frames that a line gives them; 0 where there are none."""
        speed, offset = line
        times = self.original.times
        wanted = speed * self.clip.times[frames] + offset
        inside = (wanted > times[0] - 2 * self.period) & (wanted < times[-1] + 2 * self.period)
        scores = np.einsum(
            "ij,ij->i", self.ours[frames], self.theirs(speed)[self.original.at(wanted + self.period / 2)]
        )
        return np.where(inside, scores, 0).astype(np.float32)

    @property
    def period(self) -> float:
        """Seconds between the original's frames."""
        return float(np.median(np.diff(self.original.times)))

    @property
    def pace(self) -> float:
        """Seconds between the clip's frames."""
        return float(np.median(np.diff(self.clip.times)))

    def nearest(self, line: Line, frames: NDArray[np.int64]) -> Line:
        """The line beside a rough one, at its speed, that explains some frames best."""
        some = frames[:: max(1, len(frames) // _MOST_FRAMES)]
        shifts = np.arange(-_ROUGHLY_S, _ROUGHLY_S + self.period, self.period)
        scores = [self.score((line[0], line[1] + shift), some) for shift in shifts]
        return line[0], line[1] + float(shifts[int(np.argmax(scores))])

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
        # An entry, not a mean of two: there is always one that is kept.
        middle = np.sort(shift)[len(shift) // 2]
        keep = np.abs(shift - middle) <= max(1.5 * self.period, 0.06)
        if keep.sum() >= 3 and np.ptp(time[keep]) > 1.5:
            slope, base = np.polyfit(time[keep], shift[keep], 1, w=weight[keep])
            return speed + float(slope), offset + float(base)
        return speed, offset + float(np.median(shift[keep]))

    def _plain_if_as_good(self, line: Line, frames: NDArray[np.int64]) -> Line:
        """Speed 1 where that explains the frames about as well, or where clocks alone make the difference."""
        speed, offset = line
        if speed == 1.0:
            return line
        times = self.clip.times[frames]
        plain = 1.0, offset + (speed - 1) * float(times.mean())
        drift = abs(speed - 1) * float(np.ptp(times))
        if (
            abs(speed - 1) <= _CLOCK_DRIFT
            or drift < _LEAST_DRIFT_S
            or self.score(plain, frames) >= self.score(line, frames) - _AS_GOOD
        ):
            return plain
        return line

    def score(self, line: Line, frames: NDArray[np.int64]) -> float:
        """Mean correlation along a line."""
        return float(self.along(line, frames).mean())

    def alike(self, line: Line, frames: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each frame shows the scene that a line gives it, what stands still included: bool (frames,)."""
        mask = self.clip.mask
        if not mask.any():
            return np.zeros(len(frames), np.bool_)
        wanted = line[0] * self.clip.times[frames] + line[1]
        ours = self.clip.pictures[frames][:, mask].astype(np.float32)
        theirs = self.original.pictures[self.original.at(wanted + self.period / 2)][:, mask].astype(np.float32)
        apart = ours - theirs
        # What brightens all of one is no difference.
        strays = np.abs(apart - np.median(apart, axis=1, keepdims=True))
        besides = strays <= np.quantile(strays, 1 - _COVERED, axis=1, keepdims=True)
        likeness = _correlation(ours, theirs, np.ones_like(besides)) >= SAME_SCENE
        likeness |= _correlation(ours, theirs, besides) >= SAME_BESIDES
        inside = (wanted >= self.original.times[0] - 0.2) & (wanted <= self.original.times[-1] + 0.2)
        same: NDArray[np.bool_] = inside & (likeness | (np.abs(apart).mean(axis=1) <= SAME_BLACK))
        return same


def _correlation(
    ours: NDArray[np.float32], theirs: NDArray[np.float32], where: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Correlation of each row with its like, over some of their pixels: float32 (n,)."""
    sides = [np.where(where, side - side.mean(axis=1, keepdims=True, where=where), 0) for side in (ours, theirs)]
    norms = np.linalg.norm(sides[0], axis=1) * np.linalg.norm(sides[1], axis=1)
    return np.asarray((sides[0] * sides[1]).sum(axis=1) / np.maximum(norms, 1e-3), np.float32)


def _pace(speed: float) -> float:
    return min(_PACES, key=lambda pace: abs(np.log(abs(speed) / pace)))


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


def votes(match: Match, end: float) -> NDArray[np.float64]:
    """Best line of each window: rows of (clip time of its middle, original time there, speed, mean correlation)."""
    steps = max(2, int(end / _STEP_S))
    sizes = []
    for length_s, speeds in ((_WINDOW_S, SPEEDS), (_SHORT_WINDOW_S, SPEEDS[:1])):
        length = min(steps, round(length_s / _STEP_S))
        stride = max(1, round(length / 4), -(-(steps - length) // _MAX_WINDOWS))
        sizes.append((length, stride, speeds))
    cast: list[tuple[float, float, float, float]] = []
    grid = np.arange(steps, dtype=np.float64) * _STEP_S
    theirs = {pace: match.in_steps(pace) for pace in _PACES}
    for start in range(0, steps, _BLOCK_STEPS):
        stop = min(start + _BLOCK_STEPS, steps)
        likeness = _Likeness(match, grid[start : stop + sizes[0][0]], theirs)
        for length, stride, speeds in sizes:
            first = -(-start // stride) * stride
            places = range(first - start, min(stop, steps - length + 1) - start, stride)
            cast += [_vote(likeness, slice(at, at + length), speeds) for at in places]
    rows = np.array(cast, dtype=np.float64).reshape(-1, 4)
    return rows[rows[:, 3] >= SAME_MOMENT * 0.8]


class _Likeness:
    """Correlation of a clip's frames at some ``moments`` (float64 (n,), seconds) with all of the original's, at the
    same steps: windows overlap, and share it."""

    def __init__(self, match: Match, moments: NDArray[np.float64], theirs: Mapping[float, NDArray[np.float32]]) -> None:
        self.moments = moments
        self.originals = match.steps
        self._theirs = theirs
        self._ours = match.ours[match.clip.at(moments)]
        self._made: dict[float, NDArray[np.float32]] = {}

    def at(self, speed: float) -> NDArray[np.float32]:
        """With the original as it looks at that speed: float32 (n, m)."""
        pace = _pace(speed)
        if pace not in self._made:
            self._made[pace] = self._ours @ self._theirs[pace].T
        return self._made[pace]


def _vote(likeness: _Likeness, window: slice, speeds: tuple[float, ...]) -> tuple[float, float, float, float]:
    """The line that explains one window best."""
    moments, originals = likeness.moments[window], likeness.originals
    middle = len(moments) // 2
    best = (0.0, 0.0, 1.0, -1.0)
    for speed in speeds:
        shifts = np.round(speed * (np.arange(len(moments)) - middle)).astype(int)
        scores = np.zeros(len(originals), np.float32)
        for row, shift in zip(likeness.at(speed)[window], shifts, strict=True):
            _add_shifted(scores, row, int(shift))
        scores /= len(moments)
        peak = int(np.argmax(scores))
        # A grid of speeds splits hairs: another speed must be clearly better than the plain one.
        if scores[peak] > best[3] + (0.02 if best[2] == 1.0 and best[3] > 0 else 0.0):
            best = (float(moments[middle]), float(originals[peak]), speed, float(scores[peak]))
    return best


def _add_shifted(total: NDArray[np.float32], row: NDArray[np.float32], shift: int) -> None:
    """Add ``row`` moved so that entry i is row[i + shift]; nothing beyond its ends."""
    count = len(row) - abs(shift)
    if count > 0:
        total[max(0, -shift) :][:count] += row[max(0, shift) :][:count]


def agree(cast: NDArray[np.float64]) -> list[Line]:
    """Lines (speed, offset) that votes agree on, most agreed first; each vote is used once."""
    lines: list[Line] = []
    left = cast
    while len(left) and len(lines) < _MAX_LINES:
        best: tuple[float, NDArray[np.bool_], float, float] | None = None
        for time, at, speed, _ in left:
            agreed = np.abs(left[:, 1] - (at + speed * (left[:, 0] - time))) < TOLERANCE_S + 0.02 * np.abs(
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
