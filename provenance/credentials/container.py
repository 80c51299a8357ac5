"""What can be said of the container itself, where the library says nothing or only that it failed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

UNCOVERED = "provenance.media.absent"
"""Our fault code for a signed file without media, such as the first segment of a stream."""

_MAX_BOXES = 100_000
_CHUNK = 4 * 2**20
_OVERLAP = 64
# JUMBF boxes of C2PA by their type, the ISO box that carries them, and the chunks of PNG and RIFF files.
_TRACES = re.compile(
    rb"jumdc2(?:pa|ma|as|cl|cs)|uuid\xd8\xfe\xc3\xd6\x1b\x0e\x48\x3c\x92\x97\x58\x28\x87\x7e\xc4\x81|caBX|C2PA..\0\0"
)


def faults_of(stream: BinaryIO, size: int) -> tuple[str, ...]:
    """Fault codes of a signed file, found by walking its top-level boxes."""
    kinds = {kind for kind, length in _boxes(stream, size) if length > 0}
    return (UNCOVERED,) if b"moov" in kinds and b"mdat" not in kinds else ()


def has_traces(stream: BinaryIO) -> bool:
    """Whether a file that could not be parsed looks as if a credential was in it."""
    stream.seek(0)
    tail = b""
    while chunk := stream.read(_CHUNK):
        if _TRACES.search(tail + chunk):
            return True
        tail = chunk[-_OVERLAP:]
    return False


def _boxes(stream: BinaryIO, size: int) -> Iterator[tuple[bytes, int]]:
    """Type and content length of each top-level ISO box, as far as the file is made of boxes."""
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
