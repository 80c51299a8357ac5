"""Whatever a manifest, a file name or a reason says, every answer shows it as text and never as part of a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
from desks import desk, trust_the_newsrooms
from fastapi import FastAPI
from newsroom import Newsroom, make_photo, sign_claiming
from serving import serving

from provenance.fingerprints.codec import ASSERTION_LABEL, to_assertion
from provenance.settings import Settings
from registry.checks.envelope import report_key_path
from registry.log.keys import make_key
from registry.server.app import create_app
from registry.store import Registry

HOSTILE = "Kaffee <script>alert(1)<script>'\"><img src=x onerror=alert(1)>{{7*7}}\u202egpj.\x1b[31m"
"""A name that a file can have, and so a title that other software signs."""
PIECES = ("<script>alert", "<img src=x", "\x1b[31m")


def addresses(app: FastAPI, asset_id: str) -> Iterator[str]:
    """Every address that can be asked for with GET, about the asset where it is about one."""
    for path, operations in app.openapi()["paths"].items():
        if "get" in operations:
            yield re.sub(r"\{[^}]*\}", asset_id, path)
    # Pages are not in the description.
    yield from (
        "/",
        "/originals",
        f"/originals/{asset_id}",
        "/sightings",
        "/login",
        f"/{quote(HOSTILE)}",
        "/originals?q=Kaffee",
    )


def test_hostile_strings_stay_text_on_every_page_and_in_every_answer(
    newsroom: Newsroom, registry: Registry, settings: Settings, tmp_path: Path
) -> None:
    trust_the_newsrooms(newsroom, settings)
    make_key(report_key_path(settings))
    data = {"label": ASSERTION_LABEL, "created": True, "data": to_assertion(newsroom.photo.fingerprints, None)}
    source = make_photo(tmp_path / "photo.jpg").rename(tmp_path / HOSTILE)
    signed = sign_claiming(source, tmp_path / "signed.jpg", newsroom.herald, [data])
    shown = 0
    app = create_app(settings)
    with serving(app) as client, desk(registry, client) as herald:
        made = herald.http.post("/v1/assets", content=signed.read_bytes())
        assert made.status_code == 201, made.text
        asset_id = made.json()["asset_id"]
        where = f"/v1/assets/{asset_id}"
        refused = herald.http.post(f"{where}/supersede", json={"by": HOSTILE}, headers={"Accept": "text/html"})
        assert not [piece for piece in PIECES if piece in refused.text]
        assert herald.http.post(f"{where}/withdraw", json={"reason": HOSTILE}).status_code == 204
        for address in addresses(app, asset_id):
            for accept in ("text/html", "application/json"):
                answer: httpx.Response = herald.http.get(address, headers={"Accept": accept})
                assert answer.status_code < 500, address
                assert answer.headers["x-content-type-options"] == "nosniff"
                assert "'unsafe-inline'" not in answer.headers["content-security-policy"]
                if "html" in answer.headers.get("content-type", ""):
                    assert not [piece for piece in PIECES if piece in answer.text], address
                    shown += "&lt;script&gt;alert" in answer.text
    assert shown
