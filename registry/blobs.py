"""Content-addressed storage of manifests and reference copies, in a folder or any place fsspec reaches.

A blob's name is the SHA-256 of its bytes, so writing twice is harmless, an orphan is harmless, and every read proves
that the bytes are those that were stored.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from fsspec.implementations.local import LocalFileSystem

from provenance.errors import OutputError, RegistryError
from provenance.files import replace_atomically
from registry.places import open_place, place_errors

_CHUNK = 1 << 20
_NAME = re.compile(r"[0-9a-f]{64}")


class BlobStore:
    """Blobs under one address: a folder, or ``s3://bucket/prefix`` where the matching fsspec package is installed."""

    def __init__(self, address: str) -> None:
        try:
            self._fs, self._root = open_place(address)
        except (ImportError, ValueError) as error:
            raise RegistryError(
                "blobs.address",
                f"the blob store {address} cannot be reached",
                expected="a folder, or an address of a kind that fsspec knows",
                found=str(error),
                hint="correct the setting blobs_url; s3:// needs pip install 'provenance-toolkit[s3]'",
            ) from error
        self._local = isinstance(self._fs, LocalFileSystem)

    def put_bytes(self, data: bytes) -> str:
        """Store the bytes and return their SHA-256.

        Raises:
            RegistryError: they could not be written (``blobs.write``).
        """
        digest = hashlib.sha256(data).hexdigest()
        if not self.intact(digest):
            self._write(digest, iter((data,)))
        return digest

    def put_file(self, path: Path) -> str:
        """Store a file's bytes and return their SHA-256.

        Raises:
            RegistryError: it could not be read or written, or changed while it was read.
        """
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            if not self.intact(digest):
                with path.open("rb") as file:
                    self._write(digest, iter(lambda: file.read(_CHUNK), b""))
        except OSError as error:
            raise _failed("blobs.write", digest=None, error=error) from error
        return digest

    def intact(self, sha256: str) -> bool:
        """Whether the blob is there with the right bytes: a torn or changed one is not, and may be written again."""
        try:
            for _ in self.read(sha256):
                pass
        except RegistryError as error:
            if error.code in {"blobs.missing", "blobs.tampered"}:
                return False
            raise
        return True

    def size(self, sha256: str) -> int:
        """The blob's size in bytes.

        Raises:
            RegistryError: it is missing.
        """
        try:
            with place_errors():
                return int(self._fs.size(self._address(sha256)))
        except FileNotFoundError as error:
            raise _missing(sha256) from error
        except OSError as error:
            raise _failed("blobs.read", sha256, error) from error

    def open(self, sha256: str) -> BinaryIO:
        """The blob as a file to seek in, for players: nothing proves that its bytes are the right ones.

        Raises:
            RegistryError: it is missing (``blobs.missing``), or cannot be read.
        """
        try:
            with place_errors():
                return cast(BinaryIO, self._fs.open(self._address(sha256), "rb"))
        except FileNotFoundError as error:
            raise _missing(sha256) from error
        except OSError as error:
            raise _failed("blobs.read", sha256, error) from error

    def read(self, sha256: str) -> Iterator[bytes]:
        """The blob's bytes in pieces. Only when the iterator ends are they known to be the right ones.

        Raises:
            RegistryError: the blob is missing (``blobs.missing``), or its bytes have another hash (``blobs.tampered``).
        """
        digest = hashlib.sha256()
        try:
            with place_errors(), self._fs.open(self._address(sha256), "rb") as raw:
                file = cast(BinaryIO, raw)
                while piece := file.read(_CHUNK):
                    digest.update(piece)
                    yield piece
        except FileNotFoundError as error:
            raise _missing(sha256) from error
        except OSError as error:
            raise _failed("blobs.read", sha256, error) from error
        if digest.hexdigest() != sha256:
            raise RegistryError(
                "blobs.tampered",
                "a stored blob is not what was stored",
                expected=f"SHA-256 {sha256}",
                found=digest.hexdigest(),
                hint="restore this blob from a backup",
            )

    def get(self, sha256: str) -> bytes:
        """The whole blob, checked; see ``read`` for what it raises."""
        return b"".join(self.read(sha256))

    def fetch(self, sha256: str, target: Path) -> Path:
        """Write the blob to a file, which appears only when all of it has been checked; see ``read``.

        Raises:
            OutputError: the file could not be written.
        """
        with replace_atomically(target, replace=True) as path, path.open("wb") as file:
            file.writelines(self.read(sha256))
        return target

    def _write(self, sha256: str, pieces: Iterator[bytes]) -> None:
        address = self._address(sha256)
        checked = _checked(sha256, pieces)
        try:
            if self._local:
                Path(address).parent.mkdir(parents=True, exist_ok=True)
                with replace_atomically(Path(address), replace=True) as path, path.open("wb") as file:
                    file.writelines(checked)
            else:
                with place_errors():
                    self._upload(address, checked)
        except OSError as error:
            raise _failed("blobs.write", sha256, error) from error
        except OutputError as error:
            raise RegistryError(
                "blobs.write",
                f"blob {sha256} could not be written to the blob store",
                found=error.found or error.message,
                hint="check the disk's free space and the folder's permissions",
            ) from error

    def _upload(self, address: str, pieces: Iterator[bytes]) -> None:
        # Closing a file uploads what is left of it, whatever went wrong; nothing is seen of it before it is committed.
        file = self._fs.open(address, "wb", autocommit=False)
        try:
            with file:
                for piece in pieces:
                    file.write(piece)
        except BaseException:
            file.discard()
            raise
        file.commit()

    def _address(self, sha256: str) -> str:
        if not _NAME.fullmatch(sha256):
            raise RegistryError("blobs.name", "this is not the name of a blob", expected="64 hex digits", found=sha256)
        return f"{self._root}/{sha256[:2]}/{sha256}"


def _checked(sha256: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
        yield piece
    if digest.hexdigest() != sha256:
        raise RegistryError("blobs.changed", "the file changed while it was being stored", hint="try again")


def _missing(sha256: str) -> RegistryError:
    return RegistryError(
        "blobs.missing", "a stored blob is missing", expected=f"blob {sha256}", hint="restore it from a backup"
    )


def _failed(code: str, digest: str | None, error: OSError) -> RegistryError:
    what = f"blob {digest}" if digest else "the file"
    return RegistryError(
        code,
        f"{what} could not be {'written to' if code == 'blobs.write' else 'read from'} the blob store",
        found=error.strerror or str(error),
        hint="check its free space and permissions, and for a bucket its address and the credentials",
    )
