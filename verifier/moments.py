"""Pieces to the frame: what lasts half a second on a line of its own, and where one line gives way to another.

Motion tells lines over a second and more. Once they have told the clip's tone, the pictures themselves say of each
frame which moment it shows.

1. Every moment near, at the clip's own speed, backwards, held, at half and at twice the speed, is a way to explain
   frames that do not fit. The cheapest path through time wins; another line has a price.
2. A stretch on a new line counts only where that explains nearly all, and the piece there explained little.
3. The path is found once more along the lines that are left. Where pieces meet, frames may belong to neither.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from verifier.likeness import Likeness, likeness, shown
from verifier.lines import Line
from verifier.path import cheapest_path, open_path
from verifier.timing import Piece
from verifier.tracks import Track

WELL_LAID = 0.8
"""Residual correlation of the best piece from which pictures can be compared frame by frame: where the geometry is a
pixel or two off, all agree by less, and seem to be slowed or held. One altered piece alone says nothing of that."""
PACES = (1.0, -1.0, 0.0, 0.5, 2.0)
"""Speeds that are tried, as multiples of the clip's own; the first of those that are about as good is taken."""
CLEARLY = 0.05
"""By how much another pace must be better than an earlier one, in natural log of energy."""
AS_GOOD = 0.25
"""Natural log of energy over what a frame needs, up to which it costs nothing."""
MOST = 1.5
"""The same, less ``AS_GOOD``, from which more of it says no more."""
WELL = 0.4
"""Mean cost (0 to ``MOST``) of a stretch up to which a line explains it."""
NOT_IT = 0.6
"""Mean cost from which a line does not explain it; of a frame that lies on none, where that is allowed."""
CHANGE_S = 0.15
"""Price of another line: a cost of 1 for so many seconds."""
GAINED_S = 0.2
"""What a new line must save at least."""
SHORTEST_S = 0.3
"""Seconds that a stretch on a line of its own must last: transcoders hold frames for a quarter of a second."""
NEAR_S = 0.15
"""Seconds by which a line must lie off the piece's somewhere in its stretch: frame rates need not agree."""
_JOIN_S = 1.0
"""Seconds around the meeting of two pieces in which frames may belong to neither."""
_PLAIN = (0.5, 1.0, 2.0)
_NEARLY_PLAIN = 0.12
_SHIFT_S = 0.3
"""Seconds by which the path may be off where little moves: a line is moved by so much to where it fits best."""
_REACH_S = 15.0
"""Seconds of the original before and after what the pieces show that are searched."""
_BLOCK_S = 40.0
_LONGEST_FRAME_S = 0.25


def settle(
    pieces: tuple[Piece, ...], clip: Track, original: Track, end: float, start: float = 0.0
) -> tuple[Piece, ...]:
    """The pieces to the frame, with short stretches on lines of their own between them.

    Args:
        pieces: in clip order, at least one, confirmed by motion.
        end: seconds of the clip at which the track ends.
        start: those at which it begins.
    """
    if max(piece.score for piece in pieces) < WELL_LAID:
        return pieces
    alike = likeness(pieces, clip, original)
    length = max(2, round(_BLOCK_S / float(np.median(np.diff(clip.times)))))
    settled: list[Piece] = []
    for first in range(0, len(clip.times), length):
        frames = np.arange(first, min(first + length, len(clip.times)))
        for piece in _Block(pieces, alike, frames, (start, end)).settled():
            before = settled[-1] if settled else None
            if before and before.end == piece.start and (before.speed, before.offset) == (piece.speed, piece.offset):
                settled[-1] = replace(before, end=piece.end)
            else:
                settled.append(piece)
    return tuple(settled) or pieces


class _Block:
    """Some of the clip's frames, and what it costs to explain them by any line.

    ``times``: float64 (n,); ``edges``: float64 (n + 1,), where frames begin and the last one ends; ``piece``: int64
    (n,), number of the piece that a frame is on, -1 for none; ``grid``: float64 (m,), the original's moments.
    """

    def __init__(
        self, pieces: Sequence[Piece], alike: Likeness, frames: NDArray[np.int64], span: tuple[float, float]
    ) -> None:
        clip, original = alike.clip, alike.original
        self.alike, self.frames = alike, frames
        self.times = clip.times[frames]
        last = frames[-1] + 1 == len(clip.times)
        self.edges = np.r_[self.times, span[1] if last else clip.times[frames[-1] + 1]]
        self.edges[0] = span[0] if frames[0] == 0 else self.edges[0]
        self.lasts = np.clip(np.diff(self.edges), 0.0, _LONGEST_FRAME_S)
        self.pieces = [p for p in pieces if p.start < self.edges[-1] and p.end > self.edges[0]]
        self.piece = np.full(len(frames), -1)
        for number, piece in enumerate(self.pieces):
            self.piece[(self.times >= piece.start - 1e-6) & (self.times < piece.end - 1e-6)] = number
        self.step = float(np.median(np.diff(original.times)))

    def settled(self) -> list[Piece]:
        """The pieces of these frames; none where none was."""
        if not self.pieces:
            return []
        longest = max(self.pieces, key=lambda p: p.length)
        shows = [longest.original_time(float(t)) for t in np.clip(self.edges[[0, -1]], longest.start, longest.end)]
        first, last = self.alike.original.times[[0, -1]]
        low, high = max(first, min(shows) - _REACH_S), min(last, max(shows) + _REACH_S)
        self.grid = np.arange(low, high + self.step / 2, self.step)
        energies = self.alike.energies(self.frames, shown(self.alike.original, self.grid))
        lines = list(dict.fromkeys((piece.speed, piece.offset) for piece in self.pieces))
        least = np.minimum(energies.min(axis=1), np.min([self._nearest(line) for line in lines], axis=0))
        self.needed = self.alike.needed(least)
        self.excess = np.log(energies / self.needed[:, None])
        wide = np.pad(self.excess, ((0, 0), (1, 1)), constant_values=np.inf)
        # Frame rates need not agree, so a neighbour in time is as good.
        around = np.minimum(np.minimum(wide[:, :-2], wide[:, 1:-1]), wide[:, 2:])
        cost = np.clip(around - AS_GOOD, 0, MOST).astype(np.float32)
        lines += [line for start, stop, line in self._others(lines, cost) if self._counts(start, stop, line)]
        return self._shared_out(lines)

    def _nearest(self, line: Line) -> NDArray[np.float32]:
        """Energy of each frame on a line, or one frame of the original beside it: float32 (n,)."""
        wanted = line[0] * self.times + line[1]
        times = self.alike.original.times
        inside = (wanted > times[0] - 2 * self.step) & (wanted < times[-1] + 2 * self.step)
        beside = [
            self.alike.paired(self.frames, shown(self.alike.original, wanted + shift))
            for shift in (-self.step, 0.0, self.step)
        ]
        return np.where(inside, np.min(beside, axis=0), np.inf).astype(np.float32)

    def along(self, line: Line) -> NDArray[np.float32]:
        """Cost of each frame on a line: float32 (n,), 0 to ``MOST``."""
        cost: NDArray[np.float32] = np.clip(np.log(self._nearest(line) / self.needed) - AS_GOOD, 0, MOST)
        return cost

    def _others(self, lines: Sequence[Line], cost: NDArray[np.float32]) -> Iterator[tuple[int, int, Line]]:
        """Stretches [start, stop) of frames that the cheapest path lays on lines of no piece."""
        usual = abs(max(self.pieces, key=lambda p: p.length).speed) or 1.0
        paces = np.array(PACES) * usual
        gone = np.round(paces * (self.times - self.times[0])[:, None] / self.step).astype(np.int64)
        steps = np.diff(gone, axis=0, prepend=gone[:1])
        known = np.stack([self.along(line) for line in lines], axis=1)
        path = open_path(known, cost, steps, self.lasts, CHANGE_S)
        which, moment = np.divmod(path - len(lines), len(self.grid))
        # All frames on one line have the same pace, and were at the same moment when the first one was shown.
        origin = moment - np.take_along_axis(gone, np.maximum(which, 0)[:, None], axis=1)[:, 0]
        origin[which < 0] = 0
        changes = (np.diff(which, prepend=-9) != 0) | (np.diff(origin, prepend=0) != 0)
        for start, stop in pairwise([*np.flatnonzero(changes).tolist(), len(path)]):
            if which[start] >= 0:
                middle = (start + stop) // 2
                yield start, stop, self._fitted(float(self.grid[moment[middle]]), middle, paces.tolist(), start, stop)

    def _fitted(self, at: float, middle: int, paces: Sequence[float], start: int, stop: int) -> Line:
        """The line that shows about that moment at the middle frame, at the first pace that none clearly beats."""
        rows = np.arange(start, stop)
        best, least = (0.0, at), np.inf
        for pace in paces:
            excess, line = self._shifted((pace, at - pace * float(self.times[middle])), rows)
            if excess < least - CLEARLY:
                least, best = excess, line
        return best

    def _shifted(self, line: Line, rows: NDArray[np.int64]) -> tuple[float, Line]:
        """The mean excess, and the line, that fits some frames best of those at that speed near one."""
        fits = []
        for shift in np.arange(-_SHIFT_S, _SHIFT_S + self.step / 4, self.step / 2):
            moments = line[0] * self.times[rows] + line[1] + shift
            column = np.round((moments - self.grid[0]) / self.step).astype(int)
            excess = self.excess[rows, np.clip(column, 0, len(self.grid) - 1)]
            fits.append((float(excess.mean()), (line[0], line[1] + float(shift))))
        return min(fits)

    def _plain(self, line: Line, rows: NDArray[np.int64]) -> Line:
        """The line at a plain speed, if it was fitted to more than these frames and that explains them as well."""
        speed = min(_PLAIN, key=lambda s: abs(line[0] - s))
        if not rows.size or speed == line[0] or abs(line[0] / speed - 1) > _NEARLY_PLAIN:
            return line
        turned = speed, line[1] + (line[0] - speed) * float(self.times[rows].mean())
        excess, plain = self._shifted(turned, rows)
        return plain if excess < self._shifted(line, rows)[0] + CLEARLY else line

    def _counts(self, start: int, stop: int, line: Line) -> bool:
        """Whether a stretch is long enough, and a line explains it that the pieces there do not."""
        if self.edges[stop] - self.edges[start] < SHORTEST_S:
            return False
        before = np.full(stop - start, MOST, np.float32)
        apart = np.full(stop - start, np.inf)
        times = self.times[start:stop]
        for number, piece in enumerate(self.pieces):
            on = self.piece[start:stop] == number
            before[on] = self.along((piece.speed, piece.offset))[start:stop][on]
            apart[on] = np.abs((line[0] - piece.speed) * times[on] + line[1] - piece.offset)
        after = self.along(line)[start:stop]
        gained = float(((before - after) * self.lasts[start:stop]).sum())
        another = gained >= GAINED_S and float(apart.max()) >= NEAR_S
        return another and float(after.mean()) <= min(WELL, float(before.mean()) / 3)

    def _shared_out(self, lines: Sequence[Line]) -> list[Piece]:
        """Pieces on the cheapest path along some lines."""
        free = self.piece < 0
        for frame in np.flatnonzero(np.diff(self.piece)) + 1:
            free |= np.abs(self.times - self.times[frame]) <= _JOIN_S
        nowhere = np.where(free, NOT_IT, 2 * MOST).astype(np.float32)
        scores = {(piece.speed, piece.offset): piece.score for piece in self.pieces}
        for _ in range(2):
            costs = [self.along(line) for line in lines]
            label = cheapest_path(np.stack([*costs, nowhere], axis=1), self.lasts, CHANGE_S)
            fitted = [self._plain(line, np.flatnonzero(label == number)) for number, line in enumerate(lines)]
            if fitted == list(lines):
                break
            scores |= {new: scores[old] for old, new in zip(lines, fitted, strict=True) if old in scores}
            lines = fitted
        found: list[Piece] = []
        for start, stop in pairwise(np.flatnonzero(np.diff(label, prepend=-1, append=-1)).tolist()):
            if label[start] == len(lines):
                continue
            line, cost = lines[label[start]], costs[label[start]][start:stop]
            score = scores.get(line, 1 - float(cost.mean()) / MOST)
            first, last = float(self.edges[start]), float(self.edges[stop])
            if found and found[-1].end == first:
                first = self._turn((found[-1].speed, found[-1].offset), line, start)
                found[-1] = replace(found[-1], end=first)
            found.append(Piece(first, last, line[0], line[1], score))
        return found

    def _turn(self, before: Line, after: Line, frame: int) -> float:
        """Where a line gives way to another at about a frame: where they cross, if both explain what lies between."""
        edge = float(self.edges[frame])
        if before[0] == after[0]:
            return edge
        crossing = (after[1] - before[1]) / (before[0] - after[0])
        low, high = sorted((edge, crossing))
        between = (self.times >= low - 1e-6) & (self.times < high)
        near = high - low <= _JOIN_S and self.edges[0] < crossing < self.edges[-1]
        if not near or not between.any() or max(self.along(x)[between].mean() for x in (before, after)) > WELL:
            return edge
        return crossing
