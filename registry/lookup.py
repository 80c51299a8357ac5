"""Look-ups of many index keys at once, with bounds on what frequent keys may cost."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Column, select
from sqlalchemy.orm import Session

from provenance.errors import RegistryError
from registry import dialects
from registry.bands import POSITION_BITS, VIEW_BITS
from registry.models import AssetRow, IndexedAssetRow
from registry.versions import IndexVersion
from registry.visibility import findable

FRAME_BITS = VIEW_BITS + POSITION_BITS
_ASSETS_AT_ONCE = 5000


@dataclass(slots=True)
class Reader:
    """One search: the transaction it reads in, the index version, who asks and when."""

    session: Session
    version: IndexVersion
    viewer: str | None
    now: str
    _findable: dict[int, bool] = field(default_factory=dict)

    def bands(self, keys: NDArray[np.int64], budget: int) -> NDArray[np.int64]:
        """Entries of ``bands`` under distinct keys: int64 (m, 4) of key, asset number, place, sketch."""
        table = self.version.tables.bands
        return self._entries(table.c.band_key, keys, budget, ("i4", "i4", "i4", "i4"))

    def sounds(self, keys: NDArray[np.int64], budget: int) -> NDArray[np.int64]:
        """Entries of ``sound_keys``: int64 (m, 3) of key, asset number, time in ms; see ``_entries``."""
        table = self.version.tables.sound_keys
        return self._entries(table.c.sound_key, keys, budget, ("i8", "i4", "i4"))

    def features(self, keys: NDArray[np.int64], budget: int) -> NDArray[np.int64]:
        """Entries of ``feature_keys``: int64 (m, 2) of key, asset number; see ``_entries``."""
        table = self.version.tables.feature_keys
        return self._entries(table.c.feature_key, keys, budget, ("i4", "i4"))

    def frames(
        self, asset_no: NDArray[np.int64], frame: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64]]:
        """Frames by their numbers.

        Returns:
            times in ms int64 (m,) and hashes uint8 (m, 32) of distinct frames, and for each frame asked for its row.

        Raises:
            RegistryError: one is not stored (``registry.corrupt``).
        """
        ids, row = np.unique(asset_no << FRAME_BITS | frame, return_inverse=True)
        table = self.version.tables.frames.name
        stored, times, hashes = dialects.read(
            self.session,
            f"SELECT keys.value, f.time_ms, f.hash FROM {{keys}} JOIN {table} AS f ON "  # noqa: S608
            f"f.asset_no = keys.value >> {FRAME_BITS} AND f.frame = keys.value & {(1 << FRAME_BITS) - 1}",
            ids,
            "i8",
            "i4",
            "S32",
        )
        if len(stored) != len(ids):
            raise RegistryError(
                "registry.corrupt",
                "the search index names frames that are not stored",
                hint="run `provenance assets reindex`, or restore a backup (docs/backup.md)",
            )
        order = np.argsort(stored, kind="stable")
        return times[order], hashes[order], row

    def may_find(self, asset_no: NDArray[np.int64]) -> NDArray[np.bool_]:
        """For each asset number, whether who asks may find that asset."""
        numbers, inverse = np.unique(asset_no, return_inverse=True)
        new = [number for number in numbers.tolist() if number not in self._findable]
        for start in range(0, len(new), _ASSETS_AT_ONCE):
            part = new[start : start + _ASSETS_AT_ONCE]
            self._findable.update(dict.fromkeys(part, False))
            allowed = self.session.scalars(
                select(IndexedAssetRow.asset_no)
                .join(AssetRow, AssetRow.asset_id == IndexedAssetRow.asset_id)
                .where(IndexedAssetRow.asset_no.in_(part), findable(self.viewer, self.now))
            )
            self._findable.update(dict.fromkeys(allowed, True))
        return np.array([self._findable[number] for number in numbers.tolist()], dtype=np.bool_)[inverse]

    def ids(self, asset_no: list[int]) -> dict[int, str]:
        """The ids of numbered assets."""
        rows = self.session.execute(
            select(IndexedAssetRow.asset_no, IndexedAssetRow.asset_id).where(IndexedAssetRow.asset_no.in_(asset_no))
        )
        return {row.asset_no: row.asset_id for row in rows}

    def _entries(
        self, column: Column[int], keys: NDArray[np.int64], budget: int, kinds: tuple[str, ...]
    ) -> NDArray[np.int64]:
        """Index entries of assets that may be found, without those under keys on the stop-list.

        ``budget``: most entries wanted; rare keys are served first, since they say most.
        """
        found, rows = dialects.count(self.session, column, keys)
        rare = rows <= self.version.parameters.max_key_rows
        found, rows = found[rare], rows[rare]
        if rows.sum() > budget:
            order = np.argsort(rows, kind="stable")
            found = found[order[np.cumsum(rows[order]) <= budget]]
        selected = ", ".join(f"t.{each.name}" for each in column.table.columns)
        entries = np.stack(
            dialects.read(
                self.session,
                f"SELECT {selected} FROM {{keys}} JOIN {column.table.name} AS t ON t.{column.name} = keys.value",  # noqa: S608
                found,
                *kinds,
            ),
            axis=1,
        )
        return entries[self.may_find(entries[:, 1])]
