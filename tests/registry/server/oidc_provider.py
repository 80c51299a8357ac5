"""A provider of OpenID Connect for the tests: real keys, codes and signed tokens, on the loopback."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import FastAPI, Form, Header, Response
from fastapi.responses import JSONResponse, RedirectResponse
from joserfc import jwt
from joserfc.jwk import RSAKey
from serving import serving

CLIENT, SECRET = "provenance", "a secret of the client"


@dataclass
class TestProvider:
    """``account``: who is logged in there. ``spoil``: changes a token's claims before they are signed."""

    __test__ = False

    issuer: str = ""
    account: dict[str, Any] = field(default_factory=dict)
    spoil: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "first"}))
    published: RSAKey | None = None
    algorithm: str = "RS256"
    asked: list[dict[str, str]] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def signed(self, nonce: str) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce, **self.account}
        key: Any = self.key
        if self.algorithm == "none":
            parts = ({"alg": "none"}, self.spoil(claims))
            return ".".join(_base64(str(part).replace("'", '"').encode()) for part in parts) + "."
        return jwt.encode({"alg": self.algorithm, "kid": key.kid}, self.spoil(claims), key)

    def app(self) -> FastAPI:
        app = FastAPI(openapi_url=None)

        @app.get("/.well-known/openid-configuration")
        def _configuration() -> dict[str, Any]:
            names = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
            return {"issuer": self.issuer} | {name: f"{self.issuer}{path}" for name, path in names.items()}

        @app.get("/keys")
        def _keys() -> dict[str, Any]:
            return {"keys": [(self.published or self.key).as_dict(private=False)]}

        @app.get("/authorize")
        def _authorize(
            client_id: str, redirect_uri: str, response_type: str, state: str, nonce: str,
            code_challenge: str, code_challenge_method: str, scope: str,
        ) -> Response:  # fmt: skip
            assert (client_id, response_type, code_challenge_method) == (CLIENT, "code", "S256")
            assert "openid" in scope.split()
            code = secrets.token_urlsafe(16)
            self.codes[code] = {"nonce": nonce, "challenge": code_challenge, "redirect_uri": redirect_uri}
            back = urlencode({"code": code, "state": state, "iss": self.issuer})
            return RedirectResponse(f"{redirect_uri}?{back}", 303)

        @app.post("/token")
        def _token(
            code: Annotated[str, Form()],
            redirect_uri: Annotated[str, Form()],
            code_verifier: Annotated[str, Form()],
            grant_type: Annotated[str, Form()],
            authorization: Annotated[str, Header()] = "",
        ) -> Response:
            self.asked.append({"code": code, "code_verifier": code_verifier})
            begun = self.codes.pop(code, None)
            known = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
            challenge = _base64(hashlib.sha256(code_verifier.encode()).digest())
            if (
                begun is None
                or authorization != f"Basic {known}"
                or (begun["challenge"], begun["redirect_uri"]) != (challenge, redirect_uri)
                or grant_type != "authorization_code"
            ):
                return JSONResponse({"error": "invalid_grant"}, 400)
            token = self.signed(begun["nonce"])
            return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": token})

        return app


@contextmanager
def provider() -> Iterator[TestProvider]:
    """A provider that is served until the block ends."""
    made = TestProvider()
    with serving(made.app()) as client:
        made.issuer = str(client.base_url).rstrip("/")
        yield made


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
