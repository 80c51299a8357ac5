"""Logging in with an account of a provider: who may, as whom, and what a browser or provider may get wrong."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from oidc_provider import CLIENT, SECRET, TestProvider, provider
from pydantic import SecretStr, ValidationError
from serving import serving

from provenance.errors import RegistryError, SettingsError
from provenance.settings import Oidc, OidcGrant, Rates, Settings, load_settings
from registry.accounts import add_organisation, list_tokens, new_token, revoke_token
from registry.logins import name_of, open_login
from registry.server.app import create_app
from registry.server.oidc import Provider
from registry.sessions import COOKIE, session_token
from registry.store import Registry, create_registry

GRANTS = (
    OidcGrant(claim="groups", value="operators", role="admin"),
    OidcGrant(claim="groups", value="video-desk", role="publisher", organisation="Herald"),
    OidcGrant(claim="department", value="verification", role="reader", organisation="Herald"),
    OidcGrant(claim="groups", value="guests", role="reader", organisation="Nobody"),
)
ACCOUNT = {"sub": "42", "preferred_username": "ada", "groups": ["all", "video-desk"]}


@dataclass(frozen=True)
class Site:
    """A registry's server whose people have accounts at a provider."""

    registry: Registry
    provider: TestProvider
    http: httpx.Client

    def leave(self) -> str:
        """What the browser comes back to after it was at the provider."""
        gone = self.http.get("/login/account")
        assert gone.status_code == 303, gone.text
        return httpx.get(gone.headers["location"]).headers["location"]

    def log_in(self) -> httpx.Response:
        return self.http.get(self.leave(), headers={"Accept": "application/json"})


@pytest.fixture(scope="module")
def running() -> Iterator[TestProvider]:
    with provider() as made:
        yield made


@pytest.fixture
def site(settings: Settings, registry: Registry, running: TestProvider) -> Iterator[Site]:
    running.account, running.spoil, running.algorithm = dict(ACCOUNT), lambda claims: claims, "RS256"
    running.published = None
    oidc = Oidc(
        issuer=running.issuer, client_id=CLIENT, client_secret=SecretStr(SECRET), name="Herald account", grants=GRANTS
    )
    server = settings.server.model_copy(update={"oidc": oidc, "rates": Rates(logins=0)})
    add_organisation(registry, "organisation:Herald")
    with serving(create_app(settings.model_copy(update={"server": server}))) as http:
        yield Site(registry, running, http)


def test_an_account_logs_in_as_its_group_may(site: Site) -> None:
    assert "log in with" in site.http.get("/login").text
    done = site.log_in()
    assert done.status_code == 200, done.text
    assert 'content="0; url=/"' in done.text
    assert "Herald" in site.http.get("/").text
    token = session_token(site.registry, site.http.cookies[COOKIE])
    assert token is not None
    assert (token.name, token.role, token.owner) == ("account ada", "publisher", "organisation:Herald")
    assert token.expires_at is not None
    assert [one.token_id for one in list_tokens(site.registry)] == [token.token_id]
    cookies = done.headers.get_list("set-cookie")
    (kept,) = (cookie for cookie in cookies if cookie.startswith(COOKIE))
    assert "HttpOnly" in kept
    assert "samesite=strict" in kept.lower()
    revoke_token(site.registry, token.token_id)
    assert "Herald" not in site.http.get("/").text


def test_what_leaves_for_the_provider_is_never_the_same_and_gives_nothing_away(site: Site) -> None:
    sent = [parse_qs(urlsplit(site.http.get("/login/account").headers["location"]).query) for _ in range(2)]
    for name in ("state", "nonce", "code_challenge"):
        assert sent[0][name] != sent[1][name]
        assert len(sent[0][name][0]) >= 43
    assert sent[0]["redirect_uri"] == [f"{str(site.http.base_url).rstrip('/')}/login/account/back"]
    verifier = site.http.cookies["provenance_login"].split(".")[2]
    assert verifier not in str(sent)


