"""Sending files to a registry in parts (tus 1.0.0), and going on where it broke off.

The ids of uploads under way are kept in a folder, under the hash of what is sent and where to: so the next run goes on,
too, after this one was killed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection
from http import HTTPStatus
from pathlib import Path

from provenance.errors import RegistryError
from provenance.files import sha256_file
from provenance.media.source import open_media
from registry.client.connection import Answer, Connection

PART_BYTES = 8 << 20
MAX_BREAKS = 5
"""Times in a row that a part may fail before the upload is given up for now."""
_PATH = "/v1/uploads"
_TUS = {"Tus-Resumable": "1.0.0"}
_PART = _TUS | {"Content-Type": "application/offset+octet-stream"}
_ID = re.compile(r"[0-9A-Za-z_-]{1,100}")
_BREAKS = frozenset({"registry.unreachable", "request.broken_off", "upload.too_slow", "upload.offset", "upload.busy"})


class Sending:
    """One file on its way to a registry."""

    def __init__(self, connection: Connection, path: Path, under_way: Path) -> None:
        """Look at the file, which must not change any more.

        Raises:
            MediaError: it cannot be read.
        """
        with open_media(path) as opened:
            self.size = opened.size
        self._connection = connection
        self._path = path
        sha256 = sha256_file(path)
        self._note = under_way / hashlib.sha256(f"{connection.address} {sha256}".encode()).hexdigest()

    def send(self, on_offset: Callable[[int], None]) -> str:
        """Send what the registry has not got yet; the upload's id.

        Raises:
            RegistryError: what the registry says, or it cannot be reached for long.
        """
        upload_id, offset = self._begun() or (self._begin(), 0)
        breaks, known = 0, True
        with self._path.open("rb") as file:
            while offset < self.size:
                on_offset(offset)
                try:
                    if not known:
                        offset, known = self._offset(upload_id), True
                        continue
                    file.seek(offset)
                    offset, breaks = self._send_part(upload_id, offset, file.read(PART_BYTES)), 0
                except RegistryError as error:
                    breaks, known = breaks + 1, False
                    if error.code not in _BREAKS or breaks == MAX_BREAKS:
                        raise
                    self._connection.pause(2.0**breaks)
        on_offset(self.size)
        return upload_id

    def done(self) -> None:
        """Forget the upload: it was used."""
        self._note.unlink(missing_ok=True)

    def _begun(self) -> tuple[str, int] | None:
        """The upload that an earlier run began, and how far it came, if the registry still has it."""
        try:
            upload_id = self._note.read_text("ascii")
        except (OSError, UnicodeDecodeError):
            return None
        if not _ID.fullmatch(upload_id):
            return None
        answer = self._ask("HEAD", f"/{upload_id}", (HTTPStatus.OK, HTTPStatus.NOT_FOUND), _TUS)
        return (upload_id, self._place(answer, 0)) if answer.status == HTTPStatus.OK else None

    def _begin(self) -> str:
        answer = self._ask("POST", "", (HTTPStatus.CREATED,), _TUS | {"Upload-Length": str(self.size)})
        upload_id = answer.headers.get("location", "").rsplit("/", 1)[-1]
        if not _ID.fullmatch(upload_id):
            raise _odd("the address of an upload", upload_id)
        self._note.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._note.write_text(upload_id, "ascii")
        return upload_id

    def _send_part(self, upload_id: str, offset: int, part: bytes) -> int:
        headers = _PART | {"Upload-Offset": str(offset)}
        return self._place(self._ask("PATCH", f"/{upload_id}", (HTTPStatus.NO_CONTENT,), headers, part), offset + 1)

    def _offset(self, upload_id: str) -> int:
        return self._place(self._ask("HEAD", f"/{upload_id}", (HTTPStatus.OK,), _TUS), 0)

    def _ask(
        self,
        method: str,
        path: str,
        expected: Collection[int],
        headers: dict[str, str],
        content: bytes | None = None,
    ) -> Answer:
        return self._connection.ask(method, f"{_PATH}{path}", expected, headers=headers, content=content)

    def _place(self, answer: Answer, least: int) -> int:
        text = answer.headers.get("upload-offset", "")
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= self.size:
            raise _odd(f"an offset from {least} to {self.size}", text)
        return int(text)


def _odd(expected: str, found: str) -> RegistryError:
    return RegistryError(
        "registry.answer", "the registry's answer cannot be used", expected=expected, found=found[:200]
    )
