"""The home's own registry, gone over."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from sqlalchemy import select, true

from provenance.errors import LogError, RegistryError
from provenance.fingerprints.values import Fingerprints
from registry import packing
from registry.assets import Event, events_of, facts_of, require_asset
from registry.log.leaves import canonical
from registry.log.local import LocalLog
from registry.log.notes import Verifier, read_vkey
from registry.log.receipts import Receipt
from registry.log.sequencing import signing_key
from registry.models import AssetRow, FingerprintRow, ManifestRow
from registry.reverify.values import Held
from registry.revocations import revocation_of
from registry.store import Registry

_FACTS = (
    "asset_id",
    "title",
    "signer",
    "signer_fingerprint",
    "signed_at",
    "registered_at",
    "manifest_label",
    "hard_binding",
    "reference_sha256",
    "status",
)


class LocalHoldings:
    """An open registry. Implements ``values.Holdings``."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._log = LocalLog(registry)
        with registry.reading() as session:
            vkey = signing_key(session)
        self.verifier: Verifier | None = read_vkey(vkey) if vkey else None

    def asset_ids(self, owner: str | None = None) -> Sequence[str]:
        """See ``Holdings``."""
        wanted = true() if owner is None else AssetRow.owner == owner
        newest = AssetRow.registered_at.desc(), AssetRow.asset_id
        with self._registry.reading() as session:
            return session.scalars(select(AssetRow.asset_id).where(wanted).order_by(*newest)).all()

    def held(self, asset_id: str) -> Held:
        """See ``Holdings``."""
        with self._registry.reading() as session:
            row = require_asset(session, asset_id)
            facts = facts_of(row)
            revoked = revocation_of(session, row.signer_fingerprint)
            return Held(**{name: facts[name] for name in _FACTS}, revoked=revoked, events=events_of(session, asset_id))

    def manifest(self, asset_id: str) -> bytes:
        """See ``Holdings``."""
        with self._registry.reading() as session:
            sha256 = session.scalar(select(ManifestRow.blob_sha256).where(ManifestRow.asset_id == asset_id))
        if sha256 is None:
            raise RegistryError("blobs.missing", "no manifest is stored of this asset", found=asset_id)
        return self._registry.blobs.get(sha256)

    def read_reference(self, held: Held) -> None:
        """See ``Holdings``."""
        if held.reference_sha256 is not None:
            for _ in self._registry.blobs.read(held.reference_sha256):
                pass

    def fingerprints(self, asset_id: str) -> Fingerprints:
        """See ``Holdings``."""
        with self._registry.reading() as session:
            return packing.from_rows(session.scalars(select(FingerprintRow).where(FingerprintRow.asset_id == asset_id)))

    def receipt(self, asset_id: str, number: int) -> Receipt | None:
        """See ``Holdings``."""
        try:
            return self._log.receipt(asset_id, number)
        except ValueError as error:
            raise LogError(
                "log.tiles",
                "the log's tiles are not those of its entries, so that nothing can be proved",
                found=str(error),
                hint="restore a backup (docs/backup.md)",
            ) from error

    def detail_sha256(self, event: Event) -> str | None:
        """See ``Holdings``."""
        return hashlib.sha256(canonical(event.detail)).hexdigest()
