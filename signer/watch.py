"""What arrives in a folder, and when it has arrived: told by looking again and again, on any file system.

A file has arrived when its size and time of writing have stood still for a while and its container lacks nothing. One
that was renamed into place, or was written long ago, need not wait: it counts at the next look.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from provenance.errors import MediaError
from provenance.media.kinds import SUFFIXES
from signer.inputs import NOT_MEDIA, reason_to_skip
from signer.whole import missing_end

TEMPORARY = (".part", ".partial", ".filepart", ".crdownload", ".download", ".tmp", ".temp", "~")
"""How names of files end that are still being written; those that begin with a dot are, too."""

_FRESH_CODES = {"media.missing", "media.empty"}

Key = tuple[int, int, int]
"""Inode, size and time of writing in ns. Not the inode's own time: renaming changes that."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long, in s: between two looks; a file must stand still; one that lacks its end is waited for."""

    interval_s: float
    settle_s: float
    patience_s: float


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file that will not change any more. ``error``: it has stood still for long and still lacks something.

    ``skipped``: why it is none to sign, in words.
    """

    path: Path
    key: Key
    error: MediaError | None = None
    skipped: str | None = None


@dataclass(slots=True)
class _Seen:
    key: Key
    since: float
    quick: bool
    told: bool = False
    lacks: str | None = None


@dataclass(slots=True)
class Arrivals:
    """The files below ``folder``, look after look; ``apart`` are folders in it that are not looked into.

    ``clock`` counts seconds; ``now`` is the time of day in s.
    """

    folder: Path
    apart: Sequence[Path]
    pace: Pace
    clock: Callable[[], float]
    now: Callable[[], float]
    _seen: dict[Path, _Seen] = field(default_factory=dict)

    def look(self) -> list[Arrived]:
        """The files that have arrived since the last look, each told once unless it changes again."""
        moment, arrived = self.clock(), []
        found = dict(self._listing())
        known = {seen.key for seen in self._seen.values()}
        for path in [path for path in self._seen if path not in found]:
            del self._seen[path]
        for path, key in found.items():
            seen = self._seen.get(path)
            if seen is None or seen.key != key:
                renamed = seen is None and key in known
                old = self.now() - key[2] / 1e9 >= self.pace.settle_s
                self._seen[path] = _Seen(key, moment, renamed or old)
            elif not seen.told and not is_temporary(path.name) and (what := self._judged(path, seen, moment)):
                seen.told = True
                arrived.append(what)
        return arrived

    def forget(self, path: Path) -> None:
        """Tell of this file again at one of the next looks."""
        self._seen.pop(path, None)

    @property
    def waiting(self) -> int:
        """How many files are there that have not arrived."""
        return sum(not seen.told for seen in self._seen.values())

    @property
    def on_their_way(self) -> dict[Path, str]:
        """Those of them whose names are no temporary ones, and what they lack, in words."""
        return {
            path: f"its container lacks {seen.lacks}" if seen.lacks else "it was written to a moment ago"
            for path, seen in self._seen.items()
            if not seen.told and not is_temporary(path.name)
        }

    def _judged(self, path: Path, seen: _Seen, moment: float) -> Arrived | None:
        stood = moment - seen.since
        if stood < (0 if seen.quick else self.pace.settle_s):
            return None
        if seen.lacks is None:
            if path.is_symlink() and not path.resolve().is_relative_to(self.folder.resolve()):
                # Whoever may write here could have us publish what they may not read.
                return Arrived(path, seen.key, skipped="a link that leads out of the folder")
            try:
                reason = reason_to_skip(path)
                if reason == NOT_MEDIA and path.suffix.lower() in SUFFIXES:
                    # Damaged at its beginning, by its name: whoever signs says so.
                    return Arrived(path, seen.key)
                if reason is not None and reason != "empty":
                    return Arrived(path, seen.key, skipped=reason)
                seen.lacks = "anything at all" if reason == "empty" else missing_end(path) or ""
            except MediaError as refused:
                # What cannot be opened is for whoever signs to complain of; what is gone comes back or does not.
                return None if refused.code in _FRESH_CODES else Arrived(path, seen.key)
        if not seen.lacks:
            return Arrived(path, seen.key)
        if stood >= self.pace.settle_s:
            # Before we came to look, too: a run that ends at once would wait for ever.
            stood = max(stood, self.now() - seen.key[2] / 1e9)
        if stood < self.pace.patience_s:
            return None
        error = MediaError(
            "media.truncated",
            f"{path.name} is cut off, and nobody has written to it for {_in_words(stood)}",
            expected="a whole file",
            found=f"a container that lacks {seen.lacks}",
            hint="copy or send the file again",
        )
        return Arrived(path, seen.key, error)

    def _listing(self) -> Iterator[tuple[Path, Key]]:
        apart = {folder.resolve() for folder in self.apart}
        for parent, folders, names in os.walk(self.folder):
            here = Path(parent)
            folders[:] = sorted(n for n in folders if not n.startswith(".") and (here / n).resolve() not in apart)
            for name in sorted(names):
                try:
                    status = (here / name).stat()
                except OSError:
                    continue  # Gone since it was listed, or a link to nowhere.
                yield here / name, (status.st_ino, status.st_size, status.st_mtime_ns)


def is_temporary(name: str) -> bool:
    """Whether a name says that its file is still being written."""
    return name.startswith(".") or name.lower().endswith(TEMPORARY)


def _in_words(seconds: float) -> str:
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
