"""What platforms and people do to a clip without changing what it shows must be a match that discloses just that."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from verdict_desk import Desk

from provenance.report import Finding, Kind, Report, Verdict

SIZE, AGAIN = Kind.RESIZED, Kind.REENCODED


def kinds(report: Report) -> set[Kind]:
    return {item.finding.kind for item in report.findings}


def found(report: Report, kind: Kind) -> Finding:
    return next(item.finding for item in report.findings if item.finding.kind is kind)


def close(values: Iterable[float], wanted: Iterable[float], within: float) -> bool:
    return all(abs(float(a) - b) <= within for a, b in zip(values, wanted, strict=True))


@pytest.mark.parametrize(
    ("name", "disclosed"),
    [
        ("street-360p.mp4", {AGAIN, SIZE}),
        ("bunny-cropped.mp4", {AGAIN, SIZE, Kind.CROPPED}),
        ("bunny-letterboxed.mp4", {AGAIN, SIZE, Kind.PADDED}),
        ("street-mirrored.mp4", {AGAIN, Kind.MIRRORED}),
        ("street-15fps.mp4", {AGAIN, Kind.FRAME_RATE}),
        ("street-turned.mp4", {AGAIN, Kind.ROTATED, Kind.PADDED}),
        ("bunny-quarter.mp4", {AGAIN, Kind.ROTATED, SIZE}),
        ("bunny-portrait.mp4", {AGAIN, SIZE, Kind.CROPPED}),
        ("street-blurpadded.mp4", {AGAIN, SIZE, Kind.PADDED}),
        ("bunny-slanted.mp4", {AGAIN, Kind.ROTATED, Kind.PADDED}),
        ("bunny-framed.mp4", {AGAIN, SIZE, Kind.CROPPED, Kind.PADDED}),
        ("bunny-inset.mp4", {AGAIN, Kind.FRAME_RATE, Kind.TRIMMED, Kind.PADDED}),
        ("street-graded.mp4", {AGAIN, Kind.GRADED}),
        ("street-trimmed.mp4", {AGAIN, SIZE, Kind.TRIMMED}),
        ("street-silenced.mp4", {AGAIN, Kind.MUTED}),
        ("bunny-odd.mp4", {AGAIN, SIZE}),
        ("street-flagged.mp4", {AGAIN}),
        ("bunny-logo.mp4", {AGAIN, Kind.OVERLAY}),
        ("street-logo.mp4", {AGAIN, Kind.OVERLAY}),
        ("bunny-graded.mp4", {AGAIN, Kind.GRADED}),
        ("bunny-muted.mp4", {AGAIN, Kind.MUTED}),
        ("cup-small.jpg", {AGAIN, SIZE}),
        ("cup-small.png", {SIZE}),
        ("cup-cropped.jpg", {AGAIN, SIZE, Kind.CROPPED}),
        ("cup-mirrored.jpg", {AGAIN, Kind.MIRRORED}),
    ],
)
def test_a_benign_copy_is_a_match_that_says_what_was_done(desk: Desk, name: str, disclosed: set[Kind]) -> None:
    report = desk.report(name)
    assert [(match.title, match.signer) for match in report.matches] == [(name.split("-")[0], "Herald")]
    assert kinds(report) == disclosed
    assert report.verdict is Verdict.MATCH
    assert report.matches[0].coverage >= 0.95
    assert report.matches[0].score >= 80


def test_a_trimmed_copy_is_laid_on_the_seconds_that_it_shows(desk: Desk) -> None:
    report = desk.report("street-trimmed.mp4")
    (segment,) = report.matches[0].segments
    assert close(segment.clip.as_seconds(), (0, 3.4), 0.1)
    assert close(segment.original.as_seconds(), (1.2, 4.6), 0.1)
    assert segment.speed == 1.0
    trimmed = found(report, Kind.TRIMMED)
    assert trimmed.original is not None
    assert close(trimmed.original.as_seconds(), (1.2, 4.6), 0.1)


def test_a_cropped_copy_says_which_part_is_left(desk: Desk) -> None:
    (segment,) = desk.report("bunny-cropped.mp4").matches[0].segments
    assert close(segment.crop.as_list(), (0.05, 0.05, 0.9, 0.9), 0.02)
    assert not segment.mirrored


def test_a_letterboxed_copy_says_where_the_picture_is(desk: Desk) -> None:
    region = found(desk.report("bunny-letterboxed.mp4"), Kind.PADDED).region
    assert region is not None
    assert close(region.as_list(), (0, 0.125, 1, 0.75), 0.02)


def test_a_mirrored_copy_says_so_of_its_segments(desk: Desk) -> None:
    assert [segment.mirrored for segment in desk.report("street-mirrored.mp4").matches[0].segments] == [True]


def test_a_sound_track_left_out_is_named_among_what_was_not_checked(desk: Desk) -> None:
    report = desk.report("bunny-muted.mp4")
    assert report.verdict is Verdict.MATCH
    assert not report.clip.audio
    assert any("sound" in line for line in report.not_checked)


def test_the_facts_of_a_clip_are_what_its_decoder_sees(desk: Desk) -> None:
    flagged = desk.report("street-flagged.mp4").clip
    assert (flagged.width, flagged.height, flagged.audio) == (640, 272, True)
    assert flagged.duration == pytest.approx(6.0, abs=0.1)
    slower = desk.report("street-15fps.mp4").clip
    assert slower.fps == pytest.approx(15, abs=0.1)
    odd = desk.report("bunny-odd.mp4").clip
    assert (odd.width, odd.height) == (481, 205)


@pytest.mark.parametrize("name", ["stranger.mp4", "bus.mp4", "cat.jpg", "voice-3.m4a"])
def test_what_comes_from_no_original_is_unknown_and_never_called_fake(desk: Desk, name: str) -> None:
    report = desk.report(name)
    assert (report.verdict, report.matches, report.findings) == (Verdict.UNKNOWN, (), ())
    assert "fake" not in report.summary.lower()
    assert "does not make" in report.summary


@pytest.mark.parametrize("suffix", ["mp3", "m4a", "wav"])
def test_a_copy_of_a_recording_is_a_match(desk: Desk, suffix: str) -> None:
    report = desk.report(f"tune-again.{suffix}")
    assert (report.verdict, [match.title for match in report.matches]) == (Verdict.MATCH, ["tune"])
    assert kinds(report) == {AGAIN, Kind.TRIMMED}
    (segment,) = report.matches[0].segments
    assert float(segment.original.start) == pytest.approx(1.0, abs=0.2)
    assert (report.clip.width, report.clip.fps, report.clip.audio) == (None, None, True)


def test_the_same_bytes_say_the_same_twice(desk: Desk, tmp_path: Path) -> None:
    first, second = (desk.verify(desk.media("tune-again.mp3")).as_json() for _ in range(2))
    for report in (first, second):
        del report["checked_at"]
    assert first == second
