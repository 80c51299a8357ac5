"""Registered originals: the list with its search, each one's page, and its reference copy for a player."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from provenance.assets import Original
from provenance.errors import RegistryError
from provenance.presentation import words
from registry.assets import show_asset
from registry.catalog import held_reference
from registry.listing import Wanted, list_page
from registry.log.local import LocalLog
from registry.server.filters import moment
from registry.server.html import page
from registry.server.ranged import ranged
from registry.server.service import Open, Viewer
from registry.visibility import visible

router = APIRouter(prefix="/originals", include_in_schema=False)
_PAGE = 50
_MAX_TEXT = 300


@router.get("", response_class=HTMLResponse)
def originals(
    request: Request,
    service: Open,
    viewer: Viewer,
    q: Annotated[str, Query(max_length=_MAX_TEXT)] = "",
    owner: Annotated[str, Query(max_length=_MAX_TEXT)] = "",
    after: Annotated[str | None, Query(max_length=100)] = None,
) -> HTMLResponse:
    """Fifty at a time, newest first."""
    wanted = Wanted(owner=owner or None, text=q)
    found = list_page(service.registry, wanted, viewer=viewer, limit=_PAGE, cursor=after)
    asked = {name: value for name, value in (("q", q), ("owner", owner)) if value}
    return page(
        request,
        "originals.html.j2",
        title="Originals",
        found=found,
        q=q,
        owner=owner,
        first=f"/originals?{urlencode(asked)}" if after else None,
        older=f"/originals?{urlencode({**asked, 'after': found.cursor})}" if found.cursor else None,
    )


@router.get("/{asset_id}", response_class=HTMLResponse)
def original(request: Request, service: Open, viewer: Viewer, asset_id: str) -> HTMLResponse:
    """Everything about one original, as the viewer may see it."""
    registry = service.registry
    record = show_asset(registry, asset_id, visible(viewer, registry.now()))
    return page(
        request,
        "original.html.j2",
        title=record.original.title,
        record=record,
        held=held_reference(registry, asset_id, viewer),
        facts=_facts(record.original),
        bindings=_bindings(record.original),
        receipt=LocalLog(registry).receipt(asset_id),
        own=viewer is not None and record.owner == viewer,
    )


@router.get("/{asset_id}/reference", response_class=Response)
def reference(request: Request, service: Open, viewer: Viewer, asset_id: str) -> Response:
    """The reference copy, or a part of it; 404 where there is none that the viewer may see."""
    held = held_reference(service.registry, asset_id, viewer)
    if held is None:
        raise RegistryError("asset.no_reference", "no reference copy of this original is to be seen here")
    blobs = service.registry.blobs
    return ranged(request, blobs.open(held.sha256), blobs.size(held.sha256), held.media_type, held.sha256)


def _facts(asset: Original) -> list[tuple[str, str]]:
    facts = [("Signed by", asset.signer), ("Signed at", moment(asset.signed_at) if asset.signed_at else "not known")]
    facts += [("Registered", moment(asset.registered_at)), ("Kind", asset.media_type)]
    if asset.duration is not None:
        facts.append(("Length", words.clock(asset.duration)))
    if asset.width and asset.height:
        facts.append(("Picture", f"{asset.width} × {asset.height}"))
    if asset.fps:
        facts.append(("Frames", words.rate(asset.fps)))
    facts.append(("Sound", "yes" if asset.has_audio else "none"))
    return facts


def _bindings(asset: Original) -> list[tuple[str, str]]:
    return [
        ("Asset", asset.asset_id),
        ("Manifest", asset.manifest_label),
        ("Content hash", asset.hard_binding),
        ("Certificate", f"SHA-256 {asset.signer_fingerprint}"),
        ("Reference", f"SHA-256 {asset.reference_sha256}" if asset.reference_sha256 else "kept back"),
    ]
