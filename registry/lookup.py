"""Look-ups of many index keys at once, with bounds on what frequent keys may cost. SQLite's side of the index."""

from __future__ import annotations

import json
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import TextClause, select, text
from sqlalchemy.orm import Session

from registry.models import AssetRow, IndexedAssetRow
from registry.visibility import findable

MAX_KEY_ROWS = 4096
"""Index entries under one key beyond which it is on the stop-list. One asset has at most 32 of each view there, so
that a key needs at least sixteen assets that show the same thing all the time to get that frequent."""

_BATCH = 20_000


class KeyedTable:
    """One index table: its key column and its two other columns, in the order they are read."""

    def __init__(self, name: str, key: str, first: str, second: str) -> None:
        self.counting = text(
            f"SELECT k.value, (SELECT count(*) FROM (SELECT 1 FROM {name} WHERE {key} = k.value LIMIT :most)) "  # noqa: S608
            "FROM json_each(:keys) AS k"
        )
        self.fetching = text(
            f"SELECT t.{key}, t.{first}, t.{second} FROM json_each(:keys) AS k JOIN {name} AS t ON t.{key} = k.value"  # noqa: S608
        )


BANDS = KeyedTable("bands", "band_key", "frame_id", "run")
SOUND_KEYS = KeyedTable("sound_keys", "sound_key", "asset_no", "time_ms")

_FRAMES = text(
    "SELECT f.frame_id, f.time_ms, f.hash FROM json_each(:keys) AS k JOIN frames AS f ON f.frame_id = k.value"
)


def entries(session: Session, table: KeyedTable, keys: NDArray[np.int64], budget: int) -> NDArray[np.int64]:
    """The index entries under the keys, without those of stop-listed keys.

    Args:
        keys: int64 (n,), distinct.
        budget: most entries wanted; rare keys are served first, since they say most.

    Returns:
        int64 (m, 3): key and the table's other two columns.
    """
    counted = _rows(session, table.counting, keys, 2, most=MAX_KEY_ROWS + 1)
    counted = counted[(counted[:, 1] > 0) & (counted[:, 1] <= MAX_KEY_ROWS)]
    counted = counted[np.argsort(counted[:, 1], kind="stable")]
    affordable = np.cumsum(counted[:, 1]) <= budget
    return _rows(session, table.fetching, counted[affordable, 0], 3)


def frames(
    session: Session, frame_ids: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]:
    """Frames by their numbers: ids int64 (m,) rising, times in ms int64 (m,), hashes uint8 (m, 32)."""
    ids: list[int] = []
    times: list[int] = []
    hashes: list[bytes] = []
    for batch in _batches(np.sort(frame_ids)):
        for frame_id, time_ms, value in session.execute(_FRAMES, {"keys": batch}):
            ids.append(frame_id)
            times.append(time_ms)
            hashes.append(value)
    values = np.frombuffer(b"".join(hashes), dtype=np.uint8).reshape(len(ids), 32)
    return np.array(ids, dtype=np.int64), np.array(times, dtype=np.int64), values


def findable_rows(session: Session, asset_no: NDArray[np.int64], viewer: str | None, now: str) -> NDArray[np.bool_]:
    """For each asset number, whether the viewer may find that asset."""
    numbers, inverse = np.unique(asset_no, return_inverse=True)
    allowed: set[int] = set()
    for start in range(0, len(numbers), 5000):
        allowed.update(
            session.scalars(
                select(IndexedAssetRow.asset_no)
                .join(AssetRow, AssetRow.asset_id == IndexedAssetRow.asset_id)
                .where(IndexedAssetRow.asset_no.in_(numbers[start : start + 5000].tolist()), findable(viewer, now))
            )
        )
    return np.array([int(n) in allowed for n in numbers], dtype=np.bool_)[inverse]


def _rows(
    session: Session, statement: TextClause, keys: NDArray[np.int64], width: int, **values: int
) -> NDArray[np.int64]:
    found: list[tuple[int, ...]] = []
    for batch in _batches(keys):
        found.extend(tuple(row) for row in session.execute(statement, {"keys": batch, **values}))
    return np.array(found, dtype=np.int64).reshape(len(found), width)


def _batches(keys: NDArray[np.int64]) -> Iterable[str]:
    for start in range(0, len(keys), _BATCH):
        yield json.dumps(keys[start : start + _BATCH].tolist())
