"""Reading originals under ``/v1``: pages, facts, parts of copies, what caches may keep, and what strangers see."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
import pytest
from newsroom import Newsroom
from postgres import BACKENDS
from serving import serving
from sqlalchemy import text
from sqlalchemy.dialects import postgresql
from synthetic_assets import add_asset, frame_prints

from provenance.settings import Settings, load_settings
from registry.accounts import add_organisation, new_token
from registry.assets import supersede, withdraw
from registry.listing import Wanted, page_query
from registry.server.app import create_app
from registry.store import Registry, create_registry
from registry.wire import pack

HERALD = "organisation:Herald"


@dataclass
class Site:
    """A server with a film and an embargoed photograph; ``owner`` asks as the Herald."""

    client: httpx.Client
    owner: httpx.Client
    film: str
    photo: str


@pytest.fixture(scope="module")
def site(newsroom: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    chosen = load_settings(tmp_path_factory.mktemp("assets"))
    with create_registry(chosen) as store:
        film = newsroom.register(store, newsroom.clip.path, chosen).asset_id
        photo = newsroom.register(store, newsroom.photo.path, chosen, embargoed=True).asset_id
        add_organisation(store, HERALD)
        _, token = new_token(store, "desk", role="reader", owner=HERALD, valid=None)
    with serving(create_app(chosen)) as client:
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=client.base_url, headers=headers, timeout=60) as owner:
            yield Site(client, owner, film, photo)


def test_an_original_is_told_with_its_history(site: Site, newsroom: Newsroom) -> None:
    told = site.client.get(f"/v1/assets/{site.film}").json()
    assert {key: told[key] for key in ("asset_id", "title", "signer", "owner", "status", "manifest_label")} == {
        "asset_id": site.film,
        "title": "A wandering camera",
        "signer": "Herald",
        "owner": HERALD,
        "status": "registered",
        "manifest_label": newsroom.clip.manifest_label,
    }
    assert (told["duration_exact"], told["width"], told["height"], told["fps"]) == ("4", 320, 240, 25.0)
    (event,) = told["events"]
    assert (event["kind"], event["actor"], event["detail"]) == ("registered", None, {})
    (mine,) = site.owner.get(f"/v1/assets/{site.film}").json()["events"]
    assert mine["actor"].startswith("local:")
    assert mine["detail"]["reference"] is True


def test_an_embargoed_original_is_there_for_its_owner_alone_and_never_kept(site: Site) -> None:
    paths = [f"/v1/assets/{site.photo}{part}" for part in ("", "/fingerprints", "/manifest", "/reference")]
    for path in paths:
        refused = site.client.get(path)
        assert (refused.status_code, refused.json()["code"]) == (404, "asset.unknown")
        shown = site.owner.get(path)
        assert (shown.status_code, shown.headers["cache-control"]) == (200, "no-store")
    assert [asset["asset_id"] for asset in site.client.get("/v1/assets").json()["assets"]] == [site.film]
    listed = site.owner.get("/v1/assets")
    assert listed.headers["cache-control"] == "no-store"
    assert {asset["asset_id"]: asset["embargoed"] for asset in listed.json()["assets"]} == {
        site.film: False,
        site.photo: True,
    }


@pytest.mark.parametrize("part", ["", "/fingerprints", "/manifest", "/reference"])
def test_what_a_client_has_is_not_sent_again(site: Site, part: str) -> None:
    first = site.client.get(f"/v1/assets/{site.film}{part}")
    again = site.client.get(f"/v1/assets/{site.film}{part}", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert first.headers["cache-control"] == "no-cache"


def test_fingerprints_are_those_that_were_signed(site: Site, newsroom: Newsroom) -> None:
    parts = site.client.get(f"/v1/assets/{site.film}/fingerprints", params={"kind": ["iscc"]}).json()["fingerprints"]
    assert [part["kind"] for part in parts] == ["iscc"]
    every = site.client.get(f"/v1/assets/{site.film}/fingerprints").json()["fingerprints"]
    assert {part["kind"] for part in every} == {"frames", "sound", "brief_sound", "iscc", "frame_features"}


def test_the_reference_copy_comes_whole_or_in_parts(site: Site, newsroom: Newsroom) -> None:
    path = f"/v1/assets/{site.film}/reference"
    whole = site.client.get(path)
    assert newsroom.clip.reference is not None
    assert hashlib.sha256(whole.content).hexdigest() == newsroom.clip.reference.sha256
    assert whole.headers["content-type"] == "video/mp4"
    size = len(whole.content)
    for asked, expected in (
        ("bytes=0-9", slice(0, 10)),
        ("bytes=100-", slice(100, None)),
        ("bytes=-7", slice(-7, None)),
    ):
        part = site.client.get(path, headers={"Range": asked})
        assert part.status_code == 206
        assert part.content == whole.content[expected]
        assert part.headers["content-range"].endswith(f"/{size}")
    outside = site.client.get(path, headers={"Range": f"bytes={size}-"})
    assert (outside.status_code, outside.headers["content-range"]) == (416, f"bytes */{size}")
    assert outside.headers["content-type"] == "application/problem+json"
    assert (outside.json()["code"], outside.json()["found"]) == ("request.range", f"bytes={size}-")
    stale = site.client.get(path, headers={"Range": "bytes=0-9", "If-Range": '"another"'})
    assert (stale.status_code, len(stale.content)) == (200, size)


def test_an_original_is_found_by_manifest_and_hash_together(site: Site, newsroom: Newsroom) -> None:
    label, binding = newsroom.clip.manifest_label, newsroom.clip.hard_binding

    def found(**asked: str) -> list[str]:
        return [asset["asset_id"] for asset in site.client.get("/v1/assets", params=asked).json()["assets"]]

    assert found(manifest_label=label, hard_binding=binding) == [site.film]
    assert found(manifest_label=label, hard_binding="sha256:00") == []
    assert site.client.get("/v1/assets", params={"manifest_label": label}).status_code == 400


@pytest.mark.parametrize(
    "parameters",
    [{"limit": "0"}, {"limit": "201"}, {"status": "lost"}, {"cursor": "AAAA"}, {"cursor": "ä"}, {"q": "x" * 201}],
)
def test_an_odd_question_is_a_bad_request(site: Site, parameters: dict[str, str]) -> None:
    answer = site.client.get("/v1/assets", params=parameters)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("asset_id", ["x", "%00", "'%20OR%201=1", "..%2Fother"])
def test_odd_ids_are_unknown(site: Site, asset_id: str) -> None:
    assert site.client.get(f"/v1/assets/{asset_id}").status_code == 404


def nomination(**changed: Any) -> dict[str, Any]:
    hashes = np.zeros((2, 32), np.uint8)
    times = np.array([0, 500])
    whole = {
        "frames": pack(hashes, "u1"),
        "frame_times_ms": pack(times, "<i4"),
        "frame_variants": pack(times * 0, "u1"),
    }
    return whole | changed


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"frames": "AAAA"}, "reshape"),
        ({"frames": "!"}, "base64"),
        ({"frame_times_ms": ""}, "length"),
        ({"frame_times_ms": pack(np.array([0, -1]), "<i4")}, "negative"),
        ({"sound": pack(np.arange(3), "<u4")}, "length"),
        ({"features": pack(np.zeros((1, 128)), "u1")}, "length"),
        ({"limit": 51}, "limit"),
        ({"limit": "many"}, "limit"),
    ],
)
def test_a_query_that_cannot_be_is_refused(site: Site, changed: dict[str, Any], says: str) -> None:
    answer = site.client.post("/v1/nominations", json=nomination(**changed))
    assert answer.status_code == 400
    assert says in answer.json()["found"]


def test_a_query_has_bounds(site: Site) -> None:
    many = pack(np.zeros((200_001, 32), np.uint8), "u1")
    assert "200001" in site.client.post("/v1/nominations", json=nomination(frames=many)).json()["found"]
    assert site.client.post("/v1/nominations", content=b" " * ((16 << 20) + 1)).status_code == 413
    assert site.client.post("/v1/nominations", json=nomination()).json() == {"nominations": []}


def test_the_description_of_the_api_names_every_parameter_and_answer(site: Site) -> None:
    described = site.client.get("/openapi.json").json()
    operations = {
        (method, path): operation for path, item in described["paths"].items() for method, operation in item.items()
    }
    mine = {key: each for key, each in operations.items() if key[1].startswith(("/v1/assets/{", "/v1/nominations"))}
    assert {("get", "/v1/assets/{asset_id}/reference"), ("post", "/v1/nominations")} <= set(mine)
    assert len({each["operationId"] for each in operations.values()}) == len(operations)
    for name in ("Asset", "AssetPage", "FingerprintSet", "NominationList"):
        properties = described["components"]["schemas"][name]["properties"]
        assert properties


# Lists


@pytest.fixture
def listed(registry: Registry, settings: Settings) -> Iterator[httpx.Client]:
    """A server with seven made-up originals of two owners, a00 the oldest."""
    for number in range(7):
        owner = HERALD if number % 2 else "organisation:Courier"
        add_asset(registry, f"a{number:02}", frame_prints(np.full((1, 32), number, np.uint8)), owner)
    withdraw(registry, "a03", "wrong caption", "editor")
    supersede(registry, "a02", "a04", "editor")
    with serving(create_app(settings)) as client:
        yield client


def pages(client: httpx.Client, **asked: str) -> list[list[str]]:
    """All pages of a list, each by its ids, following the header Link."""
    found = []
    answer = client.get("/v1/assets", params=asked)
    while True:
        found.append([asset["asset_id"] for asset in answer.json()["assets"]])
        if "next" not in answer.links:
            assert answer.json()["next"] is None
            return found
        answer = client.get(answer.links["next"]["url"])


@BACKENDS
def test_lists_come_in_pages_newest_first_and_filtered(listed: httpx.Client) -> None:
    assert pages(listed, limit="3") == [["a06", "a05", "a04"], ["a03", "a02", "a01"], ["a00"]]
    assert pages(listed, owner=HERALD, limit="2") == [["a05", "a03"], ["a01"]]
    assert pages(listed, status="withdrawn") == [["a03"]]
    assert pages(listed, status="superseded") == [["a02"]]
    assert pages(listed, q="A0", limit="4") == [["a06", "a05", "a04", "a03"], ["a02", "a01", "a00"]]
    assert pages(listed, q="herald", owner="organisation:Courier", limit="9") == [["a06", "a04", "a02", "a00"]]
    assert pages(listed, q="100%") == pages(listed, q="a_0") == pages(listed, q="\0") == [[]]


@BACKENDS
@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (Wanted(), "ix_assets_registered_at_asset_id"),
        (Wanted(owner=HERALD), "ix_assets_owner_registered_at_asset_id"),
        (Wanted(status="withdrawn"), "ix_assets_status_registered_at_asset_id"),
    ],
)
def test_a_page_is_read_off_an_index_without_sorting(registry: Registry, wanted: Wanted, index: str) -> None:
    cursor = "MjAyNi0wMS0wMVQwMDowMDowMC4wMDAwMDBafmEwMA"
    with registry.reading() as session:
        query = page_query(session, wanted, None, registry.now(), 51, cursor)
        dialect = session.get_bind().dialect
        compiled = str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
        if dialect.name == postgresql.dialect.name:
            # A table of no rows would be read whole.
            session.execute(text("SET LOCAL enable_seqscan = off"))
            session.execute(text("SET LOCAL enable_bitmapscan = off"))
            explained = "EXPLAIN "
        else:
            explained = "EXPLAIN QUERY PLAN "
        connection = session.connection()
        plan = "\n".join(str(tuple(row)) for row in connection.exec_driver_sql(explained + compiled.replace("%", "%%")))
    assert index in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan
