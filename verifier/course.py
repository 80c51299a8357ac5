"""How a clip runs along its original, as far as hashes tell: the way with the fewest jumps, and the shortest of those.

An original that shows something again and again is as close to the clip in many places. Stretch by stretch, noise would
choose between them; only the whole clip tells which line goes on to its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from verifier.asked import CLOSE_BITS, SAME_BITS
from verifier.identify import Candidate
from verifier.path import fewest_jumps
from verifier.rough import MOST_LOOK_S, RoughLine, rough_line
from verifier.spans import Span
from verifier.timing import Piece

_BIN_S = 0.5
_BESIDE = 0.95
"""What a frame counts for the bins beside its own: two samplings need not fall together."""
_BESIDE_BINS = 3
"""Bins by which a shorter jump may make the path miss a line."""
_MOST_BINS = 1024
"""Offsets that are followed, those that explain most."""
_AROUND, _ENOUGH = 5, 0.5
"""Frames that are looked at together, and the share of what is best there that is as good."""
_JUMP = 3.0
"""Price of another offset, in frames fully explained: of a short clip more are hashed, and tell no more than two a
second do."""
_PLAINLY = 0.8
"""Share of what is close at all that is explained at the plain speed, from which no other is tried."""
_DRIFT = 0.03
"""Seconds by which offsets at the plain speed may drift in one, for it to be that."""
_SOUND = 0.5
"""What a frame counts more where nothing else sounds like it: it tells apart what looks the same."""
_SAME_LINE_S = 0.8
"""Seconds by which a line found by motion may lie off what hashes say of it."""
_SAME_SPEED = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """Of clip frames at ``times`` (float64 (n,), seconds) the ``offsets`` (float64 (n,)) at one ``speed``."""

    times: NDArray[np.float64]
    offsets: NDArray[np.float64]
    speed: float

    def within(self, span: Span, before: Piece | None = None) -> tuple[Piece, ...]:
        """The lines in a span of the clip, good to about half a second.

        Args:
            before: the piece that ends where the span begins and goes on in it: what lies on its line is as exact.
        """
        start, end = span
        rows = np.flatnonzero((self.times >= start) & (self.times < end))
        times, offsets = self.times[rows], self.offsets[rows]
        jumps = np.flatnonzero(np.abs(np.diff(offsets)) > 1.5 * _BIN_S) + 1
        edges = [start, *((times[jumps - 1] + times[jumps]) / 2).tolist(), end]
        pieces = [
            Piece(first, last, self.speed, float(np.median(part)), 1.0, moving=False)
            for first, last, part in zip(edges, edges[1:], np.split(offsets, jumps), strict=False)
            if part.size
        ]
        return tuple(p if before is None else _as_exact(p, before) for p in pieces)


def _as_exact(piece: Piece, before: Piece) -> Piece:
    """On the line of the piece before, if it is about that."""
    apart = abs(before.original_time(piece.start) - piece.original_time(piece.start))
    if apart > _SAME_LINE_S or abs(before.speed - piece.speed) > _SAME_SPEED:
        return piece
    return replace(piece, speed=before.speed, offset=before.offset)


def window_of(span: Span, expected: Sequence[Piece], rough: RoughLine) -> Span:
    """The seconds of the original that a span may show: what its lines lead to, and where hashes place it as well."""
    stretches = [sorted((p.original_time(p.start), p.original_time(p.end))) for p in expected]
    ends = [offset + rough.speed * moment for offset in (rough.low, rough.high) for moment in span]
    stretches.append([min(ends), max(ends)])
    if not expected:
        return min(ends), max(ends)
    centre = stretches[max(range(len(expected)), key=lambda n: expected[n].length)]
    # What repeats itself all along is as close everywhere: to look everywhere would take much room.
    low, high = centre[0] - MOST_LOOK_S, centre[1] + MOST_LOOK_S
    near = [(max(low, first), min(high, last)) for first, last in stretches if first < high and last > low]
    return min(first for first, _ in near), max(last for _, last in near)


def course(candidate: Candidate) -> Course:
    """The way through the original that explains most of a clip's frames, each jump having its price.

    It is at the plain speed, if that explains about as much as another: what repeats itself agrees with many.
    """
    plain, speed = _course(candidate, 1.0), rough_line(candidate).speed
    if speed == 1:
        return plain
    close = int((candidate.distance.min(axis=1) < CLOSE_BITS).sum())
    steps = np.abs(np.diff(plain.offsets))
    drifted = float(steps[steps <= _BIN_S].sum()) > 2 * _BIN_S + _DRIFT * float(np.ptp(candidate.clip_times))
    return _course(candidate, speed) if drifted or len(plain.times) < _PLAINLY * close else plain


def _course(candidate: Candidate, speed: float) -> Course:
    offsets, close = _closeness(candidate, speed)
    if not offsets.size:
        return Course(np.zeros(0), np.zeros(0), speed)
    times = candidate.clip_times
    worth = _as_well(close)
    for run in candidate.sound if speed == 1 else ():
        if run.only:
            rows, heard = (times >= run.start) & (times < run.end), np.abs(offsets - run.offset) <= _BIN_S
            worth[np.ix_(rows, heard)] += _SOUND
    pace = float(np.median(np.diff(times))) if len(times) > 1 else _BIN_S
    bins = np.floor(offsets / _BIN_S).astype(np.int64)
    path = fewest_jumps(worth, bins, _JUMP * max(1.0, _BIN_S / max(pace, 0.01)))
    for part in np.split(np.arange(len(path)), np.flatnonzero(np.abs(np.diff(bins[path])) > 1) + 1):
        # Those beside it are as good, as far as the price goes: the closest is in their middle.
        beside = np.flatnonzero(np.abs(bins - np.median(bins[path[part]])) <= _BESIDE_BINS)
        if np.ptp(path[part]) == 0:
            path[part] = beside[np.argmax(close[np.ix_(part, beside)].sum(axis=0))]
    explained = close[np.arange(len(path)), path] > 0
    return Course(times[explained], offsets[path[explained]], speed)


def _closeness(candidate: Candidate, speed: float) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Offsets (float64 (m,), rising) that explain some of the clip, and how well each frame: float32 (n, m), 0 to 1."""
    none = np.zeros(0), np.zeros((0, 0), np.float32)
    if not candidate.distance.size:
        return none
    lowest = float(candidate.original_times[0] - (speed * candidate.clip_times).max())
    highest = float(candidate.original_times[-1] - (speed * candidate.clip_times).min())
    first, count = np.floor(lowest / _BIN_S) - 1, int((highest - lowest) / _BIN_S) + 4

    def row(number: int) -> NDArray[np.float32]:
        near = (CLOSE_BITS - candidate.distance[number].astype(np.float32)) / (CLOSE_BITS - SAME_BITS)
        moments = np.flatnonzero(near > 0)
        offsets = candidate.original_times[moments] - speed * candidate.clip_times[number]
        own = np.zeros(count, np.float32)
        np.maximum.at(own, (np.floor(offsets / _BIN_S) - first).astype(np.int64), np.minimum(near[moments], 1))
        beside = np.maximum(np.r_[own[1:], 0], np.r_[0, own[:-1]])
        best: NDArray[np.float32] = np.maximum(own, np.float32(_BESIDE) * beside)
        return best

    numbers = range(len(candidate.clip_times))
    # All offsets of a long original at once would take much room.
    total = np.zeros(count)
    for number in numbers:
        total += row(number)
    most = np.sort(np.argsort(total, kind="stable")[-_MOST_BINS:])
    most = most[total[most] > 0]
    if not most.size:
        return none
    return (first + most + 0.5) * _BIN_S, np.stack([row(number)[most] for number in numbers])


def _as_well(close: NDArray[np.float32]) -> NDArray[np.float32]:
    """What each offset explains around a frame, beside the one that explains most: float32 (n, offsets), 0 to 1.

    Where pictures change quickly it is luck which of several showings was sampled at about the same moments.
    """
    around = np.asarray(cv2.blur(close, (1, _AROUND), borderType=cv2.BORDER_REPLICATE))
    best = np.maximum(around.max(axis=1, keepdims=True), 1 / _AROUND)
    worth: NDArray[np.float32] = np.minimum(around / (_ENOUGH * best), 1)
    return worth
