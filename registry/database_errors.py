"""The border where errors of the database become errors of the registry."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from provenance.errors import RegistryError

BUSY_TIMEOUT_MS = 10_000
"""How long a connection waits for another process to finish writing."""

_DAMAGED = ("not a database", "malformed", "disk image", "no such table", "no such column")
_NO_ROOM = ("full", "readonly", "unable to open", "disk I/O error")

_LOGIN = ("authentication failed", "no password supplied", "no pg_hba.conf entry", "role ")
"""What PostgreSQL's library says before there is a session, and so no code to go by."""

_DAMAGED_STATES = ("42P01", "42703", "XX001", "XX002")
"""SQLSTATE: undefined table or column, data or index corrupted."""
_BUSY_STATES = ("55P03", "40001", "40P01", "57014")
"""SQLSTATE: lock not available, serialization failure, deadlock, query cancelled."""
_REFUSED_STATES = ("42501", "25006", "28000", "28P01")
"""SQLSTATE: insufficient privilege, read-only transaction, invalid authorisation."""
_FULL_STATES = ("53100", "53200", "53300", "58030")
"""SQLSTATE: disk full, out of memory, too many connections, I/O error."""


@contextmanager
def database_errors(name: str | None = None) -> Iterator[None]:
    """Turn database errors into RegistryErrors, by what SQLite says and by PostgreSQL's codes.

    Args:
        name: of the database, for messages; without a password.

    Raises:
        RegistryError: ``registry.corrupt``, ``registry.busy``, ``registry.write``, ``registry.database``, and for
            servers ``registry.unreachable`` or ``registry.login``.
    """
    where = f"the registry {name}" if name else "the registry"
    try:
        yield
    except PoolTimeoutError as error:
        raise _busy(where, "all connections are in use") from error
    except Exception as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(cause, sqlite3.Error):
            raise _of_sqlite(where, str(cause)) from error
        # Not by its class: the driver of a database that is not in use is not imported.
        if type(cause).__module__.startswith("psycopg"):
            raise _of_postgresql(where, getattr(cause, "sqlstate", None), str(cause).strip()) from error
        raise


def _of_sqlite(where: str, words: str) -> RegistryError:
    if any(sign in words for sign in _DAMAGED):
        return _damaged(where, words)
    if "locked" in words:
        return _busy(where, words)
    return RegistryError(
        "registry.write" if any(sign in words for sign in _NO_ROOM) else "registry.database",
        f"{where} could not be used",
        found=words,
        hint="check the disk's free space and the file's permissions",
    )


def _of_postgresql(where: str, state: str | None, words: str) -> RegistryError:
    if state in _DAMAGED_STATES:
        return _damaged(where, words)
    if state in _BUSY_STATES:
        return _busy(where, words)
    if state in _REFUSED_STATES or (state is None and any(sign in words for sign in _LOGIN)):
        return RegistryError(
            "registry.login",
            f"the server does not let us into {where}",
            expected="a user who may read and write the registry's tables",
            found=words,
            hint="correct user and password in the setting database_url, or ask the server's administrator",
        )
    if state is None or state[:2] in ("08", "57"):
        return RegistryError(
            "registry.unreachable",
            f"the server of {where} cannot be reached",
            expected="a running PostgreSQL server with this database",
            found=words,
            hint="check that the server runs and that database_url names it; make the database with createdb",
        )
    return RegistryError(
        "registry.write" if state in _FULL_STATES else "registry.database",
        f"{where} could not be used",
        found=words,
        hint="check the server's log and its free space",
    )


def _damaged(where: str, words: str) -> RegistryError:
    return RegistryError(
        "registry.corrupt",
        f"{where} is damaged",
        expected="a sound database with the registry's tables",
        found=words,
        hint="restore a backup (docs/backup.md)",
    )


def _busy(where: str, words: str) -> RegistryError:
    return RegistryError(
        "registry.busy",
        f"{where} is being written by another process",
        expected=f"a turn within {BUSY_TIMEOUT_MS // 1000} seconds",
        found=words,
        hint="try again",
    )
