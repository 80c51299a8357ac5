"""The scorer of ``benchmarks.alter``: what a report is worth, checked by hand-made truths and reports."""

from __future__ import annotations

import pytest

from benchmarks.alter.ask import Named, Said
from benchmarks.alter.score import area, iou, overlap, region_hit, roc, score, temporal_iou, wilson
from benchmarks.alter.truth import Truth, inside_frame, moved

LIP_SYNC = Truth(
    True,
    (("face", "region"), ("audio_edited",)),
    (((2.0, 4.0),),),
    box=(0.4, 0.4, 0.2, 0.2),
    assets=("a.mp4",),
)


def finding(kind: str, clip: tuple[float, float] | None = None, **more: object) -> Named:
    given = {"altering": True, "clip": clip, "original": None, "region": None, "score": 0.9} | more
    return Named(kind, **given)  # type: ignore[arg-type]


def report(*findings: Named, verdict: str = "altered", matches: tuple[str, ...] = ("a.mp4",)) -> Said:
    return Said(verdict, matches, findings)


def test_all_that_was_changed_must_be_named() -> None:
    region = finding("region", (2.0, 4.0), region=(0.4, 0.4, 0.2, 0.2))
    whole = score(LIP_SYNC, report(region, finding("audio_edited", (2.0, 4.0))))
    assert (whole.called, whole.kind, whole.time, whole.region, whole.strays) == (True, True, 1.0, True, ())
    half = score(LIP_SYNC, report(region))
    assert (half.called, half.kind) == (True, False)


def test_words_that_are_not_right_are_counted_and_their_times_are_not() -> None:
    got = score(LIP_SYNC, report(finding("cut", (2.0, 4.0)), finding("face", (0.0, 1.0))))
    assert (got.kind, got.strays, got.time) == (False, ("cut",), 0.0)


def test_disclosed_findings_neither_call_nor_score() -> None:
    got = score(LIP_SYNC, report(finding("overlay", (2.0, 4.0), altering=False), verdict="match"))
    assert (got.called, got.top, got.kind, got.time, got.region) == (False, 0.0, False, None, None)


def test_an_untouched_clip_called_altered_is_called() -> None:
    untouched = Truth(False, assets=("a.mp4",))
    assert score(untouched, report(finding("region"))).called
    assert not score(untouched, report(verdict="match")).called
    assert not score(untouched, report(verdict="inconclusive")).sure


def test_naming_the_original_counts_only_where_its_picture_may_be_unknown() -> None:
    synthesised = Truth(True, (("region",),), (((0.0, 4.0),),), (), (0, 0, 1, 1), ("a.mp4",), True)
    unsure = score(synthesised, report(verdict="inconclusive"))
    assert (unsure.called, unsure.kind, unsure.time, unsure.region) == (True, True, None, None)
    assert not score(synthesised, report(verdict="unknown", matches=())).called
    assert not score(synthesised, report(verdict="match")).called
    assert not score(LIP_SYNC, report(verdict="inconclusive")).called


def test_all_originals_must_be_named() -> None:
    merged = Truth(True, (("foreign_footage",),), assets=("a.mp4", "b.mp4"))
    assert not score(merged, report()).named
    assert score(merged, report(matches=("b.mp4", "c.mp4", "a.mp4"))).named


def test_the_best_reading_counts() -> None:
    truth = Truth(True, (("reordered",),), (((1.0, 2.0),), ((2.0, 3.0),), ((1.0, 3.0),)))
    assert temporal_iou(truth, [finding("reordered", (2.0, 3.0))]) == 1.0
    assert temporal_iou(truth, [finding("reordered", (2.5, 3.0))]) == 0.5
    assert temporal_iou(truth, []) == 0.0
    assert temporal_iou(Truth(True, (("credential_mismatch",),)), [finding("credential_mismatch")]) is None


def test_a_cut_is_timed_by_what_is_missing_of_the_original() -> None:
    truth = Truth(True, (("cut",),), missing=((10.0, 12.0),))
    assert temporal_iou(truth, [finding("cut", (3.0, 3.0), original=(10.0, 11.0))]) == 0.5


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ([(0, 2)], [(1, 3)], 1 / 3),
        ([(0, 1), (2, 3)], [(0, 3)], 2 / 3),
        ([(0, 2)], [(0, 1), (0.5, 2)], 1.0),
        ([(0, 1)], [(2, 3)], 0.0),
        ([], [], 0.0),
        ([(1, 1)], [(1, 1)], 0.0),
    ],
)
def test_stretches_are_compared_as_sets(
    one: list[tuple[float, float]], other: list[tuple[float, float]], expected: float
) -> None:
    assert iou(one, other) == pytest.approx(expected)


def test_a_region_is_hit_by_the_surest_finding_that_has_one() -> None:
    right, wrong = (0.42, 0.42, 0.2, 0.2), (0.0, 0.0, 0.1, 0.1)
    both = [finding("region", region=right, score=0.7), finding("face", region=wrong, score=0.9)]
    assert region_hit(LIP_SYNC, both) is False
    assert region_hit(LIP_SYNC, [*both, finding("region", region=right, score=0.95)]) is True
    assert region_hit(LIP_SYNC, [finding("region")]) is False
    assert region_hit(Truth(True, (("cut",),)), both) is None


def test_a_region_that_is_much_too_large_is_no_hit() -> None:
    assert region_hit(LIP_SYNC, [finding("region", region=(0.0, 0.0, 1.0, 1.0))]) is False


def test_boxes_overlap_by_their_areas() -> None:
    assert overlap((0, 0, 0.2, 0.2), (0.1, 0, 0.2, 0.2)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 0.2, 0.2), (0.5, 0.5, 0.2, 0.2)) == 0.0
    assert inside_frame((0.8, 0.9, 0.4, 0.4)) == pytest.approx((0.8, 0.9, 0.2, 0.1))
    assert inside_frame((1.1, 0.0, 0.4, 0.4)) is None


def test_a_box_moves_with_the_picture() -> None:
    mirror = (-1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
    assert moved((0.1, 0.2, 0.3, 0.4), mirror) == pytest.approx((0.6, 0.2, 0.3, 0.4))


def test_wilson_intervals_are_those_of_the_tables() -> None:
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)


def test_a_roc_goes_up_with_detections_and_right_with_false_alarms() -> None:
    points = roc([0.9, 0.8, 0.0], [0.5, 0.0])
    assert points == [(0, 0), (0, 1 / 3), (0, 2 / 3), (0.5, 2 / 3), (1, 1)]
    assert area(points) == pytest.approx(0.5 * 2 / 3 + 0.5 * 5 / 6)
    assert area(roc([1.0], [0.0])) == 1.0


def test_truth_and_answers_survive_being_written_down() -> None:
    assert Truth.from_json(LIP_SYNC.as_json()) == LIP_SYNC
    said = report(finding("region", (1.0, 2.0), region=(0.1, 0.2, 0.3, 0.4)))
    assert Said.from_json(said.as_json()) == said
