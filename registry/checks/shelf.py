"""Where clips lie until they are examined, and their small copies until the result expires.

Any place that fsspec reaches, so that workers on other machines find them: a folder of the home unless the setting
``checks.files_url`` names another. A folder for each examination, named by its id.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from fsspec.implementations.local import LocalFileSystem

from provenance.errors import RegistryError
from provenance.settings import Settings
from registry.places import open_place, place_errors

Name = Literal["clip", "preview"]


class Shelf:
    """The files of examinations."""

    def __init__(self, address: str) -> None:
        try:
            self._fs, self._root = open_place(address)
        except (ImportError, ValueError) as error:
            raise RegistryError(
                "check.files_address",
                f"the place for clips, {address}, cannot be reached",
                expected="a folder, or an address of a kind that fsspec knows",
                found=str(error),
                hint="correct the setting checks.files_url; s3:// needs pip install 'provenance-toolkit[s3]'",
            ) from error
        self._local = isinstance(self._fs, LocalFileSystem)
        if self._local:
            with _translated():
                Path(self._root).mkdir(mode=0o700, parents=True, exist_ok=True)

    def put(self, examination_id: str, name: Name, source: Path) -> None:
        """Store a file; in a folder of this machine it is moved there.

        Raises:
            RegistryError: it could not be written (``check.files``).
        """
        target = self._address(examination_id, name)
        with _translated():
            if self._local:
                Path(target).parent.mkdir(mode=0o700, exist_ok=True)
                shutil.move(source, target)
            else:
                self._fs.put_file(str(source), target)

    def fetch(self, examination_id: str, name: Name, target: Path) -> Path:
        """Have a file under a name of one's own; in a folder of this machine nothing is copied.

        Raises:
            RegistryError: it is not there (``check.file_gone``), or cannot be read (``check.files``).
        """
        address = self._address(examination_id, name)
        with _translated():
            if self._local:
                try:
                    os.link(address, target)
                except FileNotFoundError:
                    raise
                except OSError:
                    shutil.copyfile(address, target)
            else:
                self._fs.get_file(address, str(target))
        return target

    def drop(self, examination_id: str, name: Name | None = None) -> None:
        """Delete one file of an examination, or all of them; what is not there is no error.

        Raises:
            RegistryError: it could not be deleted (``check.files``).
        """
        address = self._address(examination_id, name)
        with _translated():
            try:
                self._fs.rm(address, recursive=name is None)
            except FileNotFoundError:
                return

    def examinations(self) -> list[str]:
        """The ids of those that have files."""
        with _translated():
            self._fs.invalidate_cache()
            try:
                return [str(path).rstrip("/").rsplit("/", 1)[-1] for path in self._fs.ls(self._root, detail=False)]
            except FileNotFoundError:
                return []

    def _address(self, examination_id: str, name: Name | None) -> str:
        return f"{self._root}/{examination_id}" + (f"/{name}" if name else "")


def shelf_of(settings: Settings) -> Shelf:
    """The shelf that the settings name."""
    return Shelf(settings.checks.files_url or str(settings.home / "checks"))


@contextmanager
def _translated() -> Iterator[None]:
    try:
        with place_errors():
            yield
    except FileNotFoundError as error:
        raise RegistryError(
            "check.file_gone", "a file of this check is not there any more", hint="ask again with the clip"
        ) from error
    except OSError as error:
        raise RegistryError(
            "check.files",
            "the place for clips refuses to read or write",
            found=error.strerror or str(error),
            hint="check the place that the setting checks.files_url names: free space, permissions, credentials",
        ) from error
