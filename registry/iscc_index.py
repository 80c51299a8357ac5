"""Finding assets by an ISCC that is near theirs.

The codes' bits are cut into bands like those of frame hashes (``bands``): two codes that differ in at most fifteen of
256 bits always share a key, and at 31 bits nine in ten pairs do (ADR 3). Then every bit is compared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sqlalchemy import Column, Integer, LargeBinary, PrimaryKeyConstraint, Table, select
from sqlalchemy.orm import Session

from provenance.fingerprints.iscc import ContentCode, content_codes
from registry import dialects
from registry.bands import IndexParameters, band_keys
from registry.models import AssetRow, Base, IndexedAssetRow
from registry.visibility import findable

PARAMETERS = IndexParameters(bands=16, band_bits=16, seed="org.provenance-toolkit.iscc/1")
NEAR_BITS = 32
"""Bits of 256 by which codes of the same content may differ: as far as the bands find them nearly always."""
MAX_KEY_ROWS = 20_000
"""Codes under one key beyond which it says nothing: those of black pictures and silence."""
_ASSETS_AT_ONCE = 1000

CODES = Table(
    "iscc_codes",
    Base.metadata,
    Column("asset_no", Integer, nullable=False, autoincrement=False),
    Column("kind", Integer, nullable=False),
    Column("body", LargeBinary(32), nullable=False),
    PrimaryKeyConstraint("asset_no", name="pk_iscc_codes"),
)
"""The code of an asset, by its number in the index."""

BANDS = Table(
    "iscc_bands",
    Base.metadata,
    Column("band_key", Integer, nullable=False, autoincrement=False),
    Column("asset_no", Integer, nullable=False, autoincrement=False),
    PrimaryKeyConstraint("band_key", "asset_no", name="pk_iscc_bands"),
    sqlite_with_rowid=False,
)
"""One band of a code -> the assets whose codes have it."""


@dataclass(frozen=True, slots=True)
class NearCode:
    """An asset whose code differs from the one asked for in ``distance`` bits of 256."""

    asset_id: str
    distance: int


def code_of(iscc: str | None) -> ContentCode | None:
    """The code that an asset is entered under; None where it has none that can be searched for."""
    try:
        return content_codes(iscc.encode("ascii"))[0] if iscc else None
    except ValueError:
        # A signer with other software may have signed any text.
        return None


def keys_of(code: ContentCode) -> list[int]:
    """The distinct keys of a code, rising."""
    keys = band_keys(np.frombuffer(code.body, dtype=np.uint8)[None], PARAMETERS)
    return [int(key) for key in np.unique(keys)]


def add(session: Session, asset_no: int, iscc: str | None) -> None:
    """Enter an asset, within the caller's transaction."""
    code = code_of(iscc)
    if code is None:
        return
    session.execute(CODES.insert(), {"asset_no": asset_no, "kind": code.kind, "body": code.body})
    session.execute(BANDS.insert(), [{"band_key": key, "asset_no": asset_no} for key in keys_of(code)])


def near(session: Session, code: ContentCode, limit: int, *, viewer: str | None, now: str) -> list[NearCode]:
    """The assets with the same kind of code within ``NEAR_BITS``, nearest first; only those the viewer may find."""
    found, rows = dialects.count(session, BANDS.c.band_key, np.array(keys_of(code), dtype=np.int64))
    (sharing,) = dialects.read(
        session,
        "SELECT b.asset_no FROM {keys} JOIN iscc_bands AS b ON b.band_key = keys.value",
        found[rows <= MAX_KEY_ROWS],
        "i4",
    )
    asset_no, kinds, bodies = dialects.read(
        session,
        "SELECT c.asset_no, c.kind, c.body FROM {keys} JOIN iscc_codes AS c ON c.asset_no = keys.value",
        np.unique(sharing),
        "i4",
        "i4",
        "S32",
    )
    asked = np.frombuffer(code.body, dtype=np.uint8)
    distance = np.bitwise_count(bodies ^ asked).sum(axis=1, dtype=np.int64)
    close = np.flatnonzero((kinds == code.kind) & (distance <= NEAR_BITS))
    order = close[np.lexsort((asset_no[close], distance[close]))]
    result: list[NearCode] = []
    for start in range(0, len(order), _ASSETS_AT_ONCE):
        part = order[start : start + _ASSETS_AT_ONCE]
        visible = session.execute(
            select(IndexedAssetRow.asset_no, IndexedAssetRow.asset_id)
            .join(AssetRow, AssetRow.asset_id == IndexedAssetRow.asset_id)
            .where(IndexedAssetRow.asset_no.in_(asset_no[part].tolist()), findable(viewer, now))
        )
        allowed = {row.asset_no: row.asset_id for row in visible}
        numbers = asset_no[part].tolist()
        bits = distance[part].tolist()
        result += [NearCode(allowed[no], apart) for no, apart in zip(numbers, bits, strict=True) if no in allowed]
        if len(result) >= limit:
            break
    return result[:limit]
