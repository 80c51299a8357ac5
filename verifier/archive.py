"""Folders in which a newsroom keeps its signed files: which of these files claims to be which asset.

What a file claims is read once, and noted in the home with the file's identity; a file that was not touched since is
not opened again. A claim proves nothing: whoever uses the file reads its credential.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from provenance.credentials.claimed import claimed_asset_id
from provenance.credentials.reader import SIDECAR_SUFFIX, find_sidecar
from provenance.errors import OutputError
from provenance.files import replace_atomically
from provenance.identity import identity_of
from verifier.watch import UNWATCHED, Watch

Claims = dict[str, tuple[str, str | None]]
"""By path: the identity of the file (and of its sidecar), and the asset id that it claims."""


class Archive:
    """Some folders, with all below them. Links to folders, and what is hidden, are passed over."""

    def __init__(self, folders: Sequence[Path], cache: Path) -> None:
        """``cache``: a file for what was found; one that is lost or damaged is made anew."""
        self.folders = tuple(dict.fromkeys(folder.absolute() for folder in folders))
        self._cache = cache
        self._claims = _load(cache)
        self._searched = False

    def claimants(self, asset_id: str, watch: Watch = UNWATCHED) -> Iterator[Path]:
        """The files that claim to be this asset; the folders are searched only if those known already do not do.

        Raises:
            TimeSpentError: the time budget ran out.
        """
        told = set()
        for path in self._known(asset_id):
            told.add(path)
            yield path
        if not self._searched:
            self._search(watch)
            yield from (path for path in self._known(asset_id) if path not in told)

    def _known(self, asset_id: str) -> list[Path]:
        claimed = [Path(name) for name, (_, claim) in self._claims.items() if claim == asset_id]
        inside = [path for path in claimed if any(path.is_relative_to(folder) for folder in self.folders)]
        return sorted(path for path in inside if self._claims[str(path)][0] == _identity(path))

    def _search(self, watch: Watch) -> None:
        """Read what the files claim that are new or have changed."""
        changed = False
        try:
            for path in self._files():
                identity = _identity(path)
                known = self._claims.get(str(path))
                if identity is not None and (known is None or known[0] != identity):
                    watch.step(0.0)
                    self._claims[str(path)] = identity, claimed_asset_id(path)
                    changed = True
            self._searched = True
        finally:
            # Also where it was cancelled: the next run goes on from there.
            if changed:
                self._save()

    def _files(self) -> Iterator[Path]:
        for folder in self.folders:
            for root, folders, files in os.walk(folder):
                folders[:] = sorted(name for name in folders if not name.startswith("."))
                names = (name for name in sorted(files) if not name.startswith("."))
                yield from (Path(root, name) for name in names if not name.endswith(SIDECAR_SUFFIX))

    def _save(self) -> None:
        try:
            with replace_atomically(self._cache, replace=True, private=True) as path:
                path.write_text(json.dumps(self._claims), encoding="ascii")
        except OutputError:
            # A home that cannot be written to costs time, no more.
            return


def _identity(path: Path) -> str | None:
    found = identity_of(path)
    try:
        sidecar = find_sidecar(path)
    except OSError:
        # The name is too long for another, or nobody may look.
        sidecar = None
    return f"{found} {identity_of(sidecar)}" if found and sidecar else found


def _load(cache: Path) -> Claims:
    try:
        stored = json.loads(cache.read_text("ascii"))
        return {str(name): (str(identity), claim) for name, (identity, claim) in stored.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
