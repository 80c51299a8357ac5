"""Files that could not be signed, each with the reason beside it: the dead letters of a watched folder."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from provenance.context import error_as_json
from provenance.errors import OutputError, ProvenanceError
from provenance.files import replace_atomically
from provenance.identity import identity_of

SUFFIX = ".reason.json"
SCHEMA = "provenance.dead_letter/1"
_MOST_BYTES = 64 * 1024


class Letters:
    """The folder of dead letters; the tree of the watched folder is repeated in it.

    ``move``: the files themselves go there, too. Else they stay where they are, and the reason names them.
    """

    def __init__(self, folder: Path, watched: Path, *, move: bool) -> None:
        self.folder = folder
        self._watched = watched
        self._move = move

    def hold(self, source: Path) -> bool:
        """Whether there is a reason that is about this file as it is now: then it waits for somebody to look."""
        letter = self._read(source)
        return letter is not None and letter.get("identity") == identity_of(source)

    def withdraw(self, source: Path) -> None:
        """Remove the reason that names this file, since it was signed after all."""
        letter = self._read(source)
        if letter is not None and letter.get("file") == str(source.absolute()):
            with suppress(OSError):
                self._reason(source).unlink()

    def write(self, source: Path, error: ProvenanceError, attempts: int) -> Path:
        """Write the reason, then move the file if files are moved; returns where the reason is.

        Raises:
            OutputError: the folder cannot be written.
        """
        reason = self._reason(source)
        moved = self._free(reason.with_name(source.name)) if self._move else None
        if moved is not None:
            reason = moved.with_name(moved.name + SUFFIX)
        letter = {
            "schema": SCHEMA,
            "file": str(moved or source.absolute()),
            "came_as": str(source.absolute()),
            "identity": identity_of(source),
            "attempts": attempts,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            **error_as_json(error),
        }
        try:
            reason.parent.mkdir(parents=True, exist_ok=True)
            with replace_atomically(reason, replace=True) as path:
                path.write_text(json.dumps(letter, indent=2) + "\n", encoding="utf-8")
            if moved is not None:
                # Never over another file: the link fails where somebody was quicker.
                os.link(source, moved)
                source.unlink()
        except OSError as refused:
            raise OutputError(
                "watch.dead_letter",
                f"{source} cannot be put among the dead letters in {self.folder}",
                found=refused.strerror or type(refused).__name__,
                hint="with --move, name a folder on the same file system with --failed; check permissions and space",
            ) from refused
        return reason

    def _read(self, source: Path) -> dict[str, Any] | None:
        try:
            with self._reason(source).open("rb") as stream:
                letter = json.loads(stream.read(_MOST_BYTES))
        except (OSError, ValueError):
            return None
        return letter if isinstance(letter, dict) else None

    def _reason(self, source: Path) -> Path:
        there = self.folder / source.relative_to(self._watched)
        return there.with_name(there.name + SUFFIX)

    def _free(self, wanted: Path) -> Path:
        number, name = 1, wanted
        while os.path.lexists(name):
            number += 1
            name = wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
        return name
