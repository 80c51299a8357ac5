"""Stored manifests by their label, for those who may see their asset."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_, select

from registry.models import AssetRow, ManifestRow
from registry.store import Registry
from registry.visibility import WITHDRAWN, open_to_all, visible

MAX_LABEL = 500


@dataclass(frozen=True, slots=True)
class StoredManifest:
    """A manifest store by the SHA-256 of its blob. ``open``: not only its owner may see it."""

    sha256: str
    open: bool


def by_label(registry: Registry, label: str, viewer: str | None) -> StoredManifest | None:
    """The manifest with this label; of several, the one registered first. Withdrawn ones are for their owner only."""
    shown: ColumnElement[bool] = AssetRow.status != WITHDRAWN
    if viewer is not None:
        shown = or_(shown, AssetRow.owner == viewer)
    return _find(registry, and_(AssetRow.manifest_label == label, shown), viewer)


def of_asset(registry: Registry, asset_id: str, viewer: str | None) -> StoredManifest | None:
    """The manifest of an asset that the viewer may see, withdrawn or not."""
    return _find(registry, AssetRow.asset_id == asset_id, viewer)


def _find(registry: Registry, condition: ColumnElement[bool], viewer: str | None) -> StoredManifest | None:
    now = registry.now()
    with registry.reading() as session:
        found = session.execute(
            select(ManifestRow.blob_sha256, open_to_all(now))
            .join(AssetRow, AssetRow.asset_id == ManifestRow.asset_id)
            .where(condition, visible(viewer, now))
            .order_by(AssetRow.registered_at, AssetRow.asset_id)
            .limit(1)
        ).one_or_none()
    return None if found is None else StoredManifest(found[0], bool(found[1]))
