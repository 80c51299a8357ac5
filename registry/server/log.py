"""The registry's log for those who check it: its resources, receipts, and proofs that it only grew.

Open to everybody, also where public reading is switched off: a log that only its operator's friends can read convicts
nobody, and it holds nothing but ids, hashes and times.
"""

from __future__ import annotations

import base64
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from registry.log.local import LocalLog
from registry.log.paths import CHECKPOINT, KEY
from registry.server.etags import OPEN
from registry.server.problems import HttpError
from registry.server.rates import limited
from registry.server.service import Open
from registry.wire import LogConsistency, LogReceipt

router = APIRouter(tags=["log"], dependencies=[Depends(limited("log"))])

_FOR_GOOD = "public, max-age=31536000, immutable"
"""A tile never changes once it is there; a partial one has its width in its name."""
_MAX_ENTRIES = 2**63 - 1
"""What a database counts to."""


@router.get("/log/{path:path}", include_in_schema=False)
def resource(path: str, service: Open) -> Response:
    """A resource of C2SP tlog-tiles, or the verifier key."""
    data = LocalLog(service.registry).read(path)
    if data is None:
        raise HttpError(
            HTTPStatus.NOT_FOUND,
            "log.no_resource",
            "the log has no such resource",
            expected="checkpoint, key, tile/<L>/<N>[.p/<W>] or tile/entries/<N>[.p/<W>]",
        )
    if path in (CHECKPOINT, KEY):
        # An old checkpoint would look like a log that was set back.
        return Response(data, media_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"})
    return Response(data, media_type="application/octet-stream", headers={"Cache-Control": _FOR_GOOD})


@router.get("/v1/assets/{asset_id}/receipt", summary="The proof that an event of an asset is in the log")
def receipt(
    response: Response,
    service: Open,
    asset_id: Annotated[str, Path(max_length=100, pattern="^[!-~]+$")],
    number: Annotated[int, Query(ge=1, le=2**31 - 1, description="Which of the asset's events.")] = 1,
) -> LogReceipt:
    """The entry, its place, and its proof for the newest checkpoint. The first event is the registration."""
    found = LocalLog(service.registry).receipt(asset_id, number)
    if found is None:
        raise HttpError(
            HTTPStatus.NOT_FOUND,
            "log.no_entry",
            "the log has no such entry",
            expected="an asset's id, and the number of one of its events",
        )
    response.headers["Cache-Control"] = OPEN
    return LogReceipt.model_validate(found.as_json())


@router.get("/v1/log/consistency", summary="The proof that the log only grew")
def consistency(
    response: Response,
    service: Open,
    old: Annotated[int, Query(ge=0, le=_MAX_ENTRIES, description="Entries of the older tree.")],
    new: Annotated[int, Query(ge=0, le=_MAX_ENTRIES, description="Entries of the newer tree.")],
) -> LogConsistency:
    """The hashes of RFC 9162, 2.1.4: that the newer tree begins with the older one."""
    proof = LocalLog(service.registry).consistency(old, new)
    if proof is None:
        raise HttpError(
            HTTPStatus.NOT_FOUND,
            "log.no_tree",
            "the log has no such trees",
            expected="old and new, old not above new, and new not above the newest checkpoint",
            found=f"{old} and {new}",
        )
    # The tree of so many entries stays what it is.
    response.headers["Cache-Control"] = _FOR_GOOD
    return LogConsistency(old=old, new=new, proof=[base64.b64encode(piece).decode("ascii") for piece in proof])
