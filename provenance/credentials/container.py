"""What can be said of the container itself, where the library says nothing or only that it failed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Literal

UNCOVERED = "provenance.media.absent"
"""Our fault code for a signed file without media, such as the first segment of a stream."""

MAX_WHOLE_BYTES = 512 * 2**20
"""Largest file of the kinds that the library takes into memory whole (JPEG, GIF, TIFF, SVG, PDF)."""

_MAX_BOXES = 100_000
_WHOLE = (b"\xff\xd8", b"GIF8", b"II*\0", b"MM\0*", b"<svg", b"<?xml", b"%PDF", b"\xef\xbb\xbf<")
_C2PA_BOX = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_CHUNK = 4 * 2**20
_OVERLAP = 64
# JUMBF boxes of C2PA by their type, the ISO box that carries them, and the chunks of PNG and RIFF files.
_TRACES = re.compile(
    rb"jumdc2(?:pa|ma|as|cl|cs)|uuid\xd8\xfe\xc3\xd6\x1b\x0e\x48\x3c\x92\x97\x58\x28\x87\x7e\xc4\x81|caBX|C2PA.{3}\0",
    re.DOTALL,
)


def faults_of(stream: BinaryIO, size: int) -> tuple[str, ...]:
    """Fault codes of a signed file, found by walking its top-level boxes."""
    kinds = {kind for kind, length in _boxes(stream, size) if length > 0}
    return (UNCOVERED,) if b"moov" in kinds and b"mdat" not in kinds else ()


def oversized(stream: BinaryIO, size: int, limit: int) -> str | None:
    """Why the library must not be given this file, if a manifest in it may take more than ``limit`` bytes of memory.

    The library takes manifests into memory whole, at the size their container claims.
    """
    stream.seek(0)
    head = stream.read(16)
    if head.startswith(_WHOLE):
        return f"the file is larger than {MAX_WHOLE_BYTES} bytes" if size > MAX_WHOLE_BYTES else None
    if head.startswith(b"\x89PNG"):
        carried = sum(length for kind, length in _chunks(stream, size, start=8, order="big") if kind == b"caBX")
    elif head.startswith((b"RIFF", b"RF64")):
        carried = sum(length for kind, length in _chunks(stream, size, start=12, order="little") if kind == b"C2PA")
    else:
        carried = sum(length for kind, length in _boxes(stream, size) if kind in (b"uuid:c2pa", b"jumb", b"brob"))
    return f"the manifest takes more than {limit} bytes" if carried > limit else None


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
        head = stream.read(32)
        if len(head) < 8:
            return
        length, kind, header = int.from_bytes(head[:4], "big"), head[4:8], 8
        if length == 1:
            length, header = int.from_bytes(head[8:16], "big"), 16
        elif length == 0:
            length = size - at
        if length < header:
            return
        if kind == b"uuid" and head[header : header + 16] == _C2PA_BOX:
            kind = b"uuid:c2pa"
        yield kind, length - header
        at += length


def _chunks(stream: BinaryIO, size: int, *, start: int, order: Literal["big", "little"]) -> Iterator[tuple[bytes, int]]:
    """Type and length of each chunk: PNG (length first, checksum behind) or RIFF (type first, padded to even)."""
    at = start
    for _ in range(_MAX_BOXES):
        stream.seek(at)
        head = stream.read(8)
        if len(head) < 8 or at > size:
            return
        kind, field = (head[4:], head[:4]) if order == "big" else (head[:4], head[4:])
        length = int.from_bytes(field, order)
        yield kind, length
        at += 12 + length if order == "big" else 8 + length + (length & 1)
