"""The names of a log's resources, after c2sp.org/tlog-tiles. The same under a server's ``/log/`` and in process."""

from __future__ import annotations

import re
from dataclasses import dataclass

from registry.log.merkle import TILE_WIDTH

CHECKPOINT = "checkpoint"
KEY = "key"
"""The verifier key: not in the specification, and only as good as the place it comes from."""

_TILE = re.compile(
    r"tile/(entries|0|[1-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class TilePath:
    """A tile of hashes, or with ``level`` None a bundle of entries. ``width`` 1-256; 256 is a full one."""

    level: int | None
    number: int
    width: int = TILE_WIDTH

    def __str__(self) -> str:
        digits = f"{self.number % 1000:03d}"
        rest = self.number // 1000
        while rest:
            digits, rest = f"x{rest % 1000:03d}/{digits}", rest // 1000
        kind = "entries" if self.level is None else self.level
        part = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{kind}/{digits}{part}"


def read_tile_path(path: str) -> TilePath | None:
    """The tile that a path names; None where it names none in the one way that is allowed."""
    found = _TILE.fullmatch(path)
    if found is None:
        return None
    kind, digits, width = found.groups()
    tile = TilePath(
        None if kind == "entries" else int(kind),
        int(digits.replace("/", "").replace("x", "")),
        int(width) if width else TILE_WIDTH,
    )
    return tile if str(tile) == path and tile.width <= TILE_WIDTH else None


def tile_of_size(level: int | None, number: int, size: int) -> TilePath:
    """How a tree of ``size`` leaves names this tile: its last one on a level is partial."""
    hashes = size >> 8 * (level or 0)
    return TilePath(level, number, min(TILE_WIDTH, hashes - number * TILE_WIDTH))
