"""Reading assets: lists, facts, fingerprints, manifests and reference copies."""

from __future__ import annotations

import base64
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import select

from provenance.assets import asset_id_of
from registry import manifests
from registry.asset_blobs import MANIFEST_TYPE
from registry.assets import events_of, unknown
from registry.catalog import held_reference
from registry.listing import MAX_PAGE, ListedAsset, Wanted, list_page
from registry.models import FingerprintRow
from registry.revocations import revocation_of
from registry.server import etags
from registry.server.asset_words import details, summary
from registry.server.problems import HttpError
from registry.server.ranged import ranged
from registry.server.resolution import manifest_answer
from registry.server.service import Open, Service, Viewer
from registry.wire import Asset, AssetPage, FingerprintPart, FingerprintSet, Status

router = APIRouter(prefix="/v1/assets", tags=["assets"])

_MAX_TEXT = 500


@router.get("", operation_id="listAssets", summary="A list of originals", response_model=AssetPage)
def list_assets(
    request: Request,
    service: Open,
    viewer: Viewer,
    owner: Annotated[str | None, Query(max_length=_MAX_TEXT, description="Only of this owner.")] = None,
    status: Annotated[Status | None, Query(description="Only of this status.")] = None,
    q: Annotated[str | None, Query(max_length=200, description="Only with this text in title or signer.")] = None,
    manifest_label: Annotated[
        str | None, Query(max_length=_MAX_TEXT, description="Only the one with this manifest; with hard_binding.")
    ] = None,
    hard_binding: Annotated[
        str | None, Query(max_length=_MAX_TEXT, description="The content hash in that manifest: algorithm:hex.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description="Assets on a page.")] = 50,
    cursor: Annotated[str | None, Query(max_length=200, description="Where the page begins.")] = None,
) -> Response:
    """The originals that the asker may see, newest first. The header Link leads to the next page."""
    if (manifest_label is None) != (hard_binding is None):
        raise HttpError(
            HTTPStatus.BAD_REQUEST, "list.half_a_manifest", "manifest_label and hard_binding are asked for together"
        )
    asset_id = asset_id_of(manifest_label, hard_binding) if manifest_label and hard_binding else None
    wanted = Wanted(owner, status, q or "", asset_id)
    page = list_page(service.registry, wanted, viewer=viewer, limit=limit, cursor=cursor)
    headers = {}
    if page.cursor is not None:
        parameters = {**request.query_params, "cursor": page.cursor}
        headers["Link"] = f'<{request.url.path}?{urlencode(parameters)}>; rel="next"'
    body = AssetPage(assets=[summary(asset) for asset in page.assets], next=page.cursor)
    if any(asset.embargoed for asset in page.assets):
        return etags.answer(request, body, etags.SECRET, headers)
    return etags.answer(request, body, etags.OPEN if viewer is None else etags.PRIVATE, headers)


@router.get("/{asset_id}", operation_id="getAsset", summary="An original", response_model=Asset)
def asset(request: Request, service: Open, viewer: Viewer, asset_id: str) -> Response:
    """What is known of an original, and what happened to it. A withdrawn one still answers, with that status."""
    found = _require(service, viewer, asset_id)
    with service.registry.reading() as session:
        events = events_of(session, asset_id)
        revoked = revocation_of(session, found.signer_fingerprint)
    mine = viewer is not None and viewer == found.owner
    return etags.answer(request, details(found, events, revoked, viewer), _caching(found, mine=mine))


@router.get(
    "/{asset_id}/fingerprints",
    operation_id="getFingerprints",
    summary="An original's fingerprints",
    response_model=FingerprintSet,
)
def fingerprints(
    request: Request,
    service: Open,
    viewer: Viewer,
    asset_id: str,
    kind: Annotated[list[str] | None, Query(description="Only of these kinds.", max_length=10)] = None,
) -> Response:
    """The fingerprints as they are stored, packed as docs/api.md says."""
    found = _require(service, viewer, asset_id)
    with service.registry.reading() as session:
        query = select(FingerprintRow).where(FingerprintRow.asset_id == asset_id).order_by(FingerprintRow.kind)
        parts = [
            FingerprintPart(
                kind=row.kind,
                algorithm=row.algorithm,
                version=row.version,
                parameters=dict(row.parameters),
                value=base64.b64encode(row.value).decode("ascii"),
            )
            for row in session.scalars(query)
            if kind is None or row.kind in kind
        ]
    return etags.answer(request, FingerprintSet(asset_id=asset_id, fingerprints=parts), _caching(found))


@router.get(
    "/{asset_id}/manifest",
    operation_id="getManifest",
    summary="An original's manifest",
    response_class=Response,
    responses={200: {"content": {MANIFEST_TYPE: {}}, "description": "The manifest store."}},
)
def manifest(request: Request, service: Open, viewer: Viewer, asset_id: str) -> Response:
    """The manifest store that was signed, also of a withdrawn original."""
    _require(service, viewer, asset_id)
    found = manifests.of_asset(service.registry, asset_id, viewer)
    if found is None:
        raise unknown(asset_id)
    return manifest_answer(request, service, found)


@router.get(
    "/{asset_id}/reference",
    operation_id="getReference",
    summary="An original's reference copy",
    response_class=Response,
    responses={
        200: {"content": {"video/mp4": {}, "image/jpeg": {}, "audio/mp4": {}}, "description": "The reference copy."},
        206: {"description": "A part of it."},
        416: {"description": "There is no such part."},
    },
)
def reference(request: Request, service: Open, viewer: Viewer, asset_id: str) -> Response:
    """The small copy whose SHA-256 is signed; in parts, too (Range)."""
    found = _require(service, viewer, asset_id)
    held = held_reference(service.registry, asset_id, viewer)
    if held is None:
        raise HttpError(HTTPStatus.NOT_FOUND, "reference.withheld", "the publisher withheld the reference copy")
    blobs = service.registry.blobs
    if "range" not in request.headers:
        # Read twice, so that a damaged copy is an error and no body that is wrong.
        for _ in blobs.read(held.sha256):
            pass
    file, size = blobs.open(held.sha256), blobs.size(held.sha256)
    return ranged(request, file, size, held.media_type, held.sha256, _caching(found))


def _require(service: Service, viewer: str | None, asset_id: str) -> ListedAsset:
    """The asset, if the viewer may see it; else it is as unknown as one that is not there."""
    page = list_page(service.registry, Wanted(asset_id=asset_id), viewer=viewer, limit=1)
    if not page.assets:
        raise unknown(asset_id)
    return page.assets[0]


def _caching(found: ListedAsset, *, mine: bool = False) -> str:
    if found.embargoed:
        return etags.SECRET
    return etags.PRIVATE if mine else etags.OPEN
