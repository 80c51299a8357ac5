"""A file is what its bytes say, and each thing that is no media gets its own clear refusal."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.media import MediaLibrary

from provenance.errors import MediaError
from provenance.media.kinds import sniff
from provenance.media.values import Family

KINDS = {
    "plain.mp4": ("video/mp4", "mov", True),
    "plain.mov": ("video/quicktime", "mov", True),
    "plain.3gp": ("video/3gpp", "mov", False),
    "plain.avi": ("video/x-msvideo", "avi", True),
    "plain.mkv": ("video/x-matroska", "matroska", False),
    "plain.webm": ("video/webm", "matroska", False),
    "plain.ts": ("video/mp2t", "mpegts", False),
    "plain.flv": ("video/x-flv", "flv", False),
    "plain.wmv": ("video/x-ms-asf", "asf", False),
    "tone.m4a": ("audio/mp4", "mov", True),
    "tone.mp3": ("audio/mpeg", "mp3", True),
    "tone.wav": ("audio/wav", "wav", True),
    "tone.flac": ("audio/flac", "flac", True),
    "tone.ogg": ("audio/ogg", "ogg", False),
    "tone.aac": ("audio/aac", "aac", False),
    "still.jpg": ("image/jpeg", "jpeg_pipe", True),
    "still.png": ("image/png", "png_pipe", True),
    "still.bmp": ("image/bmp", "bmp_pipe", False),
    "still.tiff": ("image/tiff", "tiff_pipe", True),
    "still.webp": ("image/webp", "webp_pipe", True),
    "still.avif": ("image/avif", "mov", True),
    "still.jxl": ("image/jxl", "jpegxl_pipe", True),
    "moving.gif": ("image/gif", "gif", True),
    "moving.apng": ("image/png", "apng", True),
    "moving.webp": ("image/webp", "webp_anim", True),
    "moving.avif": ("image/avif", "mov", True),
}


@pytest.mark.parametrize(("name", "expected"), KINDS.items(), ids=KINDS)
def test_kind_comes_from_the_bytes_not_the_name(
    media: MediaLibrary, tmp_path: Path, name: str, expected: tuple[str, str, bool]
) -> None:
    disguised = media.copy_as(name, tmp_path / "holiday.txt")
    kind = sniff(disguised)
    assert (kind.media_type, kind.demuxer, kind.embeddable) == expected


def test_heic_is_known_by_its_brand(tmp_path: Path) -> None:
    path = tmp_path / "photo"
    path.write_bytes(b"\0\0\0\x1cftypmif1\0\0\0\0mif1heicmiaf" + bytes(64))
    assert (sniff(path).media_type, sniff(path).family) == ("image/heic", Family.IMAGE)


@pytest.mark.parametrize(
    "text",
    [
        b"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1/clip.ts\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"file '/etc/passwd'\n",
        b"<?xml version='1.0'?><MPD></MPD>",
        b"%PDF-1.7",
        b"PK\x03\x04" + bytes(60),
        bytes(5000),
    ],
)
def test_playlists_and_other_files_called_mp4_are_refused(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(text)
    with pytest.raises(MediaError) as caught:
        sniff(path)
    assert caught.value.code == "media.unrecognised"
    assert caught.value.expected
    assert caught.value.found
    assert caught.value.hint


def test_empty_missing_and_directory_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    codes = {}
    for name in ("empty.mp4", "absent.mp4", ".", "empty.mp4/below"):
        with pytest.raises(MediaError) as caught:
            sniff(tmp_path / name)
        codes[name] = caught.value.code
    assert codes == {
        "empty.mp4": "media.empty",
        "absent.mp4": "media.missing",
        ".": "media.directory",
        "empty.mp4/below": "media.unreadable",
    }


def test_a_pipe_with_no_writer_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(MediaError) as caught:
        sniff(tmp_path / "pipe.mp4")
    assert caught.value.code == "media.unreadable"
