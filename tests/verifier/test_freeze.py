"""Frames that are held while the original moves are found, however briefly; what is covered or still anyway is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from footage import AAC, X264, source
from support.media import ffmpeg, recipe
from verdict_desk import Desk

from provenance.report import Kind, Report, Severity, Verdict
from provenance.trust.policy import SignedUnder
from verifier.comparers.freeze import choppy, gaps, held
from verifier.comparers.steps import Steps
from verifier.diff import diff

HELD_FROM, HELD_S = 2.0, 0.5
SCREEN = "200:40"


@recipe("showroom.mp4")
def _showroom(path: Path) -> None:
    """A screen on which the rabbit runs, in a street where nothing moves."""
    ffmpeg("-i", source(path, "street.mp4"), "-i", source(path, "bunny.mp4"), "-filter_complex",
           "[0:v]fps=25,scale=480:272,loop=-1:1,setpts=N/25/TB[a];[1:v]fps=25,scale=112:64[b];"
           f"[a][b]overlay={SCREEN}:shortest=1[v]", "-map", "[v]", "-map", "1:a", *X264, "18", *AAC, path)  # fmt: skip


@recipe("bunny-unsent.mp4", "bunny-slides.mp4")
def _fewer_pictures(path: Path) -> None:
    """No picture sent for half a second, or two a second throughout."""
    fewer = "fps=2" if path.stem.endswith("slides") else f"select='not(between(t,{HELD_FROM},{HELD_FROM + HELD_S}))'"
    ffmpeg("-i", source(path, "bunny.mp4"), "-vf", fewer, "-fps_mode", "vfr", *X264, "30", *AAC, path)


@recipe("showroom-held.mp4", "showroom-covered.mp4")
def _done_to_it(path: Path) -> None:
    """The picture held for half a second, or a plain box laid over the screen for two."""
    first, count = round(HELD_FROM * 25), round(HELD_S * 25)
    graph = (
        f"[0:v]loop=loop={count}:size=1:start={first},select='not(between(n,{first + count + 1},{first + 2 * count}))',"
        "setpts=N/25/TB[v]"
        if path.stem.endswith("held")
        else "[0:v]drawbox=x=190:y=30:w=132:h=84:color=0xc0a020:t=fill:enable='between(t,1.5,3.5)'[v]"
    )
    ffmpeg("-i", source(path, "showroom.mp4"), "-filter_complex", graph, "-map", "[v]", "-map", "0:a", *X264, "30",
           *AAC, path)  # fmt: skip


@recipe("showroom-sparse.mp4")
def _covered_and_unsent(path: Path) -> None:
    """The covered one, of which an encoder sends no picture that is like the last."""
    ffmpeg("-i", source(path, "showroom-covered.mp4"), "-vf", "mpdecimate", "-fps_mode", "vfr", *X264, "30", *AAC, path)


@recipe("bunny-choppy.mp4")
def _choppy(path: Path) -> None:
    """Five pictures a second, each sent five times."""
    ffmpeg("-i", source(path, "bunny.mp4"), "-vf", "fps=5,fps=25", *X264, "28", *AAC, path)


@recipe("bunny-card.mp4")
def _with_a_card(path: Path) -> None:
    """The rabbit runs, a card stands for 1.4 s, and he runs on."""
    graph = (
        "[0:v]fps=25,setsar=1,split[p][q];[p]trim=end_frame=51,setpts=N/25/TB[a];"
        "[1:v]fps=25,scale=640:360,setsar=1,trim=end_frame=1,loop=34:1,setpts=N/25/TB[b];"
        "[q]trim=start_frame=51:end_frame=116,setpts=N/25/TB[c];[a][b][c]concat=n=3[v]"
    )
    ffmpeg("-i", source(path, "bunny.mp4"), "-i", source(path, "street.mp4"), "-filter_complex", graph, "-map", "[v]",
           *X264, "18", path)  # fmt: skip


@recipe("bunny-card-sparse.mp4")
def _card_unsent(path: Path) -> None:
    """The same, of which an encoder sends no picture that is like the last: the card's first, and then none."""
    ffmpeg("-i", source(path, "bunny-card.mp4"), "-vf", "mpdecimate", "-fps_mode", "vfr", *X264, "30", path)


def report(desk: Desk, name: str, original: str = "showroom.mp4") -> Report:
    trusted = {"anchors": desk.anchors, "policy": SignedUnder(desk.anchors)}
    return diff(desk.media(original), desk.media(name), settings=desk.settings, evidence=False, **trusted)


def test_a_picture_is_held_where_no_other_is_sent_for_half_a_second(desk: Desk) -> None:
    said = report(desk, "bunny-unsent.mp4", "bunny.mp4")
    (found,) = (f.finding for f in said.findings if f.severity is Severity.ALTERING)
    assert found.kind is Kind.FRAMES_REPEATED
    assert found.clip is not None
    assert found.clip.as_seconds() == pytest.approx([HELD_FROM, HELD_FROM + HELD_S], abs=0.15)


def test_a_copy_of_two_pictures_a_second_holds_none(desk: Desk) -> None:
    said = report(desk, "bunny-slides.mp4", "bunny.mp4")
    assert said.matches
    assert all(f.finding.kind is not Kind.FRAMES_REPEATED for f in said.findings)


