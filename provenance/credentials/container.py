"""What a credential cannot say of its own container: a file that holds no media for the signature to cover."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

UNCOVERED = "provenance.media.absent"
"""Our fault code for a signed file without media, such as the first segment of a stream."""

_MAX_BOXES = 100_000


def faults_of(stream: BinaryIO, size: int) -> tuple[str, ...]:
    """Fault codes of a file, found by walking its top-level boxes; the stream's position is left where it was."""
    place = stream.tell()
    try:
        kinds = {kind for kind, length in _boxes(stream, size) if length > 0}
    finally:
        stream.seek(place)
    return (UNCOVERED,) if b"moov" in kinds and b"mdat" not in kinds else ()


def _boxes(stream: BinaryIO, size: int) -> Iterator[tuple[bytes, int]]:
    """Type and content length of each top-level ISO box; nothing where the file is not made of boxes."""
    at = 0
    for _ in range(_MAX_BOXES):
        stream.seek(at)
        head = stream.read(16)
        if len(head) < 8:
            return
        length, kind, header = int.from_bytes(head[:4], "big"), head[4:8], 8
        if length == 1:
            length, header = int.from_bytes(head[8:16], "big"), 16
        elif length == 0:
            length = size - at
        if length < header:
            return
        yield kind, length - header
        at += length
        if at >= size:
            return
