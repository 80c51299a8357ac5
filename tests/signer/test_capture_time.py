"""One line of time from sources that drop pictures, jump, and go away; and what is read from a few bytes."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.errors import MediaError
from signer.capture.address import read_address
from signer.capture.bitstream import audio_config, is_closed
from signer.capture.timeline import Timeline
from signer.capture.values import Happened

STEP = Fraction(1, 25)
SOUND = Fraction(1024, 48000)


def play(timeline: Timeline, times: list[Fraction], stream: str = "video", step: Fraction = STEP) -> list[Fraction]:
    """The moments that these times of a source are given, arriving as fast as they come."""
    return [t + timeline.place(stream, t, step, float(n * step)) for n, t in enumerate(times)]


def steps(first: Fraction, count: int) -> list[Fraction]:
    return [first + n * STEP for n in range(count)]


def test_dropped_pictures_are_counted_and_keep_their_room() -> None:
    timeline = Timeline()
    moments = play(timeline, [*steps(Fraction(7), 20), *steps(Fraction(7) + 23 * STEP, 20)])
    assert moments == [*steps(Fraction(0), 20), *steps(23 * STEP, 20)]
    (event,) = timeline.take_events()
    assert (event.kind, event.frames, event.at_us, event.seconds) == (Happened.GAP, 3, 760_000, pytest.approx(0.12))


@pytest.mark.parametrize("jump", [Fraction(3600), Fraction(-5)])
def test_a_clock_that_jumps_is_told_and_leaves_no_hole(jump: Fraction) -> None:
    timeline = Timeline()
    moments = play(timeline, [*steps(Fraction(7), 20), *steps(Fraction(7) + 20 * STEP + jump, 20)])
    assert moments == steps(Fraction(0), 40)
    (event,) = timeline.take_events()
    assert (event.kind, event.seconds) == (Happened.JUMP, pytest.approx(float(jump)))


def test_sound_and_picture_that_jump_together_stay_together() -> None:
    timeline = Timeline()
    before, after = Fraction(7), Fraction(500)
    for n in range(50):
        timeline.place("video", before + n * STEP, STEP, n / 25)
        timeline.place("audio", before + n * STEP, SOUND, n / 25)
    offsets = {
        stream: timeline.place(stream, after + Fraction(1, 50) * lag, step, 2.0)
        for lag, (stream, step) in enumerate((("video", STEP), ("audio", SOUND)))
    }
    assert offsets["video"] == offsets["audio"]
    assert [event.kind for event in timeline.take_events()] == [Happened.JUMP]


def test_a_camera_that_slows_down_in_the_dark_drops_nothing_for_long() -> None:
    timeline = Timeline()
    times = steps(Fraction(0), 40)
    times += [times[-1] + 2 * n * STEP for n in range(1, 200)]
    for n, t in enumerate(times):
        timeline.place("video", t, Fraction(0), float(n * STEP))
    assert len(timeline.take_events()) < 20


def test_time_away_is_time_of_the_session() -> None:
    timeline = Timeline()
    play(timeline, steps(Fraction(7), 25))
    timeline.lost(4.5)
    timeline.begin(Fraction(90))
    assert play(timeline, steps(Fraction(90), 2)) == [Fraction(11, 2), Fraction(11, 2) + STEP]
    (event,) = timeline.take_events()
    assert (event.kind, event.at_us, event.seconds) == (Happened.LOST, 1_000_000, 4.5)


@given(st.lists(st.integers(-400_000, 400_000), min_size=2, max_size=80))
def test_moments_never_go_back_whatever_a_source_says(deltas: list[int]) -> None:
    timeline, time, moments = Timeline(), Fraction(0), []
    for n, delta in enumerate(deltas):
        time += Fraction(delta, 90_000)
        moments.append(time + timeline.place("video", time, Fraction(0), n / 25))
    assert all(a < b for a, b in itertools.pairwise(moments))


@pytest.mark.parametrize(
    ("codec", "data", "closed"),
    [
        ("h264", b"\0\0\0\1\x67\0\0\0\1\x68\0\0\1\x65\x88", True),
        ("h264", b"\0\0\0\1\x67\0\0\0\1\x06\0\0\0\1\x41\x9a", False),
        ("h264", b"\0\0\0\2\x67\0\0\0\0\2\x65\x88", True),
        ("hevc", b"\0\0\0\1\x26\x01", True),
        ("hevc", b"\0\0\0\1\x2a\x01", False),
        ("av1", b"", True),
    ],
    ids=["idr", "recovery-point", "idr-with-lengths", "hevc-idr", "hevc-cra", "others"],
)
def test_a_segment_may_begin_only_where_nothing_refers_back(codec: str, data: bytes, closed: bool) -> None:
    assert is_closed(codec, data) is closed


def test_the_header_of_aac_is_taken_from_the_stream() -> None:
    assert audio_config(bytes.fromhex("fff15040201ffcdc")) == bytes.fromhex("1208")
    assert audio_config(b"\x21\x10\x05\0\0\0\0\0") is None


def test_an_address_is_shown_without_what_is_secret_and_leads_to_no_local_file() -> None:
    address = read_address("rtsp://user:secret@camera.example:8554/live?token=abc")
    assert address.shown == "rtsp://camera.example:8554/live"
    assert "file" not in address.options["protocol_whitelist"]
    assert address.live
    for wrong in ("concat:a|b", "file:///etc/passwd", "gopher://x/", "http:///nowhere", "tcp://h:1"):
        with pytest.raises(MediaError) as caught:
            read_address(wrong)
        assert caught.value.code in ("capture.source", "media.missing")
