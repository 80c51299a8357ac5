"""Opening a file that somebody sent: only regular files, never blocking, one clear error for each thing wrong."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from provenance.errors import MediaError


class OpenMedia:
    """A regular, non-empty file held open for reading; a context manager."""

    def __init__(self, fd: int, size: int) -> None:
        self.fd = fd
        self.size = size

    def __enter__(self) -> OpenMedia:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)


def open_media(path: Path) -> OpenMedia:
    """Open a file that is to be decoded, without ever blocking on a pipe or a device.

    Raises:
        MediaError: ``media.missing``, ``media.directory``, ``media.unreadable`` or ``media.empty``.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise MediaError(
            "media.missing", f"there is no file {path}", expected="a media file", found="nothing", hint="check the path"
        ) from error
    except (OSError, ValueError) as error:
        raise MediaError(
            "media.unreadable",
            f"{path} cannot be opened",
            expected="a file this user may read",
            found=getattr(error, "strerror", None) or str(error),
            hint="check the path and its permissions",
        ) from error
    status = os.fstat(fd)
    if stat.S_ISREG(status.st_mode) and status.st_size > 0:
        return OpenMedia(fd, status.st_size)
    os.close(fd)
    if stat.S_ISDIR(status.st_mode):
        raise MediaError(
            "media.directory",
            f"{path} is a directory",
            expected="a media file",
            found="a directory",
            hint="name the files inside it",
        )
    if not stat.S_ISREG(status.st_mode):
        raise MediaError(
            "media.unreadable",
            f"{path} is not a regular file",
            expected="a regular file",
            found="a pipe, socket or device",
            hint="write the media to a file first",
        )
    raise MediaError(
        "media.empty",
        f"{path.name} is empty",
        expected="a media file",
        found="0 bytes",
        hint="fetch or copy the file again",
    )
