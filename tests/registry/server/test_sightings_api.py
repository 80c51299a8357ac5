"""Sightings under ``/v1``: open to all for filing, to whom they concern for answering; nothing kept of who files."""

from __future__ import annotations

import csv
import io
import json
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta

import httpx
import numpy as np
import pytest
from postgres import BACKENDS
from serving import serving
from sqlalchemy import select, text
from synthetic_assets import add_asset, frame_prints

from provenance.settings import Rates, Settings
from registry.accounts import add_organisation, new_token
from registry.models import AssetRow
from registry.server.app import create_app
from registry.server.csv_rows import csv_lines
from registry.sighting_models import SightingRow
from registry.store import Registry

ADDRESS = "https://video.example.com/watch?v=1"
SCRIPT = "=1+1</script><script>alert(1)</script>"


@pytest.fixture
def registry(registry: Registry) -> Registry:
    """With an asset of the Herald, and one of the Courier."""
    prints = frame_prints(np.zeros((1, 32), dtype=np.uint8))
    add_asset(registry, "harbour", prints)
    add_asset(registry, "market", prints, owner="organisation:Courier")
    return registry


@pytest.fixture
def unlimited(settings: Settings) -> Settings:
    return settings.model_copy(update={"server": settings.server.model_copy(update={"rates": Rates(sightings=0)})})


@pytest.fixture
def http(unlimited: Settings, registry: Registry) -> Iterator[httpx.Client]:
    with serving(create_app(unlimited)) as client:
        yield client


@pytest.fixture
def log_in(registry: Registry) -> Callable[..., dict[str, str]]:
    """Makes the header of a new token."""

    def make(organisation: str | None, role: str = "publisher") -> dict[str, str]:
        owner = organisation and f"organisation:{organisation}"
        if owner:
            add_organisation(registry, owner)
        _, secret = new_token(registry, "desk", role=role, owner=owner, valid=timedelta(days=1))
        return {"Authorization": f"Bearer {secret}"}

    return make


def file(http: httpx.Client, **fields: str) -> dict[str, object]:
    answer = http.post("/v1/sightings", json={"address": ADDRESS, **fields})
    assert answer.status_code in {200, 201}, answer.text
    return dict(answer.json())


@BACKENDS
def test_filed_by_anyone_answered_by_whom_it_concerns_and_then_public(
    http: httpx.Client, log_in: Callable[..., dict[str, str]]
) -> None:
    first = http.post("/v1/sightings", json={"address": ADDRESS, "note": "seen there", "asset_id": "harbour"})
    assert first.status_code == 201
    where = first.headers["location"]
    body = first.json()
    assert (body["state"], body["organisation"], body["times_filed"]) == ("open", "Herald", 1)
    assert (body["address"], body["note"]) == (None, None)
    again = http.post("/v1/sightings", json={"address": ADDRESS, "asset_id": "harbour"})
    assert (again.status_code, again.headers["location"], again.json()["times_filed"]) == (200, where, 2)
    assert http.get("/v1/sightings").json() == {"sightings": [], "after": None}

    herald = log_in("Herald")
    (waiting,) = http.get("/v1/sightings", params={"state": "open"}, headers=herald).json()["sightings"]
    assert (waiting["address"], waiting["note"]) == (ADDRESS, "seen there")
    done = http.post(f"{where}/answer", json={"answer": "altered", "text": "not this face"}, headers=herald)
    assert done.status_code == 200
    shown = http.get(where)
    assert http.get(where, headers={"If-None-Match": shown.headers["etag"]}).status_code == 304
    assert "private" in http.get(where, headers=herald).headers["cache-control"]
    public = shown.json()
    assert (public["state"], public["answer"], public["answer_text"]) == ("answered", "altered", "not this face")
    assert (public["address"], public["note"]) == (ADDRESS, None)
    assert http.get("/v1/sightings", params={"asset_id": "harbour"}).json()["sightings"] == [public]
    assert http.get("/v1/sightings", params={"organisation": "Courier"}).json()["sightings"] == []
    assert http.post(f"{where}/dismiss", headers=herald).json()["state"] == "dismissed"
    assert http.get(where).json()["address"] is None


