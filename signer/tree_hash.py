"""Which files are hashed as a tree, and the header that their media data needs for it.

The C2PA library hashes flat content in pieces of 256 MB and holds two of them. Its tree-shaped (Merkle) hash takes
pieces of a size of our choice, and is faster to read back. It leaves out the first 16 bytes of ``mdat``, whatever the
header's length: with the usual header of 8 bytes, other implementations start elsewhere and see other content. So it is
used where that header is one of 16 bytes, or can be made one without moving anything: FFmpeg, QuickTime and cameras
leave an empty box of 8 bytes in front of ``mdat`` for that very purpose.

The tree's lower part is in ``uuid`` boxes, which the library leaves in when it signs such a file again. Two trees in
one file could be confused: that file is hashed flat.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from typing import Any, BinaryIO

LARGE_BYTES = 32 * 2**20
"""Files below are hashed flat: any implementation reads that, and it needs little more memory than their size."""
PIECE_KB = 1024

_MAX_BOXES = 64
_SHORT, _LONG = 8, 16
_ROOM = (b"free", b"skip", b"wide")
_PLAIN = {b"ftyp", b"moov", b"mdat", b"uuid", b"udta", b"meta", *_ROOM}


@dataclass(frozen=True, slots=True)
class Header:
    """The 16 bytes with which the media data is to begin, and where in the file they are."""

    offset: int
    content: bytes


@dataclass(frozen=True, slots=True)
class _Box:
    kind: bytes
    offset: int
    size: int
    header: int


def long_header(stream: BinaryIO) -> Header | None:
    """The header under which a file can be hashed as a tree; None if it is small, or no plain MP4 with room for it."""
    size = stream.seek(0, os.SEEK_END)
    boxes = _boxes(stream, size) if size >= LARGE_BYTES else None
    stream.seek(0)
    if boxes is None or not {box.kind for box in boxes} <= _PLAIN:
        return None
    at = [number for number, box in enumerate(boxes) if box.kind == b"mdat"]
    if len(at) != 1 or not any(box.kind == b"moov" for box in boxes):
        return None
    if sum(box.kind == b"uuid" for box in boxes) > 1:
        return None
    media = boxes[at[0]]
    room = boxes[at[0] - 1] if at[0] else None
    if media.header == _LONG:
        return Header(media.offset, _long(media.size))
    if room is not None and room.kind in _ROOM and room.size == _SHORT:
        return Header(room.offset, _long(room.size + media.size))
    return None


class Overlaid(io.RawIOBase):
    """A file as it would be with another header: read-only, the file itself stays as it is."""

    def __init__(self, stream: BinaryIO, header: Header) -> None:
        super().__init__()
        self._stream = stream
        self._header = header

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As any file's."""
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """As any file's."""
        return self._stream.tell()

    def readinto(self, buffer: Any) -> int:
        """As any file's, with the header in its place."""
        start = self._stream.tell()
        count = self._stream.readinto(buffer)  # type: ignore[attr-defined]
        first = max(start, self._header.offset)
        last = min(start + count, self._header.offset + _LONG)
        if first < last:
            content = self._header.content[first - self._header.offset : last - self._header.offset]
            memoryview(buffer)[first - start : last - start] = content
        return int(count)

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True


def _long(size: int) -> bytes:
    return (1).to_bytes(4, "big") + b"mdat" + size.to_bytes(8, "big")


def _boxes(stream: BinaryIO, size: int) -> list[_Box] | None:
    """The top-level boxes; None unless they fill the file exactly."""
    boxes: list[_Box] = []
    at = 0
    while at < size and len(boxes) < _MAX_BOXES:
        stream.seek(at)
        head = stream.read(_LONG)
        length, header = int.from_bytes(head[:4], "big"), _SHORT
        if length == 1 and len(head) == _LONG:
            length, header = int.from_bytes(head[8:], "big"), _LONG
        if length < header:
            return None
        boxes.append(_Box(head[4:8], at, length, header))
        at += length
    return boxes if at == size else None
