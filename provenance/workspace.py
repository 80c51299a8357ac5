"""Folders for what a run leaves half-way, gone when it ends; those of killed runs go when the next one starts."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from provenance.errors import OutputError

_PREFIX = "run-"


@contextmanager
def work_folder(parent: Path) -> Iterator[Path]:
    """An empty folder (mode 0700) inside ``parent``; removed with all it holds at the end.

    Folders above it are made if need be, and go again when nothing else was put into them.

    Raises:
        OutputError: ``output.unwritable``.
    """
    made = [above for above in (parent, *parent.parents) if not above.exists()]
    try:
        folder, lock = _create(parent)
        _sweep(parent)
    except OSError as error:
        raise OutputError(
            "output.unwritable",
            f"no working folder can be made in {parent}",
            found=error.strerror or type(error).__name__,
            hint="free some space, check the permissions, or name another home",
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)
        with contextlib.suppress(OSError):
            for above in made:
                above.rmdir()


def _create(parent: Path) -> tuple[Path, int]:
    while True:
        parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = parent / f"{_PREFIX}{secrets.token_hex(6)}"
        # Another run that ends may take the parent, and its sweep the folder before it is locked; then make another.
        with contextlib.suppress(FileNotFoundError):
            folder.mkdir(mode=0o700)
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if folder.exists():
                return folder, lock
            os.close(lock)


def _sweep(parent: Path) -> None:
    for folder in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                # The kernel lets go of a dead process's lock; a running one's makes this fail.
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)