def test_answering_wants_the_scope_and_the_organisation(
    http: httpx.Client, log_in: Callable[..., dict[str, str]]
) -> None:
    where = f"/v1/sightings/{file(http, asset_id='harbour')['sighting_id']}"
    for route, body in (("answer", {"answer": "ours"}), ("dismiss", None)):
        for headers, status, code in (
            ({}, 401, "access.token_needed"),
            (log_in("Herald", "reader"), 403, "access.scope"),
            (log_in("Courier"), 403, "sighting.other_owner"),
        ):
            answer = http.post(f"{where}/{route}", json=body, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert http.get("/v1/sightings", params={"state": "open"}).status_code == 401
    assert http.get("/v1/sightings", params={"state": "open"}, headers=log_in("Courier")).json()["sightings"] == []
    assert http.get(where, headers=log_in("Courier")).json()["address"] is None
    assert http.get(where).json()["state"] == "open"


def test_an_unknown_clip_is_claimed_by_a_publisher_or_dismissed_by_an_administrator(
    http: httpx.Client, log_in: Callable[..., dict[str, str]]
) -> None:
    where = f"/v1/sightings/{file(http)['sighting_id']}"
    courier, herald, operator = log_in("Courier"), log_in("Herald"), log_in(None, "admin")
    assert http.post(f"{where}/dismiss", headers=courier).json()["code"] == "sighting.unclaimed"
    assert http.post(f"{where}/answer", json={"answer": "not_ours"}, headers=courier).status_code == 403
    stolen = http.post(f"{where}/answer", json={"answer": "ours", "asset_id": "harbour"}, headers=courier)
    assert (stolen.status_code, stolen.json()["code"]) == (403, "asset.other_owner")
    claimed = http.post(f"{where}/answer", json={"answer": "ours", "asset_id": "market"}, headers=courier)
    assert claimed.json()["organisation"] == "Courier"
    assert http.post(f"{where}/answer", json={"answer": "ours"}, headers=herald).status_code == 403
    assert http.post(f"{where}/dismiss", headers=operator).json()["state"] == "dismissed"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"address": "javascript:alert(1)"}, 422, "sighting.address"),
        ({"address": ADDRESS, "note": "x" * 2001}, 422, "sighting.text"),
        ({"address": ADDRESS, "check_id": "../../x"}, 422, "sighting.check"),
        ({"address": ADDRESS, "asset_id": "nobody"}, 404, "asset.unknown"),
        ({"address": ADDRESS, "asset_id": "x\x00"}, 404, "asset.unknown"),
        ({"address": ADDRESS, "organisation": "Nobody"}, 404, "organisation.unknown"),
        ({"address": ADDRESS, "filer": "me"}, 400, "request.invalid"),
        ({}, 400, "request.invalid"),
    ],
)
def test_what_cannot_be_filed_is_refused_in_words(
    http: httpx.Client, body: dict[str, str], status: int, code: str
) -> None:
    answer = http.post("/v1/sightings", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@BACKENDS
def test_hostile_questions_are_refused_in_words(http: httpx.Client) -> None:
    assert http.get("/v1/sightings", params={"organisation": "\x00"}).status_code == 400
    assert http.get("/v1/sightings", params={"after": "' OR 1=1"}).json()["code"] == "request.cursor"
    for sighting_id in ("nobody", "%00", "..%2f..%2fetc", "%ff"):
        assert http.get(f"/v1/sightings/{sighting_id}").status_code == 404


def test_filing_is_limited(settings: Settings, registry: Registry) -> None:
    with serving(create_app(settings)) as client:
        most = settings.server.rates.sightings
        statuses = [
            client.post("/v1/sightings", json={"address": f"{ADDRESS}{n}"}).status_code for n in range(most + 1)
        ]
    assert statuses == [201] * most + [429]


def test_a_script_in_every_text_stays_text_in_csv(
    http: httpx.Client, registry: Registry, log_in: Callable[..., dict[str, str]]
) -> None:
    with registry.writing() as session:
        session.get_one(AssetRow, "harbour").title = f"  {SCRIPT}"
    herald = log_in("Herald")
    for n in range(3):
        filed = file(http, address=f"{ADDRESS}{n}&{SCRIPT}", note=SCRIPT, asset_id="harbour")
        given = {"answer": "ours", "text": f'-{SCRIPT}\n"quoted"' if n else "@x"}
        http.post(f"/v1/sightings/{filed['sighting_id']}/answer", json=given, headers=herald)
    answer = http.get("/v1/sightings.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="sightings.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert [row["answer_text"] for row in rows] == [f'\'-{SCRIPT}\n"quoted"'] * 2 + ["'@x"]
    assert {row["title"] for row in rows} == {f"'  {SCRIPT}"}
    assert all(cell[:1] not in "=+-@\t\r" for row in rows for cell in row.values() if cell)
    assert {row["organisation"] for row in rows} == {"Herald"}
    assert "<" not in rows[0]["address"]
    assert "note" not in rows[0]
    assert http.get("/v1/sightings.csv", params={"organisation": "Courier"}).text.count("\n") == 1


def test_many_rows_are_sent_in_pieces_and_read_as_they_were() -> None:
    rows = [(str(n), f'a "{n}",\r\nb') for n in range(250)]
    pieces = list(csv_lines(("n", "text"), iter(rows)))
    assert len(pieces) == 3
    assert [tuple(row) for row in csv.reader(io.StringIO("".join(pieces), newline=""))] == [("n", "text"), *rows]


def test_counts_come_as_json_and_as_csv(http: httpx.Client, log_in: Callable[..., dict[str, str]]) -> None:
    filed = file(http, asset_id="harbour")
    file(http, asset_id="harbour")
    file(http)
    http.post(f"/v1/sightings/{filed['sighting_id']}/answer", json={"answer": "edited"}, headers=log_in("Herald"))
    found = http.get("/v1/sightings/counts").json()["counts"]
    month = str(filed["filed_at"])[:7]
    assert found == [
        {"month": month, "kind": "edited", "sightings": 1, "reports": 2},
        {"month": month, "kind": "open", "sightings": 1, "reports": 1},
    ]
    table = list(csv.reader(io.StringIO(http.get("/v1/sightings/counts.csv", params={"organisation": "Herald"}).text)))
    assert table == [["month", "kind", "sightings", "reports"], [month, "edited", "1", "2"]]


def test_nothing_that_is_kept_or_logged_names_who_filed(
    unlimited: Settings,
    registry: Registry,
    log_in: Callable[..., dict[str, str]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    herald = log_in("Herald")
    hints = {"User-Agent": "who-I-am", "Referer": "https://from.example/", "X-Forwarded-For": "203.0.113.7"}
    # Read once the server has ended: a request's line is written after its answer.
    with caplog.at_level(logging.DEBUG), serving(create_app(unlimited)) as http:
        answer = http.post("/v1/sightings", json={"address": ADDRESS}, headers={**herald, **hints})
    assert answer.status_code == 201
    with registry.reading() as session:
        row = json.dumps(dict(session.execute(select(SightingRow.__table__)).mappings().one()))
        token_id = session.execute(text("SELECT token_id FROM tokens")).scalar_one()
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("provenance")]
    assert len(lines) == 1
    for trace in ("127.0.0.1", "who-I-am", "from.example", "203.0.113.7", "Herald", token_id):
        assert trace not in row
        assert trace not in lines[0]
    assert "video.example.com" not in lines[0]
