"""Originals on pages: who sees what, found by words, in pages that fit together, played in parts."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest
from newsroom import Newsroom
from synthetic_assets import add_asset

from provenance.fingerprints.values import Fingerprints
from provenance.settings import Settings
from registry.accounts import add_organisation, new_token
from registry.assets import withdraw
from registry.catalog import held_reference
from registry.listing import Wanted, list_page
from registry.models import AssetRow
from registry.store import Registry

HERALD = "organisation:Herald"
HOSTILE = "<script>alert(1)</script>\u202egpj.exe\"' onload=x {{7*7}}"


class Elements(HTMLParser):
    """Every element of a page with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def add(registry: Registry, asset_id: str, **facts: Any) -> None:
    add_asset(registry, asset_id, Fingerprints())
    with registry.writing() as session:
        row = session.get_one(AssetRow, asset_id)
        for name, value in facts.items():
            setattr(row, name, value)


def linked(page: str) -> list[str]:
    return re.findall(r'href="/originals/([0-9a-z]+)"', page)


def log_in(http: httpx.Client, registry: Registry, owner: str = HERALD) -> None:
    add_organisation(registry, owner)
    _, text = new_token(registry, "desk", owner=owner, role="publisher", valid=None)
    assert http.post("/login", data={"token": text}).status_code == 303


def test_the_list_is_newest_first_and_says_what_was_withdrawn(http: httpx.Client, registry: Registry) -> None:
    for asset_id in ("first", "second", "third"):
        add(registry, asset_id)
    withdraw(registry, "second", "sold twice", "tests")
    page = http.get("/originals").text
    assert linked(page) == ["third", "second", "first"]
    assert page.count("Withdrawn") == 1
    assert "sold twice" in http.get("/originals/second").text


def test_an_empty_log_says_so(http: httpx.Client) -> None:
    assert "nothing has been signed yet" in http.get("/log").text


def test_walking_the_pages_meets_every_original_once(registry: Registry) -> None:
    for number in range(7):
        add(registry, f"a{number}", registered_at=f"2026-03-0{1 + number // 3}T00:00:00.000000Z")
    seen, after = [], None
    while True:
        found = list_page(registry, Wanted(), viewer=None, limit=2, cursor=after)
        seen += [line.asset_id for line in found.assets]
        after = found.cursor
        if after is None:
            break
    assert seen == ["a6", "a5", "a4", "a3", "a2", "a1", "a0"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("harbour", ["z9", "a"]),
        ("DAWN harbour", ["a"]),
        ("100%", ["c"]),
        ("_", []),
        ("courier", ["c"]),
        ("Z9", ["z9"]),
        ("nothing like it", []),
    ],
)
def test_every_word_must_be_in_title_signer_or_id(registry: Registry, words: str, found: list[str]) -> None:
    add(registry, "a", title="Harbour at dawn")
    add(registry, "z9", title="The harbour, 1000 ships")
    add(registry, "c", title="100% true", signer="Courier")
    page = list_page(registry, Wanted(text=words), viewer=None)
    assert [line.asset_id for line in page.assets] == found


def test_an_embargoed_original_is_on_no_page_but_its_owners(http: httpx.Client, registry: Registry) -> None:
    add(registry, "secret", title="Not yet", embargoed=True)
    assert linked(http.get("/originals").text) == []
    for path in ("/originals/secret", "/originals/secret/reference"):
        unknown, nowhere = http.get(path), http.get(path.replace("secret", "nowhere"))
        assert unknown.status_code == nowhere.status_code == 404
        assert unknown.text.replace("secret", "nowhere") == nowhere.text
    log_in(http, registry)
    assert linked(http.get("/originals").text) == ["secret"]
    assert "Under an embargo" in http.get("/originals/secret").text
    http.cookies.clear()
    log_in(http, registry, "organisation:Courier")
    assert linked(http.get("/originals").text) == []
    assert http.get("/originals/secret").status_code == 404


def test_whoever_is_logged_in_is_named_and_can_log_out(http: httpx.Client, registry: Registry) -> None:
    assert 'href="/login"' in http.get("/originals").text
    assert 'name="token"' in http.get("/login").text
    log_in(http, registry)
    page = http.get("/originals").text
    secret = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    assert "Herald" in page
    assert secret
    assert http.post("/logout", data={"csrf": secret[1]}).status_code == 303
    assert 'href="/login"' in http.get("/originals").text


