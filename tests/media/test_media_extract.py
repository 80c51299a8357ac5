"""One decode brings everything, with the file's own times, the right way up, in every odd case."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.media import MediaLibrary

from provenance.errors import MediaError
from provenance.fingerprints.iscc import read_mpeg7_frames
from provenance.media.extract import Plan, extract
from provenance.media.frames import read_frames
from provenance.media.probe import probe
from provenance.media.sound import read_pcm
from provenance.media.values import PCM_RATE, Extraction, Frame, Limits

EVERYTHING = Plan(Fraction(2), reference=True, working=True, signature=True, sound=True)


def taken(path: Path, work: Path, limits: Limits, plan: Plan = EVERYTHING) -> tuple[Extraction, list[Frame]]:
    frames: list[Frame] = []
    return extract(path, plan, work, limits=limits, on_frame=frames.append), frames


def times_of(path: Path, limits: Limits) -> list[Fraction]:
    return [frame.time for frame in read_frames(path, limits=limits, width=64, height=48)]


def test_one_decode_brings_all_that_was_asked_for(media: MediaLibrary, limits: Limits, tmp_path: Path) -> None:
    shares: list[float] = []
    frames: list[Frame] = []
    result = extract(
        media("plain.mp4"), EVERYTHING, tmp_path, limits=limits, on_frame=frames.append, on_progress=shares.append
    )
    assert [f.time for f in frames] == [0, Fraction(13, 25), 1, Fraction(38, 25)]
    assert all(f.image.shape == (240, 320) for f in frames)
    assert np.allclose(result.frame_times, np.arange(50) / 25)
    assert result.duration == 2
    assert result.signature is not None
    assert result.signature.stat().st_size > 500
    assert result.pcm is not None
    assert abs(result.pcm.stat().st_size - 2 * 2 * PCM_RATE) < 200
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert result.notes == ()


@pytest.mark.parametrize(("name", "count"), [("one_frame.mp4", 1), ("two_frames.mp4", 2)])
def test_a_video_of_a_moment_has_a_signature_too(
    media: MediaLibrary, limits: Limits, tmp_path: Path, name: str, count: int
) -> None:
    result, frames = taken(media(name), tmp_path, limits)
    assert len(result.frame_times) == count
    assert len(frames) == 1
    assert result.signature is not None
    assert len(read_mpeg7_frames(result.signature.read_bytes())) == 1
    assert result.reference is not None


def test_what_was_not_asked_for_is_not_made(media: MediaLibrary, limits: Limits, tmp_path: Path) -> None:
    result, frames = taken(media("plain.mp4"), tmp_path, limits, Plan(Fraction(1), sound=False))
    assert len(frames) == 2
    assert [result.reference, result.working, result.signature, result.chromaprint, result.pcm] == [None] * 5
    assert len(result.frame_times) == 50


@pytest.mark.parametrize(
    "name", ["plain.mp4", "variable.mp4", "variable.mkv", "late.ts", "late_picture.mp4", "late_sound.mp4", "plain.avi",
             "moving.gif", "plain.flv", "many.mkv"],
)  # fmt: skip
def test_copies_keep_the_time_of_every_frame(media: MediaLibrary, limits: Limits, tmp_path: Path, name: str) -> None:
    result, frames = taken(media(name), tmp_path, limits)
    assert result.reference is not None
    assert result.working is not None
    for path in (result.reference, result.working, media(name)):
        times = np.array(times_of(path, limits), dtype=np.float64)
        assert times.shape == result.frame_times.shape
        assert np.abs(times - result.frame_times).max() < 1e-6
    assert set(np.round([float(f.time) for f in frames], 6)) <= set(np.round(result.frame_times, 6))


def test_uneven_frame_times_are_the_files_own(media: MediaLibrary, limits: Limits, tmp_path: Path) -> None:
    result, _ = taken(media("variable.mp4"), tmp_path, limits)
    expected = [n / 25 for n in range(50) if n % 5 < 3]
    assert np.allclose(result.frame_times, expected)


def test_time_starts_with_the_first_moment_of_the_file(media: MediaLibrary, limits: Limits, tmp_path: Path) -> None:
    broadcast, _ = taken(media("late.ts"), tmp_path, limits)
    assert 0 <= broadcast.frame_times[0] < 0.05
    late, _ = taken(media("late_picture.mp4"), tmp_path, limits)
    assert late.frame_times[0] == pytest.approx(0.5, abs=0.03)


def test_sound_that_starts_late_is_preceded_by_silence(media: MediaLibrary, limits: Limits, tmp_path: Path) -> None:
    result, _ = taken(media("late_sound.mp4"), tmp_path, limits)
    assert result.reference is not None
    assert result.pcm is not None
    for samples in (np.fromfile(result.pcm, dtype="<i2"), read_pcm(result.reference, limits=limits)):
        assert np.abs(samples[: PCM_RATE * 4 // 10]).max() < 50
        assert np.abs(samples[PCM_RATE * 6 // 10 : PCM_RATE]).max() > 1000


CORNERS = {"marked.mp4": (0, 0), "rotated.mp4": (-1, 0), "mirrored.mp4": (0, -1)}


@pytest.mark.parametrize("name", CORNERS)
def test_turned_and_mirrored_video_arrives_upright_everywhere(
    media: MediaLibrary, limits: Limits, tmp_path: Path, name: str
) -> None:
    """The white corner is where a player shows it: in hash frames, both copies and frames read on their own."""
    result, frames = taken(media(name), tmp_path, limits)
    assert result.reference is not None
    assert result.working is not None
    height, width = frames[0].image.shape
    others = [
        next(read_frames(path, limits=limits, width=width, height=height)).image
        for path in (media(name), result.reference, result.working)
    ]
    for picture in (frames[0].image, *others):
        corners = {(y, x): int(picture[y, x]) for y in (0, -1) for x in (0, -1)}
        assert max(corners, key=lambda corner: corners[corner]) == CORNERS[name]
        assert sorted(corners.values())[2] < 60 < 200 < max(corners.values())


@pytest.mark.parametrize(
    ("name", "size"), [("odd.mp4", (480, 268)), ("tall.mp4", (394, 854)), ("anamorphic.mp4", (480, 240))]
)
def test_copies_are_small_even_and_undistorted(
    media: MediaLibrary, limits: Limits, tmp_path: Path, name: str, size: tuple[int, int]
) -> None:
    result, _ = taken(media(name), tmp_path, limits)
    assert result.reference is not None
    info = probe(result.reference, limits=limits)
    assert (info.width, info.height) == size


def test_ten_bit_video_becomes_an_eight_bit_copy_any_player_shows(
    media: MediaLibrary, limits: Limits, tmp_path: Path
) -> None:
    result, frames = taken(media("ten_bit.mp4"), tmp_path, limits)
    assert result.reference is not None
    plain = next(read_frames(media("silent.mp4"), limits=limits, width=320, height=240)).image
    assert np.abs(frames[0].image.astype(int) - plain.astype(int)).mean() < 6
    assert probe(result.reference, limits=limits).video_codec == "h264"


def test_black_and_white_are_0_and_255_whatever_the_range_of_the_source(
    media: MediaLibrary, limits: Limits, tmp_path: Path
) -> None:
    _, frames = taken(media("marked.mp4"), tmp_path, limits)
    assert (int(frames[0].image[2, 2]), int(frames[0].image[-2, -2])) == (255, 0)


def test_frames_read_from_the_middle_are_the_frames_of_that_moment(
    media: MediaLibrary, limits: Limits, tmp_path: Path
) -> None:
    for name in ("numbered.mp4", "numbered.mkv"):
        part = list(read_frames(media(name), limits=limits, width=64, height=48, start=Fraction(1), end=Fraction(3, 2)))
        numbers = [round((float(f.image.mean()) * 219 / 255 + 16 - 40) / 3) for f in part]
        assert [round(f.time * 25) for f in part] == list(range(25, 38))
        assert numbers == list(range(25, 38))


def test_the_working_copy_is_visually_lossless(media: MediaLibrary, limits: Limits, tmp_path: Path) -> None:
    result, _ = taken(media("plain.mp4"), tmp_path, limits)
    assert result.working is not None
    pairs = zip(
        read_frames(media("plain.mp4"), limits=limits, width=320, height=240),
        read_frames(result.working, limits=limits, width=320, height=240),
        strict=True,
    )
    assert max(int(np.abs(a.image.astype(int) - b.image.astype(int)).max()) for a, b in pairs) <= 2


def test_sound_read_from_the_middle_is_the_sound_of_that_moment(
    media: MediaLibrary, limits: Limits, tmp_path: Path
) -> None:
    result, _ = taken(media("plain.mp4"), tmp_path, limits)
    assert result.pcm is not None
    assert result.reference is not None
    whole = np.fromfile(result.pcm, dtype="<i2")
    part = read_pcm(result.reference, limits=limits, start=Fraction(1, 2), end=Fraction(3, 2))
    assert len(part) == PCM_RATE
    assert np.corrcoef(whole[PCM_RATE // 2 : PCM_RATE * 3 // 2], part)[0, 1] > 0.999


def test_a_still_gives_one_grey_frame_and_a_jpeg(media: MediaLibrary, limits: Limits, tmp_path: Path) -> None:
    for suffix in ("png", "jpg", "webp", "avif", "jxl", "tiff", "bmp"):
        result, frames = taken(media(f"still.{suffix}"), tmp_path, limits)
        assert [f.image.shape for f in frames] == [(480, 640)]
        assert result.duration == 0
        assert result.reference is not None
        reference = cv2.imread(str(result.reference), cv2.IMREAD_GRAYSCALE)
        assert reference is not None
        assert np.abs(reference.astype(int) - frames[0].image).mean() < 4


def test_a_photograph_stored_in_tiles_is_put_together(media: MediaLibrary, limits: Limits, tmp_path: Path) -> None:
    """As telephones store HEIC: no single stream is the picture."""
    _, whole = taken(media("still.png"), tmp_path, limits)
    for name, turns in (("tiled.avif", 0), ("turned_tiles.avif", -1)):
        _, frames = taken(media(name), tmp_path, limits)
        expected = np.rot90(whole[0].image, turns)
        assert frames[0].image.shape == expected.shape
        assert np.abs(frames[0].image.astype(int) - expected).mean() < 6
        read = next(read_frames(media(name), limits=limits, width=expected.shape[1], height=expected.shape[0]))
        assert np.abs(read.image.astype(int) - expected).mean() < 6


def test_exif_orientation_is_applied(media: MediaLibrary, limits: Limits, tmp_path: Path) -> None:
    _, frames = taken(media("turned.jpg"), tmp_path, limits)
    picture = frames[0].image
    assert picture.shape == (640, 480)
    assert picture[:100, -60:].min() > 240
    assert picture[:100, :60].mean() < 180


def test_animations_are_treated_as_video(media: MediaLibrary, limits: Limits, tmp_path: Path) -> None:
    for name in ("moving.gif", "moving.apng", "moving.webp", "moving.avif"):
        result, frames = taken(media(name), tmp_path, limits)
        assert np.allclose(result.frame_times, np.arange(10) / 10)
        assert len(frames) == 2
        assert result.reference is not None
        assert result.reference.suffix == ".mp4"


def test_sound_alone_has_no_frames(media: MediaLibrary, limits: Limits, tmp_path: Path) -> None:
    for name in ("tone.mp3", "covered.m4a", "tone.wav", "tone.ogg", "tone.flac", "tone.aac"):
        result, frames = taken(media(name), tmp_path, limits)
        assert frames == []
        assert result.working is None
        assert result.pcm is not None
        assert float(result.duration) == pytest.approx(2, abs=0.06)


def test_the_sound_print_has_eight_values_a_second(media: MediaLibrary, limits: Limits, tmp_path: Path) -> None:
    result, _ = taken(media("sweep.wav"), tmp_path, limits)
    assert result.chromaprint is not None
    assert result.chromaprint.dtype == np.uint32
    assert 35 < len(result.chromaprint) < 80
    assert len(np.unique(result.chromaprint)) > 5


def test_a_file_cut_off_half_way_is_used_as_far_as_it_goes_and_says_so(
    media: MediaLibrary, limits: Limits, tmp_path: Path
) -> None:
    result, frames = taken(media("cut_off.mp4"), tmp_path, limits)
    assert 1 < result.duration < 5
    assert len(frames) >= 3
    assert "decoding stopped" in result.notes[0]


def test_a_picture_that_changes_size_on_the_way_keeps_one_timeline(
    media: MediaLibrary, limits: Limits, tmp_path: Path
) -> None:
    result, frames = taken(media("resized.ts"), tmp_path, limits)
    assert len(result.frame_times) == 50
    assert {f.image.shape for f in frames} == {(240, 320)}
    assert result.reference is not None
    assert len(times_of(result.reference, limits)) == 50


def test_the_reference_copy_is_the_same_every_time_and_tells_nothing_but_the_picture(
    media: MediaLibrary, limits: Limits, tmp_path: Path
) -> None:
    copies = [taken(media("plain.mp4"), tmp_path, limits, Plan(Fraction(2), reference=True))[0] for _ in range(2)]
    first, second = (c.reference.read_bytes() for c in copies if c.reference is not None)
    assert first == second
    assert b"Lavf" not in first


def test_an_exception_in_the_callback_leaves_no_file_behind(
    media: MediaLibrary, limits: Limits, tmp_path: Path
) -> None:
    def stop(_: Frame) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract(media("plain.mp4"), EVERYTHING, tmp_path, limits=limits, on_frame=stop)
    assert list(tmp_path.iterdir()) == []


def test_frames_and_sound_of_a_file_that_has_none_are_refused(media: MediaLibrary, limits: Limits) -> None:
    with pytest.raises(MediaError) as no_picture:
        next(read_frames(media("tone.mp3"), limits=limits, width=64, height=48))
    with pytest.raises(MediaError) as no_sound:
        read_pcm(media("silent.mp4"), limits=limits)
    assert (no_picture.value.code, no_sound.value.code) == ("media.no_frames", "media.no_sound")


@pytest.mark.parametrize("name", ["sweep.wav", "covered.m4a"])
def test_sound_alone_has_a_reference_copy_too_and_always_the_same(
    name: str, media: MediaLibrary, limits: Limits, tmp_path: Path
) -> None:
    plan = Plan(Fraction(2), reference=True)
    copies = [taken(media(name), tmp_path, limits, plan)[0].reference for _ in range(2)]
    first, second = (copy.read_bytes() for copy in copies if copy is not None)
    assert first == second
    assert copies[0] is not None
    info = probe(copies[0], limits=limits)
    assert (info.kind.media_type, info.has_video, info.has_audio) == ("audio/mp4", False, True)
    heard, signed = read_pcm(copies[0], limits=limits), read_pcm(media(name), limits=limits)
    assert abs(len(heard) - len(signed)) < PCM_RATE // 20
    shared = min(len(heard), len(signed))
    assert np.corrcoef(heard[:shared], signed[:shared])[0, 1] > 0.95
