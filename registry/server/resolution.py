"""The C2PA Soft Binding Resolution API of C2PA 2.2, at the root, and the discovery document of 2.4."""

from __future__ import annotations

import base64
import binascii
from contextlib import suppress
from http import HTTPStatus
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from provenance.credentials.jumbf import active_only
from provenance.fingerprints import pdq
from provenance.fingerprints.iscc import SOFT_BINDING_ALGORITHM, content_codes
from registry import manifests, matching
from registry.asset_blobs import MANIFEST_TYPE
from registry.matching import Match
from registry.server import etags
from registry.server.content import fingerprints_of_body
from registry.server.problems import HttpError
from registry.server.rates import limited
from registry.server.resolution_models import (
    BindingQuery,
    Discovery,
    ManifestMatch,
    QueryResult,
    SupportedAlgorithm,
    SupportedAlgorithms,
)
from registry.server.service import Open, Service, Viewer

FRAMES_ALGORITHM = f"{pdq.ALGORITHM.id}.{pdq.ALGORITHM.version}"
"""Hashes of whole frames, 32 bytes each, in the order of the clip."""
CONTENT_PATH = "/matches/byContent"
SPECIFICATION = "2.2.0"

router = APIRouter(tags=["C2PA soft binding resolution"])

MaxResults = Annotated[
    int, Query(alias="maxResults", ge=1, description=f"Most matches wanted; never more than {matching.MAX_RESULTS}.")
]
AlgorithmName = Query(max_length=200, description="Name of a soft binding algorithm.")
Value = Query(description="A binding's value in base64.")


@router.get("/matches/byBinding", operation_id="queryByBinding", summary="Manifests by a soft binding")
def by_binding(
    service: Open,
    viewer: Viewer,
    value: Annotated[str, Value],
    alg: Annotated[str, AlgorithmName],
    max_results: MaxResults = 10,
) -> QueryResult:
    """The manifests of the assets that have this soft binding, or one near it."""
    return _result(_bound(service, viewer, alg, value, max_results))


@router.post("/matches/byBinding", operation_id="queryByLargeBinding", summary="Manifests by a large soft binding")
def by_large_binding(service: Open, viewer: Viewer, query: BindingQuery, max_results: MaxResults = 10) -> QueryResult:
    """The same, for a value that is too large for an address."""
    return _result(_bound(service, viewer, query.alg, query.value, max_results))


@router.post(
    CONTENT_PATH,
    operation_id="uploadFile",
    summary="Manifests by a file's content",
    dependencies=[Depends(limited("content"))],
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                f"{kind}/*": {"schema": {"type": "string", "format": "binary"}}
                for kind in ("image", "audio", "video", "application")
            },
        }
    },
)
async def by_content(
    request: Request,
    service: Open,
    viewer: Viewer,
    alg: Annotated[str | None, AlgorithmName] = None,
    max_results: MaxResults = 10,
    hint_alg: Annotated[str | None, Query(alias="hintAlg", description="Algorithm of a binding known besides.")] = None,
    hint_value: Annotated[str | None, Query(alias="hintValue", description="Its value in base64.")] = None,
) -> QueryResult:
    """The manifests of the assets whose frames, or without picture whose sound, the file holds."""
    prints = await fingerprints_of_body(request, service)
    limit = _bounded(max_results)

    def search() -> list[Match]:
        found: list[Match] = []
        if alg in (None, FRAMES_ALGORITHM):
            found += matching.by_fingerprints(service.registry, prints, limit, viewer)
        elif alg == SOFT_BINDING_ALGORITHM and prints.iscc is not None:
            found += matching.by_iscc(service.registry, content_codes(prints.iscc.encode()), limit, viewer)
        if hint_alg is not None and hint_value is not None:
            # It is a hint: one that cannot be used does not help, and that is all.
            with suppress(HttpError):
                found += _bound(service, viewer, hint_alg, hint_value, limit)
        return found

    return _result(_best(await run_in_threadpool(search), limit))


