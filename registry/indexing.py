"""Adding an asset's fingerprints to the search index."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert
from sqlalchemy.orm import Session

from provenance.errors import RegistryError
from provenance.fingerprints.values import Fingerprints
from registry.bands import CURRENT, MAX_FRAMES, MAX_VIEWS, IndexParameters, band_keys, pack_frame_id, runs, spread
from registry.models import BandRow, FrameRow, IndexedAssetRow, IndexVersionRow, SoundKeyRow

_INSERT_BATCH = 50_000


def add(session: Session, asset_id: str, prints: Fingerprints, parameters: IndexParameters = CURRENT) -> int:
    """Index an asset's frames and loud sound, within the caller's transaction. Returns its number in the index.

    Raises:
        RegistryError: it has more frames or views than can be numbered (``index.too_long``).
    """
    if session.get(IndexVersionRow, parameters.version) is None:
        session.add(IndexVersionRow(**asdict(parameters)))
    entry = IndexedAssetRow(asset_id=asset_id, index_version=parameters.version)
    session.add(entry)
    session.flush()
    if prints.frames is not None:
        hashes, quality, times = prints.frames.hashes, prints.frames.quality, prints.frames.times_ms
        if len(times) > MAX_FRAMES or hashes.shape[1] > MAX_VIEWS:
            raise RegistryError(
                "index.too_long",
                "the asset has more frame hashes than the index can number",
                expected=f"at most {MAX_FRAMES} frames of {MAX_VIEWS} views",
                found=f"{len(times)} frames of {hashes.shape[1]} views",
                hint="register it in parts",
            )
        for view in range(hashes.shape[1]):
            rich = quality[:, view] >= parameters.min_quality
            _add_view(session, pack_frame_id(entry.asset_no, view, 0), hashes[rich, view], times[rich], parameters)
    if prints.sound is not None:
        _add_sound(session, entry.asset_no, prints.sound.values, prints.sound.loud, prints.sound.step_s, parameters)
    return entry.asset_no


def _add_view(
    session: Session,
    first_id: int,
    hashes: NDArray[np.uint8],
    times: NDArray[np.int64],
    parameters: IndexParameters,
) -> None:
    if not len(hashes):
        return
    rows = [
        {"frame_id": first_id + position, "time_ms": time, "hash": value.tobytes()}
        for position, (time, value) in enumerate(zip(times.tolist(), hashes, strict=True))
    ]
    session.execute(insert(FrameRow), rows)
    keys, positions, lengths = runs(band_keys(hashes, parameters), parameters.max_runs)
    _insert(session, BandRow, ("band_key", "frame_id", "run"), keys, first_id + positions, lengths)


def _add_sound(
    session: Session,
    asset_no: int,
    values: NDArray[np.uint32],
    loud: NDArray[np.bool_],
    step_s: float,
    parameters: IndexParameters,
) -> None:
    # Equal neighbours are one steady sound: where it begins is enough.
    fresh = loud & np.r_[True, values[1:] != values[:-1]]
    positions = np.flatnonzero(fresh)
    keys = values[positions].astype(np.int64)
    order = np.lexsort((positions, keys))
    kept = order[spread(keys[order], parameters.max_runs)]
    times = np.rint(positions[kept] * step_s * 1000).astype(np.int64)
    _insert(session, SoundKeyRow, ("sound_key", "asset_no", "time_ms"), keys[kept], np.full(len(kept), asset_no), times)


def _insert(
    session: Session,
    table: type[BandRow | SoundKeyRow],
    names: tuple[str, str, str],
    *columns: NDArray[np.int64],
) -> None:
    for start in range(0, len(columns[0]), _INSERT_BATCH):
        part = zip(*(column[start : start + _INSERT_BATCH].tolist() for column in columns), strict=True)
        session.execute(insert(table), [dict(zip(names, row, strict=True)) for row in part])
