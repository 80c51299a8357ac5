"""The stored tree: tiles read as proofs want them, and grown by new leaves."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from provenance.errors import RegistryError
from registry.log.merkle import HASH_BYTES, TILE_WIDTH, Tiles, fold
from registry.log.models import TileRow


def stored(session: Session) -> Tiles:
    """The tiles of the database, for ``merkle``."""

    def tile(level: int, number: int) -> bytes:
        row = session.get(TileRow, (level, number))
        return row.hashes if row else b""

    return tile


def grow(session: Session, size: int, leaves: Sequence[bytes]) -> None:
    """Add leaf hashes to a tree of ``size``; a tile that is full enters the level above.

    Raises:
        RegistryError: the stored tiles are not those of such a tree (``registry.corrupt``).
    """
    level, hashes = 0, list(leaves)
    while hashes:
        number, filled = divmod(size >> 8 * level, TILE_WIDTH)
        full = []
        while hashes:
            part, hashes = hashes[: TILE_WIDTH - filled], hashes[TILE_WIDTH - filled :]
            row = _row(session, level, number, filled)
            row.hashes += b"".join(part)
            if filled + len(part) == TILE_WIDTH:
                full.append(fold(row.hashes))
            number, filled = number + 1, 0
        level, hashes = level + 1, full
    session.flush()


def _row(session: Session, level: int, number: int, filled: int) -> TileRow:
    row = session.get(TileRow, (level, number))
    if row is None:
        row = TileRow(level=level, number=number, hashes=b"")
        session.add(row)
    if len(row.hashes) != filled * HASH_BYTES:
        raise RegistryError(
            "registry.corrupt",
            "the log's tiles are not those of its last checkpoint",
            expected=f"{filled} hashes in tile {number} of level {level}",
            found=f"{len(row.hashes) / HASH_BYTES:g}",
            hint="restore a backup (docs/backup.md)",
        )
    return row
