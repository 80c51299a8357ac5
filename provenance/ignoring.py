"""``.provenanceignore``: what is not to be checked, in the syntax of ``.gitignore``. The only module with pathspec."""

from __future__ import annotations

import os
import re
from pathlib import Path

from pathspec import GitIgnoreSpec

from provenance.errors import CheckError

IGNORE_FILE = ".provenanceignore"
MAX_BYTES = 1 << 20


class IgnoreFiles:
    """The ignore files of a tree. As with git, each counts for its folder and all below, the nearest that says
    something decides, and below an ignored folder nothing can be brought back.

    ``top``: the highest folder whose ignore file counts; absolute.
    """

    def __init__(self, top: Path) -> None:
        self._top = top
        self._specs: dict[Path, GitIgnoreSpec | None] = {}
        self._folders: dict[Path, bool] = {}

    def ignores(self, path: Path) -> bool:
        """Whether a file, or a folder above it, is ignored.

        Raises:
            CheckError: an ignore file cannot be used.
        """
        absolute = _absolute(path)
        return self.ignores_folder(absolute.parent) or self._matches(absolute, "")

    def ignores_folder(self, folder: Path) -> bool:
        """Whether a folder is ignored, with all in it."""
        absolute = _absolute(folder)
        if absolute == self._top or self._top not in absolute.parents:
            return False
        if absolute not in self._folders:
            self._folders[absolute] = self.ignores_folder(absolute.parent) or self._matches(absolute, "/")
        return self._folders[absolute]

    def _matches(self, path: Path, ending: str) -> bool:
        for folder in path.parents:
            if folder != self._top and self._top not in folder.parents:
                break
            spec = self._spec(folder)
            answer = spec.check_file(path.relative_to(folder).as_posix() + ending).include if spec else None
            if answer is not None:
                return answer
        return False

    def _spec(self, folder: Path) -> GitIgnoreSpec | None:
        if folder not in self._specs:
            self._specs[folder] = _read(folder / IGNORE_FILE)
        return self._specs[folder]


def top_of(path: Path) -> Path:
    """The highest folder whose ignore file counts for what is under ``path``: of the repository that it lies in, else
    the working folder, else the folder itself."""
    absolute = _absolute(path)
    chain = (absolute, *absolute.parents)
    inside = next((folder for folder in chain if os.path.lexists(folder / ".git")), None)
    if inside is not None:
        return inside
    here = Path.cwd()
    if here in chain:
        return here
    return absolute if absolute.is_dir() else absolute.parent


def _absolute(path: Path) -> Path:
    # Not resolved: a link is ignored by its own name.
    return Path(os.path.abspath(path))  # noqa: PTH100


def _read(path: Path) -> GitIgnoreSpec | None:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise _refusal(path, f"more than {MAX_BYTES} bytes")
        # The library takes "a/**" for the folder, too; to git it is what is inside.
        lines = [re.sub(r"/\*\*\s*$", "/**/*", line) for line in data.decode("utf-8").splitlines()]
        return GitIgnoreSpec.from_lines(lines)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, re.error) as error:
        raise _refusal(path, str(error)[:200]) from error


def _refusal(path: Path, found: str) -> CheckError:
    return CheckError(
        "check.ignore_file",
        f"{path} cannot be used",
        expected="patterns as in .gitignore, one a line",
        found=found,
        hint="correct or remove it",
    )
