"""The path through time leaves a line for a reason, and comes back to it after a pause."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from verifier.path import LEAVE_S, best_path

PERIOD = 0.04
NOTHING = 0.36


def scores(*lines: list[tuple[float, float]]) -> np.ndarray:
    """Each line as (seconds, correlation) in turn: float32 (lines, frames)."""
    return np.stack(
        [np.concatenate([np.full(round(s / PERIOD), value, np.float32) for s, value in line]) for line in lines]
    )


def path_of(table: np.ndarray, telling: np.ndarray | None = None) -> list[int]:
    known = np.ones(table.shape[1], bool) if telling is None else telling
    return best_path(table, NOTHING, known, PERIOD).tolist()


@settings(deadline=None)
@given(st.floats(1.0, 8.0), st.integers(0, 2**16))
def test_footage_shown_twice_is_not_cut(seconds: float, seed: int) -> None:
    table = scores([(seconds, 0.93)], [(seconds, 0.93)])
    table += np.random.default_rng(seed).normal(0, 0.03, table.shape).astype(np.float32)
    assert len(set(path_of(table))) == 1


@settings(deadline=None)
@given(st.floats(2 * LEAVE_S, 4.0), st.floats(2 * LEAVE_S, 4.0))
def test_a_cut_is_where_one_line_ends_and_the_other_begins(before: float, after: float) -> None:
    path = path_of(scores([(before, 0.95), (after, 0.05)], [(before, 0.05), (after, 0.95)]))
    assert path == [0] * round(before / PERIOD) + [1] * round(after / PERIOD)


def test_half_a_second_of_something_else_is_a_pause() -> None:
    path = path_of(scores([(2.0, 0.9), (0.5, 0.0), (2.0, 0.9)]))
    assert path == [0] * 50 + [-1] * 12 + [0] * 50


def test_a_pause_is_no_cheap_way_to_another_line() -> None:
    table = scores([(2.0, 0.95), (0.2, 0.1), (2.0, 0.95)], [(2.0, 0.94), (0.2, 0.1), (2.0, 0.96)])
    assert set(path_of(table)) <= {0, -1}


def test_frames_that_tell_nothing_stay_where_the_path_is() -> None:
    table = scores([(1.0, 0.9), (1.0, 0.0), (1.0, 0.9)])
    telling = np.r_[np.ones(25, bool), np.zeros(25, bool), np.ones(25, bool)]
    assert path_of(table, telling) == [0] * 75
