"""Whether every asset of a folder is signed and intact: finding the assets, then reading each credential."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provenance.credentials.reader import SIDECAR_SUFFIX, read_credential
from provenance.credentials.values import CredentialState
from provenance.errors import CredentialError, MediaError
from provenance.media import kinds
from provenance.media.values import MediaKind
from provenance.trust.anchors import AnchorList
from provenance.trust.policy import Policy
from verifier.credential_view import explanation

MEDIA_SUFFIXES = frozenset(
    suffix for kind in vars(kinds).values() if isinstance(kind, MediaKind) for suffix in kind.suffixes
)
"""Suffixes by which a file calls itself media: such a file is never passed over."""


@dataclass(frozen=True, slots=True)
class Found:
    """What lies under the paths asked about: the assets in a fixed order, and how many other files."""

    assets: tuple[Path, ...]
    ignored: int


@dataclass(frozen=True, slots=True)
class CheckedAsset:
    """One asset's answer. ``state`` is a credential state, or ``unreadable`` where the file is no readable media."""

    path: Path
    good: bool
    state: str
    signer: str | None = None
    reason: str | None = None
    codes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The answer as a JSON object."""
        return {
            "path": os.fsdecode(self.path).encode("utf-8", "replace").decode(),
            "good": self.good,
            "state": self.state,
            "signer": self.signer,
            "reason": self.reason,
            "codes": list(self.codes),
        }


def find_assets(paths: Iterable[Path]) -> Found:
    """Named files, and the media in folders. Hidden folders and files, and sidecars, are passed over.

    Raises:
        MediaError: a path is missing, or there is no asset at all.
    """
    assets: dict[Path, None] = {}
    ignored = 0
    for path in paths:
        # os.path: a name too long to exist is not there, rather than an error of the system.
        if os.path.isdir(path):  # noqa: PTH112
            for file in _files(path):
                if _is_asset(file):
                    assets[file] = None
                else:
                    ignored += 1
        elif os.path.lexists(path):
            assets[path] = None
        else:
            raise MediaError(
                "media.missing",
                f"there is nothing at {path}",
                expected="a file or a folder",
                found="nothing",
                hint="check the spelling, and from which folder the command runs",
            )
    if not assets:
        raise MediaError(
            "check.no_assets",
            "there is no asset to check",
            expected="at least one media file",
            found=f"{ignored} other files",
            hint="name the folder that holds the media",
        )
    return Found(tuple(assets), ignored)


def check_assets(assets: Iterable[Path], *, anchors: Sequence[AnchorList], policy: Policy) -> Iterator[CheckedAsset]:
    """Read the credential of each asset; one that cannot be read is an answer, not an error."""
    for path in assets:
        try:
            credential = read_credential(path, anchors=anchors, policy=policy)
            if credential.state is CredentialState.UNSUPPORTED and credential.remote_url is None:
                kinds.sniff(path)  # what is no media at all is no state of a credential
        except (MediaError, CredentialError) as error:
            yield CheckedAsset(path, False, "unreadable", reason=error.message, codes=(error.code,))
            continue
        good = credential.state is CredentialState.AUTHENTIC
        yield CheckedAsset(
            path,
            good,
            credential.state.value,
            signer=credential.signer.name if credential.signer else None,
            reason=" ".join([explanation(credential), *(f"[{code}]" for code in credential.codes)]),
            codes=credential.codes,
        )


def _files(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise MediaError(
            "media.unreadable",
            f"the folder {error.filename} cannot be searched",
            found=error.strerror,
            hint="check its permissions: what is in it would go unchecked",
        ) from error

    for root, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(root, name) for name in sorted(files) if not name.startswith("."))


def _is_asset(path: Path) -> bool:
    if path.suffix.lower() == SIDECAR_SUFFIX:
        return False
    if path.suffix.lower() in MEDIA_SUFFIXES:
        return True
    try:
        kinds.sniff(path)
    except MediaError as error:
        # What cannot be opened might be an asset; what is empty or no media is not.
        return error.code not in ("media.unrecognised", "media.empty")
    return True
