"""An original that repeats itself is as close to a clip in many places: the way with the fewest jumps is taken."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from provenance.fingerprints.readings import AS_SHOWN
from verifier.course import Course, course, window_of
from verifier.identify import Candidate
from verifier.rough import MOST_LOOK_S, RoughLine
from verifier.sound_runs import SoundRun
from verifier.timing import Piece

LOOP_S, ORIGINAL_S = 20.0, 300.0
BINS = 0.75
"""Seconds to which hashes twice a second place a line."""


def looped(*shown: tuple[float, float], ends: float = 0.0) -> Candidate:
    """A clip of stretches (original seconds) of a loop of 20 s, hashed twice a second.

    ``ends``: seconds at the original's beginning and end that it shows but once.
    """
    ours = np.concatenate([np.arange(start + 0.2, end, 0.5) for start, end in shown])
    theirs = np.arange(0, ORIGINAL_S, 0.5)
    apart = np.abs(_scene(theirs, ends)[None, :] - _scene(ours, ends)[:, None])
    distance = np.random.default_rng(3).integers(10, 40, apart.shape).astype(np.uint16)
    distance[apart > 0.5] = 128
    times = np.arange(len(ours)) * 0.5
    return Candidate(None, AS_SHOWN, times, theirs, distance, 1.0, ())  # type: ignore[arg-type]


def _scene(moments: np.ndarray, ends: float) -> np.ndarray:
    """A number for what is shown: the same in every repetition."""
    once = (moments < ends) | (moments >= ORIGINAL_S - ends)
    return np.where(once, moments + ORIGINAL_S, moments % LOOP_S)


def lines(candidate: Candidate) -> list[tuple[float, float]]:
    """Clip seconds at which lines begin, and their offsets."""
    whole = course(candidate).within((0.0, ORIGINAL_S))
    return [(piece.start, piece.offset) for piece in whole]


def test_a_copy_of_a_loop_is_on_one_line_from_beginning_to_end() -> None:
    ((start, offset),) = lines(looped((0, ORIGINAL_S)))
    assert (start, offset) == (0.0, pytest.approx(0, abs=BINS))


def test_part_of_a_loop_is_on_one_line() -> None:
    ((_, offset),) = lines(looped((70, 250)))
    assert offset % LOOP_S == pytest.approx(10, abs=BINS)


def test_what_was_cut_out_of_a_loop_is_the_least_that_explains_it() -> None:
    before, after = lines(looped((0, 133), (143, ORIGINAL_S)))
    assert (before[1], after[1]) == (pytest.approx(0, abs=BINS), pytest.approx(10, abs=BINS))
    assert after[0] == pytest.approx(133, abs=2)


def test_a_repetition_that_was_cut_out_shows_by_what_comes_before_and_after() -> None:
    cut = looped((0, 100), (120, ORIGINAL_S), ends=50)
    assert [offset for _, offset in lines(cut)] == pytest.approx([0, LOOP_S], abs=BINS)


def test_a_repetition_that_was_cut_out_where_nothing_tells_is_no_jump() -> None:
    assert len(lines(looped((0, 100), (120, ORIGINAL_S)))) == 1


def test_sound_that_is_heard_once_tells_repetitions_apart() -> None:
    silent = looped((0, 100), (120, ORIGINAL_S))
    runs = SoundRun(0, 99, 0.0, 0.05, only=True), SoundRun(101, 280, LOOP_S, 0.05, only=True)
    before, after = lines(replace(silent, sound=runs))
    assert (before[1], after[1]) == (pytest.approx(0, abs=BINS), pytest.approx(LOOP_S, abs=BINS))
    assert after[0] == pytest.approx(100, abs=2)
    anywhere = tuple(replace(run, only=False) for run in runs)
    assert len(lines(replace(silent, sound=anywhere))) == 1


def test_what_hashes_say_of_a_line_found_by_motion_is_made_as_exact() -> None:
    way = Course(np.arange(0, 20, 0.5), np.r_[np.full(20, 5.25), np.full(20, 40.25)], 1.0)
    known = Piece(-10.0, 0.0, 1.01, 5.0, 0.9)
    first, second = way.within((0.0, 20.0), known)
    assert (first.start, first.end, first.speed, first.offset) == (0.0, 9.75, 1.01, 5.0)
    assert (second.start, second.end, second.speed, second.offset) == (9.75, 20.0, 1.0, 40.25)
    assert way.within((30.0, 40.0)) == ()


def test_a_loop_of_hours_is_not_searched_from_end_to_end() -> None:
    expected = (Piece(0.0, 100.0, 1.0, 3000.0, 1.0), Piece(100.0, 120.0, 1.0, 100.0, 1.0))
    anywhere = RoughLine(1.0, 2000.0, 1.0, 1900.0, 3100.0)
    assert window_of((0.0, 120.0), expected, anywhere) == (3000 - MOST_LOOK_S, 3220)
    assert window_of((0.0, 120.0), (), anywhere) == (1900, 3220)
