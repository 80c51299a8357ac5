"""Whether a file's container says that bytes are missing at its end: for files that may still be on their way."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from provenance.media.kinds import sniff
from provenance.media.source import open_media
from provenance.media.values import Family

_MOST_BOXES = 10_000
_JPEG_TAIL = 1 << 20
_UNKNOWN = {0, 0xFFFFFFFF}

Read = Callable[[int, int], bytes]


def missing_end(path: Path) -> str | None:
    """What a file lacks by its own account, in words; None where it lacks nothing or its container does not say.

    MP4 and its relations, RIFF (AVI, WAV, WebP), Matroska, PNG and JPEG say. MPEG-TS, FLV, MP3, Ogg and others do not.

    Raises:
        MediaError: it is no media, or cannot be opened.
    """
    kind = sniff(path)
    with open_media(path) as media:

        def read(offset: int, count: int) -> bytes:
            return os.pread(media.fd, count, offset)

        if kind.demuxer == "mov":
            return _boxes(read, media.size, film=kind.family is not Family.IMAGE)
        if kind.demuxer in ("avi", "wav", "webp_pipe", "webp_anim"):
            return _riff(read, media.size)
        if kind.demuxer == "matroska":
            return _matroska(read, media.size)
        if kind.demuxer == "png_pipe":
            return None if b"IEND" in read(max(0, media.size - _JPEG_TAIL), _JPEG_TAIL) else "its last chunk"
        if kind.demuxer == "jpeg_pipe":
            tail = read(max(0, media.size - _JPEG_TAIL), _JPEG_TAIL)
            return None if b"\xff\xd9" in tail else "its end mark"
    return None


def _boxes(read: Read, size: int, *, film: bool) -> str | None:
    offset, seen = 0, set()
    for _ in range(_MOST_BOXES):
        if offset == size:
            return None if not film or b"moov" in seen else "its index (moov)"
        header = read(offset, 16)
        if len(header) < 8:
            return "a part of a box"
        length, name = int.from_bytes(header[:4], "big"), header[4:8]
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        elif length == 0:
            length = size - offset
        if length < 8:
            return None  # No box: whoever decodes it may say what it is.
        offset += length
        seen.add(name)
        if offset > size:
            return f"{offset - size} bytes"
    return None


def _riff(read: Read, size: int) -> str | None:
    claimed = int.from_bytes(read(4, 4), "little")
    # Recorders that could not go back leave the length open.
    return f"{claimed + 8 - size} bytes" if claimed not in _UNKNOWN and claimed + 8 > size else None


def _matroska(read: Read, size: int) -> str | None:
    header = _element(read, 0)
    segment = _element(read, header[1]) if header is not None and header[1] is not None else None
    if segment is None or segment[0] != 0x18538067 or segment[1] is None or segment[1] <= size:
        return None
    return f"{segment[1] - size} bytes"


def _element(read: Read, offset: int) -> tuple[int, int | None] | None:
    """Id and end of an EBML element; the end is None where its length was left open."""
    data = read(offset, 12)
    if len(data) < 5 or not data[0]:
        return None
    name_bytes = 9 - data[0].bit_length()
    if name_bytes > 4 or not data[name_bytes]:
        return None
    count = 9 - data[name_bytes].bit_length()
    raw = data[name_bytes : name_bytes + count]
    if len(raw) < count:
        return None
    value = int.from_bytes(raw, "big") & ((1 << 7 * count) - 1)
    open_ended = value == (1 << 7 * count) - 1
    end = None if open_ended else offset + name_bytes + count + value
    return int.from_bytes(data[:name_bytes], "big"), end
