"""Putting a backup back, into whatever database and blob store the settings name.

Blobs come first: one too many does no harm. Then one transaction makes the tables and fills them. A restore that is
stopped before its end leaves an empty registry, and can be run again. The search index is built last, by itself.
"""

from __future__ import annotations

import re
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from provenance.errors import KeyFileError, ProvenanceError, RegistryError
from provenance.settings import Settings
from provenance.workspace import work_folder
from registry import dialects
from registry.backup import BLOBS_NAME, DATABASE_NAME, copy_rows, stored_tables
from registry.blobs import BlobStore
from registry.log.sequencing import recording
from registry.models import AssetRow, BlobRow, IndexedAssetRow
from registry.reindex import reindex
from registry.store import Registry, make_tables, open_registry

_BLOB = re.compile(rf"{BLOBS_NAME}/[0-9a-f]{{2}}/([0-9a-f]{{64}})")


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back. ``log_fault``: why the home's key cannot go on with the log; None where it can."""

    assets: int
    blobs: int
    log_fault: ProvenanceError | None


def restore(
    settings: Settings, source: Path, *, work: Path, on_progress: Callable[[float], None] | None = None
) -> Restored:
    """Put a backup into the registry that the settings name, which must be empty or not there yet.

    ``work``: a folder with room for the backup's database and its largest blob.

    Raises:
        RegistryError: the registry is not empty (``restore.not_empty``); the file is not a backup
            (``restore.not_a_backup``), damaged (``restore.damaged``) or not whole (``restore.incomplete``); or
            database or blobs cannot be written.
    """
    _require_empty_or_absent(settings)
    with work_folder(work) as folder:
        try:
            with source.open("rb") as raw, tarfile.open(fileobj=raw, mode="r:") as tar:
                _unpack(tar, tar.next(), DATABASE_NAME, folder / DATABASE_NAME)
                with _opened(Settings(home=folder, database_url=None, blobs_url=None)) as copy:
                    blobs = _store_blobs(tar, copy, BlobStore(settings.blobs), folder / "blob", on_progress)
                    _fill(settings, copy)
        except (tarfile.TarError, EOFError) as error:
            raise _not_a_backup(str(error)) from error
        except OSError as error:
            raise RegistryError(
                "restore.failed",
                f"the backup {source.name} cannot be read or unpacked",
                found=error.strerror or str(error),
                hint="check the file, and the free space in the home",
            ) from error
    with open_registry(settings) as registry:
        reindex(registry)
        with registry.reading() as session:
            assets = session.scalar(select(func.count()).select_from(AssetRow)) or 0
        return Restored(assets, blobs, _log_fault(registry))


def _require_empty_or_absent(settings: Settings) -> None:
    # Asked before anything is copied; what counts is asked again in the transaction that fills the tables.
    try:
        registry = open_registry(settings)
    except RegistryError as error:
        if error.code != "registry.absent":
            raise
    else:
        with registry, registry.reading() as session:
            _require_empty(session)


def _require_empty(session: Session) -> None:
    for table in stored_tables():
        if session.execute(select(table).limit(1)).first() is not None:
            raise RegistryError(
                "restore.not_empty",
                "a backup is restored only into a registry in which nothing is",
                expected="an empty database",
                found=f"rows in the table {table.name}",
                hint="name another home or database_url",
            )


def _unpack(tar: tarfile.TarFile, entry: tarfile.TarInfo | None, name: str, target: Path) -> None:
    content = tar.extractfile(entry) if entry is not None and entry.isreg() and entry.name == name else None
    if content is None:
        raise _not_a_backup(entry.name if entry else "nothing")
    with content, target.open("wb") as file:
        shutil.copyfileobj(content, file)


def _opened(copy: Settings) -> Registry:
    """The backup's own database, upgraded where an older version wrote it."""
    try:
        return open_registry(copy)
    except RegistryError as error:
        if error.code == "registry.absent":
            raise _not_a_backup("a database without tables") from error
        if error.code != "registry.older_schema":
            raise
    make_tables(copy)
    return open_registry(copy)


def _store_blobs(
    tar: tarfile.TarFile, copy: Registry, store: BlobStore, piece: Path, on_progress: Callable[[float], None] | None
) -> int:
    """Store every blob of the file; how many. All that the database names must be among them."""
    with copy.reading() as session:
        missing = set(session.scalars(select(BlobRow.sha256)))
    named = len(missing)
    while (entry := tar.next()) is not None:
        found = _BLOB.fullmatch(entry.name)
        if found is None or found[1] not in missing:
            raise _not_a_backup(entry.name)
        _unpack(tar, entry, entry.name, piece)
        if store.put_file(piece) != found[1]:
            raise RegistryError(
                "restore.damaged",
                "a blob in the backup is not what was backed up",
                expected=f"SHA-256 {found[1]}",
                hint="take another backup; nothing was restored",
            )
        missing.remove(found[1])
        if on_progress is not None:
            on_progress(1 - len(missing) / named)
    if missing:
        raise RegistryError(
            "restore.incomplete",
            "the backup does not hold every blob that its database names",
            expected=f"{named} blobs",
            found=f"{named - len(missing)}",
            hint="take another backup; nothing was restored",
        )
    return named


def _fill(settings: Settings, copy: Registry) -> None:
    with copy.reading() as source:

        def fill(target: Session) -> None:
            _require_empty(target)
            copy_rows(source, target)
            dialects.number_on(target, IndexedAssetRow.asset_no)

        make_tables(settings, fill)


def _log_fault(registry: Registry) -> ProvenanceError | None:
    try:
        with recording(registry):
            pass  # what waited when the backup was made is entered now
    except KeyFileError as error:
        return error
    except RegistryError as error:
        if not error.code.startswith("log."):
            raise
        return error
    return None


def _not_a_backup(found: str) -> RegistryError:
    return RegistryError(
        "restore.not_a_backup",
        "this is not a backup of a registry",
        expected=f"a tar file of {DATABASE_NAME} and {BLOBS_NAME}/, as `provenance assets backup` writes it",
        found=found,
        hint="name the file that `provenance assets backup` wrote",
    )
