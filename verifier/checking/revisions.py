"""What git says was changed. Runs the real git, and only with what it cannot take for an option."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from provenance.child_environment import child_environment
from provenance.errors import CheckError

_NAMES = ("--name-only", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", "--diff-filter=ACDMRT")
"""Deleted ones, too: a sidecar may be gone whose asset is there."""


class Repository:
    """The git repository of the working folder; ``top`` is its highest folder.

    Raises:
        CheckError: there is none, or no git.
    """

    def __init__(self) -> None:
        done = _git(["rev-parse", "--show-toplevel"], None)
        if done.returncode:
            raise CheckError(
                "check.no_repository",
                "git knows no repository in the working folder",
                expected="a folder of a repository, to find out what was changed",
                found=_complaint(done),
                hint="run the command there; where git minds who owns the folder, as in containers,"
                " `git config --global --add safe.directory FOLDER`",
            )
        self.top = Path(os.fsdecode(done.stdout.removesuffix(b"\n")))

    def changed_since(self, revision: str) -> list[Path]:
        """Absolute names of what differs between a revision and the working tree; some may not be there any more.

        Raises:
            CheckError: the revision is unknown.
        """
        done = _git(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"], self.top)
        if done.returncode:
            raise CheckError(
                "check.unknown_revision",
                "git does not know the revision that was given",
                expected="a commit, branch or tag of this repository",
                found=revision[:200] or "an empty name",
                hint="a shallow clone lacks older commits: `git fetch --unshallow`, or fetch-depth: 0 in the checkout",
            )
        return self._names(self._run("diff", *_NAMES, done.stdout.decode("ascii").strip(), "--"))

    def staged(self) -> list[Path]:
        """Absolute names of what the next commit would change; some may be deleted by it."""
        return self._names(self._run("diff", "--cached", *_NAMES, "--"))

    def in_index(self) -> set[Path]:
        """Absolute names of all that the next commit would hold."""
        return set(self._names(self._run("ls-files", "-z", "--cached", "--full-name")))

    def write_out(self, paths: Iterable[Path], into: Path) -> None:
        """Write these files as the next commit would hold them under ``into``, by their place in the repository."""
        names = b"".join(os.fsencode(path.relative_to(self.top)) + b"\0" for path in paths)
        self._run("checkout-index", "-z", "--stdin", f"--prefix={into}/", data=names)

    def _names(self, answer: bytes) -> list[Path]:
        return [self.top / os.fsdecode(name) for name in answer.split(b"\0") if name]

    def _run(self, *arguments: str, data: bytes = b"") -> bytes:
        done = _git(arguments, self.top, data)
        if done.returncode:
            raise CheckError(
                "check.git",
                "git could not say what was changed",
                expected=f"an answer to git {arguments[0]}",
                found=_complaint(done),
                hint=f"run `git {' '.join(arguments[:2])}` in {self.top} to see it",
            )
        return done.stdout


def _git(arguments: Iterable[str], folder: Path | None, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run git. Within a hook, git's own variables name the index."""
    try:
        return subprocess.run(  # noqa: S603
            ["git", *arguments],  # noqa: S607
            cwd=folder,
            input=data,
            capture_output=True,
            env=child_environment(),
            check=False,
        )
    except FileNotFoundError as error:
        raise CheckError(
            "check.no_git", "git is not installed", expected="git on the PATH", hint="install git (apt-get install git)"
        ) from error


def _complaint(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = done.stderr.decode("utf-8", "replace").splitlines()
    return lines[0][:300] if lines else f"git ended with {done.returncode}"
