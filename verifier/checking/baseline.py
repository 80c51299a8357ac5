"""Baselines: a list of old files whose faults are known, each by the bytes it had then."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from provenance.errors import CheckError, MediaError, OutputError
from provenance.files import is_file, replace_atomically, sha256_file
from verifier.checking.examining import CheckedAsset

SCHEMA = "provenance.check-baseline/1"
MAX_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """A known fault: SHA-256 (hex) of the file, and a ``Fault``."""

    sha256: str
    fault: str


@dataclass(frozen=True, slots=True)
class Baseline:
    """The entries by name, relative to ``folder`` (that of the list), with slashes."""

    folder: Path
    entries: dict[str, Entry]

    def applied(self, checked: Iterable[CheckedAsset]) -> tuple[list[CheckedAsset], list[str]]:
        """The answers with those marked whose fault is known, and the names of stale entries: of files that are gone,
        that were changed, or whose fault is another or none any more. Of files that were not checked, only whether
        they are there is told."""
        answers = []
        met: set[str] = set()
        stale: set[str] = set()
        for asset in checked:
            name = _name(asset.path, self.folder)
            entry = self.entries.get(name)
            if entry is None:
                answers.append(asset)
                continue
            met.add(name)
            known = entry == _entry(asset)
            answers.append(replace(asset, known=known))
            if not known:
                stale.add(name)
        stale |= {name for name in self.entries if name not in met and not os.path.lexists(self.folder / name)}
        return answers, sorted(stale)


def load_baseline(path: Path) -> Baseline:
    """The list in a file.

    Raises:
        CheckError: it cannot be read, or is no such list.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise _refusal(path, f"more than {MAX_BYTES} bytes")
        table = json.loads(data)
        if not isinstance(table, dict) or table.get("schema") != SCHEMA:
            raise _refusal(path, "something else")
        return Baseline(_folder(path), dict(_parsed(entry) for entry in table["files"]))
    except OSError as error:
        raise _refusal(path, error.strerror or str(error)) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _refusal(path, f"{type(error).__name__}: {error}"[:200]) from error


def refuse_other(path: Path) -> None:
    """A list replaces an older list, but never a file that is something else.

    Raises:
        OutputError: ``output.foreign``.
    """
    if not is_file(path) or not path.stat().st_size:
        return
    try:
        load_baseline(path)
    except CheckError as error:
        raise OutputError(
            "output.foreign",
            f"{path} is no older baseline, and would be lost",
            expected=f"a name that is free, or a list of {SCHEMA}",
            found=error.found,
            hint="choose another name",
        ) from error


def write_baseline_of(path: Path, checked: Sequence[CheckedAsset]) -> int:
    """List the faults of these in a file, in place of an older list; how many there are.

    Raises:
        OutputError: it cannot be written.
    """
    folder = _folder(path)
    files = []
    for asset in checked:
        entry = _entry(asset)
        if entry is not None:
            files.append({"path": _name(asset.path, folder), "sha256": entry.sha256, "fault": entry.fault})
    table = {"schema": SCHEMA, "files": sorted(files, key=lambda file: file["path"])}
    with replace_atomically(path, replace=True) as staged:
        staged.write_text(json.dumps(table, indent=2) + "\n", encoding="ascii")
    return len(files)


def _entry(asset: CheckedAsset) -> Entry | None:
    """What a baseline would say of it; None where it is good, or its bytes cannot be read."""
    if asset.fault is None:
        return None
    try:
        return Entry(sha256_file(asset.file), asset.fault.value)
    except MediaError:
        return None


def _parsed(entry: dict[str, Any]) -> tuple[str, Entry]:
    path, sha256, fault = entry["path"], entry["sha256"], entry["fault"]
    if not all(isinstance(value, str) for value in (path, sha256, fault)):
        raise TypeError("an entry's path, sha256 and fault are text")
    return path, Entry(sha256, fault)


def _folder(path: Path) -> Path:
    return Path(os.path.realpath(path.parent))


def _name(path: Path, folder: Path) -> str:
    return os.path.relpath(Path(os.path.realpath(path.parent)) / path.name, folder).replace(os.sep, "/")


def _refusal(path: Path, found: str) -> CheckError:
    return CheckError(
        "check.baseline",
        f"the baseline {path} cannot be used",
        expected=f"a list of {SCHEMA}",
        found=found,
        hint=f"write one with `provenance check … --baseline {path} --write-baseline`",
    )
