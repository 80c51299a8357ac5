"""The registry's database and blobs, opened together; every session and every database error goes through here."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from provenance.errors import RegistryError
from provenance.settings import Settings
from registry.blobs import BlobStore
from registry.database_errors import BUSY_TIMEOUT_MS, database_errors
from registry.models import REVISIONS

_PRAGMAS = (
    f"busy_timeout = {BUSY_TIMEOUT_MS}",
    "synchronous = FULL",
    "foreign_keys = ON",
    "trusted_schema = OFF",  # a database file from elsewhere must not run functions through its schema
    "cell_size_check = ON",
)


class Registry:
    """An open registry: database, blobs and clock. A context manager; safe to share between threads."""

    def __init__(self, engine: Engine, blobs: BlobStore, clock: Callable[[], datetime]) -> None:
        self.engine = engine
        self.blobs = blobs
        self._clock = clock
        self._writer = engine.execution_options(provenance_writes=True)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one consistent state of the database and is rolled back at the end.

        Raises:
            RegistryError: the database could not be read.
        """
        with database_errors(), Session(self.engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session that holds the write lock from its first statement; committed at the end, or nothing is.

        Raises:
            RegistryError: the database could not be written.
        """
        with database_errors(), Session(self._writer) as session, session.begin():
            yield session

    def now(self) -> str:
        """The time for rows: RFC 3339, UTC, to the microsecond, so that it sorts as text."""
        return self._clock().astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _utc_now() -> datetime:
    return datetime.now(UTC)


def open_registry(settings: Settings, clock: Callable[[], datetime] = _utc_now) -> Registry:
    """Open the registry that the settings name. Never makes or upgrades one.

    Raises:
        RegistryError: ``registry.absent``, ``registry.corrupt``, ``registry.newer_schema``, ``registry.older_schema``,
            ``registry.unsupported_database``.
    """
    path = _database_path(settings)
    if not path.exists():
        raise _absent(path)
    engine = _engine(path)
    try:
        with database_errors(path):
            with engine.connect() as connection:
                _require_current(connection, path)
            engine.dispose()  # a connection from before the switch would not see it
            _use_write_ahead_log(path)
        return Registry(engine, BlobStore(settings.blobs), clock)
    except BaseException:
        engine.dispose()
        raise


def create_registry(settings: Settings, clock: Callable[[], datetime] = _utc_now) -> Registry:
    """Make the registry, or upgrade one of an older schema; one that is current is left as it is.

    Raises:
        RegistryError: ``registry.corrupt``, ``registry.newer_schema``, ``registry.write``.
    """
    path = _database_path(settings)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RegistryError(
            "registry.write",
            f"the folder {path.parent} cannot be made",
            found=error.strerror,
            hint="another --home, or correct the permissions",
        ) from error
    engine = _engine(path)
    try:
        with database_errors(path), engine.execution_options(provenance_writes=True).begin() as connection:
            if _revision(connection, path) not in (REVISIONS[-1], "newer"):
                _upgrade(connection)
    finally:
        engine.dispose()
    return open_registry(settings, clock)


def _database_path(settings: Settings) -> Path:
    if settings.database_url is None:
        # Not through an address: a home may hold characters that mean something in one.
        return settings.home / "registry.db"
    try:
        url = make_url(settings.database_url)
    except ArgumentError as error:
        raise RegistryError(
            "registry.unsupported_database",
            "the setting database_url is not a database address",
            expected="sqlite:///PATH",
            hint="correct the setting database_url",
        ) from error
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        raise RegistryError(
            "registry.unsupported_database",
            "this database is not one the registry can be kept in",
            expected="sqlite:///PATH",
            found=url.render_as_string(hide_password=True),
            hint="correct the setting database_url",
        )
    return Path(url.database)


def _engine(path: Path) -> Engine:
    # Opened by path, not by address: a path may hold characters that mean something in an address.
    engine = create_engine("sqlite://", creator=lambda: _connect(path), poolclass=QueuePool)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("provenance_writes", False)
        # Taking the write lock first, a transaction never finds in the middle that another one was faster.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _connect(path: Path) -> sqlite3.Connection:
    # The driver's own transaction handling would commit before DDL; ours is in the begin event.
    connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    try:
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").close()
    except BaseException:
        connection.close()
        raise
    return connection


def _use_write_ahead_log(path: Path) -> None:
    # Not among the pragmas of every connection: it stays with the file, and changes a file that is none of ours.
    with closing(_connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL").close()


def _require_current(connection: Connection, path: Path) -> None:
    revision = _revision(connection, path)
    if revision is None:
        raise _absent(path)
    if revision == "newer":
        raise RegistryError(
            "registry.newer_schema",
            f"the registry {path} was made by a newer version of this program",
            expected=f"schema {REVISIONS[-1]} or older",
            found="a schema that this version does not know",
            hint="use the newer version; nothing was changed",
        )
    if revision != REVISIONS[-1]:
        raise RegistryError(
            "registry.older_schema",
            f"the registry {path} has an older schema",
            expected=REVISIONS[-1],
            found=revision,
            hint="make a backup, then run `provenance init` to upgrade it",
        )


def _revision(connection: Connection, path: Path) -> str | None:
    """The schema's revision; None for an empty database, ``newer`` for one this version does not know."""
    tables = set(inspect(connection).get_table_names())
    if not tables:
        return None
    if "alembic_version" not in tables:
        raise RegistryError(
            "registry.corrupt",
            f"the database {path} is not a registry",
            expected="the tables of a registry",
            found=f"{len(tables)} other tables",
            hint="another --home or database_url, or restore a backup",
        )
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    if not found:
        return None
    return str(found[0]) if found[0] in REVISIONS else "newer"


def _upgrade(connection: Connection) -> None:
    # Imported here: it takes most of a second, and only this rare step needs it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "registry:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, REVISIONS[-1])


def _absent(path: Path) -> RegistryError:
    return RegistryError(
        "registry.absent",
        "there is no registry yet",
        expected=f"a registry at {path}",
        found="nothing",
        hint="run `provenance init`, or name another --home",
    )
