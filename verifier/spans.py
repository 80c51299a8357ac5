"""A long clip in spans, laid on their original one by one: memory stays flat, and time grows with the length."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from verifier.asked import CLOSE_BITS
from verifier.identify import Candidate
from verifier.timing import BRIDGE_SHARE, Piece, as_one, same_line
from verifier.tracks import Track

SPAN_S = 120.0
"""Length of a span, about; a clip of less than two is one."""
_NEAR_S = 0.5
"""Seconds to which a frame that was hashed for a line is near it: originals are hashed twice a second."""
Span = tuple[float, float]
"""Clip seconds, [start, end)."""


def cut(duration: float) -> list[Span]:
    """The spans of a clip of so many seconds."""
    edges = np.linspace(0.0, duration, max(1, int(duration / SPAN_S)) + 1 if duration >= 2 * SPAN_S else 2)
    return list(pairwise(edges.tolist()))


def narrowed(candidate: Candidate, span: Span) -> Candidate:
    """What of a candidate is about a span."""
    start, end = span
    rows = np.flatnonzero((candidate.clip_times >= start) & (candidate.clip_times < end))
    pairs = tuple(pair for pair in candidate.pairs if start <= pair[0] < end)
    times, distance = candidate.clip_times[rows], candidate.distance[rows]
    return replace(candidate, clip_times=times, distance=distance, pairs=pairs)


def counted_from(start: float, pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """The same pieces, where the clip's seconds are counted from ``start``."""
    return tuple(replace(p, start=p.start - start, end=p.end - start, offset=p.original_time(start)) for p in pieces)


def in_span(find: Callable[[Track, float], Iterable[Piece]], track: Track, span: Span) -> tuple[Piece, ...]:
    """The pieces that are found in the track of a span, if its seconds are counted from its own start and back again.

    Args:
        find: takes the track and the seconds that it lasts.
    """
    start, end = span

    def back(piece: Piece) -> Piece:
        # Where the span ends the next one begins, to the last bit.
        last = end if piece.end == end - start else piece.end + start
        return replace(piece, start=piece.start + start, end=last, offset=piece.offset - piece.speed * start)

    return tuple(map(back, find(replace(track, times=track.times - start), end - start)))


def joined(spans: Sequence[tuple[Span, tuple[Piece, ...]]], candidate: Candidate) -> tuple[Piece, ...]:
    """The pieces of all spans, one where they go on in the next.

    A span in which nothing moves has none of its own: it goes on as the one before or after, if the hashes agree.
    """
    filled: list[Piece] = []
    for number, (span, pieces) in enumerate(spans):
        after = next((later[0] for _, later in spans[number + 1 :] if later), None)
        for piece in pieces or _continued(span, (*filled[-1:], *((after,) if after else ())), candidate):
            if filled and filled[-1].end == piece.start and same_line(filled[-1], piece):
                filled[-1] = as_one(filled[-1], piece)
            else:
                filled.append(piece)
    return tuple(filled)


def _continued(span: Span, neighbours: Sequence[Piece], candidate: Candidate) -> tuple[Piece, ...]:
    """A span as one of its neighbours, where its frames are close to those that the neighbour's line gives them."""
    part = narrowed(candidate, span)
    for piece in neighbours:
        share = agreeing(part, piece)
        if share >= BRIDGE_SHARE:
            return (replace(piece, start=span[0], end=span[1], score=share / 2, moving=False),)
    return ()


def agreeing(candidate: Candidate, piece: Piece) -> float:
    """Share of the clip's frames, 0-1, that are close to an original one where a piece's line puts them."""
    wanted = piece.speed * candidate.clip_times + piece.offset
    near = np.abs(candidate.original_times[None, :] - wanted[:, None]) <= _NEAR_S
    close = ((candidate.distance <= CLOSE_BITS) & near).any(axis=1)
    return float(close.mean()) if close.size else 0.0
