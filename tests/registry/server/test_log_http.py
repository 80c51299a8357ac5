"""The log over HTTP: what is served is checked by the commands that anybody has, and proofs hold."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import httpx
import numpy as np
import pytest
from click.testing import CliRunner, Result
from serving import serving
from synthetic_assets import add_asset, frame_prints

from provenance.cli import main
from provenance.settings import Settings
from registry.assets import add_event
from registry.log import merkle
from registry.log.notes import read_checkpoint, read_vkey
from registry.log.sequencing import recording
from registry.server.app import create_app
from registry.store import Registry

EVENTS = 300
"""More than a tile is wide."""


@pytest.fixture(autouse=True)
def filled(registry: Registry) -> None:
    add_asset(registry, "coffee", frame_prints(np.zeros((1, 32), dtype=np.uint8)))
    grow(registry, EVENTS)


def grow(registry: Registry, count: int) -> None:
    with recording(registry) as session:
        for _ in range(count):
            add_event(session, "coffee", "released", registry.now(), "me", {})
            session.flush()


def run(home: Path, *arguments: object) -> Result:
    return CliRunner().invoke(main, ["--home", str(home), "log", *map(str, arguments)])


def unpacked(proof: list[str]) -> list[bytes]:
    return [base64.b64decode(piece) for piece in proof]


def test_the_log_is_not_read_without_end(settings: Settings) -> None:
    assert settings.server.rates.log >= 1000
    rates = settings.server.rates.model_copy(update={"log": 2})
    hurried = settings.model_copy(update={"server": settings.server.model_copy(update={"rates": rates})})
    with serving(create_app(hurried)) as http:
        paths = ("/log/checkpoint", "/log/tile/0/000", "/log/key", "/v1/assets/coffee/receipt")
        assert [http.get(path).status_code for path in paths] == [200, 200, 429, 429]
        refused = http.get("/log/checkpoint")
        assert (refused.json()["code"], refused.headers["retry-after"]) == ("request.too_many", "30")
        assert http.get("/v1/assets").status_code == 200


def test_the_served_log_is_checked_and_watched_from_outside(
    http: httpx.Client, registry: Registry, tmp_path: Path
) -> None:
    address, outside = str(http.base_url), tmp_path / "outside"
    checked = run(outside, "check", address, "--json")
    assert checked.exit_code == 0, checked.output
    assert json.loads(checked.stdout)["entries"] == EVENTS
    grow(registry, 5)
    watched = run(outside, "monitor", address, "--once")
    assert watched.exit_code == 0, watched.output
    assert f"{EVENTS + 5} entries (5 released); goes on from the {EVENTS} seen before" in watched.stdout


def test_tiles_are_kept_for_good_and_checkpoints_never(http: httpx.Client) -> None:
    for path in ("tile/0/000", f"tile/0/001.p/{EVENTS - 256}", "tile/1/000.p/1", "tile/entries/000"):
        answer = http.get(f"/log/{path}")
        assert answer.status_code == 200, path
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Type"] == "application/octet-stream"
    for path in ("checkpoint", "key"):
        answer = http.get(f"/log/{path}")
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/002",
        "tile/0/001",
        "tile/0/001.p/256",
        "tile/0/x999/x999/x999/x999/x999/999",
        "tile/entries/x999/x999/x999/x999/x999/999",
        "tile/63/000",
        "tile/0/000%00",
        "%2e%2e/key.pem",
        "key.pem",
    ],
)
def test_what_the_log_does_not_have_is_not_found(http: httpx.Client, path: str) -> None:
    answer = http.get(f"/log/{path}")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "immutable" not in answer.headers.get("Cache-Control", "")


def test_a_receipt_is_proved_by_the_checkpoint_it_comes_with(http: httpx.Client) -> None:
    receipt = http.get("/v1/assets/coffee/receipt", params={"number": 7}).raise_for_status().json()
    checkpoint = read_checkpoint(receipt["checkpoint"].encode(), read_vkey(http.get("/log/key").text.strip()))
    assert (receipt["tree_size"], json.loads(receipt["leaf"])["number"]) == (checkpoint.size, 7)
    leaf = merkle.leaf_hash(receipt["leaf"].encode())
    proof = unpacked(receipt["proof"])
    assert merkle.includes(leaf, receipt["leaf_index"], checkpoint.size, proof, checkpoint.root)
    for path in ("coffee/receipt?number=999", "tea/receipt"):
        assert http.get(f"/v1/assets/{path}").status_code == 404


def test_the_log_is_proved_to_have_only_grown(http: httpx.Client, registry: Registry) -> None:
    key = read_vkey(http.get("/log/key").text.strip())
    old = read_checkpoint(http.get("/log/checkpoint").content, key)
    grow(registry, 21)
    new = read_checkpoint(http.get("/log/checkpoint").content, key)
    answer = http.get("/v1/log/consistency", params={"old": old.size, "new": new.size}).raise_for_status().json()
    assert merkle.consistent(old.size, old.root, new.size, new.root, unpacked(answer["proof"]))
    for sizes in ({"old": 2, "new": 1}, {"old": 1, "new": new.size + 1}):
        assert http.get("/v1/log/consistency", params=sizes).status_code == 404


def test_the_log_stays_open_where_reading_is_not(settings: Settings, registry: Registry) -> None:
    server = settings.server.model_copy(update={"public_reading": False})
    with serving(create_app(settings.model_copy(update={"server": server}))) as client:
        assert client.get("/v1/assets").status_code == 401
        for path in ("/log/checkpoint", "/v1/assets/coffee/receipt", f"/v1/log/consistency?old=1&new={EVENTS}"):
            assert client.get(path).status_code == 200
