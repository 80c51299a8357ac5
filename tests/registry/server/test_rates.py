"""What costs much may be asked so often by one asker, and no record of askers is kept."""

from __future__ import annotations

import httpx
import pytest
from fastapi import Depends
from serving import serving

from provenance.settings import Rates, Settings
from registry.accounts import new_token
from registry.server.app import create_app
from registry.server.rates import Limiter, limited
from registry.store import Registry


def test_a_share_is_used_up_and_comes_back_with_time() -> None:
    now = 0.0
    limiter = Limiter(Rates(checks=3), clock=lambda: now)
    assert [limiter.take("checks", "a") for _ in range(3)] == [0, 0, 0]
    assert limiter.take("checks", "a") == pytest.approx(20)
    assert limiter.take("checks", "b") == 0
    assert limiter.take("content", "a") == 0
    now = 19.9
    assert limiter.take("checks", "a") == pytest.approx(0.1)
    now = 20.1
    assert limiter.take("checks", "a") == 0
    assert limiter.take("checks", "a") > 0
    now = 1000.0
    assert [limiter.take("checks", "a") for _ in range(3)] == [0, 0, 0]
    assert limiter.take("checks", "a") > 0


def test_zero_is_no_limit() -> None:
    limiter = Limiter(Rates(checks=0))
    assert {limiter.take("checks", "a") for _ in range(1000)} == {0.0}


def test_what_is_remembered_is_bounded_and_names_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.server.rates._MOST_ASKERS", 10)
    limiter = Limiter(Rates(checks=1))
    for number in range(100):
        limiter.take("checks", f"192.0.2.{number}")
    assert len(limiter._buckets) == 10
    assert b"192.0.2" not in b"".join(limiter._buckets)
    assert limiter.take("checks", "192.0.2.99") > 0


def test_a_rate_has_a_setting() -> None:
    with pytest.raises(ValueError, match="no rate"):
        limited("unknown")


def test_who_asks_too_often_is_told_when_to_ask_again(settings: Settings, registry: Registry) -> None:
    rates = settings.server.rates.model_copy(update={"checks": 2})
    app = create_app(settings.model_copy(update={"server": settings.server.model_copy(update={"rates": rates})}))

    @app.get("/costly", dependencies=[Depends(limited("checks"))])
    def _costly() -> None:
        """Nothing: it is counted."""

    def ask(client: httpx.Client, **headers: str) -> httpx.Response:
        return client.get("/costly", headers=headers)

    _, text = new_token(registry, "bot", role="reader", owner=None, valid=None)
    with serving(app) as client:
        assert [ask(client).status_code for _ in range(3)] == [200, 200, 429]
        refused = ask(client)
        assert 1 <= int(refused.headers["retry-after"]) <= 30
        assert refused.json()["code"] == "request.too_many"
        assert ask(client, Authorization=f"Bearer {text}").status_code == 200
        # What a client says of its own address counts only when a proxy on this machine says it.
        assert ask(client, **{"X-Forwarded-For": "2001:db8::1"}).status_code == 200
        assert ask(client, **{"X-Forwarded-For": "2001:db8::2"}).status_code == 200
        assert ask(client, **{"X-Forwarded-For": "2001:db8::3"}).status_code == 429


def test_guessing_tokens_is_slow(settings: Settings, registry: Registry) -> None:
    with serving(create_app(settings)) as client:
        answers = [client.post("/login", data={"token": f"prvt_{number}"}).status_code for number in range(11)]
    assert answers == [401] * 10 + [429]
