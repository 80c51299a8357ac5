"""The catalog port over the registry in this process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from provenance.assets import Original, asset_id_of
from provenance.catalog import Nomination, Query
from provenance.errors import RegistryError
from registry import index
from registry.assets import load_original
from registry.models import AssetRow, BlobRow
from registry.references import suffix_of
from registry.store import Registry
from registry.visibility import shown, visible


class LocalCatalog:
    """Implements ``provenance.catalog.Catalog``. ``viewer``: the owner who asks, as in ``register.owner_of``."""

    def __init__(self, registry: Registry, viewer: str | None = None) -> None:
        self._registry = registry
        self._viewer = viewer

    def nominate(self, query: Query, limit: int = 10) -> list[Nomination]:
        """See ``Catalog.nominate``."""
        with self._registry.reading() as session:
            return index.nominate(session, query, limit, viewer=self._viewer, now=self._registry.now())

    def original(self, asset_id: str) -> Original | None:
        """See ``Catalog.original``. A withdrawn asset still answers, with that status."""
        with self._registry.reading() as session:
            return load_original(session, asset_id, visible(self._viewer, self._registry.now()))

    def by_manifest(self, manifest_label: str, hard_binding: str) -> Original | None:
        """See ``Catalog.by_manifest``."""
        return self.original(asset_id_of(manifest_label, hard_binding))

    def reference_copy(self, asset_id: str, into: Path) -> Path | None:
        """See ``Catalog.reference_copy``."""
        held = held_reference(self._registry, asset_id, self._viewer)
        if held is None:
            return None
        return self._registry.blobs.fetch(held.sha256, into / f"{held.sha256}{suffix_of(held.media_type)}")


@dataclass(frozen=True, slots=True)
class HeldReference:
    """A reference copy that the registry holds: its blob and media type."""

    sha256: str
    media_type: str


def held_reference(registry: Registry, asset_id: str, viewer: str | None) -> HeldReference | None:
    """The reference copy of an asset that the viewer may see, or None where none is held or the asset was withdrawn.

    Raises:
        RegistryError: it is not the signed one (``registry.corrupt``).
    """
    with registry.reading() as session:
        found = session.execute(
            select(AssetRow.signed_reference_sha256, BlobRow.sha256, BlobRow.media_type)
            .join(BlobRow, BlobRow.sha256 == AssetRow.reference_sha256)
            .where(AssetRow.asset_id == asset_id, shown(viewer, registry.now()))
        ).one_or_none()
    if found is None:
        return None
    signed, held, media_type = found
    if signed != held:
        raise RegistryError(
            "registry.corrupt",
            "the registry holds another reference copy than the signed one",
            expected=str(signed),
            found=str(held),
            hint="restore a backup (docs/backup.md)",
        )
    return HeldReference(held, media_type)