def test_the_first_grant_that_fits_counts(site: Site) -> None:
    for account, role in (
        ({"groups": ["video-desk", "operators"]}, ("admin", None)),
        ({"groups": "video-desk"}, ("publisher", "organisation:Herald")),
        ({"groups": [], "department": "verification"}, ("reader", "organisation:Herald")),
    ):
        site.provider.account |= account
        assert site.log_in().status_code == 200
        token = session_token(site.registry, site.http.cookies[COOKIE])
        assert token is not None
        assert (token.role, token.owner) == role


def test_an_account_without_a_grant_may_not_log_in(site: Site) -> None:
    for groups, expected in (
        (["video"], (403, "login.no_grant")),
        (None, (403, "login.no_grant")),
        ({"video-desk": True}, (403, "login.no_grant")),
        (["guests"], (404, "organisation.unknown")),
    ):
        site.provider.account["groups"] = groups
        refused = site.log_in()
        assert (refused.status_code, refused.json()["code"]) == expected
    assert list_tokens(site.registry) == []
    assert COOKIE not in site.http.cookies


Spoil = Callable[[dict[str, Any]], dict[str, Any]]


def without(name: str) -> Spoil:
    return lambda claims: {key: value for key, value in claims.items() if key != name}


SPOILT: dict[str, Spoil] = {
    "nonce": lambda claims: claims | {"nonce": "another"},
    "audience": lambda claims: claims | {"aud": "another"},
    "party": lambda claims: claims | {"aud": [CLIENT, "another"], "azp": "another"},
    "party missing": lambda claims: claims | {"aud": [CLIENT, "another"]},
    "issuer": lambda claims: claims | {"iss": "https://evil.example"},
    "expired": lambda claims: claims | {"exp": int(time.time()) - 120},
    "not yet": lambda claims: claims | {"iat": int(time.time()) + 3600},
    "hash of another token": lambda claims: claims | {"at_hash": "AAAA"},
    **{f"no {name}": without(name) for name in ("nonce", "aud", "exp", "iat", "sub", "iss")},
}


def test_a_token_that_is_not_for_this_login_is_refused(site: Site) -> None:
    for name, spoil in SPOILT.items():
        site.provider.spoil = spoil
        refused = site.log_in()
        assert (refused.status_code, refused.json()["code"]) == (403, "login.token"), name
    assert list_tokens(site.registry) == []


def test_a_signature_of_another_key_or_of_none_is_refused(site: Site) -> None:
    assert site.log_in().status_code == 200
    own, foreign = site.provider.key, RSAKey.generate_key(2048, {"kid": "first"})
    site.provider.published, site.provider.key = own, foreign
    try:
        assert site.log_in().json()["code"] == "login.token"
    finally:
        site.provider.key = own
    site.provider.algorithm = "none"
    assert site.log_in().json()["code"] == "login.token"


def test_a_new_key_of_the_provider_is_learnt(running: TestProvider) -> None:
    now = time.time()
    asking = Provider(_settings(running), clock=lambda: now)
    running.account, running.spoil, running.algorithm, running.published = dict(ACCOUNT), lambda c: c, "RS256", None
    assert asking._decoded(running.signed("n")).claims["sub"] == "42"
    running.key = RSAKey.generate_key(2048, {"kid": "second"})
    with pytest.raises(JoseError, match="second"):
        asking._decoded(running.signed("n"))
    now += 31
    assert asking._decoded(running.signed("n")).header["kid"] == "second"


def test_the_way_back_is_that_of_the_browser_that_left_and_is_gone_once(site: Site) -> None:
    back = site.leave()
    asked = len(site.provider.asked)

    def come(http: httpx.Client, address: str) -> str:
        answer = http.get(address, headers={"Accept": "application/json"})
        return str(answer.json()["code"])

    with httpx.Client(base_url=site.http.base_url) as another:
        assert come(another, back) == "login.state"
    state = parse_qs(urlsplit(back).query)["state"][0]
    assert come(site.http, back.replace(state, "x" * len(state))) == "login.state"
    assert come(site.http, f"/login/account/back?state={state}&error=access_denied") == "login.refused"
    assert come(site.http, f"/login/account/back?state={state}&code=x&iss=https://evil.example") == "login.refused"
    assert len(site.provider.asked) == asked
    cookie = site.http.cookies["provenance_login"]
    assert site.http.get(back).status_code == 200
    assert come(site.http, back) == "login.state"
    site.http.cookies.set("provenance_login", cookie)
    assert come(site.http, back) == "login.token"


