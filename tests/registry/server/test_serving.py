"""What holds for every request: health, errors of one shape, bounded bodies, safe headers, a log that names nobody."""

from __future__ import annotations

import json
import logging
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from fastapi import FastAPI, Request
from serving import serving

from provenance.cli import main
from provenance.errors import RegistryError
from provenance.settings import Settings, load_settings
from registry.server import guard
from registry.server.app import create_app
from registry.store import Registry, create_registry


def test_health_says_that_the_process_and_its_database_answer(http: httpx.Client) -> None:
    assert http.get("/livez").status_code == 204
    assert http.get("/readyz").status_code == 204


def test_it_is_alive_but_not_ready_without_its_database(http: httpx.Client, settings: Settings) -> None:
    (settings.home / "registry.db").write_bytes(b"no database any more" * 1000)
    assert http.get("/livez").status_code == 204
    assert http.get("/readyz").status_code >= 500


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing-here", 404), ("DELETE", "/livez", 405)])
def test_what_is_not_there_is_a_problem_of_rfc_9457(http: httpx.Client, method: str, path: str, status: int) -> None:
    answer = http.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["type"] == f"urn:provenance:problem:http.{status}"
    assert body["title"]
    assert body["detail"]


def test_every_answer_has_safe_headers_and_an_id_of_its_own(http: httpx.Client) -> None:
    first, second = http.get("/livez"), http.get("/nothing-here")
    for answer in (first, second):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe-inline" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


@pytest.fixture
def echo(settings: Settings, registry: Registry) -> FastAPI:
    """The application with a route that reads bodies, and one that fails."""
    app = create_app(
        settings.model_copy(update={"server": settings.server.model_copy(update={"max_body_bytes": 2048})})
    )

    @app.post("/echo")
    async def _echo(request: Request) -> int:
        return len(await request.body())

    @app.get("/fails")
    def _fails() -> None:
        raise RegistryError("registry.corrupt", "/secret/path is broken", hint="look into /secret")

    @app.get("/breaks")
    def _breaks() -> None:
        raise ZeroDivisionError("secret")

    return app


def test_a_body_over_the_limit_is_refused_whether_or_not_it_says_so(echo: FastAPI) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(100):
            yield b"x" * 1000

    with serving(echo) as client:
        assert client.post("/echo", content=b"x" * 2048).json() == 2048
        announced = client.post("/echo", content=b"x" * 2049)
        streamed = client.post("/echo", content=endless())
    for answer in (announced, streamed):
        assert answer.status_code == 413
        assert answer.json()["code"] == "request.too_large"


def test_a_body_over_the_limit_is_not_called_one_that_cannot_be_parsed(http: httpx.Client) -> None:
    """The framework does so with whatever breaks off while it reads JSON."""

    def endless() -> Iterator[bytes]:
        for _ in range(80):
            yield b" " * 65536

    for path, kind in (("/v1/sightings", "application/json"), ("/matches/byBinding", "application/json")):
        answer = http.post(path, content=endless(), headers={"Content-Type": kind})
        assert (answer.status_code, answer.json()["code"]) == (413, "request.too_large")
        assert answer.headers["connection"] == "close"


def test_who_falls_silent_within_a_body_is_told_so_and_keeps_no_place(
    http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "_SILENCE_S", 0.1)
    form = "multipart/form-data; boundary=x"
    for path, kind in (("/v1/checks", form), ("/v1/checks", "video/mp4"), ("/v1/sightings", "application/json")):
        with socket.create_connection((http.base_url.host, http.base_url.port or 0), timeout=20) as sender:
            sender.sendall(
                f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: 99\r\n\r\n".encode()
            )
            said = b"".join(iter(lambda: sender.recv(4096), b""))
        assert said.startswith(b"HTTP/1.1 408 "), (path, kind, said)
        assert b"request.too_slow" in said


def test_a_query_over_the_limit_is_to_be_posted(http: httpx.Client) -> None:
    answer = http.get("/livez", params={"value": "x" * 9000})
    assert answer.status_code == 414
    assert "POST" in answer.json()["hint"]


@pytest.mark.parametrize("path", ["/fails", "/breaks"])
def test_faults_of_the_server_give_nothing_away(echo: FastAPI, path: str) -> None:
    with serving(echo) as client:
        answer = client.get(path)
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text


def test_the_log_names_the_route_and_nobody(
    settings: Settings, registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    # Read once the server has ended: a request's line is written after its answer.
    with caplog.at_level(logging.INFO, "provenance.requests"), serving(create_app(settings)) as http:
        http.get("/livez", params={"token": "hush"}, headers={"Authorization": "Bearer hush"})
        http.get("/nothing-here/hush")
    lines = [json.loads(record.message) for record in caplog.records if record.name == "provenance.requests"]
    assert [(line["route"], line["status"]) for line in lines] == [("/livez", 204), (None, 404)]
    assert "hush" not in caplog.text
    assert "127.0.0.1" not in caplog.text


def test_serve_listens_says_where_and_ends_when_asked(tmp_path: Path) -> None:
    create_registry(load_settings(tmp_path)).close()
    command = [sys.executable, "-m", "provenance.cli", "--home", str(tmp_path), "serve", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        try:
            said = server.stderr.readline()
            address = said.split(" at ")[1].split()[0]
            assert httpx.get(f"{address}readyz", timeout=20).status_code == 204
        finally:
            server.send_signal(signal.SIGTERM)
        assert server.wait(30) in {0, -signal.SIGTERM}


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-host.invalid"])
def test_serve_where_it_cannot_listen_says_so_in_words(tmp_path: Path, host: str) -> None:
    create_registry(load_settings(tmp_path)).close()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = ["--host", host, "--port", str(taken.getsockname()[1])]
        done = CliRunner().invoke(main, ["--home", str(tmp_path), "serve", "--no-worker", *where])
    assert (done.exit_code, "[serve.address]" in done.stderr) == (1, True)


def test_serve_without_a_registry_says_what_to_do(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "provenance.cli", "--home", str(tmp_path), "serve", "--port", "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "provenance init" in done.stderr
