"""A check's page in each of its states, and reports whose every string is hostile."""

from __future__ import annotations

import base64
import json
from html.parser import HTMLParser

import httpx
import pytest
from serving import serving

from provenance.console import safe
from provenance.report import (
    ClipFacts,
    CredentialFacts,
    Evidence,
    Finding,
    Judged,
    Kind,
    Match,
    Region,
    Report,
    Segment,
    Severity,
    Verdict,
)
from provenance.settings import Settings
from provenance.times import Interval
from registry.accounts import new_token
from registry.checks.asking import look
from registry.checks.models import CheckRow, ExaminationRow
from registry.checks.pictures import pictures_of
from registry.checks.values import State
from registry.server.app import create_app
from registry.store import Registry
from verifier.render_html import render_html

HOSTILE = "<script>alert(1)</script>\u202egpj.exe\"' onload=x {{7*7}} </bdi><li id=finding-9>"
DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
EARLY, LATE = "2026-01-01T00:00:00.000000Z", "2999-01-01T00:00:00.000000Z"


def report() -> Report:
    """Altered, with a region and pictures; every foreign string is hostile."""
    region = Finding(Kind.REGION, 0.9, HOSTILE, Interval.of(1, 2), Interval.of(3, 4), Region(0.1, 0.2, 0.3, 0.4))
    match = Match("a" * 26, HOSTILE, HOSTILE, HOSTILE, 0.9, 90, (Segment(Interval.of(0, 4), Interval.of(2, 6)),))
    return Report(
        Verdict.ALTERED,
        HOSTILE,
        ClipFacts(HOSTILE, "0" * 64, "video/mp4", 4.0, 320, 240, 25.0, True),
        CredentialFacts("untrusted", HOSTILE, (HOSTILE,), HOSTILE),
        (match,),
        (Judged(Finding(Kind.REENCODED, 1.0, HOSTILE), Severity.DISCLOSED), Judged(region, Severity.ALTERING)),
        (HOSTILE,),
        {HOSTILE: HOSTILE},
        {HOSTILE: HOSTILE},
        HOSTILE,
        (
            Evidence("strip", HOSTILE, "image/png", DOT),
            Evidence("pair", HOSTILE, "image/png", DOT, 1),
            Evidence("heatmap", "plain", "image/png", DOT, 1),
        ),
    )


def put(registry: Registry, state: State, made: Report | None = None, **facts: object) -> str:
    """A check in a state; its id."""
    check_id = f"check-{state}".ljust(32, "0")
    with registry.writing() as session:
        session.add(
            ExaminationRow(
                examination_id=check_id[::-1],
                clip_sha256="0" * 64,
                budget=60,
                question="0" * 64,
                basis="0" * 64,
                state=state,
                attempts=1,
                share=0.25,
                doing=HOSTILE,
                created_at=EARLY,
                report=json.dumps(made.as_json()) if made else None,
                page=render_html(made).encode() if made else None,
                **facts,
            )
        )
        session.flush()
        row = CheckRow(check_id=check_id, examination_id=check_id[::-1], created_at=EARLY, cancelled=False)
        row.expires_at = LATE
        session.add(row)
    return check_id


class Elements(HTMLParser):
    """Every element with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def require_inert(text: str) -> None:
    elements = Elements(text).found
    assert all("src" in attributes for tag, attributes in elements if tag == "script")
    assert not any(name.startswith("on") or name == "style" for _, attributes in elements for name in attributes)
    assert not any(attributes.get("id") == "finding-9" for _, attributes in elements)
    assert "\u202e" not in text


def test_pictures_are_found_in_the_page_as_they_were_put_there() -> None:
    made = report()
    found = pictures_of(render_html(made))
    assert [(p.role, p.caption, p.media_type, p.finding) for p in found] == [
        (e.role, safe(e.caption), e.media_type, e.finding) for e in made.evidence
    ]
    assert {base64.b64decode(p.address.partition(",")[2]) for p in found} == {DOT}


def test_a_report_of_hostile_strings_stays_text(http: httpx.Client, registry: Registry) -> None:
    text = http.get(f"/checks/{put(registry, State.DONE, report(), preview='video/mp4')}").text
    require_inert(text)
    assert "Altered" in text
    assert text.count("data:image/png;base64,") == 3
    assert "&lt;script&gt;" in text


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING])
def test_what_is_going_on_is_said_and_seen_anew_without_scripts(
    http: httpx.Client, registry: Registry, state: State
) -> None:
    text = http.get(f"/checks/{put(registry, state)}").text
    require_inert(text)
    assert '<noscript><meta http-equiv="refresh"' in text
    assert ("Waiting for its turn" if state is State.QUEUED else "&lt;script&gt;") in text


def test_a_cancelled_check_says_so_and_a_failed_one_why(http: httpx.Client, registry: Registry) -> None:
    going = put(registry, State.RUNNING)
    assert http.post(f"/checks/{going}/cancel").status_code == 303
    assert look(registry, going).state is State.CANCELLED
    assert "was cancelled" in http.get(f"/checks/{going}").text
    error = {"code": "media.kind", "message": HOSTILE, "expected": HOSTILE, "found": None, "hint": "send a film"}
    failed = http.get(f"/checks/{put(registry, State.FAILED, error=error)}").text
    require_inert(failed)
    assert "could not be examined" in failed
    assert "send a film" in failed


def test_only_a_report_is_kept_and_only_by_its_own_form(http: httpx.Client, registry: Registry) -> None:
    going, done = put(registry, State.RUNNING), put(registry, State.DONE, report())
    assert http.post(f"/checks/{going}/keep").status_code == 409
    _, token = new_token(registry, "desk", role="reader", owner=None, valid=None)
    assert http.post("/login", data={"token": token}).status_code == 303
    assert http.post(f"/checks/{done}/keep").status_code == 403
    assert look(registry, done).expires_at == LATE
    http.cookies.clear()
    assert http.post(f"/checks/{done}/keep").status_code == 303
    assert look(registry, done).expires_at is None
    assert "this address stays" in http.get(f"/checks/{done}").text
    assert http.get("/checks/nobody-knows-this-one").status_code == 404


@pytest.mark.parametrize("allowed", [False, True])
def test_an_address_is_taken_where_the_operator_allows_it(
    settings: Settings, registry: Registry, allowed: bool
) -> None:
    checks = settings.checks.model_copy(update={"fetch_links": allowed})
    with serving(create_app(settings.model_copy(update={"checks": checks}))) as client:
        assert ('name="link"' in client.get("/").text) is allowed
        form = {"file": ("", b""), "link": (None, "http://127.0.0.1/clip.mp4")}
        answer = client.post("/checks", files=form)
    assert answer.json()["code"] == ("link.refused" if allowed else "check.no_links")
