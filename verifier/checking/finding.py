"""Finding what is to be checked: named files, folders and patterns, or what was changed in a repository."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from provenance.credentials.values import SIDECAR_SUFFIX
from provenance.errors import MediaError
from provenance.files import is_folder
from provenance.ignoring import IgnoreFiles, top_of
from provenance.media import kinds
from provenance.media.values import MediaKind
from verifier.checking.revisions import Repository

_TYPESCRIPT = frozenset({".ts", ".mts"})
MEDIA_SUFFIXES = (
    frozenset(suffix for kind in vars(kinds).values() if isinstance(kind, MediaKind) for suffix in kind.suffixes)
    - _TYPESCRIPT
)
"""Suffixes by which a file calls itself media: such a file is never passed over. Those of MPEG transport streams are
TypeScript's, too: there, the content decides."""


@dataclass(frozen=True, slots=True)
class Asset:
    """What is to be checked: the name to speak of it by, and the file that holds its bytes."""

    name: Path
    file: Path


@dataclass(frozen=True, slots=True)
class Found:
    """The assets in a fixed order; how many files are no assets, and how many ``.provenanceignore`` leaves out."""

    assets: tuple[Asset, ...]
    ignored: int = 0
    excluded: int = 0


def find_assets(paths: Iterable[Path]) -> Found:
    """Named files, and the media in folders and quoted patterns. Hidden files and folders are passed over in those, and
    sidecars everywhere: of one that is named, the asset is taken.

    Raises:
        MediaError: a path is missing, a folder cannot be searched, or there is no asset at all.
        CheckError: an ignore file cannot be used.
    """
    search = _Search()
    for path in paths:
        if is_folder(path):
            search.folder(path)
        elif os.path.lexists(path):
            search.file(path, named=True)
        else:
            search.pattern(path)
    found = search.found()
    if not found.assets and not found.excluded:
        raise MediaError(
            "check.no_assets",
            "there is no asset to check",
            expected="at least one media file",
            found=f"{found.ignored} other files",
            hint="name the folder that holds the media",
        )
    return found


def find_changed(repository: Repository, revision: str, within: Sequence[Path]) -> Found:
    """The assets that differ from those of a revision, below the paths of ``within`` where there are any."""
    return _of_changes(_below(repository.changed_since(revision), within)).found()


def find_staged(repository: Repository, within: Sequence[Path], stack: ExitStack) -> Found:
    """The assets that the next commit would add or change, as it would hold them: the working tree may be further on.

    They are written into a temporary folder that ``stack`` removes.
    """
    held = repository.in_index()
    search = _of_changes(_below(repository.staged(), within), held)
    wanted = {path: None for asset in search.assets for path in (_absolute(asset), *_sidecars(_absolute(asset)))}
    folder = Path(stack.enter_context(TemporaryDirectory(prefix="provenance-staged-")))
    repository.write_out([path for path in wanted if path in held], folder)
    copies = {name: folder / _absolute(name).relative_to(repository.top) for name in search.assets}
    # A link is no asset; what it leads to is one where it lies.
    assets = [Asset(name, copy) for name, copy in copies.items() if not copy.is_symlink() and _is_asset(copy)]
    return Found(tuple(assets), search.ignored + len(copies) - len(assets), search.excluded)