def test_strings_of_others_stay_text(http: httpx.Client, registry: Registry) -> None:
    add(registry, "bad", title=HOSTILE, signer=HOSTILE, owner=f"organisation:{HOSTILE}", claims=[HOSTILE],
        manifest_label=HOSTILE, signed_at=HOSTILE)  # fmt: skip
    typed = HOSTILE.replace("\u202e", "")
    for path, asked in (("/originals", {}), ("/originals/bad", {}), ("/originals", {"q": typed, "owner": typed})):
        page = http.get(path, params=asked)
        assert page.status_code == 200
        elements = Elements(page.text).found
        assert all("src" in attributes for tag, attributes in elements if tag == "script")
        assert not any("onload" in attributes for _, attributes in elements)
        assert "\u202e" not in page.text
        assert "&lt;script&gt;" in page.text


def test_a_time_that_is_before_all_time_in_utc_is_shown_as_it_was_signed(
    http: httpx.Client, registry: Registry
) -> None:
    add(registry, "early", signed_at="0001-01-01T00:00:00+14:00")
    page = http.get("/originals/early")
    assert page.status_code == 200
    assert "0001-01-01T00:00:00+14:00" in page.text


@pytest.mark.parametrize("after", ["x", "2026~", "' OR 1=1 --~a"])
def test_a_page_that_cannot_follow_is_refused_in_words(http: httpx.Client, after: str) -> None:
    answer = http.get("/originals", params={"after": after})
    assert answer.status_code == 400
    assert answer.json()["code"] == "request.cursor"


def test_an_original_has_its_place_in_the_log_and_a_copy_that_is_played_in_parts(
    http: httpx.Client, registry: Registry, newsroom: Newsroom, settings: Settings
) -> None:
    asset = newsroom.register(registry, newsroom.clip.path, settings)
    shown = http.get(f"/originals/{asset.asset_id}").text
    assert "<video" in shown
    assert asset.receipt is not None
    assert f"has the number {asset.receipt.leaf_index} in" in shown
    assert asset.receipt.leaf.decode() in html.unescape(shown)
    assert asset.receipt.checkpoint in html.unescape(http.get("/log").text)
    where = f"/originals/{asset.asset_id}/reference"
    whole = http.get(where)
    assert whole.headers["content-type"] == "video/mp4"
    held = held_reference(registry, asset.asset_id, None)
    assert held is not None
    assert whole.content == registry.blobs.get(held.sha256)
    size = len(whole.content)
    for asked, (start, end) in {
        "bytes=0-99": (0, 100),
        "bytes=100-": (100, size),
        "bytes=-7": (size - 7, size),
        f"bytes=5-{size + 99}": (5, size),
    }.items():
        part = http.get(where, headers={"Range": asked})
        assert part.status_code == 206
        assert part.content == whole.content[start:end]
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
    assert http.get(where, headers={"Range": f"bytes={size}-"}).status_code == 416
    for odd in ("bytes=5-2", "bytes=-0"):
        assert http.get(where, headers={"Range": odd}).status_code == 416
    for strange in ("bytes=", "bytes=-", "bytes=0-1,5-6", "pages=1-2"):
        assert http.get(where, headers={"Range": strange}).content == whole.content
    assert http.get(where, headers={"If-None-Match": whole.headers["etag"]}).status_code == 304
    other = http.get(where, headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    assert other.content == whole.content


def test_a_withdrawn_original_keeps_its_page_and_shows_its_pictures_to_its_owner_alone(
    http: httpx.Client, registry: Registry, newsroom: Newsroom, settings: Settings
) -> None:
    asset = newsroom.register(registry, newsroom.clip.path, settings)
    withdraw(registry, asset.asset_id, "shows a minor", "editor")
    page = http.get(f"/originals/{asset.asset_id}")
    assert (page.status_code, "<video" in page.text) == (200, False)
    for where in (f"/originals/{asset.asset_id}/reference", f"/v1/assets/{asset.asset_id}/reference"):
        assert http.get(where).status_code == 404
    assert held_reference(registry, asset.asset_id, "organisation:Herald") is not None
