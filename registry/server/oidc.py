"""A provider of OpenID Connect, asked by the authorization code flow with PKCE: who it is that logs in.

1. The browser is sent to the provider with a state, a nonce and the hash of a verifier, all of 256 random bits.
2. The code it comes back with is exchanged, together with the verifier, for an ID token.
3. The token's signature must be of a key that the provider publishes; issuer, audience, times and nonce must fit.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from provenance.errors import RegistryError
from provenance.settings import Oidc
from registry.client.connection import is_this_machine

ALGORITHMS = ("RS256", "PS256", "ES256")
"""Of signatures that are taken; none with a shared secret."""
_LEEWAY_S = 60
_KNOWN_FOR_S = 3600
_KEYS_AGAIN_AFTER_S = 30
_TIMEOUT_S = 10
_MAX_ANSWER = 1 << 20


@dataclass(frozen=True, slots=True)
class Begun:
    """A login that was begun; the browser keeps it until it comes back."""

    state: str
    nonce: str
    verifier: str


def begin() -> Begun:
    """Begin a login."""
    return Begun(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48))


class Provider:
    """The provider that the settings name. Safe between threads. ``clock``: seconds since 1970."""

    def __init__(self, settings: Oidc, clock: Callable[[], float] = time.time) -> None:
        """Nothing is asked yet.

        Raises:
            RegistryError: its address is not one of https (``login.issuer``).
        """
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._facts: tuple[float, Mapping[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._require_safe(settings.issuer)

    def address(self, begun: Begun, back: str) -> str:
        """Where the browser is sent to; ``back``: where it is to come back to.

        Raises:
            RegistryError: the provider cannot be reached, or is none (``login.provider``).
        """
        challenge = create_s256_code_challenge(begun.verifier)
        return str(
            prepare_grant_uri(
                self._endpoint("authorization_endpoint"),
                client_id=self._settings.client_id,
                response_type="code",
                redirect_uri=back,
                scope=self._settings.scope,
                state=begun.state,
                nonce=begun.nonce,
                code_challenge=challenge,
                code_challenge_method="S256",
            )
        )

    def claims(self, begun: Begun, back: str, code: str) -> Mapping[str, Any]:
        """What the provider says of whoever came back with this code.

        Raises:
            RegistryError: the code is not accepted, or the token does not hold (``login.token``); ``login.provider``.
        """
        answer = self._exchange(begun, back, code)
        try:
            token = self._decoded(str(answer["id_token"]))
            claims = CodeIDToken(
                token.claims,
                token.header,
                {
                    "iss": {"essential": True, "value": self._settings.issuer},
                    "aud": {"essential": True, "value": self._settings.client_id},
                },
                {
                    "nonce": begun.nonce,
                    "client_id": self._settings.client_id,
                    "access_token": answer.get("access_token"),
                },
            )
            claims.validate(int(self._clock()), _LEEWAY_S)
        except (JoseError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise RegistryError(
                "login.token",
                "what the provider says of you cannot be relied on",
                expected="a token that it has signed, for this registry and this login",
                found=str(error)[:200] or type(error).__name__,
                hint="log in again; if it stays so, ask the registry's operator",
            ) from error
        return dict(claims)

    def _exchange(self, begun: Begun, back: str, code: str) -> Mapping[str, Any]:
        secret = self._settings.client_secret
        known = self._metadata().get("token_endpoint_auth_methods_supported")
        ways = known if isinstance(known, list) and known else ["client_secret_basic"]
        post = "client_secret_post" in ways and "client_secret_basic" not in ways
        method = "none" if secret is None else "client_secret_post" if post else "client_secret_basic"
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": begun.verifier}
        client = ClientAuth(self._settings.client_id, secret.get_secret_value() if secret else None, method)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        url, headers, body = client.prepare("POST", self._endpoint("token_endpoint"), headers, urlencode(form))
        status, answer = self._asked("POST", url, headers=headers, content=body)
        if status == httpx.codes.OK:
            return answer
        raise RegistryError(
            "login.token",
            "the provider does not accept what you came back with",
            expected="a token",
            found=f"status {status}, {str(answer.get('error', ''))[:100]}",
            hint="log in again; if it stays so, ask the registry's operator",
        )

    def _decoded(self, text: str) -> jwt.Token:
        """The token, if its signature holds; keys are asked for again where none fits, which may be new."""
        with self._lock:
            fetched = self._keys
        if fetched is not None and fetched[0] + _KNOWN_FOR_S > self._clock():
            try:
                return jwt.decode(text, fetched[1], algorithms=ALGORITHMS)
            except (JoseError, ValueError):
                if fetched[0] + _KEYS_AGAIN_AFTER_S > self._clock():
                    raise
        _, told = self._asked("GET", self._endpoint("jwks_uri"))
        keys = KeySet.import_key_set({"keys": list(told["keys"])})
        with self._lock:
            self._keys = (self._clock(), keys)
        return jwt.decode(text, keys, algorithms=ALGORITHMS)

    def _metadata(self) -> Mapping[str, Any]:
        with self._lock:
            known = self._facts
        if known is not None and known[0] + _KNOWN_FOR_S > self._clock():
            return known[1]
        issuer = self._settings.issuer
        status, told = self._asked("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if status != httpx.codes.OK or told.get("issuer") != issuer:
            raise _no_provider(f"issuer {issuer}", f"status {status}, issuer {str(told.get('issuer'))[:200]}")
        with self._lock:
            self._facts = (self._clock(), told)
        return told

    def _endpoint(self, name: str) -> str:
        address = self._metadata().get(name)
        if not isinstance(address, str):
            raise _no_provider(name, "none")
        self._require_safe(address)
        return address

    def _asked(self, method: str, url: str, **options: Any) -> tuple[int, dict[str, Any]]:
        """Status and JSON object of an answer."""
        try:
            with (
                httpx.Client(timeout=_TIMEOUT_S, follow_redirects=False) as client,
                client.stream(method, url, **options) as answer,
            ):
                data = bytearray()
                for piece in answer.iter_bytes():
                    data += piece
                    if len(data) > _MAX_ANSWER:
                        raise _no_provider(f"at most {_MAX_ANSWER} bytes", "more")
            told = json.loads(bytes(data))
        except httpx.HTTPError as error:
            raise _no_provider("an answer", str(error) or type(error).__name__) from error
        except (ValueError, RecursionError) as error:
            raise _no_provider("JSON", f"status {answer.status_code}") from error
        if not isinstance(told, dict):
            raise _no_provider("a JSON object", "something else")
        return answer.status_code, told

    @staticmethod
    def _require_safe(address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_this_machine(parts.hostname or "")):
            raise RegistryError(
                "login.issuer",
                "the provider is not asked over a connection that anybody can change",
                expected="https",
                found=address[:200],
                hint="correct the setting server.oidc.issuer",
            )


def _no_provider(expected: str, found: str) -> RegistryError:
    return RegistryError(
        "login.provider",
        "the provider of accounts does not answer as one does",
        expected=expected,
        found=found[:200],
        hint="log in with a token, or try again later; the operator checks server.oidc.issuer",
    )