class _Search:
    """What was found so far; each file counts once, however often it is met."""

    def __init__(self) -> None:
        self.assets: dict[Path, None] = {}
        self._seen: set[Path] = set()
        self.ignored = 0
        self.excluded = 0
        self._ignores: dict[Path, IgnoreFiles] = {}

    def found(self) -> Found:
        return Found(tuple(Asset(path, path) for path in self.assets), self.ignored, self.excluded)

    def folder(self, folder: Path) -> None:
        ignores = self._ignores_of(folder)
        for root, folders, files in os.walk(folder, onerror=_refuse):
            here = Path(root)
            if ignores.ignores_folder(here):
                self.excluded += self._first(here)
                folders.clear()
                continue
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(name for name in files if not name.startswith(".")):
                self.file(here / name, ignores=ignores)

    def pattern(self, pattern: Path) -> None:
        found = sorted(glob.glob(str(pattern), recursive=True)) if glob.has_magic(str(pattern)) else []  # noqa: PTH207
        if not found:
            raise _missing(pattern, "a file, a folder, or a quoted pattern that something matches")
        for name in found:
            if is_folder(Path(name)):
                # What is below a matched folder is matched, too, or meant: '**' gives both.
                self.folder(Path(name))
            else:
                self.file(Path(name))

    def file(self, path: Path, *, named: bool = False, ignores: IgnoreFiles | None = None) -> None:
        """``named``: given as it is, so that it is an asset whatever it looks like."""
        if not self._first(path):
            return
        if path.suffix.lower() == SIDECAR_SUFFIX:
            if not named or not (owners := owners_of(path)):
                self.ignored += 1
                return
            for owner in owners:
                self.file(owner)
        elif (ignores or self._ignores_of(path)).ignores(path):
            self.excluded += 1
        elif named or _is_asset(path):
            self.assets[path] = None
        else:
            self.ignored += 1

    def _first(self, path: Path) -> bool:
        absolute = _absolute(path)
        first = absolute not in self._seen
        self._seen.add(absolute)
        return first

    def _ignores_of(self, path: Path) -> IgnoreFiles:
        top = top_of(path)
        return self._ignores.setdefault(top, IgnoreFiles(top))


def _of_changes(changed: Iterable[Path], held: set[Path] | None = None) -> _Search:
    """``held``: all that there is, where that is not the working tree; whether it is media is then seen later."""
    search = _Search()
    here = Path.cwd()
    for path in changed:
        sidecar = path.suffix.lower() == SIDECAR_SUFFIX
        for asset in owners_of(path, held) if sidecar else [path]:
            if asset not in held if held is not None else not asset.is_file():
                continue
            shown = asset.relative_to(here) if here in asset.parents else asset
            search.file(shown, named=held is not None)
    return search


def owners_of(sidecar: Path, held: set[Path] | None = None) -> list[Path]:
    """The assets whose credential a sidecar may hold: ``clip.webm`` for ``clip.webm.c2pa`` and for ``clip.c2pa``."""
    if held is None:
        there = sorted(sidecar.parent.iterdir()) if is_folder(sidecar.parent) else []
    else:
        there = sorted(path for path in held if path.parent == sidecar.parent)
    return [p for p in there if p != sidecar and sidecar in _sidecars(p) and p.suffix.lower() != SIDECAR_SUFFIX]


def _sidecars(asset: Path) -> tuple[Path, Path]:
    return asset.with_name(asset.name + SIDECAR_SUFFIX), asset.with_suffix(SIDECAR_SUFFIX)


def _below(paths: Iterable[Path], within: Sequence[Path]) -> list[Path]:
    for path in within:
        if not os.path.lexists(path):
            raise _missing(path, "a file or a folder of the repository")
    # As git names them: without links on the way.
    limits = [Path(os.path.realpath(_absolute(path).parent)) / _absolute(path).name for path in within]
    return [path for path in paths if not limits or any(path.is_relative_to(limit) for limit in limits)]


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100


def _missing(path: Path, expected: str) -> MediaError:
    return MediaError(
        "media.missing",
        f"there is nothing at {path}",
        expected=expected,
        found="nothing",
        hint="check the spelling, and from which folder the command runs",
    )


def _refuse(error: OSError) -> None:
    raise MediaError(
        "media.unreadable",
        f"the folder {error.filename} cannot be searched",
        found=error.strerror,
        hint="check its permissions: what is in it would go unchecked",
    ) from error


def _is_asset(path: Path) -> bool:
    if path.suffix.lower() in MEDIA_SUFFIXES:
        return True
    try:
        kinds.sniff(path)
    except MediaError as error:
        # What cannot be opened might be an asset; what is empty or no media is not.
        return error.code not in ("media.unrecognised", "media.empty")
    return True
