"""What a browser gets to see when something is wrong, and the files all pages share."""

from __future__ import annotations

import re

import httpx
import pytest
from postgres import BACKENDS

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def test_a_browser_gets_the_words_of_the_problem_as_a_page(http: httpx.Client) -> None:
    page, problem = http.get("/nothing-here", headers=BROWSER), http.get("/nothing-here")
    assert page.status_code == problem.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["detail"] in page.text
    assert problem.json()["code"] in page.text
    assert "Accept" in page.headers["vary"]


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html"])
def test_what_the_guard_refuses_is_said_in_the_same_way(http: httpx.Client, accept: str) -> None:
    answer = http.get("/livez", params={"q": "x" * 9000}, headers={"Accept": accept})
    assert answer.status_code == 414
    assert answer.headers["content-type"].startswith("text/html") is (accept == "text/html")
    assert "the query is too long" in answer.text


@BACKENDS
def test_a_zero_byte_in_an_address_is_no_fault_of_the_server(http: httpx.Client) -> None:
    for path in ("/originals/a%00b", "/originals/%00/reference", "/checks/%00", "/v1/checks/%00/events", "/nothing%00"):
        assert http.get(path).status_code == 404, path
    for address in ("/originals?q=%00", "/originals?owner=a%00b", "/v1/assets?owner=%00", "/v1/assets?asset_id=%00"):
        assert http.get(address).status_code == 200, address


def test_half_a_character_is_refused_and_not_a_fault_of_the_server(http: httpx.Client) -> None:
    headers = {"Content-Type": "application/json"}
    for field in ("address", "asset_id", "organisation", "check_id"):
        body = b'{"address": "https://a.example/", "%s": "\\ud800"}' % field.encode()
        answer = http.post("/v1/sightings", content=body, headers=headers)
        assert (answer.status_code, answer.json()["found"][-1]) in {(404, "?"), (422, "?")}, answer.text


def test_errors_of_pages_are_of_use_to_people(http: httpx.Client) -> None:
    assert "see /openapi.json" not in http.get("/nothing-here", headers=BROWSER).text
    refused = http.post("/login", data={"token": "guess"}, headers=BROWSER)
    assert refused.status_code == 401
    assert "prvt_" in refused.text
    assert "Authorization" not in refused.text


def test_a_page_has_no_script_or_style_of_its_own_and_names_only_this_server(http: httpx.Client) -> None:
    text = http.get("/nothing-here", headers=BROWSER).text
    assert "<style" not in text
    assert not re.search(r"<script(?![^>]* src=)", text)
    assert not re.search(r"\son\w+=|style=", text)
    addresses = re.findall(r'(?:href|src)="([^"]*)"', text)
    assert addresses
    assert all(address.startswith(("/", "#")) and not address.startswith("//") for address in addresses)


def test_files_are_named_by_their_content_and_kept_for_good(http: httpx.Client) -> None:
    text = http.get("/nothing-here", headers=BROWSER).text
    named = re.findall(r'"(/static/[^"]+)"', text)
    assert {re.sub(r"\.[0-9a-f]{12}\.", ".", name) for name in named} >= {"/static/report.css", "/static/site.css"}
    for name in named:
        file = http.get(name)
        assert file.status_code == 200
        assert "immutable" in file.headers["cache-control"]
    assert http.get("/static/site.css").status_code == 404
    assert http.get("/static/..%2Fhtml.py").status_code == 404
