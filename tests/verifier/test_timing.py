"""The map from clip to original undoes known trims, speeds, cuts and repeats, on pictures that really move."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moving_scene import FPS, ORIGINAL, ORIGINAL_S, faint, of, scene, seconds, track

from verifier.timing import Piece, at_plain_speed, find_pieces
from verifier.tracks import FAINT_FLOOR, Track


def pieces_of(clip: Track) -> list:
    return find_pieces(clip, ORIGINAL, len(clip.times) / FPS)


@settings(max_examples=12, deadline=None)
@given(start=st.floats(0, 7), length=st.floats(2.5, 5))
def test_a_trimmed_clip_is_placed_to_within_a_frame(start: float, length: float) -> None:
    (piece,) = pieces_of(track(seconds(start, start + length)))
    assert piece.speed == 1.0
    assert piece.original_time(length / 2) == pytest.approx(start + length / 2, abs=1 / FPS)
    assert (piece.start, piece.end) == pytest.approx((0, length), abs=1 / FPS)


@pytest.mark.parametrize("speed", [0.5, 0.75, 0.9, 1.04, 1.25, 2.0])
def test_speed_is_measured_to_one_per_cent(speed: float) -> None:
    (piece,) = pieces_of(track(seconds(1, 11, speed)))
    assert piece.speed == pytest.approx(speed, rel=0.01)
    assert piece.original_time(piece.length / 2) == pytest.approx(6, abs=0.06)


def test_a_cut_makes_two_pieces_that_meet_at_it() -> None:
    first, second = pieces_of(track(np.concatenate([seconds(1, 4), seconds(6, 10)])))
    assert first.end == pytest.approx(3, abs=0.25)
    assert second.start == first.end
    assert second.original_time(3) == pytest.approx(6, abs=0.05)


def test_a_repeated_stretch_is_shown_twice() -> None:
    found = pieces_of(track(np.concatenate([seconds(2, 6), seconds(3, 6)])))
    assert [p.original_time(p.start) for p in found] == pytest.approx([2, 3], abs=0.25)


def test_a_stretch_played_backwards_has_a_negative_speed() -> None:
    found = pieces_of(track(seconds(2, 7, -1.0)))
    assert {round(p.speed, 1) for p in found} == {-1.0}


def test_another_scene_is_not_placed() -> None:
    assert pieces_of(track(seconds(2, 7), seed=6)) == []


def test_footage_that_the_original_shows_twice_is_not_cut() -> None:
    twice = track(np.concatenate([seconds(0, 6), seconds(0, 6)]), noise=0.5)
    clip = track(seconds(0.5, 5.5))
    (piece,) = find_pieces(clip, twice, 5.0)
    assert piece.original_time(0) == pytest.approx(0.5, abs=1 / FPS) or piece.original_time(0) == pytest.approx(6.5)


@pytest.mark.parametrize(("about", "exact"), [(0.9, 0.5), (6.1, 6.5)])
def test_of_what_the_original_shows_twice_the_one_that_is_expected_is_shown(about: float, exact: float) -> None:
    twice = track(np.concatenate([seconds(0, 6), seconds(0, 6)]), noise=0.5)
    expected = Piece(0.0, 5.0, 1.0, about, 1.0, moving=False)
    (piece,) = find_pieces(track(seconds(0.5, 5.5)), twice, 5.0, expected=[expected])
    assert piece.original_time(0) == pytest.approx(exact, abs=1 / FPS)


def test_the_expected_showing_may_be_a_little_worse_than_another() -> None:
    shown = scene(np.concatenate([seconds(0, 6), seconds(0, 6)]))
    shown[:150] += np.random.default_rng(2).normal(0, 9, shown[:150].shape)
    clip = track(seconds(0.5, 5.5))
    (better,) = find_pieces(clip, of(shown), 5.0)
    assert better.original_time(0) == pytest.approx(6.5, abs=1 / FPS)
    (piece,) = find_pieces(clip, of(shown), 5.0, expected=[Piece(0.0, 5.0, 1.0, 0.9, 1.0, moving=False)])
    assert piece.original_time(0) == pytest.approx(0.5, abs=1 / FPS)
    assert better.score > piece.score + 0.03


def test_a_line_that_is_expected_in_vain_changes_nothing() -> None:
    clip = track(np.concatenate([seconds(1, 4), seconds(6, 10)]))
    expected = Piece(0.0, 7.0, 1.0, 5.0, 1.0, moving=False)
    found = find_pieces(clip, ORIGINAL, 7.0, expected=[expected])
    assert [replace(p, offset=round(p.offset, 1)) for p in found] == [
        replace(p, offset=round(p.offset, 1)) for p in pieces_of(clip)
    ]


@pytest.mark.parametrize("speed", [0.5, 2.0])
def test_little_more_than_a_second_at_another_speed_is_placed_where_it_is_exact(speed: float) -> None:
    (piece,) = pieces_of(track(seconds(4, 4 + 1.3 * speed, speed)))
    assert piece.speed == pytest.approx(speed, rel=0.01)
    assert pieces_of(track(seconds(4, 4 + 1.3 * speed, speed), seed=6)) == []


def test_faint_motion_tells_the_moment_where_it_is_asked_for() -> None:
    original, clip = faint(seconds(0, ORIGINAL_S)), faint(seconds(3, 8))
    assert find_pieces(clip, original, 5.0) == []
    (piece,) = find_pieces(clip, original, 5.0, FAINT_FLOOR)
    assert piece.original_time(2) == pytest.approx(5, abs=0.1)
    assert find_pieces(faint(seconds(3, 8), seed=6), original, 5.0, FAINT_FLOOR) == []


def test_a_foreign_stretch_belongs_to_no_piece() -> None:
    shown = scene(np.concatenate([seconds(1, 5), seconds(5, 8), seconds(5, 9)]))
    shown[100:175] = scene(seconds(3, 6), seed=9)
    found = pieces_of(of(shown))
    covered = sum(p.length for p in found)
    assert covered == pytest.approx(8, abs=0.5)
    assert not any(p.start < 5.5 < p.end for p in found)


def test_a_speed_that_geometry_could_make_up_for_is_the_plain_one() -> None:
    near = Piece(0.0, 8.0, 0.965, 7.86, 0.85)
    assert at_plain_speed((near,)) == (Piece(0.0, 8.0, 1.0, pytest.approx(7.72), 0.85),)
    for told in (replace(near, score=0.97), replace(near, end=30.0), replace(near, speed=0.75)):
        assert at_plain_speed((told,)) == (told,)


@pytest.mark.parametrize("speed", [0.0, 0.5])
def test_a_short_stretch_that_is_held_or_slowed_keeps_its_speed(speed: float) -> None:
    short = Piece(2.0, 2.3, speed, 3.0, 0.8)
    assert at_plain_speed((short,)) == (short,)


def test_two_pieces_on_one_line_stay_on_one() -> None:
    around = (Piece(0.0, 2.0, 0.96, 1.0, 0.85), Piece(3.0, 5.0, 0.96, 1.0, 0.85))
    before, after = at_plain_speed(around)
    assert (before.speed, after.speed) == (1.0, 1.0)
    assert before.offset == after.offset
