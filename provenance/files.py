"""Files written whole or not at all, whatever happens half-way."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from provenance.errors import MediaError, OutputError

_CHUNK = 1 << 20
_FULL = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


def is_folder(path: Path) -> bool:
    """Whether it is a folder; False, too, where that cannot be told: opening it then says why."""
    return os.path.isdir(path)  # noqa: PTH112  (pathlib's raises where a name is too long or may not be looked at)


def is_file(path: Path) -> bool:
    """Whether it is a regular file; False, too, where that cannot be told."""
    return os.path.isfile(path)  # noqa: PTH113  (as above)


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes, hex.

    Raises:
        MediaError: the file cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise MediaError(
            "media.unreadable",
            f"{path.name} cannot be read",
            expected="a file this user may read",
            found=_reason(error),
            hint="check path and permissions",
        ) from error
    return digest.hexdigest()


@contextmanager
def replace_atomically(target: Path, *, replace: bool, private: bool = False) -> Iterator[Path]:
    """Hand out an empty hidden file beside ``target``; when the block ends well it becomes the target, synced to disk.

    The target is seen absent (or as it was) or complete, never between. When the block raises, the hidden file goes
    away and the target is untouched. A killed run leaves its hidden file; the next run on this target removes it.

    ``private``: mode 0600 from the first byte on. ``replace``: whether an existing target may be replaced; without it,
    a target that appears while the block runs is kept, too.

    Raises:
        OutputError: ``output.exists``, ``output.folder``, ``output.full``, ``output.unwritable``.
    """
    with stage(target, replace=replace, private=private) as staged:
        yield staged.path
        staged.publish()


class Staged:
    """A file being written beside its target. Made by ``stage``; ``publish`` may be called once."""

    def __init__(self, target: Path, path: Path, replace: bool) -> None:
        self.target = target
        self.path = path
        self._replace = replace

    def publish(self) -> None:
        """Sync the file to disk and give it the target's name.

        Raises:
            OutputError: the target exists and may not be replaced, or the disk refuses.
        """
        with _translated(self.target):
            _sync(self.path)
            if self._replace:
                self.path.replace(self.target)
            else:
                self._publish_new()
            _sync(self.target.parent)

    def publish_with(self, companion: Staged) -> None:
        """Publish the companion (staged under the same ``token``), then this file.

        Two names cannot change at once. A run killed between them leaves a mark from which ``finish_pair`` goes on.
        """
        twin = companion.path.with_name(companion.path.name + "-twin")
        with _translated(companion.target):
            _sync(self.path)
            _sync(companion.path)
            os.link(companion.path, twin)
        Staged(companion.target, twin, companion._replace).publish()
        self.publish()

    def _publish_new(self) -> None:
        try:
            os.link(self.path, self.target)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            # No hard links here (FAT, some network folders): reserve the name, then take it over.
            os.close(os.open(self.target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            self.path.replace(self.target)
        else:
            self.path.unlink()


@contextmanager
def stage(target: Path, *, replace: bool, private: bool = False, token: str | None = None) -> Iterator[Staged]:
    """As ``replace_atomically``, but the block itself says when to publish; what is not published goes away.

    ``token`` ties two staged files together for ``Staged.publish_with``.
    """
    refuse_existing(target, replace=replace)
    with _translated(target):
        sweep(target)
        path, lock = _create_beside(target, 0o600 if private else 0o666, token)
    try:
        with _translated(target, only_full=True):
            yield Staged(target, path, replace)
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
        os.close(lock)


def refuse_existing(target: Path, *, replace: bool) -> None:
    """Check that ``target`` may be written: its folder is there, and nothing stands in its place.

    ``replace`` is about regular files: a device, pipe or socket, also behind a link, is never replaced.

    Raises:
        OutputError: ``output.folder`` or ``output.exists``.
    """
    if not target.parent.is_dir():
        raise OutputError(
            "output.folder",
            f"the folder {target.parent} is not there",
            expected="an existing folder",
            hint="create it or name another output",
        )
    if target.is_dir():
        raise OutputError(
            "output.exists", f"{target} is a folder", expected="a file name", hint="name a file inside it"
        )
    if target.exists() and not target.is_file():
        # Renaming over /dev/null would take it from everybody on the machine.
        raise OutputError(
            "output.special",
            f"{target} is not a regular file, so it is never replaced",
            expected="a name that is free, or a regular file",
            found="a pipe, socket or device",
            hint="name a file; print it afterwards if it is to go into a pipe",
        )
    if not replace and os.path.lexists(target):
        raise OutputError(
            "output.exists",
            f"{target} exists already",
            expected="a name that is free",
            hint="--force to replace it, or another output name",
        )


def sweep(target: Path) -> None:
    """Remove the hidden files that killed runs left beside ``target``; those of running ones are locked and stay."""
    for path in leftovers(target):
        with _abandoned(path) as abandoned:
            if abandoned:
                path.unlink(missing_ok=True)


def finish_pair(target: Path, companion: Path) -> None:
    """Where a run was killed between publishing a companion and its target, publish the target that it had ready."""
    for mark in leftovers(companion):
        with _abandoned(mark) as abandoned:
            if not abandoned or not companion.exists() or not mark.samefile(companion):
                continue
            ready = target.with_name(_prefix(target) + mark.name.removeprefix(_prefix(companion)))
            with _abandoned(ready) as complete:
                if complete:
                    ready.replace(target)
            mark.unlink(missing_ok=True)


def new_token() -> str:
    """A fresh name for what one run stages."""
    return secrets.token_hex(6)


def leftovers(target: Path) -> list[Path]:
    """The hidden files beside ``target`` that were made for it, by running processes or by killed ones."""
    prefix = _prefix(target)
    return sorted(path for path in target.parent.iterdir() if path.name.startswith(prefix))


@contextmanager
def _abandoned(path: Path) -> Iterator[bool]:
    """Whether nobody works on a hidden file any more: the kernel lets go of a dead process's lock, in any namespace."""
    try:
        lock = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        yield False
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        yield False
    else:
        yield True
    finally:
        os.close(lock)


def _create_beside(target: Path, mode: int, token: str | None) -> tuple[Path, int]:
    while True:
        path = target.with_name(_prefix(target) + (token or new_token()))
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Between creating and locking, another run's sweep may have taken it for a leftover.
        if os.fstat(lock).st_nlink:
            return path, lock
        os.close(lock)


def _prefix(target: Path) -> str:
    # A digest, not the name itself: hidden names must not outgrow the file system's limit.
    return f".provenance-{hashlib.sha256(os.fsencode(target.name)).hexdigest()[:16]}-"


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _translated(target: Path, *, only_full: bool = False) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise disk_full(target, error) from error
        if only_full:
            raise
        if isinstance(error, FileExistsError):
            raise OutputError(
                "output.exists",
                f"{target} appeared while it was being written",
                expected="a name that is free",
                hint="--force to replace it, or another output name",
            ) from error
        raise OutputError(
            "output.unwritable",
            f"{target} cannot be written",
            found=_reason(error),
            hint="check the folder's permissions",
        ) from error


def disk_full(target: Path, error: OSError) -> OutputError:
    """The error for an output that found no room; the target is as it was."""
    return OutputError(
        "output.full",
        f"no room to write {target}",
        found=_reason(error),
        hint="free some space or name an output on another disk",
    )


def is_full(error: OSError) -> bool:
    """Whether a write failed for want of room (disk, quota or file-size limit)."""
    return error.errno in _FULL


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
