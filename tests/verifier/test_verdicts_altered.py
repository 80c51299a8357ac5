"""What changes the story of a clip must be called altered, with the kind, the time and the place of it."""

from __future__ import annotations

import footage
import pytest
from verdict_desk import Desk

from provenance.report import Finding, Kind, Region, Report, Severity, Verdict

EDGE_S = 0.4
"""How well in time an alteration is placed."""


def altering(report: Report) -> list[Finding]:
    return [item.finding for item in report.findings if item.severity is Severity.ALTERING]


def only(report: Report, kind: Kind) -> Finding:
    assert report.verdict is Verdict.ALTERED
    findings = altering(report)
    assert [finding.kind for finding in findings] == [kind]
    return findings[0]


def at(finding: Finding, start: float, end: float, within: float = EDGE_S) -> bool:
    assert finding.clip is not None
    return abs(float(finding.clip.start) - start) <= within and abs(float(finding.clip.end) - end) <= within


def overlap(a: Region, b: Region) -> float:
    """Intersection over union, 0-1."""
    width = min(a.x + a.w, b.x + b.w) - max(a.x, b.x)
    height = min(a.y + a.h, b.y + b.h) - max(a.y, b.y)
    shared = max(0.0, width) * max(0.0, height)
    return shared / (a.w * a.h + b.w * b.h - shared)


def inside(a: Region, b: Region) -> bool:
    """Whether a region's centre lies in another."""
    x, y = a.x + a.w / 2, a.y + a.h / 2
    return b.x <= x <= b.x + b.w and b.y <= y <= b.y + b.h


@pytest.mark.parametrize("original", ["street", "bunny"])
def test_a_repainted_region_is_found_in_time_and_place(desk: Desk, original: str) -> None:
    finding = only(desk.report(f"{original}-repainted.mp4"), Kind.REGION)
    assert at(finding, footage.REPAINT_FROM, footage.REPAINT_FROM + footage.REPAINT_S)
    assert finding.region is not None
    assert overlap(finding.region, footage.REPAINT) >= 0.4
    assert finding.original is not None
    assert float(finding.original.start) == pytest.approx(footage.REPAINT_FROM, abs=EDGE_S)


@pytest.mark.parametrize("original", ["street", "bunny"])
def test_a_recoloured_region_is_found_in_time_and_place(desk: Desk, original: str) -> None:
    finding = only(desk.report(f"{original}-recoloured.mp4"), Kind.REGION)
    assert at(finding, footage.REPAINT_FROM, footage.REPAINT_FROM + footage.REPAINT_S)
    assert finding.region is not None
    assert overlap(finding.region, footage.REPAINT) >= 0.3


def test_another_background_is_found_though_most_of_the_picture_is_another(desk: Desk) -> None:
    findings = altering(desk.report("bunny-elsewhere.mp4"))
    assert {finding.kind for finding in findings} == {Kind.REGION}
    largest = max(finding.region.w * finding.region.h for finding in findings if finding.region)
    assert largest > 0.6


def test_all_of_a_picture_made_anew_is_one_change_of_the_whole_frame(desk: Desk) -> None:
    finding = only(desk.report("bunny-redrawn.mp4"), Kind.REGION)
    assert finding.explanation.startswith("All of the picture")
    # Warped as it is, it does not lie on all of the original.
    assert finding.region is not None
    assert min(finding.region.w, finding.region.h) > 0.9
    assert at(finding, 0.0, footage.BUNNY_S)


def test_what_is_unlike_all_over_is_left_open_where_no_part_stands_out(desk: Desk) -> None:
    report = desk.report("bunny-brushed.mp4")
    assert report.verdict is Verdict.INCONCLUSIVE
    assert [match.title for match in report.matches] == ["bunny"]
    assert altering(report) == []
    assert any(line.startswith("the picture") and "differs from the original" in line for line in report.not_checked)


def test_a_small_part_that_is_left_shows_that_the_rest_was_replaced(desk: Desk) -> None:
    report = desk.report("street-indoors.mp4")
    finding = max((f for f in altering(report) if f.region), key=lambda f: f.region.w * f.region.h if f.region else 0)
    assert report.verdict is Verdict.ALTERED
    assert finding.kind is Kind.REGION
    assert finding.region is not None
    assert finding.region.w * finding.region.h > 0.7
    assert [match.title for match in report.matches] == ["street"]


