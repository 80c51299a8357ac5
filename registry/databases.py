"""The databases a registry can be kept in: how each is found, opened and made durable."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool

from provenance.errors import RegistryError
from provenance.settings import Settings
from registry.database_errors import BUSY_TIMEOUT_MS

POSTGRESQL = "postgresql"
_EXPECTED = "sqlite:///PATH or postgresql+psycopg://USER@HOST/NAME"
_CONNECT_TIMEOUT_S = 10

_PRAGMAS = (
    f"busy_timeout = {BUSY_TIMEOUT_MS}",
    "synchronous = FULL",
    "foreign_keys = ON",
    "trusted_schema = OFF",  # a database file from elsewhere must not run functions through its schema
    "cell_size_check = ON",
    "cache_size = -65536",  # KiB; a query visits thousands of pages all over the index
)

_SESSION = (
    f"SET lock_timeout = {BUSY_TIMEOUT_MS}",
    "SET synchronous_commit = on",
    "SET search_path = public",  # nobody's schema of the same name as the user gets in between
    "SET TIME ZONE 'UTC'",
    "SET jit = off",  # compiling costs more than the short queries of a search
)


class Database(Protocol):
    """One database, not yet opened."""

    @property
    def name(self) -> str:
        """Which it is, for messages; without a password."""
        ...

    def exists(self) -> bool:
        """Whether there may be something to open."""
        ...

    def make_place(self) -> None:
        """Make what the database is kept in, if that is ours to make.

        Raises:
            RegistryError: ``registry.write``.
        """
        ...

    def engine(self) -> Engine:
        """A new engine; its connections are durable and check references. Option ``provenance_writes``: see ``store``.

        Raises:
            RegistryError: ``registry.no_driver``.
        """
        ...

    def settle(self) -> None:
        """What is done once to a database that was found to be a registry of ours."""
        ...


@dataclass(frozen=True)
class SqliteDatabase:
    """A file."""

    path: Path

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    def exists(self) -> bool:
        """See ``Database``."""
        return self.path.exists()

    def make_place(self) -> None:
        """See ``Database``: the folder."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RegistryError(
                "registry.write",
                f"the folder {self.path.parent} cannot be made",
                found=error.strerror,
                hint="another --home, or correct the permissions",
            ) from error

    def engine(self) -> Engine:
        """See ``Database``."""
        # Opened by path, not by address: a path may hold characters that mean something in an address.
        engine = create_engine("sqlite://", creator=self._connect, poolclass=QueuePool)

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            writes = connection.get_execution_options().get("provenance_writes", False)
            # Taking the write lock first, a transaction never finds in the middle that another one was faster.
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

        return engine

    def settle(self) -> None:
        """See ``Database``: use a write-ahead log."""
        # Not among the pragmas of every connection: it stays with the file, and changes a file that is none of ours.
        until = time.monotonic() + BUSY_TIMEOUT_MS / 1000
        with closing(self._connect()) as connection:
            while True:
                try:
                    connection.execute("PRAGMA journal_mode = WAL").close()
                    return
                except sqlite3.OperationalError as error:
                    # SQLite itself waits for those who read; while another writes, or switches too, it fails at once.
                    if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                        raise
                time.sleep(0.01)

    def _connect(self) -> sqlite3.Connection:
        # The driver's own transaction handling would commit before DDL; ours is in the begin event.
        connection = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None)
        try:
            for pragma in _PRAGMAS:
                connection.execute(f"PRAGMA {pragma}").close()
        except BaseException:
            connection.close()
            raise
        return connection


@dataclass(frozen=True)
class PostgresqlDatabase:
    """A database on a server, through psycopg 3."""

    url: URL

    @property
    def name(self) -> str:
        """The address without its password."""
        return _without_password(self.url)

    def exists(self) -> bool:
        """See ``Database``: only the server knows."""
        return True

    def make_place(self) -> None:
        """See ``Database``: a database on a server is its administrator's to make."""

    def engine(self) -> Engine:
        """See ``Database``."""
        try:
            engine = create_engine(
                self.url,
                pool_pre_ping=True,
                connect_args={"connect_timeout": _CONNECT_TIMEOUT_S, "application_name": "provenance"},
            )
        except ImportError as error:
            raise RegistryError(
                "registry.no_driver",
                "the driver for PostgreSQL is not installed",
                expected="psycopg 3",
                hint="pip install 'provenance-toolkit[postgresql]'",
            ) from error

        @event.listens_for(engine, "connect")
        def _prepare(connection: object, _: object) -> None:
            with connection.cursor() as cursor:  # type: ignore[attr-defined]
                for statement in _SESSION:
                    cursor.execute(statement)
            connection.commit()  # type: ignore[attr-defined]

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            if not connection.get_execution_options().get("provenance_writes", False):
                # Reading sees one state of the database, as in SQLite.
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

        return engine

    def settle(self) -> None:
        """See ``Database``: nothing."""


def database_of(settings: Settings) -> SqliteDatabase | PostgresqlDatabase:
    """The database that the settings name.

    Raises:
        RegistryError: ``registry.unsupported_database``.
    """
    if settings.database_url is None:
        # Not through an address: a home may hold characters that mean something in one.
        return SqliteDatabase(settings.home / "registry.db")
    try:
        url = make_url(settings.database_url)
    except (ArgumentError, ValueError) as error:
        # What was given is not repeated: it may hold a password in a place where none is expected.
        raise RegistryError(
            "registry.unsupported_database",
            "the setting database_url is not a database address",
            expected=_EXPECTED,
            hint="correct the setting database_url",
        ) from error
    if url.drivername in ("sqlite", "sqlite+pysqlite") and url.database and url.database != ":memory:":
        return SqliteDatabase(Path(url.database))
    if url.drivername in (POSTGRESQL, f"{POSTGRESQL}+psycopg"):
        return PostgresqlDatabase(url.set(drivername=f"{POSTGRESQL}+psycopg"))
    raise RegistryError(
        "registry.unsupported_database",
        "this database is not one the registry can be kept in",
        expected=_EXPECTED,
        found=_without_password(url),
        hint="correct the setting database_url",
    )


def _without_password(url: URL) -> str:
    """The address for messages. libpq takes a password among the query's options too."""
    kept = {name: value for name, value in url.query.items() if name not in ("password", "passfile", "sslpassword")}
    return url.set(query=kept).render_as_string(hide_password=True)
