"""What came of a check, over HTTP: the report in its forms, and what a page plays beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fastapi.responses import FileResponse, PlainTextResponse

from provenance.errors import RegistryError
from provenance.workspace import work_folder
from registry.catalog import LocalCatalog
from registry.checks.asking import answer
from registry.checks.envelope import public_pem, report_key, seal
from registry.server.checks import PATH, Named, OnShelf
from registry.server.service import Open

router = APIRouter(prefix=f"{PATH}/{{check_id}}", tags=["checks"])

keys = APIRouter(tags=["checks"])

ENVELOPE_TYPE = "application/vnd.dsse+json"
_PRIVATE = {"Cache-Control": "private, no-cache"}
# The page brings a stricter policy of its own; both hold.
_PAGE_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox"
)
_TYPES = {".mp4": "video/mp4", ".jpg": "image/jpeg", ".m4a": "audio/mp4"}


@router.get("/report.json", summary="The report (provenance.report/1)")
def report_json(check: Named, service: Open) -> Response:
    """The very bytes that ``report.dsse`` signs."""
    report, _ = answer(service.registry, check.check_id)
    return Response(report, media_type="application/json", headers=_PRIVATE)


@router.get("/report.dsse", summary="The report, signed by this registry (DSSE)")
def report_dsse(check: Named, service: Open) -> Response:
    """``provenance report check`` verifies it, with the key from ``/v1/report-key``."""
    report, _ = answer(service.registry, check.check_id)
    name = f"report-{check.clip_sha256[:12]}.dsse.json"
    headers = _PRIVATE | {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(seal(report, report_key(service.settings)), media_type=ENVELOPE_TYPE, headers=headers)


@router.get("/report.html", summary="The report as one page, which runs nothing and loads nothing")
def report_html(check: Named, service: Open) -> Response:
    """With pictures of what was found; opens without network."""
    _, page = answer(service.registry, check.check_id)
    headers = _PRIVATE | {"Content-Security-Policy": _PAGE_POLICY}
    return Response(page, media_type="text/html; charset=utf-8", headers=headers)


@keys.get("/v1/report-key", summary="The public key that checks signed reports, PEM", response_class=PlainTextResponse)
def get_report_key(service: Open) -> PlainTextResponse:
    """Get it once, over a connection that you trust, and keep it."""
    return PlainTextResponse(public_pem(report_key(service.settings).public_key()), media_type="application/x-pem-file")


def _scratch(service: Open) -> Iterator[Path]:
    """A folder for what is sent; removed when it is, or when nobody wants it any more."""
    with work_folder(service.settings.home / "work") as folder:
        yield folder


Scratch = Annotated[Path, Depends(_scratch)]


@router.get("/preview", summary="A small copy of the clip that browsers play", response_class=FileResponse)
def preview(check: Named, shelf: OnShelf, folder: Scratch) -> FileResponse:
    """MP4, JPEG or M4A; ranges are answered. Its time is that of the report's ``clip`` intervals."""
    if check.preview is None:
        raise _not_kept("the clip")
    path = shelf.fetch(check.examination_id, "preview", folder / "preview")
    return FileResponse(path, media_type=check.preview, headers=_PRIVATE)


@router.get(
    "/originals/{asset_id}", summary="The reference copy of an original in the report", response_class=FileResponse
)
def original(asset_id: str, check: Named, service: Open, folder: Scratch) -> FileResponse:
    """MP4, JPEG or M4A; ranges are answered. Its time is that of the report's ``original`` intervals."""
    report, _ = answer(service.registry, check.check_id)
    if asset_id not in {match["asset_id"] for match in json.loads(report)["matches"]}:
        raise _not_kept("this original")
    copy = LocalCatalog(service.registry).reference_copy(asset_id, folder)
    if copy is None:
        raise _not_kept("this original")
    return FileResponse(copy, media_type=_TYPES.get(copy.suffix), headers=_PRIVATE)


def _not_kept(what: str) -> RegistryError:
    return RegistryError(
        "check.not_kept", f"no copy of {what} is kept with this check", hint="see links in the check itself"
    )
