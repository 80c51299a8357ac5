"""What a browser gets to see when something is wrong, and the files all pages share."""

from __future__ import annotations

import re

import httpx
import pytest

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