@router.get(
    "/manifests/{manifestId:path}",
    operation_id="getManifestById",
    summary="A manifest by its label",
    response_class=Response,
    responses={200: {"content": {MANIFEST_TYPE: {}}, "description": "The manifest store."}},
)
def manifest(
    request: Request,
    service: Open,
    viewer: Viewer,
    manifestId: str,  # noqa: N803 - C2PA's name
    active: Annotated[
        bool, Query(alias="returnActiveManifest", description="Leave out the manifests of what it was made from.")
    ] = False,
) -> Response:
    """The manifest store whose active manifest has this label."""
    if not manifestId.isprintable() or len(manifestId) > manifests.MAX_LABEL:
        raise HttpError(
            HTTPStatus.BAD_REQUEST,
            "manifest.label",
            "this is no manifest identifier",
            expected=f"a label such as urn:c2pa:…, of at most {manifests.MAX_LABEL} printable characters",
        )
    found = manifests.by_label(service.registry, manifestId, viewer)
    if found is None:
        raise HttpError(HTTPStatus.NOT_FOUND, "manifest.unknown", "no manifest is registered under this identifier")
    return manifest_answer(request, service, found, active=active)


@router.get("/services/supportedAlgorithms", operation_id="getSupportedBindings", summary="Algorithms to ask with")
def supported_algorithms() -> SupportedAlgorithms:
    """The soft binding algorithms that queries may use."""
    names = (SOFT_BINDING_ALGORITHM, FRAMES_ALGORITHM)
    return SupportedAlgorithms(watermarks=[], fingerprints=[SupportedAlgorithm(alg=name) for name in names])


@router.get("/.well-known/c2pa-soft-binding-resolution", operation_id="getWellKnown", summary="Where this API is")
def discovery(request: Request) -> Discovery:
    """The discovery document of C2PA 2.4 (RFC 8615)."""
    return Discovery(apiEndpoint=str(request.base_url).rstrip("/"), c2paSpecificationVersion=SPECIFICATION)


def manifest_answer(
    request: Request, service: Service, found: manifests.StoredManifest, *, active: bool = False
) -> Response:
    """A stored manifest as ``application/c2pa``, or 304."""
    tag = f'"{found.sha256}{"-active" if active else ""}"'
    headers = etags.cache_headers(etags.OPEN if found.open else etags.SECRET, tag)
    if etags.is_known(request, tag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    store = service.registry.blobs.get(found.sha256)
    return Response(active_only(store) if active else store, media_type=MANIFEST_TYPE, headers=headers)


def _bound(service: Service, viewer: str | None, alg: str, value: str, limit: int) -> list[Match]:
    """The matches of a soft binding.

    Raises:
        HttpError: 400, the algorithm is not known or the value is not one of its values.
    """
    try:
        if alg == SOFT_BINDING_ALGORITHM:
            return matching.by_iscc(service.registry, content_codes(_decoded(value)), _bounded(limit), viewer)
        if alg == FRAMES_ALGORITHM:
            hashes = np.frombuffer(_decoded(value), dtype=np.uint8).reshape(-1, pdq.HASH_BYTES)
            return matching.by_hashes(service.registry, hashes, _bounded(limit), viewer)
    except ValueError as error:
        raise HttpError(
            HTTPStatus.BAD_REQUEST,
            "binding.value",
            "the soft binding's value cannot be used",
            expected="base64 of ISCC units of 256 bits, or of frame hashes of 32 bytes each",
            found=str(error)[:200],
            hint="docs/api.md says what the values of each algorithm are",
        ) from error
    raise HttpError(
        HTTPStatus.BAD_REQUEST,
        "binding.algorithm",
        "this soft binding algorithm is not known here",
        expected=f"{SOFT_BINDING_ALGORITHM} or {FRAMES_ALGORITHM}",
        hint="/services/supportedAlgorithms",
    )


def _decoded(value: str) -> bytes:
    """Base64 with or without padding, in either alphabet; a space was a plus sign."""
    plain = value.strip().rstrip("=").replace(" ", "+").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("not base64") from error


def _bounded(limit: int) -> int:
    return min(limit, matching.MAX_RESULTS)


def _best(found: list[Match], limit: int) -> list[Match]:
    """Each manifest once, with its best score."""
    best: dict[str, Match] = {}
    for match in sorted(found, key=lambda each: -each.score):
        best.setdefault(match.manifest_label, match)
    return list(best.values())[:limit]


def _result(found: list[Match]) -> QueryResult:
    return QueryResult(
        matches=[ManifestMatch(manifestId=each.manifest_label, similarityScore=each.score) for each in found]
    )