@pytest.mark.parametrize("name", ["street-voiced.mp4", "street-moment.mp4"])
def test_the_sound_over_another_picture_is_named_and_the_picture_left_open(desk: Desk, name: str) -> None:
    report = desk.report(name)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert [match.title for match in report.matches] == ["street"]
    assert altering(report) == []


def test_what_begins_with_the_same_sound_and_goes_on_otherwise_was_not_altered(desk: Desk) -> None:
    report = desk.report("street-announced.mp4")
    assert report.verdict is Verdict.INCONCLUSIVE
    assert [match.title for match in report.matches] == ["street"]
    # Nor is its picture the original's in another size.
    assert {item.finding.kind for item in report.findings} <= {Kind.REENCODED, Kind.TRIMMED}
    assert any(line.startswith("what else is heard") for line in report.not_checked)


def test_half_a_second_of_other_picture_and_other_words_is_found(desk: Desk) -> None:
    found = {finding.kind: finding for finding in altering(desk.report("bunny-retouched.mp4"))}
    assert set(found) == {Kind.REGION, Kind.AUDIO_EDITED}
    for finding in found.values():
        assert at(finding, footage.SHORT_FROM, footage.SHORT_FROM + footage.SHORT_S, 0.25)


@pytest.mark.parametrize(("name", "rate"), [("street-slowed", 0.75), ("bunny-hurried", 1.25)])
def test_another_speed_is_measured(desk: Desk, name: str, rate: float) -> None:
    report = desk.report(f"{name}.mp4")
    only(report, Kind.SPEED)
    (segment,) = report.matches[0].segments
    assert segment.speed == pytest.approx(rate, abs=0.01)
    assert segment.original.as_seconds() == pytest.approx([0, footage.STREET_S if "street" in name else 5.2], abs=0.2)


def test_a_sentence_cut_out_is_named_with_what_is_missing(desk: Desk) -> None:
    finding = only(desk.report("street-cut.mp4"), Kind.CUT)
    assert at(finding, 2.0, 2.0, 0.15)
    assert finding.original is not None
    assert finding.original.as_seconds() == pytest.approx([2.0, 4.0], abs=0.15)


def test_halves_in_another_order_are_reordered(desk: Desk) -> None:
    report = desk.report("street-reordered.mp4")
    assert at(only(report, Kind.REORDERED), 3.0, 6.0)
    starts = [float(segment.original.start) for segment in report.matches[0].segments]
    assert starts == pytest.approx([3.0, 0.0], abs=0.15)


def test_a_clip_that_runs_backwards_is_reversed(desk: Desk) -> None:
    report = desk.report("bunny-reversed.mp4")
    assert at(only(report, Kind.REVERSED), 0.0, footage.BUNNY_S)
    assert [segment.speed for segment in report.matches[0].segments] == [pytest.approx(-1, abs=0.01)]


def test_a_second_shown_again_is_repeated_frames(desk: Desk) -> None:
    report = desk.report("street-looped.mp4")
    finding = only(report, Kind.FRAMES_REPEATED)
    assert finding.clip is not None
    assert float(finding.clip.start) == pytest.approx(3.0, abs=EDGE_S)
    assert finding.original is not None
    assert finding.original.as_seconds() == pytest.approx([2.0, 3.0], abs=0.15)
    assert at(finding, 3.0, 4.0, 0.15)


@pytest.mark.parametrize(
    ("name", "kind", "start", "end"),
    [
        ("briefly-held", Kind.FRAMES_REPEATED, 2.2, 2.72),
        ("briefly-turned", Kind.REVERSED, 2.2, 2.72),
        ("swapped", Kind.REORDERED, 2.52, 3.04),
        ("echoed", Kind.FRAMES_REPEATED, 2.52, 3.04),
    ],
)
def test_what_is_done_to_half_a_second_is_named_and_placed(
    desk: Desk, name: str, kind: Kind, start: float, end: float
) -> None:
    assert at(only(desk.report(f"bunny-{name}.mp4"), kind), start, end, 0.1)


def test_other_footage_in_between_is_foreign(desk: Desk) -> None:
    report = desk.report("street-spliced.mp4")
    assert at(only(report, Kind.FOREIGN_FOOTAGE), 3.0, 5.0)
    assert len(report.matches[0].segments) == 2


