"""The registry's database and blobs, opened together; every session and every database error goes through here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.orm import Session

from provenance.errors import RegistryError
from provenance.settings import Settings
from registry import dialects
from registry.blobs import BlobStore
from registry.database_errors import database_errors
from registry.databases import Database, database_of
from registry.log.keys import LogKey, make_key
from registry.log.sequencing import enter_waiting, signing_key
from registry.models import REVISIONS
from registry.reindex import reindex, unfinished


class Registry:
    """An open registry: database, blobs and clock. A context manager; safe to share between threads."""

    def __init__(self, engine: Engine, blobs: BlobStore, log_key: LogKey, clock: Callable[[], datetime]) -> None:
        self.engine = engine
        self.blobs = blobs
        self.log_key = log_key
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
        """A session to write in; committed at the end, or nothing is.

        On SQLite it holds the only write lock from its first statement. On PostgreSQL several write at a time: what
        must not meet takes a lock of ``dialects``.

        Raises:
            RegistryError: the database could not be written.
        """
        with database_errors(), Session(self._writer) as session, session.begin():
            yield session

    def now(self) -> str:
        """The time for rows: RFC 3339, UTC, to the microsecond, so that it sorts as text."""
        return stamp(self._clock())

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def stamp(moment: datetime) -> str:
    """A time for rows, as ``Registry.now`` gives them."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _utc_now() -> datetime:
    return datetime.now(UTC)


def open_registry(settings: Settings, clock: Callable[[], datetime] = _utc_now) -> Registry:
    """Open the registry that the settings name. Never makes or upgrades one.

    Raises:
        RegistryError: ``registry.absent``, ``registry.corrupt``, ``registry.newer_schema``, ``registry.older_schema``,
            ``registry.unsupported_database``.
    """
    database = database_of(settings)
    if not database.exists():
        raise _absent(database)
    engine = database.engine()
    try:
        with database_errors(database.name):
            with engine.connect() as connection:
                _require_current(connection, database)
            engine.dispose()  # a connection from before the switch would not see it
            database.settle()
        return Registry(engine, BlobStore(settings.blobs), _log_key(settings), clock)
    except BaseException:
        engine.dispose()
        raise


def create_registry(settings: Settings, clock: Callable[[], datetime] = _utc_now) -> Registry:
    """Make the registry, or upgrade one of an older schema; one that is current is left as it is.

    A log that nobody has signed yet gets its key, and events from before it are entered.

    Raises:
        RegistryError: ``registry.corrupt``, ``registry.newer_schema``, ``registry.write``.
    """
    make_tables(settings)
    registry = open_registry(settings, clock)
    try:
        if unfinished(registry):
            reindex(registry)
        enter_waiting(registry)
    except BaseException:
        registry.close()
        raise
    return registry


def make_tables(settings: Settings, fill: Callable[[Session], None] | None = None) -> None:
    """Make the tables, or upgrade them, and then the key of a log that nobody has signed yet.

    ``fill``: what is written in the same transaction, before it is known whether the log was signed.

    Raises:
        RegistryError: ``registry.corrupt``, ``registry.write``. A newer schema is left as it is: opening it says so.
    """
    database = database_of(settings)
    database.make_place()
    engine = database.engine()
    try:
        writer = engine.execution_options(provenance_writes=True)
        with database_errors(database.name), Session(writer) as session, session.begin():
            dialects.hold_schema(session)
            connection = session.connection()
            revision = _revision(connection, database)
            if revision != "newer":
                if revision != REVISIONS[-1]:
                    _upgrade(connection)
                if fill is not None:
                    fill(session)
                if signing_key(session) is None:
                    make_key(_log_key(settings).path)
    finally:
        engine.dispose()


def _log_key(settings: Settings) -> LogKey:
    return LogKey(settings.log / "key.pem", settings.log_origin)


def _require_current(connection: Connection, database: Database) -> None:
    revision = _revision(connection, database)
    if revision is None:
        raise _absent(database)
    if revision == "newer":
        raise RegistryError(
            "registry.newer_schema",
            f"the registry {database.name} was made by a newer version of this program",
            expected=f"schema {REVISIONS[-1]} or older",
            found="a schema that this version does not know",
            hint="use the newer version; nothing was changed",
        )
    if revision != REVISIONS[-1]:
        raise RegistryError(
            "registry.older_schema",
            f"the registry {database.name} has an older schema",
            expected=REVISIONS[-1],
            found=revision,
            hint="make a backup, then run `provenance init` to upgrade it",
        )


def _revision(connection: Connection, database: Database) -> str | None:
    """The schema's revision; None for an empty database, ``newer`` for one this version does not know."""
    tables = set(inspect(connection).get_table_names())
    if not tables:
        return None
    if "alembic_version" not in tables:
        raise RegistryError(
            "registry.corrupt",
            f"the database {database.name} is not a registry",
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


def _absent(database: Database) -> RegistryError:
    return RegistryError(
        "registry.absent",
        "there is no registry yet",
        expected=f"a registry at {database.name}",
        found="nothing",
        hint="run `provenance init`, or name another --home",
    )
