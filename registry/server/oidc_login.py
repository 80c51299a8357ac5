"""Logging in to the pages with an account of a provider of OpenID Connect, where the operator has named one."""

from __future__ import annotations

import hmac
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse

from provenance.errors import RegistryError
from provenance.settings import Oidc
from registry.logins import grant_of, name_of, open_login
from registry.server.html import page
from registry.server.login import keep_session
from registry.server.oidc import Begun, Provider, begin
from registry.server.problems import HttpError
from registry.server.rates import limited
from registry.server.service import Open

PATH = "/login/account"
BACK = f"{PATH}/back"
_COOKIE = "provenance_login"
_SECONDS = 600
"""For which a login may take at the provider."""


def oidc_router(settings: Oidc) -> APIRouter:
    """The routes for the provider that the settings name.

    Raises:
        RegistryError: its address is not one of https.
    """
    provider = Provider(settings)
    router = APIRouter(tags=["login"], dependencies=[Depends(limited("logins"))])

    @router.get(PATH, response_class=Response, include_in_schema=False)
    def leave(request: Request) -> Response:
        """Send the browser to the provider, with what it has to come back with."""
        begun = begin()
        with_address = {"Location": provider.address(begun, _back(request)), "Cache-Control": "no-store"}
        answer = Response(status_code=HTTPStatus.SEE_OTHER, headers=with_address)
        answer.set_cookie(
            _COOKIE,
            f"{begun.state}.{begun.nonce}.{begun.verifier}",
            max_age=_SECONDS,
            path=PATH,
            httponly=True,
            # The way back comes from another site.
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return answer

    @router.get(BACK, response_class=HTMLResponse, include_in_schema=False)
    def come_back(
        request: Request,
        service: Open,
        state: Annotated[str, Query(max_length=200)] = "",
        code: Annotated[str, Query(max_length=4000)] = "",
        iss: Annotated[str | None, Query(max_length=2000)] = None,
        error: Annotated[str | None, Query(max_length=200)] = None,
    ) -> Response:
        """Open a session for whom the provider names."""
        begun = _begun(request, state)
        if error is not None or not code or iss not in (None, settings.issuer):
            raise _refused("login.refused", "the provider did not log you in", error or "no code of this provider")
        claims = provider.claims(begun, _back(request), code)
        grant = grant_of(claims, settings.grants)
        if grant is None:
            raise _refused("login.no_grant", "your account may do nothing here", "none that the operator has named")
        lasting = timedelta(hours=service.settings.server.session_hours)
        secret = open_login(service.registry, name_of(claims), grant, lasting)
        # Not a redirect: the browser would not take the session's cookie along on a way that began at another site.
        answer = page(request, "login_done.html.j2", title="Logged in", headers={"Cache-Control": "no-store"})
        keep_session(request, answer, secret, lasting)
        answer.delete_cookie(_COOKIE, path=PATH)
        return answer

    return router


def _back(request: Request) -> str:
    return str(request.base_url.replace(path=BACK))


def _begun(request: Request, state: str) -> Begun:
    """The login that this browser has begun, which must be the one that comes back."""
    parts = request.cookies.get(_COOKIE, "").split(".")
    if len(parts) != 3 or not all(parts) or not hmac.compare_digest(parts[0].encode(), state.encode()):
        raise _refused("login.state", "this is not the login that your browser has begun", "another, or one too old")
    return Begun(*parts)


def _refused(code: str, message: str, found: str) -> RegistryError:
    hint = "log in again; if it stays so, ask the registry's operator"
    return HttpError(HTTPStatus.FORBIDDEN, code, message, found=found[:200], hint=hint)
