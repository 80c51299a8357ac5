"""Pages from templates: every foreign string is spelled out, escaped and isolated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from operator import attrgetter

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from provenance.console import safe
from provenance.errors import ProvenanceError, RegistryError
from provenance.presentation import svg, words
from provenance.presentation.foreign import foreign
from registry.server import filters, static_files
from registry.sessions import COOKIE, form_secret, session_token
from registry.store import Registry

NAVIGATION: tuple[tuple[str, str], ...] = (
    ("/", "Check a clip"),
    ("/originals", "Originals"),
    ("/sightings", "Sightings"),
    ("/log", "Log"),
)
"""What the head of every page leads to: address and label."""


def page(
    request: Request,
    template: str,
    *,
    title: str,
    status: int = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
    **context: object,
) -> HTMLResponse:
    """A page made from a template that extends ``base.html.j2``.

    ``title``: what the window and the history say of it. In templates, foreign text goes through the filter
    ``foreign`` inside an element and ``plain`` inside an attribute; ``static(name)`` is the address of a static file;
    ``login`` is who is logged in, or None. Forms that change something carry
    ``{{ csrf(login) }}`` of ``forms.html.j2``.
    """
    given = {"title": title, "status": int(status), "here": request.url.path, "navigation": NAVIGATION}
    text = _environment().get_template(template).render(given | {"login": _login(request)} | context)
    # What a page shows depends on who is logged in, so that nothing in between may keep it.
    kept = {"Cache-Control": "private, no-cache", "Vary": "Cookie, Accept"}
    return HTMLResponse(text, status, {**kept, **(headers or {})})


@dataclass(frozen=True, slots=True)
class Login:
    """Who is logged in: name and organisation of the token, and what its forms carry in the field ``csrf``."""

    name: str
    owner: str | None
    form_secret: str


def error_page(
    request: Request, status: HTTPStatus, error: ProvenanceError, headers: Mapping[str, str] | None = None
) -> HTMLResponse:
    """The same words as the problem, for a person."""
    return page(request, "error.html.j2", title=status.phrase, status=status, headers=headers, error=error)


def wants_page(request: Request) -> bool:
    """Whether a browser asks for something to look at: programs do not name HTML."""
    return "text/html" in request.headers.get("Accept", "")


def _login(request: Request) -> Login | None:
    cookie = request.cookies.get(COOKIE)
    if not cookie:
        return None
    registry: Registry = request.app.state.service.registry
    try:
        token = session_token(registry, cookie)
    except RegistryError:
        # Even the page that says so must not need the database.
        return None
    return Login(token.name, token.owner, form_secret(cookie)) if token else None


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=ChoiceLoader([PackageLoader("registry.server"), PackageLoader("provenance.presentation")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(foreign=foreign, plain=safe, address=attrgetter("address"), **filters.FILTERS)
    environment.globals.update(static=static_files.address, words=words, svg=svg)
    return environment
