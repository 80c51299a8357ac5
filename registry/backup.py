"""A consistent copy of the whole registry in one file while it is in use, and a check that everything holds.

The database is copied as of one moment (one on a server into a SQLite file, without its search index), then every blob
it names: blobs are stored before the rows that name them and are never deleted, so none can be missing. Unpacking the
file into an empty home restores it, and so does ``restore`` (docs/backup.md).
"""

from __future__ import annotations

import sqlite3
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Table, func, insert, select, text, update
from sqlalchemy.orm import Session

from provenance.assets import asset_id_of
from provenance.errors import RegistryError
from provenance.files import refuse_existing, replace_atomically
from provenance.settings import Settings
from provenance.workspace import work_folder
from registry import (
    account_models,  # noqa: F401 - its tables are copied, too
    dialects,
    sighting_models,  # noqa: F401 - its table is copied too
)
from registry.assets import load_original
from registry.checks import models as check_models  # noqa: F401 - its tables are exported, too
from registry.database_errors import database_errors
from registry.log.faults import log_faults
from registry.models import SLOTS, AssetRow, Base, BlobRow, IndexedAssetRow, IndexVersionRow, ManifestRow
from registry.store import Registry, create_registry
from registry.versions import BUILDING

DATABASE_NAME = "registry.db"
BLOBS_NAME = "blobs"
_ROWS_AT_ONCE = 100
_INTEGRITY = "PRAGMA integrity_check"


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds."""

    path: Path
    assets: int
    blobs: int
    size_bytes: int


def back_up(
    registry: Registry,
    target: Path,
    *,
    work: Path,
    replace: bool = False,
    on_progress: Callable[[float], None] | None = None,
) -> Backup:
    """Write database and blobs into one tar file, which appears only when all of it is written and checked.

    ``work``: a folder with room for a copy of the database and of the largest blob.

    Raises:
        OutputError: the file exists and ``replace`` is not set, or it cannot be written.
        RegistryError: a blob is missing or damaged, or the database cannot be read.
    """
    refuse_existing(target, replace=replace)
    with work_folder(work) as folder:
        snapshot = folder / DATABASE_NAME
        if registry.engine.dialect.name == "sqlite":
            with database_errors(), closing(registry.engine.raw_connection()) as connection:
                connection.cursor().execute("VACUUM INTO ?", (str(snapshot),))
        else:
            export(registry, folder)
        with database_errors(), closing(sqlite3.connect(snapshot)) as copy:
            assets = copy.execute("SELECT count(*) FROM assets").fetchone()[0]
            blobs = [row[0] for row in copy.execute("SELECT sha256 FROM blobs ORDER BY sha256")]
        with (
            replace_atomically(target, replace=replace) as path,
            tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar,
        ):
            tar.add(snapshot, DATABASE_NAME, filter=_anonymous)
            for number, sha256 in enumerate(blobs, 1):
                piece = registry.blobs.fetch(sha256, folder / sha256)
                tar.add(piece, f"{BLOBS_NAME}/{sha256[:2]}/{sha256}", filter=_anonymous)
                piece.unlink()
                if on_progress is not None:
                    on_progress(number / len(blobs))
    return Backup(target, assets, len(blobs), target.stat().st_size)


def export(registry: Registry, home: Path) -> None:
    """Copy everything but the search index into a new SQLite registry in a home; its index waits to be built."""
    with (
        registry.reading() as source,
        create_registry(Settings(home=home, database_url=None, blobs_url=None)) as copy,
        copy.writing() as target,
    ):
        copy_rows(source, target)


def copy_rows(source: Session, target: Session) -> None:
    """Copy all rows but those of the search index into tables that are empty; the index waits to be built."""
    for table in stored_tables():
        rows = source.execute(select(table).execution_options(yield_per=_ROWS_AT_ONCE))
        for part in rows.mappings().partitions():
            target.execute(insert(table), [dict(row) for row in part])
    target.execute(
        update(IndexVersionRow).values(
            state=BUILDING,
            built_to=0,
            goal=select(func.coalesce(func.max(IndexedAssetRow.asset_no), 0)).scalar_subquery(),
        )
    )


def stored_tables() -> list[Table]:
    """The tables that are not derived from others, in an order in which they can be filled."""
    return [table for table in Base.metadata.sorted_tables if not _derived(table)]


def _derived(table: Table) -> bool:
    return table.name == IndexVersionRow.__tablename__ or any(table in slot.all for slot in SLOTS)


def faults(registry: Registry) -> Iterator[str]:
    """Check everything that is stored, and say in words what does not hold. Reads every byte."""
    with registry.reading() as session:
        if not dialects.is_postgresql(session):
            # PostgreSQL checks references whenever it writes, and has amcheck for its files.
            yield from (f"database: {row[0]}" for row in session.execute(text(_INTEGRITY)) if row[0] != "ok")
            for row in session.execute(text("PRAGMA foreign_key_check")):
                yield f"database: a row of {row[0]} refers to one of {row[2]} that is not there"
        for sha256, size in session.execute(select(BlobRow.sha256, BlobRow.size)):
            yield from _blob_faults(registry, sha256, size)
        for asset_id in session.scalars(select(AssetRow.asset_id)):
            yield from _asset_faults(session, asset_id)
    yield from log_faults(registry)


def _blob_faults(registry: Registry, sha256: str, size: int) -> Iterator[str]:
    try:
        found = sum(len(piece) for piece in registry.blobs.read(sha256))
    except RegistryError as error:
        yield f"blob {sha256}: {error.message}"
    else:
        if found != size:
            yield f"blob {sha256}: {found} bytes where {size} were noted"


def _asset_faults(session: Session, asset_id: str) -> Iterator[str]:
    try:
        original = load_original(session, asset_id)
    except RegistryError as error:
        yield f"asset {asset_id}: {error.message}"
        return
    if original is None or asset_id_of(original.manifest_label, original.hard_binding) != asset_id:
        yield f"asset {asset_id}: its id is not that of its manifest"
    if session.get(ManifestRow, asset_id) is None:
        yield f"asset {asset_id}: its manifest is not stored"
    if session.scalar(select(IndexedAssetRow).where(IndexedAssetRow.asset_id == asset_id)) is None:
        yield f"asset {asset_id}: it is not in the search index"


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    # Whose account made the backup is nobody's business, and the restorer's own account shall own the files.
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o600
    return entry