def test_half_a_second_in_which_a_small_thing_stands_still_is_repeated_frames(desk: Desk) -> None:
    (found,) = (f.finding for f in report(desk, "showroom-held.mp4").findings if f.severity is Severity.ALTERING)
    assert found.kind is Kind.FRAMES_REPEATED
    assert found.clip is not None
    assert found.clip.as_seconds() == pytest.approx([HELD_FROM, HELD_FROM + HELD_S], abs=0.15)


def test_what_moves_under_a_box_is_hidden_and_not_held(desk: Desk) -> None:
    said = report(desk, "showroom-covered.mp4")
    assert [f.finding.kind for f in said.findings if f.finding.kind in (Kind.FRAMES_REPEATED, Kind.OVERLAY)] == [
        Kind.OVERLAY
    ]
    assert said.verdict is Verdict.MATCH


def test_nor_is_it_held_where_no_picture_is_sent_meanwhile(desk: Desk) -> None:
    said = report(desk, "showroom-sparse.mp4")
    assert said.verdict is Verdict.MATCH
    assert all(f.finding.kind is not Kind.FRAMES_REPEATED for f in said.findings)


def test_of_a_choppy_copy_it_is_said_that_its_picture_was_not_compared(desk: Desk) -> None:
    said = report(desk, "bunny-choppy.mp4", "bunny.mp4")
    assert said.verdict is Verdict.INCONCLUSIVE
    assert any("few pictures a second" in what for what in said.not_checked)


def test_a_card_of_the_original_is_no_picture_that_is_held(desk: Desk) -> None:
    said = report(desk, "bunny-card-sparse.mp4", "bunny-card.mp4")
    assert said.verdict is Verdict.MATCH
    assert all(f.finding.kind is not Kind.FRAMES_REPEATED for f in said.findings)


def steps(clip: list[float], expected: list[float]) -> Steps:
    return Steps(np.arange(len(clip) + 1) / 10, np.array(clip, np.float32), np.array(expected, np.float32))


@pytest.mark.parametrize(
    ("clip", "expected", "found"),
    [
        ([9, 9, 0, 0, 0, 0, 40, 9], [9, 9, 9, 9, 9, 9, 9, 9], [(2, 6)]),
        ([9, 9, 3, 2, 1, 1, 40, 9], [9, 9, 9, 9, 9, 9, 9, 9], [(2, 6)]),
        ([9, 9, 9, 0, 0, 9, 9, 9], [9, 9, 9, 9, 9, 9, 9, 9], []),
        ([2, 2, 0, 0, 0, 0, 0, 2], [2, 2, 2, 2, 2, 2, 2, 2], []),
        ([1, 1, 0, 0, 0, 0, 90, 1], [1, 1, 0, 0, 90, 0, 0, 1], []),
        ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [9, 9, 9, 9, 0, 0, 9, 9, 9, 9], [(0, 10)]),
        ([7] * 4 + [5] * 9 + [7] * 4, [20] * 4 + [5] * 9 + [20] * 4, [(0, 5), (12, 17)]),
        ([6, 6, 6, 6, 6, 6, 6, 6], [9, 9, 9, 9, 9, 9, 9, 9], []),
        ([9, 0, 9, 9, 9, 9] * 3 + [0, 0, 0, 0, 9, 9], [9] * 24, [(18, 22)]),
        ([9, 0, 0, 0, 0, 9, 9, 9], [3, 3, 3, 3, 3, 3, 1, 3], [(1, 5)]),
        ([], [], []),
    ],
    ids=[
        "held",
        "settling",
        "too brief",
        "still anyway",
        "a cut",
        "a pause within",
        "moves between",
        "smoothed",
        "eight a second",
        "little moves",
        "one picture",
    ],
)
def test_a_clip_stands_still_by_what_its_original_does(
    clip: list[float], expected: list[float], found: list[tuple[int, int]]
) -> None:
    assert held(steps(clip, expected)) == found


@pytest.mark.parametrize(
    ("clip", "expected", "said"),
    [
        ([0, 0, 0, 12] * 6, [9] * 24, True),
        ([0, 0, 12, 0, 0, 12, 0, 0, 0, 12] * 3, [9] * 30, True),
        ([0, 18] * 8, [9] * 16, True),
        ([9, 0, 9, 9, 9, 9] * 3 + [0, 0, 0, 0, 9, 9], [9] * 24, False),
        ([1, 1] * 8, [9, 2] * 8, False),
        ([0, 4] * 8, [9] * 16, False),
        ([9, 9, 9, 0, 9, 9, 9, 9] * 8, [9] * 64, False),
    ],
    ids=[
        "two and a half a second",
        "three a second",
        "five a second",
        "eight a second, and held",
        "taken out",
        "half covered",
        "a frame lost now and then",
    ],
)
def test_a_choppy_copy_catches_up_with_what_it_left_out(clip: list[float], expected: list[float], said: bool) -> None:
    assert choppy(steps(clip, expected)) is said


def test_a_picture_shown_for_long_is_one_that_is_so_in_this_clip_alone() -> None:
    assert gaps(np.r_[np.arange(0, 2, 0.1), np.arange(2.6, 4, 0.1)]) == [(pytest.approx(1.9), pytest.approx(2.6))]
    assert gaps(np.arange(0, 8, 0.5)) == []
    assert gaps(np.zeros(1)) == []
