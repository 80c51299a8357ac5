"""Files on their way in: in parts, for as long as it takes, within bounds of size, sum and time.

Each upload is a folder of the home under a name of ours: ``upload`` holds what has come, ``about.json`` whose it is and
how long it will be. What has come is the file's length, so that a server that was killed goes on where it was.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from provenance.errors import RegistryError
from provenance.settings import UploadLimits

_ID = re.compile(r"[0-9a-f]{32}")
_FILE = "upload"
_ABOUT = "about.json"
_SPARE_BYTES = 1 << 28
"""Room on the disk that uploads never take."""


@dataclass(frozen=True, slots=True)
class Upload:
    """``holder``: the id of the token that sends it. ``length`` and ``offset`` in bytes; ``note``: the client's words,
    given back as they came. ``expires_at``: RFC 3339."""

    upload_id: str
    holder: str
    length: int
    offset: int
    note: str | None
    expires_at: str

    @property
    def complete(self) -> bool:
        """Whether all of it has come."""
        return self.offset == self.length


class Uploads:
    """The uploads of one home; several processes may share it. Another's upload is as one that is not there."""

    def __init__(
        self, folder: Path, limits: UploadLimits, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._folder = folder
        self._limits = limits
        self._clock = clock

    def create(self, holder: str, length: int, note: str | None = None) -> Upload:
        """Make room for a file; what has expired goes first.

        Raises:
            RegistryError: ``upload.too_large``, ``upload.quota``, ``upload.no_room``.
        """
        if not 0 < length <= self._limits.max_bytes:
            raise RegistryError(
                "upload.too_large",
                "the file is too large, or empty",
                expected=f"1 to {self._limits.max_bytes} bytes",
                found=str(length),
            )
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Sums are of promised lengths, so nobody can promise little and several processes must not sum at once.
        with (self._folder / "lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            present = self._sweep()
            own = sum(one.length for one in present if one.holder == holder)
            if own + length > self._limits.per_token_bytes:
                raise RegistryError(
                    "upload.quota",
                    "your unfinished uploads would be too large together",
                    expected=f"at most {self._limits.per_token_bytes} bytes",
                    found=str(own + length),
                    hint="register or end the others first",
                )
            missing = sum(one.length - one.offset for one in present)
            free = shutil.disk_usage(self._folder).free - missing - _SPARE_BYTES
            if sum(one.length for one in present) + length > self._limits.total_bytes or length > free:
                raise RegistryError("upload.no_room", "there is no room for this file now", hint="try again later")
            expires = self._clock() + timedelta(hours=self._limits.hours)
            upload = Upload(secrets.token_hex(16), holder, length, 0, note, expires.isoformat(timespec="seconds"))
            folder = self._folder / upload.upload_id
            folder.mkdir(mode=0o700)
            (folder / _FILE).touch(mode=0o600)
            (folder / _ABOUT).write_text(json.dumps(asdict(upload)), "utf-8")
        return upload

    def find(self, upload_id: str, holder: str) -> Upload:
        """The holder's upload.

        Raises:
            RegistryError: ``upload.unknown``: there is none, it has expired, or it is another's.
        """
        upload = self._read(upload_id) if _ID.fullmatch(upload_id) else None
        if upload is None or upload.holder != holder or self._expired(upload):
            raise RegistryError("upload.unknown", "you have no such upload", hint="begin again; uploads expire")
        return upload

    def path(self, upload_id: str, holder: str) -> Path:
        """The file, all of which has come.

        Raises:
            RegistryError: ``upload.unknown``, ``upload.incomplete``.
        """
        upload = self.find(upload_id, holder)
        if not upload.complete:
            raise RegistryError(
                "upload.incomplete",
                "not all of the upload has come",
                expected=f"{upload.length} bytes",
                found=f"{upload.offset} bytes",
                hint="send the rest first",
            )
        return self._folder / upload_id / _FILE

    @contextmanager
    def appending(self, upload_id: str, holder: str, offset: int) -> Iterator[Sink]:
        """Where the bytes from ``offset`` on go; they are on the disk when the block ends, however it ends.

        Raises:
            RegistryError: ``upload.unknown``, ``upload.offset``, ``upload.busy``: another request is sending.
        """
        upload = self.find(upload_id, holder)
        with (self._folder / upload_id / _FILE).open("r+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise RegistryError(
                    "upload.busy", "another request is sending this upload", hint="end it, or wait for its end"
                ) from error
            there = file.seek(0, os.SEEK_END)
            if there != offset:
                raise RegistryError(
                    "upload.offset",
                    "these bytes do not follow those that are there",
                    expected=f"offset {there}",
                    found=f"offset {offset}",
                    hint="ask for the offset (HEAD) and go on from there",
                )
            try:
                yield Sink(file, upload.length - there, there)
            finally:
                file.flush()
                os.fsync(file.fileno())

    def remove(self, upload_id: str, holder: str) -> None:
        """Throw an upload away, finished or not.

        Raises:
            RegistryError: ``upload.unknown``.
        """
        shutil.rmtree(self._folder / self.find(upload_id, holder).upload_id, ignore_errors=True)

    def seconds_left(self, upload: Upload) -> float:
        """Time until it expires."""
        return (datetime.fromisoformat(upload.expires_at) - self._clock()).total_seconds()

    def _sweep(self) -> list[Upload]:
        """Remove what has expired or was never begun rightly; the uploads that are left."""
        left = []
        for folder in self._folder.iterdir():
            if _ID.fullmatch(folder.name):
                upload = self._read(folder.name)
                if upload is None or self._expired(upload):
                    shutil.rmtree(folder, ignore_errors=True)
                else:
                    left.append(upload)
        return left

    def _read(self, upload_id: str) -> Upload | None:
        folder = self._folder / upload_id
        with suppress(OSError, ValueError, TypeError):
            about = json.loads((folder / _ABOUT).read_text("utf-8"))
            return Upload(**about | {"offset": (folder / _FILE).stat().st_size})
        return None

    def _expired(self, upload: Upload) -> bool:
        return self.seconds_left(upload) <= 0


class Sink:
    """Takes the bytes of one request, and none beyond the promised length. ``offset``: what is there by now."""

    def __init__(self, file: BinaryIO, room: int, offset: int) -> None:
        self._file = file
        self._room = room
        self.offset = offset

    def write(self, piece: bytes) -> None:
        """Append.

        Raises:
            RegistryError: ``upload.too_long``; what fits was taken.
        """
        taken = self._file.write(piece[: self._room])
        self._room -= taken
        self.offset += taken
        if taken < len(piece):
            raise RegistryError("upload.too_long", "the upload is longer than was promised")
