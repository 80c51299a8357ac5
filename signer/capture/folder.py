"""Where a recording lies on disk: what is being recorded, what is signed, and the notes on both.

``session.json`` names the session. ``recorded/000001.part`` is being written, ``recorded/000001.mp4`` waits to be
signed, ``recorded/000001.json`` are the notes on either. ``segments/000001.mp4`` is signed. ``set-aside/`` holds what a
crash left and could not be saved.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provenance.errors import OutputError
from provenance.files import replace_atomically, sweep
from signer.capture.values import VERSION, Notes, Session, notes_from

_MOST_BYTES = 1 << 20
_SESSIONS = {f"provenance.capture/{VERSION}": Session}


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder of one recording."""

    root: Path

    @property
    def recorded(self) -> Path:
        """Folder of what is not signed yet."""
        return self.root / "recorded"

    @property
    def segments(self) -> Path:
        """Folder of signed segments."""
        return self.root / "segments"

    @property
    def set_aside(self) -> Path:
        """Folder of what could not be saved."""
        return self.root / "set-aside"

    @property
    def session_file(self) -> Path:
        """The file that names the session."""
        return self.root / "session.json"

    def part(self, index: int) -> Path:
        """A segment while it is being recorded."""
        return self.recorded / f"{index:06}.part"

    def waiting(self, index: int) -> Path:
        """A segment that is recorded, and not yet signed."""
        return self.recorded / f"{index:06}.mp4"

    def notes_file(self, index: int) -> Path:
        """The notes on a segment that is not signed yet."""
        return self.recorded / f"{index:06}.json"

    def signed(self, index: int) -> Path:
        """A signed segment."""
        return self.segments / f"{index:06}.mp4"

    def begin(self, session: Session) -> None:
        """Make the folder for a session.

        Raises:
            OutputError: ``capture.exists``: there is a recording in it; ``output.unwritable``, ``output.full``.
        """
        if os.path.lexists(self.session_file):
            raise OutputError(
                "capture.exists",
                f"{self.root} holds a recording already",
                expected="a folder of its own for each recording",
                hint="name another folder, or bring this one to its end with provenance capture finish",
            )
        for folder in (self.recorded, self.segments):
            folder.mkdir(parents=True, exist_ok=True)
        self._write(self.session_file, session.as_json())

    def abandon(self) -> None:
        """Take back ``begin``, where nothing was recorded."""
        self.session_file.unlink(missing_ok=True)
        for folder in (self.recorded, self.segments, self.root):
            with contextlib.suppress(OSError):
                folder.rmdir()

    def session(self) -> Session:
        """The session.

        Raises:
            OutputError: ``capture.none``: there is none; ``capture.damaged``: its file cannot be read.
        """
        try:
            raw = _read(self.session_file)
            schema = raw.pop("schema")
            return _SESSIONS[schema](**raw)
        except OSError as error:
            raise OutputError(
                "capture.none",
                f"there is no recording in {self.root}",
                expected="a folder made by provenance capture",
                found=error.strerror or "",
                hint="name the folder that was given with -o",
            ) from error
        except (ValueError, TypeError, KeyError) as error:
            raise OutputError(
                "capture.damaged",
                f"the recording in {self.root} cannot be told from its {self.session_file.name}",
                expected="the file as provenance capture wrote it",
                found=str(error)[:200],
                hint="restore the file; what lies in segments is whole and signed without it",
            ) from error

    def write_notes(self, notes: Notes) -> None:
        """Keep the notes on a segment; on disk when this returns."""
        self._write(self.notes_file(notes.index), notes.as_json())

    def notes(self, index: int) -> Notes | None:
        """The notes on a segment that is not signed yet; None where there are none that can be read."""
        try:
            return notes_from(_read(self.notes_file(index)))
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def unsigned(self) -> list[int]:
        """Segments that are not signed yet, whole or not, in order."""
        return sorted({int(p.stem) for p in self.recorded.glob("[0-9]*.*") if p.stem.isdecimal()} - {0})

    def signed_ones(self) -> list[int]:
        """Signed segments, in order."""
        return sorted(int(p.stem) for p in self.segments.glob("[0-9]*.mp4") if p.stem.isdecimal())

    def clear(self, index: int) -> None:
        """Remove what was recorded of a segment that is signed."""
        for path in (self.part(index), self.waiting(index), self.notes_file(index)):
            path.unlink(missing_ok=True)
            sweep(path)

    def _write(self, path: Path, content: dict[str, Any]) -> None:
        with replace_atomically(path, replace=True) as staged:
            staged.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _read(path: Path) -> dict[str, Any]:
    with path.open("rb") as stream:
        raw = json.loads(stream.read(_MOST_BYTES))
    if not isinstance(raw, dict):
        raise TypeError("no object")
    return raw
