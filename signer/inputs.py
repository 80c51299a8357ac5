"""Which files a batch is about, and where each output goes: named files, folders with all below them, patterns."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from provenance.errors import MediaError, OutputError
from provenance.files import is_file, is_folder
from provenance.media.kinds import sniff

MARK = ".signed"
NOT_MEDIA = "not media"
_SKIPPED = {"media.unrecognised": NOT_MEDIA, "media.empty": "empty"}


@dataclass(frozen=True, slots=True)
class Item:
    """A file to sign and where the result goes."""

    source: Path
    target: Path


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was found and is none to sign, and why."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """What the inputs come to. ``single``: one named file, no batch. ``roots``: the folders that outputs go into."""

    items: tuple[Item, ...]
    skipped: tuple[Skipped, ...]
    single: bool
    roots: tuple[Path, ...]


def find_inputs(inputs: Sequence[Path], output: Path | None, home: Path) -> Found:
    """Find what is to be signed: named files as they are, what folders and patterns hold if its content is media.

    Below a folder or the fixed part of a pattern, the tree is repeated under ``output``; a named file goes into it
    directly. Hidden files, folders that are links, and ``home``, which holds reference copies, are not looked into.

    Raises:
        MediaError: ``media.missing``: nothing matches a pattern. ``media.none``: there is nothing to sign.
            ``media.unreadable``: a folder cannot be searched.
        OutputError: ``output.ambiguous``: two sources would go to one target. ``output.folder``: ``output`` is a file
            where a folder is needed.
    """
    items: dict[Path, Item] = {}
    skipped: dict[Path, Skipped] = {}
    roots: list[Path] = []
    several = len(inputs) > 1 or any(map(is_many, inputs))
    for given in inputs:
        if is_folder(given):
            base = given
            files = _below(base, _apart(base, home, output))
        elif is_pattern(given):
            base = _fixed_part(given)
            files = _matches(given, _apart(base, home, output))
        else:
            items.setdefault(given.absolute(), Item(given, _beside(given, output)))
            roots.append(output or given.parent)
            continue
        if output is not None and os.path.lexists(output) and not is_folder(output):
            raise OutputError(
                "output.folder",
                f"{output} is a file, and what is in {given} needs a folder",
                expected="a folder, or a name that is free",
                hint="name another output with -o",
            )
        roots.append(output or base)
        for path in files:
            reason = reason_to_skip(path)
            if reason is not None:
                skipped.setdefault(path.absolute(), Skipped(path, reason))
                continue
            folder = path.parent if output is None else output / path.parent.relative_to(base)
            items.setdefault(path.absolute(), Item(path, folder / signed_name(path)))
    if not items:
        raise MediaError(
            "media.none",
            f"there is nothing to sign in {', '.join(map(str, inputs))}",
            expected="a folder or a pattern that holds media files",
            found=f"{len(skipped)} files, none of them media" if skipped else "no files",
            hint="check the path; hidden files and names that end in .signed are passed over",
        )
    _require_distinct(items.values())
    return Found(tuple(items.values()), tuple(skipped.values()), not several, tuple(dict.fromkeys(roots)))


def _below(folder: Path, apart: Set[Path]) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder, onerror=_refuse):
        here = Path(parent)
        folders[:] = sorted(n for n in folders if not n.startswith(".") and not _within(here / n, apart))
        yield from (here / name for name in sorted(names) if not name.startswith("."))


def _refuse(error: OSError) -> None:
    raise MediaError(
        "media.unreadable",
        f"the folder {error.filename} cannot be searched",
        found=error.strerror,
        hint="check its permissions: what is in it would go unsigned",
    ) from error


def _apart(base: Path, *folders: Path | None) -> set[Path]:
    """Those of the folders that lie below ``base``, and are not to be looked into."""
    resolved = {folder.resolve() for folder in folders if folder is not None}
    return {folder for folder in resolved if base.resolve() in folder.parents}


def _within(path: Path, apart: Set[Path]) -> bool:
    resolved = path.resolve()
    return any(resolved.is_relative_to(folder) for folder in apart)


def is_many(path: Path) -> bool:
    """Whether an input stands for any number of files: a folder or a pattern."""
    return is_folder(path) or is_pattern(path)


def is_pattern(path: Path) -> bool:
    """Whether a name that is no file's has wildcards."""
    return glob.has_magic(str(path)) and not os.path.lexists(path)


def _fixed_part(pattern: Path) -> Path:
    parts = list(pattern.parts)
    first = next(at for at, part in enumerate(parts) if glob.has_magic(part))
    return Path(*parts[:first])


def _matches(pattern: Path, apart: Set[Path]) -> Iterator[Path]:
    matches = [Path(name) for name in sorted(glob.glob(str(pattern), recursive=True))]  # noqa: PTH207  (pathlib's takes no absolute pattern)
    if not matches:
        raise MediaError(
            "media.missing",
            f"nothing matches {pattern}",
            expected="a pattern that files or folders match, such as 'footage/**/*.mp4'",
            found="no match",
            hint="check the pattern; quote it so that the shell leaves it alone",
        )
    for path in matches:
        if _within(path, apart):
            continue
        if is_folder(path):
            yield from _below(path, apart)
        else:
            yield path


def reason_to_skip(path: Path) -> str | None:
    """Why a file found in a folder is none to sign, in words; None where it is one."""
    if path.stem.endswith(MARK) or f"{MARK}." in path.name:
        return "named as an output of signing"
    if not is_file(path):
        return "not a regular file"
    try:
        sniff(path)
    except MediaError as error:
        # What cannot be opened is not skipped: it may be what was meant, and fails with its reason.
        return _SKIPPED.get(error.code)
    return None


def _beside(source: Path, output: Path | None) -> Path:
    if not source.name:
        # "." and "/" have no name to derive one from; that they are no files is said where they are opened.
        return source
    if output is None:
        return source.with_name(signed_name(source))
    return output / signed_name(source) if is_folder(output) else output


def signed_name(source: Path) -> str:
    """The name of what a file becomes when it is signed: ``clip.signed.mp4``."""
    return f"{source.stem}{MARK}{source.suffix}"


def _require_distinct(items: Iterable[Item]) -> None:
    taken: dict[Path, Path] = {}
    for item in items:
        other = taken.setdefault(item.target.absolute(), item.source)
        if other is not item.source:
            raise OutputError(
                "output.ambiguous",
                f"{other} and {item.source} would both become {item.target}",
                expected="one output for each input",
                hint="sign them into different folders",
            )
