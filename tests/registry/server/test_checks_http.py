"""Checks over HTTP: asked for, followed, read, cancelled; with a real worker where something is to be examined."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest
from newsroom import Newsroom
from serving import serving

from provenance.settings import Settings
from registry.checks.envelope import load_public, report_key_path, unseal
from registry.checks.worker import Worker
from registry.log.keys import make_key
from registry.server.app import create_app
from registry.store import Registry

CHECKS = "/v1/checks"


@pytest.fixture
def photo(newsroom: Newsroom) -> bytes:
    return newsroom.photo.path.read_bytes()


@pytest.fixture
def examined(settings: Settings, registry: Registry, newsroom: Newsroom) -> Iterator[Worker]:
    """Somebody works, and knows the newsroom's film and its signer."""
    for path in newsroom.settings.anchors.iterdir():
        settings.anchors.mkdir(exist_ok=True)
        (settings.anchors / path.name).write_bytes(path.read_bytes())
    newsroom.register(registry, newsroom.clip.path, settings)
    make_key(report_key_path(settings))
    worker = Worker(registry, settings)
    worker.start()
    yield worker
    worker.stop()


def events(client: httpx.Client, address: str, seen: str | None = None) -> list[dict[str, str]]:
    """All events of a stream until it ends."""
    headers = {"Last-Event-ID": seen} if seen else {}
    with client.stream("GET", address, headers=headers) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        blocks = "".join(answer.iter_text()).split("\n\n")
    parsed = [dict(line.split(": ", 1) for line in block.splitlines() if ": " in line[1:]) for block in blocks]
    return [event for event in parsed if "event" in event]


@pytest.mark.usefixtures("examined")
def test_a_clip_is_sent_followed_and_its_report_read(http: httpx.Client, newsroom: Newsroom) -> None:
    asked = http.post(CHECKS, content=newsroom.clip.path.read_bytes())
    assert asked.status_code == 202, asked.text
    here = asked.headers["location"]
    assert asked.json()["links"]["self"] == here
    heard = events(http, f"{here}/events")
    assert [event["event"] for event in heard][-2:] == ["check", "end"]
    shares = [json.loads(event["data"])["share"] for event in heard if event["event"] == "check"]
    assert shares[-1] == 1.0

    check = http.get(here).json()
    assert check["state"] == "done"
    report = http.get(check["links"]["report"])
    assert (report.headers["content-type"], report.json()["verdict"]) == ("application/json", "authentic")
    page = http.get(check["links"]["page"])
    assert "sandbox" in page.headers["content-security-policy"]
    assert "<!DOCTYPE html>" in page.text
    part = http.get(check["links"]["preview"], headers={"Range": "bytes=4-11"})
    assert (part.status_code, part.headers["content-type"], part.content[:4]) == (206, "video/mp4", b"ftyp")
    asset = report.json()["matches"][0]["asset_id"]
    original = http.get(f"{here}/originals/{asset}")
    assert (original.status_code, original.content[4:8]) == (200, b"ftyp")
    assert http.get(f"{here}/originals/{'A' * 26}").status_code == 404

    sealed, key = http.get(check["links"]["signed_report"]), http.get("/v1/report-key")
    assert sealed.headers["content-type"] == "application/vnd.dsse+json"
    assert unseal(sealed.content, load_public(key.content)) == report.content

    again = http.post(CHECKS, files={"file": ("other name.mp4", newsroom.clip.path.read_bytes())})
    assert (again.status_code, again.json()["state"]) == (200, "done")
    assert again.headers["location"] != here
    assert "other name" not in http.get(again.json()["links"]["report"]).text


def test_what_waits_says_how_many_are_before_it(http: httpx.Client, photo: bytes, newsroom: Newsroom) -> None:
    http.post(CHECKS, content=newsroom.clip.path.read_bytes())
    second = http.post(CHECKS, content=photo).json()
    assert (second["state"], second["ahead"]) == ("queued", 1)


def test_an_answer_that_has_not_changed_is_not_sent_again(http: httpx.Client, photo: bytes) -> None:
    here = http.post(CHECKS, content=photo).headers["location"]
    first = http.get(here)
    same = http.get(here, headers={"If-None-Match": first.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    http.delete(here)
    assert http.get(here, headers={"If-None-Match": first.headers["etag"]}).status_code == 200


def test_a_cancelled_check_has_no_report_and_its_stream_ends(http: httpx.Client, photo: bytes) -> None:
    here = http.post(CHECKS, content=photo).headers["location"]
    assert http.get(f"{here}/report.json").status_code == 409
    assert http.delete(here).status_code == 204
    heard = events(http, f"{here}/events")
    assert [event["event"] for event in heard] == ["check", "end"]
    assert json.loads(heard[0]["data"])["state"] == "cancelled"
    resumed = events(http, f"{here}/events", seen=heard[0]["id"])
    assert [event["event"] for event in resumed] == ["end"]


@pytest.mark.parametrize("path", ["", "/events", "/report.json", "/report.html", "/preview", "/originals/x"])
def test_nobody_reads_a_check_without_its_id(http: httpx.Client, path: str) -> None:
    answer = http.get(f"{CHECKS}/{'x' * 32}{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "check.unknown")


def test_what_is_no_media_is_refused_before_it_is_queued(http: httpx.Client, settings: Settings) -> None:
    for body, code in ((b"#!/bin/sh", "media.unrecognised"), (b"", "media.empty")):
        answer = http.post(CHECKS, content=body)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert http.post(CHECKS, files={"other": b"x"}).json()["code"] == "check.no_file"
    assert list((settings.home / "checks").glob("*")) == []
    assert list((settings.home / "work").glob("*")) == []


def test_a_full_queue_says_when_to_come_again(settings: Settings, registry: Registry, photo: bytes) -> None:
    checks = settings.checks.model_copy(update={"queue": 1, "listeners": 0})
    with serving(create_app(settings.model_copy(update={"checks": checks}))) as client:
        here = client.post(CHECKS, content=photo).headers["location"]
        assert client.post(CHECKS, content=photo).status_code == 202, "the same clip needs no place of its own"
        full = client.post(CHECKS, content=photo + b"another")
        assert (full.status_code, full.json()["code"]) == (503, "check.queue_full")
        assert int(full.headers["retry-after"]) > 0
        crowded = client.get(f"{here}/events")
        assert (crowded.status_code, crowded.json()["code"]) == (503, "check.listeners")
    assert len(list((settings.home / "checks").iterdir())) == 1


def test_followers_are_let_go_when_the_server_stops(settings: Settings, registry: Registry, photo: bytes) -> None:
    app = create_app(settings)
    with serving(app) as client:
        here = client.post(CHECKS, content=photo).headers["location"]
        with client.stream("GET", f"{here}/events") as stream:
            lines = stream.iter_lines()
            assert next(lines) == "event: check"
            app.state.stopping.set()
            assert list(lines)[-1] == ""


def test_addresses_are_fetched_only_where_the_operator_allows_it_and_never_from_our_own_network(
    settings: Settings, registry: Registry
) -> None:
    link = {"link": "http://127.0.0.1/clip.mp4"}
    allowed = settings.model_copy(update={"checks": settings.checks.model_copy(update={"fetch_links": True})})
    for given, body, code in (
        (settings, link, "check.no_links"),
        (allowed, link, "link.refused"),
        (allowed, {"link": "file:///etc/passwd"}, "link.address"),
        (allowed, {"link": 7}, "check.no_file"),
    ):
        with serving(create_app(given)) as client:
            answer = client.post(CHECKS, json=body)
        assert answer.json()["code"] == code
        assert 400 <= answer.status_code < 500
