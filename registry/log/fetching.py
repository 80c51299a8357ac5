"""Fetching what a checkpoint binds: bundles of entries, and tiles that are compared with those the entries make."""

from __future__ import annotations

from collections.abc import Iterator

from provenance.errors import LogError
from registry.log.leaves import MAX_LEAF_BYTES
from registry.log.merkle import HASH_BYTES, TILE_WIDTH, fold
from registry.log.paths import TilePath, tile_of_size
from registry.log.sources import LogSource


def entries_of(source: LogSource, start: int, end: int) -> Iterator[list[bytes]]:
    """Entries from ``start`` on, a bundle at a time."""
    while start < end:
        number, skipped = divmod(start, TILE_WIDTH)
        tile = tile_of_size(None, number, end)
        yield _split(_tile(source, tile), tile)[skipped:]
        start = number * TILE_WIDTH + tile.width


def _split(data: bytes, tile: TilePath) -> list[bytes]:
    entries: list[bytes] = []
    while data and len(entries) < tile.width:
        end = 2 + int.from_bytes(data[:2], "big")
        if not len(data) >= end <= MAX_LEAF_BYTES + 2:
            break
        entries.append(data[2:end])
        data = data[end:]
    # A partial bundle may by now be served as the full one it has become.
    if len(entries) < tile.width:
        raise LogError("log.entries", f"{tile} of the log is cut short", expected=f"{tile.width} entries",
                       found=f"{len(entries)}", hint="keep what was served, and ask the operator")  # fmt: skip
    return entries


def _tile(source: LogSource, tile: TilePath) -> bytes:
    data = source.read(str(tile))
    if data is None and tile.width < TILE_WIDTH:
        # It may have been filled since, and what was part of it taken away.
        data = source.read(str(TilePath(tile.level, tile.number)))
    if data is None:
        raise withheld(str(tile))
    return data


class TileCheck:
    """Builds the tiles of all levels from leaf hashes and compares each with the one that is served."""

    def __init__(self, source: LogSource, size: int) -> None:
        self._source = source
        self._size = size
        self._growing: list[list[bytes]] = []
        self._numbers: list[int] = []
        self._wrong: TilePath | None = None

    def add(self, hashes: list[bytes]) -> None:
        """Add leaf hashes."""
        for found in hashes:
            self._add(0, found)

    def finish(self) -> None:
        """Compare the tiles that are still growing, and say of the first of all that is wrong.

        Only now: where an entry was changed, its tile is wrong for that reason.

        Raises:
            LogError: a tile is not that of the entries (``log.tiles``).
        """
        for level, hashes in enumerate(self._growing):
            if hashes:
                self._compare(level)
        if self._wrong is not None:
            raise LogError(
                "log.tiles",
                f"{self._wrong} of the log is not that of its entries",
                expected="the hashes from which proofs can be made",
                hint="proofs of this log cannot be checked; ask the operator",
            )

    def _add(self, level: int, found: bytes) -> None:
        if level == len(self._growing):
            self._growing.append([])
            self._numbers.append(0)
        self._growing[level].append(found)
        if len(self._growing[level]) == TILE_WIDTH:
            whole = self._compare(level)
            self._growing[level] = []
            self._numbers[level] += 1
            self._add(level + 1, fold(whole))

    def _compare(self, level: int) -> bytes:
        expected = b"".join(self._growing[level])
        tile = tile_of_size(level, self._numbers[level], self._size)
        if self._wrong is None and _tile(self._source, tile)[: tile.width * HASH_BYTES] != expected:
            self._wrong = tile
        return expected


def withheld(path: str) -> LogError:
    """The error for what is not there and has to be."""
    return LogError(
        "log.withheld",
        f"the log does not show {path}, which its checkpoint binds",
        expected="everything that was signed",
        found="nothing there",
        hint="try again; if it stays so, ask the operator",
    )
