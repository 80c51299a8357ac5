"""A registry elsewhere, gone over with one's own trust: nothing is believed but what is signed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from urllib.parse import quote

from provenance.credentials.library import MAX_MANIFEST_BYTES
from provenance.errors import RegistryError
from provenance.fingerprints.values import Fingerprints
from provenance.revocation import Revocation
from registry.assets import Event
from registry.client.catalog import MAX_REFERENCE_BYTES
from registry.client.connection import Connection
from registry.client.prints import unpacked
from registry.listing import MAX_PAGE
from registry.log.notes import Verifier
from registry.log.receipts import Receipt, read_receipt
from registry.reverify.values import Held
from registry.wire import Asset, AssetPage, FingerprintSet, LogReceipt

MOST_ASSETS = 5_000_000
_BOUND_KINDS = ("frames", "sound", "features_sha256", "iscc")
"""Fingerprints that a manifest holds. Local features are left out: nobody has to believe them."""


class HoldingsElsewhere:
    """A registry by its address. Implements ``values.Holdings``. ``verifier``: see ``log.watching.key_of``."""

    def __init__(self, connection: Connection, verifier: Verifier) -> None:
        self._connection = connection
        self.verifier: Verifier | None = verifier

    def asset_ids(self, owner: str | None = None) -> Sequence[str]:
        """See ``Holdings``; those that the connection's token may see."""
        found: list[str] = []
        asked = {"limit": str(MAX_PAGE)} | ({"owner": owner} if owner is not None else {})
        while len(found) < MOST_ASSETS:
            page = self._connection.get("/v1/assets", AssetPage, asked)
            found += [asset.asset_id for asset in page.assets]
            if page.next is None or not page.assets:
                return found
            asked["cursor"] = page.next
        raise RegistryError("registry.answer", "the registry's list has no end", found=f"{len(found)} assets")

    def held(self, asset_id: str) -> Held:
        """See ``Holdings``."""
        told = self._connection.get(_path(asset_id), Asset)
        if told.asset_id != asset_id:
            raise RegistryError(
                "registry.answer",
                "the registry answers with another asset",
                expected=asset_id,
                found=told.asset_id[:40],
            )
        revoked = told.revoked
        return Held(
            asset_id=asset_id,
            title=told.title,
            signer=told.signer,
            signer_fingerprint=told.signer_fingerprint,
            signed_at=told.signed_at,
            registered_at=told.registered_at,
            manifest_label=told.manifest_label,
            hard_binding=told.hard_binding,
            reference_sha256=told.reference_sha256,
            status=told.status,
            revoked=Revocation(revoked.since, revoked.recorded_at, revoked.reason) if revoked else None,
            events=tuple(Event(e.number, e.kind, e.at, e.actor or "", e.detail, None) for e in told.events),
        )

    def manifest(self, asset_id: str) -> bytes:
        """See ``Holdings``."""
        return self._connection.content(_path(asset_id, "/manifest"), limit=MAX_MANIFEST_BYTES)

    def read_reference(self, held: Held) -> None:
        """See ``Holdings``."""
        digest = hashlib.sha256()
        with self._connection.pieces(_path(held.asset_id, "/reference"), MAX_REFERENCE_BYTES) as pieces:
            for piece in pieces:
                digest.update(piece)
        if digest.hexdigest() != held.reference_sha256:
            raise RegistryError("blobs.tampered", "the registry sent another reference copy than it names")

    def fingerprints(self, asset_id: str) -> Fingerprints:
        """See ``Holdings``."""
        path = _path(asset_id, "/fingerprints")
        return unpacked(self._connection.get(path, FingerprintSet, {"kind": list(_BOUND_KINDS)}), _BOUND_KINDS)

    def receipt(self, asset_id: str, number: int) -> Receipt | None:
        """See ``Holdings``."""
        try:
            told = self._connection.get(_path(asset_id, "/receipt"), LogReceipt, {"number": str(number)})
        except RegistryError as error:
            if error.code != "log.no_entry":
                raise
            return None
        return read_receipt(told.model_dump())

    def detail_sha256(self, event: Event) -> str | None:  # noqa: ARG002 - the port's signature
        """None: strangers are not shown all of an event."""
        return None


def _path(asset_id: str, rest: str = "") -> str:
    return f"/v1/assets/{quote(asset_id, safe='')}{rest}"
