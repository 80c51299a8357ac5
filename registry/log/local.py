"""What the registry's own log has to show: its resources by name, and proofs. Reads only."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.log import merkle, tiles
from registry.log.merkle import HASH_BYTES, TILE_WIDTH
from registry.log.models import LeafRow, TileRow
from registry.log.paths import CHECKPOINT, KEY, TilePath, read_tile_path
from registry.log.receipts import Receipt
from registry.log.sequencing import Logged, latest, signing_key


class LocalLog:
    """The log of an open registry. Implements ``sources.LogSource``."""

    def __init__(self, registry: Logged) -> None:
        self._registry = registry

    def read(self, path: str) -> bytes | None:
        """A resource by its name below ``/log/``: checkpoint, key, ``tile/…``; None where there is none.

        Tiles and entries never change once they are there, a full one (``TilePath.width`` 256) as well as a partial.
        """
        with self._registry.reading() as session:
            if path == CHECKPOINT:
                last = latest(session)
                return last.note.encode() if last else None
            if path == KEY:
                vkey = signing_key(session)
                return f"{vkey}\n".encode() if vkey else None
            tile, last = read_tile_path(path), latest(session)
            # A name may have numbers that no database can count to.
            if tile is None or last is None or _end(tile) > last.size >> 8 * (tile.level or 0):
                return None
            return _entries(session, tile) if tile.level is None else _hashes(session, tile)

    def receipt(self, subject: str, number: int = 1) -> Receipt | None:
        """The proof that an event is in the log; None where it is unknown or still waits.

        ``subject``: an asset's id, or a revoked certificate's fingerprint; ``number``: which of its events.
        """
        with self._registry.reading() as session:
            leaf, last = session.get(LeafRow, (subject, number)), latest(session)
            if leaf is None or leaf.leaf_index is None or last is None:
                return None
            proof = merkle.inclusion_proof(tiles.stored(session), leaf.leaf_index, last.size)
            return Receipt(leaf.data, leaf.leaf_index, last.size, tuple(proof), last.note)

    def consistency(self, old: int, new: int) -> tuple[bytes, ...] | None:
        """The proof that the tree of ``new`` leaves begins with that of ``old``; None where it has not so many."""
        with self._registry.reading() as session:
            last = latest(session)
            if last is None or not 0 <= old <= new <= last.size:
                return None
            return tuple(merkle.consistency_proof(tiles.stored(session), old, new))


def _end(tile: TilePath) -> int:
    """How many hashes its level must have."""
    return tile.number * TILE_WIDTH + tile.width


def _hashes(session: Session, tile: TilePath) -> bytes | None:
    row = session.get(TileRow, (tile.level, tile.number))
    wanted = tile.width * HASH_BYTES
    return row.hashes[:wanted] if row and len(row.hashes) >= wanted else None


def _entries(session: Session, tile: TilePath) -> bytes | None:
    first = tile.number * TILE_WIDTH
    found = session.scalars(
        select(LeafRow.data)
        .where(LeafRow.leaf_index >= first, LeafRow.leaf_index < first + tile.width)
        .order_by(LeafRow.leaf_index)
    ).all()
    if len(found) != tile.width:
        return None
    return b"".join(len(data).to_bytes(2, "big") + data for data in found)
