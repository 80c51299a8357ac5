"""Logging in and out of the pages, with a token."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse

from provenance.errors import RegistryError
from registry.server.auth import Asker, unauthorized
from registry.server.html import page
from registry.server.problems import HttpError
from registry.server.rates import limited
from registry.server.service import Open
from registry.sessions import COOKIE, close_session, open_session

router = APIRouter(tags=["login"])
_MAX_TOKEN = 200
_EXPECTED = "a token of this registry, which begins with prvt_"


def same_origin(request: Request) -> None:
    """Refuse what a form of another site sends, where no session yet has a secret that would tell.

    Raises:
        HttpError: the browser says that another site sent it.
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        # Pages that send no referrer have the origin "null": this header says what that one then does not.
        foreign = site not in {"same-origin", "none"}
    else:
        foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("Host")
    if foreign:
        raise HttpError(
            HTTPStatus.FORBIDDEN,
            "access.foreign_form",
            "this form was sent by another site",
            hint="log in on this registry's own page",
        )


@router.get("/login", response_class=HTMLResponse, include_in_schema=False)
def login_page(request: Request, service: Open) -> HTMLResponse:
    """Where the token is typed in, or an account is chosen where the operator has named a provider of them."""
    oidc = service.settings.server.oidc
    return page(request, "login.html.j2", title="Log in", account=oidc.name if oidc else None)


@router.post(
    "/login", status_code=303, response_class=Response, dependencies=[Depends(same_origin), Depends(limited("logins"))]
)
def login(
    request: Request, service: Open, token: Annotated[str, Form(min_length=1, max_length=_MAX_TOKEN)]
) -> Response:
    """Open a session for the pages; the browser gets a cookie that scripts cannot read, and goes to the first page."""
    lasting = timedelta(hours=service.settings.server.session_hours)
    try:
        secret = open_session(service.registry, token.strip(), lasting)
    except RegistryError as error:
        if not error.code.startswith("token."):
            raise
        raise unauthorized(error.code, error.message, expected=_EXPECTED) from error
    answer = Response(status_code=303, headers={"Location": "/", "Cache-Control": "no-store"})
    keep_session(request, answer, secret, lasting)
    return answer


def keep_session(request: Request, answer: Response, secret: str, lasting: timedelta) -> None:
    """Have the browser keep a session's secret."""
    answer.set_cookie(
        COOKIE,
        secret,
        max_age=int(lasting.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )


@router.post("/logout", status_code=303, response_class=Response)
def logout(request: Request, service: Open, _asker: Asker) -> Response:
    """End the session; the form carries its secret as every other."""
    if secret := request.cookies.get(COOKIE):
        close_session(service.registry, secret)
    answer = Response(status_code=303, headers={"Location": "/", "Cache-Control": "no-store"})
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=request.url.scheme == "https")
    return answer
