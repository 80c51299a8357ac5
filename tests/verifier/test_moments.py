"""Short stretches on lines of their own are found to the frame; copies at other rates and of poor quality have none."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moving_scene import FPS, ORIGINAL, of, scene, seconds, track

from verifier.moments import settle
from verifier.timing import Piece
from verifier.tracks import Track

WHOLE = Piece(0.0, 8.0, 1.0, 1.0, 0.9)
"""The clip as votes of whole seconds see it: 1 to 9 s of the original."""
FROM, TO = 3.0, 3.52


def settled(*stretches: np.ndarray, noise: float = 2.0) -> tuple[Piece, ...]:
    return settle((WHOLE,), track(np.concatenate(stretches), noise=noise), ORIGINAL, 8.0)


def rows(pieces: tuple[Piece, ...]) -> list[list[float]]:
    """Start, end and speed of each piece, and the original's second at its start."""
    return [[p.start, p.end, p.speed, p.original_time(p.start)] for p in pieces]


@pytest.mark.parametrize(
    ("shown", "speed"),
    [
        (seconds(4.0, 4.52, -1.0), -1.0),
        (np.full(13, 4.0), 0.0),
        (seconds(6.0, 6.52), 1.0),
        (seconds(2.0, 2.52), 1.0),
    ],
)
def test_half_a_second_has_a_line_of_its_own(shown: np.ndarray, speed: float) -> None:
    before, short, after = rows(settled(seconds(1, 4), shown, seconds(4.52, 9)))
    assert (before[2], short[2], after[2]) == (1.0, speed, 1.0)
    assert (short[0], short[1]) == pytest.approx((FROM, TO), abs=2.5 / FPS)
    assert short[3] == pytest.approx(shown[0], abs=2.5 / FPS)


@settings(max_examples=10, deadline=None)
@given(st.integers(40, 110), st.integers(13, 40))
def test_neighbouring_stretches_that_change_places_are_found_to_the_frame(first: int, count: int) -> None:
    frames = seconds(1, 9)
    swapped = [frames[:first], frames[first + count : first + 2 * count], frames[first : first + count]]
    found = settled(*swapped, frames[first + 2 * count :])
    assert [p.start * FPS for p in found] == pytest.approx([0, first, first + count, first + 2 * count], abs=1.5)


def test_slowed_frames_around_a_gap_are_two_pieces_at_half_speed() -> None:
    before, slow, late, after = settled(
        seconds(1, 4), seconds(4, 4.48, 0.5), seconds(5.44, 5.92, 0.5), seconds(5.92, 9)
    )
    assert [p.speed for p in (before, slow, late, after)] == [1.0, 0.5, 0.5, 1.0]
    assert slow.start == pytest.approx(3.0, abs=0.2)
    assert late.start == pytest.approx(3.96, abs=0.1)
    assert late.end == pytest.approx(4.92, abs=0.1)


def test_a_cut_is_moved_to_its_frame() -> None:
    rough = (Piece(0.0, 2.8, 1.0, 1.0, 0.9), Piece(2.8, 7.0, 1.0, 3.0, 0.9))
    clip = track(np.concatenate([seconds(1, 4), seconds(6, 10)]))
    first, second = settle(rough, clip, ORIGINAL, 7.0)
    assert first.end == second.start == pytest.approx(3.0, abs=1.5 / FPS)


def test_pieces_that_all_fit_badly_are_left_as_they_are() -> None:
    clip = track(np.concatenate([seconds(1, 4), seconds(6, 10)]))
    one, other = Piece(0.0, 2.8, 1.0, 1.0, 0.7), Piece(2.8, 7.0, 1.0, 3.0, 0.7)
    assert settle((one, other), clip, ORIGINAL, 7.0) == (one, other)
    assert settle((replace(one, score=0.9), other), clip, ORIGINAL, 7.0)[0].end == pytest.approx(3.0, abs=1.5 / FPS)


def test_what_is_put_in_belongs_to_no_piece() -> None:
    rough = (Piece(0.0, 3.3, 1.0, 1.0, 0.9), Piece(3.3, 8.52, 1.0, 0.48, 0.9))
    shown = scene(np.concatenate([seconds(1, 4), seconds(4, 4.52), seconds(4, 9)]))
    shown[75:88] = scene(seconds(2, 2.52), seed=9)
    first, second = settle(rough, of(shown), ORIGINAL, 8.52)
    assert (first.end, second.start) == pytest.approx((3.0, 3.52), abs=1.5 / FPS)


def test_a_part_of_the_picture_that_is_another_is_no_other_moment() -> None:
    shown = scene(seconds(1, 9))
    shown[75:100, 4:20, 8:30] = scene(seconds(7, 8))[:, 4:20, 8:30]
    assert settle((WHOLE,), of(shown), ORIGINAL, 8.0) == (WHOLE,)


def test_where_nothing_moves_for_a_while_nothing_is_held() -> None:
    calm = np.concatenate([seconds(0, 4), np.full(50, 4.0), seconds(4, 10)])
    original = track(calm, noise=0.5)
    clip = track(calm[25:225])
    assert settle((WHOLE,), clip, original, 8.0) == (WHOLE,)


def shown_at(moments: np.ndarray) -> Track:
    """The original's frames that a converter shows at those clip seconds, blurred and noisy as poor copies are."""
    pictures = scene(np.floor((moments + WHOLE.offset) * FPS) / FPS)
    poor = np.stack([cv2.GaussianBlur(p, (0, 0), 1.2) for p in pictures])
    grey = of(poor + np.random.default_rng(3).normal(0, 4, poor.shape))
    return Track(moments, grey.pictures, grey.mask)


@pytest.mark.parametrize("rate", [10.0, 15.0, 24.0, 30.0, 50.0])
def test_another_frame_rate_changes_nothing(rate: float) -> None:
    clip = shown_at(np.arange(0, 8, 1 / rate))
    assert settle((WHOLE,), clip, ORIGINAL, 8.0) == (WHOLE,)


def test_frames_lost_on_the_way_change_nothing() -> None:
    rng = np.random.default_rng(5)
    moments = np.arange(0, 8, 1 / FPS)
    kept = rng.random(len(moments)) > 0.35
    kept[[0, 80, 85]] = True
    kept[81:85] = False  # a fifth of a second without a new frame
    assert settle((WHOLE,), shown_at(moments[kept]), ORIGINAL, 8.0) == (WHOLE,)
    held = moments.copy()
    held[81:85] = held[80]
    doubled = shown_at(held)
    assert settle((WHOLE,), Track(moments, doubled.pictures, doubled.mask), ORIGINAL, 8.0) == (WHOLE,)
