"""Whether a certificate is on record as revoked here, asked without opening the registry.

Commands that sign ask at every start, and importing what opens a registry takes a third of a second: a file of SQLite
is read as it is.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from provenance.errors import RegistryError
from provenance.revocation import Revocation
from provenance.settings import Settings

_SQLITE = "sqlite:///"
_ASKED = "SELECT since, recorded_at, reason FROM key_revocations WHERE certificate = ?"


def revoked_here(settings: Settings, certificate: str) -> Revocation | None:
    """What the registry of the settings has on record of a certificate, by its SHA-256 (hex).

    None where that is nothing, and where there is no registry or it cannot be read. Makes and upgrades none.
    """
    if not settings.database.startswith(_SQLITE):
        from registry.revocations import recorded

        with suppress(RegistryError):
            return recorded(settings).get(certificate)
        return None
    path = Path(settings.database.removeprefix(_SQLITE)).absolute()
    try:
        # Nobody has it open where there is no write-ahead log; reading it as it is then leaves no files of one behind.
        mode = "mode=rw" if Path(f"{path}-wal").exists() else "mode=ro&immutable=1"
        with closing(sqlite3.connect(f"{path.as_uri()}?{mode}", uri=True)) as database:
            database.execute("PRAGMA query_only = ON")
            database.execute("PRAGMA trusted_schema = OFF")
            row = database.execute(_ASKED, (certificate,)).fetchone()
    except sqlite3.Error:
        return None
    return Revocation(*row) if row else None
