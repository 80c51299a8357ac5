"""Every codec that MP4 takes is recorded as it is, and the others anew: each picture is in one segment, and plays."""

from __future__ import annotations

from pathlib import Path

import av
import pytest
from support.media import ffmpeg

from signer.capture.address import read_address
from signer.capture.folder import Folder
from signer.capture.recorder import Recorder
from signer.capture.segment_file import finish_part, join
from signer.capture.source import Reader
from signer.capture.values import Notes, Session

PICTURES = 50
SOURCES = {
    "h264": ("mpegts", "libx264", "-g 10 -preset veryfast", "aac"),
    "h264-open": ("mpegts", "libx264", "-preset veryfast -x264-params open-gop=1:keyint=10:b-adapt=0", "aac"),
    "hevc-open": ("mpegts", "libx265", "-preset ultrafast -x265-params log-level=none:keyint=10:b-adapt=0", "mp3"),
    "vp9": ("matroska", "libvpx-vp9", "-deadline realtime -cpu-used 8 -g 10", "libopus"),
    "av1": ("matroska", "libaom-av1", "-cpu-used 8 -g 10 -lag-in-frames 0", "flac"),
    "mpeg4": ("mpegts", "mpeg4", "-g 10 -bf 2", "ac3"),
    "mpeg2": ("mpegts", "mpeg2video", "-g 10 -bf 2", "mp2"),
    "raw": ("avi", "rawvideo", "", "pcm_s16le"),
}
REENCODED = {"mpeg2": ("video: mpeg2video as h264", "audio: mp2 as aac"),
             "raw": ("video: rawvideo as h264", "audio: pcm_s16le as aac")}  # fmt: skip


@pytest.mark.parametrize("name", SOURCES)
def test_each_picture_is_recorded_once_and_plays(tmp_path: Path, name: str) -> None:
    container, codec, options, sound = SOURCES[name]
    source = tmp_path / "source"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=2", "-f", "lavfi", "-i",
           "sine=sample_rate=48000:duration=2", "-pix_fmt", "yuv420p", "-c:v", codec, *options.split(), "-c:a", sound,
           "-f", container, source)  # fmt: skip
    folder, told = Folder(tmp_path / "recording"), list[Notes]()
    folder.begin(Session("s", "source", "2026-01-01T00:00:00Z", 0.4, False))
    address = read_address(str(source))
    Recorder(folder, Reader(address, 1), 0.4, None, told.append, lambda: False, lambda _words: None).run()
    parts = []
    for notes in told:
        frames, _ = finish_part(folder.part(notes.index), folder.waiting(notes.index))
        assert frames == notes.frames
        parts.append((folder.waiting(notes.index), notes.start_us))
        with av.open(str(parts[-1][0])) as segment:
            assert sum(1 for _ in segment.decode(video=0)) == frames
    assert len(parts) >= (1 if name in REENCODED else 2)
    assert {notes.reencoded for notes in told} == {REENCODED.get(name, ())}
    assert sum(notes.frames + notes.dropped for notes in told) == PICTURES
    assert all(notes.closed or notes.dropped for notes in told[1:])
    join(parts, tmp_path / "whole.mp4")
    with av.open(str(tmp_path / "whole.mp4")) as whole:
        times = [float(frame.pts * frame.time_base) for frame in whole.decode(video=0)]
    assert len(times) == sum(notes.frames for notes in told)
    assert times == sorted(set(times))
