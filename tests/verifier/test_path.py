"""The path through time leaves a line for a reason, and comes back to it after a pause."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verifier.path import LEAVE_S, best_path, cheapest_path, fewest_jumps, open_path, simplified

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


def test_of_lines_that_are_as_good_the_expected_one_is_taken() -> None:
    table = scores([(4.0, 0.93)], [(4.0, 0.94)])
    known, besides = np.ones(100, bool), np.zeros_like(table)
    besides[1, 50:] = 0.03
    assert path_of(table) == [0] * 100
    assert best_path(table, NOTHING, known, PERIOD, besides).tolist() == [1] * 100
    besides[0, :50] = besides[1, 50:] = 0.2
    assert best_path(table, NOTHING, known, PERIOD, besides).tolist() == [0] * 50 + [1] * 50


def test_a_change_of_line_that_explains_no_more_is_taken_back() -> None:
    known, path = np.ones(100, bool), np.repeat([0, 1, -1, 0], 25)
    alike = scores([(4.0, 0.6)], [(4.0, 0.61)])
    assert simplified(path, alike, known).tolist() == [1] * 50 + [-1] * 25 + [1] * 25
    told = scores([(1.0, 0.6), (1.0, 0.5), (2.0, 0.6)], [(4.0, 0.55)])
    assert simplified(path, told, known).tolist() == path.tolist()
    told[0, 25:50] = 0.54
    assert simplified(path, told, known).tolist() == [0] * 50 + [-1] * 25 + [0] * 25


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**16))
def test_the_fewest_jumps_are_worth_most_and_the_shortest_of_those(seed: int) -> None:
    rng = np.random.default_rng(seed)
    worth, offsets = rng.integers(0, 3, (5, 4)).astype(np.float32), np.array([0, 1, 7, 20])

    def value(path: tuple[int, ...]) -> float:
        steps = [offsets[b] - offsets[a] for a, b in pairwise(path)]
        price = [0.03 if abs(s) == 1 else 1 + 2 / 20 * (s if s > 0 else -2 * s) for s in steps if s]
        return float(worth[np.arange(5), path].sum()) - 1.5 * sum(price)

    best = max(product(range(4), repeat=5), key=value)
    assert value(tuple(fewest_jumps(worth, offsets, 1.5).tolist())) == pytest.approx(value(best))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**16))
def test_the_cheapest_path_is_the_cheapest_of_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cost, lasts = rng.random((6, 3)).astype(np.float32), rng.uniform(0.02, 0.2, 6)

    def price(path: tuple[int, ...]) -> float:
        changes = sum(a != b for a, b in pairwise(path))
        return float(sum(cost[n, line] * lasts[n] for n, line in enumerate(path)) + 0.05 * changes)

    cheapest = min(product(range(3), repeat=6), key=price)
    assert price(tuple(cheapest_path(cost, lasts, 0.05).tolist())) == pytest.approx(price(cheapest))


def test_the_open_path_leaves_a_known_line_for_moments_that_run_backwards() -> None:
    moments = np.array([0, 1, 2, 3, 9, 8, 7, 6, 8, 9])  # a known line, then four backwards, then the line again
    cost = np.ones((10, 12), np.float32)
    cost[np.arange(10), moments] = 0
    known = cost[np.arange(10), np.arange(10)][:, None]
    steps = np.array([[1, -1]] * 10)
    steps[0] = 0
    path = open_path(known, cost, steps, np.full(10, 1.0), 0.5)
    assert path.tolist() == [0, 0, 0, 0, *(1 + 12 + np.array([9, 8, 7, 6])).tolist(), 0, 0]
