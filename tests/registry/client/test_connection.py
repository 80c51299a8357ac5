"""What a registry elsewhere may do to a client: be busy, be another, lie about where it is, or never end."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse, StreamingResponse
from serving import serving

from provenance.errors import RegistryError
from registry.client.connection import MAX_ATTEMPTS, Connection
from registry.server.problems import MEDIA_TYPE
from registry.wire import AssetPage

TOKEN = "prvt_secret"


def odd_server() -> FastAPI:
    """Answers in all the ways that a registry should not."""
    app = FastAPI(openapi_url=None)
    app.state.asked = []

    @app.get("/{path:path}")
    def _answer(request: Request, path: str) -> Response:
        app.state.asked.append((path, request.headers.get("authorization")))
        count = len(app.state.asked)
        empty = '{"assets": [], "next": null}'
        match path:
            case "busy-once" if count < 3:
                return Response(status_code=503, headers={"Retry-After": "7"})
            case "busy":
                problem = {"code": "server.busy", "detail": "as many as it can", "hint": "x" * 10_000}
                return JSONResponse(problem, 503, {"Retry-After": "99999"}, media_type=MEDIA_TYPE)
            case "elsewhere":
                return RedirectResponse(f"{request.base_url}stolen")
            case "page":
                return Response("<html>no registry</html>", media_type="text/html", status_code=404)
            case "endless":
                return StreamingResponse(b"x" * 65536 for _ in range(10_000))
            case "bomb":
                return Response(gzip.compress(bytes(1 << 20)), headers={"Content-Encoding": "gzip"})
            case "wrong":
                return Response('{"assets": 7}')
        return Response(empty, media_type="application/json")

    return app


@pytest.fixture(scope="module")
def site() -> Iterator[tuple[FastAPI, str]]:
    app = odd_server()
    with serving(app) as client:
        yield app, str(client.base_url)


def ask(site: tuple[FastAPI, str], path: str) -> tuple[AssetPage, list[float]]:
    site[0].state.asked.clear()
    slept: list[float] = []
    with Connection(site[1], TOKEN, sleep=slept.append) as connection:
        return connection.get(path, AssetPage), slept


def refused(site: tuple[FastAPI, str], path: str) -> RegistryError:
    with pytest.raises(RegistryError) as caught:
        ask(site, path)
    return caught.value


def test_a_busy_registry_is_asked_again_when_it_says(site: tuple[FastAPI, str]) -> None:
    page, slept = ask(site, "/busy-once")
    assert page.assets == []
    assert slept == [7.0, 7.0]
    assert {token for _, token in site[0].state.asked} == {f"Bearer {TOKEN}"}


def test_one_that_stays_busy_is_given_up_with_its_own_words(site: tuple[FastAPI, str]) -> None:
    error = refused(site, "/busy")
    assert len(site[0].state.asked) == MAX_ATTEMPTS
    assert error.code == "server.busy"
    assert "as many as it can" in error.message
    assert len(str(error)) < 1500


def test_nobody_is_followed_elsewhere(site: tuple[FastAPI, str]) -> None:
    error = refused(site, "/elsewhere")
    assert error.code == "registry.redirect"
    assert [path for path, _ in site[0].state.asked] == ["elsewhere"]


@pytest.mark.parametrize("path", ["/page", "/endless", "/bomb", "/wrong"])
def test_what_is_no_answer_of_a_registry_is_said_to_be_none(
    site: tuple[FastAPI, str], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.client.connection.MAX_ANSWER_BYTES", 1 << 20)
    assert refused(site, path).code == "registry.answer"


def test_an_address_where_nobody_listens_is_unreachable() -> None:
    with Connection("http://127.0.0.1:9") as connection, pytest.raises(RegistryError) as caught:
        connection.content("/v1/assets")
    assert caught.value.code == "registry.unreachable"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "example.org",
        "ftp://example.org",
        "https://",
        "https://me:secret@example.org",
        "http://[::1",
        "https://a?b=c",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(RegistryError) as caught:
        Connection(address)
    assert caught.value.code == "registry.address"
    assert "secret" not in str(caught.value)


def test_a_token_goes_over_https_or_stays_on_this_machine() -> None:
    with pytest.raises(RegistryError) as caught:
        Connection("http://registry.example.org", TOKEN)
    assert caught.value.code == "registry.insecure"
    assert TOKEN not in str(caught.value)
    for address in ("https://registry.example.org", "http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost"):
        with Connection(address, TOKEN) as connection:
            assert connection.address == address
    assert httpx.URL(Connection("http://registry.example.org/sub/").address).path == "/sub"
