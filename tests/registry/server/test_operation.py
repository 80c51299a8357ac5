"""What an operator sets: figures for Prometheus, about nobody and off unless wanted; and which proxies are believed."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from newsroom import Newsroom
from postgres import BACKENDS
from prometheus_client.parser import text_string_to_metric_families
from serving import serving

from provenance.errors import SettingsError
from provenance.settings import Settings, load_settings
from registry.assets import withdraw
from registry.checks.models import ExaminationRow
from registry.checks.values import moved
from registry.server.app import create_app
from registry.store import Registry

Figures = dict[tuple[str, ...], float]


def with_server(settings: Settings, **changes: object) -> Settings:
    return settings.model_validate(settings.model_dump() | {"server": settings.server.model_dump() | changes})


def figures(http: httpx.Client) -> Figures:
    answer = http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def examination(registry: Registry, number: str, state: str, age_s: float) -> ExaminationRow:
    then = moved(registry.now(), -age_s)
    facts = {"clip_sha256": "0" * 64, "budget": 1, "question": "q", "basis": "", "attempts": 0, "share": 0, "doing": ""}
    return ExaminationRow(examination_id=number, state=state, created_at=then, started_at=then, **facts)


def test_there_are_no_figures_unless_they_are_wanted(http: httpx.Client) -> None:
    assert http.get("/metrics").status_code == 404


@BACKENDS
def test_the_figures_are_those_of_the_registry(newsroom: Newsroom, registry: Registry, settings: Settings) -> None:
    with serving(create_app(with_server(settings, metrics=True))) as http:
        empty = figures(http)
        assert empty["provenance_log_entries",] == 0
        assert empty["provenance_examination_oldest_seconds", "queued"] == 0
        newsroom.register(registry, newsroom.photo.path, settings)
        withdraw(registry, newsroom.photo.asset_id, "a test", "me")
        with registry.writing() as session:
            for number, state, age_s in (("a", "queued", 60), ("b", "queued", 300), ("c", "running", 20)):
                session.add(examination(registry, number, state, age_s))
            session.add(examination(registry, "d", "done", 9000))
        found = figures(http)
    assert found["provenance_assets", "withdrawn"] == 1
    assert found["provenance_log_entries",] == 2
    assert found["provenance_log_waiting",] == 0
    assert found["provenance_examinations", "queued"] == 2
    assert found["provenance_examinations", "running"] == 1
    assert 300 <= found["provenance_examination_oldest_seconds", "queued"] < 360
    assert 20 <= found["provenance_examination_oldest_seconds", "running"] < 80


def test_requests_are_counted_by_what_the_server_knows_and_not_by_what_askers_make_up(
    registry: Registry, settings: Settings
) -> None:
    app = create_app(with_server(settings, metrics=True))
    with serving(app) as http:
        for _ in range(3):
            http.get("/v1/assets/secret-asset?token=secret", headers={"User-Agent": "secret"})
        http.request("SECRET", "/secret-path")
        http.get("/livez")
    # Requests are counted after their answers; by the server's end all are.
    with serving(app) as http:
        counted, text = figures(http), http.get("/metrics").text
    assert counted["provenance_http_requests_total", "GET", "/v1/assets/{asset_id}", "404"] == 3
    assert counted["provenance_http_requests_total", "other", "none", "404"] == 1
    assert counted["provenance_http_request_seconds_count", "GET", "/livez"] == 1
    assert "secret" not in text.lower()
    assert "127.0.0.1" not in text


@pytest.mark.parametrize(("trusted", "scheme"), [((), "http"), (("127.0.0.0/8",), "https"), (("10.0.0.1",), "http")])
def test_only_a_trusted_proxy_says_that_it_was_asked_by_https(
    registry: Registry, settings: Settings, trusted: tuple[str, ...], scheme: str
) -> None:
    with serving(create_app(with_server(settings, trusted_proxies=trusted))) as http:
        headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9", "Host": "registry.example"}
        answer = http.get("/.well-known/c2pa-soft-binding-resolution", headers=headers)
    assert answer.json()["apiEndpoint"] == f"{scheme}://registry.example"


def test_a_proxy_is_named_by_its_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVENANCE_SERVER__TRUSTED_PROXIES", '["192.0.2.7", "2001:db8::/32"]')
    assert [str(net) for net in load_settings(tmp_path).server.trusted_proxies] == ["192.0.2.7/32", "2001:db8::/32"]
    monkeypatch.setenv("PROVENANCE_SERVER__TRUSTED_PROXIES", '["*"]')
    with pytest.raises(SettingsError):
        load_settings(tmp_path)
