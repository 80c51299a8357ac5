"""Who may do what over HTTP: tokens, scopes, sessions and their forms, and no secret where it does not belong."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Request
from serving import serving

from provenance.settings import Settings
from registry.accounts import Scope, Token, add_organisation, new_token, revoke_token
from registry.server.app import create_app
from registry.server.auth import Asker, Viewer, form_secret_of, may_read, require
from registry.sessions import COOKIE
from registry.store import Registry

HERALD = "organisation:Herald"


@pytest.fixture
def make_token(registry: Registry) -> Callable[..., tuple[Token, str]]:
    add_organisation(registry, HERALD)

    def make(role: str = "publisher", valid: timedelta | None = timedelta(days=1)) -> tuple[Token, str]:
        return new_token(registry, "desk", role=role, owner=HERALD, valid=valid)

    return make


def with_routes(settings: Settings) -> FastAPI:
    """The application with routes that say who asks."""
    app = create_app(settings)
    reading = APIRouter(dependencies=[Depends(may_read)])

    @reading.get("/public")
    def _public(viewer: Viewer) -> str | None:
        return viewer

    @app.get("/form")
    def _form(request: Request) -> str:
        return form_secret_of(request)

    @app.post("/change")
    def _change(token: Annotated[Token, Depends(require(Scope.MANAGE))]) -> str:
        return token.actor

    @app.post("/anyone")
    async def _anyone(request: Request, token: Asker) -> dict[str, object]:
        return {"form": dict(await request.form()), "known": token is not None}

    app.include_router(reading)
    return app


@pytest.fixture
def client(settings: Settings, registry: Registry) -> Iterator[httpx.Client]:
    with serving(with_routes(settings)) as asking:
        yield asking


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def test_a_route_that_needs_a_scope_is_open_to_those_who_have_it(
    client: httpx.Client, make_token: Callable[..., tuple[Token, str]]
) -> None:
    nobody = client.post("/change")
    assert nobody.status_code == 401
    assert nobody.headers["www-authenticate"].startswith("Bearer")
    assert nobody.json()["code"] == "access.token_needed"
    reader = client.post("/change", headers=bearer(make_token("reader")[1]))
    assert reader.status_code == 403
    assert 'scope="manage"' in reader.headers["www-authenticate"]
    token, text = make_token()
    assert client.post("/change", headers=bearer(text)).json() == token.actor
    assert client.post("/change", headers={"Authorization": f"bearer  {text}"}).status_code == 200


@pytest.mark.parametrize("fault", ["unknown", "revoked", "expired", "basic"])
def test_a_token_that_cannot_be_used_is_refused_even_where_none_is_needed(
    client: httpx.Client, registry: Registry, make_token: Callable[..., tuple[Token, str]], fault: str
) -> None:
    token, text = make_token(valid=timedelta(0) if fault == "expired" else None)
    if fault == "revoked":
        revoke_token(registry, token.token_id)
    header = {"unknown": "Bearer nonsense", "basic": "Basic aGk6aG8="}.get(fault, f"Bearer {text}")
    answer = client.get("/public", headers={"Authorization": header})
    assert answer.status_code == 401
    assert "www-authenticate" in answer.headers
    assert text not in answer.text


def test_the_viewer_is_the_organisation_of_the_token(
    client: httpx.Client, make_token: Callable[..., tuple[Token, str]]
) -> None:
    assert client.get("/public").json() is None
    assert client.get("/public", headers=bearer(make_token("reader")[1])).json() == HERALD


def test_public_reading_can_be_switched_off(
    settings: Settings, registry: Registry, make_token: Callable[..., tuple[Token, str]]
) -> None:
    closed = settings.model_copy(update={"server": settings.server.model_copy(update={"public_reading": False})})
    with serving(with_routes(closed)) as client:
        assert client.get("/public").status_code == 401
        assert client.get("/public", headers=bearer(make_token("reader")[1])).status_code == 200
        assert client.get("/readyz").status_code == 204


def test_a_browser_logs_in_and_out_with_a_cookie_that_scripts_cannot_read(
    client: httpx.Client, make_token: Callable[..., tuple[Token, str]]
) -> None:
    _, text = make_token()
    answer = client.post("/login", data={"token": f" {text}\n"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "samesite=strict", "max-age="))
    assert "secure" not in cookie
    assert text not in answer.headers["set-cookie"]
    assert client.get("/public").json() == HERALD
    before = client.cookies[COOKIE]
    left = client.post("/logout", data={"csrf": client.get("/form").json()})
    assert left.status_code == 303
    assert client.get("/public", headers={"Cookie": f"{COOKIE}={before}"}).json() is None


def test_behind_https_the_cookie_is_sent_over_nothing_else(
    client: httpx.Client, make_token: Callable[..., tuple[Token, str]]
) -> None:
    answer = client.post("/login", data={"token": make_token()[1]}, headers={"X-Forwarded-Proto": "https"})
    assert "; secure" in answer.headers["set-cookie"].lower()


def test_a_form_of_another_site_changes_nothing(
    client: httpx.Client, make_token: Callable[..., tuple[Token, str]]
) -> None:
    client.post("/login", data={"token": make_token()[1]})
    secret = client.get("/form").json()
    for given in ({}, {"data": {"csrf": "guess"}}, {"json": {"csrf": secret}}, {"headers": {"X-CSRF-Token": "guess"}}):
        answer = client.post("/change", **given)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()["code"]) == (403, "access.foreign_form")
    assert client.post("/change", data={"csrf": secret}).status_code == 200
    assert client.post("/change", headers={"X-CSRF-Token": secret}).status_code == 200
    sent = client.post("/anyone", data={"csrf": secret, "note": "hello"})
    assert sent.json() == {"form": {"csrf": secret, "note": "hello"}, "known": True}
    assert client.post("/logout").status_code == 403
    assert client.get("/public").json() == HERALD


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_another_site_cannot_log_a_browser_in(
    client: httpx.Client, make_token: Callable[..., tuple[Token, str]], headers: dict[str, str]
) -> None:
    answer = client.post("/login", data={"token": make_token()[1]}, headers=headers)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_a_wrong_token_opens_no_session(client: httpx.Client) -> None:
    answer = client.post("/login", data={"token": "prvt_guess"})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert "guess" not in answer.text


def test_secrets_are_neither_logged_nor_repeated(
    settings: Settings, make_token: Callable[..., tuple[Token, str]], caplog: pytest.LogCaptureFixture
) -> None:
    _, text = make_token("reader")
    # Read once the server has ended: a request's line is written after its answer.
    with caplog.at_level(logging.DEBUG), serving(with_routes(settings)) as client:
        client.post("/login", data={"token": text})
        cookie = client.cookies[COOKIE]
        answers = [
            client.post("/change", headers=bearer(text)),
            client.post("/login", data={"token": text + "0"}),
            client.post("/login", data={"token": text * 100}),
            client.get("/nothing", headers=bearer(text)),
            client.post("/change", headers=bearer(text[:-1] + "0")),
        ]
    said = caplog.text + "".join(answer.text + str(answer.headers) for answer in answers)
    secret = text.rsplit("_", 1)[1]
    assert secret[:32] not in said
    assert cookie not in said.replace(f"{COOKIE}={cookie}; ", "")
