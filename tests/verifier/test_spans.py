"""A long clip is laid on its original span by span, and comes out as if it had been laid as a whole."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from test_timing import FPS, ORIGINAL, seconds, track

from provenance.fingerprints.readings import AS_SHOWN
from verifier.identify import Candidate
from verifier.spans import SPAN_S, agreeing, cut, in_span, joined, narrowed
from verifier.timing import Piece, find_pieces

SPANS = [(0.0, 10.0), (10.0, 20.0), (20.0, 30.0)]


def candidate(offset: float = 5.0, foreign: tuple[float, float] = (0.0, 0.0)) -> Candidate:
    """A clip of 30 s hashed every second, close to an original at one offset, but for a foreign stretch."""
    ours, theirs = np.arange(0.25, 30), np.arange(0, 60, 0.5)
    apart = np.abs(theirs[None, :] - (ours + offset)[:, None])
    distance = np.where(apart <= 0.5, 20, 128).astype(np.uint16)
    distance[(ours >= foreign[0]) & (ours < foreign[1])] = 128
    return Candidate(None, AS_SHOWN, ours, theirs, distance, 1.0, (), ((2.0, 7.0), (12.0, 17.0)))  # type: ignore[arg-type]


def piece(start: float, end: float, offset: float = 5.0) -> Piece:
    return Piece(start, end, 1.0, offset, 0.9)


def test_a_short_clip_is_one_span_and_a_long_one_has_no_gaps() -> None:
    assert cut(2 * SPAN_S - 0.01) == [(0.0, 2 * SPAN_S - 0.01)]
    spans = cut(3600.5)
    assert (spans[0][0], spans[-1][1], len(spans)) == (0.0, 3600.5, 30)
    assert all(before[1] == after[0] for before, after in pairwise(spans))


def test_a_span_is_narrowed_to_its_own_frames() -> None:
    part = narrowed(candidate(), (10.0, 20.0))
    assert part.clip_times.tolist() == [10.25 + n for n in range(10)]
    assert part.distance.shape == (10, 120)
    assert part.pairs == ((12.0, 17.0),)
    assert agreeing(part, piece(0, 10)) == 1.0
    assert agreeing(part, piece(0, 10, offset=9.0)) == 0.0


def test_pieces_of_a_span_are_in_the_seconds_of_the_clip() -> None:
    clip = track(seconds(2, 8))
    moved = replace(clip, times=clip.times + 100)
    (at_once,) = find_pieces(clip, ORIGINAL, 6.0)
    (found,) = in_span(lambda shown, length: find_pieces(shown, ORIGINAL, length), moved, (100.0, 106.0))
    assert (found.start, found.end, found.speed) == pytest.approx((100.0, 106.0, 1.0))
    assert found.original_time(103.0) == pytest.approx(at_once.original_time(3.0))
    assert found.original_time(103.0) == pytest.approx(5.0, abs=1 / FPS)


def test_pieces_that_go_on_become_one() -> None:
    whole = joined([(span, (piece(*span, offset=5.0 + 0.01 * n),)) for n, span in enumerate(SPANS)], candidate())
    assert [(p.start, p.end, p.moving) for p in whole] == [(0.0, 30.0, True)]
    assert whole[0].offset == pytest.approx(5.0, abs=0.03)


def test_a_jump_between_spans_stays_one() -> None:
    laid = [(SPANS[0], (piece(0, 10),)), (SPANS[1], (piece(10, 20, offset=8.0),)), (SPANS[2], (piece(20, 30, 8.0),))]
    assert [(p.start, p.end, p.offset) for p in joined(laid, candidate())] == [(0, 10, 5.0), (10, 30, 8.0)]


@pytest.mark.parametrize("still", [0, 1, 2])
def test_a_span_in_which_nothing_moves_goes_on_as_its_neighbours(still: int) -> None:
    laid = [(span, () if n == still else (piece(*span),)) for n, span in enumerate(SPANS)]
    (whole,) = joined(laid, candidate())
    assert (whole.start, whole.end, whole.offset) == (0.0, 30.0, 5.0)


def test_a_span_of_other_footage_belongs_to_no_piece() -> None:
    laid = [(SPANS[0], (piece(0, 10),)), (SPANS[1], ()), (SPANS[2], (piece(20, 30),))]
    assert [(p.start, p.end) for p in joined(laid, candidate(foreign=(10.0, 20.0)))] == [(0, 10), (20, 30)]


def test_nothing_is_made_of_spans_without_pieces() -> None:
    assert joined([(span, ()) for span in SPANS], candidate()) == ()
