"""Who asks: by a token in the header, or in a browser by the session that a token opened.

Routes name what they need as parameters or dependencies:

- ``Asker``: the token, or None for the public;
- ``Viewer``: the organisation whose embargoed assets may be seen, or None;
- ``require(Scope.…)``: the token, which has this scope, or one of these;
- ``may_read``: for whole routers, whether the public may.

What changes something in a session must carry the session's form secret (field ``csrf`` or header ``X-CSRF-Token``):
the browser sends the cookie along whoever made the form.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from provenance.errors import RegistryError
from provenance.settings import Settings
from registry.accounts import Scope, Token, token_of
from registry.server.problems import HttpError
from registry.sessions import COOKIE, form_secret, is_form_secret, session_token
from registry.store import Registry

FORM_FIELD = "csrf"
FORM_HEADER = "X-CSRF-Token"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_REALM = 'Bearer realm="provenance"'


async def _known(request: Request) -> Token | None:
    """The token that the header or the session's cookie stands for.

    Raises:
        HttpError: 401 for a token that cannot be used.
    """
    registry: Registry = request.app.state.service.registry
    header = request.headers.get("Authorization")
    if header is None:
        cookie = request.cookies.get(COOKIE)
        return await run_in_threadpool(session_token, registry, cookie) if cookie else None
    scheme, _, text = header.partition(" ")
    if scheme.lower() != "bearer":
        raise unauthorized("access.scheme", "another way of logging in than a token was tried")
    try:
        return await run_in_threadpool(token_of, registry, text.strip())
    except RegistryError as error:
        if not error.code.startswith("token."):
            raise
        raise unauthorized(error.code, error.message, ', error="invalid_token"') from error


async def asker(request: Request, token: Annotated[Token | None, Depends(_known)]) -> Token | None:
    """The token that asks, or None for the public.

    Raises:
        HttpError: 401 for a token that cannot be used, 403 for a form that the session's own pages did not make.
    """
    by_cookie = token is not None and "Authorization" not in request.headers
    if by_cookie and request.method not in _SAFE_METHODS:
        given = request.headers.get(FORM_HEADER)
        # Only now, for one who is known, is anything of the body read.
        if given is None and request.headers.get("Content-Type", "").startswith(_FORMS):
            field = (await request.form()).get(FORM_FIELD)
            given = field if isinstance(field, str) else None
        if not is_form_secret(request.cookies[COOKIE], given or ""):
            raise HttpError(
                HTTPStatus.FORBIDDEN,
                "access.foreign_form",
                "this form was not made by the pages of your session",
                expected=f"the session's secret in the field {FORM_FIELD}, or in the header {FORM_HEADER}",
                hint="load the page again",
            )
    return token


Asker = Annotated[Token | None, Depends(asker)]


async def viewer(token: Asker) -> str | None:
    """The organisation whose embargoed assets may be seen."""
    return token.owner if token is not None and Scope.READ in token.scopes else None


Viewer = Annotated[str | None, Depends(viewer)]


async def may_read(request: Request, token: Asker) -> None:
    """Whether the asker may read what is public.

    Raises:
        HttpError: the operator has switched public reading off, and there is no token with the scope.
    """
    settings: Settings = request.app.state.service.settings
    if not settings.server.public_reading:
        require_scope(token, Scope.READ)


def require(*scopes: Scope) -> Callable[[Token | None], Token]:
    """A dependency that gives the token that asks, which has one of these scopes. Raises as ``require_scope``."""

    def required(token: Asker) -> Token:
        return require_scope(token, *scopes)

    return required


def form_secret_of(request: Request) -> str:
    """What the forms of a page put into their field ``csrf``; empty where nobody is logged in."""
    cookie = request.cookies.get(COOKIE)
    return form_secret(cookie) if cookie else ""


def require_scope(token: Token | None, *scopes: Scope) -> Token:
    """The token that asks, which has one of these scopes.

    Raises:
        HttpError: 401 without a token, 403 where it has none of them.
    """
    if token is None:
        raise unauthorized("access.token_needed", "this needs a token")
    if token.scopes.isdisjoint(scopes):
        raise HttpError(
            HTTPStatus.FORBIDDEN,
            "access.scope",
            "your token may not do this",
            expected=f"the scope {' or '.join(scopes)}",
            found=", ".join(sorted(token.scopes)),
            hint="ask the registry's operator for another token",
            headers={"WWW-Authenticate": f'{_REALM}, error="insufficient_scope", scope="{scopes[0]}"'},
        )
    return token


def unauthorized(
    code: str, message: str, more: str = "", *, expected: str = "Authorization: Bearer with a token of this registry"
) -> HttpError:
    """The error 401; ``more``: further parameters of the challenge."""
    return HttpError(
        HTTPStatus.UNAUTHORIZED,
        code,
        message,
        expected=expected,
        hint="ask the registry's operator for a token",
        headers={"WWW-Authenticate": _REALM + more},
    )
