"""Which moment of the original is which moment of the clip: a piecewise straight map, found from what moves.

1. For each window of the clip, the offset and speed along which residuals correlate best is a vote for a line.
2. Each clip frame goes to the line that explains it best; runs of frames are pieces, fitted again by themselves.
3. Pieces that nothing else supports are dropped, and gaps on a line are closed where the scene stays the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from verifier.lines import SAME_MOMENT, TOLERANCE_S, Line, Match, agree, votes
from verifier.path import AS_WELL, best_path, simplified
from verifier.tracks import MOTION_FLOOR, Track, residuals

SURE_MOMENT = 0.6
SURE_S = 1.0
SURE_SHARE = 0.45
"""A clip is believed to show an original's moments if pieces of at least ``SURE_MOMENT`` last so long, or fill so much
of a short clip. Other moments of the same scene reach 0.72 for half a second, at odd speeds."""
EXACT_MOMENT = 0.87
"""Mean correlation of their best frames: where it is the same moment, somewhere it is so exactly. Another moment of
the same scene reached 0.82; re-encodings at 240p crf 34 lie at 0.9 throughout."""
EXACT_THROUGHOUT = 0.9
"""Mean correlation of all their frames: at other speeds, other moments of the same scene reached 0.72."""
LONG_S = 2.5
"""Seconds of motion after which no moment need be exact: the moment is the same, and the copy a poor one."""
SURE_OF_SPEED = 0.95
"""Mean correlation from which a speed near the plain one is believed. A view that moves forwards grows: geometry and
speed that are both a little off make up for each other, at 0.71 to 0.92 (measured on footage from a car)."""
NEAR_PLAIN = 0.05
"""How far from 1 such a speed was."""
STRAYS_S = 0.16
"""Seconds by which it may stray from the plain one towards the ends of what lies on its line."""
BRIDGE_SHARE = 0.8
"""Share of a gap's frames that must show the scene of a piece beside it for the gap to be closed."""
_EXPECTED = 1.5 * AS_WELL
"""What a line that is expected is worth besides, where it is."""
_ELSEWHERE, _ELSEWHERE_S = 0.1, 1.0
"""What every line that is so many seconds off is worth less there, if the expected one explains it: what an original
shows again it shows a little better or worse."""
_SMOOTH_S = 0.4
_SHORT_S = 1.2
_SHORT_EXTRA = 0.1
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


