"""What a clip is compared with: the reference copy that the registry keeps, or the full original where it is at hand.

A full original is used where its file lies in a folder that the asker named, and its credential, read anew, makes it
that very asset. Its frames are then read at the size of a reference copy, so that all that was measured there holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from provenance.assets import Original, asset_id_of
from provenance.catalog import Catalog
from provenance.credentials.reader import read_credential
from provenance.credentials.values import CredentialState
from provenance.errors import CredentialError, MediaError
from provenance.identity import identity_of
from provenance.media.probe import probe
from provenance.report import ComparedWith
from provenance.settings import Settings
from provenance.trust.anchors import AnchorList
from provenance.trust.policy import Policy
from verifier.archive import Archive
from verifier.watch import UNWATCHED, TimeSpentError, Watch

NOTHING_TO_COMPARE_WITH = "its publisher withheld the reference copy, and the full original is not at hand"
"""Why a clip of a known original cannot be examined."""


def compared_with(reference: Path | None, *, full: bool) -> ComparedWith | None:
    """What is compared with, in the report's words; None without ``reference``."""
    if reference is None:
        return None
    return ComparedWith.FULL if full else ComparedWith.REFERENCE


@dataclass(frozen=True, slots=True)
class Originals:
    """Where full originals are looked for, and who may have signed them."""

    archive: Archive
    anchors: Sequence[AnchorList]
    policy: Policy


class Copies:
    """Copies and full originals for one run, each fetched and proven once.

    ``work``: a folder of the caller's for what is fetched. ``originals``: None where full originals are not wanted.
    """

    def __init__(
        self, catalog: Catalog | None, work: Path, settings: Settings, originals: Originals | None = None
    ) -> None:
        self.work = work
        self._catalog = catalog
        self._settings = settings
        self._originals = originals
        self._references: dict[str, Path | None] = {}
        self._full: dict[str, Path | None] = {}
        self._identities: dict[Path, str | None] = {}
        self._notes: dict[str, str] = {}

    def reference(self, original: Original) -> Path | None:
        """The reference copy; None where the publisher withheld it.

        Raises:
            RegistryError: the registry cannot be asked, or its reference copy is not the signed one.
        """
        asset_id = original.asset_id
        if asset_id not in self._references:
            found = self._catalog.reference_copy(asset_id, self.work) if self._catalog is not None else None
            self._references[asset_id] = found
        return self._references[asset_id]

    def full(self, original: Original, watch: Watch = UNWATCHED) -> Path | None:
        """The signed file itself; None where it is not at hand, does not hold, or there was no time: see ``notes``."""
        asset_id = original.asset_id
        if self._originals is None:
            return None
        if asset_id not in self._full:
            try:
                self._full[asset_id] = self._proven(original, self._originals, watch)
            except TimeSpentError:
                self._full[asset_id] = None
                self._notes[asset_id] = watch.reason
        return self._full[asset_id]

    def at_hand(self, original: Original, watch: Watch = UNWATCHED) -> Path | None:
        """What is quickest to look at: the reference copy, else the full original.

        Raises:
            RegistryError: see ``reference``.
        """
        return self.reference(original) or self.full(original, watch)

    def forsake(self, original: Original) -> None:
        """Use the full original no more: its file turned out not to decode."""
        self._full[original.asset_id] = None
        self._notes[original.asset_id] = "its file cannot be decoded"

    def notes(self, originals: Iterable[Original]) -> list[str]:
        """Why the full originals of these were not used, for the report. No path is named."""
        noted = {original.asset_id: original.title for original in originals if original.asset_id in self._notes}
        return [f"the full original of “{title}”: {self._notes[asset_id]}" for asset_id, title in noted.items()]

    def doubt(self) -> str | None:
        """Why nothing can be said: a full original was written to while it was compared with."""
        if all(identity_of(path) == identity for path, identity in self._identities.items()):
            return None
        return "the file of its full original changed while it was compared with"

    def _proven(self, original: Original, among: Originals, watch: Watch) -> Path | None:
        note = "it is not in the folders of originals"
        for path in among.archive.claimants(original.asset_id, watch):
            watch.step(0.0)
            identity = identity_of(path)
            try:
                credential = read_credential(path, anchors=among.anchors, policy=among.policy)
                label, binding = credential.manifest_label, credential.hard_binding
                same = label and binding and asset_id_of(label, binding) == original.asset_id
                if credential.state is CredentialState.AUTHENTIC and same:
                    probe(path, limits=self._settings.limits, require_sandbox=self._settings.require_sandbox)
                    self._identities[path] = identity
                    return path
                note = f"the credential of its file does not hold ({credential.state.value})"
            except (MediaError, CredentialError):
                note = "its file cannot be read"
        self._notes[original.asset_id] = note
        return None
