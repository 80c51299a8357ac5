"""Adding fingerprints to the search index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Column, text
from sqlalchemy.orm import Session

from provenance.errors import RegistryError
from provenance.fingerprints.feature_keys import stored_keys
from provenance.fingerprints.values import Fingerprints, FrameHashes, SoundPrint
from registry import dialects, iscc_index
from registry.bands import (
    MAX_FRAMES,
    MAX_VIEWS,
    IndexParameters,
    band_keys,
    frame_numbers,
    pack_places,
    runs,
    sketches,
    spread,
)
from registry.models import IndexedAssetRow, IndexTables
from registry.versions import RETIRED, IndexVersion, versions

BAND_KIND = 0
SOUND_KIND = 1
FEATURE_KIND = 2
"""Values of ``stopped_keys.kind``."""

BRIEF = 1 << 32
"""What is added to the sub-fingerprints of brief sound, for keys beyond those of Chromaprint's 32 bits."""
MAX_FEATURE_KEYS = 10_000
"""Keys of one asset: with more of them, chance would speak for it as loudly as a picture that it holds."""

Columns = tuple[NDArray[Any], ...]


@dataclass(frozen=True, slots=True)
class Entries:
    """Rows of the index, as columns each in the order of its table."""

    frames: Columns
    bands: Columns
    sounds: Columns
    features: Columns


def add(session: Session, asset_id: str, prints: Fingerprints) -> int:
    """Index an asset under every version in use, within the caller's transaction. Returns its number in the index.

    Raises:
        RegistryError: it has more frames or views than can be numbered (``index.too_long``).
    """
    dialects.hold_index(session, alone=False)
    row = IndexedAssetRow(asset_id=asset_id)
    session.add(row)
    session.flush()
    for version in versions(session):
        if version.state != RETIRED:
            enter(session, version, [entries(row.asset_no, prints, version.parameters)])
    iscc_index.add(session, row.asset_no, prints.iscc)
    return row.asset_no


def enter(session: Session, version: IndexVersion, parts: Sequence[Entries]) -> None:
    """Write entries into the tables of a version, but for those under keys on its stop-list."""
    tables, most = version.tables, version.parameters.max_key_rows
    dialects.insert(session, tables.frames, _join([part.frames for part in parts]))
    _insert_keyed(session, tables, tables.bands.c.band_key, BAND_KIND, _join([p.bands for p in parts]), most)
    _insert_keyed(session, tables, tables.sound_keys.c.sound_key, SOUND_KIND, _join([p.sounds for p in parts]), most)
    features = tables.feature_keys.c.feature_key
    _insert_keyed(session, tables, features, FEATURE_KIND, _join([p.features for p in parts]), most)


def entries(asset_no: int, prints: Fingerprints, parameters: IndexParameters) -> Entries:
    """What an asset's fingerprints put into the index.

    Raises:
        RegistryError: it has more frames or views than can be numbered (``index.too_long``).
    """
    nothing = np.zeros(0, dtype=np.int64)
    frames: list[Columns] = [(nothing, nothing, nothing, np.zeros((0, 32), dtype=np.uint8))]
    bands: list[Columns] = [(nothing,) * 4]
    sounds: list[Columns] = [(nothing,) * 3]
    features: Columns = (nothing,) * 2
    if prints.frames is not None:
        _require_numbered(prints.frames)
        for view in range(prints.frames.hashes.shape[1]):
            rich = prints.frames.quality[:, view] >= parameters.min_quality
            if not rich.any():
                continue
            hashes = prints.frames.hashes[rich, view]
            numbers = frame_numbers(view, np.arange(len(hashes)))
            frames.append((np.full(len(hashes), asset_no), numbers, prints.frames.times_ms[rich], hashes))
            keys, starts, lengths = runs(band_keys(hashes, parameters), parameters.max_runs)
            # The frame in the middle speaks for its run.
            middle = sketches(hashes, parameters)[starts + lengths // 2].view(np.int32).astype(np.int64)
            bands.append((keys, np.full(len(keys), asset_no), pack_places(numbers[starts], lengths), middle))
    if prints.sound is not None:
        sounds.append(_sounds(asset_no, prints.sound, parameters))
    if prints.brief_sound is not None:
        keys, *where = _sounds(asset_no, prints.brief_sound, parameters)
        sounds.append((keys + BRIEF, *where))
    pictures = list(prints.frame_features.pictures) if prints.frame_features is not None else []
    if prints.features is not None:
        pictures.append(prints.features)
    if pictures:
        keys = np.unique(np.concatenate([stored_keys(picture.descriptors) for picture in pictures]))
        # Evenly by value, which says nothing: the same share of every picture's.
        keys = keys[:: -(-len(keys) // MAX_FEATURE_KEYS)]
        features = keys, np.full(len(keys), asset_no)
    return Entries(_join(frames), _join(bands), _join(sounds), features)


def _require_numbered(frames: FrameHashes) -> None:
    count, views = frames.hashes.shape[:2]
    if count > MAX_FRAMES or views > MAX_VIEWS:
        raise RegistryError(
            "index.too_long",
            "the asset has more frame hashes than the index can number",
            expected=f"at most {MAX_FRAMES} frames of {MAX_VIEWS} views",
            found=f"{count} frames of {views} views",
            hint="register it in parts",
        )


def _sounds(asset_no: int, sound: SoundPrint, parameters: IndexParameters) -> Columns:
    # Equal neighbours are one steady sound: where it begins is enough.
    fresh = sound.loud & np.r_[True, sound.values[1:] != sound.values[:-1]]
    positions = np.flatnonzero(fresh)
    keys = sound.values[positions].astype(np.int64)
    order = np.lexsort((positions, keys))
    kept = order[spread(keys[order], parameters.max_runs)]
    times = np.rint(positions[kept] * sound.step_s * 1000).astype(np.int64)
    return keys[kept], np.full(len(kept), asset_no), times


def _insert_keyed(
    session: Session, tables: IndexTables, column: Column[int], kind: int, columns: Columns, most: int
) -> None:
    if not len(columns[0]):
        return
    keys = np.unique(columns[0])
    stop_list = tables.stopped_keys.name
    (stopped,) = dialects.read(
        session,
        f"SELECT keys.value FROM {{keys}} JOIN {stop_list} AS s ON s.stopped_key = keys.value WHERE s.kind = {kind}",  # noqa: S608
        keys,
        "i8",
    )
    kept = ~np.isin(columns[0], stopped)
    # In the order of the key: neighbours lie on the same pages.
    order = np.flatnonzero(kept)[np.argsort(columns[0][kept], kind="stable")]
    dialects.insert(session, column.table, [each[order] for each in columns])
    found, rows = dialects.count(session, column, np.setdiff1d(keys, stopped, assume_unique=True))
    if (rows > most).any():
        session.execute(
            text(f"INSERT INTO {stop_list} VALUES ({kind}, :key) ON CONFLICT DO NOTHING"),  # noqa: S608
            [{"key": key} for key in found[rows > most].tolist()],
        )


def _join(parts: Iterable[Columns]) -> Columns:
    return tuple(np.concatenate(columns) for columns in zip(*parts, strict=True))