def test_a_code_that_another_browser_was_given_is_of_no_use(site: Site) -> None:
    """Whoever gets at a code lacks the verifier that belongs to it."""
    stolen = parse_qs(urlsplit(site.leave()).query)["code"][0]
    state = parse_qs(urlsplit(site.http.get("/login/account").headers["location"]).query)["state"][0]
    answer = site.http.get(f"/login/account/back?state={state}&code={stolen}", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (403, "login.token")
    assert "invalid_grant" in answer.json()["found"]


def test_without_a_provider_there_is_no_such_login(http: httpx.Client, settings: Settings) -> None:
    assert "account" not in http.get("/login").text
    assert http.get("/login/account").status_code == 404


def _settings(running: TestProvider, **changed: Any) -> Oidc:
    return Oidc(**({"issuer": running.issuer, "client_id": CLIENT, "grants": GRANTS} | changed))


def test_a_provider_that_cannot_be_trusted_or_reached_is_not_asked(running: TestProvider) -> None:
    def code(issuer: str) -> str:
        with pytest.raises(RegistryError) as caught:
            Provider(_settings(running, issuer=issuer))._metadata()
        return caught.value.code

    assert code("http://id.example.com") == "login.issuer"
    assert code(f"{running.issuer}/") == "login.provider"
    assert code(f"{running.issuer}/keys") == "login.provider"
    assert code("http://127.0.0.1:9") == "login.provider"
    with pytest.raises(ValidationError):
        _settings(running, grants=())
    with pytest.raises(ValidationError):
        _settings(running, issuer="file:///etc/passwd")


def test_what_logins_leave_behind_goes_when_it_has_expired(tmp_path: Path) -> None:
    now = datetime(2026, 11, 26, tzinfo=UTC)
    with create_registry(load_settings(tmp_path / "home"), lambda: now) as registry:
        add_organisation(registry, "organisation:Herald")
        new_token(registry, "desk", role="reader", owner=None, valid=timedelta(minutes=1))
        first = open_login(registry, "account ada", GRANTS[1], timedelta(hours=1))
        now += timedelta(minutes=30)
        second = open_login(registry, "account eve", GRANTS[1], timedelta(hours=1))
        now += timedelta(minutes=31)
        assert session_token(registry, first) is None
        assert session_token(registry, second) is not None
        open_login(registry, "account bob", GRANTS[1], timedelta(hours=1))
        assert {token.name for token in list_tokens(registry)} == {"desk", "account eve", "account bob"}


def test_a_name_is_the_provider_s_words_made_printable() -> None:
    assert name_of({"sub": "42", "email": "\x1b[31ma\u202eb@c", "preferred_username": " "}) == "account [31mab@c"
    assert name_of({"sub": "x" * 1000}) == "account " + "x" * 192


def test_where_the_extra_is_not_installed_that_is_said(
    running: TestProvider, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "registry.server.oidc_login", None)
    server = settings.server.model_copy(update={"oidc": _settings(running)})
    with pytest.raises(SettingsError) as caught:
        create_app(settings.model_copy(update={"server": server}))
    assert caught.value.code == "settings.oidc"


def test_it_is_set_in_the_settings_file(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text(
        '[server.oidc]\nissuer = "https://id.example.com"\nclient_id = "provenance"\n'
        '[[server.oidc.grants]]\nclaim = "groups"\nvalue = "video-desk"\nrole = "publisher"\norganisation = "Herald"\n'
    )
    oidc = load_settings(tmp_path).server.oidc
    assert oidc is not None
    assert oidc.grants == (GRANTS[1],)