@pytest.mark.parametrize("original", ["bunny", "bicycle"])
def test_another_voice_all_along_is_replaced_sound(desk: Desk, original: str) -> None:
    only(desk.report(f"{original}-dubbed.mp4"), Kind.AUDIO_REPLACED)


@pytest.mark.parametrize("original", ["street", "bunny"])
def test_another_voice_for_a_while_is_edited_sound(desk: Desk, original: str) -> None:
    finding = only(desk.report(f"{original}-reworded.mp4"), Kind.AUDIO_EDITED)
    assert at(finding, footage.SWAP_FROM, footage.SWAP_FROM + footage.SWAP_S)


def test_a_sign_in_the_corner_is_covered_picture_and_no_alteration(desk: Desk) -> None:
    report = desk.report("bunny-logo.mp4")
    assert (report.verdict, altering(report)) == (Verdict.MATCH, [])
    overlay = next(item.finding for item in report.findings if item.finding.kind is Kind.OVERLAY)
    assert overlay.region is not None
    assert overlap(overlay.region, footage.LOGO) >= 0.4


def test_a_picture_that_stands_still_while_the_original_moves_is_repeated_frames(desk: Desk) -> None:
    report = desk.report("bunny-frozen.mp4")
    assert report.verdict is Verdict.ALTERED
    (held,) = altering(report)
    assert held.kind is Kind.FRAMES_REPEATED
    assert held.clip is not None
    assert held.clip.as_seconds() == pytest.approx([2.0, 3.2], abs=0.4)


@pytest.mark.parametrize("name", ["bunny-spliced.mp4", "street-spliced.mp4"])
def test_inserted_footage_is_placed_to_a_fifth_of_a_second(desk: Desk, name: str) -> None:
    (inserted,) = [f for f in altering(desk.report(name)) if f.kind is Kind.FOREIGN_FOOTAGE]
    assert inserted.clip is not None
    assert inserted.clip.as_seconds() == pytest.approx([3.0, 5.0], abs=0.2)


def test_two_seconds_of_other_sound_in_a_recording_are_edited_sound(desk: Desk) -> None:
    report = desk.report("tune-swapped.wav")
    assert [match.title for match in report.matches] == ["tune"]
    (edited,) = altering(report)
    assert edited.kind is Kind.AUDIO_EDITED
    assert edited.clip is not None
    assert edited.clip.as_seconds() == pytest.approx([6.0, 8.0], abs=0.3)


def test_two_seconds_cut_out_of_a_recording_are_missing(desk: Desk) -> None:
    report = desk.report("tune-cut.wav")
    cut = next(f for f in altering(report) if f.kind is Kind.CUT)
    assert cut.original is not None
    assert float(cut.original.length) == pytest.approx(2.0, abs=0.3)


@pytest.mark.parametrize("original", ["street", "bunny"])
def test_a_sticker_in_the_middle_is_disclosed_with_what_is_not_checked(desk: Desk, original: str) -> None:
    report = desk.report(f"{original}-sticker.mp4")
    assert (report.verdict, altering(report)) == (Verdict.MATCH, [])
    (overlay,) = [item.finding for item in report.findings if item.finding.kind is Kind.OVERLAY]
    assert at(overlay, footage.REPAINT_FROM, footage.REPAINT_FROM + footage.REPAINT_S)
    assert "what lies under the overlay" in report.not_checked


@pytest.mark.parametrize(
    ("name", "count"), [("street-lower-third", 1), ("bunny-lower-third", 1), ("street-boards", 3), ("bunny-boards", 3)]
)
def test_boards_are_overlays_also_one_after_the_other(desk: Desk, name: str, count: int) -> None:
    report = desk.report(f"{name}.mp4")
    assert not altering(report)
    assert report.verdict is Verdict.MATCH
    assert len([item for item in report.findings if item.finding.kind is Kind.OVERLAY]) == count


@pytest.mark.parametrize("original", ["street", "bunny"])
def test_what_is_changed_right_beside_a_sticker_is_no_part_of_it(desk: Desk, original: str) -> None:
    report = desk.report(f"{original}-beside-sticker.mp4")
    assert report.verdict is Verdict.ALTERED
    assert any(f.region is not None and inside(footage.REPAINT, f.region) for f in altering(report)), report.findings
