"""What a registry holds of an asset, and what changed since it was registered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from provenance.fingerprints.values import Fingerprints
from provenance.revocation import Revocation
from registry.assets import Event
from registry.log.notes import Verifier
from registry.log.receipts import Receipt


class Kind(StrEnum):
    """What changed; the words are stable."""

    CREDENTIAL_INVALID = "credential_invalid"
    SIGNER_UNTRUSTED = "signer_untrusted"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_REVOKED = "certificate_revoked"
    MANIFEST_MISSING = "manifest_missing"
    MANIFEST_CHANGED = "manifest_changed"
    REFERENCE_MISSING = "reference_missing"
    REFERENCE_CHANGED = "reference_changed"
    REFERENCE_UNBOUND = "reference_unbound"
    FINGERPRINTS_UNBOUND = "fingerprints_unbound"
    FACTS_UNBOUND = "facts_unbound"
    LOG_MISSING = "log_missing"
    LOG_DIFFERS = "log_differs"
    LOG_UNPROVEN = "log_unproven"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Change:
    """Something that is no more as it was. ``holds``: the asset may be relied on all the same.

    ``explanation`` may have foreign text in it: escape it.
    """

    kind: Kind
    explanation: str
    holds: bool = False


@dataclass(frozen=True, slots=True)
class Reverified:
    """An asset that was gone over."""

    asset_id: str
    title: str
    signer: str
    changes: tuple[Change, ...]

    @property
    def holds(self) -> bool:
        """Whether it may be relied on as when it was registered."""
        return all(change.holds for change in self.changes)

    def as_json(self) -> dict[str, Any]:
        """The asset as a JSON object."""
        changes = [{"kind": c.kind.value, "holds": c.holds, "explanation": c.explanation} for c in self.changes]
        return {"asset_id": self.asset_id, "title": self.title, "signer": self.signer, "changes": changes}


@dataclass(frozen=True, slots=True)
class Held:
    """What a registry says of an asset; see ``provenance.assets.Original``. ``events`` from the first one on."""

    asset_id: str
    title: str
    signer: str
    signer_fingerprint: str
    signed_at: str | None
    registered_at: str
    manifest_label: str
    hard_binding: str
    reference_sha256: str | None
    status: str
    revoked: Revocation | None
    events: tuple[Event, ...]

    @property
    def content_checked(self) -> bool:
        """Whether the file itself was there when it was registered."""
        return not self.events or self.events[0].detail.get("content_checked") is not False


class Holdings(Protocol):
    """A registry whose assets are gone over. ``verifier``: the key of its log; None where that was never signed.

    Every method raises ``RegistryError`` where the registry cannot be read.
    """

    @property
    def verifier(self) -> Verifier | None:
        """See above."""
        ...

    def asset_ids(self, owner: str | None = None) -> Sequence[str]:
        """All assets, or those of an owner; the newest first."""
        ...

    def held(self, asset_id: str) -> Held:
        """What is said of an asset.

        Raises:
            RegistryError: it is not registered (``asset.unknown``).
        """
        ...

    def manifest(self, asset_id: str) -> bytes:
        """Its stored manifest.

        Raises:
            RegistryError: ``blobs.missing``, ``blobs.tampered``.
        """
        ...

    def read_reference(self, held: Held) -> None:
        """Read its reference copy to the end.

        Raises:
            RegistryError: ``blobs.missing``, ``blobs.tampered``.
        """
        ...

    def fingerprints(self, asset_id: str) -> Fingerprints:
        """Its fingerprints as they are stored.

        Raises:
            RegistryError: they are damaged (``registry.corrupt``).
        """
        ...

    def receipt(self, asset_id: str, number: int) -> Receipt | None:
        """That one of its events is in the log; None where it is not.

        Raises:
            LogError: there is no proof.
        """
        ...

    def detail_sha256(self, event: Event) -> str | None:
        """The hash that an event's leaf must have of its detail; None where not all of the detail is shown."""
        ...
