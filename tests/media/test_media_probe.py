"""What a file holds is told as it is shown, and what is over a limit is refused before it is decoded."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from support.media import MediaLibrary

from provenance.errors import MediaError, ProvenanceError
from provenance.media.extract import Plan, extract
from provenance.media.probe import probe
from provenance.media.values import Limits


def test_a_video_with_sound_is_described(media: MediaLibrary, limits: Limits) -> None:
    info = probe(media("plain.mp4"), limits=limits)
    assert (info.width, info.height, info.fps, info.duration) == (320, 240, 25, 2)
    assert (info.video_codec, info.audio_codec, info.sample_rate, info.still) == ("h264", "aac", 44100, False)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("rotated.mp4", (240, 320)),
        ("anamorphic.mp4", (480, 240)),
        ("odd.mp4", (641, 359)),
        ("turned.jpg", (480, 640)),
        ("still.jxl", (640, 480)),
        ("still.avif", (640, 480)),
    ],
)
def test_size_is_the_size_shown(media: MediaLibrary, limits: Limits, name: str, size: tuple[int, int]) -> None:
    info = probe(media(name), limits=limits)
    assert (info.width, info.height) == size


@pytest.mark.parametrize("name", ["moving.gif", "moving.apng", "moving.webp", "moving.avif"])
def test_moving_pictures_are_no_stills(media: MediaLibrary, limits: Limits, name: str) -> None:
    assert probe(media(name), limits=limits).still is False


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "webp", "avif", "bmp", "tiff", "jxl"])
def test_one_picture_is_a_still(media: MediaLibrary, limits: Limits, suffix: str) -> None:
    info = probe(media(f"still.{suffix}"), limits=limits)
    assert (info.still, info.duration, info.fps, info.has_audio) == (True, None, None, False)


@pytest.mark.parametrize("name", ["covered.m4a", "covered.mp3"])
def test_cover_art_is_not_the_picture_of_a_sound_file(media: MediaLibrary, limits: Limits, name: str) -> None:
    info = probe(media(name), limits=limits)
    assert not info.has_video
    assert info.has_audio


def test_the_first_real_picture_and_sound_are_chosen_of_several(media: MediaLibrary, limits: Limits) -> None:
    info = probe(media("many.mkv"), limits=limits)
    assert (info.audio_index, info.video_index, info.width) == (0, 1, 320)


REFUSED = {
    "huge.png": ("media.too_large", "20000 x 20000"),
    "billion.mp4": ("media.too_long", "1000000000"),
    "pixel.png": ("media.too_small", "1 x 1"),
    "headless.mp4": ("media.truncated", "bytes without one"),
    "zero_seconds.mp4": ("media.no_frames", "without a picture"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_used_is_refused_with_what_was_found_and_nothing_written(
    media: MediaLibrary, limits: Limits, tmp_path: Path, name: str
) -> None:
    with pytest.raises(ProvenanceError) as caught:
        extract(media(name), Plan(Fraction(2), reference=True), tmp_path, limits=limits, on_frame=None)
    code, found = REFUSED[name]
    assert caught.value.code == code
    assert found in str(caught.value.found)
    assert caught.value.expected
    assert caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_limits_on_bytes_pixels_and_seconds_hold(media: MediaLibrary, limits: Limits) -> None:
    path = media("plain.mp4")
    for bound, code in (
        (replace(limits, max_bytes=1000), "media.too_large"),
        (replace(limits, max_pixels=320 * 239), "media.too_large"),
        (replace(limits, max_seconds=1), "media.too_long"),
        (replace(limits, max_frames=49), "media.too_long"),
    ):
        with pytest.raises(MediaError) as caught:
            probe(path, limits=bound)
        assert caught.value.code == code


def test_a_length_no_header_tells_is_limited_during_decoding(
    media: MediaLibrary, limits: Limits, tmp_path: Path
) -> None:
    with pytest.raises(MediaError) as caught:
        extract(media("moving.gif"), Plan(Fraction(2)), tmp_path, limits=replace(limits, max_frames=5), on_frame=None)
    assert caught.value.code == "media.too_long"
    assert list(tmp_path.iterdir()) == []


def test_bytes_that_only_start_like_a_video_are_called_damaged(limits: Limits, tmp_path: Path) -> None:
    path = tmp_path / "noise.mkv"
    path.write_bytes(b"\x1aE\xdf\xa3\x8bB\x82\x88matroska" + bytes(range(256)) * 40)
    with pytest.raises(MediaError) as caught:
        probe(path, limits=limits)
    assert caught.value.code in ("media.damaged", "media.no_frames")


def test_a_file_changed_in_place_is_asked_again(media: MediaLibrary, limits: Limits, tmp_path: Path) -> None:
    path = media.copy_as("plain.mp4", tmp_path / "clip")
    before = probe(path, limits=limits)
    media.copy_as("tall.mp4", path)
    assert before.width == 320
    assert probe(path, limits=limits).width == 720
