"""Writes a picture as tiles of an HEIF grid (ISO 23008-12), the way telephones store their photographs."""

from __future__ import annotations

import struct
from collections.abc import Sequence

TileFile = bytes


def box(name: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + name + body


def full_box(name: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    return box(name, struct.pack(">I", version << 24 | flags), *parts)


def grid(tiles: Sequence[TileFile], *, columns: int, tile_width: int, tile_height: int, quarters: int = 0) -> bytes:
    """An AVIF whose primary item is a grid of ``tiles``: whole AVIF files of one picture each, row by row.

    ``quarters``: by how many quarters the whole is to be turned counter-clockwise to be shown.
    """
    rows = len(tiles) // columns
    payloads = [_find(tile, b"mdat") for tile in tiles]
    config = box(b"av1C", _find(tiles[0], b"av1C"))
    width, height = columns * tile_width, rows * tile_height
    description = struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, width, height)
    ids = range(2, 2 + len(tiles))
    entries = [_entry(1, b"grid", 0), *(_entry(i, b"av01", 1) for i in ids)]
    properties = box(
        b"ipco",
        config,
        full_box(b"ispe", 0, 0, struct.pack(">II", tile_width, tile_height)),
        full_box(b"ispe", 0, 0, struct.pack(">II", width, height)),
        full_box(b"pixi", 0, 0, b"\x03\x08\x08\x08"),
        box(b"irot", bytes([quarters])),
    )
    uses = struct.pack(">HBBBB", 1, 3, 3, 4, 0x85) + b"".join(struct.pack(">HBBBB", i, 3, 0x81, 2, 4) for i in ids)
    links = struct.pack(">HH", 1, len(tiles)) + b"".join(struct.pack(">H", i) for i in ids)

    def meta(first: int) -> bytes:
        places = [(1, 1, 0, len(description))]
        offset = first
        for i, payload in zip(ids, payloads, strict=True):
            places.append((i, 0, offset, len(payload)))
            offset += len(payload)
        located = b"".join(struct.pack(">HHHHII", i, method, 0, 1, at, size) for i, method, at, size in places)
        return full_box(
            b"meta", 0, 0,
            full_box(b"hdlr", 0, 0, bytes(4), b"pict", bytes(13)),
            full_box(b"pitm", 0, 0, struct.pack(">H", 1)),
            full_box(b"iloc", 1, 0, b"\x44\x00", struct.pack(">H", len(places)), located),
            full_box(b"iinf", 0, 0, struct.pack(">H", len(entries)), *entries),
            full_box(b"iref", 0, 0, box(b"dimg", links)),
            box(b"iprp", properties, full_box(b"ipma", 0, 0, struct.pack(">I", 1 + len(tiles)), uses)),
            box(b"idat", description),
        )  # fmt: skip

    head = box(b"ftyp", b"avif", bytes(4), b"avifmif1miaf")
    start = len(head) + len(meta(0)) + 8
    return head + meta(start) + box(b"mdat", *payloads)


def _entry(item: int, kind: bytes, hidden: int) -> bytes:
    return full_box(b"infe", 2, hidden, struct.pack(">HH", item, 0), kind, b"\0")


def _find(data: bytes, name: bytes) -> bytes:
    at = data.index(name)
    return data[at + 4 : at - 4 + int.from_bytes(data[at - 4 : at], "big")]
