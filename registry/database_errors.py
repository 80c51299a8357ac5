"""The border where errors of the database become errors of the registry."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from provenance.errors import RegistryError

BUSY_TIMEOUT_MS = 10_000
"""How long a connection waits for another process to finish writing."""

_DAMAGED = ("not a database", "malformed", "disk image", "no such table", "no such column")
_NO_ROOM = ("full", "readonly", "unable to open", "disk I/O error")


@contextmanager
def database_errors(path: Path | None = None) -> Iterator[None]:
    """Turn database errors into RegistryErrors, by what SQLite says.

    Raises:
        RegistryError: ``registry.corrupt``, ``registry.busy``, ``registry.write`` or ``registry.database``.
    """
    where = f"the registry {path}" if path else "the registry"
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        words = str(error.orig if isinstance(error, DBAPIError) else error)
        if any(sign in words for sign in _DAMAGED):
            raise RegistryError(
                "registry.corrupt",
                f"{where} is damaged",
                expected="a sound SQLite database with the registry's tables",
                found=words,
                hint="restore a backup (docs/backup.md)",
            ) from error
        if "locked" in words:
            raise RegistryError(
                "registry.busy",
                f"{where} is being written by another process",
                expected=f"a turn within {BUSY_TIMEOUT_MS // 1000} seconds",
                found=words,
                hint="try again",
            ) from error
        raise RegistryError(
            "registry.write" if any(sign in words for sign in _NO_ROOM) else "registry.database",
            f"{where} could not be used",
            found=words,
            hint="check the disk's free space and the file's permissions",
        ) from error
