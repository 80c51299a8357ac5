"""What was signed on this machine: which input became which output, so that finished work is never done again.

One SQLite file in the home. An entry is *begun* before a worker touches the target and *finished* after the target has
its name; what was killed between the two is found as begun, and settled by looking at the target itself.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from provenance.errors import OutputError
from signer.order import Signed

_SCHEMA = """
CREATE TABLE IF NOT EXISTS begun (
  target BLOB PRIMARY KEY, source_identity TEXT NOT NULL, order_digest TEXT NOT NULL, target_before TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS finished (
  target BLOB PRIMARY KEY, source BLOB NOT NULL, source_identity TEXT NOT NULL, source_sha256 TEXT NOT NULL,
  order_digest TEXT NOT NULL, target_identity TEXT NOT NULL, sidecar BLOB, asset_id TEXT NOT NULL,
  reference_sha256 TEXT, registered_in TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS owed (target BLOB PRIMARY KEY, source BLOB NOT NULL, work_order TEXT NOT NULL) WITHOUT ROWID;
"""
_WAIT_S = 30.0


@dataclass(frozen=True, slots=True)
class Begun:
    """A run began to sign into this target and was not heard of again.

    ``target_before``: identity of what stood in its place then.
    """

    source_identity: str
    order_digest: str
    target_before: str | None


@dataclass(frozen=True, slots=True)
class Finished:
    """A target that was signed, from what, and as what. ``registered_in``: address of the registry that has it."""

    source_identity: str
    source_sha256: str
    order_digest: str
    target_identity: str
    signed: Signed
    registered_in: str | None = None


@dataclass(frozen=True, slots=True)
class Owed:
    """A target that was signed without a time stamp for now. ``order``: by which, as text."""

    source: Path
    target: Path
    order: str


class Journal:
    """The open journal; a context manager. Every change is on disk when its method returns."""

    def __init__(self, path: Path) -> None:
        """Open it, and make it if need be.

        Raises:
            OutputError: ``batch.journal``.
        """
        self._path = path
        with suppress(OSError):
            # A key that is held elsewhere can sign without a home; where none can be made, SQLite says so below.
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._translated():
            self._database = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
            try:
                self._database.execute("PRAGMA journal_mode = WAL")
                self._database.execute("PRAGMA synchronous = FULL")
                self._database.executescript(_SCHEMA)
            except BaseException:
                self._database.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def begun(self, target: Path) -> Begun | None:
        """The unfinished entry of a target."""
        row = self._row("SELECT source_identity, order_digest, target_before FROM begun WHERE target = ?", target)
        return Begun(*row) if row else None

    def finished(self, target: Path) -> Finished | None:
        """The finished entry of a target."""
        row = self._row(
            "SELECT source_identity, source_sha256, order_digest, target_identity, sidecar, asset_id,"
            " reference_sha256, registered_in FROM finished WHERE target = ?",
            target,
        )
        if row is None:
            return None
        source, sha256, order, identity, sidecar, asset_id, reference, registered = row
        signed = Signed(target, Path(os.fsdecode(sidecar)) if sidecar else None, asset_id, reference)
        return Finished(source, sha256, order, identity, signed, registered)

    def signed_before(self, source_identity: str) -> Path | None:
        """The name under which a file was signed that was moved since: its inode, size and time of writing stayed."""
        kept = source_identity.rpartition(":")[0] + ":"
        query = "SELECT source FROM finished WHERE substr(source_identity, 1, ?) = ?"
        with self._translated(), closing(self._database.execute(query, (len(kept), kept))) as cursor:
            row = cursor.fetchone()
        return Path(os.fsdecode(row[0])) if row else None

    def begin(self, target: Path, entry: Begun) -> None:
        """Note that a target is about to be written."""
        self._change(
            "INSERT OR REPLACE INTO begun VALUES (?, ?, ?, ?)",
            (_key(target), entry.source_identity, entry.order_digest, entry.target_before),
        )

    def abandon(self, target: Path) -> None:
        """Note that it came to nothing, in good order: the target is as it was."""
        self._change("DELETE FROM begun WHERE target = ?", (_key(target),))

    def finish(self, source: Path, target: Path, entry: Finished) -> None:
        """Note that a target is finished."""
        signed = entry.signed
        sidecar = os.fsencode(signed.sidecar) if signed.sidecar else None
        row = (_key(target), os.fsencode(source.absolute()), entry.source_identity, entry.source_sha256,
               entry.order_digest, entry.target_identity, sidecar, signed.asset_id, signed.reference_sha256,
               entry.registered_in)  # fmt: skip
        with self._translated(), self._database:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.execute("INSERT OR REPLACE INTO finished VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            self._database.execute("DELETE FROM begun WHERE target = ?", (_key(target),))

    def owe(self, source: Path, target: Path, order: str) -> None:
        """Note that a target is to be signed again, with a time stamp."""
        row = (_key(target), os.fsencode(source.absolute()), order)
        self._change("INSERT OR REPLACE INTO owed VALUES (?, ?, ?)", row)

    def settle(self, target: Path) -> None:
        """Note that nothing is due of a target any more."""
        self._change("DELETE FROM owed WHERE target = ?", (_key(target),))

    def owes(self, target: Path) -> bool:
        """Whether a target waits for its time stamp."""
        return self._row("SELECT 1 FROM owed WHERE target = ?", target) is not None

    def owed(self) -> list[Owed]:
        """What waits for its time stamp, those of one order together."""
        query = "SELECT source, target, work_order FROM owed ORDER BY work_order, target"
        with self._translated(), closing(self._database.execute(query)) as cursor:
            return [Owed(Path(os.fsdecode(s)), Path(os.fsdecode(t)), order) for s, t, order in cursor]

    def registered(self, target: Path, address: str) -> None:
        """Note in which registry a finished target is."""
        self._change("UPDATE finished SET registered_in = ? WHERE target = ?", (address, _key(target)))

    def _row(self, query: str, target: Path) -> Any:
        with self._translated(), closing(self._database.execute(query, (_key(target),))) as cursor:
            return cursor.fetchone()

    def _change(self, statement: str, values: tuple[object, ...]) -> None:
        with self._translated():
            self._database.execute(statement, values)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise OutputError(
                "batch.journal",
                f"the journal of what was signed cannot be used: {self._path}",
                expected="a file of the home that can be written",
                found=str(error),
                hint="check permissions and space; if it is damaged, remove it: outputs are then taken for foreign",
            ) from error


def _key(target: Path) -> bytes:
    return os.fsencode(target.absolute())