def at_plain_speed(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """The pieces, those at the plain speed that cannot be told from it; what lies on one line is turned as one."""
    return tuple(_turned(piece, [other for other in pieces if same_line(other, piece)]) for piece in pieces)


def _turned(piece: Piece, line: list[Piece]) -> Piece:
    start, end = min(p.start for p in line), max(p.end for p in line)
    astray = abs(piece.speed - 1)
    if not 0 < astray <= NEAR_PLAIN or astray * (end - start) / 2 > STRAYS_S or _mean_score(line) >= SURE_OF_SPEED:
        return piece
    middle = (start + end) / 2
    return replace(piece, speed=1.0, offset=piece.original_time(middle) - middle)


def _mean_score(pieces: list[Piece]) -> float:
    return sum(piece.length * piece.score for piece in pieces) / sum(piece.length for piece in pieces)


def find_pieces(
    clip: Track, original: Track, end: float, floor: float = MOTION_FLOOR, expected: Sequence[Piece] = ()
) -> list[Piece]:
    """The piecewise map from clip to original; empty where nothing that moves agrees.

    Args:
        end: the clip's duration in seconds.
        floor: root mean square grey levels of motion that are hardly above noise.
        expected: rough lines, preferred where others explain no more.
    """
    if len(clip.times) < 2 or len(original.times) < 2:
        return []
    ours, motion = residuals(clip, clip.mask, floor=floor)
    match = Match(ours, clip, original, floor)
    whole = np.arange(len(clip.times))
    lines, favoured = _expected_lines(expected, match)
    voted = [match.fit(line, whole) for line in agree(votes(match, end))]
    for number, line in enumerate(lines):
        twin = next((n for n, other in enumerate(voted) if _alike(line, other, end)), None)
        if twin is not None:
            lines[number] = voted.pop(twin)
    lines += voted
    found = _share_out(lines, favoured, match, motion, end) if lines else []
    if not any(_believed([o for o in found if same_line(o, p)], p.speed, match, motion, end) for p in found):
        return []
    return _bridged(found, match, end)


def likely_piece(clip: Track, original: Track, end: float) -> Piece | None:
    """The whole clip on the line that most of its windows agree on, believed or not; None where none does."""
    if len(clip.times) < 2 or len(original.times) < 2:
        return None
    ours, _ = residuals(clip, clip.mask)
    match = Match(ours, clip, original, MOTION_FLOOR)
    lines = agree(votes(match, end))
    if not lines:
        return None
    whole = np.arange(len(clip.times))
    speed, offset = match.fit(lines[0], whole)
    return Piece(0.0, end, speed, offset, float(match.along((speed, offset), whole).mean()))


def moves(track: Track, floor: float = MOTION_FLOOR) -> bool:
    """Whether enough moves for the moment to be told: a second of it, or a third of a short track.

    Args:
        floor: root mean square grey levels of motion that are hardly above noise.
    """
    if len(track.times) < 2:
        return False
    _, motion = residuals(track, track.mask)
    lively = float((motion >= 2 * floor).mean()) * float(np.ptp(track.times))
    return lively >= min(1.0, float(np.ptp(track.times)) / 3)


def quiet_share(track: Track) -> float:
    """Share of frames, 0-1, with hardly more motion than compression noise."""
    _, motion = residuals(track, track.mask)
    return float((motion < 2 * MOTION_FLOOR).mean())


def _expected_lines(expected: Sequence[Piece], match: Match) -> tuple[list[Line], NDArray[np.bool_]]:
    """Rough lines made exact, those in one once; and where each is expected, bool (lines, n)."""
    times = match.clip.times
    lines: list[Line] = []
    favoured: list[NDArray[np.bool_]] = []
    for piece in expected:
        inside = (times >= piece.start - 1e-6) & (times < piece.end)
        if inside.sum() < 2:
            continue
        frames = np.flatnonzero(inside)
        line = match.fit(match.nearest((piece.speed, piece.offset), frames), frames)
        known = next((n for n, other in enumerate(lines) if _alike(line, other, float(times[-1]))), None)
        if known is None:
            lines.append(line)
            favoured.append(inside)
        else:
            favoured[known] = favoured[known] | inside
    return lines, np.array(favoured, bool).reshape(len(lines), len(times))


def _alike(line: Line, other: Line, end: float) -> bool:
    """Whether two lines lie within tolerance of each other from 0 to ``end``."""
    return all(abs((line[0] - other[0]) * moment + line[1] - other[1]) < TOLERANCE_S for moment in (0.0, end))


def _share_out(
    lines: list[Line], favoured: NDArray[np.bool_], match: Match, motion: NDArray[np.float32], end: float
) -> list[Piece]:
    """Give each clip frame to the line that explains it best; runs of frames become the pieces.

    ``favoured``: where the first lines are expected, bool (some lines, n).
    """
    times = match.clip.times
    whole = np.arange(len(times))
    width = max(1, round(_SMOOTH_S / match.pace))
    raw = np.stack([match.along(line, whole) for line in lines])
    smooth = np.asarray(cv2.blur(raw, (width, 1), borderType=cv2.BORDER_REPLICATE), dtype=np.float32)
    quiet = motion < 2 * match.floor
    besides = np.zeros_like(raw)
    besides[: len(favoured)] = _EXPECTED * favoured
    shown = np.array([speed * times + offset for speed, offset in lines])
    for at, expected in zip(shown, favoured & (smooth[: len(favoured)] >= SURE_MOMENT), strict=False):
        besides -= _ELSEWHERE * ((np.abs(shown - at) > _ELSEWHERE_S) & expected)
    # The first (most agreed) line wins where lines are as good as each other.
    smooth -= np.maximum(np.arange(len(lines), dtype=np.float32) - max(len(favoured) - 1, 0), 0)[:, None] * 0.01
    label = best_path(smooth, SAME_MOMENT * 0.8, ~quiet, match.pace, besides)
    label = simplified(label, raw + besides, ~quiet)
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


def same_line(a: Piece, b: Piece) -> bool:
    """Whether two pieces lie on one line, as they do on both sides of a stretch that was altered."""
    middle = (a.start + b.end) / 2
    near = abs(a.original_time(middle) - b.original_time(middle)) < TOLERANCE_S
    return near and abs(a.speed - b.speed) < 0.02


def as_one(before: Piece, piece: Piece) -> Piece:
    """Two pieces on one line, and what is between them, as one."""
    longer = max(before, piece, key=lambda p: p.length)
    return replace(longer, start=before.start, end=piece.end, score=_mean_score([before, piece]))


def _believed(pieces: list[Piece], speed: float, match: Match, motion: NDArray[np.float32], end: float) -> bool:
    """Whether pieces on one line explain enough of what moves, and somewhere exactly or for long."""
    length, score = sum(piece.length for piece in pieces), _mean_score(pieces)
    # Where frame after frame is exact, another speed needs no more of it than the plain one.
    needed = _needed(1.0 if score >= EXACT_THROUGHOUT else speed, end)
    if score < SURE_MOMENT or length < needed:
        return False
    times = match.clip.times
    lively = [(motion >= match.floor) & (times >= p.start - 1e-6) & (times < p.end) for p in pieces]
    moving = float(np.any(lively, axis=0).mean()) * end
    return _peak(pieces, match) >= EXACT_MOMENT or moving >= (LONG_S if speed == 1.0 else 1.2 * LONG_S)


def _needed(speed: float, end: float) -> float:
    """Seconds that a line must explain to be believed: more at another speed, of which so many are tried."""
    if speed == 1.0:
        return min(SURE_S, SURE_SHARE * end)
    return max(1.5 * SURE_S, min(2 * SURE_S, 0.6 * end))


def _peak(pieces: list[Piece], match: Match) -> float:
    """Mean correlation of the pieces' best frames: five of them, or one in fifty."""
    times = match.clip.times
    scores = [
        match.along((p.speed, p.offset), np.flatnonzero((times >= p.start - 1e-6) & (times < p.end))) for p in pieces
    ]
    ranked = np.sort(np.concatenate(scores))
    return float(ranked[-max(5, len(ranked) // 50) :].mean())


def _bridged(pieces: list[Piece], match: Match, end: float) -> list[Piece]:
    """Close gaps where the scene stays that of the pieces around: something was changed there, but not the time."""
    neighbours: list[Piece | None] = [None, *pieces, None]
    edges = [0.0, *(edge for piece in pieces for edge in (piece.start, piece.end)), end]
    for index, (before, after) in enumerate(pairwise(neighbours)):
        gap = slice(2 * index, 2 * index + 2)
        edges[gap] = _narrowed(before, after, match, edges[2 * index], edges[2 * index + 1])
    closed = [replace(p, start=edges[2 * k + 1], end=edges[2 * k + 2]) for k, p in enumerate(pieces)]
    joined = closed[:1]
    for piece in closed[1:]:
        before = joined[-1]
        if before.end == piece.start and same_line(before, piece):
            joined[-1] = as_one(before, piece)
        else:
            joined.append(piece)
    return joined


def _narrowed(before: Piece | None, after: Piece | None, match: Match, start: float, stop: float) -> list[float]:
    """What is left of a gap, [start, stop], when the pieces beside it reach as far as its frames show their scenes."""
    times = match.clip.times
    frames = np.flatnonzero((times >= start - 1e-6) & (times < stop - 1e-6))
    if not frames.size:
        return [start, stop] if start == stop else [stop, stop] if after is None else [start, start]
    alike = [
        np.zeros(len(frames), bool) if piece is None else match.alike((piece.speed, piece.offset), frames)
        for piece in (before, after)
    ]
    edge = np.r_[times[frames], stop]
    edge[0] = start
    explained = np.r_[0, np.cumsum(alike[0])] + np.r_[np.cumsum(alike[1][::-1])[::-1], 0]
    best = int(np.argmax(explained))
    if explained[best] >= BRIDGE_SHARE * len(frames):
        return [float(edge[best]), float(edge[best])]
    ahead = int(np.argmin(np.r_[alike[0], False]))
    behind = int(np.argmin(np.r_[alike[1][::-1], False]))
    return [float(edge[ahead]), float(edge[max(ahead, len(frames) - behind)])]
